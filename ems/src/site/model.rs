//! A site as a linear programme with switches: S1's equations 1 to 16, corrected as `docs/papers.md` says.

use super::{
    devices::{Fuel, Store},
    series::{Run, Series},
    shortage::Kept,
    spec::Site,
};
use crate::program::{Program, Relation, RowId, Solved, Var};

type Terms = Vec<(Var, f64)>;

/// A site's programme, and where its plan stands in it.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub program: Program,
    /// The balance of electricity in each step, kW: what comes less what goes equals the load.
    pub electricity: Vec<RowId>,
    /// The balance of heat, where there is heat.
    pub heat: Vec<RowId>,
    /// The balance of cold, where there is cold.
    pub cold: Vec<RowId>,
    /// What each vehicle is charged with, kWh.
    pub charged: Vec<RowId>,
    import: Vec<Var>,
    export: Vec<Var>,
    pv: Vec<Var>,
    wind: Vec<Var>,
    turbine: Vec<Var>,
    boiler: Vec<Var>,
    vented: Vec<Var>,
    cooling: Vec<Var>,
    battery: Stored,
    heat_store: Stored,
    ice: Stored,
    vehicles: Vec<Vec<Var>>,
}

/// The variables and rows of a store.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    charge: Vec<Var>,
    discharge: Vec<Var>,
    level: Vec<Var>,
    /// What its level comes from in each step, kWh.
    pub holds: Vec<RowId>,
    /// That it ends as it began, if it must.
    pub ends: Option<RowId>,
}

/// What flows into each step's three balances.
#[derive(Default)]
struct Flows {
    electricity: Vec<Terms>,
    heat: Vec<Terms>,
    cold: Vec<Terms>,
}

fn add(terms: &mut [Terms], step: usize, var: Var, factor: f64) {
    if let Some(terms) = terms.get_mut(step) {
        terms.push((var, factor));
    }
}

impl Model {
    /// The programme of the first `steps` steps. Stores need to end where they began only if `to_the_end`.
    pub fn new(site: &Site, steps: usize, to_the_end: bool) -> Self {
        let mut program = Program::default();
        let mut flows = Flows {
            electricity: vec![Vec::new(); steps],
            heat: vec![Vec::new(); steps],
            cold: vec![Vec::new(); steps],
        };
        let p = &mut program;
        let (import, export) = grid(p, site, &mut flows);
        let pv = source(p, "pv", site.pv.as_deref(), &mut flows);
        let wind = source(p, "wt", site.wt.as_deref(), &mut flows);
        let (turbine, vented) = turbine(p, site, &mut flows);
        let boiler = boiler(p, site, &mut flows);
        let end = to_the_end;
        let battery =
            store(p, "battery", site.battery.as_ref(), site.dt_h, end, &mut flows.electricity);
        let heat_store = store(p, "tst", site.tst.as_ref(), site.dt_h, end, &mut flows.heat);
        let (cooling, ice) = cold(p, site, end, &mut flows);
        let (vehicles, charged) = vehicles(p, site, end, &mut flows);
        let mut balance = |name: &str, flows: Vec<Terms>, load: Option<&[f64]>, relation| {
            let rows = flows.into_iter().enumerate().map(|(step, terms)| {
                let load = load.and_then(|load| load.get(step)).copied().unwrap_or(0.0);
                program.row(format!("{name}_{step}"), terms, relation, load)
            });
            rows.collect::<Vec<_>>()
        };
        let electricity =
            balance("electricity", flows.electricity, Some(&site.load_e), Relation::Equal);
        let heat = if site.has_heat() { flows.heat } else { Vec::new() };
        let heat = balance("heat", heat, site.load_h.as_deref(), Relation::Equal);
        let has_cold = site.chiller.is_some() || site.load_c.is_some();
        let cold = if has_cold { flows.cold } else { Vec::new() };
        let cold = balance("cold", cold, site.load_c.as_deref(), Relation::Equal);
        Self {
            program,
            electricity,
            heat,
            cold,
            charged,
            import,
            export,
            pv,
            wind,
            turbine,
            boiler,
            vented,
            cooling,
            battery,
            heat_store,
            ice,
            vehicles,
        }
    }

