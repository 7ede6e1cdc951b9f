//! An empty WASI (0.2), for components whose compiler insists on one: no files, sockets, arguments or environment.
//!
//! # Promises
//!
//! - Nothing here reads or changes anything outside of the instance but its lines for the local log.
//! - Nothing here waits: whatever a component would wait for is ready at once, so that its deadline holds.
//! - The clock is the time of the frame, and random numbers are the same in each call: answers depend on the
//!   arguments alone. They serve as hash seeds, not as keys.
//! - A function that is not here traps.

use crate::{cache::Compiled, engine::Engine, sandbox::Host};
use wasmtime::{
    StoreContextMut, Trap,
    component::{Linker, LinkerInstance, ResourceDynamic, ResourceType, Val, types::ComponentItem},
};

/// The most resources (streams, things to wait for) that one instance may hold at once.
const RESOURCES_MAX: u32 = 1_000;
/// The most random bytes that one call may ask for.
const RANDOM_BYTES_MAX: u64 = 64 << 10;
/// How many bytes a stream says that it takes.
const WRITE_BYTES: u64 = 4 << 10;

/// Whether `import` is part of WASI.
pub fn is_wasi(import: &str) -> bool {
    import.starts_with("wasi:")
}

/// Links everything that `compiled` wants of WASI.
pub(crate) fn link(
    linker: &mut Linker<Host>,
    engine: &Engine,
    compiled: &Compiled,
) -> wasmtime::Result<()> {
    let component = compiled.component.component_type();
    for (import, item) in component.imports(&engine.inner).filter(|it| is_wasi(it.0)) {
        let ComponentItem::ComponentInstance(interface) = item.ty else {
            wasmtime::bail!("`{import}` is no interface");
        };
        let mut instance = linker.instance(import)?;
        // The version is left away: what is here did not change within 0.2.
        let name = import.split('@').next().unwrap_or(import);
        for (export, item) in interface.exports(&engine.inner) {
            define(&mut instance, (name, export), &item.ty)?;
        }
    }
    Ok(())
}

fn define(
    instance: &mut LinkerInstance<'_, Host>,
    (interface, export): (&str, &str),
    item: &ComponentItem,
) -> wasmtime::Result<()> {
    let function = format!("{interface}#{export}");
    match item {
        ComponentItem::Resource(_) => {
            instance.resource(export, ResourceType::host_dynamic(kind(export)), dropped)
        }
        ComponentItem::ComponentFunc(_) => {
            instance.func_new(export, move |mut store, _, args, results| {
                let answer = call(&mut store, &function, args)?;
                results.first_mut().into_iter().zip(answer).for_each(|(it, answer)| *it = answer);
                args.iter().try_for_each(|it| give_back(&mut store, it))
            })
        }
        _ => Ok(()),
    }
}

/// One type of resource for each name: the interfaces of WASI share them by name.
fn kind(resource: &str) -> u32 {
    let kinds = ["pollable", "input-stream", "output-stream", "error", "network"];
    kinds.iter().position(|it| *it == resource).map_or(u32::MAX, |it| it as u32)
}

fn dropped(mut store: StoreContextMut<'_, Host>, _: u32) -> wasmtime::Result<()> {
    let host = store.data_mut();
    host.resources = host.resources.saturating_sub(1);
    Ok(())
}

/// Ends what was lent for one call.
fn give_back(store: &mut StoreContextMut<'_, Host>, arg: &Val) -> wasmtime::Result<()> {
    match arg {
        Val::Resource(lent) => lent.resource_drop(store),
        Val::List(all) => all.iter().try_for_each(|it| give_back(store, it)),
        _ => Ok(()),
    }
}

/// What a function answers; nothing if it has no result.
fn call(
    store: &mut StoreContextMut<'_, Host>,
    function: &str,
    args: &[Val],
) -> wasmtime::Result<Option<Val>> {
    if function == "wasi:io/poll#[method]pollable.block" {
        return Ok(None);
    }
    let answer = match function.split(['/', '#']).next() {
        _ if let Some(nothing) = nothing(function) => nothing,
        Some("wasi:clocks") => clock(store, function)?,
        Some("wasi:io") => io(store, function, args)?,
        Some("wasi:random") => random(&mut store.data_mut().random, function, args)?,
        _ => match function {
            "wasi:cli/stdin#get-stdin" => resource(store, "input-stream")?,
            "wasi:cli/stdout#get-stdout" | "wasi:cli/stderr#get-stderr" => {
                resource(store, "output-stream")?
            }
            "wasi:sockets/instance-network#instance-network" => resource(store, "network")?,
            _ => {
                store.data_mut().say(format!("{function} is not for plugins").as_bytes());
                return Err(refused());
            }
        },
    };
    Ok(Some(answer))
}

