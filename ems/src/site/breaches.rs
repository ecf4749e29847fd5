//! A plan held against the equations, by code that did not make it.
//!
//! Nothing here knows the programme: each equation is computed anew from the site and from what flows.

use super::{
    devices::{Fuel, Ice, Store, Vehicle},
    series::{Run, Series},
    spec::Site,
};

/// What a sum may be off by, kW or kWh: the solver's own tolerance, some terms of it.
const OFF: f64 = 1e-5;

/// What the flows of a day cost at the site's prices: drawn and burnt, less fed in.
pub fn cost(site: &Site, series: &Series) -> f64 {
    let dt = site.dt_h;
    let sum = |prices: &[f64], powers: &[f64]| -> f64 {
        prices.iter().zip(powers).map(|(price, power)| price * power * dt).sum()
    };
    let energy = |powers: &[f64]| powers.iter().sum::<f64>() * dt;
    let mut cost = sum(&site.price_buy, &series.import) - sum(&site.price_sell, &series.export);
    if let Some(mt) = &site.mt {
        cost += energy(&series.mt) / mt.eff * site.gas_price;
    }
    if let Some(boiler) = site.boiler.filter(|boiler| boiler.fuel == Fuel::Gas) {
        cost += energy(&series.boiler) / boiler.eff * site.gas_price;
    }
    cost
}

/// Every equation that the flows of a day do not keep, in words; none if they are a plan.
pub fn breaches(site: &Site, series: &Series) -> Vec<String> {
    let mut found = Breaches { steps: site.steps(), found: Vec::new() };
    found.shapes(site, series);
    if !found.found.is_empty() {
        return found.found;
    }
    found.balances(site, series);
    found.limits(site, series);
    if let Some(store) = &site.battery {
        found.store("battery", store, &series.battery, site.dt_h);
    }
    if let Some(store) = &site.tst {
        found.store("heat store", store, &series.tst, site.dt_h);
    }
    if let Some(ice) = &site.ice {
        found.ice(site, ice, &series.ice);
    }
    for (vehicle, powers) in site.ev.iter().zip(&series.ev) {
        found.vehicle(site, vehicle, powers);
    }
    found.found
}

struct Breaches {
    steps: usize,
    found: Vec<String>,
}

/// The value at a step; nothing where the site has no such device.
fn at(series: &[f64], step: usize) -> f64 {
    series.get(step).copied().unwrap_or(0.0)
}

fn optional(series: Option<&Vec<f64>>, step: usize) -> f64 {
    series.map_or(0.0, |series| at(series, step))
}

impl Breaches {
    fn tell(&mut self, what: String) {
        self.found.push(what);
    }

    fn shapes(&mut self, site: &Site, series: &Series) {
        let store = |run: &Run| [run.charge.len(), run.discharge.len(), run.level.len()];
        let mut lengths = vec![
            ("import", series.import.len(), true),
            ("export", series.export.len(), true),
            ("pv", series.pv.len(), site.pv.is_some()),
            ("wt", series.wt.len(), site.wt.is_some()),
            ("mt", series.mt.len(), site.mt.is_some()),
            ("boiler", series.boiler.len(), site.boiler.is_some()),
            ("cooling", series.cooling.len(), site.chiller.is_some()),
        ];
        for (name, run, there) in [
            ("battery", &series.battery, site.battery.is_some()),
            ("tst", &series.tst, site.tst.is_some()),
            ("ice", &series.ice, site.ice.is_some()),
        ] {
            lengths.extend(store(run).map(|length| (name, length, there)));
        }
        lengths.extend(series.ev.iter().map(|ev| ("ev", ev.len(), true)));
        for (name, length, there) in lengths {
            if length != if there { self.steps } else { 0 } {
                self.tell(format!("{name} has {length} values"));
            }
        }
        if series.ev.len() != site.ev.len() {
            self.tell(format!("{} vehicles are planned", series.ev.len()));
        }
    }

    /// Eq. 1, and the balances of heat and of cold.
    fn balances(&mut self, site: &Site, series: &Series) {
        for step in 0..self.steps {
            let of = |series: &[f64]| at(series, step);
            let mut given = of(&series.import) + of(&series.pv) + of(&series.wt) + of(&series.mt);
            given += of(&series.battery.discharge);
            let mut taken = of(&series.export) + of(&series.battery.charge);
            taken += series.ev.iter().map(|ev| of(ev)).sum::<f64>();
            if let Some(chiller) = &site.chiller {
                taken += of(&series.cooling) / chiller.cop_cool;
                taken += of(&series.ice.charge) / chiller.cop_ice;
            }
            if let Some(boiler) = site.boiler.filter(|boiler| boiler.fuel == Fuel::Electricity) {
                taken += of(&series.boiler) / boiler.eff;
            }
            self.meets("electricity", step, given - taken, at(&site.load_e, step));
            let waste = site
                .mt
                .map_or(0.0, |mt| of(&series.mt) / mt.eff * (1.0 - mt.eff - mt.loss) * mt.recovery);
            let vented = of(&series.vented);
            if vented < -OFF || vented > waste + OFF {
                self.tell(format!("step {step}: {vented} kW of {waste} kW of heat are vented"));
            }
            if site.boiler.is_some() || site.tst.is_some() || site.load_h.is_some() {
                let heat = waste - vented + of(&series.boiler) + of(&series.tst.discharge)
                    - of(&series.tst.charge);
                self.meets("heat", step, heat, optional(site.load_h.as_ref(), step));
            }
            let cold = of(&series.cooling) + of(&series.ice.discharge);
            self.meets("cold", step, cold, optional(site.load_c.as_ref(), step));
        }
    }

