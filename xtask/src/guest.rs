//! Builds the plugins that we ship, and lays them out where the gateway's program looks for them.
//!
//! # Promises
//!
//! - One toolchain builds a plugin the same, byte for byte, wherever the checkout lies.
//! - `plugins/<id>/` beside the program holds `plugin.wasm` and what lies beside the plugin's sources (`plugin.toml`,
//!   `cases.toml`, what these name); a file that has not changed is not touched, and one that has is replaced in one
//!   step.

use crate::command::{self, Failure};
use crate::workspace::Workspace;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

mod foreign;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "guest";
const COMPONENT: &str = "plugin.wasm";
const INDEX: &str = "index.toml";

/// How large a function may be that is put where it is called: LLVM's own 225 makes components a tenth larger.
const INLINE: &str = "-Cllvm-args=-inline-threshold=110";

/// AES in loops: as quick for a few blocks, and 5 kB smaller.
const COMPACT: &str = "--cfg=aes_backend_soft=\"compact\"";

/// What lies beside a plugin's sources and is for its build alone.
const BUILD_FILES: [&str; 2] = ["Cargo.toml", "build.sh"];

/// Makes sure that there is a toolchain for guests.
///
/// Returns what `RUSTUP_TOOLCHAIN` must be; nothing if the ordinary toolchain will do.
pub(crate) fn toolchain(workspace: &Workspace) -> Result<Option<String>, Failure> {
    let mut rig = command::in_root(workspace, workspace.rig("wasm-toolchain.sh"));
    let output = command::output(rig.env("WASM_TC_DIR", &workspace.toolchain))?;
    Ok(output.lines().next_back().filter(|line| !line.is_empty()).map(str::to_owned))
}

/// Builds all plugins in Rust and lays them out. Returns their ids.
pub(crate) fn build(
    workspace: &Workspace,
    toolchain: Option<&str>,
) -> Result<Vec<String>, Failure> {
    let sources = sources(workspace)?;
    let mut cargo = command::in_root(workspace, "cargo");
    cargo
        .args(["build", "--profile", PROFILE, "--target", TARGET, "--target-dir"])
        .arg(guest_target(workspace));
    for id in sources.iter().filter_map(|source| id(source)) {
        cargo.args(["-p", &format!("hushgate-plugin-{id}")]);
    }
    cargo
        .env("RUSTFLAGS", format!("{} {INLINE} {COMPACT}", remap(workspace)))
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if let Some(toolchain) = toolchain {
        cargo.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    command::run(&mut cargo)?;
    forget_others(workspace)?;
    lay_out_index(workspace)?;
    sources.iter().map(|source| lay_out(workspace, source, &built(workspace, source))).collect()
}

/// Builds all plugins in other languages, unless they are as they were, and lays them out. Returns their ids.
pub(crate) fn build_foreign(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut plugins = directories(workspace)?;
    plugins.retain(|dir| !is_crate(dir));
    for source in &plugins {
        foreign::build(workspace, source)?;
    }
    plugins.iter().map(|source| lay_out(workspace, source, &source.join(COMPONENT))).collect()
}

/// The directories of the sources of plugins in Rust, `plugins/<kind>/<id>`, sorted.
pub(crate) fn sources(workspace: &Workspace) -> Result<Vec<PathBuf>, Failure> {
    let mut plugins = directories(workspace)?;
    plugins.retain(|dir| is_crate(dir));
    Ok(plugins)
}

fn directories(workspace: &Workspace) -> Result<Vec<PathBuf>, Failure> {
    let kinds = subdirectories(&workspace.root.join("plugins"))?;
    let plugins = kinds.iter().map(|kind| subdirectories(kind)).collect::<Result<Vec<_>, _>>()?;
    Ok(plugins.into_iter().flatten().filter(|dir| dir.join("plugin.toml").is_file()).collect())
}

fn is_crate(dir: &Path) -> bool {
    dir.join("Cargo.toml").is_file()
}

/// The id of the plugin in that directory.
pub(crate) fn id(source: &Path) -> Option<&str> {
    source.file_name().and_then(|name| name.to_str())
}

fn guest_target(workspace: &Workspace) -> PathBuf {
    workspace.target.join("guest")
}

/// Panic locations would carry the paths of this machine.
fn remap(workspace: &Workspace) -> String {
    let home = |var: &str, dir: &str| {
        env::var_os(var)
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(dir)))
    };
    let paths =
        [(Some(workspace.root.clone()), "/hushgate"), (home("CARGO_HOME", ".cargo"), "/cargo")];
    let flags = paths
        .into_iter()
        .filter_map(|(from, to)| Some(format!("--remap-path-prefix={}={to}", from?.display())));
    flags.collect::<Vec<_>>().join(" ")
}

/// Where cargo puts the component of a plugin in Rust.
fn built(workspace: &Workspace, source: &Path) -> PathBuf {
    let id = id(source).unwrap_or_default().replace('-', "_");
    guest_target(workspace).join(TARGET).join(PROFILE).join(format!("hushgate_plugin_{id}.wasm"))
}

