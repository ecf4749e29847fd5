//! `qedex meter flow`, `totals`, `load`, `band` and `par`: what follows from readings.

use crate::{
    accounts::parse_account,
    commands::options::Ask,
    error::Error,
    output::{self, note, say},
    slots::SlotName,
};
use clap::Args;
use qedex_client::{
    At,
    market::Account,
    metering, queries,
    told::{meters::csv, tariff},
};
use qedex_math::tariff::SLOTS_PER_DAY;
use serde_json::json;

/// Options of `meter flow`.
#[derive(Debug, Args)]
pub struct FlowOf {
    /// Whose connections: those of this account's owner.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    account: Account,
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter totals`.
#[derive(Debug, Args)]
pub struct TotalsOf {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter load`.
#[derive(Debug, Args)]
pub struct LoadOf {
    /// The day, counted in 96 slots from the Unix epoch; by default the present one.
    #[arg(long)]
    day: Option<u64>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter band`.
#[derive(Debug, Args)]
pub struct BandOf {
    /// The delivery slot: its number, next, or a time such as 14:30; by default the next to trade in.
    #[arg(long)]
    slot: Option<SlotName>,
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

/// Shows what flowed through the connections of an account's owner.
pub async fn flow(args: &FlowOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let slot = args.slot.to_see(&at).await?;
    let flow = metering::flow(&at, args.account, slot).await?;
    if args.ask.json {
        return output::json(&json!({ "slot": slot, "flow": flow }));
    }
    match flow {
        None => say!(
            "nothing is known of slot {}: there was no active connection, it takes no readings yet, or \
             it is not kept any more",
            slot
        )?,
        Some(flow) => say!(
            "slot {}: {} Wh generated, {} Wh consumed",
            slot,
            flow.generated.0,
            flow.consumed.0
        )?,
    }
    Ok(())
}

/// Shows what all meters together said of a slot.
pub async fn totals(args: &TotalsOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let slot = args.slot.to_see(&at).await?;
    let totals = metering::totals(&at, slot).await?;
    if args.ask.json {
        return output::json(&json!({ "slot": slot, "totals": totals }));
    }
    match totals {
        None => say!("slot {slot}: not known")?,
        Some(totals) => say!(
            "slot {}: {} Wh generated, {} Wh consumed, by {} readings",
            slot,
            totals.generated.0,
            totals.consumed.0,
            totals.readings
        )?,
    }
    Ok(())
}

/// Prints the demand of a day's closed slots as a table for programs. For people, why there is none
/// goes to standard error.
pub async fn load(args: &LoadOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let day = day_or_present(&at, args.day).await?;
    let load = metering::load(&at, day).await?;
    if args.ask.json {
        return output::json(&load);
    }
    say!("{}", csv(&load))?;
    if load.is_empty() {
        let why = metering::why_no_load(&at, day, queries::present_slot(&at).await?).await?;
        note!("day {day} {why}");
    }
    Ok(())
}

/// The day that is asked for, or the present one.
async fn day_or_present(at: &At, day: Option<u64>) -> Result<u64, Error> {
    match day {
        Some(day) => Ok(day),
        None => Ok(queries::present_slot(at).await? / SLOTS_PER_DAY),
    }
}

/// Shows a slot's tariff band.
pub async fn band(args: &BandOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let slot = args.slot.as_ref().unwrap_or(&SlotName::Next).to_see(&at).await?;
    let (band, fixed) = metering::fixed_band(&at, slot).await?;
    let rule = metering::tariff(&at).await?;
    if args.ask.json {
        return output::json(&json!({
            "slot": slot,
            "band": metering::band_name(band),
            "fixed": fixed,
            "standing_rule": rule.as_ref().map(tariff::in_json),
        }));
    }
    let rule = tariff::in_words(rule.as_ref());
    let standing = if fixed { "fixed" } else { "not fixed: by what is known now" };
    say!("slot {slot}: {}, {standing}", metering::band_text(band))?;
    say!("rule of slots whose gate opens from now on: {rule}")?;
    Ok(())
}

/// Shows a day's peak-to-average ratio.
pub async fn par(args: &ParOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let day = day_or_present(&at, args.day).await?;
    let par = metering::par(&at, day).await?;
    let why_none = match par {
        Some(_) => None,
        None => Some(metering::why_no_load(&at, day, queries::present_slot(&at).await?).await?),
    };
    if args.ask.json {
        let par = par
            .map(|par| json!({ "par_ppm": par.ppm, "slots": par.slots, "metered": par.metered }));
        return output::json(&json!({ "day": day, "par": par, "why_none": why_none }));
    }
    if let Some(why) = why_none {
        say!("day {day} {why}")?;
    }
    if let Some(par) = par {
        let ratio = par
            .ppm
            .map_or("none".to_owned(), |ppm| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000));
        say!(
            "day {day}: ratio {ratio} over {} closed slots, {} of them metered",
            par.slots,
            par.metered
        )?;
    }
    Ok(())
}
