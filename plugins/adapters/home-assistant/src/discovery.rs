//! Discovery messages, of one entity or of a device with all of its.
//!
//! # Promises
//!
//! - Short keys are what Home Assistant's table says they are, and `~` in a topic is the base topic.
//! - A component that says nothing itself, such as a button, is passed over.

use std::{borrow::Cow, collections::BTreeMap};

use hushgate_sdk::{
    ConfigError, config,
    json::{Object, Value},
};

use crate::template::Term;

/// Short keys that are looked at here, and their long forms (`homeassistant/components/mqtt/abbreviations.py`).
const SHORT: [(&str, &str); 28] = [
    ("avty", "availability"),
    ("avty_t", "availability_topic"),
    ("avty_tpl", "availability_template"),
    ("cmd_t", "command_topic"),
    ("cmps", "components"),
    ("def_ent_id", "default_entity_id"),
    ("dev", "device"),
    ("dev_cla", "device_class"),
    ("json_attr_t", "json_attributes_topic"),
    ("json_attr_tpl", "json_attributes_template"),
    ("o", "origin"),
    ("obj_id", "object_id"),
    ("p", "platform"),
    ("pl_avail", "payload_available"),
    ("pl_home", "payload_home"),
    ("pl_not_avail", "payload_not_available"),
    ("pl_not_home", "payload_not_home"),
    ("pl_off", "payload_off"),
    ("pl_on", "payload_on"),
    ("stat_cla", "state_class"),
    ("stat_off", "state_off"),
    ("stat_on", "state_on"),
    ("stat_t", "state_topic"),
    ("stat_val_tpl", "state_value_template"),
    ("t", "topic"),
    ("uniq_id", "unique_id"),
    ("unit_of_meas", "unit_of_measurement"),
    ("val_tpl", "value_template"),
];

/// Keys of a device's message that are its own, and not of its components.
const OF_THE_DEVICE: [&str; 3] = ["components", "device", "origin"];

/// What one component is, and its keys in their long form.
#[derive(Debug)]
pub(crate) struct Component<'a> {
    pub(crate) platform: String,
    /// What to call it where it has no name.
    id: String,
    keys: Object<'a>,
}

/// The components of one entry of the setting: a payload, or `{"topic": …, "payload": …}`.
pub(crate) fn components<'a>(entry: &'a Object<'a>) -> Result<Vec<Component<'a>>, ConfigError> {
    let (topic, payload) = match (entry.get("topic"), entry.get("payload")) {
        (Some(Value::String(topic)), Some(Value::Object(payload))) => (Some(topic), payload),
        _ => (None, entry),
    };
    let keys = long(payload);
    if let Some(Value::Object(parts)) = keys.get("components") {
        let shared = keys
            .iter()
            .filter(|(key, _)| !OF_THE_DEVICE.contains(key))
            .map(|(key, value)| (Cow::Owned(key.to_owned()), value.clone().into_owned()))
            .collect();
        let part = |(id, part): (&str, &Value<'_>)| part_of(&shared, id, part);
        return parts.iter().map(part).collect();
    }
    let platform = topic.and_then(|topic| platform_of(topic)).or_else(|| infer(&keys));
    let platform = platform.ok_or_else(|| {
        config::invalid("entities", "each with its `platform`, or with the topic it came on")
    })?;
    Ok(vec![Component::new(platform, "", keys)])
}

fn part_of<'a>(
    shared: &Object<'static>,
    id: &str,
    part: &Value<'_>,
) -> Result<Component<'a>, ConfigError> {
    let Value::Object(part) = part else {
        return Err(config::invalid("entities", "each component an object"));
    };
    let mut part = part.clone();
    // The base topic of the device is that of its components, too.
    if let (false, Some(base)) = (part.contains_key("~"), shared.get("~")) {
        part.insert("~".into(), base.clone());
    }
    let mut keys = shared.clone();
    for (key, value) in long(&part).into_owned() {
        keys.insert(key, value);
    }
    let platform = text(&keys, "platform")
        .ok_or_else(|| config::invalid("entities", "each component with its `platform`"))?;
    Ok(Component::new(platform.to_owned(), id, keys))
}

