//! Puts a table to a plugin.

use super::{
    Case, TIME_MAX, Table,
    ask::{Ask, Expected, Step, Truncated},
    check, text,
};
use crate::plugins::{
    manifest::{Declared, Kind},
    shelf::OnShelf,
};
use hushgate_wasm::{
    bindings::{Frame, Reading, Request},
    engine::Engine,
    limits::Used,
    plugin::{Adapter, LinkError, Minimizer, Policy},
    sandbox::CallError,
};
use std::{collections::HashMap, time::Instant};

/// The most bytes of a random body or state.
const RANDOM_BYTES_MAX: usize = 512;
/// The most failures that are told.
const FAILURES_MAX: usize = 20;

/// What came of a table.
#[derive(Debug, Default)]
pub struct Report {
    /// How many cases were put.
    pub cases: usize,
    /// How many calls were made beside them.
    pub tried: u64,
    /// What was wrong: where it stands, what it is called, and what differs. For the author's eyes.
    pub failures: Vec<String>,
    /// The most that any case used.
    pub used: Used,
}

/// Puts `table` to a plugin, in instances of its own.
pub fn run(engine: &Engine, plugin: &OnShelf, table: &Table) -> Report {
    let mut run = Run {
        engine,
        plugin,
        table,
        linked: HashMap::new(),
        start: Instant::now(),
        report: Report::default(),
    };
    if let Err(problem) = run.fits() {
        run.fail("without settings", &problem);
        return run.report;
    }
    for case in &table.cases {
        run.report.cases += 1;
        if let Err(problem) = run.case(case) {
            run.fail(&format!("{} `{}`", case.at, case.name), &problem);
        }
    }
    if let Err(problem) = run.random() {
        run.fail("random input", &problem);
    }
    run.report
}

/// A plugin of one kind under some settings.
#[derive(Clone)]
pub(super) enum Linked {
    Adapter(Adapter),
    Minimizer(Minimizer),
    Policy(Policy),
}

impl Linked {
    pub(super) fn new(
        engine: &Engine,
        plugin: &OnShelf,
        settings: &str,
    ) -> Result<Self, LinkError> {
        let (compiled, setup) = (&plugin.compiled, plugin.setup(settings)?);
        Ok(match plugin.manifest.kind {
            Kind::Adapter => Self::Adapter(Adapter::new(engine, compiled, &setup)?),
            Kind::Minimizer => Self::Minimizer(Minimizer::new(engine, compiled, &setup)?),
            Kind::Policy => Self::Policy(Policy::new(engine, compiled, &setup)?),
        })
    }
}

/// What a plugin said, as lines, and what it used.
struct Answer {
    said: Said,
    used: Used,
}

enum Said {
    Readings(Vec<Reading>),
    Error(&'static str),
    Verdict(Vec<String>),
}

impl Said {
    fn lines(&self) -> Vec<String> {
        match self {
            Self::Readings(readings) => text::readings(readings),
            Self::Error(error) => vec![format!("error {error}")],
            Self::Verdict(lines) => lines.clone(),
        }
    }
}

struct Run<'a> {
    engine: &'a Engine,
    plugin: &'a OnShelf,
    table: &'a Table,
    linked: HashMap<String, Linked>,
    start: Instant,
    report: Report,
}

