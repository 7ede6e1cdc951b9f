//! What settings a plugin takes: a JSON Schema (draft 2020-12) in its manifest, asked before the plugin is.
//!
//! # Promises
//!
//! - A schema stands alone: what would refer to another place, in this schema or elsewhere, is refused.
//! - Patterns are matched in linear time.
//! - What is said about a wrong setting names it and never quotes its value, which may be a secret.

use hushgate_wasm::plugin::LinkError;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The largest schema, in bytes of JSON.
const BYTES_MAX: usize = 64 << 10;
/// The most memory that one pattern may take, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A checked schema.
#[derive(Clone, Debug)]
pub struct SettingsSchema {
    validator: Arc<Validator>,
    /// Each setting and what its schema says of it in words.
    told: Vec<(String, String)>,
}

impl SettingsSchema {
    /// Understands the schema of a JSON object, or says what is wrong with it.
    pub fn new(schema: Map<String, Value>) -> Result<Self, String> {
        let told = told(&schema);
        let schema = Value::Object(schema);
        if schema.to_string().len() > BYTES_MAX {
            return Err(format!("is larger than {BYTES_MAX} bytes"));
        }
        if let Some(key) = refers(&schema) {
            return Err(format!("must stand alone, without `{key}`"));
        }
        let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES_MAX);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(patterns.dfa_size_limit(PATTERN_BYTES_MAX))
            .build(&schema)
            .map_err(|error| format!("is no JSON Schema: {error}"))?;
        Ok(Self { validator: Arc::new(validator), told })
    }

    /// Checks settings, given as a JSON object.
    pub fn check(&self, settings: &str) -> Result<(), LinkError> {
        let invalid = |problem: &str| LinkError::Invalid("settings".into(), problem.into());
        let settings: Map<String, Value> =
            serde_json::from_str(settings).map_err(|_| invalid("must be a table"))?;
        self.validator.validate(&Value::Object(settings)).map_err(|error| refusal(&error))
    }

    /// Each setting and what it is for, for people.
    pub fn told(&self) -> impl Iterator<Item = (&str, &str)> {
        self.told.iter().map(|it| (it.0.as_str(), it.1.as_str()))
    }
}

fn refusal(error: &ValidationError<'_>) -> LinkError {
    let path = error.instance_path().to_string();
    let mut names = path.trim_start_matches('/').splitn(2, '/');
    let (name, within) = (names.next().unwrap_or_default(), names.next());
    match error.kind() {
        ValidationErrorKind::Required { property } if path.is_empty() => {
            LinkError::Missing(property.as_str().unwrap_or_default().to_owned())
        }
        ValidationErrorKind::AdditionalProperties { unexpected } if path.is_empty() => {
            let name = unexpected.first().cloned().unwrap_or_default();
            LinkError::Invalid(name, "is not a setting of this plugin".into())
        }
        _ => {
            let at = within.map(|it| format!("at {it}: ")).unwrap_or_default();
            let name = if name.is_empty() { "settings" } else { name };
            LinkError::Invalid(name.to_owned(), format!("is wrong: {at}{}", error.masked()))
        }
    }
}

/// The first key that would lead elsewhere. Those that do all begin with `$`.
fn refers(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(it) => {
            let own = it.keys().find(|it| it.starts_with('$')).map(String::as_str);
            own.or_else(|| it.values().find_map(refers))
        }
        Value::Array(it) => it.iter().find_map(refers),
        _ => None,
    }
}

fn told(schema: &Map<String, Value>) -> Vec<(String, String)> {
    let required = schema.get("required").and_then(Value::as_array);
    let needed = |name: &str| required.is_some_and(|it| it.iter().any(|it| it == name));
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .map(|(name, rule)| {
            let text = |key: &str| rule.get(key).map(ToString::to_string);
            let what = rule.get("description").and_then(Value::as_str).unwrap_or_default();
            let one_of = text("enum").map(|it| format!("one of {it}"));
            let default = text("default").map(|it| format!("default {it}"));
            let must = needed(name).then(|| "must be given".to_owned());
            let parts = [Some(what.to_owned()), one_of, default, must];
            let parts: Vec<_> = parts.into_iter().flatten().filter(|it| !it.is_empty()).collect();
            (name.clone(), parts.join("; "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(schema: Value) -> Result<SettingsSchema, String> {
        SettingsSchema::new(schema.as_object().unwrap().clone())
    }

    #[test]
    fn settings_are_checked_and_never_quoted() {
        let schema = schema(json!({
            "additionalProperties": false,
            "required": ["key"],
            "properties": {
                "key": { "type": "string", "pattern": "^[0-9a-f]{4}$", "description": "the bind key" },
                "channels": { "type": "object", "additionalProperties": { "type": "integer" } },
                "encoding": { "enum": ["raw", "hex"], "default": "raw" },
            }
        }))
        .unwrap();
        let table = [
            (r#"{"key":"00ff"}"#, ""),
            (r#"{"key":"00ff","encoding":"hex","channels":{"a":1}}"#, ""),
            ("{}", "setting `key` is missing"),
            (r#"{"key":"00ff","kee":1}"#, "setting `kee` is not a setting of this plugin"),
            (r#"{"key":"s3cret"}"#, "setting `key` is wrong: value does not match"),
            (r#"{"key":7}"#, "setting `key` is wrong: value is not of type"),
            (r#"{"key":"00ff","channels":{"a":"b"}}"#, "setting `channels` is wrong: at a: value"),
            (r#"{"key":"00ff","encoding":"s3cret"}"#, "setting `encoding` is wrong: value is not"),
            ("[]", "setting `settings` must be a table"),
        ];
        for (settings, expected) in table {
            let said = schema.check(settings).map_or_else(|it| it.to_string(), |()| String::new());
            assert!(said.starts_with(expected), "{settings}: {said}");
            assert!(expected.is_empty() == said.is_empty(), "{settings}: {said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
        let told: Vec<_> = schema.told().collect();
        assert!(told.contains(&("key", "the bind key; must be given")), "{told:?}");
        assert!(told.contains(&("encoding", "one of [\"raw\",\"hex\"]; default \"raw\"")));
    }

    #[test]
    fn a_schema_that_leads_elsewhere_or_is_none_is_refused() {
        let table = [
            (json!({ "$ref": "#" }), "must stand alone"),
            (
                json!({ "properties": { "a": { "$ref": "file:///etc/passwd" } } }),
                "must stand alone",
            ),
            (json!({ "anyOf": [{ "$dynamicRef": "#x" }] }), "must stand alone"),
            (json!({ "type": "objekt" }), "is no JSON Schema"),
            (json!({ "pattern": "(" }), "is no JSON Schema"),
            (json!({ "pattern": "(a{1000}){1000}{1000}" }), "is no JSON Schema"),
            (json!({ "description": "x".repeat(70_000) }), "is larger"),
        ];
        for (it, expected) in table {
            let said = schema(it).unwrap_err();
            assert!(said.starts_with(expected), "{expected}: {said}");
        }
    }

    #[test]
    fn a_pattern_that_would_backtrack_for_ever_does_not() {
        let schema = schema(json!({ "properties": { "a": { "pattern": "^(a+)+$" } } })).unwrap();
        let settings = json!({ "a": format!("{}!", "a".repeat(50_000)) }).to_string();
        assert!(schema.check(&settings).is_err());
    }
}
