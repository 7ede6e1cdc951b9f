//! Builds all tests at once and knows where each executable is.
//!
//! # Promises
//!
//! - All packages are built by one call of cargo: chosen one by one, each choice would select other
//!   features of the dependencies and build them again.

use crate::command::{self, Failure};
use crate::guest;
use crate::parts::Part;
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The packages beside the plugins that we ship.
const PACKAGES: [&str; 8] = [
    "hushgate",
    "hushgate-wasm",
    "hushgate-tor",
    "hushgate-matrix",
    "hushgate-oci",
    "hushgate-sdk",
    "hushgate-tests",
    "xtask",
];

/// Longer than any suite takes on a slow machine.
const SUITE_TIME_MAX: Duration = Duration::from_secs(20 * 60);

/// One test executable.
#[derive(Debug)]
pub(crate) struct Suite(Executable);

/// What cargo says of an executable that it has built.
#[derive(Debug, PartialEq)]
struct Executable {
    name: String,
    package: String,
    package_dir: PathBuf,
    is_test: bool,
    path: PathBuf,
}

impl Suite {
    /// The name of the target: a library, a program, or a file in `tests/`.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// The part that it belongs to.
    pub(crate) fn part(&self) -> Part {
        Part::of(&self.0.package)
    }

    /// Runs it as `cargo test` would: in the directory of its package.
    pub(crate) fn run(&self, env: &[(&str, PathBuf)]) -> Result<(), Failure> {
        let Self(Executable { name, package_dir, path, .. }) = self;
        let mut suite = command::clean(path);
        suite.current_dir(package_dir).env("CARGO_MANIFEST_DIR", package_dir);
        suite.envs(env.iter().map(|(name, value)| (name, value)));
        command::run_within(&mut suite, SUITE_TIME_MAX)
            .map_err(|failure| Failure::new(format!("{name}: {failure}")))
    }
}

/// What one call of cargo built.
#[derive(Debug)]
pub(crate) struct Built {
    /// The gateway's program; cargo builds it for the gateway's integration tests.
    pub(crate) program: PathBuf,
    /// All tests.
    pub(crate) suites: Vec<Suite>,
}

/// Builds the gateway's program and all tests.
pub(crate) fn build(workspace: &Workspace) -> Result<Built, Failure> {
    let mut cargo = cargo(workspace, "test", &packages(workspace)?);
    let messages =
        command::output(cargo.args(["--no-run", "--message-format=json-render-diagnostics"]))?;
    let executables: Vec<Executable> = messages.lines().filter_map(executable).collect();
    let program = executables
        .iter()
        .find(|it| !it.is_test && it.name == "hushgate")
        .map(|it| it.path.clone());
    let program =
        program.ok_or_else(|| Failure::new("cargo did not name the gateway's program"))?;
    let suites: Vec<Suite> = executables.into_iter().filter(|it| it.is_test).map(Suite).collect();
    match Part::ALL.iter().find(|part| !suites.iter().any(|suite| suite.part() == **part)) {
        Some(part) => Err(Failure::new(format!("cargo named no test of the part {}", part.name()))),
        None => Ok(Built { program, suites }),
    }
}

/// Runs the examples in the documentation of all libraries.
pub(crate) fn run_documentation(workspace: &Workspace) -> Result<(), Failure> {
    let mut libraries = packages(workspace)?;
    libraries.retain(|package| package != "xtask");
    command::run_within(
        cargo(workspace, "test", &libraries).args(["--doc", "--quiet"]),
        SUITE_TIME_MAX,
    )
}

fn packages(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let sources = guest::sources(workspace)?;
    let plugins = sources
        .iter()
        .filter_map(|source| guest::id(source))
        .map(|id| format!("hushgate-plugin-{id}"));
    Ok(PACKAGES.map(str::to_owned).into_iter().chain(plugins).collect())
}

fn cargo(workspace: &Workspace, verb: &str, packages: &[String]) -> Command {
    let mut cargo = command::in_root(workspace, "cargo");
    cargo.arg(verb).args(packages.iter().flat_map(|package| ["-p", package]));
    cargo
}

