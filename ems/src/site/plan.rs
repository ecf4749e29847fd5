//! The plan of a site's day.

use super::{SiteError, breaches, cost, model::Model, relief, series::Series, spec::Site};
use crate::program::{self, Limits, Solved, Unsolved};
use serde::Serialize;

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
