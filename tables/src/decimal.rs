//! Decimal numbers as people write them.
//!
//! The arithmetic is `bigdecimal`'s: it has as many digits as are written, so that what a unit cannot hold
//! is seen and not rounded away. (`rust_decimal` ends at 28 digits; an amount of plancks has up to 39.)

use bigdecimal::{
    BigDecimal, RoundingMode, ToPrimitive, Zero,
    num_bigint::{BigInt, Sign},
};
use std::str::FromStr;

/// No number takes more characters than this.
const LONGEST: usize = 100;

/// The decimal digits that every `u128` has room for.
const DIGITS: i64 = 39;

/// A decimal number, exactly as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(BigDecimal);

/// What a text is that is no decimal number, said of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDecimal {
    /// Nothing stands there.
    #[error("is missing")]
    Missing,
    /// A word that stands for no value.
    #[error("stands for no value")]
    NoValue,
    /// Infinity, or what is not a number.
    #[error("is not finite")]
    NotFinite,
    /// A plus sign.
    #[error("has a plus sign; leave it out")]
    Plus,
    /// One comma.
    #[error("has a comma; decimals stand after a point, and thousands are not separated")]
    Comma,
    /// Digits in groups, or several points.
    #[error("has separators between its digits; write it without, and decimals after one point")]
    Separators,
    /// A number to another base.
    #[error("is hexadecimal; write it in decimal digits")]
    Hexadecimal,
    /// Something follows the number.
    #[error("has {0:?} behind the number")]
    Behind(String),
    /// More characters or a larger exponent than any quantity needs.
    #[error("is far beyond any quantity")]
    Beyond,
    /// Something else.
    #[error("is no number")]
    NotANumber,
}

/// Why a number is no amount of whole units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// It is below zero.
    Negative,
    /// It has more decimal places than the unit.
    Places,
    /// It is more than a `u128` holds.
    Large,
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    /// Reads `-12`, `0.25`, `.5`, `5.` or `4.5e-05`: digits with at most one point, after a minus or not, before an
    /// exponent or not.
    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        if !is_number(text) {
            return Err(what_else(text));
        }
        if text.len() > LONGEST {
            return Err(NotDecimal::Beyond);
        }
        BigDecimal::from_str(text).map(Self).map_err(|_| NotDecimal::Beyond)
    }
}

impl Decimal {
    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.sign() == Sign::Minus
    }

    /// The number in units of `10^-places`.
    ///
    /// # Errors
    /// If it is no whole number of these from 0 to `u128::MAX`. Nothing is rounded.
    pub fn exactly(&self, places: u32) -> Result<u128, Misfit> {
        if self.0.is_zero() {
            return Ok(0);
        }
        let order = self.units_order(places)?;
        // Checked first: the library would carry out what an exponent of a billion asks for.
        if order < 0 {
            return Err(Misfit::Places);
        }
        let scaled = self.0.with_scale_round(places.into(), RoundingMode::Down);
        if scaled != self.0 {
            return Err(Misfit::Places);
        }
        units(scaled)
    }

    /// The number in units of `10^-places`, rounded to the nearest, halves up.
    ///
    /// # Errors
    /// If it is below zero or more than `u128::MAX` units.
    pub fn rounded(&self, places: u32) -> Result<u128, Misfit> {
        if self.0.is_zero() {
            return Ok(0);
        }
        if self.units_order(places)? < -1 {
            return Ok(0);
        }
        units(self.0.with_scale_round(places.into(), RoundingMode::HalfUp))
    }

    /// The power of ten of its first digit, counted in units of `10^-places`.
    fn units_order(&self, places: u32) -> Result<i64, Misfit> {
        if self.is_negative() {
            return Err(Misfit::Negative);
        }
        let order = self.0.order_of_magnitude().saturating_add(places.into());
        if order < DIGITS { Ok(order) } else { Err(Misfit::Large) }
    }
}

fn units(scaled: BigDecimal) -> Result<u128, Misfit> {
    scaled.into_bigint_and_scale().0.to_u128().ok_or(Misfit::Large)
}

/// `units` of `10^-places` in decimal digits: all that are there, no zeros behind the last, no exponent.
///
/// Reading it gives `units` again.
pub fn plain(units: u128, places: u32) -> String {
    BigDecimal::new(BigInt::from(units), places.into()).normalized().to_plain_string()
}

/// Whether `text` is digits with at most one point, after a minus or not, before an exponent or not.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !unsigned.is_empty() && digits(unsigned)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

