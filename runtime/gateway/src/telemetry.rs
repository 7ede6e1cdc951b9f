//! What the gateway and each plugin do, in numbers, as Prometheus reads them (text exposition format 0.0.4).
//!
//! # Promises
//!
//! - No device, subject, topic or value: labels are plugin ids, recipients' names and closed sets of words.
//! - A scrape reads numbers that are in memory, and a few rows of the store by their key: nobody waits for it.
//! - Only who asks this machine by its own address is answered, so that no web page can read it through a name of
//!   its own (DNS rebinding).

mod privacy;
pub mod text;

use crate::{
    ingress::visitor::is_here,
    intake::Intake,
    ledger::Kind,
    outcome::Reason,
    plugins::pace::{Account, FAILURES},
    store::{Store, tally::Tally},
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use text::{Text, Type};

/// How many may ask at once.
pub const CONNECTIONS_MAX: usize = 8;

/// Where the numbers are. Cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    /// Knows the plugins in use.
    pub intake: Arc<Intake>,
    /// Knows what was committed.
    pub store: Arc<Store>,
    /// Everybody who may receive.
    pub recipients: Arc<[String]>,
    /// How many problems make the gateway degraded.
    pub problems: Arc<AtomicUsize>,
}

impl Telemetry {
    /// `GET /metrics`, and nothing else.
    pub fn routes(self) -> Router {
        Router::new().route("/metrics", get(metrics)).with_state(self)
    }

    /// All numbers now.
    pub fn render(&self) -> String {
        let mut text = Text::default();
        let info = [("version", env!("CARGO_PKG_VERSION"))];
        text.family("hushgate_build_info", Type::Gauge, "The program that runs.").row(&info, 1);
        let generation = self.intake.generation();
        text.family("hushgate_generation", Type::Gauge, "Grows with each change of plans.")
            .row(&[], generation.number);
        let problems = self.problems.load(Ordering::Relaxed) as u64;
        text.family("hushgate_degraded", Type::Gauge, "1: it goes on with what it had.")
            .row(&[], u64::from(problems > 0));
        text.family("hushgate_problems", Type::Gauge, "What `hushgate status` calls DEGRADED.")
            .row(&[], problems);
        self.committed(&mut text, &self.store.tally());
        let bits = generation.bits_per_hour();
        let what = "The most bits that can leave in an hour, by all grants that are in force.";
        text.family("hushgate_capacity_bits_per_hour", Type::Gauge, what);
        for recipient in &*self.recipients {
            let bits = bits.get(&**recipient).copied().unwrap_or(0.0);
            text.row(&[("recipient", recipient)], bits.ceil() as u64);
        }
        privacy::render(&mut text, (&self.intake, &self.store));
        let accounts: Vec<_> = generation.paces().map(|it| (it.id(), it.account())).collect();
        plugins(&mut text, &accounts);
        text.finish()
    }

    fn committed(&self, text: &mut Text, tally: &Tally) {
        text.family("hushgate_frames_total", Type::Counter, "Frames that were decided.")
            .row(&[], tally.frames);
        decisions(text, tally);
        releases(text, tally);
        let what = "Releases that wait for their recipient.";
        text.family("hushgate_outbox_waiting", Type::Gauge, what);
        let none = self.recipients.iter().filter(|it| !tally.waiting.contains_key(*it));
        for (recipient, count) in tally.waiting.iter().chain(none.map(|it| (it, &0))) {
            text.row(&[("recipient", recipient)], *count);
        }
        text.family("hushgate_ledger_entries", Type::Gauge, "Entries of the ledger, ever.")
            .row(&[], tally.ledger.unsigned_abs());
        let what = "Decisions without an entry in the ledger: a fault, if it is not 0.";
        text.family("hushgate_decisions_unproved", Type::Gauge, what).row(&[], tally.unproved());
        text.family("hushgate_commits_total", Type::Counter, "Commits to the disk.")
            .row(&[], tally.commits);
        text.family("hushgate_commit_failures_total", Type::Counter, "Commits that failed.")
            .row(&[], tally.failures);
        text.family("hushgate_commit_seconds_total", Type::Counter, "What commits took.")
            .seconds(&[], tally.time);
    }
}

/// One for each grant that was asked, or one for a whole frame.
fn decisions(text: &mut Text, tally: &Tally) {
    text.family("hushgate_decisions_total", Type::Counter, "Decisions on frames, by grant asked.");
    for ((kind, reason), count) in &tally.entries {
        if kind.is_decision() {
            text.row(&[("outcome", kind.name()), ("reason", reason)], *count);
        }
    }
}

/// How releases can go on: always all rows, so that what begins to rise was there before.
fn releases(text: &mut Text, tally: &Tally) {
    let rows = [
        ("queued", Kind::Queued, ""),
        ("queued", Kind::Queued, Reason::Emergency.name()),
        ("delivered", Kind::Delivered, ""),
        ("refused", Kind::Purged, Reason::Refused.name()),
        ("expired", Kind::Expired, Reason::Waited.name()),
        ("expired", Kind::Expired, Reason::Unanswered.name()),
        ("purged", Kind::Purged, Reason::GrantEnded.name()),
        ("purged", Kind::Purged, Reason::Unanswered.name()),
    ];
    text.family("hushgate_releases_total", Type::Counter, "What became of releases.");
    for (event, kind, reason) in rows {
        let count = tally.entries.get(&(kind, reason)).copied().unwrap_or(0);
        text.row(&[("event", event), ("reason", reason)], count);
    }
}

/// One number of an account.
type Column = (&'static str, &'static str, fn(&Account) -> u64);

const COLUMNS: [Column; 4] = [
    ("hushgate_plugin_calls_total", "Calls of a plugin.", |it| it.calls),
    ("hushgate_plugin_rests_total", "How often it was left alone: it failed and failed.", |it| {
        it.rests
    }),
    ("hushgate_plugin_waits_total", "Frames that waited for a slow plugin.", |it| it.waits),
    ("hushgate_plugin_refusals_total", "Frames that waited for it in vain.", |it| it.refusals),
];

fn plugins(text: &mut Text, accounts: &[(&str, Account)]) {
    for (name, help, number) in COLUMNS {
        text.family(name, Type::Counter, help);
        for (plugin, account) in accounts {
            text.row(&[("plugin", plugin)], number(account));
        }
    }
    let failures = "Calls that gave no answer, by the limit that was broken.";
    text.family("hushgate_plugin_failures_total", Type::Counter, failures);
    for (plugin, account) in accounts {
        for (reason, count) in FAILURES.into_iter().zip(account.failures) {
            text.row(&[("plugin", plugin), ("reason", reason)], count);
        }
    }
    text.family("hushgate_plugin_seconds_total", Type::Counter, "What its calls took.");
    for (plugin, account) in accounts {
        text.seconds(&[("plugin", plugin)], account.time);
    }
    let long = "Processor time of its calls above 1 ms, which it has to wait for.";
    text.family("hushgate_plugin_long_seconds_total", Type::Counter, long);
    for (plugin, account) in accounts {
        text.seconds(&[("plugin", plugin)], account.long);
    }
    text.family("hushgate_plugin_slow", Type::Gauge, "1: frames wait for their turn with it.");
    for (plugin, account) in accounts {
        text.row(&[("plugin", plugin)], u64::from(account.slow));
    }
}

async fn metrics(State(telemetry): State<Telemetry>, headers: HeaderMap) -> Response {
    if !is_here(&headers) {
        return (StatusCode::FORBIDDEN, "ask for it by this machine's address\n").into_response();
    }
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, telemetry.render()).into_response()
}
