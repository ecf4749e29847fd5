//! Money, prices and energy as people write them: one reader and one printer for the command line, files and pages.
//!
//! ### Rules
//! - Numbers are exact decimals. What is finer than a planck or a watt-hour is refused, never rounded.
//! - A bare number is QED, a bare price QED per kWh. A bare whole number above 1,000 is refused: it may as
//!   well be meant in plancks. `2000QED` and `2000plancks` say which.
//! - Energy has its unit: `1.5kWh` or `1500Wh`. A bare number is refused.
//! - What is printed is exact, and reads as what it was.
//! - In JSON, plancks are strings of decimal digits: they exceed 2^53, beyond which readers round numbers.

use crate::market::Plancks;
use qedex_math::{PricePerKwh, Wh};
use qedex_tables::{Decimal, Misfit, NotDecimal, plain};

/// The decimal places of QED: a planck is 10^-12 QED.
pub const QED_PLACES: u32 = 12;

/// The decimal places of a kilowatt-hour: energy is in whole watt-hours.
pub const KWH_PLACES: u32 = 3;

/// A bare whole number above this is no amount of QED for sure.
const LARGEST_BARE: u128 = 1_000;

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// The number is none.
    #[error("{text:?} {wrong}")]
    NoNumber {
        /// What was written.
        text: String,
        /// What it is instead.
        wrong: NotDecimal,
    },
    /// The unit is another one.
    #[error("{text:?} has the unit {unit:?}; known here are {known}")]
    Unit {
        /// What was written.
        text: String,
        /// What follows the number.
        unit: String,
        /// What may follow it.
        known: &'static str,
    },
    /// The number may mean two things.
    #[error("{text} may mean {text}{0} or {text}{1}: write the unit behind it", units[0], units[1])]
    Bare {
        /// What was written.
        text: String,
        /// What it may be meant in.
        units: [&'static str; 2],
    },
    /// It is below zero.
    #[error("{0} is below 0")]
    Negative(String),
    /// It has more decimal places than its unit.
    #[error("{text} is finer than {step}, the smallest step")]
    TooFine {
        /// What was written.
        text: String,
        /// One planck or one watt-hour.
        step: &'static str,
    },
    /// It is more than the chain can count.
    #[error("{0} is more than the chain can count")]
    TooLarge(String),
}

/// A unit: how it is spelled and how many decimal places a number of it has.
type Unit = (&'static str, u32);

/// What an amount may be written in.
struct Units {
    /// Longer spellings before those that they end in.
    units: &'static [Unit],
    known: &'static str,
    /// The smallest step.
    step: &'static str,
    /// What a bare number may be meant in, and its places if it is taken all the same.
    bare: ([&'static str; 2], Option<u32>),
}

const MONEY: Units = Units {
    units: &[("QED", QED_PLACES), ("plancks", 0), ("planck", 0)],
    known: "QED and plancks",
    step: "0.000000000001 QED, a planck",
    bare: (["QED", "plancks"], Some(QED_PLACES)),
};

const PRICE: Units = Units {
    units: &[
        ("QED/kWh", QED_PLACES),
        ("plancks/kWh", 0),
        ("planck/kWh", 0),
        ("QED", QED_PLACES),
        ("plancks", 0),
        ("planck", 0),
    ],
    known: "QED/kWh and plancks/kWh",
    step: "0.000000000001 QED/kWh, a planck",
    bare: (["QED", "plancks"], Some(QED_PLACES)),
};

const ENERGY: Units = Units {
    units: &[("kWh", KWH_PLACES), ("Wh", 0)],
    known: "kWh and Wh",
    step: "0.001 kWh, a Wh",
    bare: (["kWh", "Wh"], None),
};

/// Money as `0.21`, `0.21QED`, `0.21 QED` or `210000000000plancks`.
///
/// # Errors
/// As [`BadAmount`] says.
pub fn parse_money(text: &str) -> Result<Plancks, BadAmount> {
    MONEY.read(text)
}

/// A price as `0.21`, `0.21QED`, `0.21 QED/kWh` or `210000000000plancks`, each per kWh.
///
/// # Errors
/// As [`BadAmount`] says.
pub fn parse_price(text: &str) -> Result<PricePerKwh, BadAmount> {
    PRICE.read(text).map(PricePerKwh)
}

/// Energy as `1.5kWh` or `1500Wh`.
///
/// # Errors
/// As [`BadAmount`] says.
pub fn parse_energy(text: &str) -> Result<Wh, BadAmount> {
    let energy = ENERGY.read(text)?;
    energy.try_into().map(Wh).map_err(|_| BadAmount::TooLarge(text.trim().to_owned()))
}

/// Money as `0.21 QED`, exactly.
pub fn money(amount: Plancks) -> String {
    format!("{} QED", plain(amount, QED_PLACES))
}

/// A price as `0.21 QED/kWh`, exactly.
pub fn price(price: PricePerKwh) -> String {
    format!("{} QED/kWh", plain(price.0, QED_PLACES))
}

/// Energy as 1.5kWh, 1500Wh, or a whole number of Wh.
///
/// # Errors
/// As [`parse_energy`], but for a bare whole number.
pub fn parse_wh(text: &str) -> Result<u64, BadAmount> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| BadAmount::TooLarge(text.to_owned()));
    }
    parse_energy(text).map(|energy| energy.0)
}

/// Energy as `1.5 kWh`, exactly.
pub fn energy(energy: Wh) -> String {
    format!("{} kWh", plain(energy.0.into(), KWH_PLACES))
}

/// Plancks as QED, exactly and without the unit: for columns that name it.
pub fn in_qed(amount: Plancks) -> String {
    plain(amount, QED_PLACES)
}