    /// The variables and rows of a store: none where the site does not have it.
    pub fn stored(&self, store: Kept) -> &Stored {
        match store {
            Kept::Battery => &self.battery,
            Kept::Heat => &self.heat_store,
            Kept::Ice => &self.ice,
        }
    }

    /// The series of a solution.
    pub fn series(&self, solved: &Solved) -> Series {
        let of = |vars: &[Var]| vars.iter().map(|var| clean(solved.value(*var))).collect();
        let run = |stored: &Stored| Run {
            charge: of(&stored.charge),
            discharge: of(&stored.discharge),
            level: of(&stored.level),
        };
        Series {
            import: of(&self.import),
            export: of(&self.export),
            pv: of(&self.pv),
            wt: of(&self.wind),
            mt: of(&self.turbine),
            boiler: of(&self.boiler),
            vented: of(&self.vented),
            cooling: of(&self.cooling),
            battery: run(&self.battery),
            tst: run(&self.heat_store),
            ice: run(&self.ice),
            ev: self.vehicles.iter().map(|vehicle| of(vehicle)).collect(),
        }
    }
}

/// Nothing, where the solver means nothing.
fn clean(value: f64) -> f64 {
    if value.abs() < 1e-9 { 0.0 } else { value }
}

/// What is on or off: from `least` to `most` where `on` is 1, nothing otherwise.
fn switched(p: &mut Program, name: &str, step: usize, least: f64, most: f64) -> (Var, Var) {
    let power = p.real(format!("{name}_{step}"), 0.0, most);
    let on = p.switch(format!("{name}_on_{step}"));
    p.row(format!("{name}_most_{step}"), [(power, 1.0), (on, -most)], Relation::AtMost, 0.0);
    if least > 0.0 {
        p.row(format!("{name}_least_{step}"), [(power, 1.0), (on, -least)], Relation::AtLeast, 0.0);
    }
    (power, on)
}

fn grid(p: &mut Program, site: &Site, flows: &mut Flows) -> (Vec<Var>, Vec<Var>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let prices = site.price_buy.iter().zip(&site.price_sell);
    for (step, (buy, sell)) in prices.enumerate().take(flows.electricity.len()) {
        let import = p.real(format!("import_{step}"), 0.0, site.grid.import_max);
        let export = p.real(format!("export_{step}"), 0.0, site.grid.export_max);
        p.cost(import, buy * site.dt_h);
        p.cost(export, -sell * site.dt_h);
        // Where feeding in earns less than drawing costs, nobody does both.
        if sell >= buy {
            let draws = p.switch(format!("draws_{step}"));
            let (most_in, most_out) = (site.grid.import_max, site.grid.export_max);
            let name = format!("import_most_{step}");
            p.row(name, [(import, 1.0), (draws, -most_in)], Relation::AtMost, 0.0);
            let name = format!("export_most_{step}");
            p.row(name, [(export, 1.0), (draws, most_out)], Relation::AtMost, most_out);
        }
        add(&mut flows.electricity, step, import, 1.0);
        add(&mut flows.electricity, step, export, -1.0);
        imports.push(import);
        exports.push(export);
    }
    (imports, exports)
}

/// A plant that gives what there is, or less.
fn source(p: &mut Program, name: &str, most: Option<&[f64]>, flows: &mut Flows) -> Vec<Var> {
    let steps = flows.electricity.len();
    let mut taken = Vec::new();
    for (step, most) in most.into_iter().flatten().enumerate().take(steps) {
        let power = p.real(format!("{name}_{step}"), 0.0, *most);
        add(&mut flows.electricity, step, power, 1.0);
        taken.push(power);
    }
    taken
}

