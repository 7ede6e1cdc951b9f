//! How long one decision takes: which of a device's grants permit now, and what of a reading leaves under them. Run by
//! `cargo bench --bench decision`; figures in docs/performance.md.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up should fail loudly")]

use hushgate::{
    consent::{
        decision,
        grant::{Clock, Grant},
        operator::{Memory, noise::sample},
        release::{Host, Slots, Tightening, clamp},
    },
    message::Millis,
    source::Source,
};
use hushgate_wasm::bindings::{Field, Reading, Scalar};
use std::{hint::black_box, io::Write as _, path::Path, time::Instant};

const TURNS: u32 = 1_000_000;
const BEGIN: i64 = 1_795_392_000_000;

const GRANT: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "sector-health:PatientMonitoring"
every = "1 s"
retention = "1 h"
valid-from = 2026-01-01T00:00:00Z
valid-until = 2100-01-01T00:00:00Z
field = [{ path = "heart-rate", unit = "/min", range = [30, 220], step = 5 }]
"#;

fn main() {
    let grant = |id: &str| {
        let path = format!("{id}.toml");
        Grant::from_source(&Source::from_text(Path::new(&path), &GRANT.replace("ada", id))).unwrap()
    };
    let grants = [grant("ada"), grant("ben")];
    let subjects = ["ada".to_owned(), "ben".to_owned()];
    let joint = decision::joint("pacemaker", &subjects, &grants);
    let value = Scalar::Real(71.3);
    let field = Field { path: "heart-rate".into(), value, unit: Some("/min".into()) };
    let readings = [Reading { kind: "k".into(), at_ms: None, fields: vec![field] }];
    let (mut slots, mut memory, mut left) = (Slots::default(), Memory::default(), 0_u32);
    let started = Instant::now();
    for turn in 0..TURNS {
        let now = Millis(BEGIN + i64::from(turn) * 1000);
        let clock = Clock::told(black_box(now), Millis(BEGIN));
        let first = joint.iter().map(|it| &it.grant);
        let found = decision::same(first, &joint[0].grant.id, joint[0].grant.digest);
        let permit = found.and_then(|it| it.permit(clock)).unwrap();
        let (slots, memory) = (&mut slots, &mut memory);
        let host = Host { slots, memory, secret: &[7; 32], coins: &mut sample::system };
        left += u32::from(clamp(permit, &readings, host, &Tightening::default()).is_ok());
    }
    let each = started.elapsed().as_nanos() / u128::from(TURNS);
    assert_eq!(left, TURNS);
    let mut out = std::io::stdout();
    writeln!(out, "| one decision, two subjects, one field leaves | {each} ns |").unwrap();
}
