//! `qedex plan leader`

use crate::{
    commands::{Share, options::parse_wh},
    error::Error,
    tables::{self, ENERGY, PRICE, Units},
};
use clap::Args;
use qedex_client::amounts;
use qedex_math::{
    Wh,
    admission::{self, Coming, MAX_KEYS, Planned, Pool, Step},
};
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
    #[arg(long, value_name = "FILE")]
    curves: PathBuf,
    /// How many keys come in before the gate of each slot opens: a CSV file with the columns slot,keys.
    /// Slots that stand in neither file have no part in the plan; without this one nothing comes in.
    #[arg(long, value_name = "FILE")]
    income: Option<PathBuf>,
    /// How many keys are there now.
    #[arg(long, default_value_t = 0)]
    pool: u64,
    /// The energy that a key covers.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    per_key: u64,
    /// The council's least share in percent.
    #[arg(long, value_name = "PERCENT", default_value = "0")]
    least_share: Share,
    /// How many slots are open at once: without an announcement each takes one part in so many.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    at_once: u64,
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

/// Prints how many keys to admit in each slot.
pub fn run(args: &Leader) -> Result<(), Error> {
    let mut slots = Slots::new();
    read_curves(&tables::read(&args.curves)?, &mut slots)?;
    if let Some(income) = &args.income {
        read_income(&tables::read(income)?, &mut slots)?;
    }
    let outcome = solve(args, &slots)?;
    let lines = outcome.lines();
    super::print(args.json, &outcome, &lines)
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
    if args.per_key == 0 {
        return Err(Error::BadInput("a key covers some energy".to_owned()));
    }
    let coming: Vec<Coming> = slots
        .values()
        .map(|(curve, income)| Coming {
            income: *income,
            worths: admission::key_worths(curve, Wh(args.per_key)),
        })
        .collect();
    let least = args.least_share.ppm();
    let pool = Pool { keys: args.pool, capacity: u64::MAX };
    let planned = admission::plan(pool, &coming, least).ok_or_else(|| {
        Error::BadInput(format!(
            "there are more than {MAX_KEYS} keys: give per-key in larger units"
        ))
    })?;
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
    fn bad_input_is_told_with_its_line() {
        let twice = solved(CURVES, "slot,keys\n7,1\n7,2\n", &[]).unwrap_err();
        assert!(twice.contains("line 3") && twice.contains("comes twice"), "{twice}");
        let many = solved(CURVES, "slot,keys\n7,5000\n", &[]).unwrap_err();
        assert!(many.contains("4096"), "{many}");
        let bad = solved("slot,price,kwh\n7,-1,3\n", "slot,keys\n", &[]).unwrap_err();
        assert!(bad.contains("line 2"), "{bad}");
    }
}