/// The turbine (eq. 2), and what of its heat goes to waste.
fn turbine(p: &mut Program, site: &Site, flows: &mut Flows) -> (Vec<Var>, Vec<Var>) {
    let (mut powers, mut vented) = (Vec::new(), Vec::new());
    let Some(mt) = &site.mt else { return (powers, vented) };
    for step in 0..flows.electricity.len() {
        let (power, _) = switched(p, "mt", step, mt.min, mt.max);
        p.cost(power, site.gas_price * site.dt_h / mt.eff);
        add(&mut flows.electricity, step, power, 1.0);
        if site.has_heat() {
            let heat = mt.heat_per_kwh();
            let lost = p.real(format!("vented_{step}"), 0.0, heat * mt.max);
            let name = format!("vented_most_{step}");
            p.row(name, [(lost, 1.0), (power, -heat)], Relation::AtMost, 0.0);
            add(&mut flows.heat, step, power, heat);
            add(&mut flows.heat, step, lost, -1.0);
            vented.push(lost);
        }
        powers.push(power);
    }
    (powers, vented)
}

fn boiler(p: &mut Program, site: &Site, flows: &mut Flows) -> Vec<Var> {
    let mut heats = Vec::new();
    let Some(boiler) = &site.boiler else { return heats };
    for step in 0..flows.heat.len() {
        let heat = p.real(format!("boiler_{step}"), 0.0, boiler.max);
        match boiler.fuel {
            Fuel::Gas => p.cost(heat, site.gas_price * site.dt_h / boiler.eff),
            Fuel::Electricity => add(&mut flows.electricity, step, heat, -1.0 / boiler.eff),
        }
        add(&mut flows.heat, step, heat, 1.0);
        heats.push(heat);
    }
    heats
}

/// A battery or a store of heat (eqs 3 to 6, 9 to 12).
fn store(
    p: &mut Program,
    name: &str,
    store: Option<&Store>,
    dt: f64,
    to_the_end: bool,
    flows: &mut [Terms],
) -> Stored {
    let mut stored = Stored::default();
    let Some(store) = store else { return stored };
    let kept = (1.0 - store.loss).powf(dt);
    let mut active = Terms::new();
    for step in 0..flows.len() {
        let (charge, takes) =
            switched(p, &format!("{name}_in"), step, store.charge_min, store.charge_max);
        let (discharge, gives) =
            switched(p, &format!("{name}_out"), step, store.discharge_min, store.discharge_max);
        p.row(format!("{name}_one_{step}"), [(takes, 1.0), (gives, 1.0)], Relation::AtMost, 1.0);
        active.extend([(takes, dt), (gives, dt)]);
        if let Some(ramp) = store.ramp {
            for (way, now, before) in
                [("in", charge, stored.charge.last()), ("out", discharge, stored.discharge.last())]
            {
                let Some(before) = before else { continue };
                let terms = [(now, 1.0), (*before, -1.0)];
                p.row(format!("{name}_{way}_up_{step}"), terms, Relation::AtMost, ramp);
                p.row(format!("{name}_{way}_down_{step}"), terms, Relation::AtLeast, -ramp);
            }
        }
        let level = p.real(
            format!("{name}_level_{step}"),
            store.level_min * store.capacity,
            store.level_max * store.capacity,
        );
        let mut terms = vec![
            (level, 1.0),
            (charge, -store.charge_eff * dt),
            (discharge, dt / store.discharge_eff),
        ];
        let held = match stored.level.last() {
            Some(before) => {
                terms.push((*before, -kept));
                0.0
            }
            None => kept * store.start,
        };
        let holds = p.row(format!("{name}_holds_{step}"), terms, Relation::Equal, held);
        stored.holds.push(holds);
        add(flows, step, discharge, 1.0);
        add(flows, step, charge, -1.0);
        stored.charge.push(charge);
        stored.discharge.push(discharge);
        stored.level.push(level);
    }
    if let Some(most) = store.active_max {
        p.row(format!("{name}_active"), active, Relation::AtMost, most);
    }
    if let Some(level) = stored.level.last().filter(|_| to_the_end) {
        let name = format!("{name}_ends");
        stored.ends = Some(p.row(name, [(*level, 1.0)], Relation::Equal, store.start));
    }
    stored
}

