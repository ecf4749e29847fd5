//! The dispatch of one site over a day: what runs when at the least cost.
//!
//! ### Rules
//! - Time goes in steps of an hour or a quarter-hour. Powers are constant within a step, in kW; energies and
//!   levels are in kWh, costs in the currency of the prices.
//! - Three balances hold in each step. *Electricity*: drawn from the grid, taken from sun and wind, given by the
//!   turbine and the battery is what the load, the chiller, an electric boiler, vehicles, the battery and the grid
//!   take. *Heat*: of the turbine's waste heat what is not vented, of the boiler, out of the store. *Cold*: of the
//!   chiller, out of the ice.
//! - Sun and wind give what they have or less. Nobody draws and feeds in at once.
//! - A device with a least power runs above it or not at all. A store charges or gives, and not both; it ends with
//!   what it began with; its power changes by at most its ramp from one step to the next, each way for itself, and
//!   the first step has none before it. Losses of a quarter-hour compound to those of an hour.
//! - The cost is what is drawn and burnt less what is fed in. It is the least one within the gap that was
//!   asked for, and the gap that was reached is told.
//!
//! The equations are S1's (the thermal game of `docs/papers.md`), 1 to 16, where they hold; what is corrected in
//! them stands there. [`breaches`] holds a plan against them without the programme that made it.

mod breaches;
mod devices;
mod marginal;
mod model;
mod plan;
mod relief;
mod series;
mod shortage;
mod spec;
#[cfg(test)]
mod tests;

pub use breaches::{breaches, cost};
pub use devices::{Boiler, Chiller, Fuel, Grid, Ice, Store, Turbine, Vehicle};
pub use marginal::{Marginal, marginals};
pub use plan::{Plan, as_mps, plan};
pub use series::{Run, Series};
pub use shortage::{Balance, Kept, Missing, Shortage};
pub use spec::{MOST_STEPS, Site};

use crate::program::Unsolved;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SiteError {
    /// A field of the site means nothing.
    #[error("{field}: {what}")]
    Field {
        /// Which.
        field: String,
        /// What is wrong with it.
        what: String,
    },
    /// No plan serves the load.
    #[error("no plan: {0}")]
    Infeasible(Shortage),
    /// No plan serves the load, and why was not found out in time.
    #[error(
        "there is no plan, and why was not found out in {0} seconds: a longer --time-limit may tell"
    )]
    Unexplained(u64),
    /// There may be one.
    #[error("no plan was found in {0} seconds: a longer --time-limit may find one")]
    Time(u64),
    /// The solver gave up.
    #[error("no plan: {0}")]
    Unsolved(Unsolved),
    /// The plan does not hold against the equations.
    #[error("the plan does not hold: {0}")]
    Breach(String),
}
