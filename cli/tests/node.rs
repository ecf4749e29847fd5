//! The command line against a real node.

use qedex_math::{PricePerKwh, Wh, deposit};
use qedex_testnode::{Node, assert_refused, plancks, qedex, stderr};
use serde_json::Value;
use std::process::Output;

/// 0.2 QED/kWh.
const PRICE: &str = "0.2";

fn order(node: &Node, slot: &str, side: &str, price: &str, wh: &str, suri: &str) -> Output {
    node.qedex(&[
        "order", "place", "--slot", slot, "--side", side, "--price", price, "--wh", wh, "--suri",
        suri, "--json",
    ])
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn current_slot(node: &Node) -> u64 {
    node.status()["current_slot"].as_u64().expect("a slot")
}

/// The slot whose gate stays open longest.
fn open_slot(node: &Node) -> u64 {
    current_slot(node) + 4
}

/// Waits for the next delivery to begin, so that the windows of all slots are at their widest, and
/// says which slot it is.
async fn next_delivery(node: &Node) -> u64 {
    let before = current_slot(node);
    for _ in 0..600 {
        let now = current_slot(node);
        if now > before {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no delivery begins");
}

fn signed(node: &Node, meter: &str, meter_suri: &str, slot: u64, generated: &str) -> Value {
    json(&node.qedex(&[
        "meter",
        "sign",
        "--meter-suri",
        meter_suri,
        "--meter",
        meter,
        "--slot",
        &slot.to_string(),
        "--generated",
        generated,
        "--consumed",
        "0",
    ]))
}

fn submit(node: &Node, folder: &std::path::Path, readings: &Value) -> Output {
    let file = folder.join("readings.json");
    std::fs::write(&file, readings.to_string()).expect("a writable folder");
    let file = file.to_str().expect("a readable path");
    node.qedex(&["reading", "submit", file, "--suri", "//Ferdie", "--json"])
}

#[tokio::test]
async fn bad_orders_are_refused_by_name_and_change_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut node = Node::start(folder.path()).await;
    for (side, price, wh, suri, why) in [
        ("bid", "0.200000000001", "1000", "//Dave", "Auction::OffTick"),
        ("bid", "0.079", "1000", "//Dave", "Auction::OutsideCorridor"),
        ("ask", "0.351", "1000", "//Dave", "Auction::OutsideCorridor"),
        ("ask", PRICE, "10100", "//Dave", "Auction::AboveRating"),
        ("bid", PRICE, "0", "//Dave", "Auction::BelowLeastOrder"),
        ("bid", PRICE, "150", "//Dave", "Auction::NotWholeLots"),
        ("bid", PRICE, "1000", "//Alice", "Auction::NotPermitted"),
        ("bid", PRICE, "1000000000000", "//Dave", "Auction::AboveLargestOrder"),
    ] {
        let slot = open_slot(&node).to_string();
        assert_refused(&order(&node, &slot, side, price, wh, suri), why);
    }
    let closed = node.status()["current_slot"].to_string();
    let late = order(&node, &closed, "bid", PRICE, "1000", "//Dave");
    assert_refused(&late, "Auction::GateNotOpen");
    assert!(node.storage("Auction", "Orders").await.is_empty());
    assert!(node.storage("Settlement", "OrderEscrow").await.is_empty());

    // A gigawatt-hour at 0.3 QED/kWh costs 300 000 QED; Eve has less than four times that.
    let slot = (next_delivery(&node).await + 4).to_string();
    for _ in 0..3 {
        json(&order(&node, &slot, "bid", "0.3", "1000000000", "//Eve"));
    }
    let poor = order(&node, &slot, "bid", "0.3", "1000000000", "//Eve");
    assert_refused(&poor, "Auction::InsufficientFunds");
    let other_side = order(&node, &slot, "ask", PRICE, "1000", "//Eve");
    assert_refused(&other_side, "Auction::OtherSide");
    assert_eq!(node.storage("Auction", "Orders").await.len(), 3);
    assert_eq!(node.storage("Settlement", "OrderEscrow").await.len(), 1);
}

#[tokio::test]
async fn bad_readings_are_refused_one_by_one_and_good_ones_count() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut node = Node::start(folder.path()).await;
    // Readings of a slot are accepted from three slots after it began, for two slots.
    let slot = next_delivery(&node).await - 3;
    let dave = signed(&node, "0", "//Dave//meter", slot, "700");
    let forged = signed(&node, "1", "//Dave//meter", slot, "700");
    assert_refused(&submit(&node, folder.path(), &forged), "Metering::BadSignature");
    assert_eq!(node.storage("Metering", "Readings").await.len(), 0);

    let batch = submit(&node, folder.path(), &serde_json::json!([dave, forged]));
    assert_refused(&batch, "1 of 2 readings were refused");
    let results: Value = serde_json::from_slice(&batch.stdout).expect("JSON");
    assert_eq!(results["readings"][0]["accepted"], true);
    assert_eq!(results["readings"][1]["accepted"], false);
    assert_eq!(node.storage("Metering", "Readings").await.len(), 1);

    let mut altered = dave.clone();
    altered["generated"] = 701.into();
    assert_refused(&submit(&node, folder.path(), &altered), "Metering::");
    let early = signed(&node, "0", "//Dave//meter", slot + 3, "700");
    assert_refused(&submit(&node, folder.path(), &early), "Metering::NotInReadingWindow");
}

/// Whether a bid for 1,000 Wh at [`PRICE`] and an ask for 500 Wh hold what the chain's own terms and rules
/// say, in whichever band their slot is: the bid its whole cost and the bond of its complaints, the ask its
/// deposit, and both the same price of the work of a trade.
fn holds_follow_the_terms(node: &Node, bid: &Value, ask: &Value) {
    let terms = json(&node.qedex(&["terms", "show", "--json"]));
    let rules = json(&node.qedex(&["trade", "rules", "--json"]));
    let ppm = |value: &Value| {
        value.as_u64().and_then(|ppm| u32::try_from(ppm).ok()).expect("parts per million")
    };
    let offline = ppm(&rules["offline_share_ppm"]);
    let price = PricePerKwh(200_000_000_000);
    let for_work = ["off", "mid", "on"].map(|band| {
        let list = &terms["bands"][band];
        let by = (ppm(&list["deposit_ppm"]), PricePerKwh(plancks(&list["cap"])));
        let deposit = deposit::ask_deposit(by.0, by.1, Wh(500)).expect("it fits");
        let cost = deposit::bid_hold(price, Wh(1_000)).expect("it fits");
        let bond = deposit::bid_bond(offline, price, by, Wh(1_000)).expect("it fits");
        assert!(offline > 0 && bond > 0 && deposit > 0);
        let left = |order: &Value, rest| plancks(&order["held"]).checked_sub(rest);
        (left(bid, cost + bond), left(ask, deposit))
    });
    let same = |(of_bid, of_ask): &(Option<u128>, _)| {
        of_bid.is_some_and(|work| work > 0) && of_bid == of_ask
    };
    assert!(for_work.iter().any(same), "{for_work:?}: {bid}, {ask}");
}

#[tokio::test]
async fn a_killed_node_keeps_the_orders_holds_and_readings_of_finalised_blocks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut node = Node::start(folder.path()).await;
    let current = next_delivery(&node).await;
    let reading = signed(&node, "0", "//Dave//meter", current - 3, "700");
    json(&submit(&node, folder.path(), &reading));
    let slot = (current + 4).to_string();
    let bid = json(&order(&node, &slot, "bid", PRICE, "1000", "//Dave"));
    let ask = json(&order(&node, &slot, "ask", "0.1", "500", "//Eve"));
    holds_follow_the_terms(&node, &bid, &ask);
    let placed = ask["block"].as_u64().expect("a block");
    node.wait_for_finality(placed).await;
    let items = [
        ("Auction", "Orders"),
        ("Auction", "OrderKeys"),
        ("Settlement", "OrderEscrow"),
        ("Balances", "Holds"),
        ("Metering", "Readings"),
    ];
    let mut before = Vec::new();
    for (pallet, item) in items {
        before.push(node.storage(pallet, item).await);
    }
    assert_eq!(before[0].len(), 2);

    node.kill_and_restart().await;

    assert!(node.finalised().await >= placed, "a finalised block is lost");
    for ((pallet, item), before) in items.iter().zip(&before) {
        assert_eq!(&node.storage(pallet, item).await, before, "{pallet}::{item}");
    }
    // And the chain goes on.
    let last = node.finalised().await;
    node.wait_for_finality(last + 2).await;
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    let other = "0x0000000000000000000000000000000000000000000000000000000000000000";
    assert_refused(&node.qedex(&["status", "--genesis", other]), "wrong chain");
    assert_refused(&node.qedex(&["play", "--slots", "1", "--genesis", other]), "wrong chain");
}

#[test]
fn a_node_that_is_not_there_is_named() {
    let output = qedex(&["status", "--url", "ws://127.0.0.1:1"]);
    assert_refused(&output, "no connection to ws://127.0.0.1:1");
}

#[test]
fn figures_that_could_not_be_written_are_refused_before_anything_is_played() {
    let file = "/nowhere/figures.json";
    let output = qedex(&["play", "--json", file, "--url", "ws://127.0.0.1:1"]);
    assert_refused(&output, file);
}
