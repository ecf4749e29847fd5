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
    At, Chain, Endpoint, H256, Head,
    act::Authority,
    amounts::parse_energy,
    block::{Block, Transaction},
    council::{Acted, Opened},
    keys::{self, Keypair, Scheme},
    membership::Role,
    metering::Band,
    session::Session,
    text::parse_bytes32,
};
use qedex_math::Wh;
use serde_json::json;
use subxt::tx::Payload;

/// Which node, and of which chain.
#[derive(Debug, Args)]
pub struct Node {
    /// The node's WebSocket address: ws:// on this machine, wss:// anywhere.
    #[arg(long, default_value = "ws://127.0.0.1:9944")]
    url: String,
    /// Speaks with a node on another machine without encryption.
    #[arg(long)]
    insecure: bool,
    /// The chain's genesis hash; a node of any other chain is refused.
    #[arg(long, value_name = "HEX", value_parser = parse_hash)]
    pub genesis: Option<H256>,
    /// Goes by the best block and not by the last final one: for as long as nothing becomes final. What is
    /// read, and what is done, may still be taken back.
    #[arg(long)]
    best: bool,
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
        Ok(Chain::connect(&self.endpoint()).await?)
    }

    /// Where it is.
    pub fn endpoint(&self) -> Endpoint {
        let head = if self.best { Head::Best } else { Head::Final };
        Endpoint { url: self.url.clone(), genesis: self.genesis, insecure: self.insecure, head }
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
        call: &impl Payload,
    ) -> Result<(Block, Transaction), Error> {
        Ok(session.call(what, call, &self.key()?).await?)
    }
}

impl Administer {
    pub async fn open(&self) -> Result<Session, Error> {
        self.sign.open().await
    }

    pub const fn json(&self) -> bool {
        self.sign.json
    }

    /// Whether it is done by the signer's own right.
    pub const fn by_signer(&self) -> bool {
        matches!(self.authority(), Authority::Signer)
    }

    /// Whether it is done as Root, by the sudo key.
    pub const fn by_root(&self) -> bool {
        matches!(self.authority(), Authority::Root)
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
        call: &impl Payload,
    ) -> Result<Option<(Block, Transaction)>, Error> {
        let by = self.authority();
        match session.act(what, call, &self.sign.key()?, by).await? {
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

/// An energy.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct EnergyArg {
    /// The energy, as 1.5kWh or 1500Wh.
    #[arg(long, value_parser = parse_energy)]
    energy: Option<Wh>,
    /// The energy in Wh.
    #[arg(long)]
    wh: Option<u64>,
}

impl EnergyArg {
    /// It; one of the two options is given.
    pub fn energy(&self) -> Wh {
        self.energy.or(self.wh.map(Wh)).unwrap_or_default()
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

/// A tariff band.
pub fn band() -> impl TypedValueParser<Value = Band> {
    named(&[
        ("off", Band::Off, "Off-peak"),
        ("mid", Band::Mid, "Mid-peak, by the schedule of the day"),
        ("on", Band::On, "On-peak, by metered demand"),
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
        ("aggregate", Role::Aggregate, "Announce by how much a slot trades"),
        ("serve-keys", Role::ServeKeys, "Run a key service"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        args::{Cli, Command},
        commands::membership::Role,
    };
    use clap::Parser;

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
