//! Fractions, and how they are told.

use num_bigint::{BigInt, BigUint, Sign};
use num_rational::BigRational;

/// A fraction of whole numbers of any size.
pub type Number = BigRational;

/// Nothing.
pub fn zero() -> Number {
    Number::from_integer(BigInt::ZERO)
}

/// A whole number.
pub fn whole(number: usize) -> Number {
    Number::from_integer(BigInt::from(number))
}

/// Half of a number.
pub fn half(number: &Number) -> Number {
    number / whole(2)
}

/// `units` of `10^-places`.
pub fn from_units(units: u128, places: u32) -> Number {
    Number::new(BigInt::from(units), BigInt::from(BigUint::from(10_u8).pow(places)))
}

/// A number in decimal digits, rounded to `places`, halves away from zero, without zeros behind the last.
pub fn decimal(number: &Number, places: u32) -> String {
    let scale = Number::from_integer(BigInt::from(BigUint::from(10_u8).pow(places)));
    let units = (number * scale).round().to_integer();
    let sign = if units.sign() == Sign::Minus { "-" } else { "" };
    let places = usize::try_from(places).unwrap_or(usize::MAX);
    let digits =
        format!("{:0>width$}", units.magnitude().to_string(), width = places.saturating_add(1));
    let (whole, rest) = digits.split_at(digits.len().saturating_sub(places));
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest}"),
    }
}
