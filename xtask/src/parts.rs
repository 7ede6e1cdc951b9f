//! The parts of `cargo verify`: which packages each tests, and what it needs.

use crate::command::Failure;
use crate::packages::Need;

/// A part of the tests that can be run alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// The gateway without other programs.
    Core,
    /// The contract with plugins, from both sides.
    Plugins,
    /// Onion services over a private network.
    Tor,
    /// The Matrix room on a real homeserver.
    Matrix,
    /// The program from outside, with all rigs.
    Blackbox,
}

impl Part {
    /// All parts, in the order in which they run.
    pub(crate) const ALL: [Self; 5] =
        [Self::Core, Self::Plugins, Self::Tor, Self::Matrix, Self::Blackbox];

    /// As written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Plugins => "plugins",
            Self::Tor => "tor",
            Self::Matrix => "matrix",
            Self::Blackbox => "blackbox",
        }
    }

    /// One line for `--list`.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Core => {
                "unit and integration tests of the gateway and of this tool, and all documentation tests"
            }
            Self::Plugins => "the plugin host, the SDK and the plugins that we ship",
            Self::Tor => "onion services over a private Tor network on loopback (Debian's tor)",
            Self::Matrix => "a room on a Synapse homeserver on loopback (from PyPI)",
            Self::Blackbox => {
                "the program from outside: scenarios, mosquitto, paho-mqtt, Tor, Matrix, docker-registry"
            }
        }
    }

    /// What it needs of the system.
    pub(crate) fn needs(self) -> &'static [Need] {
        match self {
            Self::Core => &[Need::Compiler],
            Self::Plugins => &[Need::Compiler, Need::Node],
            Self::Tor => &[Need::Compiler, Need::Tor],
            Self::Matrix => &[Need::Compiler, Need::Python],
            Self::Blackbox => &[
                Need::Compiler,
                Need::Tor,
                Need::Mosquitto,
                Need::Python,
                Need::Node,
                Need::Minisign,
                Need::Registry,
            ],
        }
    }

    /// The part that tests a package; what nobody else claims is core.
    pub(crate) fn of(package: &str) -> Self {
        match package {
            "hushgate-wasm" | "hushgate-sdk" => Self::Plugins,
            "hushgate-tor" => Self::Tor,
            "hushgate-matrix" => Self::Matrix,
            "hushgate-tests" => Self::Blackbox,
            plugin if plugin.starts_with("hushgate-plugin-") => Self::Plugins,
            _ => Self::Core,
        }
    }

    /// Does it run all plugins, also those in other languages than Rust?
    pub(crate) fn uses_foreign_plugins(self) -> bool {
        matches!(self, Self::Plugins | Self::Blackbox)
    }

    /// Does it talk to the private Tor network?
    pub(crate) fn uses_tor(self) -> bool {
        matches!(self, Self::Tor | Self::Blackbox)
    }

    /// Does it talk to the homeserver?
    pub(crate) fn uses_matrix(self) -> bool {
        matches!(self, Self::Matrix | Self::Blackbox)
    }
}

/// The parts that were asked for, each once, in the order in which they run; all if none was named.
pub(crate) fn parse(names: &[String]) -> Result<Vec<Part>, Failure> {
    let is_known = |name: &&String| Part::ALL.iter().any(|part| part.name() == name.as_str());
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        return Err(Failure::new(format!(
            "there is no part {name:?}; `cargo verify -- --list` names them"
        )));
    }
    let is_wanted = |part: &Part| names.is_empty() || names.iter().any(|name| name == part.name());
    Ok(Part::ALL.into_iter().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_in_any_order_and_run_in_theirs() {
        let parse =
            |names: &[&str]| parse(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(parse(&[]), Ok(Part::ALL.to_vec()));
        assert_eq!(parse(&["tor", "core", "tor"]), Ok(vec![Part::Core, Part::Tor]));
        assert!(parse(&["core", "tro"]).is_err());
    }
}
