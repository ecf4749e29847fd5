//! What the command line computes without a node.

// Not all of it is needed here.
use qedex_testnode::{assert_refused, qedex, stderr};
#[allow(dead_code)]
use serde_json::{Value, json};
use std::process::Output;

fn par(table: &str) -> Output {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), table).expect("a writable file");
    let path = file.path().to_str().expect("a readable path");
    qedex(&["plan", "par", "--load", path, "--json"])
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
        ("", "the file is empty"),
        ("1,100\n2,300\n", "the header is"),
        ("slot,kwh\n1,100\n", "the header is"),
        ("slot,wh,note\n1,100,x\n", "the header is"),
        ("slot,wh\n", "there is no slot"),
        ("slot,wh\n1,0x10\n", "\"0x10\" is no whole number"),
        ("slot,wh\n0x1,10\n", "\"0x1\" is no whole number"),
        ("slot,wh\n1,-5\n", "\"-5\" is no whole number"),
        ("slot,wh\n1,1.5\n", "\"1.5\" is no whole number"),
        ("slot,wh\n1,\n", "\"\" is no whole number"),
        ("slot,wh\n1,18446744073709551616\n", "is too large"),
        ("slot,wh\n1,1,1\n", "line: 2"),
        ("slot,wh\n1\n", "line: 2"),
        ("slot,wh\n1,5\n1,6\n", "slot 1 comes twice"),
    ] {
        let output = par(table);
        assert_refused(&output, why);
        assert!(output.stdout.is_empty(), "{table:?}");
    }
    let missing = qedex(&["plan", "par", "--load", "/nowhere.csv"]);
    assert_refused(&missing, "/nowhere.csv");
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
