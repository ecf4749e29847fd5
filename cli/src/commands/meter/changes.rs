//! `qedex meter register`, `rotate`, `transfer`, `rate` and `decommission`: what installers file; and
//! `remove`.

use crate::{
    accounts::parse_account,
    commands::options::{Sign, scheme},
    error::Error,
    output::{self, say},
};
use clap::Args;
use qedex_client::{
    amounts::parse_wh,
    keys::Scheme,
    market::Account,
    metering::{self, Change, ConnectionNumber, Done, MeterKind, MeterRatings},
    text::parse_bytes32,
};
use qedex_primitives::{MeterId, MeterKey, Wh};
use serde_json::json;

/// A meter's public key.
#[derive(Debug, Args)]
pub struct PublicKey {
    /// The meter's public key: 32 bytes in hexadecimal.
    #[arg(long, value_name = "HEX", value_parser = parse_bytes32)]
    key: [u8; 32],
    /// The scheme of its signatures.
    #[arg(long, value_parser = scheme(), default_value = "sr25519")]
    scheme: Scheme,
}

impl PublicKey {
    /// It, as the chain keeps it.
    fn of_meter(&self) -> MeterKey {
        self.scheme.key(self.key)
    }
}

/// What a meter can read.
#[derive(Debug, Args)]
pub struct Rated {
    /// The most that can leave in one slot, in Wh or with its unit as 4kWh.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    out: u64,
    /// The most that can enter in one slot, in Wh or with its unit as 4kWh.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    into: u64,
}

impl Rated {
    const fn ratings(&self) -> MeterRatings {
        MeterRatings { out: Wh(self.out), into: Wh(self.into) }
    }
}

/// Where a meter sits.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// It sits at the connection of this number, which the grid operator gave it.
    #[arg(long, value_name = "NUMBER", value_parser = parse_connection)]
    connection: Option<ConnectionNumber>,
    /// It sits behind the connection of this number: it is recorded, and delivers nothing.
    #[arg(long, value_name = "NUMBER", value_parser = parse_connection)]
    behind: Option<ConnectionNumber>,
}

impl Place {
    fn kind(&self) -> MeterKind {
        // One of the two is given.
        match (&self.connection, &self.behind) {
            (Some(number), _) => MeterKind::Connection(number.clone()),
            (None, behind) => MeterKind::Behind(behind.clone().unwrap_or_default()),
        }
    }
}

fn parse_connection(text: &str) -> Result<ConnectionNumber, &'static str> {
    ConnectionNumber::try_from(text)
}

/// Options of `meter register`.
#[derive(Debug, Args)]
pub struct Register {
    /// Who will answer for it; it measures the energy of this account's owner.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    owner: Account,
    /// Its key.
    #[command(flatten)]
    key: PublicKey,
    /// Where it sits.
    #[command(flatten)]
    place: Place,
    /// What it can read.
    #[command(flatten)]
    rated: Rated,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `meter rotate`.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// Its new key.
    #[command(flatten)]
    key: PublicKey,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `meter transfer`.
#[derive(Debug, Args)]
pub struct Transfer {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// Who will answer for it.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    owner: Account,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `meter rate`.
#[derive(Debug, Args)]
pub struct Rate {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// What it can read.
    #[command(flatten)]
    rated: Rated,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `meter decommission`.
#[derive(Debug, Args)]
pub struct Decommission {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `meter remove`.
#[derive(Debug, Args)]
pub struct Remove {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Files a change, and says its number and its hash.
async fn file(by: &Sign, what: &str, change: Change<Account>) -> Result<(), Error> {
    let (block, included) = by.call(what, &metering::propose(change)).await?;
    let filed = included.meters.iter().find_map(|done| match done {
        Done::Proposed { change, hash } => Some((*change, format!("{hash:?}"))),
        _ => None,
    });
    let (change, hash) = filed.ok_or_else(|| Error::answer("no change was filed".to_owned()))?;
    if by.json {
        return output::json(&json!({ "change": change, "hash": hash, "block": block.number }));
    }
    say!("{what} is filed in block {} as change {change}", block.number)?;
    say!("it takes effect once everybody concerned and a second installer confirm its hash:")?;
    say!("{hash}")?;
    Ok(())
}

/// Files a new meter.
pub async fn register(args: &Register) -> Result<(), Error> {
    let change = Change::Register {
        account: args.owner,
        key: args.key.of_meter(),
        kind: args.place.kind(),
        ratings: args.rated.ratings(),
    };
    file(&args.by, "the meter", change).await
}

/// Files another key.
pub async fn rotate(args: &Rotate) -> Result<(), Error> {
    let (meter, key) = (MeterId(args.meter), args.key.of_meter());
    file(&args.by, "the new key", Change::RotateKey { meter, key }).await
}

/// Files another owner.
pub async fn transfer(args: &Transfer) -> Result<(), Error> {
    let change = Change::Transfer { meter: MeterId(args.meter), account: args.owner };
    file(&args.by, "the new owner", change).await
}

/// Files other ratings.
pub async fn rate(args: &Rate) -> Result<(), Error> {
    let (meter, ratings) = (MeterId(args.meter), args.rated.ratings());
    file(&args.by, "the rating", Change::Rate { meter, ratings }).await
}

/// Files the end of a meter's service.
pub async fn decommission(args: &Decommission) -> Result<(), Error> {
    file(&args.by, "the end", Change::Decommission { meter: MeterId(args.meter) }).await
}

/// Removes a meter from storage.
pub async fn remove(args: &Remove) -> Result<(), Error> {
    let call = metering::remove(args.meter);
    let (block, _) = args.by.call("the removal of the meter", &call).await?;
    if args.by.json {
        return output::json(&json!({ "meter": args.meter, "block": block.number }));
    }
    say!("meter {} is removed in block {}", args.meter, block.number)?;
    Ok(())
}
