//! A chain at a glance.

use crate::{
    Chain, amounts,
    error::Error,
    metering::{self, Band, band_name, band_text},
    queries, settlement, terms,
};
use qedex_math::PricePerKwh;
use qedex_primitives::SlotTimes;
use serde::Serialize;

/// A chain, and its present slots.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// What the node is.
    pub node: String,
    /// What its chain is called.
    pub chain: String,
    /// The version of the chain's code.
    pub spec_version: u32,
    /// The hash of the first block.
    pub genesis: String,
    /// The latest block that is final.
    pub finalised_block: u64,
    /// The chain's time, in milliseconds since the Unix epoch.
    pub time: u64,
    /// The length of a delivery slot, in milliseconds.
    pub slot_length: u64,
    /// By what terms the next open slot trades; none where no slot opens.
    pub terms: Option<Terms>,
    /// The slot under delivery.
    pub current_slot: u64,
    /// The next slot to trade in.
    pub next_open_slot: u64,
    /// Its tariff band.
    pub next_open_slot_band: &'static str,
    /// When its windows open and close.
    pub next_open_slot_moments: SlotTimes,
    /// Until when settlement is paused, if it is.
    pub settlement_paused_until: Option<u64>,
}

/// Prices in plancks per kWh, energies in Wh.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Terms {
    /// The feed-in price.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub floor: u128,
    /// The grid price.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub cap: u128,
    /// What the grid takes.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub grid_fee: u128,
    /// What limits are multiples of.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub tick: u128,
    /// What energies are multiples of.
    pub lot: u64,
    /// The least energy of an order.
    pub least_order: u64,
}

/// Asks a node for it, and for the tariff band of the next slot to trade in.
///
/// # Errors
/// If the node does not answer.
pub async fn status(chain: &Chain) -> Result<(Status, Band), Error> {
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
    Ok((status, band))
}

/// The same for people: of each line what it is about, and what is so.
pub fn in_words(status: &Status, band: Band) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    let mut row = |what: &str, value: String| rows.push([what.to_owned(), value]);
    row("chain", format!("{} (runtime {})", status.chain, status.spec_version));
    row("genesis", status.genesis.clone());
    row("node", status.node.clone());
    row("finalised block", status.finalised_block.to_string());
    row("slot length", format!("{} s", status.slot_length / 1_000));
    match &status.terms {
        None => row("terms", "none: no slot opens".to_owned()),
        Some(terms) => {
            let per_kwh = |price| amounts::price(PricePerKwh(price));
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
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_told_exactly() {
        let terms = Terms {
            floor: 80_000_000_000,
            cap: 300_000_000_001,
            grid_fee: 20_000_000_000,
            tick: 1_000_000_000,
            lot: 100,
            least_order: 200,
        };
        let status = Status {
            node: "node".to_owned(),
            chain: "chain".to_owned(),
            spec_version: 7,
            genesis: "0x00".to_owned(),
            finalised_block: 4,
            time: 1_000,
            slot_length: 12_000,
            terms: Some(terms),
            current_slot: 0,
            next_open_slot: 2,
            next_open_slot_band: "off",
            next_open_slot_moments: qedex_primitives::Windows::default()
                .schedule(qedex_primitives::SlotIndex(2), 12_000),
            settlement_paused_until: None,
        };
        let rows = in_words(&status, Band::Off);
        let of = |what: &str| rows.iter().find(|[name, _]| name == what).map(|[_, is]| is.as_str());
        assert_eq!(of("feed-in price"), Some("0.08 QED/kWh"));
        assert_eq!(of("grid price"), Some("0.300000000001 QED/kWh"));
        assert_eq!(of("grid fee"), Some("0.02 QED/kWh"));
        assert_eq!(of("lot, least order"), Some("100 Wh, 200 Wh"));
    }
}
