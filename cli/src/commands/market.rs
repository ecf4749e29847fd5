//! `qedex market`: the book, its depth, and what came of slots.

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::{in_kwh, in_qed},
    books,
    market::Side,
    queries,
    told::market::chart,
};
use qedex_math::Wh;
use serde_json::json;

/// What to show of the market.
#[derive(Debug, Subcommand)]
pub enum Market {
    /// The orders of a slot, best price and earliest arrival first.
    Book(Book),
    /// The energy at each price of an open book, as a chart.
    Depth(Depth),
    /// How the latest slots cleared.
    History(History),
}

/// Options of `market book`.
#[derive(Debug, Args)]
pub struct Book {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// At most so many orders of either side.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    count: u32,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `market depth`.
#[derive(Debug, Args)]
pub struct Depth {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `market history`.
#[derive(Debug, Args)]
pub struct History {
    /// How many slots back from the latest whose gate has closed.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=192))]
    slots: u64,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

impl Market {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Book(args) => book(args).await,
            Self::Depth(args) => depth(args).await,
            Self::History(args) => history(args).await,
        }
    }
}

async fn book(args: &Book) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let slot = args.slot.to_see(&at).await?;
    let bids = books::book(&at, slot, Side::Bid, args.count).await?;
    let asks = books::book(&at, slot, Side::Ask, args.count).await?;
    if args.ask.json {
        return output::json(&json!({ "slot": slot, "bids": bids, "asks": asks }));
    }
    let mut rows =
        output::table(["side", "order", "price QED/kWh", "Wh", "not traded yet", "account"]);
    for (side, orders) in [("bid", bids), ("ask", asks)] {
        for order in orders {
            rows.add_row(vec![
                side.to_owned(),
                order.id.to_string(),
                in_qed(order.price),
                order.wh.to_string(),
                order.left.to_string(),
                order.who,
            ]);
        }
    }
    say!("{rows}")
}

async fn depth(args: &Depth) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let slot = args.slot.to_see(&at).await?;
    let (bids, asks) = books::depth(&at, slot).await?;
    if args.ask.json {
        return output::json(&json!({ "slot": slot, "bids": bids, "asks": asks }));
    }
    say!("{}", chart(&bids, &asks))
}

async fn history(args: &History) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let calendar = queries::calendar(&at).await?;
    let open = calendar.first_not_closed(queries::time(&at).await?);
    let mut results = Vec::new();
    for slot in open.saturating_sub(args.slots)..open {
        results.extend(books::clearing(&at, slot).await?);
    }
    if args.ask.json {
        return output::json(&results);
    }
    let mut rows = output::table([
        "slot",
        "orders",
        "kWh",
        "buyers pay",
        "sellers get",
        "beyond the fee",
        "keys",
    ]);
    for result in results {
        let price = |price: Option<u128>| price.map_or("-".to_owned(), in_qed);
        let binding = if result.cap_binding { ", scarce" } else { "" };
        rows.add_row(vec![
            result.slot.to_string(),
            result.bids.saturating_add(result.asks).to_string(),
            in_kwh(Wh(result.volume_wh)),
            price(result.buyers_pay),
            price(result.sellers_receive),
            in_qed(result.beyond_fee),
            format!("{} of {}{binding}", result.keys_used, result.keys),
        ]);
    }
    say!("{rows}")
}
