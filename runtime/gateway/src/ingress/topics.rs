//! Which device may publish on a topic (MQTT 5, section 4.7).

use crate::message::DeviceName;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// The longest topic name that is accepted, in bytes.
pub const TOPIC_BYTES_MAX: usize = 512;

/// The topic filters of all devices. Share it behind an `Arc`.
#[derive(Debug, Default)]
pub struct Topics(ArcSwap<Vec<(DeviceName, Vec<String>)>>);

impl Topics {
    /// The filters of each device.
    pub fn new(devices: impl Iterator<Item = (DeviceName, Vec<String>)>) -> Self {
        Self(ArcSwap::from_pointee(devices.collect()))
    }

    /// From now on these are the devices.
    pub fn replace(&self, devices: impl Iterator<Item = (DeviceName, Vec<String>)>) {
        self.0.store(Arc::new(devices.collect()));
    }

    /// Whether `topic` is one of the device's own.
    pub fn lets(&self, device: &str, topic: &str) -> bool {
        let owns = |it: &&(DeviceName, Vec<String>)| *it.0.0 == *device;
        topic.len() <= TOPIC_BYTES_MAX
            && self
                .0
                .load()
                .iter()
                .find(owns)
                .is_some_and(|it| it.1.iter().any(|it| matches(it, topic)))
    }

    /// The device whose topic it is, if exactly one device's filters match.
    pub fn owner(&self, topic: &str) -> Option<DeviceName> {
        let devices = self.0.load();
        let mut owners = devices.iter().filter(|it| it.1.iter().any(|it| matches(it, topic)));
        let owner = owners.next().filter(|_| topic.len() <= TOPIC_BYTES_MAX)?;
        owners.next().is_none().then(|| owner.0.clone())
    }

    /// All filters.
    pub fn filters(&self) -> Vec<String> {
        self.0.load().iter().flat_map(|it| it.1.clone()).collect()
    }
}

/// Whether an MQTT topic filter matches a topic name (MQTT 5, section 4.7).
pub fn matches(filter: &str, topic: &str) -> bool {
    let mut topic = topic.split('/');
    let mut filter = filter.split('/');
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(filter), Some(topic)) if filter == topic => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_mqtt_says() {
        let table = [
            ("patient/#", "patient/beats/bpm", true),
            ("patient/#", "patient", true),
            ("patient/#", "patients/x", false),
            ("a/+/c", "a/b/c", true),
            ("a/+/c", "a/b/d/c", false),
            ("a/+", "a", false),
            ("door", "door", true),
            ("door", "door/x", false),
        ];
        for (filter, topic, expect) in table {
            assert_eq!(matches(filter, topic), expect, "{filter} {topic}");
        }
    }

    #[test]
    fn a_topic_of_two_devices_has_no_owner() {
        let name = |it: &str| DeviceName(it.into());
        let topics = Topics::new(
            [(name("a"), vec!["x/#".into()]), (name("b"), vec!["x/y".into(), "z".into()])]
                .into_iter(),
        );
        assert_eq!(topics.owner("x/1"), Some(name("a")));
        assert_eq!(topics.owner("z"), Some(name("b")));
        assert_eq!(topics.owner("x/y"), None);
        assert!(topics.lets("b", "x/y") && !topics.lets("b", "x/1") && !topics.lets("c", "x/1"));
    }
}