fn what_else(text: &str) -> NotDecimal {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "" => return NotDecimal::Missing,
        "null" | "none" | "na" | "n/a" | "#n/a" | "#nv" | "-" | "--" => return NotDecimal::NoValue,
        "nan" | "inf" | "infinity" | "-inf" | "-infinity" | "∞" => return NotDecimal::NotFinite,
        _ => {}
    }
    if text.strip_prefix('+').is_some_and(is_number) {
        return NotDecimal::Plus;
    }
    let hex = lower.strip_prefix("0x");
    if hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return NotDecimal::Hexadecimal;
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let is_separator = |c: char| matches!(c, ',' | '.' | '\'' | '’' | '_') || c.is_whitespace();
    if unsigned.contains(|c: char| c.is_ascii_digit())
        && unsigned.chars().all(|c| c.is_ascii_digit() || is_separator(c))
    {
        let mut separators = unsigned.chars().filter(|c| is_separator(*c));
        return match (separators.next(), separators.next()) {
            (Some(','), None) => NotDecimal::Comma,
            _ => NotDecimal::Separators,
        };
    }
    let end =
        text.rfind(|c: char| c.is_ascii_digit() || c == '.').map(|last| last.saturating_add(1));
    if let Some((number, behind)) = end.and_then(|end| text.split_at_checked(end))
        && !behind.is_empty()
        && is_number(number)
    {
        return NotDecimal::Behind(behind.trim().to_owned());
    }
    NotDecimal::NotANumber
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exactly(text: &str, places: u32) -> Result<u128, Misfit> {
        text.parse::<Decimal>().unwrap().exactly(places)
    }

    #[test]
    fn numbers_are_read_exactly_however_they_are_written() {
        for (text, places, expected) in [
            ("0.168539", 6, 168_539),
            ("1", 6, 1_000_000),
            ("7.5000", 3, 7_500),
            (".5", 1, 5),
            ("5.", 0, 5),
            ("0.0138889", 12, 13_888_900_000),
            ("4.5e-05", 12, 45_000_000),
            ("2E+3", 0, 2_000),
            ("0e-999999999", 0, 0),
            ("-0", 0, 0),
            ("00012", 0, 12),
        ] {
            assert_eq!(exactly(text, places), Ok(expected), "{text}");
        }
        assert_eq!(exactly(&u128::MAX.to_string(), 0), Ok(u128::MAX));
    }

    #[test]
    fn what_does_not_fit_the_unit_is_refused_and_never_rounded() {
        assert_eq!(exactly("0.1234567", 6), Err(Misfit::Places));
        assert_eq!(exactly("1e-13", 12), Err(Misfit::Places));
        assert_eq!(exactly("1e-999999999", 12), Err(Misfit::Places));
        assert_eq!(exactly("1e999999999", 12), Err(Misfit::Large));
        assert_eq!(exactly("340282366920938463463374607431768211456", 0), Err(Misfit::Large));
        assert_eq!(exactly("-0.5", 1), Err(Misfit::Negative));
    }

    #[test]
    fn halves_are_rounded_up_where_rounding_is_asked_for() {
        for (text, expected) in [
            ("2.5e-1", 250),
            ("0.0004", 0),
            ("0.0005", 1),
            ("1.23449", 1_234),
            ("9.9995", 10_000),
            ("1e-400", 0),
            ("0e99", 0),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().rounded(3), Ok(expected), "{text}");
        }
        assert_eq!("1e99".parse::<Decimal>().unwrap().rounded(3), Err(Misfit::Large));
    }

    #[test]
    fn what_is_no_number_is_called_by_its_name() {
        for (text, expected) in [
            ("", NotDecimal::Missing),
            ("NULL", NotDecimal::NoValue),
            ("NaN", NotDecimal::NotFinite),
            ("-inf", NotDecimal::NotFinite),
            ("+1", NotDecimal::Plus),
            ("0,25", NotDecimal::Comma),
            ("1,000,000", NotDecimal::Separators),
            ("1.234,5", NotDecimal::Separators),
            ("1 000", NotDecimal::Separators),
            ("1'000", NotDecimal::Separators),
            ("1_000", NotDecimal::Separators),
            ("1.2.3", NotDecimal::Separators),
            ("0x10", NotDecimal::Hexadecimal),
            ("1.5 kWh", NotDecimal::Behind("kWh".to_owned())),
            ("-3%", NotDecimal::Behind("%".to_owned())),
            ("1e", NotDecimal::Behind("e".to_owned())),
            ("x", NotDecimal::NotANumber),
            ("e3", NotDecimal::NotANumber),
            (".", NotDecimal::NotANumber),
            ("--1", NotDecimal::NotANumber),
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(expected), "{text:?}");
        }
        let long = "1".repeat(LONGEST + 1);
        assert_eq!(long.parse::<Decimal>(), Err(NotDecimal::Beyond));
        assert_eq!(format!("1e{}", "9".repeat(60)).parse::<Decimal>(), Err(NotDecimal::Beyond));
    }

    #[test]
    fn a_number_is_printed_in_plain_digits() {
        for (units, places, expected) in [
            (0, 12, "0"),
            (210_000_000_000, 12, "0.21"),
            (1, 12, "0.000000000001"),
            (2_000_000_000_000_000, 12, "2000"),
            (1_500, 3, "1.5"),
            (7, 0, "7"),
            (u128::MAX, 12, "340282366920938463463374607.431768211455"),
        ] {
            assert_eq!(plain(units, places), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_it_was(units: u128, places in 0_u32..=40) {
            prop_assert_eq!(exactly(&plain(units, places), places), Ok(units));
        }

        /// A slow and obvious reader: digits and exponent as one fraction of big integers.
        #[test]
        fn numbers_are_those_of_big_fractions(
            whole in "[0-9]{1,30}", fraction in "[0-9]{0,30}", exponent in -30_i64..=30, places in 0_u32..=20,
        ) {
            use num_bigint::BigUint;
            let ten = BigUint::from(10_u8);
            let mut top: BigUint = format!("{whole}{fraction}").parse().unwrap();
            let mut bottom = ten.pow(u32::try_from(fraction.len()).unwrap());
            let power = ten.pow(u32::try_from(exponent.unsigned_abs()).unwrap());
            if exponent < 0 { bottom *= power } else { top *= power }
            top *= ten.pow(places);
            let exact = (&top % &bottom == BigUint::ZERO).then(|| &top / &bottom);
            let nearest: BigUint = (&top * 2_u8 + &bottom) / (&bottom * 2_u8);

            let number: Decimal = format!("{whole}.{fraction}e{exponent}").parse().unwrap();
            match (exact, number.exactly(places)) {
                (Some(exact), found) => prop_assert_eq!(u128::try_from(exact).map_err(|_| Misfit::Large), found),
                (None, found) => prop_assert!(matches!(found, Err(Misfit::Places | Misfit::Large))),
            }
            let expected = u128::try_from(nearest).map_err(|_| Misfit::Large);
            prop_assert_eq!(number.rounded(places), expected);
        }
    }
}
