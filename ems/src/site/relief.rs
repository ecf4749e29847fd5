//! What would have to be given from outside for a site without a plan to have one.

use super::{
    SiteError,
    devices::Fuel,
    model::Model,
    shortage::{Balance, Kept, Missing, Shortage},
    spec::Site,
};
use crate::program::{self, Limits, Program, RowId, Solved, Unsolved, Var};
use std::time::{Duration, Instant};

/// What can be made good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relief {
    /// More power in a balance.
    Balance(Balance),
    /// A vehicle may have less than it is to have, or more.
    Vehicle(usize),
    /// More in a store.
    Level(Kept),
    /// A store may end with less or more than it began with.
    End(Kept),
}

/// What makes it good, in the programme: variables of kW or kWh.
struct Given {
    relief: Relief,
    more: Vec<Var>,
    less: Vec<Var>,
}

/// Where power may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steps {
    All,
    Last,
}

/// The gap of a search that any solution ends. Costs stay where one is looked for, since they lead to it: among many
/// that cost the same the solver goes astray.
const ANY: f64 = 1.0;

/// The search for what is missing.
struct Search<'a> {
    site: &'a Site,
    /// The seconds that it may take, and when they are over.
    seconds: u64,
    end: Option<Instant>,
}

/// Which step is the first that no plan of it and of those before it serves, and what is missing. To be asked of a
/// site that has no plan. It takes at most the time of `limits`, all in all.
///
/// # Errors
/// [`SiteError::Unexplained`] if that is not found out in time.
pub(super) fn find(site: &Site, limits: &Limits) -> Result<Shortage, SiteError> {
    let end = Instant::now().checked_add(limits.time);
    let search = Search { site, seconds: limits.time.as_secs(), end };
    // The least number of steps that has no plan lies above `served`, and is at most `short`.
    let (mut served, mut short) = (0, site.steps());
    if search.is_served(short)? {
        return search.ends();
    }
    while short.saturating_sub(served) > 1 {
        let middle = served.midpoint(short);
        if search.is_served(middle)? { served = middle } else { short = middle }
    }
    search.step(short)
}

