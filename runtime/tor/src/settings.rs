//! Where Tor keeps its files, and which network it joins.

use std::{error::Error, path::PathBuf};

use arti_client::{
    ErrorKind, HasKind, TorClientConfig,
    config::{CfgPath, TorClientConfigBuilder},
};

/// Where Tor keeps its files, and which network it joins.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Keys of the hosted services, and the relays chosen as entry. Readable by its owner alone,
    /// as are the directories above it. Losing it loses the addresses of the hosted services.
    pub state_dir: PathBuf,
    /// The directory of relays; can be deleted while Tor is stopped.
    pub cache_dir: PathBuf,
    /// Settings in arti's own TOML, for a private network; `None` is the public one. Its storage
    /// directories and its vanguards are not used.
    pub network_toml: Option<String>,
}

/// Why Tor was not started. Every one needs the owner: trying again changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings make no sense.
    #[error("unusable tor settings: {0}")]
    Settings(String),
    /// The files cannot be used, mostly because somebody else could read or change them.
    #[error("unusable tor directories: {0}")]
    Files(String),
    /// Another process uses the same directories.
    #[error("the tor directories are in use by another process")]
    InUse,
    /// Tor cannot work in this place at all.
    #[error("tor cannot run here: {0}")]
    Broken(String),
}

impl StartError {
    pub(crate) fn of(error: &arti_client::Error) -> Self {
        use ErrorKind as Kind;
        match error.kind() {
            Kind::InvalidConfig => Self::Settings(chain(error)),
            Kind::LocalResourceAlreadyInUse => Self::InUse,
            Kind::FsPermissions
            | Kind::PersistentStateAccessFailed
            | Kind::PersistentStateCorrupted
            | Kind::CacheAccessFailed
            | Kind::CacheCorrupted
            | Kind::KeystoreAccessFailed
            | Kind::KeystoreCorrupted => Self::Files(chain(error)),
            _ => Self::Broken(chain(error)),
        }
    }
}

/// What arti makes of the settings. Vanguards are always "full": the guards of a service that
/// lives for months in one house are worth finding, and the default protects for days only.
pub(crate) fn config(settings: &Settings) -> Result<TorClientConfig, StartError> {
    let toml = settings.network_toml.as_deref().unwrap_or_default();
    // The parser's own text would quote the file.
    let invalid = |error: toml::de::Error| StartError::Settings(error.message().to_owned());
    let mut table: toml::Table = toml::from_str(toml).map_err(invalid)?;
    let vanguards = toml::Table::from_iter([("mode".into(), "full".into())]);
    table.insert("vanguards".into(), vanguards.into());
    let mut builder: TorClientConfigBuilder = table.try_into().map_err(invalid)?;
    builder
        .storage()
        .state_dir(CfgPath::new_literal(&settings.state_dir))
        .cache_dir(CfgPath::new_literal(&settings.cache_dir));
    builder.build().map_err(|error| StartError::Settings(chain(&error)))
}

/// The whole story, for the owner: arti names the file and the reason in the sources only.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Settings, StartError, config};

    fn with(network_toml: &str) -> Settings {
        Settings {
            state_dir: "/nowhere/~state".into(),
            cache_dir: "/nowhere/${cache}".into(),
            network_toml: Some(network_toml.into()),
        }
    }

    #[test]
    fn a_network_file_decides_neither_directories_nor_vanguards() {
        let plain = config(&with("")).unwrap();
        let other = "[storage]\nstate_dir = '/other'\n[vanguards]\nmode = 'disabled'\n";
        assert_eq!(config(&with(other)).unwrap(), plain);
        let text = format!("{plain:?}");
        assert!(text.contains("Explicit(Full)"), "{text}");
        assert!(text.contains("/nowhere/~state"), "{text}");
    }

    #[test]
    fn a_broken_network_file_is_the_owners_matter() {
        for toml in ["secret = ", "[tor_network]\nauthorities = 7\n"] {
            let error = config(&with(toml)).unwrap_err();
            assert!(matches!(error, StartError::Settings(_)), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
