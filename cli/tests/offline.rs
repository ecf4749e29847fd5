//! What the command line computes without a node.

use qedex_testnode::{assert_refused, binary::program, plancks, qedex, stderr};
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

fn par(table: &str) -> Output {
    par_with(table, &[])
}

fn par_with(table: &str, options: &[&str]) -> Output {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), table).expect("a writable file");
    let path = file.path().to_str().expect("a readable path");
    qedex(&[&["plan", "par", "--load", path, "--json"], options].concat())
}

fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_peak_to_average_ratio_is_a_whole_number_or_nothing() {
    let ratio = answer(&par("slot,wh\n1,100\n2,300\n3,200\n"));
    assert_eq!(ratio.to_string(), r#"{"par_ppm":1500000}"#);
    assert_eq!(answer(&par("wh,slot\n0,1\n0,2\n")), json!({ "par_ppm": null }));
}

#[test]
fn a_bad_load_is_refused_with_the_reason() {
    for (table, why) in [
        ("", "there is nothing in the file"),
        ("1,100\n2,300\n", "line 1: there is no column slot; the header should be slot, kwh or wh"),
        ("slot,joule\n1,100\n", "line 1: there is no column kwh or wh"),
        ("slot,wh,note\n1,100,x\n", "line 1: the column \"note\" means nothing here"),
        ("slot,wh,kwh\n1,100,1\n", "line 1: the columns wh and kwh say the same"),
        ("slot,wh\n", "there is no slot"),
        ("slot,wh\n1,0x10\n", "line 2: wh \"0x10\" is hexadecimal"),
        ("slot,wh\n0x1,10\n", "line 2: slot \"0x1\" is hexadecimal"),
        ("slot,wh\n1,-5\n", "line 2: wh -5 is below 0 Wh"),
        ("slot,wh\n1,1.5\n", "line 2: wh 1.5 is no whole number of Wh; kWh stand in a column kwh"),
        ("slot,kwh\n1,0.0005\n", "line 2: kwh 0.0005 is finer than the smallest step, 0.001 kWh"),
        ("slot,wh\n1,\n", "line 2: wh is missing"),
        ("slot,wh\n1,18446744073709551616\n", "is above the largest, 18446744073709551615 Wh"),
        ("slot,wh\n1,1,1\n", "line 2: the row has 3 cells, and the header 2 columns"),
        ("slot,wh\n\n\n1,100\n\n2\n", "line 6: the row has 1 cell, and the header 2 columns"),
        ("slot,wh\n1,5\n1,6\n", "slot 1 comes twice, in lines 2 and 3"),
        ("slot,wh\n1,5\n3,6\n", "slot 2 is missing"),
    ] {
        let output = par(table);
        assert_refused(&output, why);
        assert!(output.stdout.is_empty(), "{table:?}");
    }
    let missing = qedex(&["plan", "par", "--load", "/nowhere.csv"]);
    assert_refused(&missing, "/nowhere.csv");
}

#[test]
fn a_load_is_read_as_people_have_it_and_told_how() {
    let german = par("Slot;kWh\r\n1;0,1\r\n;\r\n2;0,3\r\n3;0,2\r\n");
    assert_eq!(answer(&german), json!({ "par_ppm": 1_500_000 }));
    let said = stderr(&german);
    assert!(
        said.contains("semicolons separate its columns, and commas are decimal marks"),
        "{said}"
    );
    assert!(said.contains("slots 1 to 3 (3) are not whole days of 96 slots"), "{said}");
    let part = par_with("slot,wh\n96,5\n", &["--whole-days"]);
    assert_refused(&part, "slots 96 to 96 (1) are not whole days of 96 slots");
    let day: String = (96..192).map(|slot| format!("{slot},5\n")).collect();
    let whole = par_with(&format!("slot,wh\n{day}"), &["--whole-days"]);
    assert_eq!(answer(&whole), json!({ "par_ppm": 1_000_000 }));
    assert_eq!(stderr(&whole), "");
}

#[test]
fn prices_are_typed_and_read_in_qed_and_printed_in_plancks_as_json() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let path = file.path().to_str().expect("a readable path");
    let clear = |book: &str, fee: &str| {
        std::fs::write(file.path(), book).expect("a writable file");
        let options = ["--floor", "0.08", "--cap", "0.30QED/kWh", "--tick", "1000000000plancks"];
        let command =
            ["plan", "clear", "--book", path, "--rule", "uniform", "--fee", fee, "--json"];
        qedex(&[&command[..], &options].concat())
    };
    let book = "side,account,price,kwh\n\nbid,b,0.20,1.5\n\nask,s,0.1,1\n";
    let cleared = answer(&clear(book, "0.02"));
    assert_eq!(
        cleared,
        json!({
            "volume_wh": 1_000, "buyers_pay": "200000000000", "sellers_receive": "180000000000",
            "cap_binding": false, "surplus_milliplancks": "100000000000000", "keys_used": 0,
            "fills": [{ "line": 1, "wh": 1_000 }, { "line": 2, "wh": 1_000 }],
            "trades": [{ "bid": 1, "ask": 2, "wh": 1_000 }],
        })
    );
    let in_plancks =
        "side,account,price_per_kwh,wh\nbid,b,200000000000,1500\nask,s,100000000000,1000\n";
    assert_eq!(answer(&clear(in_plancks, "20000000000plancks")), cleared);

    let bare = clear(book, "20000000000");
    assert_refused(&bare, "20000000000 may mean 20000000000QED or 20000000000plancks");
    let line = clear("side,account,price,kwh\n\n\nbid,b,0.2005,1\n", "0.02");
    assert_refused(&line, "line 4: the price 0.2005 QED/kWh is off the tick of 0.001 QED/kWh");
    let unit = clear("side,account,price,kwh\nbid,b,200000000000,1\n", "0.02");
    assert_refused(&unit, "line 2: price 200000000000 may mean 200000000000QED or");
}

