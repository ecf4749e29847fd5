//! What it earns to order more than one needs or has, which no rule here prevents.
//!
//! Each participant in turn overstates its quantity, and nobody else does. Energy that a buyer bought
//! beyond its need is worth the feed-in price to it. Energy that a seller sold and does not have is
//! not paid for, and costs it the buyer's harm: the grid price less what the buyer would have paid.

use super::market::{CORRIDOR, LOT, Market, keys, ppm};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use qedex_math::{
    Wh,
    clearing::{Cleared, Rule},
};
use serde::Serialize;

/// By how much quantities are overstated, in percent.
const OVERSTATED: [u64; 3] = [25, 100, 300];

/// One quarter-hour of so many is tried.
const EVERY: usize = 4;

/// Everybody's attempts under one rule.
#[derive(Debug, Serialize)]
pub struct Row {
    rule: &'static str,
    scarce_keys: bool,
    overstated_percent: u64,
    attempts: u64,
    /// Attempts that earned something.
    gained_ppm: u64,
    /// Attempts that cost something.
    lost_ppm: u64,
    /// What all attempts earned, in parts per million of what honesty earned; negative for a loss.
    sum_ppm: i64,
}

/// Tries on every fourth quarter-hour of these.
pub fn rows(markets: &[Market]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (rule, name) in [(Rule::Uniform, "uniform"), (Rule::McAfee, "mcafee")] {
        for scarce_keys in [false, true] {
            for percent in OVERSTATED {
                let mut sum = Sum::default();
                for market in markets.iter().step_by(EVERY) {
                    let cap = market.cap(scarce_keys);
                    sum.attempt_all(market, rule, cap, percent);
                }
                rows.push(Row {
                    rule: name,
                    scarce_keys,
                    overstated_percent: percent,
                    attempts: sum.attempts,
                    gained_ppm: ppm(sum.gained.into(), sum.attempts.into()),
                    lost_ppm: ppm(sum.lost.into(), sum.attempts.into()),
                    sum_ppm: sum.sum_ppm(),
                });
            }
        }
    }
    rows
}

/// The rows as a table.
pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(vec![
        "rule",
        "keys",
        "overstated by %",
        "attempts",
        "gained, %",
        "lost, %",
        "earned, % of honest earnings",
    ]);
    for row in rows {
        let sign = if row.sum_ppm < 0 { "-" } else { "+" };
        table.add_row(vec![
            row.rule.to_owned(),
            keys(row.scarce_keys).to_owned(),
            row.overstated_percent.to_string(),
            row.attempts.to_string(),
            super::percent(row.gained_ppm),
            super::percent(row.lost_ppm),
            format!("{sign}{}", super::percent(row.sum_ppm.unsigned_abs())),
        ]);
    }
    table
}

#[derive(Default)]
struct Sum {
    attempts: u64,
    gained: u64,
    lost: u64,
    /// In plancks/kWh * Wh.
    earned: i128,
    honest: i128,
}

impl Sum {
    /// Lets everybody of a market try in turn.
    fn attempt_all(&mut self, market: &Market, rule: Rule, cap: Wh, percent: u64) {
        let honest = market.clear(rule, cap);
        for place in 0..market.bids.len() {
            let mut tried = market.clone();
            tried.bids[place].energy = overstated(market.bids[place].energy, percent);
            let earned = bidders(&tried.clear(rule, cap), market, place);
            self.note(bidders(&honest, market, place), earned);
        }
        for place in 0..market.asks.len() {
            let mut tried = market.clone();
            tried.asks[place].energy = overstated(market.asks[place].energy, percent);
            let earned = askers(&tried.clear(rule, cap), market, place);
            self.note(askers(&honest, market, place), earned);
        }
    }

    fn note(&mut self, honest: i128, tried: i128) {
        self.attempts += 1;
        self.gained += u64::from(tried > honest);
        self.lost += u64::from(tried < honest);
        self.earned += tried - honest;
        self.honest += honest;
    }

    fn sum_ppm(&self) -> i64 {
        let size = ppm(self.earned.unsigned_abs(), self.honest.unsigned_abs());
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        if self.earned < 0 { -size } else { size }
    }
}

/// More by so many percent, rounded up to whole lots.
fn overstated(energy: Wh, percent: u64) -> Wh {
    let more = energy.0.saturating_mul(percent).div_ceil(100);
    energy.saturating_add(Wh(more.div_ceil(LOT) * LOT))
}

/// What the bid at `place` earned its owner, whose need stands in `truth`.
fn bidders(cleared: &Cleared, truth: &Market, place: usize) -> i128 {
    let Some(price) = cleared.clearing.buyers_pay else {
        return 0;
    };
    let (fill, need) = (cleared.bids[place], truth.bids[place]);
    let used = fill.min(need.energy);
    let worth = need.limit.0 * u128::from(used.0)
        + CORRIDOR.floor.0 * u128::from(fill.saturating_sub(used).0);
    worth as i128 - (price.0 * u128::from(fill.0)) as i128
}

/// What the ask at `place` earned its owner, whose energy stands in `truth`.
fn askers(cleared: &Cleared, truth: &Market, place: usize) -> i128 {
    let prices = cleared.clearing.buyers_pay;
    let Some((paid, price)) = prices.zip(cleared.clearing.sellers_receive) else {
        return 0;
    };
    let (fill, has) = (cleared.asks[place], truth.asks[place]);
    let delivered = fill.min(has.energy);
    let harm = CORRIDOR.cap.saturating_sub(paid);
    let earned = (price.0 as i128 - has.limit.0 as i128) * i128::from(delivered.0);
    earned - (harm.0 * u128::from(fill.saturating_sub(delivered).0)) as i128
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_math::{PricePerKwh, clearing::Order};

    fn order(mills: u128, wh: u64) -> Order {
        Order { limit: PricePerKwh(mills * 1_000_000_000), energy: Wh(wh) }
    }

    #[test]
    fn a_late_buyer_can_make_room_for_itself_by_asking_for_more() {
        // Of two buyers ahead of the margin the later one gets nothing, because the run ends in the
        // second ask. Asking for more, it moves the margin to the third.
        let market = Market {
            bids: vec![order(300, 500), order(290, 500), order(200, 100)],
            asks: vec![order(100, 500), order(110, 600), order(120, 500), order(130, 500)],
        };
        let honest = market.clear(Rule::McAfee, Wh(u64::MAX));
        assert_eq!(honest.bids, [Wh(500), Wh(0), Wh(0)]);
        let mut tried = market.clone();
        tried.bids[1].energy = overstated(Wh(500), 100);
        let cleared = tried.clear(Rule::McAfee, Wh(u64::MAX));
        assert!(bidders(&cleared, &market, 1) > bidders(&honest, &market, 1));
    }

    #[test]
    fn what_was_sold_and_is_not_there_costs_the_buyers_harm() {
        let market = Market { bids: vec![order(300, 1_000)], asks: vec![order(100, 500)] };
        let mut tried = market.clone();
        tried.asks[0].energy = Wh(1_000);
        let cleared = tried.clear(Rule::Uniform, Wh(u64::MAX));
        // The interval from 100 to 280 is halved: buyers pay 210, sellers get 190. Half is delivered
        // and earns 90, half is missing and costs 90.
        assert_eq!(cleared.clearing.buyers_pay, Some(order(210, 1).limit));
        assert_eq!(askers(&cleared, &market, 0), 0);
    }
}
