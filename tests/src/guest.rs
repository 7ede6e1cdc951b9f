//! Plugins made for tests: see `guests/`, and `hostile/` for those that do harm.

use crate::{
    http,
    program::run_ok,
    world::{GRANT, World, after},
};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The component of `<id>.wat`.
pub fn component(id: &str) -> Vec<u8> {
    let path = Path::new(env!("OUT_DIR")).join(format!("{id}.wasm"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Puts a component into the gateway at `home` as plugin `id` of this kind. It declares `heart-rate` alone.
pub fn install(home: &Path, (id, kind): (&str, &str), component: &[u8]) {
    let dir = home.join("plugins").join(id);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("plugin.wasm"), component).unwrap();
    let manifest = format!(
        "id = \"{id}\"\nversion = \"1.0.0\"\nkind = \"{kind}\"\nwit = \"0.1.0\"\nlicence = \"MIT\"\n\
         summary = \"A test's.\"\n[[field]]\npath = \"heart-rate\"\nunit = \"/min\"\nprivacy = \"health\"\n"
    );
    fs::write(dir.join("plugin.toml"), manifest).unwrap();
}

/// The same component with other bytes: a custom section more, which nobody reads.
pub fn variant(component: &[u8], tag: u8) -> Vec<u8> {
    [component, &[0, 3, 1, b't', tag]].concat()
}

/// Replaces a file in one step.
pub fn replace(path: &Path, bytes: &[u8]) {
    let part = path.with_extension("part");
    fs::write(&part, bytes).unwrap();
    fs::rename(part, path).unwrap();
}

/// Enrols a device with its own topics; its secret.
pub fn enrol(home: &Path, name: &str, adapter: &str) -> String {
    let topics = format!("{name}/#");
    let args = ["device", "add", name, "--subject", "ada", "--topics", &topics];
    let added = run_ok(home, &[&args[..], &["--adapter", adapter]].concat());
    after(&added, "password ")
}

/// [`GRANT`] for another device, with more fields or stages at its end.
pub fn grant_for(device: &str, more: &str) -> String {
    format!("{}{more}", GRANT.replace("\"pacemaker\"", &format!("\"{device}\"")))
}

/// Sends one frame as this device; the status.
pub fn put(world: &World, device: (&str, &str), body: &[u8]) -> u16 {
    put_to(world.http, device, body)
}

/// The same, to a gateway of which only the address is known.
pub fn put_to(gateway: SocketAddr, (name, secret): (&str, &str), body: &[u8]) -> u16 {
    let authorization = format!("Authorization: Bearer {name}.{secret}");
    http::request(gateway, "PUT", &format!("/{name}/x"), &[&authorization], body).status
}

/// `kind reason` of everything that the ledger has on the first step of a device's frames.
pub fn decisions(world: &World, device: &str) -> Vec<String> {
    let store = world.store();
    let sql = "SELECT kind || ' ' || reason FROM ledger WHERE device = ?1 \
               AND kind IN ('withheld', 'quarantined', 'queued') ORDER BY seq";
    let mut rows = store.prepare(sql).unwrap();
    rows.query_map([device], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// A gateway with device `x`, whose adapter `x` is this component.
pub fn running_with(id: &str) -> (World, String) {
    let mut world = World::new();
    let home = world.gateway_dir();
    install(&home, ("x", "adapter"), &component(id));
    let secret = enrol(&home, "x", "x");
    world.grant("ada-x", &grant_for("x", ""));
    world.start_gateway();
    (world, secret)
}

/// Where the component of its adapter stands.
pub fn component_of(world: &World) -> PathBuf {
    world.gateway_dir().join("plugins/x/plugin.wasm")
}

/// How often the gateway took changes in.
pub fn changes(world: &World) -> usize {
    world.gateway.as_ref().unwrap().log_text().matches("the changes count now").count()
}

/// What `status` says.
pub fn status(world: &World) -> String {
    run_ok(&world.gateway_dir(), &["status"])
}

/// What was decided on one more frame of device `x`.
#[track_caller]
pub fn last_decision(world: &World, secret: &str) -> String {
    assert_eq!(put(world, ("x", secret), b"anything"), 204);
    decisions(world, "x").pop().unwrap()
}
