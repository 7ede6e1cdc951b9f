//! Builds a plugin in another language than Rust, by the command that its manifest names.
//!
//! # Promises
//!
//! - What has not changed since it was built is not built again: neither the plugin's files nor the contract's.

use crate::command::{self, Failure};
use crate::workspace::Workspace;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::{fs, io};

/// Where tools are kept that a build fetches; tests that build plugins use the same.
const TOOLS: (&str, &str) = ("HUSHGATE_PLUGIN_TOOLS", "plugin-tools");

/// Builds the plugin in `source`, which leaves its component there.
pub(super) fn build(workspace: &Workspace, source: &Path) -> Result<(), Failure> {
    let id = super::id(source).unwrap_or_default();
    let failed = |what: &str| Failure::new(format!("cannot build the plugin {id}: {what}"));
    let unreadable = |error: io::Error| failed(&error.to_string());
    let built_from = super::guest_target(workspace).join(format!("{id}.sources"));
    let sources = digest(workspace, source).map_err(unreadable)?;
    let is_there = source.join(super::COMPONENT).is_file();
    if is_there && fs::read_to_string(&built_from).is_ok_and(|built| built == sources) {
        return Ok(());
    }
    let manifest = fs::read_to_string(source.join("plugin.toml")).map_err(unreadable)?;
    let run = run_of(&manifest).ok_or_else(|| failed("its manifest names no command"))?;
    let mut shell = command::in_root(workspace, "sh");
    shell.args(["-c", run]).current_dir(source).env(TOOLS.0, workspace.target.join(TOOLS.1));
    command::run(&mut shell).map_err(|failure| failed(&failure.to_string()))?;
    fs::create_dir_all(super::guest_target(workspace))
        .and_then(|()| fs::write(&built_from, sources))
        .map_err(unreadable)
}

/// The command in the table `[build]`.
fn run_of(manifest: &str) -> Option<&str> {
    // One plain string: not worth a parser's build time.
    let (_, build) = manifest.split_once("\n[build]\n")?;
    build.lines().find_map(|line| line.strip_prefix("run = \"")?.strip_suffix('"'))
}

/// Stands for all that a build reads in this checkout.
fn digest(workspace: &Workspace, source: &Path) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for dir in [source, &source.join("src"), &workspace.root.join("wit")] {
        if !dir.is_dir() {
            continue;
        }
        let files = super::plain_files(dir)?;
        for file in files.iter().filter(|file| !file.ends_with(super::COMPONENT)) {
            (file.file_name(), fs::read(file)?).hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, process};

    #[test]
    fn the_command_is_the_one_of_the_build_table() {
        let manifest = "id = \"x\"\n[limits]\nrun = \"no\"\n\n[build]\nrun = \"sh build.sh\"\n";
        assert_eq!(run_of(manifest), Some("sh build.sh"));
        assert_eq!(run_of("id = \"x\"\nrun = \"no\"\n"), None);
    }

    #[test]
    fn only_what_has_changed_is_built_again() {
        let root = env::temp_dir().join(format!("hushgate-xtask-foreign-{}", process::id()));
        let source = root.join("plugins/adapters/x");
        fs::create_dir_all(source.join("src")).unwrap();
        fs::create_dir_all(root.join("wit")).unwrap();
        let manifest = "id = \"x\"\n[build]\nrun = \"echo built >> plugin.wasm\"\n";
        fs::write(source.join("plugin.toml"), manifest).unwrap();
        let workspace =
            Workspace { toolchain: root.clone(), target: root.join("target"), root: root.clone() };
        let builds = || {
            build(&workspace, &source).unwrap();
            fs::read_to_string(source.join("plugin.wasm")).unwrap().lines().count()
        };
        assert_eq!((builds(), builds()), (1, 1));
        fs::write(source.join("src/plugin.js"), "changed").unwrap();
        assert_eq!((builds(), builds()), (2, 2));
        fs::write(root.join("wit/types.wit"), "changed").unwrap();
        assert_eq!((builds(), builds()), (3, 3));
        fs::remove_file(source.join("src/plugin.js")).unwrap();
        assert_eq!((builds(), builds()), (4, 4));
        fs::remove_file(source.join("plugin.wasm")).unwrap();
        assert_eq!(builds(), 1);
        fs::write(source.join("plugin.toml"), "[build]\nrun = \"exit 3\"\n").unwrap();
        assert!(build(&workspace, &source).is_err());
        fs::remove_dir_all(root).unwrap();
    }
}
