//! Entities: which topic each listens to, and what its payload becomes.
//!
//! # Promises
//!
//! - Where several entities of a device have one path, each has its own name behind it: which one a path stands
//!   for does not depend on what is in a frame.

use std::collections::BTreeMap;

use hushgate_sdk::{
    ConfigError, Scalar, config, fields::Fields, json::Value, naming, number, unit,
};

use crate::{
    class,
    discovery::Component,
    template::{Template, Term},
};

/// Texts that Home Assistant has for values that are not known.
const UNKNOWN: [&str; 4] = ["", "None", "unknown", "unavailable"];

/// One value of the device.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) topic: String,
    template: Option<Template>,
    path: String,
    name: String,
    form: Form,
}

/// What a value is.
#[derive(Debug)]
enum Form {
    Number(Option<&'static str>),
    Text,
    /// The payloads for true and for false.
    Flag(String, String),
    /// A JSON object with `event_type`.
    Event,
    /// A JSON object with coordinates.
    Place,
}

/// The entities of one component.
pub(crate) fn of(component: &Component<'_>) -> Result<Vec<Entity>, ConfigError> {
    let mut entities = Vec::new();
    if let (Some(topic), Some((path, form))) = (component.text("state_topic"), value_of(component))
    {
        let template = component.text("value_template");
        entities.push(Entity::new(component, topic, template, (path, form))?);
    }
    if component.platform == "device_tracker"
        && let Some(topic) = component.text("json_attributes_topic")
    {
        let template = component.text("json_attributes_template");
        if template.is_some() {
            return Err(not_understood(component.name()));
        }
        entities.push(Entity::new(component, topic, None, (String::new(), Form::Place))?);
    }
    if entities.is_empty() {
        return Ok(entities);
    }
    for (topic, [template, yes, no]) in component.availability() {
        let yes = yes.unwrap_or_else(|| "online".to_owned());
        let no = no.unwrap_or_else(|| "offline".to_owned());
        let value = ("online".to_owned(), Form::Flag(yes, no));
        entities.push(Entity::new(component, &topic, template.as_deref(), value)?);
    }
    Ok(entities)
}

/// The path and form of what a component's state is. `None` for components that are passed over.
fn value_of(component: &Component<'_>) -> Option<(String, Form)> {
    let own = || Some(format!("other.{}", naming::words(component.name())?));
    let flag = |path: String, yes: &str, no: &str| Some((path, Form::Flag(yes.into(), no.into())));
    match component.platform.as_str() {
        "sensor" | "number" => sensor(component),
        "binary_sensor" => {
            let yes = component.payload("payload_on", "ON");
            let no = component.payload("payload_off", "OFF");
            match component.text("device_class").and_then(class::flag) {
                Some((path, true)) => flag(path.to_owned(), &yes, &no),
                Some((path, false)) => flag(path.to_owned(), &no, &yes),
                None => flag(own()?, &yes, &no),
            }
        }
        "switch" => {
            let yes = component.payload("state_on", &component.payload("payload_on", "ON"));
            let no = component.payload("state_off", &component.payload("payload_off", "OFF"));
            flag("on".to_owned(), &yes, &no)
        }
        "device_tracker" => flag(
            "at-home".to_owned(),
            &component.payload("payload_home", "home"),
            &component.payload("payload_not_home", "not_home"),
        ),
        "event" => Some(("action".to_owned(), Form::Event)),
        "text" | "select" => Some((own()?, Form::Text)),
        _ => None,
    }
}

/// What has neither a unit nor a class of state is a text for Home Assistant, too.
fn sensor(component: &Component<'_>) -> Option<(String, Form)> {
    let spelling = component.text("unit_of_measurement").filter(|unit| !unit.is_empty());
    let unit = spelling.and_then(unit::ucum);
    let class = component.text("device_class");
    if let Some(path) = class.and_then(|class| class::sensor(class, unit)) {
        return Some((path.to_owned(), Form::Number(unit)));
    }
    let measures = spelling.is_some() || component.text("state_class").is_some();
    let form =
        if measures || component.platform == "number" { Form::Number(unit) } else { Form::Text };
    Some((format!("other.{}", naming::words(component.name())?), form))
}

/// Gives those that have a path in common their names behind it, and makes one of those that say the same.
pub(crate) fn distinguish(mut entities: Vec<Entity>) -> BTreeMap<String, Vec<Entity>> {
    let mut seen = Vec::new();
    entities.retain(|it| {
        let availability = (it.topic.clone(), it.path.clone());
        let repeated = it.path == "online" && seen.contains(&availability);
        seen.push(availability);
        !repeated
    });
    let mut count = BTreeMap::new();
    for entity in &entities {
        *count.entry(entity.path.clone()).or_insert(0_usize) += 1;
    }
    let mut by_topic: BTreeMap<String, Vec<Entity>> = BTreeMap::new();
    for mut entity in entities {
        let alone = count.get(&entity.path).is_none_or(|count| *count == 1);
        if !alone && let Some(name) = naming::words(&entity.name) {
            entity.path = format!("{}-{name}", entity.path);
        }
        by_topic.entry(entity.topic.clone()).or_default().push(entity);
    }
    by_topic
}

fn not_understood(name: &str) -> ConfigError {
    config::invalid("entities", &format!("the template of `{name}` is not one that is understood"))
}

impl Entity {
    fn new(
        component: &Component<'_>,
        topic: &str,
        template: Option<&str>,
        (path, form): (String, Form),
    ) -> Result<Self, ConfigError> {
        let template = match template {
            Some(text) => {
                Some(Template::parse(text).ok_or_else(|| not_understood(component.name()))?)
            }
            None => None,
        };
        let name = component.name().to_owned();
        Ok(Self { topic: topic.to_owned(), template, path, name, form })
    }

