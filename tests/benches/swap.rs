//! How long a changed component takes to count: from the moment that its file is put into its place until the gateway
//! tells another generation. Each was compiled before; the plugin's own tests run each time. Run by `cargo xtask bench`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up should fail loudly")]

use hushgate_tests::{
    guest::{replace, variant},
    scrape::Scrape,
    world::World,
};
use std::{fs, io::Write as _, net::SocketAddr, time::Instant};

/// Other components than the one before, each by turns.
const VARIANTS: u8 = 4;
const SWAPS: usize = 60;

fn main() {
    let mut world = World::new();
    world.grant("ada-pacemaker", hushgate_tests::world::GRANT);
    let metrics = Scrape::switch_on(&world);
    world.start_gateway();
    let wasm = world.gateway_dir().join("plugins/private-iot-text/plugin.wasm");
    let component = fs::read(&wasm).unwrap();
    let variants: Vec<_> = (0..VARIANTS).map(|it| variant(&component, it)).collect();
    let mut swap = |bytes: &Vec<u8>| milliseconds(metrics, || replace(&wasm, bytes));
    for bytes in &variants {
        swap(bytes);
    }
    let mut times: Vec<_> = variants.iter().cycle().take(SWAPS).map(&mut swap).collect();
    times.sort_by(f64::total_cmp);
    let mut out = std::io::stdout();
    writeln!(out, "| what | median ms | 90 of 100 ms | most ms |\n|---|---|---|---|").unwrap();
    let at = |part: usize| times[(SWAPS - 1) * part / 100];
    let what = "a changed component counts, from its file's event on";
    writeln!(out, "| {what} | {:.1} | {:.1} | {:.1} |", at(50), at(90), at(100)).unwrap();
}

/// From before `change` until there is another generation.
fn milliseconds(metrics: SocketAddr, change: impl FnOnce()) -> f64 {
    let generation = || Scrape::of(metrics).get("hushgate_generation");
    let before = generation();
    let start = Instant::now();
    change();
    while generation() <= before {}
    start.elapsed().as_secs_f64() * 1e3
}
