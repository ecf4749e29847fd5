//! `qedex status`

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
};
use comfy_table::Table;
use qedex_client::{
    amounts::qed,
    metering::{self, Band, band_name, band_text},
    queries, settlement, terms,
};
use qedex_primitives::SlotTimes;
use serde::Serialize;

#[derive(Serialize)]
struct Status {
    node: String,
    chain: String,
    spec_version: u32,
    genesis: String,
    finalised_block: u64,
    time: u64,
    slot_length: u64,
    terms: Option<Terms>,
    current_slot: u64,
    next_open_slot: u64,
    next_open_slot_band: &'static str,
    next_open_slot_moments: SlotTimes,
    settlement_paused_until: Option<u64>,
}

/// Prices in plancks per kWh, energies in Wh.
#[derive(Serialize)]
struct Terms {
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    floor: u128,
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    cap: u128,
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    grid_fee: u128,
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    tick: u128,
    lot: u64,
    least_order: u64,
}

/// Shows the chain, the terms of the next slot to trade in, and the present slots.
pub async fn run(ask: &Ask) -> Result<(), Error> {
    let chain = ask.node.connect().await?;
    let at = chain.now().await?;
    let (node, name, spec_version) = chain.identity().await?;
    let calendar = queries::calendar(&at).await?;
    let time = queries::time(&at).await?;
    let next_open_slot = calendar.first_not_closed(time);
    let terms = terms::terms(&at, next_open_slot).await?.map(|terms| Terms {
        floor: terms.floor.0,
        cap: terms.cap.0,
        grid_fee: terms.grid_fee.0,
        tick: terms.tick.0,
        lot: terms.lot.0,
        least_order: terms.least_order.0,
    });
    let band = metering::band(&at, next_open_slot).await?;
    let status = Status {
        node,
        chain: name,
        spec_version,
        genesis: format!("{:?}", chain.genesis()),
        finalised_block: at.block_number(),
        time,
        slot_length: calendar.slot_length,
        terms,
        current_slot: calendar.slot_at(time),
        next_open_slot,
        next_open_slot_band: band_name(band),
        next_open_slot_moments: calendar.times(next_open_slot),
        settlement_paused_until: settlement::pause(&at, time).await?.map(|pause| pause.until),
    };
    if ask.json {
        return output::json(&status);
    }
    say!("{}", table(&status, band))?;
    Ok(())
}

fn table(status: &Status, band: Band) -> Table {
    let mut table = output::table::<[&str; 0]>([]);
    let mut row = |what: &str, value: String| {
        table.add_row(vec![what.to_owned(), value]);
    };
    row("chain", format!("{} (runtime {})", status.chain, status.spec_version));
    row("genesis", status.genesis.clone());
    row("node", status.node.clone());
    row("finalised block", status.finalised_block.to_string());
    row("slot length", format!("{} s", status.slot_length / 1_000));
    match &status.terms {
        None => row("terms", "none: no slot opens".to_owned()),
        Some(terms) => {
            let per_kwh = |price| format!("{} QED/kWh", qed(price, 4));
            row("feed-in price", per_kwh(terms.floor));
            row("grid price", per_kwh(terms.cap));
            row("grid fee", per_kwh(terms.grid_fee));
            row("tick", per_kwh(terms.tick));
            row("lot, least order", format!("{} Wh, {} Wh", terms.lot, terms.least_order));
        }
    }
    row("slot under delivery", status.current_slot.to_string());
    let moments = &status.next_open_slot_moments;
    let seconds = |moment: u64| moment.saturating_sub(status.time) / 1_000;
    row(
        "next slot to trade in",
        format!(
            "{}: gate closes in {} s, final in {} s",
            status.next_open_slot,
            seconds(moments.gate_closes),
            seconds(moments.final_at)
        ),
    );
    if let Some(until) = status.settlement_paused_until {
        let left = until.saturating_sub(status.time).div_ceil(1_000);
        row("settlement", format!("paused by the council, for {left} s more at the most"));
    }
    row("its tariff band", band_text(band).to_owned());
    table
}
