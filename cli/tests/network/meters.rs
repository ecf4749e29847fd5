//! The validators' meters: what they say, and who publishes it.

use super::nodes::Network;
use serde_json::Value;
use std::path::Path;

/// The owner of each validator's meter with the meter's number, in the order of the validators.
const METERS: [(&str, u32); 4] = [("Alice", 3), ("Bob", 4), ("Charlie", 5), ("Dave", 0)];

/// What each validator generates in a slot, in Wh.
pub type Profile = [u64; 4];

fn json(network: &Network, arguments: &[&str]) -> Value {
    let output = network.qedex(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The delivery slot under way.
pub fn current_slot(network: &Network) -> u64 {
    json(network, &["status", "--json"])["current_slot"]
        .as_u64()
        .expect("a slot")
}

/// Publishes readings of `slot` for all validators; says whether they were taken in time.
pub fn publish(network: &Network, folder: &Path, slot: u64, profile: Profile) -> bool {
    let readings: Vec<Value> = METERS
        .iter()
        .zip(profile)
        .map(|((owner, meter), generated)| {
            json(
                network,
                &[
                    "meter",
                    "sign",
                    "--meter-suri",
                    &format!("//{owner}//meter"),
                    "--meter",
                    &meter.to_string(),
                    "--slot",
                    &slot.to_string(),
                    "--generated",
                    &generated.to_string(),
                    "--consumed",
                    "0",
                ],
            )
        })
        .collect();
    let file = folder.join("readings.json");
    std::fs::write(&file, Value::from(readings).to_string()).expect("a writable folder");
    let file = file.to_str().expect("a readable path");
    let output = network.qedex(&["reading", "submit", file, "--suri", "//Ferdie", "--json"]);
    output.status.success()
}
