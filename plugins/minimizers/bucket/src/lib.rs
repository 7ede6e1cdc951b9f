//! Tells in which range a number lies, and not the number.
//!
//! # Promises
//!
//! - Of a named number goes on: the name of its range (a text, without unit), the number of its range (an
//!   integer, without unit, 0 below the first edge), or the lower edge of its range (in the field's unit).
//! - A range begins with its lower edge and ends below the next one.
//! - A named field in another unit than the ranges, or that is no finite number, does not go on; nor does one
//!   below the first edge where edges are told. Other fields go on unchanged.
//!
//! # Settings
//!
//! `fields`: by path (one that ends in `*` stands for all that begin so), required. Of each: `edges`, from the
//! smallest, 1 to 64 · `unit` of edges and field; a field without unit, if it is not given · `labels`, one more
//! than edges · `tell`: `label` (the default where there are labels), `number` (elsewhere) or `edge`.

use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar, config,
    minimizer::{self, Minimizer, Step},
    path::Table,
    window::Number,
};
use serde::Deserialize;

const EDGES_MAX: usize = 64;
/// No grant names longer texts.
const LABEL_BYTES_MAX: usize = 64;

/// The minimizer: the ranges of each path.
#[derive(Debug)]
pub struct Bucket {
    fields: Table<Ranges>,
}

hushgate_sdk::minimizer!(Bucket);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    fields: Table<RangesSetting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangesSetting {
    edges: Vec<f64>,
    unit: Option<String>,
    labels: Option<Vec<String>>,
    tell: Option<TellSetting>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TellSetting {
    Label,
    Number,
    Edge,
}

/// Ranges that follow each other without gap: from the smallest edge.
#[derive(Debug)]
struct Ranges {
    edges: Vec<f64>,
    unit: Option<String>,
    tell: Tell,
}

#[derive(Debug)]
enum Tell {
    /// One label for each range.
    Label(Vec<String>),
    Number,
    Edge,
}

impl Minimizer for Bucket {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { fields } = config::parse(json)?;
        let fields = fields.checked(|ranges| {
            ranges.checked().map_err(|must_be| config::invalid("fields", must_be))
        })?;
        Ok(Self { fields })
    }

    fn minimize(
        &self,
        _state: Option<Vec<u8>>,
        _now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        let change = |field: Field| match self.fields.get(&field.path) {
            Some(ranges) => ranges.of(field),
            None => Some(field),
        };
        Ok(Step::stateless(minimizer::change_fields(readings, change)))
    }
}

impl RangesSetting {
    fn checked(self) -> Result<Ranges, &'static str> {
        let Self { edges, unit, labels, tell } = self;
        let count_fits = (1..=EDGES_MAX).contains(&edges.len());
        if !count_fits || !edges.is_sorted_by(|lower, higher| lower < higher) {
            return Err("1 to 64 edges, each above the one before");
        }
        let tell = match (tell, labels) {
            (None | Some(TellSetting::Label), Some(labels)) => Tell::Label(labels),
            (None | Some(TellSetting::Number), None) => Tell::Number,
            (Some(TellSetting::Edge), None) => Tell::Edge,
            (Some(TellSetting::Label), None) => return Err("`labels` where labels are to be told"),
            (Some(_), Some(_)) => return Err("without `labels` where they are not to be told"),
        };
        if let Tell::Label(labels) = &tell {
            check_labels(labels, edges.len())?;
        }
        Ok(Ranges { edges, unit, tell })
    }
}

fn check_labels(labels: &[String], edges: usize) -> Result<(), &'static str> {
    if labels.len() != edges + 1 {
        return Err("one label more than edges");
    }
    let fits = |label: &String| (1..=LABEL_BYTES_MAX).contains(&label.len());
    labels.iter().all(fits).then_some(()).ok_or("labels of 1 to 64 bytes")
}

impl Ranges {
    fn of(&self, field: Field) -> Option<Field> {
        let Number { value, .. } = Number::of(&field.value)?;
        if field.unit != self.unit {
            return None;
        }
        let number = self.edges.partition_point(|edge| *edge <= value);
        let (value, unit) = match &self.tell {
            Tell::Label(labels) => (Scalar::Text(labels.get(number)?.clone()), None),
            Tell::Number => (Scalar::Int(i64::try_from(number).ok()?), None),
            Tell::Edge => (Scalar::Real(*self.edges.get(number.checked_sub(1)?)?), field.unit),
        };
        Some(Field { path: field.path, value, unit })
    }
}

#[cfg(test)]
mod tests;
