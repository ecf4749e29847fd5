//! What anyone would gain by doing otherwise.

use super::{
    cournot::Equilibrium,
    curves::{Line, Market},
    exact::{Number, half, whole, zero},
};

/// The most that any aggregator, microgrid or user would gain by another quantity, on a grid of `points` steps up to
/// the volume at which the margin is gone: an aggregator against the others' quantities, a member at its price.
/// Not above zero in an equilibrium. Nothing without points.
pub fn largest_gain(
    market: &Market,
    costs: &[Number],
    equilibrium: &Equilibrium,
    points: usize,
) -> Option<Number> {
    let none = zero();
    let most =
        market.segments().iter().find_map(|segment| segment.volume_at(&none)).unwrap_or_else(zero);
    let step = most / whole(points.max(1));
    let grid = || (0..=points).filter(|_| points > 0).map(|point| &step * whole(point));
    let mut known: Vec<(&Number, &Number)> = Vec::new();
    let mut gains: Vec<Number> = Vec::new();
    for ((cost, quantity), profit) in
        costs.iter().zip(&equilibrium.quantities).zip(&equilibrium.profits)
    {
        // Aggregators of one cost and quantity have the same to gain.
        if known.contains(&(cost, quantity)) {
            continue;
        }
        known.push((cost, quantity));
        let others = &equilibrium.volume - quantity;
        gains.extend(grid().filter_map(|other| {
            Some(&other * (market.margin(&(&others + &other))? - cost) - profit)
        }));
    }
    let mut members = |lines: &[Line], price: Option<&Number>, sign: Number| {
        let Some(price) = price else { return };
        for line in lines {
            let height = (price - &line.start) * &sign;
            let worth = |energy: &Number| energy * (&height - half(&(&line.slope * energy)));
            let own = worth(&(&height / &line.slope).max(none.clone()));
            gains.extend(grid().map(|other| worth(&other) - &own));
        }
    };
    members(market.sellers(), equilibrium.sellers_get.as_ref(), whole(1));
    members(market.buyers(), equilibrium.buyers_pay.as_ref(), -whole(1));
    gains.into_iter().max()
}
