//! `qedex plan leader`

mod scarce;
mod weeks;

use super::terms;
use crate::{
    error::Error,
    tables::{self, ENERGY, PRICE, Units},
};
use clap::Args;
use qedex_client::{
    amounts::{self, parse_wh},
    share::Share,
    terms::{LeaderLimits, Permill},
};
use qedex_math::{
    Wh,
    admission::{self, Coming, Planned, Pool, Step},
};
use qedex_play::community::{Community, Zone};
use qedex_tables::{Quantity, Table};
use serde::Serialize;
use std::{collections::BTreeMap, path::PathBuf};

/// Options of `plan leader`.
#[derive(Debug, Args)]
pub struct Leader {
    /// The expected demand curves: a CSV file with the columns slot,price,kwh, a line for each step: so much
    /// energy is worth this price a kWh, which is what its buyer would pay for it more than its seller
    /// wants and the grid takes. Instead of price there may be price_per_kwh, in plancks, and instead of
    /// kwh there may be wh.
    #[arg(long, value_name = "FILE", required_unless_present = "weeks")]
    curves: Option<PathBuf>,
    /// How many keys come in before the gate of each slot opens: a CSV file with the columns slot,keys.
    /// Slots that stand in neither file have no part in the plan; without this one nothing comes in.
    #[arg(long, value_name = "FILE", conflicts_with = "per_slot")]
    income: Option<PathBuf>,
    /// So many keys come in before the gate of each slot of the curves opens.
    #[arg(long, value_name = "KEYS", conflicts_with = "weeks")]
    per_slot: Option<u64>,
    /// How many keys are there now; 0 unless given.
    #[arg(long, value_name = "KEYS", conflicts_with = "weeks")]
    pool: Option<u64>,
    /// How many keys the pool holds: what comes in beyond is lost. No bound unless given.
    #[arg(long, value_name = "KEYS", conflicts_with = "weeks")]
    capacity: Option<u64>,
    /// The energy that a key covers; with --weeks 1kWh unless given.
    #[arg(long, value_name = "WH", value_parser = parse_wh, required_unless_present = "weeks")]
    per_key: Option<u64>,
    /// The council's least share in percent: 0 unless given, with --weeks 10.
    #[arg(long, value_name = "PERCENT")]
    least_share: Option<Share>,
    /// How many slots are open at once: without an announcement each takes one part in so many.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    #[arg(conflicts_with = "weeks")]
    at_once: u64,
    /// Compares leaders on whole weeks of a community's data, in which keys are scarce.
    #[arg(long, conflicts_with_all = ["curves", "income"])]
    weeks: bool,
    /// The seed of limit prices and arrival; 1 unless given.
    #[arg(long, requires = "weeks")]
    seed: Option<u64>,
    /// Reads the community's data from this directory instead of the built-in copy: a CSV file with a column
    /// participant, and any number of weeks, which have a column time.
    #[arg(long, value_name = "DIR", requires = "weeks")]
    data: Option<PathBuf>,
    /// The zone of the data's times where these are local, such as Europe/Berlin.
    #[arg(long, requires = "data")]
    zone: Option<Zone>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What to announce for a slot.
#[derive(Debug, PartialEq, Serialize)]
struct Line {
    slot: u64,
    /// Keys that are there when its gate opens, if the plan is followed.
    available: u64,
    /// Keys to admit.
    admit: u64,
    /// The least share that admits them, in parts per million.
    share_ppm: u32,
    used: u64,
    /// What the energy that they cover is worth, in plancks.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    worth: u128,
    /// What all available keys would be worth in it, if all were admitted in each slot.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    worth_admitting_all: u128,
}

#[derive(Debug, PartialEq, Serialize)]
struct Outcome {
    slots: Vec<Line>,
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    worth: u128,
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    worth_admitting_all: u128,
    /// If nothing is announced.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    worth_by_default: u128,
}

/// Slots to come, by their numbers.
type Slots = BTreeMap<u64, (Vec<Step>, u64)>;

/// Prints how many keys to admit in each slot, or what leaders make of the weeks.
pub fn run(args: &Leader) -> Result<(), Error> {
    let Some(curves) = &args.curves else {
        let figures = compare(args)?;
        return super::print(args.json, &figures, &figures.tables());
    };
    let mut slots = Slots::new();
    read_curves(&tables::read(curves)?, &mut slots)?;
    if let Some(income) = &args.income {
        read_income(&tables::read(income)?, &mut slots)?;
    }
    let outcome = solve(args, &slots)?;
    let lines = outcome.lines();
    super::print(args.json, &outcome, &lines)
}

fn compare(args: &Leader) -> Result<weeks::Figures, Error> {
    let mut limits = terms::limits();
    if let Some(least) = args.least_share {
        limits.least_share = Permill::from_parts(least.ppm());
    }
    let per_key = args.per_key.map_or(limits.least_wh_per_key, Wh);
    if !(limits.least_wh_per_key..=limits.most_wh_per_key).contains(&per_key) {
        let LeaderLimits { least_wh_per_key: least, most_wh_per_key: most, .. } = limits;
        let (least, most) = (amounts::energy(least), amounts::energy(most));
        return Err(Error::BadInput(format!("a key covers {least} to {most}")));
    }
    let community = Community::load(args.data.as_deref(), args.zone.as_ref())?;
    weeks::figures(&community, args.seed.unwrap_or(1), per_key, limits)
}

fn read_curves(table: &Table, slots: &mut Slots) -> Result<(), Error> {
    let columns = table.columns([&["slot"], PRICE, ENERGY])?;
    let units = Units::of(&columns, 1, 2);
    table.each(|row| {
        let [slot, price, energy] = row.cells(&columns);
        let slot = Quantity::COUNT.read_u64("slot", slot)?;
        let step = Step { worth: units.price(price)?, energy: units.energy(energy)? };
        slots.entry(slot).or_default().0.push(step);
        Ok(())
    })?;
    Ok(())
}

fn read_income(table: &Table, slots: &mut Slots) -> Result<(), Error> {
    let columns = table.columns([&["slot"], &["keys"]])?;
    let mut seen = std::collections::BTreeSet::new();
    table.each(|row| {
        let [slot, keys] = row.cells(&columns);
        let slot = Quantity::COUNT.read_u64("slot", slot)?;
        if !seen.insert(slot) {
            return Err(format!("slot {slot} comes twice"));
        }
        slots.entry(slot).or_default().1 = Quantity::COUNT.read_u64("keys", keys)?;
        Ok(())
    })?;
    Ok(())
}

fn solve(args: &Leader, slots: &Slots) -> Result<Outcome, Error> {
    let per_key = Wh(args.per_key.unwrap_or(0));
    if per_key.is_zero() {
        return Err(Error::BadInput("a key covers some energy".to_owned()));
    }
    let coming: Vec<Coming> = slots
        .values()
        .map(|(curve, income)| Coming {
            income: args.per_slot.unwrap_or(*income),
            worths: admission::key_worths(curve, per_key),
        })
        .collect();
    let least = args.least_share.map_or(0, Share::ppm);
    let capacity = args.capacity.unwrap_or(u64::MAX);
    let pool = Pool { keys: args.pool.unwrap_or(0), capacity };
    if pool.keys > capacity {
        let Pool { keys, capacity } = pool;
        return Err(Error::BadInput(format!("a pool that holds {capacity} keys has no {keys}")));
    }
    let planned = admission::plan(pool, &coming, least).ok_or_else(scarce::too_many)?;
    let all = admission::follow(pool, &coming, |_, available| available);
    let default = admission::follow(pool, &coming, |_, available| {
        admission::keys(available, 0, least).max(available / args.at_once)
    });
    // Worths are in plancks per kWh times Wh.
    let plancks = |worth: u128| worth / 1_000;
    let line = |((slot, planned), all): ((&u64, &Planned), &Planned)| Line {
        slot: *slot,
        available: planned.available,
        admit: planned.admitted,
        share_ppm: admission::share_of(planned.admitted, planned.available),
        used: planned.used,
        worth: plancks(planned.worth),
        worth_admitting_all: plancks(all.worth),
    };
    Ok(Outcome {
        slots: slots.keys().zip(&planned).zip(&all).map(line).collect(),
        worth: plancks(admission::total(&planned)),
        worth_admitting_all: plancks(admission::total(&all)),
        worth_by_default: plancks(admission::total(&default)),
    })
}

impl Outcome {
    fn lines(&self) -> String {
        let mut lines = String::new();
        for line in &self.slots {
            lines.push_str(&format!(
                "slot {}: admit {} of {} keys (--share {}), worth {}; admitting all, {}\n",
                line.slot,
                line.admit,
                line.available,
                f64::from(line.share_ppm) / 10_000.0,
                amounts::money(line.worth),
                amounts::money(line.worth_admitting_all)
            ));
        }
        lines.push_str(&format!(
            "together {}; admitting all, {}; announcing nothing, {}",
            amounts::money(self.worth),
            amounts::money(self.worth_admitting_all),
            amounts::money(self.worth_by_default)
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        leader: Leader,
    }

    fn solved(curves: &str, income: &str, options: &[&str]) -> Result<Outcome, String> {
        let words = ["leader", "--curves", "c.csv", "--per-key", "1kWh"];
        let args = Alone::try_parse_from([&words[..], options].concat()).unwrap().leader;
        let mut slots = Slots::new();
        let told = |error: Error| error.to_string();
        read_curves(&Table::parse("c.csv", curves).unwrap(), &mut slots).map_err(told)?;
        read_income(&Table::parse("i.csv", income).unwrap(), &mut slots).map_err(told)?;
        solve(&args, &slots).map_err(told)
    }

    /// Two slots: the first has 3 kWh worth 0.05, the second 2 kWh worth 0.20.
    const CURVES: &str = "slot,price,kwh\n7,0.05,3\n8,0.20,2\n";

    #[test]
    fn keys_wait_for_the_slot_in_which_they_are_worth_more() {
        let outcome = solved(CURVES, "slot,keys\n", &["--pool", "3"]).unwrap();
        let admitted: Vec<_> = outcome.slots.iter().map(|line| (line.slot, line.admit)).collect();
        assert_eq!(admitted, [(7, 1), (8, 2)]);
        assert_eq!(outcome.slots[0].share_ppm, 333_334);
        assert_eq!(outcome.worth, 450_000_000_000);
        assert_eq!(outcome.worth_admitting_all, 150_000_000_000);
        assert_eq!(outcome.worth_by_default, 250_000_000_000);
    }

    #[test]
    fn keys_that_come_in_leave_nothing_to_wait_for() {
        let outcome = solved(CURVES, "slot,keys\n8,2\n", &["--pool", "3"]).unwrap();
        assert_eq!(outcome.worth, 550_000_000_000);
        assert_eq!(outcome.worth_admitting_all, 550_000_000_000);
    }

    #[test]
    fn the_councils_least_share_is_kept() {
        let outcome =
            solved(CURVES, "slot,keys\n", &["--pool", "3", "--least-share", "100"]).unwrap();
        assert_eq!(outcome.slots[0].admit, 3);
    }

    #[test]
    fn a_pool_loses_what_it_does_not_hold() {
        let bounded = ["--pool", "1", "--per-slot", "2", "--capacity", "2"];
        let outcome = solved(CURVES, "slot,keys\n", &bounded).unwrap();
        let available: Vec<_> = outcome.slots.iter().map(|line| line.available).collect();
        assert_eq!(available, [2, 2]);
        assert_eq!(outcome.worth, 2 * 50_000_000_000 + 2 * 200_000_000_000);
    }

    #[test]
    fn what_a_comparison_of_weeks_cannot_use_is_refused() {
        let compared = |options: &[&str]| {
            let words = [&["leader", "--weeks"], options].concat();
            let args = Alone::try_parse_from(words).map_err(|error| error.to_string())?;
            compare(&args.leader).map(|_| ()).map_err(|error| error.to_string())
        };
        let wide = compared(&["--per-key", "3kWh"]).unwrap_err();
        assert!(wide.contains("a key covers 1 kWh to 2 kWh"), "{wide}");
        for [option, value] in [["--curves", "c.csv"], ["--pool", "3"], ["--capacity", "3"]] {
            let refused = compared(&[option, value]).unwrap_err();
            assert!(refused.contains("cannot be used with"), "{refused}");
        }
        assert!(compared(&["--data", "/nowhere"]).unwrap_err().contains("cannot read"));
        assert!(Alone::try_parse_from(["leader", "--per-key", "1kWh"]).is_err(), "no curves");
        assert!(Alone::try_parse_from(["leader", "--curves", "c.csv"]).is_err(), "no per-key");
    }

    #[test]
    fn bad_input_is_told_with_its_line() {
        let full = solved(CURVES, "slot,keys\n", &["--pool", "3", "--capacity", "2"]).unwrap_err();
        assert!(full.contains("a pool that holds 2 keys has no 3"), "{full}");
        let twice = solved(CURVES, "slot,keys\n7,1\n7,2\n", &[]).unwrap_err();
        assert!(twice.contains("line 3") && twice.contains("comes twice"), "{twice}");
        let many = solved(CURVES, "slot,keys\n7,5000\n", &[]).unwrap_err();
        assert!(many.contains("4096"), "{many}");
        let bad = solved("slot,price,kwh\n7,-1,3\n", "slot,keys\n", &[]).unwrap_err();
        assert!(bad.contains("line 2"), "{bad}");
    }
}
