//! Draws from the discrete Laplace distribution, P(k) ∝ exp(−|k|/scale), with whole numbers only: the sampler of
//! Canonne, Kamath and Steinke (The Discrete Gaussian for Differential Privacy, 2020, algorithms 1 and 2).
//!
//! # Promises
//!
//! - No floating point: naive noise in doubles can be told from its lowest bits (Mironov 2012).
//! - It ends: what would take longer than ever seen is no draw, and the value does not leave.

use super::super::Coins;

/// Rounds that a draw may take. Each fails with less than 1 in 1.5, so that none ever takes as many.
const ROUNDS_MAX: u32 = 4_096;

/// How wide the noise is: a fraction, above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    over: u64,
    under: u64,
}

impl Scale {
    /// `over / under`; 0 counts as 1.
    pub fn new(over: u64, under: u64) -> Self {
        Self { over: over.max(1), under: under.max(1) }
    }

    /// One draw. Nothing if there is no randomness.
    pub fn draw(self, coins: Coins<'_>) -> Option<i64> {
        for _ in 0..ROUNDS_MAX {
            let rest = below(self.over, coins)?;
            if !exp_minus(rest, self.over, coins)? {
                continue;
            }
            let whole = geometric(coins)?;
            let size = whole.checked_mul(self.over)?.checked_add(rest)? / self.under;
            let is_negative = below(2, coins)? == 1;
            // Otherwise 0 would come twice as often as it should.
            if is_negative && size == 0 {
                continue;
            }
            let size = i64::try_from(size).ok()?;
            return Some(if is_negative { -size } else { size });
        }
        None
    }
}

/// How often in a row something of probability exp(−1) happens.
fn geometric(coins: Coins<'_>) -> Option<u64> {
    for count in 0..u64::from(ROUNDS_MAX) {
        if !exp_minus(1, 1, coins)? {
            return Some(count);
        }
    }
    None
}

/// True with probability exp(−over/under), for a fraction from 0 to 1.
fn exp_minus(over: u64, under: u64, coins: Coins<'_>) -> Option<bool> {
    for count in 1..u64::from(ROUNDS_MAX) {
        if below(under.checked_mul(count)?, coins)? >= over {
            return Some(count % 2 == 1);
        }
    }
    None
}

/// A number below `bound`, each as often as any other.
fn below(bound: u64, coins: Coins<'_>) -> Option<u64> {
    let bound = bound.max(1);
    // As many as fit a whole number of times; what is above would make small numbers more frequent.
    let fair = u64::MAX - u64::MAX % bound;
    for _ in 0..ROUNDS_MAX {
        let coin = coins()?;
        if coin < fair {
            return Some(coin % bound);
        }
    }
    None
}

/// Chance from the operating system.
pub fn system() -> Option<u64> {
    getrandom::u64().ok()
}
