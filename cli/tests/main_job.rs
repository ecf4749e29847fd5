//! The product's front door: what the README's first command does, for four quarter-hours.

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// On ports of its own: a node that somebody runs on the default ones is left alone.
#[test]
fn a_community_trades_on_a_node_in_one_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir().expect("a folder");
    let figures = folder.path().join("figures.json");
    let ended = Command::new(root.join("scripts/run"))
        .args(["--once", "--slots", "4", "--json"])
        .arg(&figures)
        .envs(["RPC", "P2P", "PROMETHEUS"].map(|port| (format!("QEDEX_{port}_PORT"), "0")))
        .stdin(Stdio::null())
        .status();
    assert!(ended.expect("the script runs").success());

    let figures = fs::read(&figures).expect("the play wrote its figures");
    let figures: Value = serde_json::from_slice(&figures).expect("JSON");
    let invariants = figures["invariants"].as_object().expect("what must hold");
    assert!(!invariants.is_empty());
    assert!(invariants.values().all(|holds| holds == true), "{invariants:#?}");
}
