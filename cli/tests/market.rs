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
    let twice = node.qedex(&["order", "standing", "--end", "--suri", "//Ferdie", "--json"]);
    assert_refused(&twice, "Auction::NoStandingOrder");
    // The next gate that opens gives its place away.
    for _ in 0..2 {
        next_delivery(&node).await;
    }
    assert_eq!(node.storage("Auction", "StandingOrders").await.len(), 0);
}

#[tokio::test]
async fn a_broker_trades_by_a_grant_and_a_leader_admits_keys() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path()).await;
    let grant = [
        "broker",
        "grant",
        "//Charlie",
        "--sell-from",
        "0.15",
        "--budget",
        "0.5",
        "--suri",
        "//Dave",
        "--json",
    ];
    json(&node.qedex(&grant));
    let slot = next_delivery(&node).await + 4;
    let named = slot.to_string();
    let order = |price: &str| {
        node.qedex(&[
            "order",
            "place",
            "--slot",
            &named,
            "--side",
            "ask",
            "--price",
            price,
            "--energy",
            "1kWh",
            "--for",
            "//Dave",
            "--suri",
            "//Charlie",
            "--json",
        ])
    };
    assert_refused(&order("0.14"), "Auction::WorseThanGranted");
    let placed = json(&order("0.15"));
    let list = ["broker", "list", "--principal", "//Dave", "--slot", &named, "--json"];
    let listed = json(&node.qedex(&list));
    let amount = |value: &Value| value.as_str().and_then(|text| text.parse::<u128>().ok());
    let left = amount(&listed[0]["left"]).expect("an amount");
    assert_eq!(left + amount(&placed["held"]).expect("an amount"), 500_000_000_000);
    let id = placed["id"].to_string();
    json(&node.qedex(&[
        "order",
        "cancel",
        "--slot",
        &named,
        "--id",
        &id,
        "--for",
        "//Dave",
        "--suri",
        "//Charlie",
        "--json",
    ]));
    json(&node.qedex(&["broker", "revoke", "//Charlie", "--suri", "//Dave", "--json"]));
    assert_eq!(
        json(&node.qedex(&["broker", "list", "--broker", "//Charlie", "--json"])),
        serde_json::json!([])
    );

    let ahead = (slot + 20).to_string();
    let announce = |share: &str| {
        node.qedex(&[
            "leader",
            "announce",
            "--slot",
            &ahead,
            "--share",
            share,
            "--per-key",
            "1500Wh",
            "--suri",
            "//Charlie",
            "--json",
        ])
    };
    assert_refused(&announce("9"), "Auction::BeyondLimits");
    json(&announce("50"));
    let shown = json(&node.qedex(&["leader", "show", "--slot", &ahead, "--json"]));
    assert_eq!(shown["announced"]["share_ppm"], 500_000);
    assert_eq!(shown["keys_if_opened_now"], 1_500);
    let withdraw =
        |who| node.qedex(&["leader", "withdraw", "--slot", &ahead, "--suri", who, "--json"]);
    assert_refused(&withdraw("//Dave"), "Auction::NotYourAnnouncement");
    json(&withdraw("//Charlie"));
    assert_refused(&withdraw("//Charlie"), "Auction::NotAnnounced");
    let terms = json(&node.qedex(&[
        "terms", "set", "--band", "on", "--cap", "0.36", "--suri", "//Alice", "--sudo", "--json",
    ]));
    assert_eq!(terms["cap"], "360000000000");
    let shown = json(&node.qedex(&["terms", "show", "--json"]));
    assert_eq!(shown["bands"]["on"]["cap"], "360000000000");
    assert_eq!(shown["limits"]["least_share_ppm"], 100_000);
    let free = node.qedex(&[
        "terms", "set", "--band", "on", "--fee", "0", "--suri", "//Alice", "--sudo", "--json",
    ]);
    assert_refused(&free, "Auction::InconsistentTerms");
}
