//! What the runtime says about its books.

use super::{
    At,
    api::{self, runtime_types as types},
};
use crate::{error::Error, market::Side};
use serde::Serialize;

/// What stands in an open book at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Plancks per kWh.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub price: u128,
    /// Wh.
    pub wh: u64,
    /// How many orders.
    pub orders: u32,
}

/// An order in the book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookOrder {
    /// Its number within the slot.
    pub id: u32,
    /// Whose, as an address.
    pub who: String,
    /// Plancks per kWh.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub price: u128,
    /// Wh.
    pub wh: u64,
    /// Wh that are not traded yet.
    pub left: u64,
}

/// How a slot cleared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Result {
    /// The slot.
    pub slot: u64,
    /// How prices followed from the book.
    pub rule: String,
    /// Wh traded.
    pub volume_wh: u64,
    /// Plancks per kWh; none where nothing traded.
    #[serde(with = "crate::amounts::as_plancks_string::option")]
    pub buyers_pay: Option<u128>,
    /// Plancks per kWh; none where nothing traded.
    #[serde(with = "crate::amounts::as_plancks_string::option")]
    pub sellers_receive: Option<u128>,
    /// What buyers paid more than sellers received and the grid took, in plancks per kWh.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub beyond_fee: u128,
    /// Whether the keys limited the volume.
    pub cap_binding: bool,
    /// Keys used.
    pub keys_used: u64,
    /// Keys that there were.
    pub keys: u64,
    /// Bids at gate closure.
    pub bids: u32,
    /// Asks at gate closure.
    pub asks: u32,
}

fn slot_index(slot: u64) -> types::qedex_primitives::calendar::SlotIndex {
    types::qedex_primitives::calendar::SlotIndex(slot)
}

fn failed(error: impl ToString) -> Error {
    Error::Answer(error.to_string())
}

/// Bids and asks at each price of an open book, best first.
pub async fn depth(at: &At, slot: u64) -> std::result::Result<(Vec<Level>, Vec<Level>), Error> {
    let call = api::runtime_apis().market_book_api().depth(slot_index(slot));
    let depth = at.runtime_apis().call(call).await.map_err(failed)?;
    let levels = |side: Vec<types::qedex_primitives::market::DepthLevel>| {
        side.into_iter()
            .map(|level| Level { price: level.price.0, wh: level.energy.0, orders: level.orders })
            .collect()
    };
    Ok((levels(depth.bids), levels(depth.asks)))
}

/// The first `count` orders of one side by merit.
pub async fn book(
    at: &At,
    slot: u64,
    side: Side,
    count: u32,
) -> std::result::Result<Vec<BookOrder>, Error> {
    let side = match side {
        Side::Bid => types::qedex_primitives::market::Side::Bid,
        Side::Ask => types::qedex_primitives::market::Side::Ask,
    };
    let call = api::runtime_apis().market_book_api().book(slot_index(slot), side, 0, count);
    let orders = at.runtime_apis().call(call).await.map_err(failed)?;
    let order = |order: types::qedex_primitives::market::BookOrder<_>| BookOrder {
        id: order.id,
        who: subxt::utils::AccountId32::to_string(&order.who),
        price: order.limit.0,
        wh: order.energy.0,
        left: order.left.0,
    };
    Ok(orders.into_iter().map(order).collect())
}

/// How a slot cleared, while the chain keeps it.
pub async fn clearing(at: &At, slot: u64) -> std::result::Result<Option<Result>, Error> {
    let call = api::runtime_apis().market_book_api().clearing(slot_index(slot));
    let found = at.runtime_apis().call(call).await.map_err(failed)?;
    Ok(found.map(|found| Result {
        slot: found.slot.0,
        rule: match found.rule {
            types::qedex_math::clearing::Rule::Uniform => "uniform".to_owned(),
            types::qedex_math::clearing::Rule::McAfee => "mcafee".to_owned(),
        },
        volume_wh: found.volume.0,
        buyers_pay: found.buyers_pay.map(|price| price.0),
        sellers_receive: found.sellers_receive.map(|price| price.0),
        beyond_fee: found.beyond_fee.0,
        cap_binding: found.cap_binding,
        keys_used: found.keys_used,
        keys: found.keys,
        bids: found.bids,
        asks: found.asks,
    }))
}
