use super::*;
use clap::Parser;
use serde_json::{Value, json};

#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    game: Game,
}

const MICROGRIDS: &str = include_str!("../../../data/middlemen/microgrids.csv");
const USERS: &str = include_str!("../../../data/middlemen/users.csv");
const AGGREGATORS: &str = include_str!("../../../data/middlemen/aggregators.csv");

fn files(microgrids: &str, users: &str, aggregators: &str) -> Files {
    let parse = |name, text: &str| Table::parse(name, text).unwrap();
    Files {
        microgrids: parse("m.csv", microgrids),
        users: parse("u.csv", users),
        aggregators: parse("a.csv", aggregators),
    }
}

fn solved(files: Option<&Files>, options: &[&str]) -> Result<Outcome, String> {
    let named = ["--microgrids", "m.csv", "--users", "u.csv", "--aggregators", "a.csv"];
    let named = if files.is_some() { &named[..] } else { &[] };
    let args = Alone::try_parse_from([&["game"], named, options].concat());
    let args = args.map_err(|error| error.to_string())?.game;
    solve(&args, files).map_err(|error| error.to_string())
}

fn refused(microgrids: &str, users: &str, aggregators: &str) -> String {
    solved(Some(&files(microgrids, users, aggregators)), &[]).unwrap_err()
}

#[test]
fn the_market_of_the_data_with_middlemen_and_without() {
    let files = files(MICROGRIDS, USERS, AGGREGATORS);
    let outcome = solved(Some(&files), &[]).unwrap();
    let told = outcome.lines();
    for line in [
        "with aggregators  132.666667 kWh, sellers get 0.911778, buyers pay 1.047333",
        "  aggregator 1    69.333333 kWh, gains 8.011852",
        "  aggregator 2    63.333333 kWh, gains 6.685185",
        "  members keep    44.03 %",
        "in the auction    202 kWh, sellers get 0.958, buyers pay 0.978, fee 0.02",
        "     1  26.18 %",
        "     3  56.94 %",
        "    10  82.92 %",
        "   100  98.06 %",
    ] {
        assert!(told.lines().any(|found| found == line), "{line:?} in\n{told}");
    }
    let answer: Value = serde_json::to_value(&outcome).unwrap();
    assert_eq!(
        answer["auction"],
        json!({ "volume_kwh": 202.0, "sellers_get": 0.958, "buyers_pay": 0.978 })
    );
    assert!(answer["equilibria"][0]["largest_gain"].as_f64().unwrap() <= 0.0);
    assert_eq!(answer["equilibria"][0]["volume_kwh"], json!(132.666666666667));
    assert_eq!(answer.get("bilateral"), None);
}

#[test]
fn two_priced_offers_need_no_files() {
    let outcome = solved(None, &["--bilateral", "0.08,0.22"]).unwrap();
    let answer: Value = serde_json::to_value(&outcome).unwrap();
    assert_eq!(answer["bilateral"]["realised"], json!(27.0 / 32.0));
    assert!(outcome.lines().contains("84.38 %"), "{}", outcome.lines());
    assert!(solved(None, &[]).unwrap_err().contains("--microgrids"));
    assert!(solved(None, &["--bilateral", "1"]).unwrap_err().contains("two numbers, L,G"));
    assert!(
        solved(None, &["--bilateral", "1,0"])
            .unwrap_err()
            .contains("the width of costs and values")
    );
    for (text, why) in [
        ("1,-1", "G -1 is below 0"),
        ("x,1", "L \"x\" is no number"),
        ("0,1,0,2", "\"0,1,0,2\" is not two numbers, L,G"),
        ("0.08;0.22", "is not two numbers, L,G"),
    ] {
        let said = solved(None, &["--bilateral", text]).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
    assert!(solved(None, &["--users", "u.csv"]).unwrap_err().contains("--microgrids"));
}

#[test]
fn bad_curves_are_told_by_name_and_line() {
    let zero = "m.csv, line 3: d must not be zero";
    assert_eq!(refused("c,d\n1,1\n1,0\n", USERS, AGGREGATORS), format!("bad input: {zero}"));
    assert!(
        refused(MICROGRIDS, "a,b\n1,-1\n", AGGREGATORS).contains("u.csv, line 2: b -1 is below 0")
    );
    assert!(refused(MICROGRIDS, "a,b\nNaN,1\n", AGGREGATORS).contains("is not finite"));
    assert!(refused("c\n1\n", USERS, AGGREGATORS).contains("there is no column d"));
    assert_eq!(refused("c,d\n", USERS, AGGREGATORS), "bad input: there is no microgrid");
    assert_eq!(refused(MICROGRIDS, "a,b\n", AGGREGATORS), "bad input: there is no user");
    assert_eq!(refused(MICROGRIDS, USERS, "cost\n"), "bad input: there is no aggregator");
    let none = refused("c,d\n3,1\n", "a,b\n14,4\n27,14\n", "cost\n5\n8\n");
    assert!(none.contains("no equilibrium"), "{none}");
}

#[test]
fn where_there_are_two_equilibria_both_are_told() {
    let two = files("c,d\n4,8\n", "a,b\n15,13\n26,19\n", "cost\n0\n1\n");
    let told = solved(Some(&two), &["--fee", "0"]).unwrap().lines();
    assert!(told.starts_with("there are 2 equilibria\n"), "{told}");
    assert!(told.contains("0.530864 kWh") && told.contains("0.634858 kWh"), "{told}");
}
