//! `qedex meter` and `qedex reading`, but for signing and publishing: meters, what they said, and
//! what follows from it.

mod demand;
mod list;

pub use demand::*;
pub use list::*;

use super::{
    options::{Ask, Sign, parse_account, parse_bytes32, scheme},
    print_json, tariff,
};
use crate::error::Error;
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use qedex_client::{
    market::Account,
    metering::{self, Change, Scheme},
    queries,
    text::account_text,
};
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

/// Options of `meter register`.
#[derive(Debug, Args)]
pub struct Register {
    /// Whose energy it measures.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    owner: Account,
    /// Its key.
    #[command(flatten)]
    key: PublicKey,
    /// The most that it may read in one slot and direction, in Wh.
    #[arg(long, value_name = "WH")]
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

/// Options of `reading correct`.
#[derive(Debug, Args)]
pub struct Correct {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// The delivery slot's number.
    #[arg(long)]
    slot: u64,
    /// The energy that was generated, in Wh.
    #[arg(long, value_name = "WH")]
    generated: u64,
    /// The energy that was consumed, in Wh.
    #[arg(long, value_name = "WH")]
    consumed: u64,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `reading history`.
#[derive(Debug, Args)]
pub struct History {
    /// The meter's number.
    #[arg(long)]
    meter: u32,
    /// The first slot; by default that of 96 slots ago.
    #[arg(long, value_name = "SLOT")]
    from: Option<u64>,
    /// The first slot after them; by default the one under delivery.
    #[arg(long, value_name = "SLOT")]
    until: Option<u64>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter flow`.
#[derive(Debug, Args)]
pub struct FlowOf {
    /// Whose meters.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    account: Account,
    /// The delivery slot's number.
    #[arg(long)]
    slot: u64,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter band`.
#[derive(Debug, Args)]
pub struct BandOf {
    /// The delivery slot's number; by default the next to trade in.
    #[arg(long)]
    slot: Option<u64>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter par`.
#[derive(Debug, Args)]
pub struct ParOf {
    /// The day, counted in 96 slots from the Unix epoch; by default the present one.
    #[arg(long)]
    day: Option<u64>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

const SLOTS_PER_DAY: u64 = 96;

/// Signs a call that changes a meter, and says from which slot on.
async fn change(by: &Sign, meter: u32, what: &str, call: &impl Payload) -> Result<(), Error> {
    let (block, included) = by.call(what, call).await?;
    let from = included.meters.iter().find_map(|change| match change {
        Change::From(slot) => Some(*slot),
        Change::Corrected(_) => None,
    });
    let from = from.ok_or_else(|| Error::answer("no meter was changed".to_owned()))?;
    if by.json {
        return print_json(&json!({ "meter": meter, "from": from, "block": block.number }));
    }
    println!("{what} of meter {meter} is in block {} and counts from slot {from} on", block.number);
    Ok(())
}

/// Registers a meter and says its number.
pub async fn register(args: &Register) -> Result<(), Error> {
    let mut session = args.by.open().await?;
    let call = metering::register(args.owner, args.key.scheme, args.key.key, args.capacity);
    let (block, _) = session.call("the meter", &call, &args.by.key()?).await?;
    let hex = format!("0x{}", hex::encode(args.key.key));
    let all = metering::meters(session.at()).await?;
    let made = all
        .iter()
        .find(|meter| meter.current.key.key == hex && meter.current.key.scheme == args.key.scheme)
        .ok_or_else(|| Error::answer("the meter is not on record".to_owned()))?;
    if args.by.json {
        return print_json(&json!({
            "meter": made.meter,
            "owner": account_text(args.owner),
            "from": made.current.from,
            "block": block.number,
        }));
    }
    println!(
        "meter {} is registered in block {} and reads from slot {} on",
        made.meter, block.number, made.current.from
    );
    Ok(())
}

/// Gives a meter another key.
pub async fn rotate(args: &Rotate) -> Result<(), Error> {
    let call = metering::rotate(args.meter, args.key.scheme, args.key.key);
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
        return print_json(&json!({ "meter": args.meter, "block": block.number }));
    }
    println!("meter {} is removed in block {}", args.meter, block.number);
    Ok(())
}

/// Corrects a reading.
pub async fn correct(args: &Correct) -> Result<(), Error> {
    let call = metering::correct(args.meter, args.slot, args.generated, args.consumed);
    let (block, included) = args.by.call("the correction", &call).await?;
    let corrected = included.meters.iter().find_map(|change| match change {
        Change::Corrected(corrected) => Some(*corrected),
        Change::From(_) => None,
    });
    let done = corrected.ok_or_else(|| Error::answer("no reading was corrected".to_owned()))?;
    if args.by.json {
        return print_json(&json!({
            "meter": done.meter,
            "slot": done.slot,
            "before": done.before,
            "after": done.after,
            "after_freeze": done.after_freeze,
            "block": block.number,
        }));
    }
    println!(
        "the reading of meter {} in slot {} is corrected in block {}, {}: {} Wh generated instead \
         of {}, {} Wh consumed instead of {}",
        done.meter,
        done.slot,
        block.number,
        when(done.after_freeze),
        done.after.generated,
        done.before.generated,
        done.after.consumed,
        done.before.consumed
    );
    Ok(())
}

/// When a reading was corrected.
const fn when(after_freeze: bool) -> &'static str {
    if after_freeze { "after the freeze" } else { "before the freeze" }
}

/// Lists a meter's readings.
pub async fn history(args: &History) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let present = queries::calendar(&at).await?.slot_at(queries::time(&at).await?);
    let until = args.until.unwrap_or(present);
    let from = args.from.unwrap_or(until.saturating_sub(SLOTS_PER_DAY));
    if from > until {
        return Err(Error::BadInput(format!("slot {from} is after slot {until}")));
    }
    if !queries::is_meter(&at, args.meter).await? {
        return Err(Error::BadInput(format!("there is no meter {}", args.meter)));
    }
    let all = metering::history(&at, args.meter, from, until).await?;
    if args.ask.json {
        return print_json(&all);
    }
    let mut table = table([
        "slot",
        "generated Wh",
        "consumed Wh",
        "the meter had signed",
        "corrected by",
        "when",
    ]);
    for reading in &all {
        let original = reading
            .original
            .map_or(String::new(), |signed| format!("{} / {}", signed.generated, signed.consumed));
        table.add_row([
            reading.slot.to_string(),
            reading.flow.generated.to_string(),
            reading.flow.consumed.to_string(),
            original,
            reading.correction.as_ref().map_or(String::new(), |by| by.installer.clone()),
            reading
                .correction
                .as_ref()
                .map_or(String::new(), |by| when(by.after_freeze).to_owned()),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// Shows what flowed through an account's meters.
pub async fn flow(args: &FlowOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let flow = metering::flow(&at, args.account, args.slot).await?;
    if args.ask.json {
        return print_json(&json!({ "slot": args.slot, "flow": flow }));
    }
    match flow {
        None => println!(
            "nothing is known of slot {}: there was no active meter, it takes no readings yet, or \
             it is not kept any more",
            args.slot
        ),
        Some(flow) => println!(
            "slot {}: {} Wh generated, {} Wh consumed",
            args.slot, flow.generated, flow.consumed
        ),
    }
    Ok(())
}

/// Shows a slot's tariff band.
pub async fn band(args: &BandOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let slot = match args.slot {
        Some(slot) => slot,
        None => queries::calendar(&at).await?.first_not_closed(queries::time(&at).await?),
    };
    let (band, fixed) = metering::fixed_band(&at, slot).await?;
    let rule = metering::tariff(&at).await?;
    if args.ask.json {
        return print_json(&json!({
            "slot": slot,
            "band": band,
            "fixed": fixed,
            "standing_rule": rule.as_ref().map(tariff::in_json),
        }));
    }
    let rule = tariff::in_words(rule.as_ref());
    let standing = if fixed { "fixed" } else { "not fixed: by what is known now" };
    println!("slot {slot}: {band}, {standing}");
    println!("rule of slots whose gate opens from now on: {rule}");
    Ok(())
}

/// Shows a day's peak-to-average ratio.
pub async fn par(args: &ParOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let day = day_or_present(&at, args.day).await?;
    let par = metering::par(&at, day).await?;
    let why_none = match par {
        Some(_) => None,
        None => Some(metering::why_no_load(&at, day, present(&at).await?).await?),
    };
    if args.ask.json {
        return print_json(&json!({ "day": day, "par": par, "why_none": why_none }));
    }
    if let Some(why) = why_none {
        println!("day {day} {why}");
    }
    if let Some(par) = par {
        let ratio = par
            .par_ppm
            .map_or("none".to_owned(), |ppm| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000));
        println!(
            "day {day}: ratio {ratio} over {} closed slots, {} of them metered",
            par.slots, par.metered
        );
    }
    Ok(())
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}
