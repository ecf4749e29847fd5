//! Why a site has no plan: the first step that cannot be served, and what is short there.

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

/// A store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The battery.
    Battery,
    /// The store of heat.
    Heat,
    /// The store of ice.
    Ice,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Battery => "the battery",
            Self::Heat => "the store of heat",
            Self::Ice => "the store of ice",
        })
    }
}

/// One thing that is short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// Power of a balance in the step itself, kW: with it the step can be served.
    Power {
        /// Which balance.
        balance: Balance,
        /// The least that is missing, kW.
        power: f64,
        /// The load on the balance, kW, where nothing else takes from it.
        load: Option<f64>,
    },
    /// Energy of a balance in the step and those before it, kWh: power in the step alone is not enough, since a
    /// store would have to hold more by then, or a vehicle.
    Energy {
        /// Which balance.
        balance: Balance,
        /// The least that is missing, kWh.
        energy: f64,
    },
    /// A vehicle is not charged as it should be, whatever the balances have.
    Vehicle {
        /// Which, from 0.
        vehicle: usize,
        /// What it is to have, kWh.
        energy: f64,
        /// What it can have that comes nearest, kWh.
        nearest: f64,
    },
    /// A store falls below its least level, whatever the balances have.
    Level {
        /// Which.
        store: Kept,
        /// The least that is missing in it, kWh.
        energy: f64,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Power { balance, power, load: Some(load) } => {
                let most = (load - power).max(0.0);
                write!(f, "{load:.3} kW of {balance}, and at most {most:.3} kW can be had")
            }
            Self::Power { balance, power, load: None } => {
                write!(f, "{power:.3} kW of {balance} are missing")
            }
            Self::Energy { balance, energy } => {
                write!(f, "{energy:.3} kWh of {balance} are missing up to its end")
            }
            Self::Vehicle { vehicle: which, energy, nearest } => {
                let name = vehicle(*which);
                write!(
                    f,
                    "{name} is to have {energy:.3} kWh by then, and {nearest:.3} kWh is the "
                )?;
                f.write_str("nearest that it can have")
            }
            Self::Level { store, energy } => {
                write!(f, "{store} falls below its least level by {energy:.3} kWh")
            }
        }
    }
}

/// What cannot be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Shortage {
    /// All steps before this one can be served, and this one not along with them.
    Step {
        /// Which, from 0.
        step: usize,
        /// The hour that it is in, from 0.
        hour: usize,
        /// What has to be made good, each of it: without any one there is still no plan. Electricity is named before
        /// all that could be made of it, and before vehicles that wait for it.
        missing: Vec<Missing>,
        /// The vehicles, from 0, that are to be charged by the end of the step, where electricity is missing: they
        /// may be what it is missing for.
        due: Vec<usize>,
    },
    /// Every step can be served, but these stores do not end as they began.
    End {
        /// Which: if these need not, there is a plan.
        stores: Vec<Kept>,
    },
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { hour, missing, due, .. } => {
                write!(f, "hour {hour} is the first that cannot be served: ")?;
                joined(f, missing, "; ")?;
                let due: Vec<String> = due.iter().map(|which| vehicle(*which)).collect();
                match due.len() {
                    0 => Ok(()),
                    1 => write!(f, "; {} is to be charged by then", due.concat()),
                    _ => write!(f, "; {} are to be charged by then", due.join(" and ")),
                }
            }
            Self::End { stores } => {
                f.write_str("every hour can be served, but ")?;
                joined(f, stores, " and ")?;
                let ends =
                    if stores.len() > 1 { "do not end as they" } else { "does not end as it" };
                write!(f, " {ends} began")
            }
        }
    }
}

/// A vehicle as people count.
fn vehicle(which: usize) -> String {
    format!("vehicle {}", which.saturating_add(1))
}

fn joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, parts: &[T], by: &str) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(by)?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}
