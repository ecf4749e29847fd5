//! Orders in batches, standing orders and the open book on a real node.

// Not all of it is needed here.
use qedex_testnode::{Node, assert_refused, stderr};
#[allow(dead_code)]
use serde_json::Value;

/// What the command line answers on standard output.
fn json(output: &std::process::Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Waits for the next delivery to begin, so that windows are at their widest; says which slot it is.
async fn next_delivery(node: &Node) -> u64 {
    let current = || node.status()["current_slot"].as_u64().expect("a slot");
    let before = current();
    for _ in 0..600 {
        if current() > before {
            return before + 1;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no delivery begins");
}

#[tokio::test]
async fn a_batch_stands_in_the_book_can_be_changed_and_shows_in_the_history() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    let slot = next_delivery(&node).await + 4;
    let named = slot.to_string();
    let file = folder.path().join("orders.csv");
    let path = file.to_str().expect("a readable path");
    let batch = |rows: &str, suri: &str| {
        std::fs::write(&file, format!("side,price_per_kwh,wh\n{rows}")).expect("a writable folder");
        node.qedex(&["order", "batch", path, "--slot", &named, "--suri", suri, "--json"])
    };
    let bids = batch("bid,200000000000,1000\nbid,210000000000,500\n", "//Eve");
    assert_eq!(json(&bids)["ids"], serde_json::json!([0, 1]));
    // The second is off the tick; the first counts.
    let asks = batch("ask,100000000000,800\nask,100000000001,800\n", "//Dave");
    assert_refused(&asks, "1 of 2 orders were refused");
    assert_refused(&asks, "ask of 0.8 kWh at 0.100000000001 QED/kWh: Auction::OffTick");
    let said: Value = serde_json::from_slice(&asks.stdout).expect("JSON");
    assert_eq!(said["ids"], serde_json::json!([2]));
    assert_eq!(said["refused"][0]["error"]["name"], "Auction::OffTick");
    assert_eq!(said["refused"][0]["wh"], 800);
    let many = batch(&"bid,200000000000,100\n".repeat(101), "//Eve");
    assert_refused(&many, "there are 101 orders in the file; a batch has at most 100");
    let poor = batch("bid,200000000000,1000\n", "//Nobody");
    assert_refused(&poor, "Invalid Transaction: Inability to pay some fees");

    // Less energy at the same price keeps the number.
    let amended = node.qedex(&[
        "order", "amend", "--slot", &named, "--id", "0", "--price", "0.2", "--wh", "700", "--suri",
        "//Eve", "--json",
    ]);
    assert_eq!(json(&amended)["id"], 0);
    let depth = json(&node.qedex(&["market", "depth", "--slot", &named, "--json"]));
    assert_eq!(depth["bids"][0]["wh"], 500);
    assert_eq!(depth["bids"][1]["wh"], 700);
    assert_eq!(depth["asks"][0]["price"], "100000000000");
    let book = json(&node.qedex(&["market", "book", "--slot", &named, "--json"]));
    assert_eq!(book["bids"][0]["id"], 1);

    // When the slot is delivered, it has been cleared.
    while node.status()["current_slot"].as_u64() < Some(slot) {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let history = json(&node.qedex(&["market", "history", "--json"]));
    let results = history.as_array().expect("an array");
    let result =
        results.iter().find(|result| result["slot"] == slot).expect("the slot is in the history");
    assert_eq!(result["volume_wh"], 800);
    assert_eq!(result["keys_used"], 1);
}

#[tokio::test]
async fn a_standing_order_is_placed_anew_until_it_is_ended() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut node = Node::start(folder.path()).await;
    let set = node.qedex(&[
        "order", "standing", "--side", "bid", "--price", "0.2", "--wh", "500", "--suri",
        "//Ferdie", "--json",
    ]);
    json(&set);
    for _ in 0..2 {
        next_delivery(&node).await;
    }
    // The gates of two slots have opened since.
    assert!(node.storage("Auction", "Orders").await.len() >= 2);
    json(&node.qedex(&["order", "standing", "--end", "--suri", "//Ferdie", "--json"]));
    assert_eq!(node.storage("Auction", "StandingOrders").await.len(), 0);
    let twice = node.qedex(&["order", "standing", "--end", "--suri", "//Ferdie", "--json"]);
    assert_refused(&twice, "Auction::NoStandingOrder");
}
