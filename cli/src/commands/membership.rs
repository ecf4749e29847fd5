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
use crate::{accounts::parse_account, output};
use clap::builder::TypedValueParser;
use comfy_table::Table;
use qedex_client::{
    membership::Universe,
    text::{DAY, distance, parse_bytes32},
};

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
