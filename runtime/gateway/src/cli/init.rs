//! `init`: a directory that works, with settings that explain themselves.

use super::{Failure, out::say};
use crate::{
    home::Home,
    keys::Keys,
    plugins::{library::Library, shelf},
    secret,
};
use clap::Args;
use std::{fs, path::Path};

/// The plugins that a new gateway has: what the first steps in the README use. Others are taken in when a device
/// asks for them, or by `plugin add`: what is not there cannot be attacked.
const STARTER: [&str; 3] = ["private-iot-text", "quiet-hours", "window-median"];

const SETTINGS: &str = include_str!("hushgate.toml");
const HUB_SETTINGS: &str = include_str!("hub.toml");
pub(super) const GRANT: &str = include_str!("grant.toml");

/// What `init` can be told.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Reach hubs on this machine only. Not anonymous: for trying things out.
    #[arg(long)]
    loopback: bool,
}

pub(super) fn gateway(home: &Home, args: &InitArgs) -> Result<(), Failure> {
    make_gateway(home, &settings(args.loopback))?;
    say(format!(
        "Made {dir}: settings in {dir}/hushgate.toml, keys in {dir}/keys (mode 0600).\n\
         Next:\n  \
         hushgate --dir {dir} recipient add hospital.invite     who may receive (a hub's owner makes the invite)\n  \
         hushgate --dir {dir} device add pacemaker --subject ada --topics 'patient/#' --adapter private-iot-text\n  \
         hushgate --dir {dir} grant new --subject ada --device pacemaker --recipient hospital\n  \
         hushgate --dir {dir} run",
        dir = home.dir().display()
    ));
    Ok(())
}

/// The settings as `init` writes them.
pub(crate) fn settings(loopback: bool) -> String {
    let kind = if loopback { "kind = \"loopback\"" } else { "kind = \"tor\"" };
    SETTINGS.replace("\nkind = \"tor\"\n", &format!("\n{kind}\n"))
}

/// Makes a gateway's directory with these settings.
pub(crate) fn make_gateway(home: &Home, settings: &str) -> Result<(), Failure> {
    new(home, &home.settings())?;
    home.make(&["grants", "recipients", "plugins", "keys", "state"]).map_err(Failure::fix)?;
    for id in STARTER {
        let shipped = shipped(id)?;
        shelf::copy(&shipped, &home.plugins().join(id))
            .map_err(|error| Failure::fix(format!("{}: {error}", shipped.display())))?;
    }
    keys(home)?;
    fs::write(home.settings(), settings).map_err(Failure::fix)
}

/// Makes a hub's directory. Returns the page's password.
pub(crate) fn make_hub(home: &Home, name: &str, transport: &str) -> Result<String, Failure> {
    new(home, &home.hub_settings())?;
    home.make(&["keys", "state"]).map_err(Failure::fix)?;
    let no_randomness = || Failure::failed("the operating system gave no randomness");
    let password = secret::new().ok_or_else(no_randomness)?;
    let hash = secret::hash(&password).ok_or_else(no_randomness)?;
    let settings = HUB_SETTINGS
        .replace("{name}", name)
        .replace("{password}", &hash)
        .replace("{transport}", transport);
    keys(home)?;
    fs::write(home.hub_settings(), settings).map_err(Failure::fix)?;
    Ok(password)
}

fn new(home: &Home, settings: &Path) -> Result<(), Failure> {
    if settings.exists() {
        let text = format!("{} is there already; nothing was changed", settings.display());
        return Err(Failure::fix(text));
    }
    home.make(&[]).map_err(|error| Failure::fix(format!("{}: {error}", home.dir().display())))
}

/// Keys that are there already are kept: an interrupted `init` can be run again.
fn keys(home: &Home) -> Result<(), Failure> {
    if !home.keys().exists() {
        Keys::create(&home.keys())?;
    }
    Ok(())
}

/// Where the plugin `id` is that came with the program.
pub(super) fn shipped(id: &str) -> Result<std::path::PathBuf, Failure> {
    let library = Library::of_program().ok_or_else(|| {
        Failure::fix("no plugins beside the program, nor in ../share/hushgate/plugins")
    })?;
    library.plugin(id).ok_or_else(|| {
        Failure::fix(format!(
            "no plugin `{id}` comes with Hushgate: `hushgate plugin search` finds those that do"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Way};

    fn read(settings: &str) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        fs::write(home.settings(), settings).unwrap();
        Config::read(&home).map_err(|it| it.to_string())
    }

    #[test]
    fn the_settings_that_init_writes_are_good() {
        let config = read(&settings(false)).unwrap();
        assert_eq!(config.way, Way::Tor { network: None });
        assert_eq!(read(&settings(true)).unwrap().way, Way::Loopback);
    }

    #[test]
    fn what_they_show_as_an_example_is_good_too() {
        let all = settings(false).replace("#~ ", "");
        let config = read(&all).unwrap();
        assert_eq!(config.devices[0].subjects, ["ada"]);
        assert!(config.matrix.is_some() && config.mqtt_subscribe.is_some());
    }

    #[test]
    fn a_misspelt_key_is_an_error_with_its_line() {
        let broken = settings(false).replace("frame-bytes-max", "frame-byte-max");
        let error = read(&broken).unwrap_err();
        let line = broken.lines().position(|it| it.starts_with("frame-byte-max")).unwrap() + 1;
        assert!(error.contains(&format!("hushgate.toml:{line}: unknown field")), "{error}");
    }
}
