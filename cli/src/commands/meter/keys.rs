//! `qedex meter key` and `qedex meter sign`: what a meter itself does.

use crate::{
    commands::options::{Node, scheme},
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::Args;
use qedex_client::{
    amounts::parse_wh,
    keys::{MeterKeys, Scheme},
    meter, metering,
    reading_file::ReadingFile,
};
use qedex_primitives::{MeterId, ReadingPayload, SlotIndex, Wh};

/// A meter's secret.
#[derive(Debug, Args)]
struct Secret {
    /// The secret URI of the meter's key.
    #[arg(long, env = "QEDEX_METER_SURI", hide_env_values = true)]
    meter_suri: String,
    /// The scheme of its signatures.
    #[arg(long, value_parser = scheme(), default_value = "sr25519")]
    scheme: Scheme,
}

/// Options of `meter key`.
#[derive(Debug, Args)]
pub struct Key {
    /// Of which meter.
    #[command(flatten)]
    secret: Secret,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `meter sign`.
#[derive(Debug, Args)]
pub struct Sign {
    /// Which chain the reading is for.
    #[command(flatten)]
    node: Node,
    /// Who signs.
    #[command(flatten)]
    secret: Secret,
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// The energy that left through the connection, in Wh, or with its unit as 1.5kWh.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    generated: u64,
    /// The energy that entered, in Wh, or with its unit as 1.5kWh.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    consumed: u64,
    /// Prints JSON, as it does anyway.
    #[arg(long)]
    json: bool,
}

/// Prints a signed reading.
pub async fn sign(args: &Sign) -> Result<(), Error> {
    let key = MeterKeys::from_suri(args.secret.scheme, &args.secret.meter_suri)?;
    let (genesis, slot) = match (args.node.genesis, args.slot.number()) {
        (Some(genesis), Some(slot)) => (genesis, slot),
        _ => {
            let chain = args.node.connect().await?;
            (chain.genesis(), args.slot.to_see(&chain.now().await?).await?)
        }
    };
    let payload = ReadingPayload {
        meter: MeterId(args.meter),
        slot: SlotIndex(slot),
        generated: Wh(args.generated),
        consumed: Wh(args.consumed),
    };
    output::json(&ReadingFile::of(genesis, &meter::sign(payload, genesis, &key)))
}

/// Prints the public key of a meter's secret, for whoever registers the meter.
pub fn key(args: &Key) -> Result<(), Error> {
    let keys = MeterKeys::from_suri(args.secret.scheme, &args.secret.meter_suri)?;
    let key = metering::Key::new(args.secret.scheme, keys.public());
    if args.json {
        return output::json(&key);
    }
    say!("{}", key.key)?;
    Ok(())
}