/// The load is `plan par`'s of 4.65, without its rows of zeros.
#[test]
fn a_response_on_a_load_without_its_zeros_is_told_with_a_window_too() {
    let load = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tables/tests/cases/05-omitted-rows/load-zero-rows-left-out.csv"
    );
    let response = ["plan", "response", "--load", load, "--share", "25%", "--json"];
    let part = "slots 24 to 83 (60) are not whole days of 96 slots. If some were left out";
    for window in [&[][..], &["--window", "4"]] {
        let told = qedex(&[&response[..], window].concat());
        assert_eq!(answer(&told)["par_ppm"]["before"], 2_903_225);
        assert!(stderr(&told).contains(part), "{}", stderr(&told));
        let refused = qedex(&[&response[..], window, &["--whole-days"]].concat());
        assert_refused(&refused, part);
    }
}

#[test]
fn an_energy_with_its_unit_is_told_what_an_option_in_watt_hours_takes() {
    let score = ["plan", "score", "--consumed-wh", "0", "--standing-ppm", "1", "--band", "off"];
    let prices = ["--band-price", "0.1", "--off-price", "0.1", "--generated-wh", "5kWh"];
    let said = qedex(&[&score[..], &prices].concat());
    assert_refused(&said, "--generated-wh <WH>");
    assert_refused(&said, "is 5 kWh, and this option is in watt-hours and has no unit: write 5000");
}

/// The reader of standard error is gone before the command has begun to speak.
#[test]
fn a_closed_standard_error_changes_neither_the_answer_nor_the_status() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let path = file.path().to_str().expect("a readable path");
    std::fs::write(file.path(), "slot;wh\n1;100\n2;300\n3;200\n").expect("a writable file");
    let run = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let process = Command::new(program("qedex")).args(arguments).stderr(writer).output();
        process.expect("qedex runs")
    };
    // It has two remarks: on the delimiter, and that this is no whole day.
    let noted = run(&["plan", "par", "--load", path, "--json"]);
    assert_eq!(answer(&noted), json!({ "par_ppm": 1_500_000 }));
    for refused in [&["plan", "par", "--load", "/nowhere.csv"][..], &["plan", "par"]] {
        assert_eq!(run(refused).status.code(), Some(2), "{refused:?}");
    }
}

#[test]
fn a_meter_s_public_key_is_told_without_a_node() {
    let of = |scheme| {
        let key = ["meter", "key", "--meter-suri", "//Alice", "--scheme", scheme];
        answer(&qedex(&[&key[..], &["--json"]].concat()))["key"].clone()
    };
    // The well-known keys, of which the ed25519 one votes on finality.
    assert_eq!(of("ed25519"), "0x88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee");
    assert_eq!(of("sr25519"), "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");
    let soft = qedex(&["meter", "key", "--meter-suri", "//Alice/x", "--scheme", "ed25519"]);
    assert_refused(&soft, "the secret URI is malformed");
    let unknown = qedex(&["meter", "key", "--meter-suri", "//Alice", "--scheme", "rsa"]);
    assert_refused(&unknown, "rsa");
}

