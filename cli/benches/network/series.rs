//! One measurement of finality.

use qedex_testnode::chain::{block, finalised, hash_at};
use serde_json::{Value, json};
use std::{
    ops::RangeInclusive,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use subxt::rpcs::RpcClient;

/// Milliseconds of an Aura slot.
const AURA_SLOT: u64 = 2_000;

fn now_millis() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_millis() as u64
}

/// What happened to the blocks that became final in a while.
pub struct Series {
    /// Seconds from the beginning of each block's slot until the block was seen to be final, in order of length.
    seconds: Vec<f64>,
    /// The blocks, by their numbers.
    pub blocks: RangeInclusive<u64>,
    /// Slots from the first of these blocks to the last in which nobody wrote a block.
    missed: u64,
    /// What else the machine did, at the end.
    load: Option<f64>,
}

impl Series {
    /// Watches a node for so long.
    pub async fn measure(rpc: &RpcClient, lasting: Duration) -> Self {
        let before = finalised(rpc).await;
        let mut last = before.clone();
        let mut seconds = Vec::new();
        let start = Instant::now();
        while start.elapsed() < lasting {
            let head = finalised(rpc).await;
            let seen = now_millis();
            for number in last.number + 1..=head.number {
                let hash = hash_at(rpc, number).await.expect("a final block");
                let slot = block(rpc, &hash).await.slot;
                seconds.push((seen - slot * AURA_SLOT) as f64 / 1_000.0);
            }
            last = head;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!seconds.is_empty(), "nothing became final");
        let missed = last.slot - before.slot - seconds.len() as u64;
        seconds.sort_by(f64::total_cmp);
        Self { seconds, blocks: before.number + 1..=last.number, missed, load: load() }
    }

    /// What so much of all blocks took at most.
    fn at(&self, share: f64) -> f64 {
        let last = self.seconds.len() - 1;
        self.seconds[(last as f64 * share).round() as usize]
    }

    /// What it came to.
    pub fn figures(&self) -> Value {
        json!({
            "blocks": self.seconds.len(),
            "slots_missed": self.missed,
            "p50_seconds": self.at(0.5),
            "p99_seconds": self.at(0.99),
            "longest_seconds": self.at(1.0),
        })
    }

    /// Processes that were running or waiting for a processor in its last minute, on average.
    pub const fn load(&self) -> Option<f64> {
        self.load
    }

    /// How many times as long as in `other` it took.
    pub fn ratios(&self, other: &Self) -> Value {
        let ratio = |share: f64| self.at(share) / other.at(share);
        json!({ "p50": ratio(0.5), "p99": ratio(0.99) })
    }
}

fn load() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
