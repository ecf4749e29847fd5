//! `qedex status`

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
};
use comfy_table::Table;
use qedex_client::{
    amounts::qed,
    metering::{Band, band_text},
    told::status::{Status, status},
};

/// Shows the chain, the terms of the next slot to trade in, and the present slots.
pub async fn run(ask: &Ask) -> Result<(), Error> {
    let chain = ask.node.connect().await?;
    let (status, band) = status(&chain).await?;
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