impl Run<'_> {
    fn fail(&mut self, what: &str, problem: &str) {
        if self.report.failures.len() < FAILURES_MAX {
            self.report.failures.push(format!("{what}:\n{problem}"));
        }
    }

    fn in_time(&self) -> Result<(), String> {
        if self.start.elapsed() < TIME_MAX {
            return Ok(());
        }
        Err(format!("    the table took longer than {} s", TIME_MAX.as_secs()))
    }

    fn link(&self, settings: &str) -> Result<Linked, LinkError> {
        Linked::new(self.engine, self.plugin, settings)
    }

    /// Whether it is a plugin of its kind and starts. It may want settings.
    fn fits(&self) -> Result<(), String> {
        match self.link("{}") {
            Ok(_) | Err(LinkError::Missing(_) | LinkError::Invalid(..)) => Ok(()),
            Err(error) => Err(format!("    {error}")),
        }
    }

    /// The plugin under these settings, linked once.
    fn linked(&mut self, settings: &str) -> Result<Linked, String> {
        if let Some(linked) = self.linked.get(settings) {
            return Ok(linked.clone());
        }
        let linked = self.link(settings).map_err(|it| format!("    {it}"))?;
        self.linked.insert(settings.to_owned(), linked.clone());
        Ok(linked)
    }

    fn case(&mut self, case: &Case) -> Result<(), String> {
        self.in_time()?;
        if let Ask::Refuse { setting } = &case.ask {
            return self.refuses(&case.settings, setting);
        }
        let linked = self.linked(&case.settings)?;
        match (&linked, &case.ask) {
            (Linked::Adapter(adapter), Ask::Decode { frame, expected, truncated }) => {
                let ask = || decode(adapter, frame);
                let said = self.asked(ask)?;
                self.check(case, expected, said)?;
                self.truncated(adapter, frame, *truncated)
            }
            (Linked::Minimizer(minimizer), Ask::Minimize { steps }) => {
                self.steps(case, minimizer, steps)
            }
            (Linked::Policy(policy), Ask::Evaluate { request, verdict }) => {
                let said = self.asked(|| evaluate(policy, request))?;
                text::diff(verdict, &said.lines()).map_or(Ok(()), Err)
            }
            (_, Ask::Decode { .. }) => Err(self.wrong_kind("`frame`")),
            (_, Ask::Minimize { .. }) => Err(self.wrong_kind("`[[case.step]]`")),
            (_, _) => Err(self.wrong_kind("`request`")),
        }
    }

    fn wrong_kind(&self, what: &str) -> String {
        format!("    {what} is not for a plugin of kind {}", self.plugin.manifest.kind)
    }

    fn refuses(&self, settings: &str, wanted: &str) -> Result<(), String> {
        match self.link(settings) {
            Err(LinkError::Missing(name) | LinkError::Invalid(name, _)) if name == wanted => Ok(()),
            Err(other) => Err(format!("    refused for another reason: {other}")),
            Ok(_) => Err(format!("    setting `{wanted}` was accepted")),
        }
    }

    /// Asks a fresh instance, and another one where answers must not depend on it.
    fn asked(&mut self, ask: impl Fn() -> Result<Answer, CallError>) -> Result<Said, String> {
        let answer = ask().map_err(|it| format!("    {it}"))?;
        self.meter(answer.used)?;
        if self.table.properties.deterministic {
            let again = ask().map_err(|it| format!("    asked again: {it}"))?;
            if let Some(diff) = text::diff(&answer.said.lines(), &again.said.lines()) {
                return Err(format!("    asked again, it answers otherwise:\n{diff}"));
            }
        }
        Ok(answer.said)
    }

    fn meter(&mut self, used: Used) -> Result<(), String> {
        let most = &mut self.report.used;
        most.fuel = most.fuel.max(used.fuel);
        most.memory_bytes = most.memory_bytes.max(used.memory_bytes);
        let budget = self.table.budget;
        let over = |max: u64, used: u64, unit: &str| {
            format!("    over budget: {used} of {max} {unit} allowed")
        };
        match (budget.fuel, budget.memory_bytes) {
            (Some(max), _) if used.fuel > max => Err(over(max, used.fuel, "fuel")),
            (_, Some(max)) if used.memory_bytes > max => {
                Err(over(max as u64, used.memory_bytes as u64, "bytes of memory"))
            }
            _ => Ok(()),
        }
    }

    /// Compares an answer with what was expected, and looks for what must not leave.
    fn check(&self, case: &Case, expected: &Expected, said: Said) -> Result<(), String> {
        let said = match said {
            Said::Readings(readings) => Said::Readings(self.declared(readings)?),
            other => other,
        };
        let lines = said.lines();
        for text in &case.must_not_contain {
            if let Some(line) = lines.iter().find(|it| it.contains(text)) {
                return Err(format!("    must not contain `{text}`:\n    + {line}"));
            }
        }
        let readings = match (expected, said) {
            (_, Said::Readings(readings)) => readings,
            (Expected::Error(error), Said::Error(it)) if error == it => return Ok(()),
            (expected, _) => {
                let wanted = check::lines_of(expected);
                return Err(text::diff(&wanted, &lines).unwrap_or_default());
            }
        };
        check::precise(&case.max_precision, &readings)?;
        let problem = match expected {
            Expected::Exactly(all) => text::diff(
                &check::lines_of(expected),
                &text::readings(&text::snapped(all, readings)),
            ),
            Expected::Among(some) => check::missing(some, &lines),
            Expected::Error(_) => text::diff(&check::lines_of(expected), &lines),
        };
        problem.map_or(Ok(()), Err)
    }

    /// Without what the manifest does not declare; an error if there was something and there must not be.
    fn declared(&self, mut readings: Vec<Reading>) -> Result<Vec<Reading>, String> {
        let declared: &Declared = &self.plugin.manifest.declared;
        let undeclared = readings.iter().flat_map(|it| &it.fields).find(|it| !declared.lets(it));
        if let (true, Some(field)) = (self.table.properties.undeclared_absent, undeclared) {
            let unit = field.unit.as_deref().unwrap_or("no unit");
            return Err(format!(
                "    field `{}` ({unit}) is not declared in plugin.toml: the gateway drops it",
                field.path
            ));
        }
        readings.iter_mut().for_each(|it| it.fields.retain(|it| declared.lets(it)));
        Ok(readings)
    }

    fn truncated(
        &mut self,
        adapter: &Adapter,
        frame: &Frame,
        truncated: Truncated,
    ) -> Result<(), String> {
        if !self.table.properties.truncated {
            return Ok(());
        }
        let mut kept = adapter.instance().map_err(|it| format!("    {it}"))?;
        for end in 0..frame.body.len() {
            self.in_time()?;
            self.report.tried += 1;
            let cut = Frame { body: frame.body[..end].to_vec(), ..frame.clone() };
            match (kept.decode(&cut), truncated) {
                (Err(error), _) => return Err(format!("    cut off after {end} bytes: {error}")),
                (Ok(Ok(_)), Truncated::Refused) => {
                    return Err(format!("    cut off after {end} bytes, it is still understood"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn steps(&mut self, case: &Case, minimizer: &Minimizer, steps: &[Step]) -> Result<(), String> {
        let mut state: Option<Vec<u8>> = None;
        for (place, step) in steps.iter().enumerate() {
            let nth = |problem: String| format!("    step {}:\n{problem}", place + 1);
            let given = step.state.clone().or(state.take());
            let left = std::cell::RefCell::new(None);
            let ask = || {
                let (answer, leaves) = minimize(minimizer, given.as_deref(), step)?;
                left.replace(leaves);
                Ok(answer)
            };
            let said = self.asked(ask).map_err(nth)?;
            self.check(case, &step.expected, said).map_err(nth)?;
            state = left.into_inner();
            if let Some(wanted) = &step.left {
                let hex = |it: &[u8]| vec![data_encoding::HEXLOWER.encode(it)];
                let leaves = hex(state.as_deref().unwrap_or_default());
                text::diff(&hex(wanted), &leaves)
                    .map_or(Ok(()), |it| Err(nth(format!("    it leaves another state:\n{it}"))))?;
            }
        }
        Ok(())
    }

    /// Random bodies, states or times: any answer will do, but there must be one.
    fn random(&mut self) -> Result<(), String> {
        let Some((settings, ask)) = self.table.cases.iter().find_map(|it| match &it.ask {
            Ask::Refuse { .. } => None,
            ask => Some((it.settings.clone(), ask)),
        }) else {
            return Ok(());
        };
        let linked = self.linked(&settings)?;
        // The same on every machine, so that a failure can be looked at again.
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..self.table.properties.random {
            self.in_time()?;
            self.report.tried += 1;
            let bytes = random_bytes(&mut random, ask);
            let failed = |error: CallError| {
                format!("    {error}, given 0x{}", data_encoding::HEXLOWER.encode(&bytes))
            };
            match (&linked, ask) {
                (Linked::Adapter(adapter), Ask::Decode { frame, .. }) => {
                    let frame = Frame { body: bytes.clone(), ..frame.clone() };
                    decode(adapter, &frame).map(drop).map_err(failed)?;
                }
                (Linked::Minimizer(minimizer), Ask::Minimize { steps }) => {
                    minimize(minimizer, Some(&bytes), &steps[0]).map(drop).map_err(failed)?;
                }
                (Linked::Policy(policy), Ask::Evaluate { request, .. }) => {
                    let request = Request { now_ms: random.u64(..), ..request.clone() };
                    evaluate(policy, &request).map(drop).map_err(failed)?;
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

/// Half of them a known body with one byte changed: those get further into the plugin.
fn random_bytes(random: &mut fastrand::Rng, ask: &Ask) -> Vec<u8> {
    if let (Ask::Decode { frame, .. }, true) = (ask, random.bool())
        && !frame.body.is_empty()
    {
        let mut body = frame.body.clone();
        let place = random.usize(..body.len());
        body[place] = random.u8(..);
        return body;
    }
    let length = random.usize(..RANDOM_BYTES_MAX);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

fn decode(adapter: &Adapter, frame: &Frame) -> Result<Answer, CallError> {
    let mut instance = adapter.instance()?;
    let said = match instance.decode(frame)? {
        Ok(readings) => Said::Readings(readings),
        Err(error) => Said::Error(text::decode_error(&error)),
    };
    Ok(Answer { said, used: instance.used() })
}

/// The answer and the state that is left.
fn minimize(
    minimizer: &Minimizer,
    state: Option<&[u8]>,
    step: &Step,
) -> Result<(Answer, Option<Vec<u8>>), CallError> {
    let mut instance = minimizer.instance()?;
    let (said, left) = match instance.minimize(state, step.now_ms, &step.readings)? {
        Ok(it) => (Said::Readings(it.readings), it.state),
        Err(_) => (Said::Error("error"), None),
    };
    Ok((Answer { said, used: instance.used() }, left))
}

fn evaluate(policy: &Policy, request: &Request) -> Result<Answer, CallError> {
    let mut instance = policy.instance()?;
    let said = match instance.evaluate(request)? {
        Ok(verdict) => Said::Verdict(text::verdict(&verdict)),
        Err(_) => Said::Error("error"),
    };
    Ok(Answer { said, used: instance.used() })
}