/// `homeassistant/sensor/…/config`: the part before one or two names.
fn platform_of(topic: &str) -> Option<String> {
    let segments: Vec<_> = topic.strip_suffix("/config")?.split('/').collect();
    match segments[..] {
        [_, platform, _] | [_, platform, _, _] => Some(platform.to_owned()),
        _ => None,
    }
}

/// A payload alone does not say what it is, unless it says it itself or only a sensor has such keys.
fn infer(keys: &Object<'_>) -> Option<String> {
    if let Some(platform) = text(keys, "platform") {
        return Some(platform.to_owned());
    }
    let measures = ["unit_of_measurement", "state_class"].iter().any(|key| keys.contains_key(key));
    (measures && !keys.contains_key("command_topic")).then(|| "sensor".to_owned())
}

/// The same object with long keys, and with the base topic in its topics.
fn long<'a>(keys: &'a Object<'a>) -> Object<'a> {
    let base = text(keys, "~").unwrap_or_default();
    keys.iter().map(|(key, value)| entry(key, value, base)).collect()
}

fn entry<'a>(key: &'a str, value: &'a Value<'a>, base: &str) -> (Cow<'a, str>, Value<'a>) {
    let key = SHORT.iter().find(|(short, _)| *short == key).map_or(key, |(_, long)| *long);
    let value = match value {
        Value::String(text) if key.ends_with("topic") => {
            Value::String(with_base(text, base).into())
        }
        Value::Array(list) if key == "availability" => {
            let long = |it: &'a Value<'a>| match it {
                Value::Object(it) => {
                    Value::Object(it.iter().map(|(key, it)| entry(key, it, base)).collect())
                }
                other => other.clone(),
            };
            Value::Array(list.iter().map(long).collect())
        }
        other => other.clone(),
    };
    (key.into(), value)
}

fn with_base(topic: &str, base: &str) -> String {
    match (topic.strip_prefix('~'), topic.strip_suffix('~')) {
        (Some(rest), _) => format!("{base}{rest}"),
        (None, Some(rest)) => format!("{rest}{base}"),
        (None, None) => topic.to_owned(),
    }
}

fn text<'a>(keys: &'a Object<'_>, key: &str) -> Option<&'a str> {
    keys.get(key)?.as_str()
}

impl<'a> Component<'a> {
    fn new(platform: String, id: &str, keys: Object<'a>) -> Self {
        Self { platform, id: id.to_owned(), keys }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        text(&self.keys, key)
    }

    /// A payload to compare with, as Home Assistant would write it.
    pub(crate) fn payload(&self, key: &str, default: &str) -> String {
        written(self.keys.get(key), default)
    }

    /// What the entity is called: its own name before all that was made for machines.
    pub(crate) fn name(&self) -> &str {
        ["name", "object_id", "default_entity_id"]
            .into_iter()
            .filter_map(|key| self.text(key))
            .chain([self.id.as_str()])
            .chain(["unique_id", "device_class"].into_iter().filter_map(|key| self.text(key)))
            .find(|name| !name.is_empty())
            .unwrap_or_default()
    }

    /// Topics that say whether it is there, with their template and the payload for yes and for no.
    pub(crate) fn availability(&self) -> BTreeMap<String, [Option<String>; 3]> {
        let mut topics = BTreeMap::new();
        let own = |key: &str| self.text(key).map(str::to_owned);
        if let Some(topic) = own("availability_topic") {
            topics.insert(
                topic,
                [
                    own("availability_template"),
                    own("payload_available"),
                    own("payload_not_available"),
                ],
            );
        }
        let list = self.keys.get("availability").and_then(Value::as_array);
        for it in list.into_iter().flatten().filter_map(Value::as_object) {
            let own = |key: &str| text(it, key).map(str::to_owned);
            if let Some(topic) = own("topic") {
                topics.insert(
                    topic,
                    [own("value_template"), own("payload_available"), own("payload_not_available")],
                );
            }
        }
        topics
    }
}

fn written(value: Option<&Value<'_>>, default: &str) -> String {
    let value = value.filter(|value| !value.is_null());
    value.and_then(|value| Term::of(value).text()).unwrap_or_else(|| default.to_owned())
}
