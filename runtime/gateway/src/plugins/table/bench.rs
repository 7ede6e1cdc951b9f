//! What a plugin's cases cost on this machine.

use super::{Table, ask::Ask, run::Linked};
use crate::plugins::shelf::OnShelf;
use hushgate_wasm::{engine::Engine, sandbox::CallError};
use std::time::{Duration, Instant};

/// How long each figure is measured.
const MEASURED: Duration = Duration::from_millis(300);

/// What one case costs.
#[derive(Clone, Debug)]
pub struct Cost {
    /// The case.
    pub name: String,
    /// One call of an instance that is kept.
    pub reused: Duration,
    /// A new instance and one call.
    pub fresh: Duration,
}

/// Measures each case that asks something. The mean of as many calls as fit into 0.3 s.
pub fn bench(engine: &Engine, plugin: &OnShelf, table: &Table) -> Result<Vec<Cost>, String> {
    let asks = table.cases.iter().filter(|it| !matches!(it.ask, Ask::Refuse { .. }));
    asks.map(|case| {
        let linked = Linked::new(engine, plugin, &case.settings).map_err(|it| it.to_string())?;
        let (reused, fresh) = match (&linked, &case.ask) {
            (Linked::Adapter(adapter), Ask::Decode { frame, .. }) => {
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
        Ok(Cost { name: case.name.clone(), reused, fresh })
    })
    .collect()
}

fn both<I>(
    make: impl Fn() -> Result<I, CallError>,
    call: impl Fn(&mut I) -> Result<(), CallError>,
) -> Result<(Duration, Duration), CallError> {
    let mut kept = make()?;
    let reused = mean(|| call(&mut kept))?;
    let fresh = mean(|| call(&mut make()?))?;
    Ok((reused, fresh))
}

fn mean(mut run: impl FnMut() -> Result<(), CallError>) -> Result<Duration, CallError> {
    let (start, mut calls) = (Instant::now(), 0);
    while start.elapsed() < MEASURED || calls == 0 {
        run()?;
        calls += 1;
    }
    Ok(start.elapsed() / calls)
}