#[test]
fn a_holder_named_twice_is_refused_before_a_node_is_asked() {
    let dave = "0x306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20";
    for command in ["issue", "reissue"] {
        let twice = ["--who", "//Dave", "--who", "//Eve", "--who", dave];
        let rest = ["--attribute", "solar", "--suri", "//Alice", "--url", "ws://127.0.0.1:1"];
        let refused = qedex(&[&["credential", command], &twice[..], &rest].concat());
        assert_refused(&refused, "is named twice");
    }
}

/// As `head` does.
#[test]
fn whoever_stops_reading_what_is_printed_makes_no_error() {
    let scores = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(scores.path(), "id,score\na,5\nb,3\n").expect("a writable file");
    let scores = scores.path().to_str().expect("a readable path");
    let seed = "07".repeat(32);
    let plan = ["plan", "schedule", "--slots", "4", "--floor", "1", "--max-share-ppm", "750000"];
    for json in [&["--json"][..], &[]] {
        let mut process = Command::new(program("qedex"))
            .args(plan)
            .args(["--scores", scores, "--seed", &seed])
            .args(json)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command line runs");
        drop(process.stdout.take());
        let output = process.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{:?}: {}", output.status, stderr(&output));
        assert_eq!(stderr(&output), "");
    }
}

const SUMMER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/cche/cche-summer.json");

#[test]
fn a_site_s_day_is_planned_written_for_other_solvers_and_ordered() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| folder.path().join(name).to_str().expect("a readable path").to_owned();
    let (mps, orders, prices) = (path("m.mps"), path("o.csv"), path("p.csv"));
    let plan = answer(&qedex(&[
        "plan",
        "site",
        "--site",
        SUMMER,
        "--json",
        "--mps",
        &mps,
        "--orders",
        &orders,
        "--floor",
        "0.08",
        "--cap",
        "0.30",
        "--first-slot",
        "1000",
    ]));
    let cost = plan["cost"].as_f64().expect("a number");
    assert!((232.7657..232.9986).contains(&cost), "{plan}");
    assert!(plan["gap"].as_f64().expect("a number") <= 0.001, "{plan}");
    assert_eq!(plan["import"].as_array().map(Vec::len), Some(24));
    assert_eq!(plan["marginal"].as_array().map(Vec::len), Some(24));
    let model = std::fs::read_to_string(&mps).expect("the model");
    assert!(model.starts_with("NAME site\nROWS\n N cost\n"), "{model}");
    // At hour 4 the site draws from the grid, and a kWh from elsewhere saves the price of the night.
    let orders = std::fs::read_to_string(&orders).expect("the orders");
    assert!(orders.starts_with("slot,side,price,kwh\n"), "{orders}");
    assert!(orders.lines().any(|line| line.starts_with("1016,bid,0.12,")), "{orders}");
    // From a grid that is cheaper than gas, less than half is paid.
    let rows = (0..24).map(|step| format!("{step},0.05,0.01\n"));
    let table = format!("step,price_buy,price_sell\n{}", rows.collect::<String>());
    std::fs::write(&prices, table).expect("a writable file");
    let cheap = answer(&qedex(&["plan", "site", "--site", SUMMER, "--prices", &prices, "--json"]));
    assert!(cheap["cost"].as_f64().expect("a number") < cost / 2.0, "{cheap}");
    std::fs::write(&prices, "step,price_buy,price_sell\n0,0.05,0.01\n").expect("a writable file");
    let short = qedex(&["plan", "site", "--site", SUMMER, "--prices", &prices]);
    assert_refused(&short, "price_buy: has 1 values, and there are 24 steps");
}

#[test]
fn a_site_that_means_nothing_or_has_no_plan_is_refused() {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
    let path = file.path().to_str().expect("a readable path");
    let site = |text: &str| {
        std::fs::write(file.path(), text).expect("a writable file");
        qedex(&["plan", "site", "--site", path])
    };
    let good = "hours = 1\ndt_h = 1\nprice_buy = [0.2]\nprice_sell = [0]\nload_e = [3]\ngrid = { import_max = 5, \
        export_max = 0 }\n";
    let planned = site(good);
    assert!(planned.status.success(), "{}", stderr(&planned));
    assert!(String::from_utf8_lossy(&planned.stdout).starts_with("cost 0.6000; "), "{planned:?}");
    for (from, to, why) in [
        ("load_e = [3]", "load_e = [nan]", "load_e[0]: NaN is no number from 0 on"),
        ("load_e = [3]", "load_e = [3, 3]", "load_e: has 2 values, and there are 1 steps"),
        (
            "load_e = [3]",
            "load_e = [6]",
            "hour 0 is the first that cannot be served: 6.000 kW of electricity",
        ),
        ("load_e = [3]", "load_e = 3", "invalid type"),
        ("hours = 1", "hours = 1\nbatery = 1", "unknown field `batery`"),
    ] {
        assert_refused(&site(&good.replace(from, to)), why);
    }
    assert_refused(&qedex(&["plan", "site", "--site", path, "--orders", "o.csv"]), "--floor");
}

