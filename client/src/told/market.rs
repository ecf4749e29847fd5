//! The book of a slot.

use crate::{amounts::in_qed, books::Level};

/// How wide the longest bar of a depth chart is.
const BAR: u128 = 40;

/// The energy offered up to each price, and demanded from it on, as bars: the dearest price above,
/// and bids on the left.
pub fn chart(bids: &[Level], asks: &[Level]) -> String {
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
        lines.push(format!("{left:>w$} {:^12} {right}", in_qed(price), w = width + 12));
    }
    // The numbers stand outside of the bars and need room of their own.
    if let Some(first) = lines.first_mut() {
        *first = format!("{:>12}{first}", "");
    }
    lines.join("\n")
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
            (lines[1], "300 ", "0.25", " 400"),
            (lines[2], "400 ", "0.2", " 400"),
            (lines[3], "400 ", "0.1", " 200"),
        ] {
            assert!(line.contains(demanded) && line.contains(price) && line.ends_with(offered));
        }
        let bars = |line: &str| line.matches('█').count();
        assert_eq!((bars(lines[1]), bars(lines[3])), (30 + 40, 40 + 20));
        assert_eq!(chart(&[], &[]), "no open orders");
    }
}