impl Search<'_> {
    /// Whether the first `steps` steps have a plan, whatever comes after.
    fn is_served(&self, steps: usize) -> Result<bool, SiteError> {
        Ok(self.solve(&Model::new(self.site, steps, false).program, ANY)?.is_some())
    }

    /// What the last of the first `steps` steps lacks.
    fn step(&self, steps: usize) -> Result<Shortage, SiteError> {
        let model = Model::new(self.site, steps, false);
        let step = steps.saturating_sub(1);
        // First what is rather the consequence than the cause: what is left out is not named. With all of these each
        // site has a plan, in which nothing runs.
        let mut all =
            vec![Relief::Level(Kept::Battery), Relief::Level(Kept::Heat), Relief::Level(Kept::Ice)];
        all.extend([Balance::Cold, Balance::Heat].map(Relief::Balance));
        all.extend((0..self.site.ev.len()).rev().map(Relief::Vehicle));
        all.push(Relief::Balance(Balance::Electricity));
        let needed = self.needed(&model, all)?;
        // In the step alone, if that is enough.
        let mut power_in = Steps::Last;
        let mut least = self.least(&model, &needed, power_in)?;
        if least.is_none() {
            power_in = Steps::All;
            least = self.least(&model, &needed, power_in)?;
        }
        let (solved, given) = least.ok_or(SiteError::Unsolved(Unsolved::Infeasible))?;
        let missing = given.iter().rev().map(|given| self.missing(step, given, &solved, power_in));
        let missing = missing.collect();
        let hour = (step as f64 * self.site.dt_h) as usize;
        let lacks = needed.contains(&Relief::Balance(Balance::Electricity));
        let vehicles = self.site.ev.iter().enumerate().filter(|_| lacks);
        let due = vehicles.filter(|(_, vehicle)| self.site.plugged(vehicle).1 == steps);
        let due = due.map(|(which, _)| which).collect();
        Ok(Shortage::Step { step, hour, missing, due })
    }

    /// Which stores do not end as they began.
    fn ends(&self) -> Result<Shortage, SiteError> {
        let model = Model::new(self.site, self.site.steps(), true);
        let all = [Kept::Ice, Kept::Heat, Kept::Battery].map(Relief::End).to_vec();
        let needed = self.needed(&model, all)?;
        let stores = needed.into_iter().rev().filter_map(|relief| match relief {
            Relief::End(store) => Some(store),
            _ => None,
        });
        Ok(Shortage::End { stores: stores.collect() })
    }

    /// Leaves out of `all` what is not needed for a plan, one after the other.
    fn needed(&self, model: &Model, all: Vec<Relief>) -> Result<Vec<Relief>, SiteError> {
        let mut needed: Vec<Relief> = all;
        let mut place = 0;
        while place < needed.len() {
            let mut fewer = needed.clone();
            fewer.remove(place);
            let mut program = model.program.clone();
            give(&mut program, model, &fewer, Steps::All);
            if self.solve(&program, ANY)?.is_some() {
                needed = fewer;
            } else {
                place = place.saturating_add(1);
            }
        }
        Ok(needed)
    }

    /// The least that has to be given; nothing if no amount is enough.
    fn least(
        &self,
        model: &Model,
        reliefs: &[Relief],
        power_in: Steps,
    ) -> Result<Option<(Solved, Vec<Given>)>, SiteError> {
        let mut program = model.program.clone();
        program.forget_costs();
        let given = give(&mut program, model, reliefs, power_in);
        Ok(self.solve(&program, 0.0)?.map(|solved| (solved, given)))
    }

    /// A solution, or nothing where there is none.
    fn solve(&self, program: &Program, gap: f64) -> Result<Option<Solved>, SiteError> {
        let time =
            self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        match program::solve(program, &Limits { time, gap }) {
            Ok(solved) => Ok(Some(solved)),
            Err(Unsolved::Infeasible) => Ok(None),
            Err(Unsolved::Time) => Err(SiteError::Unexplained(self.seconds)),
            Err(other) => Err(SiteError::Unsolved(other)),
        }
    }

    fn missing(&self, step: usize, given: &Given, solved: &Solved, power_in: Steps) -> Missing {
        let sum = |vars: &[Var]| vars.iter().map(|var| solved.value(*var)).sum::<f64>();
        let (more, less) = (sum(&given.more), sum(&given.less));
        match given.relief {
            Relief::Balance(balance) => match power_in {
                Steps::Last => {
                    Missing::Power { balance, power: more, load: self.load(balance, step) }
                }
                Steps::All => Missing::Energy { balance, energy: more * self.site.dt_h },
            },
            Relief::Vehicle(vehicle) => {
                let energy = self.site.ev.get(vehicle).map_or(0.0, |vehicle| vehicle.energy);
                Missing::Vehicle { vehicle, energy, nearest: energy - more + less }
            }
            Relief::Level(store) | Relief::End(store) => Missing::Level { store, energy: more },
        }
    }

    /// The load on a balance, where it is all that may take from it.
    fn load(&self, balance: Balance, step: usize) -> Option<f64> {
        let site = self.site;
        let boils = site.boiler.is_some_and(|boiler| boiler.fuel == Fuel::Electricity);
        let charges = site.ev.iter().any(|vehicle| {
            let (from, by) = site.plugged(vehicle);
            (from..by).contains(&step)
        });
        let load = match balance {
            Balance::Electricity if boils || charges || site.chiller.is_some() => return None,
            Balance::Electricity => Some(&site.load_e),
            Balance::Heat => site.load_h.as_ref(),
            Balance::Cold => site.load_c.as_ref(),
        };
        load.and_then(|load| load.get(step)).copied()
    }
}

/// Lets `reliefs` be given, at a cost: a kW of electricity is the cheapest, so that nothing else is given for what
/// more electricity would make.
fn give(program: &mut Program, model: &Model, reliefs: &[Relief], power_in: Steps) -> Vec<Given> {
    let mut all = Vec::new();
    for relief in reliefs {
        let rows: &[RowId] = match relief {
            Relief::Balance(Balance::Electricity) => &model.electricity,
            Relief::Balance(Balance::Heat) => &model.heat,
            Relief::Balance(Balance::Cold) => &model.cold,
            Relief::Vehicle(vehicle) => model.charged.get(*vehicle..=*vehicle).unwrap_or_default(),
            Relief::Level(store) => &model.stored(*store).holds,
            Relief::End(store) => model.stored(*store).ends.as_slice(),
        };
        let is_balance = matches!(relief, Relief::Balance(_));
        let rows = match rows {
            [.., last] if is_balance && power_in == Steps::Last => std::slice::from_ref(last),
            rows => rows,
        };
        let cost = if *relief == Relief::Balance(Balance::Electricity) { 1.0 } else { 1e3 };
        let mut term = |row: RowId, factor: f64| {
            let given = program.real("given", 0.0, f64::INFINITY);
            program.cost(given, cost);
            program.add_term(row, given, factor);
            given
        };
        // What holds a store's level has its charging below zero.
        let sign = if matches!(relief, Relief::Level(_)) { -1.0 } else { 1.0 };
        let more = rows.iter().map(|row| term(*row, sign)).collect();
        let either = matches!(relief, Relief::Vehicle(_) | Relief::End(_));
        let less = if either { rows } else { &[] };
        let less = less.iter().map(|row| term(*row, -sign)).collect();
        all.push(Given { relief: *relief, more, less });
    }
    all
}