/// Reads one message of cargo's; nothing if it is not about an executable.
fn executable(message: &str) -> Option<Executable> {
    // Of the JSON only some plain strings matter: not worth a parser's build time.
    let value = |text: &str, key: &str| {
        let (_, rest) = text.split_once(&format!("\"{key}\":\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    if value(message, "reason")? != "compiler-artifact" {
        return None;
    }
    // A target may have tests (its own `test`); a profile says that this is their executable.
    let (_, target) = message.split_once("\"target\":{")?;
    let (_, profile) = message.split_once("\"profile\":{")?;
    let (profile, _) = profile.split_once('}')?;
    Some(Executable {
        name: value(target, "name")?,
        package: package(&value(message, "package_id")?).to_owned(),
        package_dir: Path::new(&value(message, "manifest_path")?).parent()?.to_owned(),
        is_test: profile.contains("\"test\":true"),
        path: value(message, "executable")?.into(),
    })
}

/// The name in a package id: `…/tests#hushgate-tests@0.1.0`, or `…/xtask#0.1.0` where the directory is named alike.
fn package(id: &str) -> &str {
    let (path, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next().unwrap_or(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const MESSAGE: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///src/runtime/tor#hushgate-tor@0.1.0","manifest_path":"/src/runtime/tor/Cargo.toml","target":{"kind":["test"],"crate_types":["bin"],"name":"private_network","src_path":"/src/runtime/tor/tests/private_network.rs","edition":"2024","doc":false,"doctest":false,"test":true},"profile":{"opt_level":"1","debuginfo":"line-tables-only","debug_assertions":true,"overflow_checks":true,"test":true},"features":[],"filenames":["/t/debug/deps/private_network-0123"],"executable":"/t/debug/deps/private_network-0123","fresh":true}"#;

    #[test]
    fn reads_where_an_executable_is_and_whether_it_is_a_test() {
        let test = Executable {
            name: "private_network".into(),
            package: "hushgate-tor".into(),
            package_dir: "/src/runtime/tor".into(),
            is_test: true,
            path: "/t/debug/deps/private_network-0123".into(),
        };
        assert_eq!(executable(MESSAGE), Some(test));
        let program = MESSAGE.replace(
            "\"overflow_checks\":true,\"test\":true",
            "\"overflow_checks\":true,\"test\":false",
        );
        assert!(executable(&program).is_some_and(|program| !program.is_test));
    }

    #[test]
    fn other_messages_name_no_executable() {
        let library =
            MESSAGE.replace("\"/t/debug/deps/private_network-0123\",\"fresh\"", "null,\"fresh\"");
        for message in [library.as_str(), r#"{"reason":"build-finished","success":true}"#, "", "{"]
        {
            assert_eq!(executable(message), None, "{message}");
        }
    }

    #[test]
    fn a_package_id_names_its_package_in_both_forms() {
        assert_eq!(package("path+file:///src/tests#hushgate-tests@0.1.0"), "hushgate-tests");
        assert_eq!(package("path+file:///src/xtask#0.1.0"), "xtask");
    }

    #[test]
    fn every_member_of_the_workspace_is_tested() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let members = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
        let workspace =
            Workspace { toolchain: root.clone(), target: root.clone(), root: root.clone() };
        let tested = packages(&workspace).unwrap();
        // Plugins are members by a pattern, and found by the same one.
        let plugins = guest::sources(&workspace).unwrap().len();
        let members: Vec<&str> =
            members.split('"').skip(1).step_by(2).filter(|it| *it != "plugins/*/*").collect();
        for member in &members {
            let manifest = fs::read_to_string(root.join(member).join("Cargo.toml")).unwrap();
            let name = manifest.split('"').nth(1).unwrap();
            assert!(tested.iter().any(|package| package == name), "{name} is not tested");
        }
        assert_eq!(members.len() + plugins, tested.len());
    }
}
