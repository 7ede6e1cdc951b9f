//! What is kept of one field in one window, and the statistics of it.
//!
//! # Promises
//!
//! - Count, least, greatest and sum are of all values, and take the same room whatever their number.
//! - A sum is exact as long as 38 digits hold it; then there is no mean, rather than a wrong one.

use hushgate_sdk::{
    Scalar,
    bytes::Bytes,
    exact::Exact,
    state::Memory,
    window::{self, Number, Samples},
};
use serde::Deserialize;

/// The exponent that marks a sum that was lost.
const LOST: i16 = i16::MAX;

/// What can be told of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Statistic {
    Median,
    Mean,
    Min,
    Max,
    Count,
}

impl Statistic {
    /// The path of this statistic of `path`.
    pub(crate) fn path(self, path: &str) -> String {
        let name = match self {
            Self::Median => "median",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
        };
        format!("{path}.{name}")
    }
}

/// What is kept of a field's values.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) count: u32,
    /// Only integers came so far.
    integers: bool,
    min: f64,
    max: f64,
    /// `None` once it did not fit.
    sum: Option<Exact>,
    /// Empty unless a median is wanted.
    pub(crate) samples: Samples,
}

impl Summary {
    /// Takes a value in, which is `number`.
    pub(crate) fn add(&mut self, value: &Scalar, number: Number) {
        self.count = self.count.saturating_add(1);
        self.integers &= number.integer;
        self.min = self.min.min(number.value);
        self.max = self.max.max(number.value);
        let sum = self.sum.zip(Exact::of(value)).and_then(|(sum, value)| sum.plus(value));
        self.sum = sum.filter(|sum| exponent(*sum).is_some());
    }

    /// The statistic of what came.
    pub(crate) fn value(&self, statistic: Statistic) -> Option<Scalar> {
        let as_it_came = |value| Number { value, integer: self.integers }.scalar();
        match statistic {
            Statistic::Median => self.samples.clone().median(),
            Statistic::Mean => self.sum?.over(self.count.into())?.real(),
            Statistic::Min => Some(as_it_came(self.min)),
            Statistic::Max => Some(as_it_came(self.max)),
            Statistic::Count => Some(Scalar::Int(self.count.into())),
        }
    }
}

fn exponent(sum: Exact) -> Option<i16> {
    i16::try_from(sum.parts().1).ok().filter(|exponent| *exponent != LOST)
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            count: 0,
            integers: true,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: Some(Exact::ZERO),
            samples: Samples::default(),
        }
    }
}

impl AsRef<Samples> for Summary {
    fn as_ref(&self) -> &Samples {
        &self.samples
    }
}

impl AsMut<Samples> for Summary {
    fn as_mut(&mut self) -> &mut Samples {
        &mut self.samples
    }
}

/// Values seen (4 bytes), 1 if only integers came (1), least (8), greatest (8), digits (16) and exponent (2;
/// 32,767 where it was lost) of the sum, samples.
impl Memory for Summary {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.count.to_le_bytes());
        out.push(self.integers.into());
        out.extend(self.min.to_le_bytes());
        out.extend(self.max.to_le_bytes());
        let digits = self.sum.map_or(0, |sum| sum.parts().0);
        out.extend(digits.to_le_bytes());
        out.extend(self.sum.and_then(exponent).unwrap_or(LOST).to_le_bytes());
        self.samples.write(out);
    }

    fn read(rest: &mut Bytes<'_>) -> Option<Self> {
        let count = rest.u32_le().ok().filter(|count| *count > 0)?;
        let integers = match rest.u8().ok()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let (min, max) = (window::real(rest)?, window::real(rest)?);
        let digits = rest.array().ok().map(i128::from_le_bytes)?;
        let exponent = rest.array().ok().map(i16::from_le_bytes)?;
        let sum = (exponent != LOST).then(|| Exact::new(digits, exponent.into()));
        let samples = Samples::read(rest)?;
        (min <= max).then_some(Self { count, integers, min, max, sum, samples })
    }
}
