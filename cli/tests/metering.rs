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

/// Files a meter at a connection that is called like its key.
fn register(node: &Node, owner: &str, scheme: &str, key: &str, rating: &str, by: &str) -> Output {
    let connection = key.to_uppercase().chars().take(33).collect::<String>();
    node.qedex(&[
        "meter",
        "register",
        "--owner",
        owner,
        "--scheme",
        scheme,
        "--key",
        key,
        "--connection",
        &connection,
        "--out",
        rating,
        "--into",
        rating,
        "--suri",
        by,
        "--json",
    ])
}

fn confirm(node: &Node, filed: &Value, by: &[&str]) -> Output {
    let (change, hash) = (filed["change"].to_string(), filed["hash"].as_str().expect("a hash"));
    let confirm = ["meter", "confirm", "--change", &change, "--hash", hash, "--json", "--suri"];
    node.qedex(&[&confirm[..], by].concat())
}

/// Has a change that was filed confirmed by all of these, and says what it brought about.
fn confirmed(node: &Node, filed: &Output, by: &[&str]) -> Value {
    let filed = answer(filed);
    let mut last = Value::Null;
    for who in by {
        last = answer(&confirm(node, &filed, &[who]));
    }
    assert!(last["from"].is_u64(), "{last}");
    last
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

/// A key that no meter has.
fn fresh_key() -> String {
    key("ed25519", "//nobody//fresh")
}

fn rotate(node: &Node, meter: &str, scheme: &str, key: &str) -> Output {
    node.qedex(&[
        "meter", "rotate", "--meter", meter, "--scheme", scheme, "--key", key, "--suri", "//Bob",
        "--json",
    ])
}

fn shown(node: &Node, meter: &str) -> Value {
    run(node, &["meter", "show", "--meter", meter])
}

/// The assignment of a meter with this place among those that are kept.
fn assigned(node: &Node, meter: &str, place: usize) -> Value {
    shown(node, meter)["assignments"][place].clone()
}

#[tokio::test]
async fn meters_are_read_corrected_rekeyed_transferred_and_retired() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    // A meter of either scheme is installed. It counts from the first slot on whose gate is closed.
    let old = key("sr25519", "//new//old");
    let modern = key("ed25519", "//new//modern");
    let filed = register(&node, "//Eve", "sr25519", &old, "5000", "//Bob");
    // Everybody can see what waits, and for whom; who filed it is not the second installer.
    let waiting = run(&node, &["meter", "pending"])[0].clone();
    assert_eq!(waiting["hash"], answer(&filed)["hash"]);
    assert_eq!(waiting["awaits"], json!(["owner", "second-installer"]));
    assert_eq!((&waiting["change"], &waiting["key"]), (&json!("register"), &json!(old)));
    let table = text(&node, &["meter", "pending"]);
    for part in ["a second installer", &old, &address(Bob)] {
        assert!(table.contains(part), "{table}");
    }
    let independent = "Metering::NotIndependent";
    assert_refused(&confirm(&node, &answer(&filed), &["//Bob"]), independent);
    assert_refused(&confirm(&node, &answer(&filed), &["//Dave"]), "Metering::MayNotConfirm");
    let first = confirmed(&node, &filed, &["//Eve", "//Alice"]);
    let second = register(&node, "//Ferdie", "ed25519", &modern, "5000", "//Bob");
    let second = confirmed(&node, &second, &["//Alice", "//Ferdie"]);
    assert_eq!((&first["meter"], &second["meter"]), (&json!(4), &json!(5)));
    assert_eq!(run(&node, &["meter", "pending"]), json!([]));

    // Who installed a meter is on record. For those of genesis nobody has a bond.
    let listed_first = shown(&node, "4");
    let installers = &listed_first["assignments"][0];
    assert_eq!(installers["installer"]["account"], address(Bob));
    assert_eq!(installers["second"]["account"], address(Alice));
    assert_eq!(installers["ratings"], json!({ "out": 5_000, "into": 5_000 }));
    assert_eq!(listed_first["is_connection"], true);
    assert_eq!(listed_first["bond"]["payer"], address(Bob));
    assert!(qedex_testnode::plancks(&listed_first["bond"]["amount"]) > 1_000_000_000);
    assert_eq!(shown(&node, "0")["bond"], Value::Null);
    assert_eq!(shown(&node, "0")["connection"], "QEDEXDAVE");
    let table = text(&node, &["meter", "list", "--owner", "//Ferdie"]);
    let (installed, second_one) =
        (format!("installed by {}", address(Bob)), format!("and {}", address(Alice)));
    for part in [&*installed, &second_one, "ed25519", &modern] {
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
    let reasons = ["BadSignature", "OverRating", "AlreadyRead", "UnknownMeter"];
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

    // Alice owns the last meter and says nothing about it. Both installers say something about
    // Dave's, each once, and nothing else changes.
    let lower = ["600", "150"];
    assert_refused(&correct(&node, "3", slot, lower, "//Alice"), independent);
    assert_refused(&correct(&node, "0", slot, lower, "//Eve"), "Metering::NotAnInstaller");
    let corrected = answer(&correct(&node, "0", slot, lower, "//Alice"));
    let block = corrected["block"].as_u64().expect("a block");
    let signed = json!({ "generated": 700, "consumed": 100 });
    let said = json!({
        "meter": 0,
        "slot": slot,
        "signed": signed,
        "flow": { "generated": 600, "consumed": 150 },
        "block": block,
    });
    assert_eq!(corrected, said);
    assert_refused(&correct(&node, "0", slot, ["1", "1"], "//Alice"), "Metering::AlreadyRecorded");
    answer(&correct(&node, "0", slot, ["1", "2"], "//Bob"));
    let history = ["reading", "history", "--meter", "0"];
    let told = run(&node, &history)[0].clone();
    assert_eq!((&told["slot"], &told["signed"]), (&json!(slot), &signed));
    let by = |n: usize| told["corrections"][n].clone();
    assert_eq!((&by(0)["generated"], &by(0)["installer"]), (&json!(600), &json!(address(Alice))));
    assert_eq!((&by(1)["generated"], &by(1)["installer"]), (&json!(1), &json!(address(Bob))));
    let table = text(&node, &history);
    for part in [&address(Alice), "700", "600 / 150", "1 / 2"] {
        assert!(table.contains(part), "{table}");
    }
    let number = slot.to_string();
    let flow = |account| {
        let of = ["meter", "flow", "--account", account, "--slot", &number];
        run(&node, &of)["flow"].clone()
    };
    assert_eq!(flow("//Dave"), json!({ "generated": 700, "consumed": 100 }));
    // Silence counts as what can enter.
    assert_eq!(flow("//Eve"), json!({ "generated": 0, "consumed": 10_000 }));
    assert_eq!(flow("//Bob"), Value::Null);

    // Nobody installs a meter of one's own, or with another one's key.
    for (owner, key, rating, by, why) in [
        ("//Eve", &*modern, "5000", "//Bob", "Metering::KeyTaken"),
        ("//Eve", "0x01", "5000", "//Bob", "32 bytes"),
        ("//Bob", &*fresh_key(), "5000", "//Bob", independent),
        ("//Eve", &*modern, "5000", "//Dave", "Metering::NotAnInstaller"),
        ("//Eve", &*modern, "0", "//Bob", "Metering::RatingsOutOfRange"),
    ] {
        assert_refused(&register(&node, owner, "ed25519", key, rating, by), why);
    }

    // One gets another key, from about the same slot on as the new meters count.
    let fresh = key("ed25519", "//Eve//fresh");
    let change = confirmed(&node, &rotate(&node, "1", "ed25519", &fresh), &["//Eve", "//Alice"]);
    let rotated = assigned(&node, "1", 1);
    assert_eq!(change["meter"], 1);
    assert_eq!(change["from"], rotated["from"]);
    assert_eq!(rotated["key"], fresh);
    let before = assigned(&node, "1", 0);
    assert_eq!(before["scheme"], "sr25519");
    assert_eq!(before["until"], rotated["from"]);

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

    // A meter signs with its new key, and with no other.
    let since = rotated["from"].as_u64().expect("a slot");
    wait_for(&node, since + 3).await;
    let old_key = sign(&node, "sr25519", "//Eve//meter", &meter(1), since);
    assert_refused(&submit(&node, folder.path(), &old_key), "Metering::BadSignature");
    let single = sign(&node, "ed25519", "//Eve//fresh", &meter(1), since);
    let single = answer(&submit(&node, folder.path(), &single));
    assert_eq!(single["readings"][0]["accepted"], true);

    // One gets another owner, one other ratings, and one is retired.
    let of_bob = |change: &[&str]| node.qedex(&[change, &["--json", "--suri", "//Bob"]].concat());
    let handover = of_bob(&["meter", "transfer", "--meter", "2", "--owner", "//Dave"]);
    // Both owners agree, and one of them thinks better of it once.
    let number = answer(&handover)["change"].to_string();
    answer(&confirm(&node, &answer(&handover), &["//Ferdie"]));
    let back = ["meter", "withdraw", "--change", &number, "--confirmation", "--suri", "//Ferdie"];
    run(&node, &back);
    assert_refused(&node.qedex(&back), "Metering::NotConfirmedByCaller");
    let change = confirmed(&node, &handover, &["//Dave", "//Ferdie", "//Alice"]);
    let of_dave = run(&node, &["meter", "list", "--owner", "//Dave"]);
    let numbers: Vec<_> = of_dave.as_array().expect("a list").iter().collect();
    assert_eq!(numbers.len(), 2);
    assert_eq!(numbers[1]["meter"], 2);
    let handed_over = assigned(&node, "2", 1);
    assert_eq!(change["from"], handed_over["from"]);
    assert!(handed_over["from"].as_u64() > Some(current_slot(&node) + 3));
    let rate = ["meter", "rate", "--meter", "5", "--out", "4kWh", "--into", "5000"];
    let rated = confirmed(&node, &of_bob(&rate), &["//Ferdie", "//Alice"]);
    assert_eq!(assigned(&node, "5", 1)["ratings"], json!({ "out": 4_000, "into": 5_000 }));
    assert_eq!(rated["from"], assigned(&node, "5", 1)["from"]);

    // What lowers a meter its owner cannot stop; the council speaks for it. What it files, its
    // installer withdraws.
    let retire = ["meter", "decommission", "--meter", "4"];
    let filed = answer(&of_bob(&retire));
    let (number, hash) = (filed["change"].to_string(), filed["hash"].as_str().expect("a hash"));
    let refuse = ["meter", "refuse", "--change", &number, "--suri", "//Eve"];
    assert_refused(&node.qedex(&refuse), "Metering::CannotBeRefused");
    let withdraw = |by| node.qedex(&["meter", "withdraw", "--change", &number, "--suri", by]);
    assert_refused(&withdraw("//Eve"), "Metering::NotFiledByCaller");
    let clear = node.qedex(&["meter", "clear", "--change", &number, "--suri", "//Eve"]);
    assert_refused(&clear, "Metering::NotExpired");
    answer(&confirm(&node, &filed, &["//Alice"]));
    assert_refused(&confirm(&node, &filed, &["//Alice", "--sudo"]), "--stands-for says");
    let change = ["meter", "confirm", "--change", &number, "--hash", hash, "--stands-for", "owner"];
    assert_refused(&node.qedex(&[&change[..], &["--suri", "//Eve"]].concat()), "--stands-for says");
    let ended = run(&node, &[&change[..], &["--sudo", "--suri", "//Alice"]].concat());
    assert_eq!(ended["from"], assigned(&node, "4", 0)["until"]);
    assert_refused(&of_bob(&retire), "Metering::Decommissioned");
    let filed = answer(&of_bob(&["meter", "decommission", "--meter", "5"]));
    let number = filed["change"].to_string();
    run(&node, &["meter", "withdraw", "--change", &number, "--suri", "//Bob"]);
    assert_refused(&confirm(&node, &filed, &["//Alice"]), "Metering::UnknownChange");

    // Its installer's bond stays as long as its slots are kept.
    for (meter, why) in [("4", "Metering::SlotsStillKept"), ("0", "Metering::InService")] {
        let remove = ["meter", "remove", "--meter", meter, "--suri", "//Eve"];
        assert_refused(&node.qedex(&remove), why);
    }

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
    let both = json!({ "generated": 1_400, "consumed": 200, "surplus": 1_200, "readings": 2 });
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

    // A correction after the freeze moves neither what is summed up nor the demand of the day.
    answer(&correct(&node, "1", since, lower, "//Alice"));
    let totals = run(&node, &["meter", "totals", "--slot", &since.to_string()]);
    let as_signed = json!({ "generated": 700, "consumed": 100, "surplus": 600, "readings": 1 });
    assert_eq!(totals["totals"], as_signed);
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
        (&["meter", "show", "--meter", "99"], "there is no meter 99"),
        (&["meter", "pending", "--change", "99"], "there is no pending change 99"),
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
