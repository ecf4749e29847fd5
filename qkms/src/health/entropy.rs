//! Min-entropy by the most common value: NIST SP 800-90B, 6.3.1.

use super::cutoff::Alpha;

/// The min-entropy a sample, in bits, of `samples` samples of which the most common value has
/// `most_common`, by the upper end of a 99 % confidence interval of its share. 0 for less than two
/// samples.
pub fn min_entropy(samples: u64, most_common: u64) -> f64 {
    if samples < 2 {
        return 0.0;
    }
    let share = most_common as f64 / samples as f64;
    let deviation = (share * (1.0 - share) / (samples - 1) as f64).sqrt();
    let upper = (share + 2.576 * deviation).min(1.0);
    upper.recip().log2()
}

/// Whether the most common of `values` values occurs so often that a source of min-entropy `claim` a
/// sample shows it with a chance of at most alpha.
///
/// The chance that one value has a share of s or more is at most 2^(-n D(s || 2^-H)), D the
/// divergence in bits (Chernoff 1952), and any of the values may be the most common.
pub(super) fn is_too_common(
    samples: u64,
    most_common: u64,
    claim: f64,
    values: u8,
    alpha: Alpha,
) -> bool {
    let share = most_common as f64 / samples as f64;
    let expected = (-claim).exp2();
    if samples == 0 || share <= expected {
        return false;
    }
    let part = |of: f64, to: f64| if of > 0.0 { of * (of / to).log2() } else { 0.0 };
    let divergence = part(share, expected) + part(1.0 - share, 1.0 - expected);
    samples as f64 * divergence > f64::from(alpha.0) + f64::from(values).log2()
}
