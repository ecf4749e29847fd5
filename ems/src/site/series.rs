//! What flows at a site, and in its stores.

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
