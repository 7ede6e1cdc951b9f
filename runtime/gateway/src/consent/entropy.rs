//! How much the values of a field say, estimated from how often each was seen: Shannon's entropy, in bits a value.
//!
//! # Promises
//!
//! - No value is kept: 32 bits of its hash under a key that was drawn for this, and a count, in memory alone.
//! - It is bounded: beyond [`CELLS_MAX`] different values it counts the rest as one, and says that it is at least so much.

use super::{
    release::ConsentedField,
    schema::{Allowed, Rule},
};
use hushgate_wasm::bindings::{Reading, Scalar};
use std::{
    fmt,
    hash::{BuildHasher, Hash, RandomState},
};

/// How many different values of a field are told apart.
pub const CELLS_MAX: usize = 256;
/// Of how many fields of a grant it is estimated: the first ones.
const FIELDS_MAX: usize = 16;
/// With fewer values that came in an estimate says nothing.
const VALUES_MIN: u32 = 32;

/// How often each value was seen.
#[derive(Clone, Default)]
struct Sketch {
    /// Sorted by hash.
    cells: Vec<(u32, u32)>,
    /// Values beyond the first [`CELLS_MAX`] different ones.
    others: u32,
    all: u32,
}

/// An estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bits {
    /// Bits a value.
    pub bits: f64,
    /// Of so many values.
    pub values: u32,
    /// There were more different values than are told apart.
    pub at_least: bool,
}

/// What came in of the fields of one grant, and what left of them.
#[derive(Default)]
pub struct Flows {
    key: RandomState,
    fields: Vec<(Sketch, Sketch)>,
}

/// Of one field under one grant.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The grant.
    pub grant: String,
    /// The device.
    pub device: String,
    /// Who receives.
    pub recipient: String,
    /// The field.
    pub path: String,
    /// As the adapter understood it, before anything was made less.
    pub came: Bits,
    /// As it was sealed.
    pub left: Bits,
}

impl Sketch {
    fn add(&mut self, hash: u32) {
        if self.all == u32::MAX {
            return;
        }
        self.all += 1;
        match self.cells.binary_search_by_key(&hash, |it| it.0) {
            Ok(place) => self.cells[place].1 += 1,
            Err(place) if self.cells.len() < CELLS_MAX => self.cells.insert(place, (hash, 1)),
            Err(_) => self.others += 1,
        }
    }

    /// The plug-in estimate with the correction of Miller and Madow (1955), and no more than `most`.
    fn bits(&self, most: f64) -> Bits {
        let (all, others) = (f64::from(self.all), (self.others > 0).then_some(self.others));
        let counts = || self.cells.iter().map(|it| it.1).chain(others);
        let plain: f64 =
            counts().map(|it| f64::from(it) / all).map(|share| -share * share.log2()).sum();
        let correction = counts().count().saturating_sub(1) as f64 / (2.0 * all * 2_f64.ln());
        let bits = if self.all == 0 { 0.0 } else { (plain + correction).clamp(0.0, most.max(0.0)) };
        Bits { bits, values: self.all, at_least: others.is_some() }
    }
}

impl Flows {
    /// Of each value that a rule is about, before anything is made less of it. Its unit may still be another one.
    pub fn came(&mut self, rules: &[Rule], readings: &[Reading]) {
        self.fields.resize_with(rules.len().min(FIELDS_MAX), Default::default);
        for field in readings.iter().flat_map(|it| &it.fields) {
            let mut its = rules.iter().zip(&mut self.fields);
            if let Some((_, flow)) = its.find(|it| it.0.path == field.path)
                && let Some(hash) = of_scalar(&self.key, &field.value)
            {
                flow.0.add(hash);
            }
        }
    }

    /// Of each value that leaves.
    pub fn left(&mut self, rules: &[Rule], fields: &[ConsentedField]) {
        for field in fields {
            let mut its = rules.iter().zip(&mut self.fields);
            if let Some((_, flow)) = its.find(|it| it.0.path == field.path) {
                flow.1.add(of_allowed(&self.key, field.value.reveal()));
            }
        }
    }

    /// Of each field of which enough came in, and something left.
    pub fn estimates<'a>(
        &'a self,
        rules: &'a [Rule],
    ) -> impl Iterator<Item = (&'a str, Bits, Bits)> {
        let flows = rules.iter().zip(&self.fields);
        let flows = flows.filter(|(_, (came, left))| came.all >= VALUES_MIN && left.all > 0);
        flows.map(|(rule, (came, left))| {
            (&*rule.path, came.bits(f64::INFINITY), left.bits(rule.alphabet().log2()))
        })
    }
}

fn of_scalar(key: &RandomState, value: &Scalar) -> Option<u32> {
    Some(match value {
        Scalar::Int(it) => of_number(key, *it as f64),
        Scalar::Real(it) => of_number(key, *it),
        Scalar::Flag(it) => of(key, it),
        Scalar::Text(it) => of(key, it.as_str()),
        Scalar::Blob(_) => return None,
    })
}

