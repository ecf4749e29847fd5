use super::*;
use clap::Parser;
use qedex_tables::{Quantity, Table};

const LOAD: &str = include_str!("../../../data/response/load.csv");
const PV: &str = include_str!("../../../data/response/pv.csv");

#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    response: Response,
}

fn series(text: &str) -> Series<MilliWh> {
    series::read(&Table::parse("x.csv", text).unwrap(), tables::fine_energy).unwrap()
}

fn solved(load: &str, net_of: Option<&str>, options: &[&str]) -> Outcome {
    let args = Alone::try_parse_from([&["response", "--load", "x.csv"], options].concat());
    let load = series(load);
    let generation = net_of.map(|text| of_the_same_slots(&load.axis, series(text)).unwrap());
    solve(&args.unwrap().response, &load, &generation.unwrap_or_default()).unwrap().outcome()
}

/// To the fourth place, as these were computed apart.
fn ratio(ppm: Option<u128>) -> String {
    format!("{:.4}", ppm.unwrap() as f64 / 1e6)
}

#[test]
fn on_the_community_s_day_the_ratio_falls_with_share_and_window() {
    for (options, expected) in [
        (&["--share", "0.25"][..], "1.1945"),
        (&["--share", "25%", "--window", "4"], "1.2419"),
        (&["--share", "0.5", "--window", "4"], "1.1557"),
        (&["--share", "50%", "--window", "8"], "1.0508"),
        (&["--share", "0.5", "--window", "16"], "1.0000"),
        (&["--share", "0", "--window", "16"], "1.5927"),
    ] {
        let outcome = solved(LOAD, None, options);
        assert_eq!(ratio(outcome.par_ppm.before), "1.5927");
        assert_eq!(ratio(outcome.par_ppm.after), expected, "{options:?}");
    }
}

#[test]
fn net_of_the_sun_an_hour_either_way_takes_a_third_from_the_peak() {
    let outcome = solved(LOAD, Some(PV), &["--share", "0.25", "--window", "4"]);
    let peak = |wh: f64| format!("{:.3}", wh / 1_000.0);
    assert_eq!(peak(outcome.peak_wh.before), "47.884");
    assert_eq!(peak(outcome.peak_wh.after), "32.867");
    // What leaves and comes is what the slots show.
    let change = |slot: &Slot| slot.after - slot.before;
    let of = |name: &str| {
        let sum = |end: fn(&Move) -> &String| {
            outcome.moves.iter().filter(|one| end(one) == name).map(|one| one.wh).sum::<f64>()
        };
        sum(|one| &one.to) - sum(|one| &one.from)
    };
    for slot in &outcome.slots {
        assert!((change(slot) - of(&slot.slot)).abs() < 1e-6, "{}", slot.slot);
    }
}

/// The files say what the week and the participants say.
#[test]
fn the_day_s_files_are_the_week_s_sums() {
    let parse = |name, text: &str| Table::parse(name, text).unwrap();
    let week = parse("week.csv", include_str!("../../../data/simbench/2016-07-11_week_15min.csv"));
    let community =
        parse("community.csv", include_str!("../../../data/simbench/community_100.csv"));
    let columns = ["load_profile", "load_peak_kw", "pv_profile", "pv_kwp"].map(|name| [name]);
    let columns = community.columns_among_others(columns.each_ref().map(|name| &name[..])).unwrap();
    let power = Quantity { unit: "kW", places: 3, most: u128::MAX };
    let (mut loads, mut plants) = (vec![], vec![]);
    community
        .each(|row| {
            let [load, peak, pv, kwp] = row.cells(&columns);
            loads.push((load.to_owned(), power.read("load_peak_kw", peak)?));
            if !pv.is_empty() {
                plants.push((pv.to_owned(), power.read("pv_kwp", kwp)?));
            }
            Ok(())
        })
        .unwrap();
    let place = |name: &str| week.names().iter().position(|column| column == name).unwrap();
    let sums = |parties: &[(String, u128)]| {
        let mut sums = vec![];
        week.each(|row| {
            let share = Quantity { unit: "", places: 6, most: u128::MAX };
            // Parts per million of watts for a quarter of an hour are 4,000th parts of a milliwatt-hour.
            let sum = parties.iter().map(|(profile, watts)| {
                share.read(profile, row.cell(place(profile))).map(|share| share * watts)
            });
            sums.push((sum.sum::<Result<u128, _>>()? + 2_000) / 4_000);
            Ok(())
        })
        .unwrap();
        sums
    };
    for (file, parties) in [(LOAD, loads), (PV, plants)] {
        let told: Vec<u128> = series(file).energies.iter().map(|energy| energy.0.into()).collect();
        assert_eq!(told, sums(&parties)[..96]);
    }
}

#[test]
fn a_share_is_a_fraction_or_a_percentage_with_its_sign() {
    for (text, ppm) in
        [("0.25", 250_000), ("25%", 250_000), ("1", 1_000_000), ("100 %", 1_000_000), ("0", 0)]
    {
        assert_eq!(text.parse(), Ok(Share(ppm)), "{text}");
    }
    let refused = |text: &str| text.parse::<Share>().unwrap_err();
    assert_eq!(refused("25"), "25 is more than all; a percentage has its sign, 25%");
    assert_eq!(refused("101%"), "101% is more than all");
    for text in ["-0.1", "+0.1", "0.0000001", "", "%", "a quarter", "nan"] {
        assert!(refused(text).contains("is no share like 0.25 or 25%"), "{text}");
    }
}

#[test]
fn generation_of_other_slots_is_refused() {
    let load = series("slot,wh\n1,5\n2,6\n");
    let other = |text| of_the_same_slots(&load.axis, series(text)).unwrap_err();
    assert_eq!(other("slot,wh\n1,5\n"), "it has the slots 1 to 1, and the load the slots 1 to 2");
    assert!(
        other("time,wh\n2016-07-11T00:00,5\n2016-07-11T00:15,5\n").contains("quarter-hours 2016")
    );
    assert!(of_the_same_slots(&load.axis, series("slot,wh\n2,5\n1,6\n")).is_ok());
}

/// The files are those of `tables/tests/cases/05-omitted-rows`: the same load in full, and without the rows of zeros.
#[test]
fn a_load_without_its_zeros_is_told_or_refused_with_a_window_as_without_one() {
    let full = series(include_str!("../../../tables/tests/cases/05-omitted-rows/load-full-96.csv"));
    assert!(series::check_days(&full.axis, "x.csv".as_ref(), true).is_ok());
    let part = series(include_str!(
        "../../../tables/tests/cases/05-omitted-rows/load-zero-rows-left-out.csv"
    ));
    assert!(series::check_days(&part.axis, "x.csv".as_ref(), false).is_ok());
    let refused = series::check_days(&part.axis, "x.csv".as_ref(), true).unwrap_err().to_string();
    assert!(
        refused.starts_with("bad input: x.csv: slots 24 to 83 (60) are not whole days of 96 slots"),
        "{refused}"
    );
}
