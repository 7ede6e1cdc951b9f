//! What a plugin's cases cost on this machine.

use super::{
    Case, Table,
    ask::{Ask, Expected},
    run::Linked,
};
use crate::plugins::shelf::OnShelf;
use hushgate_wasm::{engine::Engine, sandbox::CallError};
use std::time::{Duration, Instant};

/// The message that figures are usually given for, in bytes.
const TYPICAL_BYTES: usize = 200;
/// How long each figure is measured.
const MEASURED: Duration = Duration::from_millis(300);
/// How long a batch of calls takes at least.
const BATCH_MIN: Duration = Duration::from_millis(5);

/// What one case costs.
#[derive(Clone, Debug)]
pub struct Cost {
    /// The case.
    pub name: String,
    /// One call of an instance that is kept.
    pub reused: Duration,
    /// A new instance and one call.
    pub fresh: Duration,
    /// The length of the frame, of an adapter.
    pub frame_bytes: Option<usize>,
}

/// Measures each case that asks something, for 0.3 s.
pub fn bench(engine: &Engine, plugin: &OnShelf, table: &Table) -> Result<Vec<Cost>, String> {
    let asks = table.cases.iter().filter(|it| !matches!(it.ask, Ask::Refuse { .. }));
    asks.map(|case| cost(engine, plugin, case)).collect()
}

/// Measures the one case that is most like an ordinary message: of those that are understood, the one of which the
/// frame's length is nearest to 200 bytes.
pub fn typical(engine: &Engine, plugin: &OnShelf, table: &Table) -> Result<Cost, String> {
    let far = |case: &&Case| match &case.ask {
        Ask::Refuse { .. } => None,
        Ask::Decode { expected: Expected::Error(_), .. } => None,
        Ask::Decode { frame, .. } => Some(frame.body.len().abs_diff(TYPICAL_BYTES)),
        Ask::Minimize { .. } | Ask::Evaluate { .. } => Some(0),
    };
    let cases = table.cases.iter().filter_map(|it| Some((far(&it)?, it)));
    let (_, case) = cases.min_by_key(|it| it.0).ok_or("no case is understood")?;
    cost(engine, plugin, case)
}

fn cost(engine: &Engine, plugin: &OnShelf, case: &Case) -> Result<Cost, String> {
    let linked = Linked::new(engine, plugin, &case.settings).map_err(|it| it.to_string())?;
    let mut frame_bytes = None;
    let (reused, fresh) = match (&linked, &case.ask) {
        (Linked::Adapter(adapter), Ask::Decode { frame, .. }) => {
            frame_bytes = Some(frame.body.len());
            both(|| adapter.instance(), |it| it.decode(frame).map(drop))
        }
        (Linked::Minimizer(minimizer), Ask::Minimize { steps }) => {
            let step = steps.first().ok_or("a case without a step")?;
            let state = step.state.as_deref();
            let call = |it: &mut hushgate_wasm::plugin::MinimizerInstance| {
                it.minimize(state, step.now_ms, &step.readings).map(drop)
            };
            both(|| minimizer.instance(), call)
        }
        (Linked::Policy(policy), Ask::Evaluate { request, .. }) => {
            both(|| policy.instance(), |it| it.evaluate(request).map(drop))
        }
        _ => return Err(format!("{} `{}` is for another kind of plugin", case.at, case.name)),
    }
    .map_err(|error| format!("{} `{}`: {error}", case.at, case.name))?;
    Ok(Cost { name: case.name.clone(), reused, fresh, frame_bytes })
}

fn both<I>(
    make: impl Fn() -> Result<I, CallError>,
    call: impl Fn(&mut I) -> Result<(), CallError>,
) -> Result<(Duration, Duration), CallError> {
    let mut kept = make()?;
    let reused = usual(|| call(&mut kept))?;
    let fresh = usual(|| call(&mut make()?))?;
    Ok((reused, fresh))
}

/// What a call usually takes: the median of batches that are long enough for the clock.
fn usual(mut run: impl FnMut() -> Result<(), CallError>) -> Result<Duration, CallError> {
    let mut batch = |calls: u32| {
        let start = Instant::now();
        (0..calls).try_for_each(|_| run())?;
        Ok(start.elapsed())
    };
    let (start, mut calls, mut times) = (Instant::now(), 1, Vec::new());
    while start.elapsed() < MEASURED || times.is_empty() {
        match batch(calls)? {
            short if short < BATCH_MIN => calls *= 2,
            time => times.push(time),
        }
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default() / calls)
}
