//! Aggregators who choose quantities.

use super::{
    Unfit,
    curves::{Market, Segment},
    exact::{Number, half, whole, zero},
};

/// Quantities that no aggregator would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equilibrium {
    /// Of each aggregator, in the order in which they were given, in kWh.
    pub quantities: Vec<Number>,
    /// What each gains.
    pub profits: Vec<Number>,
    /// The sum of the quantities.
    pub volume: Number,
    /// What sellers get per kWh; none where nothing trades.
    pub sellers_get: Option<Number>,
    /// What buyers pay per kWh; none where nothing trades.
    pub buyers_pay: Option<Number>,
}

/// All equilibria in which aggregators of these costs per kWh each choose one quantity, by volume.
///
/// # Errors
/// Without aggregators, with a cost below zero, and if there is no equilibrium.
pub fn equilibria(market: &Market, costs: &[Number]) -> Result<Vec<Equilibrium>, Unfit> {
    if costs.is_empty() {
        return Err(Unfit::NoAggregator);
    }
    let nothing = zero();
    if costs.iter().any(|cost| cost < &nothing) {
        return Err(Unfit::Negative);
    }
    let mut cheapest: Vec<&Number> = costs.iter().collect();
    cheapest.sort();
    let mut found: Vec<Equilibrium> = Vec::new();
    for segment in market.segments() {
        let Some(candidate) = candidate(segment, &cheapest, costs) else { continue };
        let is_known = found.last().is_some_and(|last| last.quantities == candidate.quantities);
        if !is_known && is_stable(market, &cheapest, costs, &candidate) {
            found.push(candidate);
        }
    }
    if found.is_empty() { Err(Unfit::NoEquilibrium) } else { Ok(found) }
}

/// The quantities that are each other's best answers if the segment's line went on in both directions, where
/// their sum is on the segment.
fn candidate(segment: &Segment, cheapest: &[&Number], costs: &[Number]) -> Option<Equilibrium> {
    let (start, fall) = (segment.margin_at_none(), segment.fall());
    let margin = margin_of_active(&start, cheapest);
    let nothing = zero();
    let quantities: Vec<Number> =
        costs.iter().map(|cost| ((&margin - cost) / &fall).max(nothing.clone())).collect();
    let volume: Number = quantities.iter().fold(zero(), |sum, quantity| sum + quantity);
    if !segment.holds(&volume) {
        return None;
    }
    let profits = costs.iter().zip(&quantities);
    let profits = profits.map(|(cost, quantity)| quantity * (&margin - cost)).collect();
    let trades = volume > nothing;
    let sellers_get = trades.then(|| segment.sellers_get(&volume));
    let buyers_pay = trades.then(|| segment.buyers_pay(&volume));
    Some(Equilibrium { quantities, profits, volume, sellers_get, buyers_pay })
}

/// The margin to which m active aggregators come is `(start + sum of their costs) / (m + 1)`, and exactly
/// those are active whose costs lie below it.
fn margin_of_active(start: &Number, cheapest: &[&Number]) -> Number {
    let mut sum = start.clone();
    let mut active = 1;
    for cost in cheapest {
        if *cost * whole(active) >= sum {
            break;
        }
        sum += *cost;
        active += 1;
    }
    sum / whole(active)
}

/// Whether no aggregator has a better answer. Those of one cost have one quantity, and are asked once.
fn is_stable(market: &Market, cheapest: &[&Number], costs: &[Number], of: &Equilibrium) -> bool {
    let mut apart = cheapest.to_vec();
    apart.dedup();
    apart.into_iter().all(|cost| {
        let place = costs.iter().position(|other| other == cost);
        let own = place.and_then(|place| of.quantities.get(place).zip(of.profits.get(place)));
        own.is_some_and(|(quantity, profit)| {
            best_profit(market, &(&of.volume - quantity), cost) <= *profit
        })
    })
}

/// The most that an aggregator of this cost gains beside `others`' volume.
fn best_profit(market: &Market, others: &Number, cost: &Number) -> Number {
    let nothing = zero();
    let mut best = nothing.clone();
    for segment in market.segments() {
        if segment.to.as_ref().is_some_and(|to| to <= others) {
            continue;
        }
        let least = (&segment.from - others).max(nothing.clone());
        let margin = segment.margin_at_none() - segment.fall() * others - cost;
        let mut quantity = half(&(&margin / segment.fall())).max(least);
        if let Some(to) = &segment.to {
            quantity = quantity.min(to - others);
        }
        let profit = &quantity * (&margin - segment.fall() * &quantity);
        best = best.max(profit);
    }
    best
}
