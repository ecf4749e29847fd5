//! Options that many commands share, and how their values are read.

use crate::{
    error::Error,
    output::{self, say},
};
use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use qedex_client::{
    At, Chain, H256,
    act::{Act, Authority},
    block::{Block, Transaction},
    council::Acted,
    council::Opened,
    keys::{self, Keypair},
    market::Account,
    membership::Role,
    metering::Scheme,
    session::Session,
};
use serde_json::json;
use std::str::FromStr;
use subxt::{tx::Payload, utils::AccountId32};

/// Which node, and of which chain.
#[derive(Debug, Args)]
pub struct Node {
    /// The node's WebSocket address.
    #[arg(long, default_value = "ws://127.0.0.1:9944")]
    pub url: String,
    /// The chain's genesis hash; a node of any other chain is refused.
    #[arg(long, value_name = "HEX", value_parser = parse_hash)]
    pub genesis: Option<H256>,
}

/// Options of what only reads.
#[derive(Debug, Args)]
pub struct Ask {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of what changes something.
#[derive(Debug, Args)]
pub struct Sign {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// The secret URI of the account that signs.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
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

impl Node {
    /// A connection to it.
    pub async fn connect(&self) -> Result<Chain, Error> {
        Ok(Chain::connect(&self.url, self.genesis).await?)
    }

    /// A session with it.
    pub async fn open(&self) -> Result<Session, Error> {
        Ok(Session::open(self.connect().await?).await?)
    }
}

impl Ask {
    pub async fn at(&self) -> Result<At, Error> {
        Ok(self.node.connect().await?.now().await?)
    }
}

impl Sign {
    pub async fn open(&self) -> Result<Session, Error> {
        // A malformed secret is refused before anybody is asked.
        self.key()?;
        self.node.open().await
    }

    /// A session, and the key that signs in it.
    pub async fn begin(&self) -> Result<(Session, Keypair), Error> {
        Ok((self.open().await?, self.key()?))
    }

    pub fn key(&self) -> Result<Keypair, Error> {
        Ok(keys::from_suri(&self.suri)?)
    }

    /// Signs a call in a session of its own and waits for its block.
    pub async fn call(
        &self,
        what: &str,
        call: &impl Payload,
    ) -> Result<(Block, Transaction), Error> {
        let mut session = self.open().await?;
        Ok(session.call(what, call, &self.key()?).await?)
    }

    /// Does it by the signer's own right.
    pub async fn act(
        &self,
        session: &mut Session,
        what: &str,
        act: Act<impl Payload>,
    ) -> Result<(Block, Transaction), Error> {
        Ok(session.call(what, act.direct(), &self.key()?).await?)
    }
}

impl Administer {
    pub async fn open(&self) -> Result<Session, Error> {
        self.sign.open().await
    }

    pub const fn json(&self) -> bool {
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
    pub async fn act(
        &self,
        session: &mut Session,
        what: &str,
        act: Act<impl Payload>,
    ) -> Result<Option<(Block, Transaction)>, Error> {
        let by = self.authority();
        match session.act(what, act, &self.sign.key()?, by).await? {
            Acted::Done(done) => {
                if by == Authority::Council && !self.json() {
                    say!("the council has one member, whose word is enough")?;
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

/// Says that a motion about `what` waits for votes.
pub fn print_opened(what: &str, opened: &Opened, json: bool) -> Result<(), Error> {
    if json {
        return output::json(&json!({
            "motion": opened.index,
            "hash": format!("{:?}", opened.hash),
            "threshold": opened.threshold,
            "members": opened.members,
            "end": opened.end,
            "executed": false,
            "block": opened.block,
        }));
    }
    say!(
        "{what}: motion {} ({:?}) is proposed in block {} and waits until block {} for the ayes of \
         {} of {} members; whoever proposed it votes as well",
        opened.index,
        opened.hash,
        opened.block,
        opened.end,
        opened.threshold,
        opened.members
    )?;
    Ok(())
}

fn parse_hash(text: &str) -> Result<H256, String> {
    parse_bytes32(text).map(H256)
}

/// One of a few values by its name; of each its name, what it stands for, and what it means.
pub fn named<T: Copy + Send + Sync + 'static>(
    values: &'static [(&'static str, T, &'static str)],
) -> impl TypedValueParser<Value = T> {
    let possible = values.iter().map(|(name, _, help)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(possible).try_map(move |given| {
        let found = values.iter().find(|(name, ..)| *name == given).map(|(_, value, _)| *value);
        found.ok_or_else(|| format!("{given:?} is none of them"))
    })
}

/// A scheme of signatures.
pub fn scheme() -> impl TypedValueParser<Value = Scheme> {
    named(&[
        ("sr25519", Scheme::Sr25519, "Schnorr over Ristretto"),
        ("ed25519", Scheme::Ed25519, "EdDSA over Curve25519"),
    ])
}

/// A role.
pub fn role() -> impl TypedValueParser<Value = Role> {
    named(&[
        ("trade", Role::Trade, "Place bids"),
        ("sell", Role::Sell, "Place asks"),
        ("install-meters", Role::InstallMeters, "Register meters for others"),
        ("broker", Role::Broker, "Act for others"),
        ("validate", Role::Validate, "Write blocks"),
        ("aggregate", Role::Aggregate, "Announce the leader's terms of a slot"),
    ])
}

/// An account: its ss58 address, its 32 bytes in hexadecimal, or a well-known one such as //Dave.
pub fn parse_account(text: &str) -> Result<Account, String> {
    let bad = || format!("{text:?} is no account");
    if text.starts_with("//") {
        let key = keys::from_suri(text).map_err(|_| bad())?;
        return Ok(keys::account_of(&key));
    }
    if text.starts_with("0x") {
        return parse_bytes32(text).map_err(|_| bad());
    }
    AccountId32::from_str(text).map(|account| account.0).map_err(|_| bad())
}

/// 32 bytes in hexadecimal, with or without 0x.
pub fn parse_bytes32(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|e| e.to_string())?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| format!("32 bytes are expected, and these are {length}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        args::{Cli, Command},
        commands::membership::Role,
    };
    use clap::Parser;
    use qedex_client::text::account_text;

    #[test]
    fn an_account_is_read_in_three_ways() {
        let dave = keys::account_of(&keys::from_suri("//Dave").unwrap());
        let address = account_text(dave);
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
    fn bytes_are_32_in_hexadecimal() {
        let text = "07".repeat(32);
        assert_eq!(parse_bytes32(&text), Ok([7; 32]));
        assert_eq!(parse_bytes32(&format!("0x{text}")), Ok([7; 32]));
        for (bad, why) in [
            ("", "these are 0"),
            ("0x01", "32 bytes are expected, and these are 1"),
            (&text[1..], "Odd number of digits"),
            (&text.replace('7', "g"), "Invalid character"),
        ] {
            let said = parse_bytes32(bad).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn whose_right_it_is_done_by_is_said_by_the_flags() {
        for (by, authority) in [
            (&[][..], Authority::Signer),
            (&["--council"], Authority::Council),
            (&["--sudo"], Authority::Root),
        ] {
            let set = ["qedex", "role", "set", "sell", "1", "--suri", "//Alice"];
            let cli = Cli::try_parse_from([&set[..], by].concat()).unwrap();
            let Command::Role(Role::Set { sign, .. }) = cli.command else { panic!("role set") };
            assert_eq!(sign.authority(), authority);
        }
    }
}