/// Energy in kWh, exactly and without the unit: for columns that name it.
pub fn in_kwh(energy: Wh) -> String {
    plain(energy.0.into(), KWH_PLACES)
}

/// Plancks as they stand in JSON, for `json!`.
pub fn json(amount: Plancks) -> serde_json::Value {
    serde_json::Value::String(amount.to_string())
}

/// Wh as kWh with three decimals, for tables of figures.
pub fn kwh(energy: Wh) -> String {
    format!("{}.{:03}", energy.0 / 1_000, energy.0 % 1_000)
}

/// Plancks as QED, with as many decimals as are told, rounded down: for tables of figures. What somebody owes, pays
/// or may choose is printed exactly.
pub fn qed(amount: Plancks, decimals: u32) -> String {
    const ONE: Plancks = 1_000_000_000_000;
    let shown = amount % ONE / 10_u128.pow(12_u32.saturating_sub(decimals.min(12)));
    format!("{}.{shown:0width$}", amount / ONE, width = decimals.min(12) as usize)
}

impl Units {
    fn read(&self, text: &str) -> Result<u128, BadAmount> {
        let text = text.trim();
        let number = |number: &str| {
            number.parse::<Decimal>().map_err(|wrong| match wrong {
                NotDecimal::Behind(unit) => {
                    BadAmount::Unit { text: text.to_owned(), unit, known: self.known }
                }
                // Not even where the number should be.
                NotDecimal::Missing => {
                    BadAmount::NoNumber { text: text.to_owned(), wrong: NotDecimal::NotANumber }
                }
                wrong => BadAmount::NoNumber { text: text.to_owned(), wrong },
            })
        };
        let with_unit =
            self.units.iter().find_map(|(unit, places)| Some((without_unit(text, unit)?, *places)));
        let (number, places) = match with_unit {
            // A unit that ends as one of ours, such as MWh, is named whole.
            Some((digits, places)) => match number(digits) {
                Err(BadAmount::Unit { .. }) => (number(text)?, places),
                read => (read?, places),
            },
            None => {
                let number = number(text)?;
                let (units, places) = self.bare;
                let whole = number.exactly(0).is_ok_and(|number| number > LARGEST_BARE);
                match places {
                    _ if number.is_negative() => return Err(BadAmount::Negative(text.to_owned())),
                    Some(places) if !whole || text.contains('.') => (number, places),
                    _ => return Err(BadAmount::Bare { text: text.to_owned(), units }),
                }
            }
        };
        number.exactly(places).map_err(|misfit| match misfit {
            Misfit::Negative => BadAmount::Negative(text.to_owned()),
            Misfit::Places => BadAmount::TooFine { text: text.to_owned(), step: self.step },
            Misfit::Large => BadAmount::TooLarge(text.to_owned()),
        })
    }
}

/// What stands before `unit`, in capitals or not, and before the blanks before it.
fn without_unit<'t>(text: &'t str, unit: &str) -> Option<&'t str> {
    let (number, end) = text.split_at_checked(text.len().checked_sub(unit.len())?)?;
    end.eq_ignore_ascii_case(unit).then(|| number.trim_end())
}

/// An amount that is plancks.
pub trait AsPlancks: Sized {
    /// How many.
    fn plancks(&self) -> Plancks;
    /// So many of them.
    fn of_plancks(plancks: Plancks) -> Self;
}

impl AsPlancks for Plancks {
    fn plancks(&self) -> Plancks {
        *self
    }

    fn of_plancks(plancks: Plancks) -> Self {
        plancks
    }
}

impl AsPlancks for PricePerKwh {
    fn plancks(&self) -> Plancks {
        self.0
    }

    fn of_plancks(plancks: Plancks) -> Self {
        Self(plancks)
    }
}

/// Plancks as a string of decimal digits, for `#[serde(with = "as_plancks_string")]`.
pub mod as_plancks_string {
    use super::AsPlancks;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes a string.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(amount: &impl AsPlancks, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&amount.plancks())
    }

    /// Reads a string, and nothing else: of a number, digits may be lost already.
    ///
    /// # Errors
    /// Those of the deserializer, and if the string is not decimal digits that a `u128` holds.
    pub fn deserialize<'de, A: AsPlancks, D: Deserializer<'de>>(from: D) -> Result<A, D::Error> {
        let text = String::deserialize(from)?;
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let plancks = text.parse().ok().filter(|_| is_digits).ok_or_else(|| {
            D::Error::custom(format_args!("{text:?} is no amount of plancks in decimal digits"))
        })?;
        Ok(A::of_plancks(plancks))
    }

    /// Plancks or `null`, for `#[serde(with = "as_plancks_string::option")]`.
    pub mod option {
        use super::super::AsPlancks;
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        #[derive(Serialize, Deserialize)]
        #[serde(transparent, bound = "A: AsPlancks")]
        struct Plancks<A>(#[serde(with = "super")] A);

        /// Writes a string or `null`.
        ///
        /// # Errors
        /// Those of the serializer.
        pub fn serialize<A: AsPlancks, S: Serializer>(
            amount: &Option<A>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            amount.as_ref().map(|amount| Plancks(amount.plancks())).serialize(to)
        }

        /// Reads a string or `null`.
        ///
        /// # Errors
        /// As in [`super::deserialize`].
        pub fn deserialize<'de, A: AsPlancks, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<A>, D::Error> {
            Ok(Option::<Plancks<A>>::deserialize(from)?.map(|amount| amount.0))
        }
    }
}

#[cfg(test)]
mod tests;
