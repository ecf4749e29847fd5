//! The life of meters and their readings, from the command line against a real node.

// Not all of it is needed here.
use qedex_testnode::{Node, assert_refused, qedex, stderr};
#[allow(dead_code)]
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use std::process::Output;

fn run(node: &Node, arguments: &[&str]) -> Value {
    answer(&node.qedex(&[arguments, &["--json"]].concat()))
}

/// What a command says to people.
fn text(node: &Node, arguments: &[&str]) -> String {
    let output = node.qedex(arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn address(who: Sr25519Keyring) -> String {
    who.to_account_id().to_string()
}

fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn current_slot(node: &Node) -> u64 {
    node.status()["current_slot"].as_u64().expect("a slot")
}

async fn wait_for(node: &Node, slot: u64) {
    while current_slot(node) < slot {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// The public key of a secret.
fn key(scheme: &str, suri: &str) -> String {
    let of = ["meter", "key", "--scheme", scheme, "--meter-suri", suri];
    let key = answer(&qedex(&[&of[..], &["--json"]].concat()));
    assert_eq!(key["scheme"], scheme);
    key["key"].as_str().expect("a key").to_owned()
}

/// A reading of 700 Wh generated and 100 consumed, signed off-line.
fn sign(node: &Node, scheme: &str, suri: &str, meter: &Value, slot: u64) -> Value {
    let genesis = node.status()["genesis"].clone();
    let (meter, slot) = (meter.to_string(), slot.to_string());
    let off_line = [
        "meter",
        "sign",
        "--meter-suri",
        suri,
        "--scheme",
        scheme,
        "--meter",
        &meter,
        "--slot",
        &slot,
        "--generated",
        "700",
        "--consumed",
        "100",
        "--genesis",
        genesis.as_str().expect("a hash"),
        "--url",
        "ws://127.0.0.1:1",
    ];
    answer(&qedex(&off_line))
}

fn submit(node: &Node, folder: &std::path::Path, readings: &Value) -> Output {
    let file = folder.join("readings.json");
    std::fs::write(&file, readings.to_string()).expect("a writable folder");
    let file = file.to_str().expect("a readable path");
    node.qedex(&["reading", "submit", file, "--suri", "//Ferdie", "--json"])
}

fn register(node: &Node, owner: &str, scheme: &str, key: &str, capacity: &str, by: &str) -> Output {
    node.qedex(&[
        "meter",
        "register",
        "--owner",
        owner,
        "--scheme",
        scheme,
        "--key",
        key,
        "--capacity",
        capacity,
        "--suri",
        by,
        "--json",
    ])
}

fn correct(node: &Node, meter: &str, slot: u64, values: [&str; 2], by: &str) -> Output {
    node.qedex(&[
        "reading",
        "correct",
        "--meter",
        meter,
        "--slot",
        &slot.to_string(),
        "--generated",
        values[0],
        "--consumed",
        values[1],
        "--suri",
        by,
        "--json",
    ])
}

fn rotate(node: &Node, meter: &str, scheme: &str, key: &str) -> Output {
    node.qedex(&[
        "meter", "rotate", "--meter", meter, "--scheme", scheme, "--key", key, "--suri", "//Bob",
        "--json",
    ])
}

fn listed(node: &Node, meter: &str) -> Value {
    run(node, &["meter", "list", "--meter", meter])[0].clone()
}

#[tokio::test]
async fn meters_are_read_corrected_rekeyed_transferred_and_retired() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    // A meter of either scheme is installed. It counts from the first slot on whose gate is closed.
    let old = key("sr25519", "//new//old");
    let modern = key("ed25519", "//new//modern");
    let first = answer(&register(&node, "//Eve", "sr25519", &old, "5000", "//Bob"));
    let second = register(&node, "//Ferdie", "ed25519", &modern, "5000", "//Bob");
    let second = answer(&second);
    assert_eq!((&first["meter"], &second["meter"]), (&json!(4), &json!(5)));

    // Who registered a meter decides on who may correct what it says. For those of genesis nobody
    // has a bond.
    let listed_first = listed(&node, "4");
    assert_eq!(listed_first["registered_by"], address(Bob));
    assert_eq!(listed_first["current"]["installer"], address(Bob));
    let behind = format!("0x{}", hex::encode(Bob.to_raw_public()));
    assert_eq!(listed_first["registered_by_owner"], behind);
    assert_eq!(listed_first["bond"]["payer"], address(Bob));
    assert!(qedex_testnode::plancks(&listed_first["bond"]["amount"]) > 1_000_000_000);
    assert_eq!(listed(&node, "0")["bond"], Value::Null);
    let table = text(&node, &["meter", "list", "--meter", "5"]);
    let (installed, registered) =
        (format!("installed by {}", address(Bob)), format!("registered by {}", address(Bob)));
    for part in [&*installed, &registered, "ed25519", &modern] {
        assert!(table.contains(part), "{table}");
    }

    let now = current_slot(&node) + 1;
    wait_for(&node, now).await;

    // Readings of a slot are taken from three slots after it began, for two slots. In a batch each
    // is judged alone.
    let slot = now - 3;
    let read = slot;
    let meter = |number: u32| json!(number);
    let by = |suri, number| sign(&node, "sr25519", suri, &meter(number), slot);
    let good = by("//Dave//meter", 0);
    let mut altered = by("//Eve//meter", 1);
    altered["generated"] = 701.into();
    let mut over = by("//Ferdie//meter", 2);
    over["generated"] = 10_001.into();
    let batch =
        [good.clone(), altered, over, good, by("//Dave//meter", 77), by("//Alice//meter", 3)];
    let mixed = submit(&node, folder.path(), &json!(batch));
    assert_refused(&mixed, "4 of 6 readings were refused");
    let results: Value = serde_json::from_slice(&mixed.stdout).expect("JSON");
    let errors: Vec<_> = (0..6).map(|n| results["readings"][n]["error"].clone()).collect();
    assert_eq!(errors[0], Value::Null);
    assert_eq!(errors[5], Value::Null);
    let reasons = ["BadSignature", "OverCapacity", "AlreadyRead", "UnknownMeter"];
    for (error, reason) in errors[1..5].iter().zip(reasons) {
        assert!(error.to_string().contains(reason), "{error}: {reason}");
    }

    // A refused reading has the same result alone, in an array or not. More than a batch takes are
    // not even signed for.
    let refused = &batch[3];
    for alone in [refused.clone(), json!([refused])] {
        let alone = submit(&node, folder.path(), &alone);
        assert_refused(&alone, "the reading: Metering::AlreadyRead");
        let result: Value = serde_json::from_slice(&alone.stdout).expect("JSON");
        assert!(result["block"].is_u64(), "{result}");
        let expected =
            json!({ "meter": 0, "slot": slot, "accepted": false, "error": "AlreadyRead" });
        assert_eq!(result["readings"], json!([expected]));
        assert_eq!(results["readings"][3], expected);
    }
    let many = submit(&node, folder.path(), &json!(vec![refused; 1_025]));
    assert_refused(&many, "there are 1025 readings in the file; a batch has at most 1024");

    // Bob installed the meters, and Alice owns the last one: neither corrects. Bob's meters are
    // Alice's to correct, once.
    let lower = ["600", "150"];
    let independent = "Metering::NotIndependent";
    assert_refused(&correct(&node, "0", slot, lower, "//Bob"), independent);
    assert_refused(&correct(&node, "3", slot, lower, "//Alice"), independent);
    assert_refused(&correct(&node, "0", slot, lower, "//Eve"), "Metering::NotAnInstaller");
    let corrected = answer(&correct(&node, "0", slot, lower, "//Alice"));
    let block = corrected["block"].as_u64().expect("a block");
    let said = json!({
        "meter": 0,
        "slot": slot,
        "before": { "generated": 700, "consumed": 100 },
        "after": { "generated": 600, "consumed": 150 },
        "after_freeze": false,
        "block": block,
    });
    assert_eq!(corrected, said);
    assert_refused(&correct(&node, "0", slot, ["1", "1"], "//Alice"), "Metering::AlreadyCorrected");
    let history = ["reading", "history", "--meter", "0"];
    let expected = json!({
        "slot": slot,
        "generated": 600,
        "consumed": 150,
        "original": { "generated": 700, "consumed": 100 },
        "correction": { "installer": address(Alice), "after_freeze": false },
    });
    assert_eq!(run(&node, &history), json!([expected]));
    let table = text(&node, &history);
    for part in [&address(Alice), "before the freeze", "700 / 100"] {
        assert!(table.contains(part), "{table}");
    }
    let number = slot.to_string();
    let flow = |account| {
        let of = ["meter", "flow", "--account", account, "--slot", &number];
        run(&node, &of)["flow"].clone()
    };
    assert_eq!(flow("//Dave"), json!({ "generated": 600, "consumed": 150 }));
    // Silence counts as the capacity consumed.
    assert_eq!(flow("//Eve"), json!({ "generated": 0, "consumed": 10_000 }));
    assert_eq!(flow("//Bob"), Value::Null);

    // Nobody installs a meter of one's own, or with another one's key.
    for (owner, key, capacity, by, why) in [
        ("//Eve", &*modern, "5000", "//Bob", "Metering::KeyTaken"),
        ("//Eve", "0x01", "5000", "//Bob", "32 bytes"),
        ("//Bob", &*modern, "5000", "//Bob", independent),
        ("//Eve", &*modern, "5000", "//Dave", "Metering::NotAnInstaller"),
        ("//Eve", &*modern, "0", "//Bob", "Metering::CapacityOutOfRange"),
    ] {
        assert_refused(&register(&node, owner, "ed25519", key, capacity, by), why);
    }

    // One gets another key, one another owner, and one is retired.
    let fresh = key("ed25519", "//Eve//fresh");
    let change = answer(&rotate(&node, "1", "ed25519", &fresh));
    let rotated = listed(&node, "1");
    assert_eq!(change["meter"], 1);
    assert_eq!(change["from"], rotated["current"]["from"]);
    assert_eq!(rotated["current"]["key"], fresh);
    assert_eq!(rotated["previous"]["scheme"], "sr25519");
    assert_eq!(rotated["previous"]["until"], rotated["current"]["from"]);
    assert_refused(
        &rotate(&node, "1", "ed25519", &key("ed25519", "//Eve//fresher")),
        "Metering::PreviousAssignmentNotFinal",
    );
    let transfer = ["meter", "transfer", "--meter", "2", "--owner", "//Dave"];
    let change = run(&node, &[&transfer[..], &["--suri", "//Bob"]].concat());
    assert!(change["block"].is_u64(), "{change}");
    let of_dave = run(&node, &["meter", "list", "--owner", "//Dave"]);
    let numbers: Vec<_> = of_dave.as_array().expect("a list").iter().collect();
    assert_eq!(numbers.len(), 2);
    assert_eq!(numbers[1]["meter"], 2);
    assert_eq!(change["from"], numbers[1]["current"]["from"]);
    assert!(numbers[1]["current"]["from"].as_u64() > Some(current_slot(&node) + 3));
    let retire = ["meter", "decommission", "--meter", "4", "--suri", "//Bob"];
    let change = run(&node, &retire);
    assert!(change["from"].is_u64(), "{change}");
    assert_eq!(change["from"], listed(&node, "4")["current"]["until"]);
    assert_refused(&node.qedex(&retire), "Metering::Decommissioned");

    // Its installer's bond stays as long as its slots are kept.
    for (meter, why) in [("4", "Metering::SlotsStillKept"), ("0", "Metering::InService")] {
        let remove = ["meter", "remove", "--meter", meter, "--suri", "//Eve"];
        assert_refused(&node.qedex(&remove), why);
    }

    // A meter signs with its new key, and with no other.
    let since = rotated["current"]["from"].as_u64().expect("a slot");
    wait_for(&node, since + 3).await;
    let old_key = sign(&node, "sr25519", "//Eve//meter", &meter(1), since);
    assert_refused(&submit(&node, folder.path(), &old_key), "Metering::BadSignature");
    let single = sign(&node, "ed25519", "//Eve//fresh", &meter(1), since);
    let single = answer(&submit(&node, folder.path(), &single));
    assert_eq!(single["readings"][0]["accepted"], true);

    // The new meters read their first slot, the one that will be retired included.
    let slot = second["from"].as_u64().expect("a slot");
    wait_for(&node, slot + 3).await;
    let both = json!([
        sign(&node, "sr25519", "//new//old", &first["meter"], slot),
        sign(&node, "ed25519", "//new//modern", &second["meter"], slot),
    ]);
    let both = answer(&submit(&node, folder.path(), &both));
    let accepted = [&both["readings"][0], &both["readings"][1]].map(|r| r["accepted"].clone());
    assert_eq!(accepted, [true, true]);

    // The administration sets by what rule slots get their bands.
    let mid = json!([
        { "from": 28, "until": 36, "from_time": "07:00", "until_time": "09:00" },
        { "from": 68, "until": 84, "from_time": "17:00", "until_time": "21:00" },
    ]);
    let preset = json!({ "threshold": 36_000, "look_back": 4, "mid": mid });
    assert_eq!(run(&node, &["tariff", "show"]), preset);
    let set = ["tariff", "set", "--threshold", "1000", "--look-back", "1"];
    let by = |who: &[&'static str]| [&set[..], &["--mid", "0-96", "--suri"], who].concat();
    assert_refused(&node.qedex(&by(&["//Bob"])), "BadOrigin");
    let motion = run(&node, &by(&["//Bob", "--council"]));
    assert_eq!(motion["executed"], false);
    assert_eq!(run(&node, &["tariff", "show"]), preset);
    let done = run(&node, &by(&["//Alice", "--sudo"]));
    assert_eq!(done["look_back"], 1);
    assert!(done["block"].is_u64(), "{done}");
    let mid = json!([{ "from": 0, "until": 96, "from_time": "00:00", "until_time": "24:00" }]);
    let changed = json!({ "threshold": 1000, "look_back": 1, "mid": mid });
    assert_eq!(run(&node, &["tariff", "show"]), changed);
    // A slot whose gate is still to open is mid-peak now whatever the hour. One that has opened
    // keeps what it has.
    let later = (current_slot(&node) + 50).to_string();
    let band = run(&node, &["meter", "band", "--slot", &later]);
    assert_eq!((&band["band"], &band["fixed"]), (&json!("mid"), &json!(false)));
    assert_eq!(band["standing_rule"], changed);
    let opened = now.to_string();
    let band = run(&node, &["meter", "band", "--slot", &opened]);
    assert_eq!(band["fixed"], true);
    let said = text(&node, &["meter", "band", "--slot", &later]);
    assert!(said.contains("on-peak from 1000 Wh on"), "{said}");

    // What follows from it all.
    // The slots of the time of registration are closed by now.
    let registered = first["from"].as_u64().expect("a slot") - 5;
    let day = (registered / 96).to_string();
    let par = run(&node, &["meter", "par", "--day", &day])["par"].clone();
    assert!(par["slots"].as_u64() >= Some(1), "{par}");
    assert!(par["par_ppm"].is_u64() || par["par_ppm"].is_null(), "{par}");
    // The demand of a day is told slot by slot, and gives the same ratio off-line.
    let totals = run(&node, &["meter", "totals", "--slot", &read.to_string()]);
    let both = json!({ "generated": 1_300, "consumed": 250, "readings": 2 });
    assert_eq!(totals, json!({ "slot": read, "totals": both }));
    let unread = run(&node, &["meter", "totals", "--slot", "7"]);
    assert_eq!(unread["totals"], Value::Null);
    wait_for(&node, since + 6).await;
    let day = (since / 96).to_string();
    let ratio = || run(&node, &["meter", "par", "--day", &day])["par"].clone();
    let file = folder.path().join("load.csv");
    let (chain, table) = loop {
        // Another slot may be closed meanwhile.
        let before = ratio();
        let table = text(&node, &["meter", "load", "--day", &day]);
        if ratio() == before {
            break (before, table);
        }
    };
    assert!(table.lines().any(|row| row == format!("{},100", since % 96)), "{table}");
    std::fs::write(&file, &table).expect("a writable folder");
    let file = file.to_str().expect("a readable path");
    let off_line = answer(&qedex(&["plan", "par", "--load", file, "--json"]));
    assert!(chain["par_ppm"].as_u64() >= Some(1_000_000), "{chain}");
    assert_eq!(off_line["par_ppm"], chain["par_ppm"]);

    // A correction after the freeze lowers what is kept, and not the demand of the day.
    let late = answer(&correct(&node, "1", since, lower, "//Alice"));
    assert_eq!(late["after_freeze"], true);
    let history = ["reading", "history", "--meter", "1"];
    let correction = json!({ "installer": address(Alice), "after_freeze": true });
    assert_eq!(run(&node, &history)[0]["correction"], correction);
    assert!(text(&node, &history).contains("after the freeze"));
    let totals = run(&node, &["meter", "totals", "--slot", &since.to_string()]);
    let lowered = json!({ "generated": 600, "consumed": 150, "readings": 1 });
    assert_eq!(totals["totals"], lowered);
    let load = run(&node, &["meter", "load", "--day", &day]);
    let mut demands = load.as_array().expect("a list").iter();
    let demand = json!({ "slot": since % 96, "wh": 100, "metered": true });
    assert!(demands.any(|one| *one == demand), "{load}");

    // Of a day without a load it is told why it has none.
    for (day, why) in [("1", "not-kept"), ("99999999999", "to-come")] {
        let none = run(&node, &["meter", "par", "--day", day]);
        assert_eq!((&none["par"], &none["why_none"]), (&Value::Null, &json!(why)));
    }
    let to_come = node.qedex(&["meter", "load", "--day", "99999999999"]);
    assert_eq!(String::from_utf8_lossy(&to_come.stdout), "slot,wh\n");
    assert!(stderr(&to_come).contains("has not begun"), "{}", stderr(&to_come));

    let status = node.status();
    let next = status["next_open_slot"].to_string();
    let band = run(&node, &["meter", "band", "--slot", &next])["band"].clone();
    assert_eq!(status["next_open_slot_band"], band);
    assert!(["off", "mid", "on"].map(Value::from).contains(&band));

    // What is no input changes nothing.
    for (bad, why) in [
        (
            &["reading", "history", "--meter", "0", "--from", "5", "--until", "4"][..],
            "after slot 4",
        ),
        (&["reading", "history", "--meter", "-1"], "invalid value '-1'"),
        (&["meter", "list", "--meter", "99"], "there is no meter 99"),
        (&["reading", "history", "--meter", "99"], "there is no meter 99"),
        (&["meter", "flow", "--account", "Dave", "--slot", "1"], "is no account"),
        (&["meter", "flow", "--account", "//Dave", "--slot", "0x10"], "names no slot"),
        (&["meter", "band", "--slot", "18446744073709551616"], "names no slot"),
        (&["meter", "par", "--day", "1.5"], "invalid digit"),
        (&by(&["//Alice", "--sudo", "--mid", "5-7"]), "without overlap"),
        (
            &["tariff", "set", "--threshold", "1", "--look-back", "9", "--suri", "//Bob"],
            "9 is not in 1..=8",
        ),
        (&["meter", "decommission", "--meter", "99", "--suri", "//Bob"], "Metering::UnknownMeter"),
        (&["meter", "decommission", "--meter", "0", "--suri", "Bob"], "secret URI is malformed"),
        (&["reading", "submit", "/nowhere.json", "--suri", "//Bob"], "/nowhere.json"),
    ] {
        assert_refused(&node.qedex(bad), why);
    }
}
