//! `qedex plan par`

use super::table;
use crate::error::Error;
use clap::Args;
use qedex_math::{Wh, load::par_ppm};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, path::PathBuf};

/// Options of `plan par`.
#[derive(Debug, Args)]
pub struct Par {
    /// The load: a CSV file with the columns slot,wh, each slot once, in any order and number.
    #[arg(long, value_name = "FILE")]
    load: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "table::whole_field")]
    slot: u64,
    #[serde(deserialize_with = "table::whole_field")]
    wh: u64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Ratio {
    /// Maximum over mean in parts per million; nothing where the load is zero throughout.
    par_ppm: Option<u64>,
}

/// Prints the peak-to-average ratio.
pub fn run(args: &Par) -> Result<(), Error> {
    let rows: Vec<Row> = table::read(&args.load, &["slot", "wh"])?;
    let ratio =
        ratio(&rows).map_err(|why| Error::BadInput(format!("{}: {why}", args.load.display())))?;
    let lines = ratio.par_ppm.map_or_else(
        || "no ratio: there is no load".to_owned(),
        |ppm| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000),
    );
    super::print(args.json, &ratio, &lines)
}

fn ratio(rows: &[Row]) -> Result<Ratio, String> {
    if rows.is_empty() {
        return Err("there is no slot".to_owned());
    }
    let mut slots = BTreeSet::new();
    if let Some(twice) = rows.iter().find(|row| !slots.insert(row.slot)) {
        return Err(format!("slot {} comes twice", twice.slot));
    }
    let load: Vec<_> = rows.iter().map(|row| Wh(row.wh)).collect();
    Ok(Ratio { par_ppm: par_ppm(&load) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(load: impl IntoIterator<Item = (u64, u64)>) -> Result<Option<u64>, String> {
        let rows = load.into_iter().map(|(slot, wh)| Row { slot, wh });
        ratio(&rows.collect::<Vec<_>>()).map(|ratio| ratio.par_ppm)
    }

    #[test]
    fn the_ratio_is_maximum_over_mean_whatever_the_order_of_slots() {
        assert_eq!(of([(7, 100), (5, 300), (6, 200)]), Ok(Some(1_500_000)));
        assert_eq!(of([(0, 1)]), Ok(Some(1_000_000)));
    }

    #[test]
    fn without_a_load_there_is_no_ratio_and_without_a_slot_no_answer() {
        assert_eq!(of([(1, 0), (2, 0)]), Ok(None));
        assert_eq!(of([]), Err("there is no slot".to_owned()));
    }

    #[test]
    fn a_slot_comes_once() {
        let error = of([(3, 1), (4, 2), (3, 1)]);
        assert_eq!(error, Err("slot 3 comes twice".to_owned()));
    }

    #[test]
    fn sums_do_not_overflow() {
        assert_eq!(of([(1, u64::MAX), (2, u64::MAX)]), Ok(Some(1_000_000)));
        assert_eq!(of([(1, u64::MAX), (2, 0)]), Ok(Some(2_000_000)));
    }

    #[test]
    fn a_load_is_as_long_as_it_is() {
        // More than a year of quarter-hours.
        let year = (0..40_000).map(|slot| (slot, u64::from(slot == 0)));
        assert_eq!(of(year), Ok(Some(40_000_000_000)));
    }
}