/// What there is none of.
fn nothing(function: &str) -> Option<Val> {
    Some(match function {
        "wasi:cli/environment#get-environment"
        | "wasi:cli/environment#get-arguments"
        | "wasi:filesystem/preopens#get-directories" => Val::List(Vec::new()),
        "wasi:cli/environment#initial-cwd"
        | "wasi:cli/terminal-stdin#get-terminal-stdin"
        | "wasi:cli/terminal-stdout#get-terminal-stdout"
        | "wasi:cli/terminal-stderr#get-terminal-stderr"
        | "wasi:filesystem/types#filesystem-error-code" => Val::Option(None),
        "wasi:io/streams#[method]input-stream.read"
        | "wasi:io/streams#[method]input-stream.blocking-read"
        | "wasi:io/streams#[method]input-stream.skip"
        | "wasi:io/streams#[method]input-stream.blocking-skip" => {
            Val::Result(Err(Some(Box::new(Val::Variant("closed".into(), None)))))
        }
        "wasi:sockets/tcp-create-socket#create-tcp-socket"
        | "wasi:sockets/udp-create-socket#create-udp-socket"
        | "wasi:sockets/ip-name-lookup#resolve-addresses" => {
            Val::Result(Err(Some(Box::new(Val::Enum("not-supported".into())))))
        }
        _ => return None,
    })
}

fn clock(store: &mut StoreContextMut<'_, Host>, function: &str) -> wasmtime::Result<Val> {
    let now_ms = store.data().now_ms;
    match function {
        "wasi:clocks/wall-clock#now" => Ok(time(now_ms)),
        "wasi:clocks/wall-clock#resolution" => Ok(time(1)),
        "wasi:clocks/monotonic-clock#now" => Ok(Val::U64(now_ms.saturating_mul(1_000_000))),
        "wasi:clocks/monotonic-clock#resolution" => Ok(Val::U64(1_000_000)),
        "wasi:clocks/monotonic-clock#subscribe-instant"
        | "wasi:clocks/monotonic-clock#subscribe-duration" => resource(store, "pollable"),
        _ => Err(refused()),
    }
}

fn io(
    store: &mut StoreContextMut<'_, Host>,
    function: &str,
    args: &[Val],
) -> wasmtime::Result<Val> {
    match function {
        "wasi:io/poll#[method]pollable.ready" => Ok(Val::Bool(true)),
        "wasi:io/poll#poll" => all_of(args),
        "wasi:io/error#[method]error.to-debug-string" => Ok(Val::String("closed".into())),
        "wasi:io/streams#[method]input-stream.subscribe"
        | "wasi:io/streams#[method]output-stream.subscribe" => resource(store, "pollable"),
        "wasi:io/streams#[method]output-stream.check-write" => {
            Ok(Val::Result(Ok(Some(Box::new(Val::U64(WRITE_BYTES))))))
        }
        "wasi:io/streams#[method]output-stream.write"
        | "wasi:io/streams#[method]output-stream.blocking-write-and-flush" => {
            store.data_mut().say(&bytes(args)?);
            Ok(Val::Result(Ok(None)))
        }
        "wasi:io/streams#[method]output-stream.flush"
        | "wasi:io/streams#[method]output-stream.blocking-flush" => Ok(Val::Result(Ok(None))),
        _ => Err(refused()),
    }
}

fn random(state: &mut u64, function: &str, args: &[Val]) -> wasmtime::Result<Val> {
    match (function, args) {
        (
            "wasi:random/random#get-random-bytes"
            | "wasi:random/insecure#get-insecure-random-bytes",
            [Val::U64(count @ ..=RANDOM_BYTES_MAX)],
        ) => Ok(Val::List((0..*count).map(|_| Val::U8(next(state).to_le_bytes()[0])).collect())),
        (
            "wasi:random/random#get-random-u64" | "wasi:random/insecure#get-insecure-random-u64",
            _,
        ) => Ok(Val::U64(next(state))),
        ("wasi:random/insecure-seed#insecure-seed", _) => {
            Ok(Val::Tuple(vec![Val::U64(next(state)), Val::U64(next(state))]))
        }
        _ => Err(refused()),
    }
}

fn refused() -> wasmtime::Error {
    Trap::UnreachableCodeReached.into()
}

fn resource(store: &mut StoreContextMut<'_, Host>, name: &str) -> wasmtime::Result<Val> {
    let host = store.data_mut();
    if host.resources >= RESOURCES_MAX {
        return Err(refused());
    }
    host.resources += 1;
    let resource = ResourceDynamic::new_own(0, kind(name));
    Ok(Val::Resource(resource.try_into_resource_any(store)?))
}

fn time(ms: u64) -> Val {
    let nanoseconds = u32::try_from(ms % 1000 * 1_000_000).unwrap_or_default();
    Val::Record(vec![
        ("seconds".into(), Val::U64(ms / 1000)),
        ("nanoseconds".into(), Val::U32(nanoseconds)),
    ])
}

fn all_of(args: &[Val]) -> wasmtime::Result<Val> {
    let [Val::List(pollables)] = args else { return Err(refused()) };
    Ok(Val::List((0..).take(pollables.len()).map(Val::U32).collect()))
}

fn bytes(args: &[Val]) -> wasmtime::Result<Vec<u8>> {
    let [_, Val::List(bytes)] = args else { return Err(refused()) };
    let byte = |it: &Val| if let Val::U8(byte) = it { Some(*byte) } else { None };
    Ok(bytes.iter().filter_map(byte).collect())
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
