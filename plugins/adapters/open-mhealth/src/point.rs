//! Data points: which schema a body follows, by its header or by the owner's word.

use hushgate_sdk::{Reading, adapter::DecodeError, json::Value};

use super::{
    instance, malformed,
    rule::Rule,
    schemas::{self, Schema},
    unsupported,
};

/// Bodies in one frame: each becomes a reading, of which the contract allows so many.
const BODIES_MAX: usize = 64;

const SCHEMA_ID: Rule = Rule::Object(
    &[("namespace", Rule::Text), ("name", Rule::Text), ("version", Rule::Text)],
    &["namespace", "name", "version"],
);

const MODALITY: (&str, Rule) = ("modality", Rule::OneOf(&["sensed", "self-reported"]));

const PROVENANCE: Rule = Rule::Object(
    &[
        ("source_name", Rule::Text),
        ("source_data_point_id", Rule::Text),
        ("source_creation_date_time", Rule::DateTime),
        ("source_last_modification_date_time", Rule::DateTime),
        MODALITY,
    ],
    &["source_name"],
);

/// Open mHealth's `header-1.x`.
const OMH_HEADER: Rule = Rule::Object(
    &[
        ("id", Rule::Text),
        ("creation_date_time", Rule::DateTime),
        ("schema_id", SCHEMA_ID),
        ("acquisition_provenance", PROVENANCE),
        ("user_id", Rule::Text),
    ],
    &["id", "creation_date_time", "schema_id"],
);

/// IEEE 1752.1's `header-1.0`.
const IEEE_HEADER: Rule = Rule::Object(
    &[
        ("uuid", Rule::Text),
        ("source_creation_date_time", Rule::DateTime),
        ("schema_id", SCHEMA_ID),
        MODALITY,
    ],
    &["uuid", "schema_id", "source_creation_date_time"],
);

/// The readings of a data point, of a series of bodies, or of an array of either.
pub(crate) fn readings(
    frame: &Value<'_>,
    schema: Option<&'static Schema>,
) -> Result<Vec<Reading>, DecodeError> {
    let mut bodies = Vec::new();
    match frame {
        Value::Array(points) if !points.is_empty() => {
            for point in points {
                collect(point, schema, &mut bodies)?;
            }
        }
        point => collect(point, schema, &mut bodies)?,
    }
    if bodies.len() > BODIES_MAX {
        return Err(unsupported("there are more than 64 bodies"));
    }
    bodies
        .into_iter()
        .filter_map(|(body, schema)| instance::read(body, schema).transpose())
        .collect()
}

fn collect<'a>(
    point: &'a Value<'a>,
    schema: Option<&'static Schema>,
    bodies: &mut Vec<(&'a Value<'a>, &'static Schema)>,
) -> Result<(), DecodeError> {
    let object = point.as_object().ok_or(DecodeError::NotMine)?;
    match (object.get("header"), object.get("body"), schema) {
        (Some(header), Some(Value::Array(all)), _) => {
            let schema = schema_of(header)?;
            bodies.extend(all.iter().map(|body| (body, schema)));
        }
        (Some(header), Some(body), _) => bodies.push((body, schema_of(header)?)),
        (Some(header), None, _) if header.get("schema_id").is_some() => {
            return Err(malformed("a data point has a body"));
        }
        (_, _, Some(schema)) => bodies.push((point, schema)),
        (_, _, None) => return Err(DecodeError::NotMine),
    }
    Ok(())
}

fn schema_of(header: &Value<'_>) -> Result<&'static Schema, DecodeError> {
    let Some(id) = header.get("schema_id") else {
        return Err(malformed("a header names a schema"));
    };
    if !OMH_HEADER.allows(header) && !IEEE_HEADER.allows(header) {
        return Err(malformed("its schema does not allow the header"));
    }
    let part = |name| id.get(name).and_then(Value::as_str).unwrap_or_default();
    schemas::find(part("namespace"), part("name"), part("version"))
        .ok_or_else(|| unsupported("bodies of this schema or version are not read"))
}
