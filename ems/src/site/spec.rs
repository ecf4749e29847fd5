//! A site and its day, as a file says it.

use super::{
    SiteError,
    devices::{Boiler, Chiller, Fuel, Grid, Ice, Store, Turbine, Vehicle},
};
use serde::Deserialize;

/// The most steps of a plan: two days of quarter-hours.
pub const MOST_STEPS: usize = 192;

/// A site, its devices, and what its day asks for. Every device may be missing. A series has one value a step,
/// in the order of time.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// What the site is called.
    #[serde(default)]
    pub name: String,
    /// How many hours are planned.
    pub hours: u32,
    /// How long a step is: 1 or 0.25 hours.
    pub dt_h: f64,
    /// What a kWh from the grid costs, per step, in any one currency.
    pub price_buy: Vec<f64>,
    /// What a kWh fed in earns, per step.
    pub price_sell: Vec<f64>,
    /// What a kWh of gas costs.
    #[serde(default)]
    pub gas_price: f64,
    /// The steps, from 0, in which the chiller may make ice; the store of ice gives cold in the others alone.
    /// Without it both are free, one at a time.
    #[serde(default)]
    pub valley: Option<Vec<usize>>,
    /// The connection to the grid.
    pub grid: Grid,
    /// What the sun gives at most, kW.
    #[serde(default)]
    pub pv: Option<Vec<f64>>,
    /// What the wind gives at most, kW.
    #[serde(default)]
    pub wt: Option<Vec<f64>>,
    /// The load on electricity, kW.
    pub load_e: Vec<f64>,
    /// The load on cold, kW.
    #[serde(default)]
    pub load_c: Option<Vec<f64>>,
    /// The load on heat, kW.
    #[serde(default)]
    pub load_h: Option<Vec<f64>>,
    /// The battery.
    #[serde(default)]
    pub battery: Option<Store>,
    /// The gas turbine.
    #[serde(default)]
    pub mt: Option<Turbine>,
    /// The boiler.
    #[serde(default)]
    pub boiler: Option<Boiler>,
    /// The store of heat.
    #[serde(default)]
    pub tst: Option<Store>,
    /// The chiller.
    #[serde(default)]
    pub chiller: Option<Chiller>,
    /// The store of ice.
    #[serde(default)]
    pub ice: Option<Ice>,
    /// Electric vehicles.
    #[serde(default)]
    pub ev: Vec<Vehicle>,
}

impl Site {
    /// How many steps the day has.
    pub fn steps(&self) -> usize {
        let quarters = (self.hours as usize).saturating_mul(4);
        if self.dt_h == 1.0 { self.hours as usize } else { quarters }
    }

    /// The steps in which a vehicle is plugged in: the first, and the first after them.
    pub fn plugged(&self, vehicle: &Vehicle) -> (usize, usize) {
        let place = |hour: f64| (hour / self.dt_h).round().max(0.0) as usize;
        (place(vehicle.from), place(vehicle.by))
    }

    /// Whether anything of the site has to do with heat.
    pub fn has_heat(&self) -> bool {
        self.load_h.is_some() || self.boiler.is_some() || self.tst.is_some()
    }

    /// Refuses a site that means nothing.
    ///
    /// # Errors
    /// The first field that is wrong, and how.
    pub fn check(&self) -> Result<(), SiteError> {
        if self.dt_h != 1.0 && self.dt_h != 0.25 {
            return Err(wrong("dt_h", format!("{} is neither 1 nor 0.25 hours", self.dt_h)));
        }
        if self.hours == 0 || self.hours as usize > MOST_STEPS || self.steps() > MOST_STEPS {
            let what = format!("{} hours are not from 1 to {MOST_STEPS} steps", self.hours);
            return Err(wrong("hours", what));
        }
        self.check_series()?;
        numbers("", &[("gas_price", self.gas_price)])?;
        numbers(
            "grid.",
            &[("import_max", self.grid.import_max), ("export_max", self.grid.export_max)],
        )?;
        for (name, store) in [("battery", &self.battery), ("tst", &self.tst)] {
            store.as_ref().map_or(Ok(()), |store| store.check(name))?;
        }
        self.check_heat()?;
        self.check_cold()?;
        self.ev.iter().try_for_each(|vehicle| self.check_vehicle(vehicle))
    }

    fn check_series(&self) -> Result<(), SiteError> {
        let series = [
            ("price_buy", Some(&self.price_buy)),
            ("price_sell", Some(&self.price_sell)),
            ("pv", self.pv.as_ref()),
            ("wt", self.wt.as_ref()),
            ("load_e", Some(&self.load_e)),
            ("load_c", self.load_c.as_ref()),
            ("load_h", self.load_h.as_ref()),
        ];
        let steps = self.steps();
        for (name, values) in series.into_iter().filter_map(|(name, of)| Some((name, of?))) {
            if values.len() != steps {
                let what = format!("has {} values, and there are {steps} steps", values.len());
                return Err(wrong(name, what));
            }
            for (step, value) in values.iter().enumerate() {
                number(&format!("{name}[{step}]"), *value)?;
            }
        }
        let valley = self.valley.iter().flatten();
        match valley.copied().find(|step| *step >= steps) {
            Some(step) => Err(wrong("valley", format!("step {step} is none of the {steps}"))),
            None => Ok(()),
        }
    }