    fn meets(&mut self, what: &str, step: usize, given: f64, load: f64) {
        if (given - load).abs() > OFF {
            self.tell(format!("step {step}: {given} kW of {what} meet {load} kW"));
        }
    }

    fn limits(&mut self, site: &Site, series: &Series) {
        let (most_in, most_out) = (site.grid.import_max, site.grid.export_max);
        for step in 0..self.steps {
            let (import, export) = (at(&series.import, step), at(&series.export, step));
            self.within("import", step, import, 0.0, most_in);
            self.within("export", step, export, 0.0, most_out);
            if import > OFF && export > OFF {
                self.tell(format!("step {step}: draws {import} kW and feeds {export} kW in"));
            }
            self.within("pv", step, at(&series.pv, step), 0.0, optional(site.pv.as_ref(), step));
            self.within("wt", step, at(&series.wt, step), 0.0, optional(site.wt.as_ref(), step));
            if let Some(mt) = &site.mt {
                self.runs("mt", step, at(&series.mt, step), mt.min, mt.max);
            }
            if let Some(boiler) = &site.boiler {
                self.within("boiler", step, at(&series.boiler, step), 0.0, boiler.max);
            }
            if let Some(chiller) = &site.chiller {
                let (cools, makes) = (at(&series.cooling, step), at(&series.ice.charge, step));
                self.within("cooling", step, cools, 0.0, chiller.max);
                self.runs("chiller", step, cools + makes, chiller.min, chiller.max);
            }
        }
    }

    fn within(&mut self, what: &str, step: usize, value: f64, least: f64, most: f64) {
        // Also what is no number.
        if !(value >= least - OFF && value <= most + OFF) {
            self.tell(format!("step {step}: {what} is {value}, not from {least} to {most}"));
        }
    }

    /// Off, or from `least` to `most`.
    fn runs(&mut self, what: &str, step: usize, value: f64, least: f64, most: f64) {
        if value.abs() > OFF {
            self.within(what, step, value, least, most);
        }
    }

    /// Eqs 3 to 6, and 9 to 12.
    fn store(&mut self, name: &str, store: &Store, run: &Run, dt: f64) {
        let mut held = store.start;
        let mut active = 0.0;
        let mut before: Option<(f64, f64)> = None;
        for step in 0..self.steps {
            let (charge, gives) = (at(&run.charge, step), at(&run.discharge, step));
            self.runs(&format!("{name} charge"), step, charge, store.charge_min, store.charge_max);
            let (least, most) = (store.discharge_min, store.discharge_max);
            self.runs(&format!("{name} discharge"), step, gives, least, most);
            if charge > OFF && gives > OFF {
                self.tell(format!("step {step}: {name} charges and gives"));
            }
            if charge > OFF || gives > OFF {
                active += dt;
            }
            let ramp = store.ramp.unwrap_or(f64::INFINITY) + OFF;
            if let Some((charged, gave)) = before
                && ((charge - charged).abs() > ramp || (gives - gave).abs() > ramp)
            {
                self.tell(format!("step {step}: {name} changes faster than its ramp"));
            }
            before = Some((charge, gives));
            held = held * (1.0 - store.loss).powf(dt) + charge * dt * store.charge_eff
                - gives * dt / store.discharge_eff;
            let level = at(&run.level, step);
            if (level - held).abs() > OFF {
                self.tell(format!("step {step}: {name} holds {held} kWh, not {level}"));
            }
            let (least, most) =
                (store.level_min * store.capacity, store.level_max * store.capacity);
            self.within(&format!("{name} level"), step, held, least, most);
        }
        if (held - store.start).abs() > OFF {
            self.tell(format!("{name} ends with {held} kWh and began with {}", store.start));
        }
        if store.active_max.is_some_and(|most| active > most + OFF) {
            self.tell(format!("{name} is active in {active} hours"));
        }
    }

    fn ice(&mut self, site: &Site, ice: &Ice, run: &Run) {
        let mut held = ice.start;
        for step in 0..self.steps {
            let (makes, melts) = (at(&run.charge, step), at(&run.discharge, step));
            self.within("ice made", step, makes, 0.0, ice.make_max);
            self.within("ice melt", step, melts, 0.0, ice.melt_max);
            let at_the_wrong_time = match &site.valley {
                Some(valley) if valley.contains(&step) => melts > OFF,
                Some(_) => makes > OFF,
                None => makes > OFF && melts > OFF,
            };
            if at_the_wrong_time {
                self.tell(format!("step {step}: ice is made or melts when it must not"));
            }
            held = held * (1.0 - ice.loss).powf(site.dt_h) + (makes - melts) * site.dt_h;
            if (at(&run.level, step) - held).abs() > OFF {
                self.tell(format!("step {step}: there are {held} kWh of ice"));
            }
            self.within("ice", step, held, 0.0, ice.capacity);
        }
        if (held - ice.start).abs() > OFF {
            self.tell(format!("{held} kWh of ice are left, and {} were there", ice.start));
        }
    }

    fn vehicle(&mut self, site: &Site, vehicle: &Vehicle, powers: &[f64]) {
        let mut charged = 0.0;
        for (step, power) in powers.iter().enumerate() {
            let begins = step as f64 * site.dt_h;
            let is_there = begins >= vehicle.from && begins + site.dt_h <= vehicle.by;
            let most = if is_there { vehicle.charge_max } else { 0.0 };
            self.runs("ev", step, *power, vehicle.charge_min.min(most), most);
            charged += power * site.dt_h * vehicle.charge_eff;
        }
        if (charged - vehicle.energy).abs() > OFF {
            self.tell(format!("a vehicle gets {charged} kWh of {}", vehicle.energy));
        }
    }
}
