//! What the demo shows: a line for each thing that happens.

use super::{DemoWay, stage::Stage};
use crate::{
    cli::{describe_summary, say},
    consent::schema::{Domain, Rule},
    consent::{capacity::Capacity, operator::Operators},
    ledger::{Entry, verify::Summary},
    outcome::Reason,
};
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    time::{Duration, Instant},
};

/// A terminal, or whatever standard output is.
pub(super) struct Screen {
    started: Instant,
    colour: bool,
    frames: u32,
    waiting: u32,
    withheld: BTreeMap<String, u32>,
    bits: f64,
}

const DIM: &str = "2";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";

impl Screen {
    pub(super) fn new() -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            started: Instant::now(),
            colour,
            frames: 0,
            waiting: 0,
            withheld: BTreeMap::new(),
            bits: 0.0,
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn title(&self, way: &DemoWay) {
        say(self.paint(
            BOLD,
            "Hushgate demo: a pacemaker, a gateway and a hub, all real, in this terminal",
        ));
        match way {
            DemoWay::Loopback => say(self.paint(
                YELLOW,
                "LOOPBACK: everything stays on this machine. This is NOT anonymous; try `cargo demo -- --private-tor`.",
            )),
            DemoWay::Tor(_) => say("Over Tor: publishing the hub's onion service, this takes a moment …"),
        }
    }

    pub(super) fn introduce(&self, stage: &Stage) {
        let prototype = Rule {
            path: "heart-rate".into(),
            unit: Some("/min".into()),
            domain: Domain::Number { min: 30.0, max: 220.0, step: 0.01 },
            operators: Operators::default(),
        };
        let before = Capacity::of(&[prototype], Duration::from_secs(10), 1.0);
        let usual_heart = Capacity::of(&stage.usual.fields[..1], stage.usual.every, 1.0);
        say(format!(
            "\nThe hub's page: http://{}/   (user hub, password {})",
            stage.hub.address, stage.password
        ));
        say("\nHow much a recipient can learn at most, whatever a plugin does:");
        say(format!(
            "  before   the 2021 prototype, heart rate with two decimals every 10 s  {before:>14}"
        ));
        say(format!(
            "  after    a usual grant, heart rate in steps of 5, median of 5 min     {:>14}",
            usual_heart.to_string()
        ));
        say(format!(
            "  here     this demo's grant: two fields, every 5 s, so that you see it {:>14}\n",
            stage.grant.capacity().to_string()
        ));
    }

    fn stamp(&self) -> String {
        self.paint(DIM, &format!("{:>6.1} s", self.started.elapsed().as_secs_f32()))
    }

    pub(super) fn came_in(&mut self, text: &str) {
        self.frames += 1;
        say(format!("{}  in        {text}", self.stamp()));
    }

    pub(super) fn sealed(&mut self) {
        self.waiting += 1;
        say(format!("{}  sealed    for its recipient; leaves when its slot ends", self.stamp()));
    }

    pub(super) fn left(&mut self, stage: &Stage, entry: &Entry) {
        self.waiting = self.waiting.saturating_sub(1);
        let shown = stage.hub.hub.latest_in_words();
        let bits = stage.grant.capacity().bits_per_slot;
        self.bits += bits;
        let what = self.paint(GREEN, &format!("left      {shown}"));
        let to = format!("to {}, signed for; at most {bits:.1} bits a slot", entry.recipient);
        say(format!("{}  {what}  {}", self.stamp(), self.paint(DIM, &to)));
    }

    pub(super) fn withheld(&mut self, reason: &str) {
        *self.withheld.entry(reason.to_owned()).or_default() += 1;
        let text = self.paint(DIM, &format!("withheld  {}", Reason::explain(reason)));
        say(format!("{}  {text}", self.stamp()));
    }

    pub(super) fn ended(&mut self, reason: &str) {
        self.waiting = self.waiting.saturating_sub(1);
        say(format!("{}  deleted   {}", self.stamp(), Reason::explain(reason)));
    }

    pub(super) fn waiting(&self) -> u32 {
        self.waiting
    }

    pub(super) fn summary(&self, summary: &Summary, releases: u64) {
        say(self.paint(
            BOLD,
            &format!(
                "\n{} frames came in, {releases} releases left and were signed for.",
                self.frames
            ),
        ));
        for (reason, count) in &self.withheld {
            say(format!("  {count} withheld: {}", Reason::explain(reason)));
        }
        say(describe_summary(summary));
    }
}
