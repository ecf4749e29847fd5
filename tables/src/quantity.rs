//! What the numbers of a column mean.

use crate::decimal::{Decimal, Misfit, NotDecimal, plain};

/// A quantity: what its numbers are called, their unit, how fine and how large they may be.
///
/// ```
/// # use qedex_tables::Quantity;
/// const ENERGY: Quantity = Quantity { unit: "kWh", places: 3, most: u64::MAX as u128 };
/// assert_eq!(ENERGY.read("kwh", "1.5"), Ok(1_500));
/// let refused = ENERGY.read("kwh", "0.0005").unwrap_err();
/// assert_eq!(refused, "kwh 0.0005 is finer than the smallest step, 0.001 kWh");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    /// Behind a number, as `kWh`; empty where numbers count something.
    pub unit: &'static str,
    /// The decimal places that it holds.
    pub places: u32,
    /// The largest number, in units of `10^-places`. The smallest is zero.
    pub most: u128,
}

impl Quantity {
    /// A whole number that a `u64` holds.
    pub const COUNT: Self = Self { unit: "", places: 0, most: u64::MAX as u128 };

    /// Whole watt-hours.
    pub const WATT_HOURS: Self = Self { unit: "Wh", places: 0, most: u64::MAX as u128 };

    /// Kilowatt-hours, to the watt-hour.
    pub const KILOWATT_HOURS: Self = Self { unit: "kWh", places: 3, most: u64::MAX as u128 };

    /// `text` of the column `name` in units of `10^-places`.
    ///
    /// # Errors
    /// What is wrong with it, with the column, the unit and the bound.
    pub fn read(&self, name: &str, text: &str) -> Result<u128, String> {
        // Most numbers of a large table; what else there is goes the long way.
        if self.places == 0
            && text.len() < 20
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = text.parse::<u64>()
        {
            return self.bounded(name, text, number.into());
        }
        let number: Decimal = text.parse().map_err(|wrong| not_read(name, text, &wrong))?;
        match number.exactly(self.places) {
            Ok(units) => self.bounded(name, text, units),
            Err(misfit) => Err(self.misfit(name, text, misfit)),
        }
    }

    /// As [`Quantity::read`], and rounded to the nearest unit, halves up.
    ///
    /// # Errors
    /// As there, but for what is too fine.
    pub fn read_rounded(&self, name: &str, text: &str) -> Result<u128, String> {
        let number: Decimal = text.parse().map_err(|wrong| not_read(name, text, &wrong))?;
        match number.rounded(self.places) {
            Ok(units) => self.bounded(name, text, units),
            Err(misfit) => Err(self.misfit(name, text, misfit)),
        }
    }

    /// As [`Quantity::read`], for quantities that a `u64` holds.
    ///
    /// # Errors
    /// As there; what is more than `u64::MAX` units is above the largest number, whatever that is.
    pub fn read_u64(&self, name: &str, text: &str) -> Result<u64, String> {
        let units = self.read(name, text)?;
        units.try_into().map_err(|_| self.misfit(name, text, Misfit::Large))
    }

    fn bounded(&self, name: &str, text: &str, units: u128) -> Result<u128, String> {
        if units <= self.most { Ok(units) } else { Err(self.misfit(name, text, Misfit::Large)) }
    }

    fn misfit(&self, name: &str, text: &str, misfit: Misfit) -> String {
        let of = |number: String| {
            let space = if self.unit.is_empty() { "" } else { " " };
            format!("{number}{space}{}", self.unit)
        };
        match misfit {
            Misfit::Negative => format!("{name} {text} is below {}", of("0".to_owned())),
            Misfit::Places if self.places == 0 => {
                let space = if self.unit.is_empty() { "" } else { " of " };
                format!("{name} {text} is no whole number{space}{}", self.unit)
            }
            Misfit::Places => {
                let step = of(plain(1, self.places));
                format!("{name} {text} is finer than the smallest step, {step}")
            }
            Misfit::Large => {
                let most = of(plain(self.most, self.places));
                format!("{name} {text} is above the largest, {most}")
            }
        }
    }
}

fn not_read(name: &str, text: &str, wrong: &NotDecimal) -> String {
    match wrong {
        NotDecimal::Missing => format!("{name} {wrong}"),
        _ => format!("{name} {text:?} {wrong}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_refused_is_told_why_and_where_the_bound_lies() {
        let share = Quantity { unit: "of the peak", places: 6, most: 1_000_000 };
        for (quantity, text, expected) in [
            (Quantity::WATT_HOURS, "-5", "x -5 is below 0 Wh"),
            (Quantity::WATT_HOURS, "1.5", "x 1.5 is no whole number of Wh"),
            (Quantity::COUNT, "1.5", "x 1.5 is no whole number"),
            (Quantity::COUNT, "-1", "x -1 is below 0"),
            (
                Quantity::COUNT,
                "18446744073709551616",
                "x 18446744073709551616 is above the largest, 18446744073709551615",
            ),
            (share, "1.2", "x 1.2 is above the largest, 1 of the peak"),
            (
                share,
                "0.1234567",
                "x 0.1234567 is finer than the smallest step, 0.000001 of the peak",
            ),
            (share, "", "x is missing"),
            (share, "0x1", "x \"0x1\" is hexadecimal; write it in decimal digits"),
        ] {
            assert_eq!(quantity.read("x", text), Err(expected.to_owned()));
        }
    }

    #[test]
    fn a_whole_number_may_be_written_in_any_way() {
        for text in ["1000", "1e3", "1000.0", "01000"] {
            assert_eq!(Quantity::COUNT.read_u64("x", text), Ok(1_000), "{text}");
        }
        assert_eq!(Quantity::COUNT.read_u64("x", "18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn rounding_is_done_only_where_it_is_asked_for() {
        let thousandths = Quantity { unit: "", places: 3, most: u128::MAX };
        assert_eq!(thousandths.read_rounded("x", "0.0005"), Ok(1));
        assert!(thousandths.read("x", "0.0005").is_err());
        assert_eq!(thousandths.read_rounded("x", "-1"), Err("x -1 is below 0".to_owned()));
    }
}
