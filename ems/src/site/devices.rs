//! What stands on a site. Powers are in kW, energies in kWh, efficiencies and levels are shares from 0 to 1.

use serde::Deserialize;

/// The connection to the grid.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// The most that is drawn, kW.
    pub import_max: f64,
    /// The most that is fed in, kW.
    pub export_max: f64,
}

/// A battery, or a store of heat (S1, eqs 3 to 6 and 9 to 12).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// What it would hold from empty to full, kWh.
    pub capacity: f64,
    /// The least level, a share of the capacity.
    #[serde(default)]
    pub level_min: f64,
    /// The highest level, a share of the capacity.
    #[serde(default = "one")]
    pub level_max: f64,
    /// What it holds at the beginning, and again at the end, kWh.
    pub start: f64,
    /// The least power at which it charges, if it charges at all, kW.
    #[serde(default)]
    pub charge_min: f64,
    /// The most power at which it charges, kW.
    pub charge_max: f64,
    /// The least power that it gives, if it gives any, kW.
    #[serde(default)]
    pub discharge_min: f64,
    /// The most power that it gives, kW.
    pub discharge_max: f64,
    /// What arrives in the store of what is charged.
    #[serde(default = "one")]
    pub charge_eff: f64,
    /// What arrives outside of what leaves the store.
    #[serde(default = "one")]
    pub discharge_eff: f64,
    /// What share of its content is lost in an hour.
    #[serde(default)]
    pub loss: f64,
    /// By how much charging, and giving, may change from one step to the next, kW; any change if not given.
    #[serde(default)]
    pub ramp: Option<f64>,
    /// In how many hours it may be active, charging or giving; in all if not given.
    #[serde(default)]
    pub active_max: Option<f64>,
}

/// A gas turbine whose waste heat is used (S1, eq. 2).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Turbine {
    /// Electricity from a kWh of gas, kWh.
    pub eff: f64,
    /// What of a kWh of gas is lost for good, kWh.
    #[serde(default)]
    pub loss: f64,
    /// What share of the rest, which is heat, can be used.
    #[serde(default)]
    pub recovery: f64,
    /// The least electric power, if it runs at all, kW.
    #[serde(default)]
    pub min: f64,
    /// The most electric power, kW.
    pub max: f64,
}

impl Turbine {
    /// The heat that comes with a kWh of electricity, kWh.
    pub fn heat_per_kwh(&self) -> f64 {
        (1.0 - self.eff - self.loss) * self.recovery / self.eff
    }
}

/// What a boiler heats with.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Fuel {
    /// Gas, at the site's gas price.
    #[default]
    Gas,
    /// Electricity, out of the site's balance.
    Electricity,
}

/// A boiler.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Boiler {
    /// The most heat that it gives, kW.
    pub max: f64,
    /// Heat from a kWh of what it heats with, kWh. A heat pump's may be above 1.
    pub eff: f64,
    /// What it heats with.
    #[serde(default)]
    pub fuel: Fuel,
}

/// A chiller that cools or makes ice (S1, eq. 7).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Chiller {
    /// The least cold, ice included, that it makes if it runs at all, kW.
    #[serde(default)]
    pub min: f64,
    /// The most cold, ice included, kW.
    pub max: f64,
    /// Cold from a kWh of electricity, kWh.
    pub cop_cool: f64,
    /// The same while it makes ice.
    #[serde(default = "one")]
    pub cop_ice: f64,
}

/// A store of ice, which the chiller fills (S1, eq. 8, with the balance that it lacks).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Ice {
    /// The cold that it can hold, kWh.
    pub capacity: f64,
    /// The most cold that goes into it, kW.
    pub make_max: f64,
    /// The most cold that it gives, kW.
    pub melt_max: f64,
    /// What share of its content is lost in an hour.
    #[serde(default)]
    pub loss: f64,
    /// What it holds at the beginning, and again at the end, kWh.
    pub start: f64,
}

/// An electric vehicle: so much energy by a time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Vehicle {
    /// What it is to have more in its battery by then, kWh.
    pub energy: f64,
    /// From which hour on it is plugged in, a whole number of steps after the beginning.
    pub from: f64,
    /// By which hour it is to be charged, a whole number of steps after the beginning.
    pub by: f64,
    /// The least power at which it charges, if it charges at all, kW.
    #[serde(default)]
    pub charge_min: f64,
    /// The most power at which it charges, kW.
    pub charge_max: f64,
    /// What arrives in its battery of what is charged.
    #[serde(default = "one")]
    pub charge_eff: f64,
}

const fn one() -> f64 {
    1.0
}
