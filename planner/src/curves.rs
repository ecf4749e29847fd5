//! `qedex plan curves`

use super::{books, terms};
use crate::error::Error;
use clap::Args;
use qedex_play::community::{Community, Start, Zone};
use serde_json::json;
use std::path::PathBuf;

/// Options of `plan curves`.
#[derive(Debug, Args)]
pub struct Curves {
    /// The first quarter-hour, as 2016-07-11T11:00 or, on the first day of the latest week, 11:00; that week's
    /// first unless given.
    #[arg(long)]
    from: Option<Start>,
    /// How many quarter-hours.
    #[arg(long, default_value_t = 96, value_parser = clap::value_parser!(u16).range(1..))]
    slots: u16,
    /// The number of the first slot.
    #[arg(long, value_name = "SLOT", default_value_t = 0)]
    first: u64,
    /// The seed of limit prices and arrival.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Reads the community's data from this directory instead of the built-in copy: a CSV file with a column
    /// participant, and any number of weeks, which have a column time.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The zone of the data's times where these are local, such as Europe/Berlin.
    #[arg(long, requires = "data")]
    zone: Option<Zone>,
    /// Prints JSON, with prices in plancks as decimal strings.
    #[arg(long)]
    json: bool,
}

/// A step of a slot's curve: so much energy is worth so much, in plancks a kWh and in Wh.
struct Step {
    slot: u64,
    price_per_kwh: u128,
    wh: u64,
}

/// Prints the curves as `plan leader --curves` reads them.
pub fn run(args: &Curves) -> Result<(), Error> {
    let steps = steps(args)?;
    if args.json {
        let step = |Step { slot, price_per_kwh, wh }: &Step| json!({ "slot": slot, "price_per_kwh": price_per_kwh.to_string(), "wh": wh });
        return Ok(qedex_console::json(&steps.iter().map(step).collect::<Vec<_>>())?);
    }
    Ok(qedex_console::say!("{}", table(&steps))?)
}

fn table(steps: &[Step]) -> String {
    let mut lines = vec!["slot,price_per_kwh,wh".to_owned()];
    let line = |Step { slot, price_per_kwh, wh }: &Step| format!("{slot},{price_per_kwh},{wh}");
    lines.extend(steps.iter().map(line));
    lines.join("\n")
}

/// A slot in which nothing is worth anything has a step of 0, so that it has a part in the plan.
fn steps(args: &Curves) -> Result<Vec<Step>, Error> {
    let community = Community::load(args.data.as_deref(), args.zone.as_ref())?;
    let quarters = community.quarter_hours(args.from.as_ref(), usize::from(args.slots))?;
    let last = args.first.checked_add(u64::from(args.slots).saturating_sub(1));
    let last = last.ok_or_else(|| Error::BadInput(format!("no slot is after {}", u64::MAX)))?;
    let books = books::of(&quarters, args.seed, terms::limits().least_wh_per_key)?;
    let mut steps = Vec::new();
    for (slot, book) in (args.first..=last).zip(&books) {
        let curve = book.curve();
        if curve.is_empty() {
            steps.push(Step { slot, price_per_kwh: 0, wh: 0 });
        }
        steps.extend(curve.iter().map(|one| Step {
            slot,
            price_per_kwh: one.worth.0,
            wh: one.energy.0,
        }));
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        curves: Curves,
    }

    fn printed(options: &[&str]) -> Result<String, String> {
        let args = Alone::try_parse_from([&["curves"], options].concat());
        let steps = steps(&args.map_err(|error| error.to_string())?.curves);
        steps.map(|steps| table(&steps)).map_err(|error| error.to_string())
    }

    #[test]
    fn each_slot_has_its_steps_the_best_first() {
        let noon = ["--from", "2016-07-11T12:00", "--slots", "3", "--first", "700"];
        let lines = printed(&noon).unwrap();
        let rows: Vec<Vec<u64>> = lines
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
            .collect();
        for slot in 700..703 {
            let steps: Vec<_> = rows.iter().filter(|row| row[0] == slot).collect();
            assert!(steps.len() > 5, "{lines}");
            assert!(steps.is_sorted_by(|a, b| a[1] > b[1]));
            assert!(steps.iter().all(|row| row[2] > 0 && row[2] % terms::LOT == 0));
        }
        assert_ne!(printed(&[&noon[..], &["--seed", "2"]].concat()).unwrap(), lines);
    }

    #[test]
    fn a_slot_without_trade_has_a_part_all_the_same() {
        let night = printed(&["--from", "2016-07-11T00:00", "--slots", "2"]).unwrap();
        assert_eq!(night, "slot,price_per_kwh,wh\n0,0,0\n1,0,0");
    }

    #[test]
    fn what_the_data_or_the_numbers_do_not_have_is_refused() {
        let beyond = printed(&["--from", "2016-07-17T23:45", "--slots", "2"]).unwrap_err();
        assert!(beyond.contains("no data for 2 quarter-hours"), "{beyond}");
        let last = u64::MAX.to_string();
        let numbers = printed(&["--first", &last, "--slots", "2"]).unwrap_err();
        assert!(numbers.contains("no slot is after"), "{numbers}");
        assert!(printed(&["--slots", "0"]).is_err());
        assert!(printed(&["--zone", "Europe/Berlin"]).is_err());
    }
}