/// The chiller (eq. 7) and the store of ice (eq. 8, and its balance).
fn cold(p: &mut Program, site: &Site, to_the_end: bool, flows: &mut Flows) -> (Vec<Var>, Stored) {
    let (mut cooling, mut stored) = (Vec::new(), Stored::default());
    let Some(chiller) = &site.chiller else { return (cooling, stored) };
    for step in 0..flows.cold.len() {
        let (all, _) = switched(p, "chiller", step, chiller.min, chiller.max);
        let cools = p.real(format!("cooling_{step}"), 0.0, chiller.max);
        let mut parts = vec![(all, 1.0), (cools, -1.0)];
        add(&mut flows.cold, step, cools, 1.0);
        add(&mut flows.electricity, step, cools, -1.0 / chiller.cop_cool);
        cooling.push(cools);
        if let Some(ice) = &site.ice {
            let may = site.valley.as_ref().map(|valley| valley.contains(&step));
            let make_max = if may == Some(false) { 0.0 } else { ice.make_max.min(chiller.max) };
            let melt_max = if may == Some(true) { 0.0 } else { ice.melt_max };
            let make = p.real(format!("ice_make_{step}"), 0.0, make_max);
            let melt = p.real(format!("ice_melt_{step}"), 0.0, melt_max);
            if may.is_none() {
                let makes = p.switch(format!("ice_makes_{step}"));
                let name = format!("ice_make_most_{step}");
                p.row(name, [(make, 1.0), (makes, -make_max)], Relation::AtMost, 0.0);
                let name = format!("ice_melt_most_{step}");
                p.row(name, [(melt, 1.0), (makes, melt_max)], Relation::AtMost, melt_max);
            }
            let level = p.real(format!("ice_level_{step}"), 0.0, ice.capacity);
            let kept = (1.0 - ice.loss).powf(site.dt_h);
            let mut terms = vec![(level, 1.0), (make, -site.dt_h), (melt, site.dt_h)];
            let held = match stored.level.last() {
                Some(before) => {
                    terms.push((*before, -kept));
                    0.0
                }
                None => kept * ice.start,
            };
            let holds = p.row(format!("ice_holds_{step}"), terms, Relation::Equal, held);
            stored.holds.push(holds);
            parts.push((make, -1.0));
            add(&mut flows.cold, step, melt, 1.0);
            add(&mut flows.electricity, step, make, -1.0 / chiller.cop_ice);
            stored.charge.push(make);
            stored.discharge.push(melt);
            stored.level.push(level);
        }
        p.row(format!("chiller_makes_{step}"), parts, Relation::Equal, 0.0);
    }
    if let (Some(level), Some(ice), true) = (stored.level.last(), &site.ice, to_the_end) {
        let ends = p.row("ice_ends", [(*level, 1.0)], Relation::Equal, ice.start);
        stored.ends = Some(ends);
    }
    (cooling, stored)
}

/// Vehicles: so much energy between two times. Their powers, and the rows that ask for the energy.
fn vehicles(
    p: &mut Program,
    site: &Site,
    to_the_end: bool,
    flows: &mut Flows,
) -> (Vec<Vec<Var>>, Vec<RowId>) {
    let steps = flows.electricity.len();
    let (mut vehicles, mut rows) = (Vec::new(), Vec::new());
    for (which, vehicle) in site.ev.iter().enumerate() {
        let (from, by) = site.plugged(vehicle);
        let mut charged = Terms::new();
        let mut powers = Vec::new();
        for step in 0..steps {
            let name = format!("ev{which}");
            let is_there = (from..by).contains(&step);
            let power = match is_there && vehicle.charge_min > 0.0 {
                true => switched(p, &name, step, vehicle.charge_min, vehicle.charge_max).0,
                false => {
                    let most = if is_there { vehicle.charge_max } else { 0.0 };
                    p.real(format!("{name}_{step}"), 0.0, most)
                }
            };
            charged.push((power, vehicle.charge_eff * site.dt_h));
            add(&mut flows.electricity, step, power, -1.0);
            powers.push(power);
        }
        // Of a part of the day it is asked for only where that part reaches the time.
        let relation = if to_the_end || by <= steps { Relation::Equal } else { Relation::AtMost };
        rows.push(p.row(format!("ev{which}_charged"), charged, relation, vehicle.energy));
        vehicles.push(powers);
    }
    (vehicles, rows)
}