/// A plugin that is no longer shipped is not taken for one that is.
fn forget_others(workspace: &Workspace) -> Result<(), Failure> {
    let all = directories(workspace)?;
    let shipped = workspace.debug().join("plugins");
    let there = if shipped.is_dir() { subdirectories(&shipped)? } else { Vec::new() };
    for dir in there.iter().filter(|dir| all.iter().all(|source| id(source) != id(dir))) {
        fs::remove_dir_all(dir)
            .map_err(|error| Failure::new(format!("cannot remove {}: {error}", dir.display())))?;
    }
    Ok(())
}

/// By which people find a plugin.
fn lay_out_index(workspace: &Workspace) -> Result<(), Failure> {
    let (from, shipped) =
        (workspace.root.join("plugins").join(INDEX), workspace.debug().join("plugins"));
    fs::create_dir_all(&shipped)
        .and_then(|()| replace(&from, &shipped.join(INDEX)))
        .map_err(|error| Failure::new(format!("cannot lay out {}: {error}", from.display())))
}

fn lay_out(workspace: &Workspace, source: &Path, component: &Path) -> Result<String, Failure> {
    let id = id(source).ok_or_else(|| Failure::new("a plugin's directory has no readable name"))?;
    let shipped = workspace.debug().join("plugins").join(id);
    copy_all(source, component, &shipped)
        .map_err(|error| Failure::new(format!("cannot lay out the plugin {id}: {error}")))?;
    Ok(id.to_owned())
}

/// The component comes last: what says something about it is there before.
fn copy_all(source: &Path, component: &Path, shipped: &Path) -> io::Result<()> {
    fs::create_dir_all(shipped)?;
    for file in plain_files(source)? {
        let Some(name) = file.file_name().and_then(|it| it.to_str()) else { continue };
        if name != COMPONENT && !BUILD_FILES.contains(&name) {
            replace(&file, &shipped.join(name))?;
        }
    }
    replace(component, &shipped.join(COMPONENT))
}

/// The files of one directory that are not hidden, sorted.
fn plain_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    let mut files: Vec<PathBuf> = entries
        .iter()
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(fs::DirEntry::path)
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

/// Copies, unless both are equal; a reader sees the old file or the new one.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    let new = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    let part = to.with_extension("part");
    fs::write(&part, new)?;
    fs::rename(part, to)
}

fn subdirectories(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |error: io::Error| Failure::new(format!("cannot read {}: {error}", dir.display()));
    let entries = fs::read_dir(dir)
        .map_err(unreadable)?
        .collect::<io::Result<Vec<_>>>()
        .map_err(unreadable)?;
    let mut dirs: Vec<PathBuf> =
        entries.iter().map(fs::DirEntry::path).filter(|path| path.is_dir()).collect();
    dirs.sort();
    Ok(dirs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process;

    #[test]
    fn an_equal_file_is_not_touched_and_a_different_one_is_replaced() {
        let dir = env::temp_dir().join(format!("hushgate-xtask-replace-{}", process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (from, to) = (dir.join("from.wasm"), dir.join("to.wasm"));
        fs::write(&from, "one").unwrap();
        replace(&from, &to).unwrap();
        // A link of the old content shows whether the file was written anew.
        fs::hard_link(&to, dir.join("old")).unwrap();
        replace(&from, &to).unwrap();
        assert_eq!(links(&to), 2, "equal: left alone");
        fs::write(&from, "two").unwrap();
        replace(&from, &to).unwrap();
        assert_eq!(links(&to), 1, "different: a new file");
        assert_eq!(fs::read_to_string(&to).unwrap(), "two");
        fs::remove_dir_all(dir).unwrap();
    }

    fn links(path: &Path) -> u64 {
        std::os::unix::fs::MetadataExt::nlink(&fs::metadata(path).unwrap())
    }

    #[test]
    fn what_lies_beside_the_sources_is_laid_out_and_what_builds_is_not() {
        let dir = env::temp_dir().join(format!("hushgate-xtask-lay-out-{}", process::id()));
        let (source, shipped) = (dir.join("source"), dir.join("shipped"));
        fs::create_dir_all(source.join("src")).unwrap();
        for file in ["plugin.toml", "cases.toml", "frame.bin", "Cargo.toml", "build.sh", ".hidden"]
        {
            fs::write(source.join(file), file).unwrap();
        }
        fs::write(source.join(COMPONENT), "an older one").unwrap();
        fs::write(dir.join("built"), "a new one").unwrap();
        copy_all(&source, &dir.join("built"), &shipped).unwrap();
        let names: Vec<PathBuf> = plain_files(&shipped).unwrap();
        let expected = ["cases.toml", "frame.bin", "plugin.toml", COMPONENT];
        assert_eq!(names, expected.map(|name| shipped.join(name)));
        assert_eq!(fs::read_to_string(shipped.join(COMPONENT)).unwrap(), "a new one");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn finds_the_plugins_that_we_ship() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
        let workspace = Workspace { toolchain: root.clone(), target: root.clone(), root };
        let sources = sources(&workspace).unwrap();
        let ids: Vec<&str> = sources.iter().filter_map(|source| id(source)).collect();
        for shipped in ["private-iot-text", "ble-gatt", "window-median", "quiet-hours"] {
            assert!(ids.contains(&shipped), "{shipped} is not among {ids:?}");
        }
        let all = directories(&workspace).unwrap();
        let foreign: Vec<&str> =
            all.iter().filter(|dir| !is_crate(dir)).filter_map(|dir| id(dir)).collect();
        assert_eq!(foreign, ["lorawan-codec"]);
    }
}
