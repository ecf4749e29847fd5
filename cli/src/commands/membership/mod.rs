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

use super::{open, print_json};
use crate::{
    args::Node,
    chain::{
        At, Chain,
        block::{Block, Transaction},
        keys,
        membership::{self, Act},
        session::Session,
    },
    error::Error,
    market::Account,
};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use std::str::FromStr;
use subxt::{tx::Payload, utils::AccountId32};

/// Options of what only reads.
#[derive(Debug, Args)]
pub struct Ask {
    /// Which node.
    #[command(flatten)]
    node: Node,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
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
    /// Acts as Root, by the sudo key of a development chain.
    #[arg(long)]
    sudo: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Ask {
    async fn at(&self) -> Result<At, Error> {
        Chain::connect(&self.node.url, self.node.genesis)
            .await?
            .now()
            .await
    }
}

impl Sign {
    async fn open(&self) -> Result<Session, Error> {
        // A malformed secret is refused before anybody is asked.
        keys::from_suri(&self.suri)?;
        open(&self.node).await
    }

    async fn act(
        &self,
        session: &mut Session,
        what: &str,
        act: Act<impl Payload>,
    ) -> Result<(Block, Transaction), Error> {
        let key = keys::from_suri(&self.suri)?;
        session.act(what, act, &key, self.sudo).await
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

/// The attributes of the community, by number and by name.
struct Universe(Vec<membership::Attribute>);

impl Universe {
    async fn read(at: &At) -> Result<Self, Error> {
        Ok(Self(membership::attributes(at).await?))
    }

    /// The number of the attribute of this name; if several have it, there is none.
    fn number(&self, name: &str) -> Option<u32> {
        let mut named = self.0.iter().filter(|attribute| attribute.name == name);
        let first = named.next()?;
        named.next().is_none().then_some(first.attribute)
    }

    /// The name by which [`Universe::number`] finds an attribute.
    fn name(&self, number: u32) -> Option<String> {
        let attribute = self.0.iter().find(|info| info.attribute == number)?;
        (self.number(&attribute.name) == Some(number)).then(|| attribute.name.clone())
    }

    /// For people: the name, or the number.
    fn label(&self, number: u32) -> String {
        self.name(number).unwrap_or_else(|| number.to_string())
    }

    /// The number that an argument gives by itself or by name.
    fn resolve(&self, text: &str) -> Result<u32, Error> {
        text.parse()
            .ok()
            .or_else(|| self.number(text))
            .ok_or_else(|| Error::BadInput(format!("no attribute, or several, named {text:?}")))
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
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn universe(names: &[&str]) -> Universe {
        let attribute = |(number, name): (usize, &&str)| membership::Attribute {
            attribute: number as u32,
            name: (*name).to_owned(),
            description: String::new(),
            issuer: String::new(),
            version: 0,
            credentials: 0,
        };
        Universe(names.iter().enumerate().map(attribute).collect())
    }

    #[test]
    fn an_account_is_read_in_three_ways() {
        let dave = keys::account_of(&keys::from_suri("//Dave").unwrap());
        let address = membership::account_text(dave);
        assert!(address.starts_with('5'), "ss58 prefix 42");
        let hex = format!("0x{}", hex::encode(dave));
        for text in ["//Dave", &address, &hex] {
            assert_eq!(parse_account(text), Ok(dave), "{text}");
        }
        let mut wrong = address;
        wrong.pop();
        for text in [&wrong, "Dave", "0x12", ""] {
            assert!(parse_account(text).unwrap_err().contains("no account"));
        }
    }

    #[test]
    fn an_attribute_is_named_by_number_or_by_a_name_of_its_own() {
        let universe = universe(&["solar", "twin", "twin"]);
        assert_eq!(universe.resolve("solar").unwrap(), 0);
        assert_eq!(universe.resolve("7").unwrap(), 7);
        for text in ["twin", "wind", "-1"] {
            let error = universe.resolve(text).unwrap_err();
            assert!(matches!(error, Error::BadInput(_)), "{text}: {error}");
        }
        assert_eq!(universe.label(0), "solar");
        assert_eq!(universe.label(2), "2");
        assert_eq!(universe.label(9), "9");
    }

    #[test]
    fn moments_are_told_as_distances() {
        assert_eq!(distance(90_000, 30_000), "in 1 min");
        assert_eq!(distance(0, 3_600_000 + 120_000), "1 h 2 min ago");
        assert_eq!(distance(26 * 3_600_000, 0), "in 1 d 2 h");
    }

    #[test]
    fn every_command_of_the_groups_is_read() {
        for arguments in [
            &["attribute", "list", "--json"][..],
            &[
                "attribute",
                "register",
                "--name",
                "wind",
                "--description",
                "Owns a turbine",
                "--issuer",
                "//Alice",
                "--suri",
                "//Alice",
                "--sudo",
            ],
            &["attribute", "bump", "solar", "--suri", "//Alice"],
            &[
                "attribute",
                "set-issuer",
                "1",
                "--issuer",
                "//Bob",
                "--suri",
                "//Alice",
                "--sudo",
            ],
            &["attribute", "remove", "1", "--suri", "//Alice", "--sudo"],
            &[
                "credential",
                "issue",
                "--attribute",
                "solar",
                "--who",
                "//Eve",
                "--who",
                "//Dave",
                "--days",
                "30",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "reissue",
                "--attribute",
                "solar",
                "--all",
                "--suri",
                "//Alice",
                "--genesis",
                "0x0000000000000000000000000000000000000000000000000000000000000000",
            ],
            &[
                "credential",
                "revoke",
                "--attribute",
                "1",
                "--who",
                "//Eve",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "clear",
                "--attribute",
                "1",
                "--who",
                "//Eve",
                "--suri",
                "//Bob",
            ],
            &[
                "credential",
                "list",
                "--who",
                "//Eve",
                "--url",
                "ws://127.0.0.1:1",
            ],
            &[
                "policy",
                "create",
                "2 of (solar, battery, 3)",
                "--suri",
                "//Eve",
            ],
            &["policy", "remove", "5", "--suri", "//Eve"],
            &["policy", "list"],
            &[
                "policy",
                "explain",
                "--account",
                "//Eve",
                "--role",
                "install-meters",
            ],
            &[
                "policy",
                "explain",
                "--account",
                "//Eve",
                "--policy",
                "1",
                "--json",
            ],
            &["role", "list"],
            &["role", "set", "sell", "1", "--suri", "//Alice", "--sudo"],
            &[
                "blacklist",
                "add",
                "//Eve",
                "--hours",
                "24",
                "--reason",
                "tampering",
                "--suri",
                "//Alice",
                "--sudo",
            ],
            &["blacklist", "remove", "//Eve", "--suri", "//Alice"],
            &["blacklist", "list"],
        ] {
            let all = ["qedex"].iter().chain(arguments);
            let cli = Cli::try_parse_from(all).unwrap_or_else(|e| panic!("{arguments:?}: {e}"));
            let group = match cli.command {
                Command::Attribute(_) => "attribute",
                Command::Credential(_) => "credential",
                Command::Policy(_) => "policy",
                Command::Role(_) => "role",
                Command::Blacklist(_) => "blacklist",
                _ => "another",
            };
            assert_eq!(group, arguments[0]);
        }
    }

    #[test]
    fn bad_arguments_of_the_groups_are_refused_with_status_2() {
        let long = "x".repeat(33);
        for arguments in [
            &["attribute", "bump", "--suri", "//Alice"][..],
            &[
                "attribute",
                "register",
                "--name",
                &long,
                "--issuer",
                "//Alice",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "issue",
                "--attribute",
                "1",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "issue",
                "--attribute",
                "1",
                "--who",
                "Eve",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "issue",
                "--attribute",
                "1",
                "--who",
                "//Eve",
                "--days",
                "1",
                "--expires",
                "1",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "issue",
                "--attribute",
                "1",
                "--who",
                "//Eve",
                "--owner",
                "0x12",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "reissue",
                "--attribute",
                "1",
                "--who",
                "//Eve",
                "--all",
                "--suri",
                "//Alice",
            ],
            &[
                "credential",
                "reissue",
                "--attribute",
                "1",
                "--suri",
                "//Alice",
            ],
            &["policy", "explain", "--account", "//Eve"],
            &[
                "policy",
                "explain",
                "--account",
                "//Eve",
                "--policy",
                "1",
                "--role",
                "sell",
            ],
            &["policy", "explain", "--account", "//Eve", "--role", "king"],
            &["role", "set", "sell", "x", "--suri", "//Alice"],
            &[
                "blacklist",
                "add",
                "//Eve",
                "--hours",
                "0",
                "--reason",
                "r",
                "--suri",
                "//Alice",
            ],
            &[
                "blacklist",
                "add",
                "//Eve",
                "--hours",
                "745",
                "--reason",
                "r",
                "--suri",
                "//Alice",
            ],
        ] {
            let all = ["qedex"].iter().chain(arguments);
            let error = Cli::try_parse_from(all).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
        }
    }
}
