//! Why a site has no plan: the first step that cannot be served, and which of its balances is short.

use super::{SiteError, model::Model, spec::Site};
use crate::program::{self, Limits, Program, RowId, Unsolved};
use std::fmt;

/// A balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// Of electricity.
    Electricity,
    /// Of heat.
    Heat,
    /// Of cold.
    Cold,
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Electricity => "electricity",
            Self::Heat => "heat",
            Self::Cold => "cooling",
        })
    }
}

/// What is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Shortage {
    /// All steps before this one can be served, and this one not along with them.
    Step {
        /// Which, from 0.
        step: usize,
        /// The hour that it is in, from 0.
        hour: usize,
        /// Which balance fails, where making good for one alone is enough.
        balance: Option<Balance>,
        /// What is asked for, kW.
        load: f64,
        /// The most that can be had in this step, kW.
        most: f64,
    },
    /// Every step can be served, but no store or vehicle then ends as it must.
    End,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { hour, balance: Some(balance), load, most, .. } => {
                write!(f, "hour {hour} is the first that cannot be served: {load:.3} kW of {balance}, and at most ")?;
                write!(f, "{most:.3} kW can be had")
            }
            Self::Step { hour, .. } => {
                write!(f, "hour {hour} is the first that cannot be served: more than one balance fails, or a vehicle is ")?;
                f.write_str("not charged in time")
            }
            Self::End => f.write_str(
                "every hour can be served, but a store does not come back to its start, or a vehicle is not charged",
            ),
        }
    }
}

/// Which step is the first that no plan of it and of those before it serves. To be asked of a site that has no
/// plan.
///
/// # Errors
/// If that is not found out in time.
pub(super) fn find(site: &Site, limits: &Limits) -> Result<Shortage, SiteError> {
    // The least number of steps that has no plan lies above `served`, and is at most `short`.
    let (mut served, mut short) = (0, site.steps());
    if !is_short(site, short, limits)? {
        return Ok(Shortage::End);
    }
    while short.saturating_sub(served) > 1 {
        let middle = served.midpoint(short);
        if is_short(site, middle, limits)? { short = middle } else { served = middle }
    }
    Ok(which(site, short, limits))
}

/// Whether the first `steps` steps have no plan, whatever comes after.
fn is_short(site: &Site, steps: usize, limits: &Limits) -> Result<bool, SiteError> {
    let mut program = Model::new(site, steps, false).program;
    program.forget_costs();
    match program::solve(&program, limits) {
        Ok(_) => Ok(false),
        Err(Unsolved::Infeasible) => Ok(true),
        Err(Unsolved::Time) => Err(SiteError::Time(limits.time.as_secs())),
        Err(other) => Err(SiteError::Unsolved(other)),
    }
}

fn which(site: &Site, steps: usize, limits: &Limits) -> Shortage {
    let step = steps.saturating_sub(1);
    let hour = (step as f64 * site.dt_h) as usize;
    let model = Model::new(site, steps, false);
    let at = |load: Option<&Vec<f64>>| load.and_then(|load| load.get(step)).copied().unwrap_or(0.0);
    let balances = [
        (Balance::Cold, model.cold.last(), at(site.load_c.as_ref())),
        (Balance::Heat, model.heat.last(), at(site.load_h.as_ref())),
        (Balance::Electricity, model.electricity.last(), at(Some(&site.load_e))),
    ];
    for (balance, row, load) in balances {
        let Some(short) = row.and_then(|row| short_by(&model.program, *row, limits)) else {
            continue;
        };
        return Shortage::Step { step, hour, balance: Some(balance), load, most: load - short };
    }
    Shortage::Step { step, hour, balance: None, load: 0.0, most: 0.0 }
}

/// How much has to be given from outside into one balance, if that is enough.
fn short_by(program: &Program, row: RowId, limits: &Limits) -> Option<f64> {
    let mut program = program.clone();
    program.forget_costs();
    let given = program.real("given", 0.0, f64::INFINITY);
    program.cost(given, 1.0);
    program.add_term(row, given, 1.0);
    let exact = Limits { gap: 0.0, ..*limits };
    program::solve(&program, &exact).ok().map(|solved| solved.value(given))
}
