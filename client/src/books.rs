//! What the runtime says about its books.

use super::{At, api, reads::ask};
use crate::{error::Error, market::Side, text::account_text};
use qedex_primitives::{DepthLevel, PricePerKwh, SlotIndex};
use serde::Serialize;
use subxt::utils::Static;

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
pub struct Cleared {
    /// The slot.
    pub slot: u64,
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

/// Bids and asks at each price of an open book, best first.
pub async fn depth(at: &At, slot: u64) -> Result<(Vec<Level>, Vec<Level>), Error> {
    let question = api::runtime_apis().market_book_api().depth(Static(SlotIndex(slot)));
    let depth = ask(at, question).await?.0;
    let level = |level: DepthLevel| Level {
        price: level.price.0,
        wh: level.energy.0,
        orders: level.orders,
    };
    let levels = |side: Vec<DepthLevel>| side.into_iter().map(level).collect();
    Ok((levels(depth.bids), levels(depth.asks)))
}

/// The first `count` orders of one side by merit.
pub async fn book(at: &At, slot: u64, side: Side, count: u32) -> Result<Vec<BookOrder>, Error> {
    let first: Option<(Static<PricePerKwh>, u32)> = None;
    let question = api::runtime_apis().market_book_api().book(
        Static(SlotIndex(slot)),
        Static(side),
        first,
        count,
    );
    let orders = ask(at, question).await?;
    Ok(orders
        .into_iter()
        .map(|Static(order)| BookOrder {
            id: order.id,
            who: account_text(order.who),
            price: order.limit.0,
            wh: order.energy.0,
            left: order.left.0,
        })
        .collect())
}

/// How a slot cleared, while the chain keeps it.
pub async fn clearing(at: &At, slot: u64) -> Result<Option<Cleared>, Error> {
    let question = api::runtime_apis().market_book_api().clearing(Static(SlotIndex(slot)));
    Ok(ask(at, question).await?.map(|Static(found)| Cleared {
        slot: found.slot.0,
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
