//! What a community's batteries could do over a day together, and what sites that plan by themselves reach of it.
//!
//! ### Rules
//! - Every member has a load, a plant and perhaps a battery, known step by step in kWh. A battery charges and gives
//!   at most half its capacity an hour, loses a share each way, and is empty when the day begins.
//! - In each step the surplus of some meets the deficit of others as far as the lesser of the two goes, for the grid
//!   fee; what remains is bought from the grid or fed in. Who pays whom inside changes nothing of what all pay
//!   together.
//! - The *peak* is the most that all draw from the grid together, in kW.
//!
//! At a flat price storing gains nothing inside a community: a kWh that a neighbour takes now for the fee is worth as
//! much as one that is kept for the evening, and keeping it loses a tenth. What a battery gains comes from the grid's
//! price that moves with the hour, and from surplus that nobody takes. So batteries that serve their own house first
//! cost a community more than none, where the surplus would have been traded.

mod optimum;
mod sites;
#[cfg(test)]
mod tests;

pub use optimum::{Optimum, optimum};
pub use sites::{Follower, Plan, own_first, plan_by, without_batteries};

/// A member: each step's energies, kWh.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// What it uses.
    pub load: Vec<f64>,
    /// What its plant gives.
    pub sun: Vec<f64>,
    /// What its battery holds; nothing without one.
    pub battery: f64,
}

impl Member {
    /// What it has over in each step, below zero where something is missing.
    pub fn surplus(&self) -> Vec<f64> {
        self.load.iter().zip(&self.sun).map(|(load, sun)| sun - load).collect()
    }
}

/// What energy costs, per kWh.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    /// From the grid, per step.
    pub buy: Vec<f64>,
    /// Fed in.
    pub sell: f64,
    /// The grid fee on what is traded inside.
    pub fee: f64,
    /// How many hours a step has.
    pub step_hours: f64,
}

/// What batteries can do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batteries {
    /// The share that arrives, each way.
    pub efficiency: f64,
    /// The most power per capacity, either way, 1/h.
    pub rate: f64,
}

/// What a day comes to for all members together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Day {
    /// What all pay together.
    pub cost: f64,
    /// The most drawn from the grid, kW.
    pub peak: f64,
}

/// What the day costs if each step's surpluses and deficits are what `steps` says, in kWh, and the market inside
/// trades `traded(surplus, deficit)` of them.
pub fn day(tariff: &Tariff, steps: &[(f64, f64)], mut traded: impl FnMut(usize) -> f64) -> Day {
    let mut day = Day::default();
    for (step, ((surplus, deficit), buy)) in steps.iter().zip(&tariff.buy).enumerate() {
        let inside = traded(step);
        let drawn = deficit - inside;
        day.cost += drawn * buy - (surplus - inside) * tariff.sell + inside * tariff.fee;
        day.peak = day.peak.max(drawn / tariff.step_hours);
    }
    day
}

/// The surplus and the deficit of all in each step, of what each member's meter sees: kWh that leave, or enter if
/// below zero.
pub fn totals(meters: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let steps = meters.iter().map(Vec::len).max().unwrap_or(0);
    let mut totals = vec![(0.0, 0.0); steps];
    for meter in meters {
        for ((surplus, deficit), flow) in totals.iter_mut().zip(meter) {
            *surplus += flow.max(0.0);
            *deficit += (-flow).max(0.0);
        }
    }
    totals
}

/// The day when all that can be traded is.
pub fn all_traded(tariff: &Tariff, meters: &[Vec<f64>]) -> Day {
    let totals = totals(meters);
    let inside = |step| {
        totals.get(step).map_or(0.0, |(surplus, deficit): &(f64, f64)| surplus.min(*deficit))
    };
    day(tariff, &totals, inside)
}
