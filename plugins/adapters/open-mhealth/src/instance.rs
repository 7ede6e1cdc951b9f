//! One body: held to its schema, then read.

use hushgate_sdk::{
    Field, Reading, Scalar,
    adapter::DecodeError,
    json::{Object, Value},
};

use super::{
    malformed,
    properties::{STATISTIC, TIME_FRAME},
    rule::{self, Rule},
    schemas::Schema,
    time::{self, When},
};

/// Statistics that say how values spread, or how many there were: not values of that kind themselves.
const NOT_VALUES: &[&str] = &["standard deviation", "variance", "quartile deviation", "count"];

/// The reading of a body, or `None` if it obeys its schema and says nothing that is emitted.
///
/// # Errors
///
/// Malformed: its schema does not allow it.
pub(crate) fn read(body: &Value<'_>, schema: &Schema) -> Result<Option<Reading>, DecodeError> {
    let object = body.as_object().ok_or_else(|| malformed("a body is an object"))?;
    if !rule::obeys(object, schema.properties, schema.required) || has_strangers(object, schema) {
        return Err(malformed("its schema does not allow the body"));
    }
    let statistic =
        object.get(STATISTIC).and_then(Value::as_str).filter(|_| knows_statistics(schema));
    let is_value = statistic.is_none_or(|it| !NOT_VALUES.contains(&it));
    let mut fields = Vec::new();
    if is_value {
        fields.extend(
            schema.properties.iter().filter_map(|(name, rule)| field(object.get(name)?, *rule)),
        );
    }
    if fields.is_empty() && statistic.is_none() {
        return Ok(None);
    }
    if let Some(statistic) = statistic {
        let value = Scalar::Text(statistic.to_owned());
        fields.push(Field::without_unit("descriptive-statistic", value));
    }
    Ok(Some(reading(schema, object, fields)))
}

fn has_strangers(object: &Object<'_>, schema: &Schema) -> bool {
    let is_known = |name: &str| schema.properties.iter().any(|(known, _)| *known == name);
    schema.is_closed && !object.iter().all(|(name, _)| is_known(name))
}

/// Where a schema has no such property, anything may be there.
fn knows_statistics(schema: &Schema) -> bool {
    schema.properties.iter().any(|(name, _)| *name == STATISTIC)
}

fn field(value: &Value<'_>, rule: Rule) -> Option<Field> {
    match rule {
        Rule::Quantity(Some(path), units) => {
            let (number, unit) = rule::quantity(value, units)?;
            Some(Field::with_unit(path, scalar(number, unit), unit))
        }
        Rule::Number(path, unit) => {
            Some(Field::with_unit(path, scalar(value.as_f64()?, unit), unit))
        }
        _ => None,
    }
}

/// Steps are counted, all else is measured.
fn scalar(number: f64, unit: &str) -> Scalar {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far from the limits of an i64")]
    if unit == "{steps}" && number.fract() == 0.0 && number.abs() < 1e15 {
        Scalar::Int(number as i64)
    } else {
        Scalar::Real(number)
    }
}

fn reading(schema: &Schema, object: &Object<'_>, mut fields: Vec<Field>) -> Reading {
    let frame = schema.properties.iter().find(|(name, _)| *name == TIME_FRAME);
    let when = match frame {
        Some((_, Rule::Frame(rule))) => {
            object.get(TIME_FRAME).and_then(|value| time::frame(value, *rule))
        }
        _ => None,
    };
    match when {
        Some(When::At(ms)) => Reading::at(Some(ms), schema.name, fields),
        Some(When::Part(date, part)) => {
            let text = |path, text: &str| Field::without_unit(path, Scalar::Text(text.to_owned()));
            fields.extend([text("device-time", date), text("part-of-day", part)]);
            Reading::now(schema.name, fields)
        }
        Some(When::Somewhen) | None => Reading::now(schema.name, fields),
    }
}
