//! How long finality takes on a network of four validators on this machine: with all four, with one
//! stopped, and after two were cut off from the other two for three sessions. Prints JSON.

use qedex_testnode::chain::{
    best, block, finalised, hash_at, rotation, schedule, wait_for_finality,
};
use qedex_testnode::{Network, network::PRESET_SESSION_SLOTS};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use subxt::rpcs::RpcClient;

/// Milliseconds of an Aura slot.
const AURA_SLOT: u64 = 2_000;

/// How long each series is measured.
const LASTING: Duration = Duration::from_secs(300);

fn now_millis() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_millis() as u64
}

/// What happened to the blocks that became final in a while.
struct Series {
    /// Seconds from the beginning of each block's slot until the block was seen to be final.
    seconds: Vec<f64>,
    /// Slots from the first of these blocks to the last in which nobody wrote a block.
    missed: u64,
}

impl Series {
    async fn measure(rpc: &RpcClient) -> Self {
        let mut last = finalised(rpc).await;
        let first = last.slot;
        let mut seconds = Vec::new();
        let start = Instant::now();
        while start.elapsed() < LASTING {
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
        let missed = last.slot - first - seconds.len() as u64;
        Self { seconds, missed }
    }

    fn figures(mut self) -> Value {
        assert!(!self.seconds.is_empty(), "nothing became final");
        self.seconds.sort_by(f64::total_cmp);
        let last = self.seconds.len() - 1;
        let at = |share: f64| self.seconds[(last as f64 * share).round() as usize];
        json!({
            "blocks": self.seconds.len(),
            "slots_missed": self.missed,
            "p50_seconds": at(0.5),
            "p99_seconds": at(0.99),
            "longest_seconds": at(1.0),
        })
    }
}

/// Processes that were running or waiting for a processor in the last minute, on average: what else
/// the machine did.
fn load() -> Value {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split_whitespace().next();
    first.and_then(|load| load.parse::<f64>().ok()).into()
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path(), PRESET_SESSION_SLOTS).await;
    let rpc = network.nodes[0].rpc().await;
    // The first rounds find their peers.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let four = Series::measure(&rpc).await.figures();
    let load_of_four = load();

    network.nodes[3].stop();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let three = Series::measure(&rpc).await.figures();
    let load_of_three = load();
    network.nodes[3].wake();
    let head = best(&rpc).await.number;
    wait_for_finality(&network.nodes[3].rpc().await, head).await;

    network.cut();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (stuck, session) =
        (finalised(&rpc).await.number, schedule(&rpc, &best(&rpc).await.hash).await.session);
    let far = network.nodes[2].rpc().await;
    rotation(&rpc, session + 4).await;
    rotation(&far, session + 4).await;
    let heads = [best(&rpc).await.number, best(&far).await.number];
    network.heal();
    let healed = Instant::now();
    for rpc in [&rpc, &far] {
        wait_for_finality(rpc, heads[0].max(heads[1])).await;
    }
    let seconds = healed.elapsed().as_secs_f64();
    let figures = json!({
        "four_nodes": four,
        "load_of_four": load_of_four,
        "one_stopped": three,
        "load_of_one_stopped": load_of_three,
        "cut_in_halves": {
            "blocks_waiting": [heads[0] - stuck, heads[1] - stuck],
            "final_again_after_seconds": seconds,
        },
    });
    println!("{figures:#}");
}
