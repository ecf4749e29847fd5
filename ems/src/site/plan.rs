//! The plan of a site's day.

use super::{SiteError, breaches, cost, model::Model, relief, spec::Site};
use crate::program::{self, Limits, Solved, Unsolved};
use serde::Serialize;

/// What a store does: its charging and giving, kW, and what it holds after each step, kWh.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Run {
    /// What goes into it.
    pub charge: Vec<f64>,
    /// What comes out of it.
    pub discharge: Vec<f64>,
    /// What it holds afterwards.
    pub level: Vec<f64>,
}

/// All that flows, in kW, one value a step. What the site does not have is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// From the grid.
    pub import: Vec<f64>,
    /// Into the grid.
    pub export: Vec<f64>,
    /// Taken from the sun.
    pub pv: Vec<f64>,
    /// Taken from the wind.
    pub wt: Vec<f64>,
    /// Electricity of the turbine.
    pub mt: Vec<f64>,
    /// Heat of the boiler.
    pub boiler: Vec<f64>,
    /// The turbine's heat that goes to waste.
    pub vented: Vec<f64>,
    /// Cold that the chiller gives at once.
    pub cooling: Vec<f64>,
    /// The battery.
    pub battery: Run,
    /// The store of heat.
    pub tst: Run,
    /// The store of ice: cold into it and out of it.
    pub ice: Run,
    /// Each vehicle's charging.
    pub ev: Vec<Vec<f64>>,
}

/// A plan, and how good it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// What the day costs.
    pub cost: f64,
    /// No plan costs less, as far as it was proven.
    pub bound: f64,
    /// How far the cost lies above the bound, relative to the cost.
    pub gap: f64,
    /// What flows.
    #[serde(flatten)]
    pub series: Series,
}

/// A plan and the programme that it came from, for what is asked of it afterwards.
pub(super) struct Worked {
    pub model: Model,
    pub solved: Solved,
    pub plan: Plan,
}

/// Plans the day of `site`.
///
/// # Errors
/// As [`SiteError`] names them. A plan that does not hold against the equations is an error as well.
pub fn plan(site: &Site, limits: &Limits) -> Result<Plan, SiteError> {
    Ok(work(site, limits)?.plan)
}

/// The programme of `site` in free MPS format, for any solver.
///
/// # Errors
/// If a field of the site means nothing.
pub fn as_mps(site: &Site) -> Result<String, SiteError> {
    site.check()?;
    Ok(program::mps(&Model::new(site, site.steps(), true).program, "site"))
}

pub(super) fn work(site: &Site, limits: &Limits) -> Result<Worked, SiteError> {
    site.check()?;
    let model = Model::new(site, site.steps(), true);
    let solved = match program::solve(&model.program, limits) {
        Ok(solved) => solved,
        Err(Unsolved::Infeasible) => {
            return Err(SiteError::Infeasible(relief::find(site, limits)?));
        }
        Err(Unsolved::Time) => return Err(SiteError::Time(limits.time.as_secs())),
        Err(other) => return Err(SiteError::Unsolved(other)),
    };
    let series = model.series(&solved);
    if let Some(breach) = breaches(site, &series).into_iter().next() {
        return Err(SiteError::Breach(breach));
    }
    let cost = cost(site, &series);
    let plan = Plan { cost, bound: solved.bound.min(cost), gap: solved.gap(), series };
    Ok(Worked { model, solved, plan })
}
