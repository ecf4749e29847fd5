//! `qedex attribute`, `credential`, `policy`, `role` and `blacklist`: who may do what.

mod attribute;
mod blacklist;
mod credential;
mod policy;
mod role;

pub use attribute::Attribute;
pub use blacklist::Blacklist;
pub use credential::Credential;
pub use policy::Policy;
pub use role::Role;

use super::{council::print_opened, open, print_json};
use crate::{
    args::Node,
    chain::{
        At, Chain,
        block::{Block, Transaction},
        council::Acted,
        keys::{self, Keypair},
        membership::{self, Act, Authority},
        session::Session,
    },
    error::Error,
    market::Account,
};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use std::{collections::BTreeSet, str::FromStr};
use subxt::{tx::Payload, utils::AccountId32};

/// Options of what only reads.
#[derive(Debug, Args)]
pub struct Ask {
    /// Which node.
    #[command(flatten)]
    node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of what changes something.
#[derive(Debug, Args)]
pub struct Sign {
    /// Which node.
    #[command(flatten)]
    node: Node,
    /// The secret URI of the account that signs.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of what the administration may do: the council or, on a development chain, Root.
#[derive(Debug, Args)]
pub struct Administer {
    /// Who signs.
    #[command(flatten)]
    sign: Sign,
    /// Proposes it to the council, of which the signer is a member: done when two thirds of the
    /// members have voted for it and somebody closes the motion (qedex council).
    #[arg(long, conflicts_with = "sudo")]
    council: bool,
    /// Acts as Root, by the sudo key of a development chain.
    #[arg(long)]
    sudo: bool,
}

impl Ask {
    pub(super) async fn at(&self) -> Result<At, Error> {
        Chain::connect(&self.node.url, self.node.genesis)
            .await?
            .now()
            .await
    }
}

impl Sign {
    pub(super) async fn open(&self) -> Result<Session, Error> {
        // A malformed secret is refused before anybody is asked.
        self.key()?;
        open(&self.node).await
    }

    pub(super) fn key(&self) -> Result<Keypair, Error> {
        keys::from_suri(&self.suri)
    }

    /// Does it by the signer's own right.
    async fn act(
        &self,
        session: &mut Session,
        what: &str,
        act: Act<impl Payload>,
    ) -> Result<(Block, Transaction), Error> {
        session.call(what, act.direct(), &self.key()?).await
    }
}

impl Administer {
    pub(super) async fn open(&self) -> Result<Session, Error> {
        self.sign.open().await
    }

    pub(super) const fn json(&self) -> bool {
        self.sign.json
    }

    const fn authority(&self) -> Authority {
        match (self.council, self.sudo) {
            (true, _) => Authority::Council,
            (false, true) => Authority::Root,
            (false, false) => Authority::Signer,
        }
    }

    /// Does it. If it waits for the council's votes instead, prints that, and there is nothing more
    /// to say.
    pub(super) async fn act(
        &self,
        session: &mut Session,
        what: &str,
        act: Act<impl Payload>,
    ) -> Result<Option<(Block, Transaction)>, Error> {
        let by = self.authority();
        match session.act(what, act, &self.sign.key()?, by).await? {
            Acted::Done(done) => {
                if by == Authority::Council && !self.json() {
                    println!("the council has one member, whose word is enough");
                }
                Ok(Some(*done))
            }
            Acted::Proposed(opened) => {
                print_opened(what, &opened, self.json())?;
                Ok(None)
            }
        }
    }
}

/// An account: its ss58 address, its 32 bytes in hexadecimal, or a well-known one such as //Dave.
pub fn parse_account(text: &str) -> Result<Account, String> {
    let bad = || format!("{text:?} is no account");
    if text.starts_with("//") {
        let key = keys::from_suri(text).map_err(|_| bad())?;
        return Ok(keys::account_of(&key));
    }
    if let Some(bytes) = text.strip_prefix("0x") {
        let bytes = hex::decode(bytes).map_err(|_| bad())?;
        return bytes.try_into().map_err(|_| bad());
    }
    AccountId32::from_str(text)
        .map(|account| account.0)
        .map_err(|_| bad())
}

/// 32 bytes in hexadecimal.
fn parse_owner(text: &str) -> Result<[u8; 32], String> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text))
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| "an owner is 32 bytes in hexadecimal".to_owned())
}

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
            membership::account_text(*twice)
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
                Err(format!(
                    "several attributes are named {name:?}: {all}; give a number instead"
                ))
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

    /// The number that an argument gives by itself or by name.
    fn resolve(&self, text: &str) -> Result<u32, Error> {
        // A number has no sign.
        let number = text.parse().ok().filter(|_| !text.starts_with('+'));
        number.map_or_else(|| self.number(text).map_err(Error::BadInput), Ok)
    }
}

/// A moment for people: days, hours and minutes from `now`, or since.
fn distance(moment: u64, now: u64) -> String {
    let minutes = moment.abs_diff(now) / 60_000;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let long = match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    };
    if moment >= now {
        format!("in {long}")
    } else {
        format!("{long} ago")
    }
}

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(header.to_vec());
    table.add_rows(rows);
    table
}

#[cfg(test)]
mod tests;
