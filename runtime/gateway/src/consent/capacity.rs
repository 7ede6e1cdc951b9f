//! How much can leave at most: a bound that holds for any plugin, however hostile.
//!
//! In one slot of a grant each field leaves once or not at all, so a recipient sees, for each field, one of
//! its values or its absence. Fields of one slot can come in one release or in several, in any order: that
//! adds the number of ordered partitions of the fields (Fubini numbers). A slot ends before anything of it is
//! sent, and is closed to plugins before that, so the moment of sending says nothing more. A policy can choose,
//! for each release of its own, among later slots and larger sizes, which is counted as if each field left alone.
//! What the host's operators let through counts as values do: a bucket is one, a summary has those of its range, noise adds
//! none, and of pseudonyms there are so many in an epoch; which texts they stand for, a recipient without the key cannot tell.
//! Several grants for one recipient add up, and no more: what is due at one moment leaves grant by grant.

use super::{grant::Grant, schema::Rule};
use std::{collections::BTreeMap, fmt, time::Duration};

/// The most bits that can leave for one recipient under one grant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Bits in one slot.
    pub bits_per_slot: f64,
    /// Bits in one hour.
    pub bits_per_hour: f64,
}

impl Capacity {
    /// The capacity of these fields, each at most once in `every`, where a policy may have each release leave in
    /// so many different ways: 1 without a policy.
    pub fn of(rules: &[Rule], every: Duration, ways: f64) -> Self {
        let values: f64 = rules.iter().map(|it| (it.alphabet() + 1.0).log2()).sum();
        let chosen = rules.len() as f64 * ways.max(1.0).log2();
        let bits_per_slot = values + ordered_partitions(rules.len()).log2() + chosen;
        let slots_per_hour = 3600.0 / every.as_secs_f64().max(0.001);
        Self { bits_per_slot, bits_per_hour: bits_per_slot * slots_per_hour }
    }
}

/// What each recipient can learn at most of each device: grants of both add up.
pub fn by_pair<'a>(
    grants: impl Iterator<Item = &'a Grant>,
) -> BTreeMap<(&'a str, &'a str), Capacity> {
    let mut pairs: BTreeMap<_, Capacity> = BTreeMap::new();
    for grant in grants {
        let (more, pair) = (grant.capacity(), (&*grant.device, &*grant.recipient));
        let all = pairs.entry(pair).or_insert(Capacity { bits_per_slot: 0.0, bits_per_hour: 0.0 });
        all.bits_per_slot += more.bits_per_slot;
        all.bits_per_hour += more.bits_per_hour;
    }
    pairs
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} bits/h", self.bits_per_hour.ceil())
    }
}

/// The number of ordered set partitions of `n` things: 1, 1, 3, 13, 75, …
fn ordered_partitions(n: usize) -> f64 {
    let mut counts = vec![1.0_f64];
    for size in 1..=n {
        let mut choose = 1.0;
        let mut count = 0.0;
        for first in 1..=size {
            choose = choose * (size - first + 1) as f64 / first as f64;
            count += choose * counts[size - first];
        }
        counts.push(count);
    }
    counts[n]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{operator::Operators, schema::Domain};

    fn bpm(step: f64) -> Rule {
        let domain = Domain::Number { min: 30.0, max: 220.0, step };
        Rule {
            path: "heart-rate".into(),
            unit: Some("/min".into()),
            domain,
            operators: Operators::default(),
        }
    }

    #[test]
    fn five_bpm_every_five_minutes_is_64_bits_an_hour() {
        let capacity = Capacity::of(&[bpm(5.0)], Duration::from_secs(300), 1.0);
        assert_eq!(capacity.to_string(), "64 bits/h");
    }

    #[test]
    fn two_decimals_every_ten_seconds_is_what_the_prototype_sent() {
        let capacity = Capacity::of(&[bpm(0.01)], Duration::from_secs(10), 1.0);
        assert!((capacity.bits_per_hour - 5117.0).abs() < 1.0, "{capacity}");
    }

    #[test]
    fn what_a_policy_can_choose_for_each_release_is_counted_for_each_field() {
        let of = |ways: f64| Capacity::of(&[bpm(5.0), bpm(5.0)], Duration::from_secs(300), ways);
        let more = of(16.0 * 13.0).bits_per_slot - of(1.0).bits_per_slot;
        assert!((more - 2.0 * (4.0 + 13.0_f64.log2())).abs() < 1e-9, "{more}");
    }

    #[test]
    fn several_grants_of_one_device_for_one_recipient_add_up() {
        let grant = |device: &str| {
            Grant::of_text(&format!(
                "subject = \"ada\"\ndevice = \"{device}\"\nrecipient = \"hospital\"\npurpose = \"own:care\"\n\
                 every = \"5 min\"\nretention = \"1 h\"\nvalid-from = 1970-01-01T00:00:00Z\n\
                 valid-until = 2027-01-01T00:00:00Z\nfield = [{{ path = \"v\", buckets = [1, 2, 3] }}]\n"
            ))
        };
        let grants = [grant("strap"), grant("strap"), grant("door")];
        let pairs = by_pair(grants.iter());
        let hourly = |device| pairs[&(device, "hospital")].bits_per_hour;
        assert!((hourly("door") - 12.0 * 5.0_f64.log2()).abs() < 1e-9, "four buckets or nothing");
        assert!((hourly("strap") - 2.0 * hourly("door")).abs() < 1e-9);
    }

    #[test]
    fn a_second_field_adds_its_values_and_the_order_of_the_two() {
        let one = Capacity::of(&[bpm(5.0)], Duration::from_secs(300), 1.0).bits_per_slot;
        let two = Capacity::of(&[bpm(5.0), bpm(5.0)], Duration::from_secs(300), 1.0).bits_per_slot;
        assert!((two - 2.0 * one - 3.0_f64.log2()).abs() < 1e-9);
        assert_eq!([0, 1, 2, 3, 4].map(ordered_partitions), [1.0, 1.0, 3.0, 13.0, 75.0]);
    }
}
