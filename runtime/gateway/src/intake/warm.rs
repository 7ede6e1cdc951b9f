//! Which devices have live plugin instances, so that there are never too many.

use crate::message::DeviceName;
use std::{collections::HashMap, time::Instant};

/// How many plugin instances may be kept alive between frames, over all devices: half of the pool.
const WARM_INSTANCES_MAX: usize = 500;

/// The devices that have live instances: when each was used last, and how many it may have.
#[derive(Default)]
pub(super) struct Warm {
    devices: HashMap<DeviceName, (Instant, usize)>,
    instances: usize,
}

impl Warm {
    /// Which devices must be cooled now that `name` is warm.
    pub(super) fn note(&mut self, name: &DeviceName, instances: usize) -> Vec<DeviceName> {
        let now = Instant::now();
        if let Some(noted) = self.devices.get_mut(name) {
            noted.0 = now;
            return Vec::new();
        }
        self.devices.insert(name.clone(), (now, instances));
        self.instances += instances;
        if self.instances <= WARM_INSTANCES_MAX {
            return Vec::new();
        }
        self.forget_silent(name)
    }

    /// A quarter of all at once, so that this is rare.
    fn forget_silent(&mut self, except: &DeviceName) -> Vec<DeviceName> {
        let mut by_age: Vec<_> =
            self.devices.iter().map(|(name, it)| (it.0, name.clone())).collect();
        by_age.sort_unstable_by_key(|it| it.0);
        let mut silent = Vec::new();
        for (_, name) in by_age {
            if self.instances <= WARM_INSTANCES_MAX * 3 / 4 {
                break;
            }
            if name != *except
                && let Some((_, instances)) = self.devices.remove(&name)
            {
                self.instances -= instances;
                silent.push(name);
            }
        }
        silent
    }
}
