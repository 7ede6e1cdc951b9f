//! Where an exported component keeps the plugin that its configuration made.

use std::cell::OnceCell;

use crate::ConfigError;

/// Holds one plugin from the moment it is configured until the instance ends.
pub struct Slot<P>(OnceCell<P>);

impl<P> Slot<P> {
    /// A slot for a plugin that is not configured yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self(OnceCell::new())
    }

    /// Keeps what the configuration made. A second configuration is an error, and the first stays.
    pub fn fill(&self, plugin: Result<P, ConfigError>) -> Result<(), ConfigError> {
        self.0.set(plugin?).map_err(|_| {
            ConfigError::Invalid((
                "configuration".to_owned(),
                "may be set once for each instance".to_owned(),
            ))
        })
    }

    /// Asks the plugin, or answers `unconfigured` when there is none.
    pub fn ask<T, E>(
        &self,
        unconfigured: fn(String) -> E,
        call: impl FnOnce(&P) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.0.get() {
            Some(plugin) => call(plugin),
            None => Err(unconfigured("not configured".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_an_error_until_configured_and_keeps_the_first() {
        let slot = Slot::empty();
        let ask = |slot: &Slot<u8>| slot.ask(|text| text, |plugin| Ok(*plugin));
        assert_eq!(ask(&slot), Err("not configured".to_owned()));

        let refused = ConfigError::Missing("from".to_owned());
        assert_eq!(slot.fill(Err(refused.clone())), Err(refused));
        assert_eq!(ask(&slot), Err("not configured".to_owned()));

        assert_eq!(slot.fill(Ok(1)), Ok(()));
        assert!(slot.fill(Ok(2)).is_err());
        assert_eq!(ask(&slot), Ok(1));
    }
}
