//! `qedex market`: the book, its depth, and what came of slots.

use super::options::Ask;
use crate::{
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::qed,
    books::{self, Level},
    market::Side,
    queries,
};
use serde_json::json;

/// How wide the longest bar of a depth chart is.
const BAR: u128 = 40;

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
                qed(order.price, 4),
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

/// The energy offered up to each price, and demanded from it on, as bars: the dearest price above,
/// and bids on the left.
fn chart(bids: &[Level], asks: &[Level]) -> String {
    if bids.is_empty() && asks.is_empty() {
        return "no open orders".to_owned();
    }
    let mut prices: Vec<u128> = bids.iter().chain(asks).map(|level| level.price).collect();
    prices.sort_unstable_by(|a, b| b.cmp(a));
    prices.dedup();
    let sum = |levels: &[Level], wanted: &dyn Fn(u128) -> bool| -> u128 {
        let each = levels.iter().filter(|level| wanted(level.price));
        each.map(|level| u128::from(level.wh)).sum()
    };
    let rows: Vec<(u128, u128, u128)> = prices
        .into_iter()
        .map(|price| {
            let demanded = sum(bids, &|bid| bid >= price);
            let offered = sum(asks, &|ask| ask <= price);
            (price, demanded, offered)
        })
        .collect();
    let most =
        rows.iter().map(|(_, demanded, offered)| *demanded.max(offered)).max().unwrap_or(0).max(1);
    let bar = |energy: u128| "█".repeat((energy * BAR).div_ceil(most) as usize);
    let width = BAR as usize;
    let mut lines = vec![format!("{:>width$} {:^12} offered, Wh", "demanded, Wh", "QED/kWh")];
    for (price, demanded, offered) in rows {
        let left = format!("{demanded} {}", bar(demanded));
        let right = format!("{} {offered}", bar(offered));
        lines.push(format!("{left:>w$} {:^12} {right}", qed(price, 4), w = width + 12));
    }
    // The numbers stand outside of the bars and need room of their own.
    if let Some(first) = lines.first_mut() {
        *first = format!("{:>12}{first}", "");
    }
    lines.join("\n")
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
        let price = |price: Option<u128>| price.map_or("-".to_owned(), |price| qed(price, 4));
        let binding = if result.cap_binding { ", scarce" } else { "" };
        rows.add_row(vec![
            result.slot.to_string(),
            result.bids.saturating_add(result.asks).to_string(),
            format!("{}.{:03}", result.volume_wh / 1_000, result.volume_wh % 1_000),
            price(result.buyers_pay),
            price(result.sellers_receive),
            qed(result.beyond_fee, 4),
            format!("{} of {}{binding}", result.keys_used, result.keys),
        ]);
    }
    say!("{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(price: u128, wh: u64) -> Level {
        Level { price: price * 1_000_000_000, wh, orders: 1 }
    }

    #[test]
    fn the_chart_adds_up_from_the_best_price_on() {
        let text = chart(&[level(250, 300), level(200, 100)], &[level(100, 200), level(200, 200)]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        for (line, demanded, price, offered) in [
            (lines[1], "300 ", "0.2500", " 400"),
            (lines[2], "400 ", "0.2000", " 400"),
            (lines[3], "400 ", "0.1000", " 200"),
        ] {
            assert!(line.contains(demanded) && line.contains(price) && line.ends_with(offered));
        }
        let bars = |line: &str| line.matches('█').count();
        assert_eq!((bars(lines[1]), bars(lines[3])), (30 + 40, 40 + 20));
        assert_eq!(chart(&[], &[]), "no open orders");
    }
}
