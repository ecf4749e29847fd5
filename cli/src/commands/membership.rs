//! `qedex owner`, `attribute`, `credential`, `policy`, `role` and `blacklist`: who may do what.

mod attribute;
mod blacklist;
mod credential;
mod owner;
mod policy;
mod role;

pub use attribute::Attribute;
pub use blacklist::Blacklist;
pub use credential::Credential;
pub use owner::Owner;
pub use policy::Policy;
pub use role::Role;

use super::options::{Administer, Ask, Sign};
use crate::{
    accounts::{parse_account, parse_bytes32},
    error::Error,
    output,
};
use clap::builder::TypedValueParser;
use comfy_table::Table;
use qedex_client::{At, market::Account, membership};
use std::collections::BTreeSet;

/// Text of at most `longest` bytes.
fn parse_text<const LONGEST: usize>(text: &str) -> Result<String, String> {
    if text.len() > LONGEST {
        return Err(format!("longer than {LONGEST} bytes"));
    }
    Ok(text.to_owned())
}

/// Text of at most `longest` bytes that is not blank.
fn parse_words<const LONGEST: usize>(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("there is nothing but blanks in it".to_owned());
    }
    parse_text::<LONGEST>(text)
}

/// Refuses accounts among which there is one twice.
fn each_once(accounts: &[Account]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    match accounts.iter().find(|account| !seen.insert(**account)) {
        None => Ok(()),
        Some(twice) => Err(Error::BadInput(format!(
            "{} is named twice",
            qedex_client::text::account_text(*twice)
        ))),
    }
}

/// The attributes of the community, by number and by name.
struct Universe(Vec<membership::Attribute>);

impl Universe {
    async fn read(at: &At) -> Result<Self, Error> {
        Ok(Self(membership::attributes(at).await?))
    }

    /// The number of the only attribute of this name.
    fn number(&self, name: &str) -> Result<u32, String> {
        let named = self.0.iter().filter(|attribute| attribute.name == name);
        let numbers: Vec<u32> = named.map(|attribute| attribute.attribute).collect();
        match numbers.as_slice() {
            [] => Err(format!("no attribute {name:?}")),
            [number] => Ok(*number),
            several => {
                let all: Vec<_> = several.iter().map(u32::to_string).collect();
                let all = all.join(", ");
                Err(format!("several attributes are named {name:?}: {all}; give a number instead"))
            }
        }
    }

    /// The name by which [`Universe::number`] finds an attribute.
    fn name(&self, number: u32) -> Option<String> {
        let attribute = self.0.iter().find(|info| info.attribute == number)?;
        (self.number(&attribute.name) == Ok(number)).then(|| attribute.name.clone())
    }

    /// For people: the name, or the number.
    fn label(&self, number: u32) -> String {
        self.name(number).unwrap_or_else(|| number.to_string())
    }

    /// For how long credentials of an attribute are issued at most, in milliseconds.
    fn term(&self, number: u32) -> u64 {
        self.0.iter().find(|info| info.attribute == number).map_or(0, |info| info.term)
    }

    /// The number that an argument gives by itself or by name.
    fn resolve(&self, text: &str) -> Result<u32, Error> {
        // A number has no sign.
        let number = text.parse().ok().filter(|_| !text.starts_with('+'));
        number.map_or_else(|| self.number(text).map_err(Error::BadInput), Ok)
    }
}

/// A moment for people: days, hours and minutes from `now`, or since.
pub(super) fn distance(moment: u64, now: u64) -> String {
    let minutes = moment.abs_diff(now) / 60_000;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let long = match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    };
    if moment >= now { format!("in {long}") } else { format!("{long} ago") }
}

/// In milliseconds.
const DAY: u64 = 24 * 3_600_000;

/// How many days ahead of the chain's time a credential may expire, whatever the attribute's term: 100
/// years. One that expires later, by a slip of the pen, would never be renewed, and its bond never be
/// given back.
const MOST_DAYS: u64 = 36_500;

/// A number of days of a credential.
fn days() -> impl TypedValueParser<Value = u64> {
    clap::value_parser!(u64).range(1..=MOST_DAYS)
}

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = output::table(header.to_vec());
    table.add_rows(rows);
    table
}

#[cfg(test)]
mod tests;