    /// Whether it can be read only from a payload of JSON.
    pub(crate) fn needs_json(&self) -> bool {
        matches!(self.form, Form::Event | Form::Place)
            || self.template.as_ref().is_some_and(Template::needs_json)
    }

    /// Reads its value, if the payload has one.
    pub(crate) fn read<'a>(&self, payload: &'a str, json: &'a Value<'a>, fields: &mut Fields) {
        if let Form::Place = self.form {
            return place(json, fields);
        }
        let term = match &self.template {
            Some(template) => template.render(payload, json),
            None => Some(Term::Text(payload.into())),
        };
        if let Some((value, unit)) = term.and_then(|term| self.scalar(&term, json)) {
            fields.push(&self.path, value, unit);
        }
    }

    fn scalar(&self, term: &Term<'_>, json: &Value<'_>) -> Option<(Scalar, Option<&'static str>)> {
        match &self.form {
            Form::Number(unit) => Some((term.number()?.real(), *unit)),
            Form::Event => {
                let event = json.get("event_type")?.as_str()?;
                Some((Scalar::Text(event.to_owned()), None))
            }
            Form::Text => {
                let text = term.text().filter(|text| !UNKNOWN.contains(&text.as_str()))?;
                Some((Scalar::Text(text), None))
            }
            Form::Flag(yes, no) => {
                let text = term.text()?;
                let flag = (text == *yes).then_some(true).or((text == *no).then_some(false))?;
                Some((Scalar::Flag(flag), None))
            }
            Form::Place => None,
        }
    }
}

/// Attributes of a tracker that say where it is.
fn place(json: &Value<'_>, fields: &mut Fields) {
    for (key, path, unit) in [
        ("latitude", "latitude", "deg"),
        ("longitude", "longitude", "deg"),
        ("gps_accuracy", "accuracy", "m"),
        ("altitude", "altitude", "m"),
    ] {
        if let Some(value) = json.get(key).and_then(number::real) {
            fields.push(path, value, Some(unit));
        }
    }
}
