//! What the node's own commands tell before any node runs: chains, and who is who.

use crate::binary;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// What the node prints if it is asked something.
pub fn answer(arguments: &[&str], input: &str) -> Vec<u8> {
    let mut process = Command::new(binary::node())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the node starts");
    let mut stdin = process.stdin.take().expect("it is piped");
    stdin.write_all(input.as_bytes()).expect("the node reads");
    drop(stdin);
    let output = process.wait_with_output().expect("the node ends");
    assert!(output.status.success(), "{arguments:?}");
    output.stdout
}

/// The network key of a node: a test needs no secret.
pub fn node_key(name: &str) -> String {
    let key: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{key:0>64}")
}

/// As whom the others know it.
pub fn peer_id(name: &str) -> String {
    let id = answer(&["key", "inspect-node-key"], &node_key(name));
    String::from_utf8(id).expect("text").trim().to_owned()
}
