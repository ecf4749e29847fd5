//! What one more kilowatt-hour of a step's electricity is worth to a site.

use super::{
    SiteError,
    plan::{Plan, work},
    spec::Site,
};
use crate::program::{self, Limits};
use serde::Serialize;

/// The worth of a step's electricity, in the currency of the prices per kWh.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Marginal {
    /// What the day costs more if the load is a lot higher, per kWh; nothing where that cannot be served.
    pub more: Option<f64>,
    /// What it costs less if the load is a lot lower, per kWh; nothing where that has no plan.
    pub less: Option<f64>,
}

/// Plans the day of `site`, and tells what electricity is worth in each step, by solving again with the step's
/// balance moved by `lot_kwh` either way. Switches stay as they are in the plan.
///
/// # Errors
/// As [`super::plan`]'s.
pub fn marginals(
    site: &Site,
    limits: &Limits,
    lot_kwh: f64,
) -> Result<(Plan, Vec<Marginal>), SiteError> {
    let worked = work(site, limits)?;
    let fixed = worked.model.program.with_switches_of(&worked.solved);
    let each = Limits { gap: 0.0, ..*limits };
    let cost = worked.solved.cost;
    let rows = worked.model.electricity.iter();
    let moved = rows.map(|row| {
        let by = |sign: f64| {
            let mut program = fixed.clone();
            program.move_right(*row, sign * lot_kwh / site.dt_h);
            let moved = program::solve(&program, &each).ok()?.cost;
            Some(sign * (moved - cost) / lot_kwh)
        };
        Marginal { more: by(1.0), less: by(-1.0) }
    });
    let moved = moved.collect();
    Ok((worked.plan, moved))
}
