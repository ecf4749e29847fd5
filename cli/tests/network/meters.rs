//! The validators' meters: what they say, and who publishes it.

use qedex_testnode::{Network, qedex};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// The owner of each validator's meter with the meter's number, in the order of the validators.
const METERS: [(&str, u32); 4] = [("Alice", 3), ("Bob", 4), ("Charlie", 5), ("Dave", 0)];

/// What each validator generates in a slot, in Wh.
pub type Profile = [u64; 4];

/// Publishes the readings of each slot while its window is open, until it is dropped.
pub struct Publisher {
    meters: Meters,
    turn: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    taken: Arc<Mutex<BTreeSet<u64>>>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// Begins: slots before the one at which they [turn](Self::turn) are as `before` says, all
    /// others as `after`.
    pub fn start(network: &Network, folder: &Path, before: Profile, after: Profile) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let taken = Arc::new(Mutex::new(BTreeSet::new()));
        let turn = Arc::new(AtomicU64::new(u64::MAX));
        let meters = Meters { url: network.nodes[0].url(), file: folder.join("readings.json") };
        let (ended, done) = (Arc::clone(&stop), Arc::clone(&taken));
        let (own, turns) = (meters.clone(), Arc::clone(&turn));
        let thread = std::thread::spawn(move || {
            let mut tried = BTreeSet::new();
            while !ended.load(Ordering::Relaxed) {
                let current = own.current_slot();
                // The windows of these two are open.
                for slot in [current - 4, current - 3] {
                    let profile = if slot < turns.load(Ordering::Relaxed) { before } else { after };
                    if tried.insert(slot) && own.publish(slot, profile) {
                        done.lock().expect("nobody panicked").insert(slot);
                    }
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Self { meters, turn, stop, taken, thread: Some(thread) }
    }

    /// From the delivery slot under way on the meters say the other thing; gives that slot.
    pub fn turn(&self) -> u64 {
        let slot = self.meters.current_slot();
        self.turn.store(slot, Ordering::Relaxed);
        slot
    }

    /// The slots whose readings were taken in time.
    pub fn taken(&self) -> BTreeSet<u64> {
        self.taken.lock().expect("nobody panicked").clone()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Clone)]
struct Meters {
    url: String,
    file: PathBuf,
}

impl Meters {
    fn json(&self, arguments: &[&str]) -> Value {
        let output = qedex(&[arguments, &["--url", &self.url]].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn status(&self) -> Value {
        self.json(&["status", "--json"])
    }

    /// The delivery slot under way.
    fn current_slot(&self) -> u64 {
        self.status()["current_slot"].as_u64().expect("a slot")
    }

    /// Publishes readings of `slot` for all validators; says whether they were taken in time.
    fn publish(&self, slot: u64, profile: Profile) -> bool {
        let slot = slot.to_string();
        let readings: Vec<Value> = METERS
            .iter()
            .zip(profile)
            .map(|((owner, meter), generated)| {
                self.json(&[
                    "meter",
                    "sign",
                    "--meter-suri",
                    &format!("//{owner}//meter"),
                    "--meter",
                    &meter.to_string(),
                    "--slot",
                    &slot,
                    "--generated",
                    &generated.to_string(),
                    "--consumed",
                    "0",
                ])
            })
            .collect();
        std::fs::write(&self.file, Value::from(readings).to_string()).expect("a writable folder");
        let file = self.file.to_str().expect("a readable path");
        let submit = ["reading", "submit", file, "--suri", "//Ferdie", "--json"];
        let output = qedex(&[&submit[..], &["--url", &self.url]].concat());
        output.status.success()
    }
}
