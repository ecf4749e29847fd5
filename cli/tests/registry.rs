//! Sites, links and SAEs, from the command line against a real node.

use qedex_testnode::{Node, assert_refused, stderr};
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring::Charlie;

#[track_caller]
fn run(node: &Node, command: &[&str]) -> Value {
    let output = node.qedex(&[command, &["--json"]].concat());
    assert!(output.status.success(), "{command:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

const ALICE: [&str; 2] = ["--suri", "//Alice"];
const BOB: [&str; 2] = ["--suri", "//Bob"];
const CHARLIE: [&str; 2] = ["--suri", "//Charlie"];

fn by(command: &[&'static str], who: [&'static str; 2]) -> Vec<&'static str> {
    [command, &who].concat()
}

#[tokio::test]
async fn an_account_draws_keys_as_an_sae_that_an_operator_enrolled() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = &Node::start(folder.path()).await;
    let before = run(node, &["site", "list"]);
    assert_eq!(before["sites"].as_array().map(Vec::len), Some(2), "those of the development chain");

    // A site, and a link to that of somebody else, who agrees.
    let site = run(node, &by(&["site", "register", "north"], ALICE));
    assert_eq!(site["site"], 2);
    assert_refused(&node.qedex(&by(&["site", "register", "south"], CHARLIE)), "Qkd::NotAnOperator");
    let theirs = before["sites"].as_array().expect("a list").iter();
    let bob = run(node, &by(&["site", "register", "south"], BOB));
    assert_eq!((theirs.count(), &bob["site"]), (2, &json!(3)));
    let link = run(node, &by(&["site", "link", "2", "3", "--rate", "1000"], ALICE));
    assert_eq!((&link["sites"], &link["agreed"]), (&json!([2, 3]), &json!(false)));
    let number = link["link"].to_string();
    run(node, &["site", "agree", &number, "--suri", "//Bob"]);
    let links = run(node, &["site", "list"])["links"].clone();
    let link = links.as_array().expect("a list").last().expect("one").clone();
    assert_eq!((&link["bits_per_second"], &link["agreed"]), (&json!(1000), &json!(true)));

    // An enrolment, which its account accepts.
    let enrol = ["sae", "enrol", "sae-charlie", "--site", "2", "--who", "//Charlie", "--days"];
    assert_refused(&node.qedex(&[&enrol[..], &["4000"], &ALICE].concat()), "Qkd::");
    let enrolled = run(node, &[&enrol[..], &["30"], &ALICE].concat());
    let id = enrolled["enrolment"].to_string();
    assert_refused(&node.qedex(&["sae", "accept", &id, "--suri", "//Bob"]), "Qkd::");
    run(node, &["sae", "accept", &id, "--suri", "//Charlie"]);
    let key = format!("0x{}", "07".repeat(32));
    run(node, &["sae", "worker", &key, "--suri", "//Charlie"]);
    run(node, &by(&["sae", "mail", "/ip4/192.0.2.1/tcp/30340"], CHARLIE));
    run(node, &by(&["sae", "from", "--who", "//Eve", "--who", "//Dave"], CHARLIE));
    let shown = run(node, &["sae", "show", "//Charlie"]);
    let enrolment = &shown["enrolments"][0];
    assert_eq!((&enrolment["sae"], &enrolment["accepted"]), (&json!("sae-charlie"), &json!(true)));
    assert_eq!(enrolment["account"], Charlie.to_account_id().to_string());
    assert_eq!(shown["worker"], key);
    assert_eq!(shown["mail"], "/ip4/192.0.2.1/tcp/30340");
    assert_eq!(shown["takes_requests_from"].as_array().map(Vec::len), Some(2));
    let text = node.qedex(&["sae", "show", "//Charlie"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("sae-charlie at site 2, stands, expires in 29 d 23 h"), "{text}");

    // It lasts longer, and goes.
    let renewed = run(node, &["sae", "renew", &id, "--days", "60", "--suri", "//Alice"]);
    assert!(renewed["expires"].as_u64() > enrolled["expires"].as_u64());
    assert_refused(&node.qedex(&by(&["site", "remove", "2"], ALICE)), "Qkd::");
    run(node, &["sae", "remove", &id, "--suri", "//Charlie"]);
    assert_eq!(run(node, &["sae", "list", "--site", "2"]), json!([]));
    run(node, &["site", "unlink", &number, "--suri", "//Bob"]);
    run(node, &by(&["site", "remove", "2"], ALICE));
    let bad = ["/ip4/192.0.2.1/tcp/30340 and more", ""];
    for bad in bad {
        assert_refused(&node.qedex(&["sae", "mail", bad, "--suri", "//Charlie"]), "Qkd::");
    }
    run(node, &by(&["sae", "mail", "--none"], CHARLIE));
    assert_eq!(run(node, &["sae", "show", "//Charlie"])["mail"], Value::Null);
}
