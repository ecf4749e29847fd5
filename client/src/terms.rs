//! By what terms slots trade: the council's price lists and limits, and what leaders announce.

use super::{At, api, queries, reads::ask, text::account_text};
use crate::{error::Error, market::Corridor};
use qedex_math::admission;
use qedex_primitives::{Band, OwnerId, SlotIndex, Windows};
use serde::Serialize;
use subxt::{tx::Payload, utils::Static};

pub use qedex_primitives::terms::{KeyAdmission, LeaderLimits, Permill, PriceList};

/// The bands, from the cheapest on.
pub const BANDS: [Band; 3] = [Band::Off, Band::Mid, Band::On];

/// What was announced for a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Announced {
    /// Who announced it, as an address.
    pub by: String,
    /// The share of the keys in parts per million.
    pub share_ppm: u32,
    /// Wh that a key covers.
    pub wh_per_key: u64,
}

/// The terms of a slot: frozen while it is in flight, else those that it would get now.
pub async fn terms(at: &At, slot: u64) -> Result<Option<Corridor>, Error> {
    let question = api::runtime_apis().market_book_api().terms(Static(SlotIndex(slot)));
    Ok(ask(at, question).await?.map(|terms| terms.0))
}

/// The price list of a band, for slots that open from now on.
pub async fn price_list(at: &At, band: Band) -> Result<Option<PriceList>, Error> {
    let question = api::runtime_apis().market_book_api().price_list(Static(band));
    Ok(ask(at, question).await?.map(|list| list.0))
}

/// Within what leaders choose.
pub async fn limits(at: &At) -> Result<Option<LeaderLimits>, Error> {
    let question = api::runtime_apis().market_book_api().leader_limits();
    Ok(ask(at, question).await?.map(|limits| limits.0))
}

/// What was announced for a slot that has still to open.
pub async fn announced(at: &At, slot: u64) -> Result<Option<Announced>, Error> {
    let question = api::runtime_apis().market_book_api().announcement(Static(SlotIndex(slot)));
    Ok(ask(at, question).await?.map(|Static(announced)| Announced {
        by: account_text(announced.by),
        share_ppm: announced.admission.share.deconstruct(),
        wh_per_key: announced.admission.wh_per_key.0,
    }))
}

/// The owner that leads a slot in flight.
pub async fn leader(at: &At, slot: u64) -> Result<Option<OwnerId>, Error> {
    let question = api::runtime_apis().market_book_api().leader(Static(SlotIndex(slot)));
    Ok(ask(at, question).await?.map(|owner| owner.0))
}

/// The first slot whose gate has not been opened or passed over.
pub async fn next_slot(at: &At) -> Result<u64, Error> {
    let question = api::runtime_apis().market_book_api().next_slot();
    Ok(ask(at, question).await?.0.0)
}

/// How many keys are there for a slot that opens now.
pub async fn keys(at: &At, slot: u64) -> Result<u64, Error> {
    let question = api::runtime_apis().energy_market_api().key_budget(Static(SlotIndex(slot)));
    ask(at, question).await
}

/// How many of so many `keys` a slot would get if its gate opened now, by what was announced for it.
pub async fn admitted(at: &At, keys: u64, announced: Option<&Announced>) -> Result<u64, Error> {
    let limits = limits(at).await?;
    let Windows { gate_opens, gate_closes, .. } = queries::calendar(at).await?.windows;
    let at_once = u64::from(gate_opens.saturating_sub(gate_closes));
    let least = limits.map_or(0, |limits| limits.least_share.deconstruct());
    Ok(match (announced, limits) {
        (Some(announced), _) => admission::keys(keys, announced.share_ppm, least),
        (None, Some(limits)) => limits.keys_by_default(keys, at_once.max(1)),
        (None, None) => 0,
    })
}

/// Sets the price list of a band.
pub fn set_terms(band: Band, list: PriceList) -> impl Payload {
    api::tx().auction().set_terms(Static(band), Static(list))
}

/// Sets within what leaders choose.
pub fn set_limits(limits: LeaderLimits) -> impl Payload {
    api::tx().auction().set_leader_limits(Static(limits))
}

/// Announces by how much a slot trades.
pub fn announce(slot: u64, admission: KeyAdmission) -> impl Payload {
    api::tx().auction().announce(Static(SlotIndex(slot)), Static(admission))
}

/// The call that takes back what was announced for a slot that has still to open.
pub fn withdraw_announcement(slot: u64) -> impl Payload {
    api::tx().auction().withdraw_announcement(Static(SlotIndex(slot)))
}
