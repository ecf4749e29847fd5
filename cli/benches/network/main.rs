//! How long finality takes on a network of four validators on this machine. Prints JSON.
//!
//! - [`quantum`]: with all that quantum keys are there for, on key services of its own (`testnode`), as far as
//!   the blocks tell that it happened ([`told`]);
//! - without it, with all four nodes, with one stopped, and after two were cut off from the other two for three
//!   sessions;
//! - [`series`]: one measurement.

mod quantum;
mod series;
mod told;

use clap::Parser;
use qedex_testnode::{
    Network,
    chain::{best, finalised, rotation, schedule, wait_for_finality},
    network::PRESET_SESSION_SLOTS,
};
use serde_json::{Value, json};
use series::Series;
use std::time::{Duration, Instant};
use subxt::rpcs::RpcClient;

/// Until the first rounds of votes have found their peers.
const SETTLING: Duration = Duration::from_secs(20);

/// Measures finality on four nodes.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench network")]
struct Options {
    /// How many seconds each series is measured: nodes keep the states of 256 blocks, which are read afterwards.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(30..=400))]
    seconds: u64,
    /// Measures the four nodes with quantum keys and without alone: nobody is stopped or cut off.
    #[arg(long)]
    without_faults: bool,
    /// What `cargo bench` says to each benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let lasting = Duration::from_secs(options.seconds);
    let (with_keys, quantum) = quantum::measure(lasting).await;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path(), PRESET_SESSION_SLOTS).await;
    let rpc = network.nodes[0].rpc().await;
    tokio::time::sleep(SETTLING).await;
    let four = Series::measure(&rpc, lasting).await;
    let mut figures = json!({
        "four_nodes": four.figures(),
        "load_of_four": four.load(),
        "quantum": quantum,
        "load_of_quantum": with_keys.load(),
        "quantum_to_four_nodes": with_keys.ratios(&four),
    });
    if !options.without_faults {
        one_stopped(&network, &rpc, lasting, &mut figures).await;
        figures["cut_in_halves"] = cut_in_halves(&network, &rpc).await;
    }
    println!("{figures:#}");
}

/// The last node is stopped for a series.
async fn one_stopped(network: &Network, rpc: &RpcClient, lasting: Duration, figures: &mut Value) {
    network.nodes[3].stop();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let three = Series::measure(rpc, lasting).await;
    network.nodes[3].wake();
    let head = best(rpc).await.number;
    wait_for_finality(&network.nodes[3].rpc().await, head).await;
    figures["one_stopped"] = three.figures();
    figures["load_of_one_stopped"] = three.load().into();
}

/// The halves are cut off from each other for three sessions, and connected again.
async fn cut_in_halves(network: &Network, rpc: &RpcClient) -> Value {
    network.cut();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (stuck, session) =
        (finalised(rpc).await.number, schedule(rpc, &best(rpc).await.hash).await.session);
    let far = network.nodes[2].rpc().await;
    rotation(rpc, session + 4).await;
    rotation(&far, session + 4).await;
    let heads = [best(rpc).await.number, best(&far).await.number];
    network.heal();
    let healed = Instant::now();
    for rpc in [rpc, &far] {
        wait_for_finality(rpc, heads[0].max(heads[1])).await;
    }
    json!({
        "blocks_waiting": [heads[0] - stuck, heads[1] - stuck],
        "final_again_after_seconds": healed.elapsed().as_secs_f64(),
    })
}
