//! A chain at a glance.

use crate::{
    Chain,
    error::Error,
    metering::{self, Band, band_name},
    queries, settlement, terms,
};
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
