//! Trades on a real node, from commitment to settlement, as sellers and buyers do it by hand.

// Not all of it is needed here.
use qedex_testnode::{Node, assert_refused, stderr};
#[allow(dead_code)]
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

/// A node with a folder for all files.
struct Scene {
    node: Node,
    folder: tempfile::TempDir,
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

fn parsed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[track_caller]
fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    parsed(output)
}

impl Scene {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn current_slot(&self) -> u64 {
        self.node.status()["current_slot"].as_u64().expect("a slot")
    }

    async fn wait_for_slot(&self, slot: u64) {
        for _ in 0..1_200 {
            if self.current_slot() >= slot {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("delivery of slot {slot} does not begin");
    }

    fn order(&self, slot: u64, side: &str, price: &str, wh: &str, suri: &str) {
        let slot = slot.to_string();
        answer(&self.node.qedex(&[
            "order", "place", "--slot", &slot, "--side", side, "--price", price, "--wh", wh,
            "--suri", suri, "--json",
        ]));
    }

    /// A file with a signed reading.
    fn reading(&self, meter: &str, meter_suri: &str, slot: u64, generated: &str) -> PathBuf {
        let slot = slot.to_string();
        let reading = answer(&self.node.qedex(&[
            "meter",
            "sign",
            "--meter-suri",
            meter_suri,
            "--meter",
            meter,
            "--slot",
            &slot,
            "--generated",
            generated,
            "--consumed",
            "0",
        ]));
        let signer = meter_suri.replace('/', "-");
        let path = self.path(&format!("reading-{meter}{signer}-{slot}-{generated}.json"));
        fs::write(&path, reading.to_string()).expect("a writable folder");
        path
    }

    /// `qedex trade VERB --slot SLOT --suri SURI --json` with more arguments.
    fn trade(&self, verb: &str, slot: u64, suri: &str, more: &[&str]) -> Output {
        let slot = slot.to_string();
        let begin = ["trade", verb, "--slot", &slot, "--suri", suri, "--json"];
        self.node.qedex(&[&begin, more].concat())
    }

    /// The same for a seller, whose openings are kept in the folder.
    fn sell(&self, verb: &str, slot: u64, suri: &str, more: &[&str]) -> Output {
        let store = self.path("openings");
        self.trade(verb, slot, suri, &[&["--store", text(&store)], more].concat())
    }

    fn commit(&self, slot: u64, suri: &str, reading: &Path) -> Output {
        self.sell("commit", slot, suri, &[text(reading)])
    }

    fn verify(&self, file: &Path, trade: &str, more: &[&str]) -> Output {
        let begin = ["trade", "verify", text(file), "--trade", trade, "--json"];
        self.node.qedex(&[&begin, more].concat())
    }

    /// Follows a slot until it is settled.
    fn watch(&self, slot: u64, more: &[&str]) -> Child {
        let (slot, url) = (slot.to_string(), self.node.url());
        let begin = ["trade", "watch", "--slot", &slot, "--json", "--url", &url];
        Command::new(env!("CARGO_BIN_EXE_qedex"))
            .args([&begin, more].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command line runs")
    }
}

/// The events that a watch saw, when it ended by itself.
fn events(watch: Child) -> Vec<Value> {
    let output = watch.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn settled(events: &[Value], trade: u32) -> &Value {
    let mut found =
        events.iter().filter(|event| event["event"] == "settled" && event["trade"] == trade);
    let one = found.next().expect("the trade is settled");
    assert!(found.next().is_none(), "once");
    one
}

fn amount(value: &Value, name: &str) -> u128 {
    qedex_testnode::plancks(&value[name])
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("it exists");
    metadata.permissions().mode() & 0o777
}

/// What is in an opening, with some part replaced.
fn altered(scene: &Scene, file: &Path, change: impl Fn(&mut Value)) -> PathBuf {
    let text = fs::read_to_string(file).expect("it exists");
    let mut opening = serde_json::from_str(&text).expect("JSON");
    change(&mut opening);
    let path = scene.path("altered.json");
    fs::write(&path, opening.to_string()).expect("a writable folder");
    path
}

/// The opening that `seller` wrote for a buyer.
fn opened(scene: &Scene, slot: u64, suri: &str, to: &str) -> PathBuf {
    let out = scene.path("out");
    let written = answer(&scene.sell("open", slot, suri, &["--to", to, "--out", text(&out)]));
    let openings = written["openings"].as_array().expect("a list");
    assert_eq!(openings.len(), 1);
    let file = PathBuf::from(openings[0]["file"].as_str().expect("a path"));
    assert_eq!(mode(&file), 0o600);
    file
}

/// In slot *a* Dave sells to Eve and to Ferdie and delivers: Eve acknowledges, Ferdie complains without
/// cause. In slot *b*, one later, Eve and Ferdie sell to Dave: Eve hides her bill, Ferdie's falls short.
#[tokio::test]
async fn trades_are_committed_to_opened_checked_and_decided_by_hand() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    let mut scene = Scene { node, folder };
    let start = scene.current_slot() + 1;
    scene.wait_for_slot(start).await;
    let (a, b) = (start + 3, start + 4);
    scene.order(a, "ask", "0.1", "1000", "//Dave");
    scene.order(a, "bid", "0.22", "500", "//Eve");
    scene.order(a, "bid", "0.21", "500", "//Ferdie");
    scene.order(b, "bid", "0.2", "1000", "//Dave");
    scene.order(b, "ask", "0.1", "500", "//Eve");
    scene.order(b, "ask", "0.11", "500", "//Ferdie");
    let (watch_a, watch_b) = (scene.watch(a, &[]), scene.watch(b, &[]));
    let watch_one = scene.watch(a, &["--trade", "0"]);

    // While slot a is delivered, nothing can be committed to.
    scene.wait_for_slot(a).await;
    trades_are_listed(&scene, a);
    let dave = scene.reading("0", "//Dave//meter", a, "1000");
    let early = scene.commit(a, "//Dave", &dave);
    assert_refused(&early, "sellers of slot");
    assert!(!scene.path("openings").exists(), "nothing is kept of it");
    let early = scene.trade("acknowledge", a, "//Eve", &["--trade", "0"]);
    assert_refused(&early, "Settlement::DeliveryNotOver");

    scene.wait_for_slot(a + 1).await;
    dave_commits(&scene, a, &dave);
    openings_prove_what_they_say(&scene, a, b);

    let stranger = scene.trade("acknowledge", a, "//Ferdie", &["--trade", "0"]);
    assert_refused(&stranger, "Settlement::NotTheBuyer");
    let closed = answer(&scene.trade("acknowledge", a, "//Eve", &["--trade", "0"]));
    let one = events(watch_one);
    assert_eq!(settled(&one, 0)["outcome"], "acknowledged");
    assert_eq!(amount(&closed, "to_seller"), amount(settled(&one, 0), "to_seller"));
    assert_eq!(one.last().expect("an event")["event"], "settled");
    let gone = scene.trade("complain", a, "//Eve", &["--trade", "0"]);
    assert_refused(&gone, "Settlement::NoSuchTrade");

    scene.wait_for_slot(b + 1).await;
    let eve = scene.reading("1", "//Eve//meter", b, "500");
    answer(&scene.commit(b, "//Eve", &eve));
    let ferdie = scene.reading("2", "//Ferdie//meter", b, "200");
    let short = answer(&scene.commit(b, "//Ferdie", &ferdie));
    assert_eq!((&short["delivered_wh"], &short["sold_wh"]), (&json!(200), &json!(500)));
    let file = opened(&scene, b, "//Ferdie", "//Dave");
    let checked = scene.verify(&file, "1", &[]);
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(parsed(&checked)["finding"], "as-committed");
    assert_eq!(parsed(&checked)["covered_wh"], 200);
    let advice = scene.node.qedex(&["trade", "verify", text(&file), "--trade", "1"]);
    assert!(String::from_utf8_lossy(&advice.stdout).contains("complain"));
    // Trade 0 is another seller's.
    let checked = scene.verify(&file, "0", &[]);
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(parsed(&checked)["finding"], "not-of-the-trade");

    let early = scene.trade("complain", a, "//Ferdie", &["--trade", "1"]);
    assert_refused(&early, "Settlement::NotInComplaintWindow");
    assert_refused(&scene.sell("reveal", a, "//Dave", &[]), "Settlement::NotInRevealWindow");

    scene.wait_for_slot(a + 5).await;
    let groundless = answer(&scene.trade("complain", a, "//Ferdie", &["--trade", "1"]));
    let twice = scene.trade("complain", a, "//Ferdie", &["--trade", "1"]);
    assert_refused(&twice, "Settlement::AlreadyComplained");
    assert_refused(&scene.sell("reveal", a, "//Dave", &[]), "Settlement::NotInRevealWindow");

    scene.wait_for_slot(b + 5).await;
    let hidden = answer(&scene.trade("complain", b, "//Dave", &["--trade", "0"]));
    let missing = answer(&scene.trade("complain", b, "//Dave", &["--trade", "1"]));

    // When complaints have ended, by the seller, or by whoever was shown the opening.
    scene.wait_for_slot(a + 9).await;
    assert_eq!(answer(&scene.sell("reveal", a, "//Dave", &[]))["delivered_wh"], 1_000);
    assert_refused(&scene.sell("reveal", a, "//Dave", &[]), "Settlement::AlreadyRevealed");
    scene.wait_for_slot(b + 9).await;
    let shown = ["--opening", text(&file)];
    let other_slot = scene.sell("reveal", a, "//Dave", &shown);
    assert_refused(&other_slot, "who has no open trades in slot");
    assert_eq!(answer(&scene.sell("reveal", b, "//Dave", &shown))["delivered_wh"], 200);
    let listed = answer(&scene.node.qedex(&["trade", "list", "--account", "//Dave", "--json"]));
    let stands: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|trade| (trade["slot"].as_u64(), trade["stands"].as_str()))
        .collect();
    let expected = [(a, "revealed"), (b, "answer"), (b, "revealed")];
    assert_eq!(stands, expected.map(|(slot, stands)| (Some(slot), Some(stands))));

    let events_a = events(watch_a);
    let refuted = settled(&events_a, 1);
    assert_eq!(refuted["outcome"], "refuted");
    assert_eq!(amount(refuted, "bond_to_community_fund"), amount(&groundless, "bond"));
    assert_eq!(amount(refuted, "sellers_bond"), amount(&groundless, "bond"), "of both as much");
    assert!(amount(&groundless, "bond") > 0);
    let events_b = events(watch_b);
    let unanswered = settled(&events_b, 0);
    assert_eq!(unanswered["outcome"], "unanswered");
    assert_eq!(amount(unanswered, "bond_back"), amount(&hidden, "bond"));
    assert_eq!(amount(unanswered, "to_seller") + amount(unanswered, "deposit_back"), 0);
    assert!(amount(unanswered, "compensation") > 0 && amount(unanswered, "forfeited") > 0);
    let short = settled(&events_b, 1);
    assert_eq!((&short["outcome"], &short["metered_wh"]), (&json!("concealed"), &json!(200)));
    assert_eq!(amount(short, "bond_back"), amount(&missing, "bond"));
    assert!(amount(short, "to_seller") > 0 && amount(short, "compensation") > 0);
    assert!(amount(short, "shortfall_fee") > 0 && amount(short, "forfeited") > 0);
    for events in [&events_a, &events_b] {
        assert_eq!(events.last().expect("an event")["event"], "slot-settled");
    }
    assert!(scene.node.storage("Settlement", "Trades").await.is_empty());
    let over = scene.node.qedex(&["trade", "watch", "--slot", &a.to_string()]);
    assert_refused(&over, "has no open trades");
    reputation_follows(&scene);
}

/// What the parties kept and missed counts for their owners, and a deposit beside it.
fn reputation_follows(scene: &Scene) {
    let reputation =
        |words: &[&str]| scene.node.qedex(&[&["reputation"], words, &["--json"]].concat());
    let show = |who: &str| answer(&reputation(&["show", who, "--by", "//Eve"]));
    let dave = show("//Dave");
    // Half a kWh of ten, which Eve acknowledged.
    let counts = json!({ "kept_millionths": 50_000, "missed_millionths": 0 });
    assert_eq!((&dave["counts"], &dave["standing_ppm"]), (&counts, &json!(512_195)));
    assert_eq!(dave["raters"].as_array().map(Vec::len), Some(1));
    assert_eq!(dave["trust"]["direct_ppm"], 512_195);
    // Three fifths of half a kWh; a groundless complaint rates nobody.
    assert_eq!(show("//Ferdie")["counts"]["missed_millionths"], 30_000);

    let nothing = reputation(&["deposit", "0", "--suri", "//Dave"]);
    assert_refused(&nothing, "Reputation::NothingToLock");
    answer(&reputation(&["deposit", "25", "--suri", "//Dave"]));
    assert_eq!(show("//Dave")["deposit"]["ppm"], 250_000);
    let early = reputation(&["withdraw", "--suri", "//Dave"]);
    assert_refused(&early, "Reputation::StillLocked");
}

fn trades_are_listed(scene: &Scene, a: u64) {
    let slot = a.to_string();
    let listed = answer(&scene.node.qedex(&["trade", "list", "--slot", &slot, "--json"]));
    let [first, second] = listed.as_array().expect("a list").as_slice() else {
        panic!("two trades: {listed}")
    };
    assert_eq!((&first["wh"], &first["before_wh"]), (&json!(500), &json!(0)));
    assert_eq!((&second["wh"], &second["before_wh"]), (&json!(500), &json!(500)));
    assert_eq!(first["stands"], "delivery");
    // Five in a hundred sellers off-line: a nineteenth, rounded up, of what is at stake in one kWh, which is
    // the least, and twice as much as in this trade.
    let at_stake = amount(first, "payment") + amount(first, "deposit");
    assert_eq!(amount(first, "bond"), (2 * at_stake).div_ceil(19));
    let ferdie = answer(
        &scene.node.qedex(&["trade", "list", "--suri", "//Ferdie", "--slot", &slot, "--json"]),
    );
    assert_eq!(ferdie, json!([second]));
    let rules = answer(&scene.node.qedex(&["trade", "rules", "--json"]));
    assert_eq!(rules["offline_share_ppm"], 50_000);
    assert_eq!(rules["paused_until"], Value::Null);
}

/// Bad bills are refused; a good one is committed to once, and what opens it stays on disk.
fn dave_commits(scene: &Scene, a: u64, dave: &Path) {
    let eve = scene.reading("1", "//Eve//meter", a, "1000");
    assert_refused(&scene.commit(a, "//Dave", &eve), "Settlement::WrongMeters");
    let forged = scene.reading("0", "//Eve//meter", a, "1000");
    assert_refused(&scene.commit(a, "//Dave", &forged), "Settlement::BadSignature");
    let other = scene.reading("0", "//Dave//meter", a - 1, "1000");
    assert_refused(&scene.commit(a, "//Dave", &other), "Settlement::WrongSlot");
    assert_refused(&scene.commit(a, "//Eve", &eve), "has sold nothing in slot");
    assert_refused(&scene.sell("open", a, "//Dave", &[]), "has not committed in slot");

    let committed = scene.commit(a, "//Dave", dave);
    let first = answer(&committed);
    assert!(first["block"].is_u64());
    let file = fs::read(opening_of(scene, a)).expect("it is kept");
    let kept = PathBuf::from(first["opening"].as_str().expect("a path"));
    assert_eq!(fs::read(&kept).expect("it is kept"), file);
    assert_eq!(mode(&kept), 0o600);
    let opening: Value = serde_json::from_slice(&file).expect("JSON");
    let nonce = opening["nonce"].as_str().expect("a nonce");
    for said in [&committed.stdout, &committed.stderr] {
        assert!(!String::from_utf8_lossy(said).contains(nonce));
    }
    let again = answer(&scene.commit(a, "//Dave", dave));
    assert!(again["block"].is_null(), "nothing is sent twice");
    assert_eq!(again["commitment"], first["commitment"]);
    let less = scene.reading("0", "//Dave//meter", a, "900");
    assert_refused(&scene.commit(a, "//Dave", &less), "another bill");
    assert_eq!(fs::read(&kept).expect("it is kept"), file);
}

/// The only opening that is kept so far.
fn opening_of(scene: &Scene, slot: u64) -> PathBuf {
    let mut folders = fs::read_dir(scene.path("openings")).expect("the store");
    let folder = folders.next().expect("a chain").expect("readable").path();
    assert_eq!(mode(&folder), 0o700);
    let mut files = fs::read_dir(folder).expect("its folder");
    let file = files.next().expect("an opening").expect("readable").path();
    assert!(files.next().is_none());
    let name = file.file_name().and_then(|name| name.to_str());
    assert!(name.expect("a name").starts_with(&slot.to_string()));
    file
}

fn openings_prove_what_they_say(scene: &Scene, a: u64, b: u64) {
    let good = opened(scene, a, "//Dave", "//Ferdie");
    for (trade, before) in [("0", 0), ("1", 500)] {
        let checked = answer(&scene.verify(&good, trade, &[]));
        assert_eq!(checked["covers"], true);
        assert_eq!(checked["before_wh"], before);
        assert_eq!(checked["covered_wh"], 500);
    }
    let out = scene.path("all");
    let all = answer(&scene.sell("open", a, "//Dave", &["--all", "--out", text(&out)]));
    assert_eq!(all["openings"].as_array().map(Vec::len), Some(2));
    assert_refused(
        &scene.sell("open", a, "//Dave", &["--to", "//Alice"]),
        "has no open trade with",
    );

    let finding = |change: &dyn Fn(&mut Value), more: &[&str]| {
        let file = altered(scene, &good, change);
        let checked = scene.verify(&file, "1", more);
        assert_eq!(checked.status.code(), Some(1), "{}", stderr(&checked));
        parsed(&checked)["finding"].clone()
    };
    let more = |opening: &mut Value| opening["bill"][0]["generated"] = 1_001.into();
    assert_eq!(finding(&more, &[]), "not-as-committed");
    let nonce = |opening: &mut Value| opening["nonce"] = "00".repeat(32).into();
    assert_eq!(finding(&nonce, &[]), "not-as-committed");
    let owner = |opening: &mut Value| opening["owner"] = format!("0x{}", "ab".repeat(32)).into();
    assert_eq!(finding(&owner, &[]), "not-of-the-trade");
    let slot = |opening: &mut Value| opening["slot"] = b.into();
    let named = a.to_string();
    assert_eq!(finding(&slot, &["--slot", &named]), "not-of-the-trade");

    let garbage = altered(scene, &good, |opening| *opening = json!({ "slot": 1 }));
    assert_refused(&scene.verify(&garbage, "1", &[]), "holds no opening");
    assert_refused(&scene.verify(&scene.path("none"), "1", &[]), "none");
    assert_refused(&scene.verify(&good, "9", &[]), "has no open trade 9");
    let other = format!("0x{}", "00".repeat(32));
    assert_refused(&scene.verify(&good, "1", &["--genesis", &other]), "wrong chain");
}
