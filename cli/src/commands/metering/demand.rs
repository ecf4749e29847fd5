//! `qedex meter totals` and `qedex meter load`: what all meters together said.

use super::{Ask, SLOTS_PER_DAY, print_json};
use crate::{error::Error, output};
use clap::Args;
use qedex_client::{
    At,
    metering::{self, Demand},
    queries,
};
use serde_json::json;

/// Options of `meter totals`.
#[derive(Debug, Args)]
pub struct TotalsOf {
    /// The delivery slot's number.
    #[arg(long)]
    slot: u64,
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

/// Shows what all meters together said of a slot.
pub async fn totals(args: &TotalsOf) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let totals = metering::totals(&at, args.slot).await?;
    if args.ask.json {
        return print_json(&json!({ "slot": args.slot, "totals": totals }));
    }
    match totals {
        None => println!("slot {}: not known", args.slot),
        Some(totals) => println!(
            "slot {}: {} Wh generated, {} Wh consumed, by {} readings",
            args.slot, totals.generated, totals.consumed, totals.readings
        ),
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
        return print_json(&load);
    }
    output::text(&csv(&load))?;
    if load.is_empty() {
        let why = metering::why_no_load(&at, day, present(&at).await?).await?;
        eprintln!("day {day} {why}");
    }
    Ok(())
}

/// The table that `plan par --load` reads.
fn csv(load: &[Demand]) -> String {
    let rows = load.iter().map(|demand| format!("\n{},{}", demand.slot, demand.wh));
    std::iter::once("slot,wh".to_owned()).chain(rows).collect()
}

/// The slot under delivery.
pub(super) async fn present(at: &At) -> Result<u64, Error> {
    Ok(queries::calendar(at).await?.slot_at(queries::time(at).await?))
}

/// The day that is asked for, or the present one.
pub(super) async fn day_or_present(at: &At, day: Option<u64>) -> Result<u64, Error> {
    match day {
        Some(day) => Ok(day),
        None => Ok(present(at).await? / SLOTS_PER_DAY),
    }
}
