//! The same formulas, slow and obvious, in numbers with 256 fractional bits.

use super::{Decay, FULL, Rater, Ratings, Weights};
use num_bigint::BigUint;

const BITS: u32 = 256;

fn big(n: impl Into<u128>) -> BigUint {
    BigUint::from(n.into())
}

fn one() -> BigUint {
    big(1_u8) << BITS
}

/// `numerator / denominator`.
fn fraction(numerator: BigUint, denominator: BigUint) -> BigUint {
    (numerator << BITS) / denominator
}

fn times(a: &BigUint, b: &BigUint) -> BigUint {
    (a * b) >> BITS
}

/// e^-1/n by the series for e^(1/n), whose terms are all positive.
fn exp_neg_small(x: &BigUint) -> BigUint {
    let (mut sum, mut term) = (one(), one());
    for n in 1_u32.. {
        term = times(&term, x) / n;
        if term == BigUint::ZERO {
            break;
        }
        sum += &term;
    }
    (one() << BITS) / sum
}

fn power(base: &BigUint, mut exponent: u128) -> BigUint {
    let (mut result, mut square) = (one(), base.clone());
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(&result, &square);
        }
        square = times(&square, &square);
        exponent >>= 1;
    }
    result
}

/// r = e^-d per millionth of a rating.
fn base(decay: Decay) -> BigUint {
    exp_neg_small(&fraction(big(decay.0), big(Decay::UNIT) * FULL))
}

/// Whether `got`, with 64 fractional bits, is e^-(decay * exponent) but for `error` of its units.
pub fn is_exp_neg(got: u128, decay: u128, exponent: u128, error: u128) -> bool {
    let exact = power(&base(Decay(decay)), exponent);
    let (got, error) = (big(got) << (BITS - 64), big(error) << (BITS - 64));
    got <= &exact + &error && exact <= got + error
}

fn succession(ratings: Ratings) -> BigUint {
    let (p, n) = (big(ratings.positive), big(ratings.negative));
    fraction(&p + FULL, p + n + 2 * FULL)
}

/// Trust and its parts, each times 2^256.
pub struct Exact {
    pub direct: BigUint,
    pub indirect: BigUint,
    pub trust: BigUint,
}

pub fn trust(
    weights: &Weights,
    decay: Decay,
    own: Ratings,
    raters: &[Rater],
    deposit_ppm: u32,
) -> Exact {
    let direct = succession(own);
    let least = raters.iter().map(|rater| rater.experience).min();
    let base = base(decay);
    let (mut all, mut weighted) = (BigUint::ZERO, BigUint::ZERO);
    for rater in raters {
        let weight = power(&base, rater.experience - least.unwrap());
        weighted += times(&weight, &succession(rater.ratings));
        all += weight;
    }
    let indirect = if raters.is_empty() { one() / 2_u8 } else { fraction(weighted, all) };
    let deposit = fraction(big(deposit_ppm), big(FULL));
    let trust = (&direct * weights.direct_ppm
        + &indirect * weights.indirect_ppm
        + deposit * weights.deposit_ppm)
        / FULL;
    Exact { direct, indirect, trust }
}

/// Whether `ppm` is the exact value rounded down, where less than 10^-7 ppm below a whole ppm counts
/// as it.
pub fn is_floor(ppm: u32, exact: &BigUint) -> bool {
    let exact = exact * FULL;
    let ppm = big(ppm) << BITS;
    let slack = one() / 10_000_000_u32;
    ppm <= &exact + slack && exact < ppm + one()
}

pub fn deposit_ppm(deposit: u128, reference: u128) -> u32 {
    let ppm = big(deposit) * FULL / big(reference);
    u32::try_from(ppm.min(big(FULL))).unwrap()
}
