//! Cut-offs of the health tests by formula: NIST SP 800-90B, 4.4.1 and 4.4.2.

use core::f64::consts::LN_2;

/// The window of the adaptive proportion test for a source of two values.
pub const BINARY_WINDOW: u32 = 1024;
/// The window for a source of more values.
pub const OTHER_WINDOW: u32 = 512;

/// The chance of a false alarm: 2 to the power of minus this, 1 to 1000.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alpha(pub u32);

impl Alpha {
    /// The chance itself.
    pub fn chance(self) -> f64 {
        (-f64::from(self.0)).exp2()
    }
}

/// C = 1 + ceil(-lg alpha / H): the number of equal samples in a row at which a source of min-entropy
/// `entropy` a sample has failed. Above any count where the entropy is not positive.
pub fn repetition(entropy: f64, alpha: Alpha) -> u64 {
    // The cast saturates.
    ((f64::from(alpha.0) / entropy.max(0.0)).ceil() as u64).saturating_add(1)
}

/// C = 1 + critbinom(W, 2^-H, 1 - alpha): how often a window's first value may not occur in it.
/// Above the window where no count is that unlikely: the test then never fails.
pub fn proportion(window: u32, entropy: f64, alpha: Alpha) -> u32 {
    critbinom(window, entropy, alpha).saturating_add(1)
}

/// The least k for which a binomial number of `trials` trials of probability 2^-`entropy` exceeds k
/// with a chance of at most alpha.
///
/// The terms of the upper tail are summed from its far end, where they are smallest, so that no
/// digit of a chance of 2^-50 is lost beside one.
pub fn critbinom(trials: u32, entropy: f64, alpha: Alpha) -> u32 {
    let ln_p = -entropy * LN_2;
    let ln_q = (-ln_p.exp_m1()).ln();
    if !(ln_p < 0.0 && ln_q.is_finite()) {
        return trials;
    }
    let chance = alpha.chance();
    // The logarithm of the probability of exactly k, from k = trials down.
    let mut ln_term = f64::from(trials) * ln_p;
    let mut above = 0.0;
    for k in (1..=trials).rev() {
        let from_k = above + ln_term.exp();
        if from_k > chance {
            return k;
        }
        above = from_k;
        ln_term += (f64::from(k) / f64::from(trials - k + 1)).ln() + ln_q - ln_p;
    }
    0
}
