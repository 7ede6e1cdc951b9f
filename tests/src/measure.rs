//! How much one thing tells of another, from pairs that were seen.

use std::collections::{BTreeMap, BTreeSet};

/// The bits that one half of a pair tells of the other: mutual information, with the bias that few pairs bring taken
/// out (Miller and Madow).
#[must_use]
pub fn bits<S: Ord, O: Ord>(pairs: &[(S, O)]) -> f64 {
    let one = entropy(pairs.iter().map(|it| &it.0));
    let other = entropy(pairs.iter().map(|it| &it.1));
    one + other - entropy(pairs.iter())
}

/// The bits of what could be told at most by so many different things.
#[must_use]
pub fn bits_of_choice<O: Ord>(seen: impl Iterator<Item = O>) -> f64 {
    (seen.collect::<BTreeSet<_>>().len().max(1) as f64).log2()
}

/// The bits that early or late tells of the other half of a pair, wherever the line between the two is best drawn.
#[must_use]
pub fn bits_of_lateness<S: Ord + Copy>(pairs: &[(S, i64)]) -> f64 {
    let mut sorted: Vec<_> = pairs.iter().map(|it| it.1).collect();
    sorted.sort_unstable();
    let cuts = (1..10).filter_map(|tenth| sorted.get(sorted.len() * tenth / 10));
    let told =
        cuts.map(|cut| bits(&pairs.iter().map(|it| (it.0, it.1 >= *cut)).collect::<Vec<_>>()));
    told.fold(0.0, f64::max)
}

fn entropy<T: Ord>(all: impl Iterator<Item = T>) -> f64 {
    let mut counts: BTreeMap<T, f64> = BTreeMap::new();
    all.for_each(|it| *counts.entry(it).or_default() += 1.0);
    let total: f64 = counts.values().sum();
    let plain: f64 = counts.values().map(|it| it / total * (total / it).log2()).sum();
    plain + (counts.len() as f64 - 1.0) / (2.0 * total * std::f64::consts::LN_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn what_is_told_is_seen_and_what_is_not_is_not() {
        let mut random = Random::new(7);
        let mut pairs = |tell: fn(u64, u64) -> u64| -> f64 {
            let pair = |()| {
                let (said, chance) = (random.below(16), random.below(16));
                (said, tell(said, chance))
            };
            let told = bits(&std::iter::repeat_n((), 400).map(pair).collect::<Vec<_>>());
            (told * 10.0).round() / 10.0
        };
        assert_eq!(pairs(|said, _| said), 4.0);
        assert_eq!(pairs(|said, _| said % 4), 2.0);
        assert_eq!(pairs(|said, chance| if chance < 8 { said % 2 } else { chance % 2 }), 0.2);
        assert_eq!(pairs(|_, chance| chance % 4), 0.0);
        assert_eq!(pairs(|_, _| 7), 0.0);
        assert_eq!(bits_of_choice([1, 2, 2, 3, 4].iter()), 2.0);
        assert_eq!(bits_of_choice([0; 0].iter()), 0.0);
        // One in ten is late, and only those that were told to be.
        let late = |it: i64| (it % 5 == 0, if it % 10 == 0 { 300 + it } else { it % 7 });
        assert!(bits_of_lateness(&(0..200).map(late).collect::<Vec<_>>()) > 0.2);
        let by_chance = |it: i64| (it % 5 == 0, it % 7);
        assert!(bits_of_lateness(&(0..200).map(by_chance).collect::<Vec<_>>()) < 0.05);
    }
}
