//! `qedex plan par`

use super::series::{self, Axis};
use crate::{
    error::Error,
    tables::{self, Units},
};
use clap::Args;
use qedex_math::load::par_ppm;
use qedex_tables::Table;
use serde::Serialize;
use std::path::PathBuf;

/// Options of `plan par`.
#[derive(Debug, Args)]
pub struct Par {
    /// The load: a CSV file with the columns slot,wh, every slot from the first to the last once, in any
    /// order. Instead of wh there may be kwh, and instead of slot the time of each quarter-hour or hour,
    /// oldest first.
    #[arg(long, value_name = "FILE")]
    load: PathBuf,
    /// Refuses a load that is no whole number of days; otherwise that is only said.
    #[arg(long)]
    whole_days: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct Ratio {
    /// Maximum over mean in parts per million; nothing where the load is zero throughout.
    par_ppm: Option<u64>,
}

/// Prints the peak-to-average ratio.
pub fn run(args: &Par) -> Result<(), Error> {
    let (ratio, axis) = ratio(&tables::read(&args.load)?)?;
    series::check_days(&axis, &args.load, args.whole_days)?;
    let lines = ratio.par_ppm.map_or_else(
        || "no ratio: there is no load".to_owned(),
        |ppm| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000),
    );
    super::print(args.json, &ratio, &lines)
}

/// The ratio, and of which slots it is.
fn ratio(table: &Table) -> Result<(Ratio, Axis), Error> {
    let load = series::read(table, Units::energy)?;
    Ok((Ratio { par_ppm: par_ppm(&load.energies) }, load.axis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Option<u64>, Option<String>), String> {
        let table = Table::parse("load.csv", text).unwrap();
        let read = ratio(&table).map_err(|error| error.to_string());
        read.map(|(ratio, axis)| (ratio.par_ppm, axis.part()))
    }

    fn of(load: impl IntoIterator<Item = (u64, u64)>) -> Option<u64> {
        let rows = load.into_iter().map(|(slot, wh)| format!("{slot},{wh}\n"));
        read(&format!("slot,wh\n{}", rows.collect::<String>())).unwrap().0
    }

    fn refused(text: &str) -> String {
        read(text).unwrap_err()
    }

    #[test]
    fn the_ratio_is_maximum_over_mean_whatever_the_order_of_slots() {
        assert_eq!(of([(7, 100), (5, 300), (6, 200)]), Some(1_500_000));
        assert_eq!(of([(0, 1)]), Some(1_000_000));
        assert_eq!(read("slot,kwh\n1,0.1\n2,0.3\n3,0.2\n").unwrap().0, Some(1_500_000));
    }

    #[test]
    fn without_a_load_there_is_no_ratio_and_without_a_slot_no_answer() {
        assert_eq!(of([(1, 0), (2, 0)]), None);
        assert_eq!(refused("slot,wh\n"), "bad input: load.csv: there is no slot");
        assert_eq!(refused("time,wh\n"), "bad input: load.csv: there is no time");
    }

    #[test]
    fn a_slot_comes_once() {
        let error = refused("slot,wh\n3,1\n\n4,2\n3,1\n");
        assert_eq!(error, "bad input: load.csv: slot 3 comes twice, in lines 2 and 5");
    }

    /// The files are those of `tables/tests/cases/05-omitted-rows`: the same load three times.
    #[test]
    fn slots_that_are_left_out_are_named_and_a_part_of_a_day_is_told() {
        let full = include_str!("../../tables/tests/cases/05-omitted-rows/load-full-96.csv");
        assert_eq!(read(full), Ok((Some(4_645_161), None)));
        let repeats =
            include_str!("../../tables/tests/cases/05-omitted-rows/load-repeats-left-out.csv");
        let error = refused(repeats);
        assert!(error.starts_with("bad input: load.csv: slot 1 is missing"), "{error}");
        let zeros =
            include_str!("../../tables/tests/cases/05-omitted-rows/load-zero-rows-left-out.csv");
        let (ratio, part) = read(zeros).unwrap();
        assert_eq!(ratio, Some(2_903_225));
        let part = part.unwrap();
        assert!(part.starts_with("slots 24 to 83 (60) are not whole days"), "{part}");
    }

    #[test]
    fn a_load_may_go_by_quarter_hours_or_hours_in_order() {
        let quarters =
            "time,wh\n2016-07-11T00:00,100\n2016-07-11T00:15,300\n2016-07-11T00:30,200\n";
        let (ratio, part) = read(quarters).unwrap();
        assert_eq!(ratio, Some(1_500_000));
        assert!(part.unwrap().contains("are not whole days"));
        let hours: String =
            (0..24).map(|hour| format!("11.07.2016 {hour:02}:00;{},5\n", hour % 2)).collect();
        assert_eq!(
            read(&format!("time (Europe/Berlin);kwh\n{hours}")),
            Ok((Some(1_500_000), None))
        );
        let hole = refused("time,wh\n2016-07-11T00:00,100\n2016-07-11T00:30,300\n");
        assert_eq!(
            hole,
            "bad input: load.csv, line 3: the quarter-hour 2016-07-11T00:15 is missing, after line 2"
        );
    }

    #[test]
    fn sums_do_not_overflow() {
        assert_eq!(of([(1, u64::MAX), (2, u64::MAX)]), Some(1_000_000));
        assert_eq!(of([(1, u64::MAX), (2, 0)]), Some(2_000_000));
    }

    #[test]
    fn a_load_is_as_long_as_it_is() {
        // More than a year of quarter-hours.
        let year = (0..40_000).map(|slot| (slot, u64::from(slot == 0)));
        assert_eq!(of(year), Some(40_000_000_000));
    }
}
