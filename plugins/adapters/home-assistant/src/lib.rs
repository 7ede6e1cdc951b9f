//! Reads any device that describes itself by MQTT discovery of Home Assistant, from these descriptions.
//!
//! # Promises
//!
//! - Paths and units come from the device's own discovery messages, which the settings have as they were published.
//! - A template that is not understood is refused with the settings, with the entity's name, before any frame is
//!   read.
//! - What Home Assistant would show as unknown becomes no field.
//!
//! # Settings
//!
//! `entities`: discovery messages, each as `{"topic": "homeassistant/sensor/…/config", "payload": {…}}`, or the payload
//! alone where it says itself what it is.

mod class;
mod discovery;
mod entity;
mod template;

use std::collections::BTreeMap;

use entity::Entity;
use hushgate_sdk::{
    ConfigError, Frame, Reading,
    adapter::{Adapter, DecodeError},
    config::{self, Parts},
    fields::Fields,
    json::{self, Value},
};

/// Entities that one device may have.
const ENTITIES_MAX: usize = 512;

/// The adapter, with the entities of its device by topic.
#[derive(Debug)]
pub struct HomeAssistant {
    topics: BTreeMap<String, Vec<Entity>>,
}

hushgate_sdk::adapter!(HomeAssistant);

impl Adapter for HomeAssistant {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let parts = Parts::parse(json, &["entities"])?;
        let must_be = "must be a list of objects";
        let entities = parts.part("entities", must_be, Value::as_array)?;
        let entities = config::required("entities", entities)?;
        let mut found = Vec::new();
        for message in entities {
            let message = message.as_object();
            let message = message.ok_or_else(|| config::invalid("entities", must_be))?;
            for component in discovery::components(message)? {
                found.extend(entity::of(&component)?);
            }
            if found.len() > ENTITIES_MAX {
                return Err(config::invalid("entities", "at most 512 in all"));
            }
        }
        if found.is_empty() {
            return Err(config::invalid("entities", "at least one that has a state"));
        }
        Ok(Self { topics: entity::distinguish(found) })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let entities = self.topics.get(&frame.channel).ok_or(DecodeError::NotMine)?;
        let payload = std::str::from_utf8(&frame.body).map_err(|_| malformed("it is not UTF-8"))?;
        let json = match json::value(&frame.body) {
            Ok(json) => json,
            Err(_) if entities.iter().any(Entity::needs_json) => {
                return Err(malformed("it is not the JSON that a template asks for"));
            }
            Err(_) => Value::Null,
        };
        let mut fields = Fields::default();
        for entity in entities {
            entity.read(payload, &json, &mut fields);
        }
        fields.reading(None, "state")
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
