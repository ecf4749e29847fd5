//! Sites that act by themselves: own load first, or a plan made from yesterday.

use super::{Batteries, Member, Tariff};
use crate::{
    community::optimum::{Shape, shared},
    program::{Limits, Unsolved},
};

/// What each member's meter sees without any battery.
pub fn without_batteries(members: &[Member]) -> Vec<Vec<f64>> {
    members.iter().map(Member::surplus).collect()
}

/// A battery as it is worked.
struct Worked {
    capacity: f64,
    level: f64,
    most: f64,
    efficiency: f64,
}

impl Worked {
    fn new(capacity: f64, batteries: &Batteries, step_hours: f64) -> Self {
        let most = capacity * batteries.rate * step_hours;
        Self { capacity, level: 0.0, most, efficiency: batteries.efficiency }
    }

    /// Takes up to `wanted`, and says how much.
    fn charge(&mut self, wanted: f64) -> f64 {
        let room = (self.capacity - self.level).max(0.0) / self.efficiency;
        let taken = wanted.clamp(0.0, self.most).min(room);
        self.level += taken * self.efficiency;
        taken
    }

    /// Gives up to `wanted`, and says how much.
    fn discharge(&mut self, wanted: f64) -> f64 {
        let given = wanted.clamp(0.0, self.most).min(self.level * self.efficiency);
        self.level = (self.level - given / self.efficiency).max(0.0);
        given
    }
}

/// What each member's meter sees if its battery takes its own surplus and serves its own deficit, whatever others do.
pub fn own_first(members: &[Member], batteries: &Batteries, step_hours: f64) -> Vec<Vec<f64>> {
    let meter = |member: &Member| {
        let mut battery = Worked::new(member.battery, batteries, step_hours);
        let flows = member.surplus().into_iter().map(|over| {
            let taken = battery.charge(over);
            over - taken + battery.discharge(-over)
        });
        flows.collect()
    };
    members.iter().map(meter).collect()
}

/// What a battery of one kWh is to do in each step: charge and give, kWh.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Charging.
    pub charge: Vec<f64>,
    /// Giving.
    pub discharge: Vec<f64>,
}

/// How a site makes its plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Follower {
    /// What share of what batteries are expected to save is given up for a lower peak, from 0 to 1.
    pub for_the_peak: f64,
}

/// The plan that every site makes by itself from what all can read of yesterday: each step's surplus and deficit of
/// all, kWh, and the capacity of all batteries together. It works one battery of that capacity: the least cost, then
/// the least peak that gives up no more than [`Follower::for_the_peak`] of what is saved. Each does its share of it,
/// so that a hundred do not charge in the same quarter-hour.
///
/// # Errors
/// As the solver's.
pub fn plan_by(
    follower: Follower,
    yesterday: &[(f64, f64)],
    capacity: f64,
    tariff: &Tariff,
    batteries: &Batteries,
    limits: &Limits,
) -> Result<Plan, Unsolved> {
    let shape = Shape { yesterday, capacity, tariff, batteries };
    let plan = shared(&shape, follower.for_the_peak, limits)?;
    let each = |values: Vec<f64>| {
        values.into_iter().map(|kwh| if capacity > 0.0 { kwh / capacity } else { 0.0 }).collect()
    };
    Ok(Plan { charge: each(plan.0), discharge: each(plan.1) })
}

impl Plan {
    /// What each member's meter sees if its battery follows the plan as far as it can.
    pub fn follow(
        &self,
        members: &[Member],
        batteries: &Batteries,
        step_hours: f64,
    ) -> Vec<Vec<f64>> {
        let meter = |member: &Member| {
            let mut battery = Worked::new(member.battery, batteries, step_hours);
            let steps = self.charge.iter().zip(&self.discharge);
            let flows = member.surplus().into_iter().zip(steps).map(|(over, (charge, give))| {
                let taken = battery.charge(charge * member.battery);
                over - taken + battery.discharge(give * member.battery)
            });
            flows.collect()
        };
        members.iter().map(meter).collect()
    }
}
