//! `plugin new`: a directory to start from.

use super::{Failure, say};
use crate::source::is_name;
use clap::{Args, ValueEnum};
use include_dir::{Dir, DirEntry, include_dir};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/templates");
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk/src");
static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");
const WORKSPACE: &str = include_str!("../../../../../Cargo.toml");
const SDK_MANIFEST: &str = include_str!("../../../../../sdk/Cargo.toml");
const TOOLCHAIN: &str = include_str!("../../../../../tests/rigs/wasm-toolchain.sh");

/// What `new` is told.
#[derive(Debug, Args)]
pub(in crate::cli) struct NewArgs {
    /// What it will do.
    kind: Kind,
    /// Its directory, whose name becomes the plugin's.
    dir: PathBuf,
    /// What it is written in.
    #[arg(long, default_value = "rust")]
    lang: Language,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Understands a device: frame to readings.
    Adapter,
    /// Makes less of readings.
    Minimizer,
    /// Tightens what a grant allows.
    Policy,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Language {
    Rust,
    C,
    Js,
    Python,
}

pub(super) fn run(args: &NewArgs) -> Result<(), Failure> {
    let NewArgs { kind, dir, lang } = args;
    let id = dir.file_name().and_then(|it| it.to_str()).filter(|it| is_name(it)).ok_or_else(|| {
        Failure::fix("the directory's name must be lower-case letters, digits and hyphens: it is the plugin's id")
    })?;
    if dir.exists() {
        return Err(Failure::fix(format!(
            "{} is there already; nothing was changed",
            dir.display()
        )));
    }
    write(*kind, *lang, id, dir)
        .map_err(|error| Failure::failed(format!("{}: {error}", dir.display())))?;
    let dir = dir.display();
    say(format!(
        "Made {dir}. Its cases.toml says what it must answer; change that first, then the code.\n  \
         hushgate plugin build {dir}\n  \
         hushgate plugin test {dir}"
    ));
    Ok(())
}

fn write(kind: Kind, lang: Language, id: &str, dir: &Path) -> io::Result<()> {
    let name = |it: Option<clap::builder::PossibleValue>| {
        it.map_or_else(String::new, |it| it.get_name().to_owned())
    };
    let (kind, language) = (name(kind.to_possible_value()), name(lang.to_possible_value()));
    let template = |path: &str| TEMPLATES.get_dir(path).ok_or(io::ErrorKind::NotFound);
    // Later ones may replace files of earlier ones.
    for part in [format!("all/{kind}"), format!("{language}/all"), format!("{language}/{kind}")] {
        copy(template(&part)?, dir, id)?;
    }
    copy(&WIT, &dir.join("wit"), id)?;
    if lang == Language::Rust {
        copy(&SDK, &dir.join("hushgate-sdk/src"), id)?;
        fs::write(dir.join("hushgate-sdk/Cargo.toml"), sdk_manifest()?)?;
        fs::write(dir.join("toolchain.sh"), TOOLCHAIN)?;
    }
    Ok(())
}

/// Copies files and directories, with the plugin's name put in.
fn copy(from: &Dir<'_>, to: &Path, id: &str) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in from.entries() {
        let name = entry.path().file_name().unwrap_or_default();
        match entry {
            DirEntry::Dir(it) => copy(it, &to.join(name), id)?,
            DirEntry::File(it) => match it.contents_utf8() {
                Some(text) => fs::write(to.join(name), text.replace("{{id}}", id))?,
                None => fs::write(to.join(name), it.contents())?,
            },
        }
    }
    Ok(())
}

/// The SDK is not on a registry yet: plugins carry it, with the versions that this gateway was built with.
fn sdk_manifest() -> io::Result<String> {
    let workspace: toml::Table = WORKSPACE.parse().map_err(io::Error::other)?;
    let workspace = &workspace["workspace"];
    let sdk: toml::Table = SDK_MANIFEST.parse().map_err(io::Error::other)?;
    let mut package = workspace["package"].clone();
    if let Some(package) = package.as_table_mut() {
        package.insert("name".into(), "hushgate-sdk".into());
    }
    let targets = sdk.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, target)| target.get("dependencies"));
    let names = tables.chain(sdk.get("dependencies")).filter_map(toml::Value::as_table);
    let version = |name: &String| (name.clone(), workspace["dependencies"][name].clone());
    let dependencies: toml::Table = names.flat_map(toml::Table::keys).map(version).collect();
    // What the SDK says of its own exceptions holds only where there is the rule.
    let lints = toml::toml! { rust = { unsafe_code = "deny" } };
    let manifest = toml::Table::from_iter([
        ("package".into(), package),
        ("dependencies".into(), dependencies.into()),
        ("lints".into(), lints.into()),
    ]);
    toml::to_string(&manifest).map_err(io::Error::other)
}