fn data(path: &str) -> String {
    format!("{}/../data/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// The tools for planning, on the examples in the data, and on what is none.
#[test]
fn plans_come_out_as_numbers_and_bad_ones_with_status_two() {
    let (load, pv) = (data("response/load.csv"), data("response/pv.csv"));
    let response = ["plan", "response", "--load", &load, "--share", "0.25", "--window", "4"];
    let moved = answer(&qedex(&[&response[..], &["--net-of", &pv, "--json"]].concat()));
    assert_eq!(moved["peak_wh"]["after"].as_f64().map(|wh| wh.round()), Some(32_867.0));
    let other = data("simbench/README.md");
    assert_refused(&qedex(&[&response[..], &["--net-of", &other]].concat()), "README.md");
    let much = ["plan", "response", "--load", &load, "--share", "25"];
    assert_refused(&qedex(&much), "25 is more than all");

    let files =
        ["microgrids", "users", "aggregators"].map(|name| data(&format!("middlemen/{name}.csv")));
    let [microgrids, users, aggregators] = &files;
    let game = ["plan", "game", "--microgrids", microgrids, "--users", users];
    let played = answer(&qedex(&[&game[..], &["--aggregators", aggregators, "--json"]].concat()));
    assert_eq!(played["auction"]["volume_kwh"], json!(202.0));
    assert_refused(&qedex(&game), "--aggregators");

    let table = data("setm/offers.csv");
    let negotiate = ["plan", "negotiate", "--table", &table];
    let deals = answer(&qedex(&[&negotiate[..], &["--json"]].concat()));
    assert_eq!(deals[5]["price"], json!(44.8));
    assert_refused(&qedex(&[&negotiate[..], &["--steps", "0"]].concat()), "the number of steps");
    assert_refused(&qedex(&[&negotiate[..], &["--buyers", "0"]].concat()), "beta is not from 0.01");
}

#[test]
fn the_curves_of_a_day_are_planned_as_they_are_written() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let curves =
        qedex(&["plan", "curves", "--from", "2016-07-11T00:00", "--slots", "96", "--first", "960"]);
    assert!(curves.status.success(), "{}", stderr(&curves));
    std::fs::write(file.path(), &curves.stdout).expect("a writable file");
    let day = ["plan", "curves", "--from", "2016-07-11T00:00", "--slots", "96", "--first", "960"];
    let told = answer(&qedex(&[&day[..], &["--json"]].concat()));
    let steps = told.as_array().expect("a list").iter();
    let steps: Vec<String> = steps
        .map(|step| format!("{},{},{}", step["slot"], plancks(&step["price_per_kwh"]), step["wh"]))
        .collect();
    let written = String::from_utf8_lossy(&curves.stdout);
    assert_eq!(steps, written.lines().skip(1).collect::<Vec<_>>());
    let path = file.path().to_str().expect("a readable path");
    let scarce = ["--per-slot", "1", "--capacity", "60", "--per-key", "1kWh", "--json"];
    let plan = answer(&qedex(&[&["plan", "leader", "--curves", path], &scarce[..]].concat()));
    let slots: Vec<u64> = plan["slots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| slot["slot"].as_u64().unwrap())
        .collect();
    assert_eq!(slots, (960..1_056).collect::<Vec<u64>>());
    assert!(plancks(&plan["worth"]) > plancks(&plan["worth_admitting_all"]), "{plan}");
}

#[test]
fn a_comparison_of_leaders_is_of_all_weeks_of_the_data() {
    let figures = answer(&qedex(&["plan", "leader", "--weeks", "--seed", "2", "--json"]));
    let rows = figures["leaders"].as_array().unwrap();
    let weeks: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row["week"].as_str().unwrap()).collect();
    assert_eq!(Vec::from_iter(weeks), ["2016-01-18", "2016-07-11"]);
    assert!(rows.iter().all(|row| row["worth"].is_string() && row["volume_wh"].is_u64()));
    for (options, why) in [
        (&["--per-key", "5kWh"][..], "a key covers 1 kWh to 2 kWh"),
        (&["--per-slot", "3"], "cannot be used with"),
        (&["--data", "/nowhere"], "cannot read /nowhere"),
    ] {
        assert_refused(&qedex(&[&["plan", "leader", "--weeks"], options].concat()), why);
    }
}
