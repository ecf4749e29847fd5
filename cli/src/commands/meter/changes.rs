//! `qedex meter register`, `rotate`, `transfer`, `decommission` and `remove`: what installers do.

use crate::{
    accounts::{parse_account, parse_bytes32},
    commands::options::{Sign, parse_wh, scheme},
    error::Error,
    output::{self, say},
};
use clap::Args;
use qedex_client::{
    keys::Scheme,
    market::Account,
    metering::{self, Change},
    text::account_text,
};
use qedex_primitives::{MeterKey, Wh};
use serde_json::json;
use subxt::tx::Payload;

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

/// Options of `meter register`.
#[derive(Debug, Args)]
pub struct Register {
    /// Whose energy it measures.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    owner: Account,
    /// Its key.
    #[command(flatten)]
    key: PublicKey,
    /// The most that it may read in one slot and direction, in Wh or with its unit as 4kWh.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    capacity: u64,
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
    /// Its new owner.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    owner: Account,
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

/// Signs a call that changes a meter, and says from which slot on.
async fn change(by: &Sign, meter: u32, what: &str, call: &impl Payload) -> Result<(), Error> {
    let (block, included) = by.call(what, call).await?;
    let from = included.meters.iter().find_map(|change| match change {
        Change::From(slot) => Some(*slot),
        Change::Corrected(_) => None,
    });
    let from = from.ok_or_else(|| Error::answer("no meter was changed".to_owned()))?;
    if by.json {
        return output::json(&json!({ "meter": meter, "from": from, "block": block.number }));
    }
    say!("{what} of meter {meter} is in block {} and counts from slot {from} on", block.number)?;
    Ok(())
}

/// Registers a meter and says its number.
pub async fn register(args: &Register) -> Result<(), Error> {
    let mut session = args.by.open().await?;
    let call = metering::register(args.owner, args.key.of_meter(), Wh(args.capacity));
    let (block, _) = session.call("the meter", &call, &args.by.key()?).await?;
    let hex = format!("0x{}", hex::encode(args.key.key));
    let all = metering::meters(session.at()).await?;
    let made = all
        .iter()
        .find(|meter| meter.current.key.key == hex && meter.current.key.scheme == args.key.scheme)
        .ok_or_else(|| Error::answer("the meter is not on record".to_owned()))?;
    if args.by.json {
        return output::json(&json!({
            "meter": made.meter,
            "owner": account_text(args.owner),
            "from": made.current.from,
            "block": block.number,
        }));
    }
    say!(
        "meter {} is registered in block {} and reads from slot {} on",
        made.meter,
        block.number,
        made.current.from
    )?;
    Ok(())
}

/// Gives a meter another key.
pub async fn rotate(args: &Rotate) -> Result<(), Error> {
    let call = metering::rotate(args.meter, args.key.of_meter());
    change(&args.by, args.meter, "the new key", &call).await
}

/// Gives a meter another owner.
pub async fn transfer(args: &Transfer) -> Result<(), Error> {
    let call = metering::transfer(args.meter, args.owner);
    change(&args.by, args.meter, "the new owner", &call).await
}

/// Takes a meter out of service.
pub async fn decommission(args: &Decommission) -> Result<(), Error> {
    let call = metering::decommission(args.meter);
    change(&args.by, args.meter, "the end", &call).await
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