fn of_allowed(key: &RandomState, value: &Allowed) -> u32 {
    match value {
        Allowed::Number(it) => of_number(key, *it),
        Allowed::Flag(it) => of(key, it),
        Allowed::Choice(it) => of(key, it.as_str()),
    }
}

/// 0 and −0 are one number.
fn of_number(key: &RandomState, number: f64) -> u32 {
    of(key, &(number + 0.0).to_bits())
}

fn of(key: &RandomState, value: &(impl Hash + ?Sized)) -> u32 {
    key.hash_one(value) as u32
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.at_least { "at least" } else { "about" };
        write!(f, "{about} {:.1} bits a value ({} values)", self.bits, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::grant::Grant;
    use hushgate_wasm::bindings::Field;

    fn sketch(values: impl Iterator<Item = u32>) -> Sketch {
        let mut sketch = Sketch::default();
        values.for_each(|it| sketch.add(it));
        sketch
    }

    #[test]
    fn the_entropy_of_known_shares_is_what_the_formula_says() {
        // 8 values alike: 3 bits, and the correction (8 - 1) / (2 * 8000 ln 2).
        let bits = sketch((0..8_000).map(|it| it % 8)).bits(f64::INFINITY);
        assert!((bits.bits - 3.0 - 7.0 / (16_000.0 * 2_f64.ln())).abs() < 1e-12, "{bits}");
        assert_eq!((bits.values, bits.at_least), (8_000, false));
        // One half, one quarter, two eighths: 1.75 bits.
        let bits =
            sketch((0..8_000).map(|it| [0, 0, 0, 0, 1, 1, 2, 3][it % 8])).bits(f64::INFINITY);
        assert!((bits.bits - 1.75).abs() < 0.001, "{bits}");
        assert_eq!(sketch([7; 100].into_iter()).bits(9.0).bits, 0.0);
        assert_eq!(sketch([].into_iter()).bits(9.0), Bits::default());
        // No more than can leave.
        assert_eq!(sketch(0..4).bits(2.0).bits, 2.0);
    }

    #[test]
    fn the_correction_brings_few_samples_nearer_to_the_truth() {
        let mut chance = fastrand::Rng::with_seed(7);
        let mut mean = |correct: bool| {
            let one = |_| {
                let sketch = sketch((0..100).map(|_| chance.u32(..32)));
                let correction = (sketch.cells.len() as f64 - 1.0) / (200.0 * 2_f64.ln());
                sketch.bits(f64::INFINITY).bits - f64::from(u8::from(!correct)) * correction
            };
            (0..200).map(one).sum::<f64>() / 200.0
        };
        let (plain, corrected) = (mean(false), mean(true));
        assert!((plain - 5.0).abs() > 0.2 && (corrected - 5.0).abs() < 0.05, "{plain} {corrected}");
    }

    #[test]
    fn what_is_not_told_apart_makes_it_at_least_and_takes_no_more_room() {
        let sketch = sketch((0..100_000).map(|it| it % 1_000));
        assert_eq!(sketch.cells.len(), CELLS_MAX);
        let bits = sketch.bits(f64::INFINITY);
        assert!(bits.at_least && bits.bits < 1_000_f64.log2() && bits.bits > 2.0, "{bits}");
    }

    #[test]
    fn what_came_is_counted_before_and_what_left_after_it_was_made_less() {
        let grant = Grant::of_text(
            "subject = \"ada\"\ndevice = \"door\"\nrecipient = \"hospital\"\npurpose = \"own:care\"\n\
             every = \"10 s\"\nretention = \"1 h\"\nvalid-from = 1970-01-01T00:00:00Z\n\
             valid-until = 2027-01-01T00:00:00Z\nfield = [{ path = \"v\", range = [0, 100], step = 50 }]\n",
        );
        let (rules, mut flows) = (&grant.fields, Flows::default());
        for value in 0..64 {
            let field = |path: &str, value| Field { path: path.into(), value, unit: None };
            let fields = vec![field("v", Scalar::Int(value)), field("w", Scalar::Int(value))];
            flows.came(rules, &[Reading { kind: "k".into(), at_ms: None, fields }]);
            let value = rules[0].clamp(&Scalar::Int(value), 1.0).unwrap();
            flows.left(rules, &[ConsentedField { path: "v".into(), unit: None, value }]);
        }
        let all: Vec<_> = flows.estimates(rules).collect();
        let [(path, came, left)] = &all[..] else { panic!("{}", all.len()) };
        assert_eq!((*path, came.values, left.values), ("v", 64, 64));
        // 64 different ones; 26 of 0 (0 to 25) and 38 of 50.
        assert!((came.bits - 6.0 - 63.0 / (128.0 * 2_f64.ln())).abs() < 1e-9, "{came}");
        let share: f64 = 26.0 / 64.0;
        let plain = -share * share.log2() - (1.0 - share) * (1.0 - share).log2();
        assert!((left.bits - plain - 1.0 / (128.0 * 2_f64.ln())).abs() < 1e-9, "{left}");
    }
}
