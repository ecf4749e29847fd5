//! The exponential function for weights, in fixed point.

use super::{Decay, ONE};

/// 10^30: a decay times an exponent, both in their units, where the true product is 1.
const UNIT: u128 = 1_000_000_000_000_000_000_000_000_000_000;

/// 10^12: what is dropped of such a product, so that 64 fractional bits fit beside it.
const DROPPED: u128 = 1_000_000_000_000;

/// e^-1, e^-2, e^-4, e^-8, e^-16 and e^-32 with 64 fractional bits, to the nearest.
const POWERS: [u128; 6] = [
    6_786_177_901_268_885_275,
    2_496_495_334_008_788_800,
    337_863_903_126_961_438,
    6_188_193_243_211_693,
    2_075_907_567_336,
    233_613,
];

/// Terms of the series that count with 64 fractional bits: 1/21! < 2^-65.
const TERMS: u128 = 21;

/// e^-(decay * exponent) with 64 fractional bits; the exponent is in millionths. Off by at most
/// 2^-58 (an absolute error); exactly one where the product is zero.
///
/// The product, whose millionths of a millionth of a millionth count, is cut into a whole and a
/// fractional part. The whole part picks factors from a table, and the series
/// `1 - x + x^2/2 - x^3/6 ...` of the fractional part has fewer than 22 terms that count. Each step
/// rounds once.
pub(super) fn exp_neg(decay: Decay, exponent: u128) -> u128 {
    // What overflows is beyond 10^8, and e^-64 is beyond 64 bits.
    let Some(product) = decay.0.checked_mul(exponent) else {
        return 0;
    };
    let whole = product.checked_div(UNIT).unwrap_or_default();
    if whole >= 64 {
        return 0;
    }
    let fraction = product
        .checked_rem(UNIT)
        .and_then(|rest| rest.checked_div(DROPPED))
        .and_then(|rest| rest.checked_mul(ONE))
        .and_then(|rest| rest.checked_div(UNIT.checked_div(DROPPED)?))
        .unwrap_or_default();
    let table = POWERS.iter().enumerate().filter(|(bit, _)| (whole >> bit) & 1 == 1);
    table.fold(series(fraction), |result, (_, power)| times(result, *power))
}

/// e^-x for a fraction x below one.
fn series(x: u128) -> u128 {
    let (mut sum, mut term) = (ONE, ONE);
    for n in 1..=TERMS {
        term = times(term, x).checked_div(n).unwrap_or_default();
        sum = if n & 1 == 1 { sum.saturating_sub(term) } else { sum.saturating_add(term) };
    }
    sum
}

/// The product of two numbers of which neither is above one and at most one is one, rounded down.
fn times(a: u128, b: u128) -> u128 {
    a.saturating_mul(b) >> 64
}
