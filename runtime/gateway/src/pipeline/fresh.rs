//! A frame that came before is not taken again, where the device counts its messages.
//!
//! # Promises
//!
//! - Of a device whose adapter names its counter (`replay` in plugin.toml), each frame's counter is greater than
//!   those of all frames before. Anything else is quarantined: somebody sends what was overheard.
//! - The highest counter goes to disk with its frame's outcome, and is void when the adapter's settings change:
//!   another key, another device.

use crate::outcome::Reason;
use hushgate_wasm::bindings::{Reading, Scalar};

/// The highest counter so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Highest {
    counter: Option<i64>,
    changed: bool,
}

impl Highest {
    /// What was kept.
    pub fn read(kept: Option<&[u8]>) -> Self {
        let bytes = kept.and_then(|it| it.try_into().ok());
        Self { counter: bytes.map(i64::from_le_bytes), changed: false }
    }

    /// What must go to disk now.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let counter = self.counter.filter(|_| std::mem::take(&mut self.changed))?;
        Some(counter.to_le_bytes().to_vec())
    }

    /// Lets a frame pass whose counter, the field at `path`, is the highest so far, or that has none: whether it must have one is the
    /// adapter's to know.
    pub fn check(&mut self, path: &str, readings: &[Reading]) -> Result<(), Reason> {
        let fields = readings.iter().flat_map(|it| &it.fields);
        let mut values = fields.filter(|it| it.path == path).map(|it| &it.value);
        let Some(Scalar::Int(value)) = values.next() else { return Ok(()) };
        if self.counter.is_some_and(|highest| *value <= highest) {
            return Err(Reason::Replayed);
        }
        *self = Self { counter: Some(*value), changed: true };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hushgate_wasm::bindings::Field;

    fn reading(value: i64) -> Vec<Reading> {
        let field = Field { path: "sequence".into(), value: Scalar::Int(value), unit: None };
        vec![Reading { kind: String::new(), at_ms: None, fields: vec![field] }]
    }

    #[test]
    fn only_a_higher_counter_passes_also_after_a_restart() {
        let mut highest = Highest::read(None);
        assert_eq!(highest.take(), None);
        assert_eq!(highest.check("sequence", &[]), Ok(()));
        assert_eq!(highest.check("sequence", &reading(7)), Ok(()));
        let kept = highest.take().unwrap();
        assert_eq!(highest.take(), None, "it is on disk already");
        let mut again = Highest::read(Some(&kept));
        for old in [7, 6, 0, -1] {
            assert_eq!(again.check("sequence", &reading(old)), Err(Reason::Replayed), "{old}");
        }
        assert_eq!(again.take(), None);
        assert_eq!(again.check("sequence", &reading(8)), Ok(()));
    }
}