    fn check_heat(&self) -> Result<(), SiteError> {
        if let Some(mt) = &self.mt {
            range("mt.min", mt.min, "mt.max", mt.max)?;
            share("mt.eff", mt.eff)?;
            numbers("mt.", &[("loss", mt.loss), ("recovery", mt.recovery)])?;
            if mt.eff + mt.loss > 1.0 || mt.recovery > 1.0 {
                let what = "eff and loss together, or recovery, are more than 1".to_owned();
                return Err(wrong("mt", what));
            }
        }
        if let Some(boiler) = &self.boiler {
            numbers("boiler.", &[("max", boiler.max), ("eff", boiler.eff)])?;
            positive("boiler.eff", boiler.eff)?;
        }
        let is_gas = self.boiler.is_some_and(|boiler| boiler.fuel == Fuel::Gas);
        if (self.mt.is_some() || is_gas) && self.gas_price == 0.0 {
            return Err(wrong("gas_price", "is missing, and something burns gas".to_owned()));
        }
        Ok(())
    }

    fn check_cold(&self) -> Result<(), SiteError> {
        if let Some(chiller) = &self.chiller {
            range("chiller.min", chiller.min, "chiller.max", chiller.max)?;
            positive("chiller.cop_cool", chiller.cop_cool)?;
            positive("chiller.cop_ice", chiller.cop_ice)?;
        }
        let Some(ice) = &self.ice else { return Ok(()) };
        if self.chiller.is_none() {
            return Err(wrong("ice", "there is no chiller that makes it".to_owned()));
        }
        numbers("ice.", &[("make_max", ice.make_max), ("melt_max", ice.melt_max)])?;
        range("ice.start", ice.start, "ice.capacity", ice.capacity)?;
        below_one("ice.loss", ice.loss)
    }

    fn check_vehicle(&self, vehicle: &Vehicle) -> Result<(), SiteError> {
        range("ev.charge_min", vehicle.charge_min, "ev.charge_max", vehicle.charge_max)?;
        share("ev.charge_eff", vehicle.charge_eff)?;
        number("ev.energy", vehicle.energy)?;
        range("ev.from", vehicle.from, "ev.by", vehicle.by)?;
        range("ev.by", vehicle.by, "hours", f64::from(self.hours))?;
        let whole = |hour: f64| (hour / self.dt_h).fract() == 0.0;
        if !whole(vehicle.from) || !whole(vehicle.by) {
            let what = format!("{} to {} are no whole steps", vehicle.from, vehicle.by);
            return Err(wrong("ev.from", what));
        }
        Ok(())
    }
}

impl Store {
    fn check(&self, name: &str) -> Result<(), SiteError> {
        let of = |field: &str| format!("{name}.{field}");
        number(&of("capacity"), self.capacity)?;
        range(&of("level_min"), self.level_min, &of("level_max"), self.level_max)?;
        range(&of("level_max"), self.level_max, "the whole", 1.0)?;
        range(&of("charge_min"), self.charge_min, &of("charge_max"), self.charge_max)?;
        range(&of("discharge_min"), self.discharge_min, &of("discharge_max"), self.discharge_max)?;
        share(&of("charge_eff"), self.charge_eff)?;
        share(&of("discharge_eff"), self.discharge_eff)?;
        below_one(&of("loss"), self.loss)?;
        number(&of("start"), self.start)?;
        number(&of("ramp"), self.ramp.unwrap_or(0.0))?;
        number(&of("active_max"), self.active_max.unwrap_or(0.0))?;
        let (least, most) = (self.level_min * self.capacity, self.level_max * self.capacity);
        if self.start < least || self.start > most {
            let what = format!("{} kWh are outside the level's {least} to {most} kWh", self.start);
            return Err(wrong(&of("start"), what));
        }
        Ok(())
    }
}

fn wrong(field: &str, what: String) -> SiteError {
    SiteError::Field { field: field.to_owned(), what }
}

fn number(field: &str, value: f64) -> Result<(), SiteError> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(wrong(field, format!("{value} is no number from 0 on")))
    }
}

fn numbers(of: &str, fields: &[(&str, f64)]) -> Result<(), SiteError> {
    fields.iter().try_for_each(|(name, value)| number(&format!("{of}{name}"), *value))
}

fn positive(field: &str, value: f64) -> Result<(), SiteError> {
    number(field, value)?;
    if value > 0.0 { Ok(()) } else { Err(wrong(field, "is zero".to_owned())) }
}

fn share(field: &str, value: f64) -> Result<(), SiteError> {
    positive(field, value)?;
    if value <= 1.0 { Ok(()) } else { Err(wrong(field, format!("{value} is more than 1"))) }
}

fn below_one(field: &str, value: f64) -> Result<(), SiteError> {
    number(field, value)?;
    if value < 1.0 { Ok(()) } else { Err(wrong(field, format!("{value} is not below 1"))) }
}

fn range(low: &str, least: f64, high: &str, most: f64) -> Result<(), SiteError> {
    number(low, least)?;
    number(high, most)?;
    if least <= most {
        Ok(())
    } else {
        Err(wrong(low, format!("{least} is more than {high}, {most}")))
    }
}
