//! The runbook of docs/recovery.md: two of four nodes are gone for good, nothing becomes final, and the council
//! brings finality back with one more.

use crate::support::{done, id, issue};
use codec::Decode;
use qedex_runtime::{Runtime, RuntimeCall, RuntimeEvent, SessionKeys};
use qedex_testnode::{
    Network,
    calls::{announce, call, double_vote, failure},
    chain::{best, finalised, rotation, schedule, state_of, wait_for_finality},
    network::Node,
};
use serde_json::Value;
use sp_keyring::{
    Ed25519Keyring,
    Sr25519Keyring::{self, Alice, Bob, Dave, Eve},
};
use std::time::Instant;
use subxt::rpcs::{RpcClient, client::rpc_params};

/// The length of a session, in block slots: the shortest one.
const SLOTS: u32 = 10;

/// Who runs nodes: Eve is no validator at first.
const NAMES: [&str; 5] = ["alice", "bob", "charlie", "dave", "eve"];

/// New session keys that a node has made for `who`, with the proof that it has them.
pub async fn new_keys(node: &Node, who: Sr25519Keyring) -> RuntimeCall {
    let owner = format!("0x{}", hex::encode(id(who)));
    let rpc = node.rpc().await;
    let made: Value =
        rpc.request("author_rotateKeysWithOwner", rpc_params![owner]).await.expect("new keys");
    let bytes = |name: &str| {
        let text = made[name].as_str().expect("hexadecimal digits");
        hex::decode(text.trim_start_matches("0x")).expect("hexadecimal digits")
    };
    let keys = SessionKeys::decode(&mut &bytes("keys")[..]).expect("three keys");
    RuntimeCall::Session(pallet_session::Call::set_keys { keys, proof: bytes("proof") })
}

/// The number of the set of voters that the node's own voter knows.
async fn set_of_voter(rpc: &RpcClient) -> u64 {
    let rounds: Value =
        rpc.request("grandpa_roundState", rpc_params![]).await.expect("the voter's rounds");
    rounds["setId"].as_u64().expect("a number")
}

async fn set_on_chain(rpc: &RpcClient) -> u64 {
    let at = best(rpc).await.hash;
    state_of(rpc, "Grandpa", "CurrentSetId", &at).await.expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_four_are_gone_for_good_and_finality_returns_with_one_more() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start_nodes(folder.path(), SLOTS, |_| {}, &NAMES, &[]).await;
    let Network { nodes, .. } = &network;
    let rpc = nodes[0].rpc().await;
    // Eve is to be a validator, and has not been admitted yet. Bob has new keys, which change the voters
    // two sessions later.
    issue(&network, &["//Eve"], &[]);
    assert_eq!(failure(&call(&rpc, Eve, announce(Eve)).await), None);
    let keys = new_keys(&nodes[1], Bob).await;
    let announced = call(&rpc, Bob, keys).await;
    assert_eq!(failure(&announced), None);
    let planned = schedule(&rpc, &announced.block).await.session + 1;
    rotation(&rpc, planned).await;

    // Charlie's and Dave's nodes are gone before the change acts: it waits in blocks that do not become final.
    nodes[2].stop();
    nodes[3].stop();
    let stuck = finalised(&rpc).await.number;
    rotation(&rpc, planned + 2).await;
    assert!(finalised(&rpc).await.number <= stuck + 2, "two of four make blocks final");
    let (known, counted) = (set_of_voter(&rpc).await, set_on_chain(&rpc).await);
    assert!(counted > known, "no change is pending: {counted} sets are counted, {known} is known");
    let at = best(&rpc).await.hash;
    assert_eq!(state_of(&rpc, "Pov", "Stalled", &at).await, Some(true));

    // The council acts at the best block.
    let began = Instant::now();
    let best_of = |arguments: &[&str]| done(&network, &[arguments, &["--best"]].concat());
    let force = ["validator", "force", "//Alice", "//Bob", "//Eve", "--council"];
    let motion = best_of(&[&force[..], &["--suri", "//Alice"]].concat());
    let index = motion["motion"].as_u64().expect("a motion").to_string();
    for member in ["//Alice", "//Bob"] {
        best_of(&["council", "vote", "--motion", &index, "aye", "--suri", member]);
    }
    let closed = best_of(&["council", "close", "--motion", &index, "--suri", "//Bob"]);
    let forced = closed["block"].as_u64().expect("a block");
    println!("the council decided after {:.1} s", began.elapsed().as_secs_f64());
    let acted = Instant::now();
    wait_for_finality(&rpc, forced + 3).await;
    println!("final again {:.1} s after that", acted.elapsed().as_secs_f64());
    assert_eq!(set_of_voter(&rpc).await, known + 1);
    assert_eq!(set_on_chain(&rpc).await, known + 1);

    // The three of them go on, write all the blocks, and votes change again. Whoever votes twice is held.
    let now = schedule(&rpc, &best(&rpc).await.hash).await.session;
    let block = rotation(&rpc, now + 3).await;
    let number = qedex_testnode::chain::block(&rpc, &block).await.number;
    wait_for_finality(&rpc, number).await;
    let mut authors: Vec<_> =
        schedule(&rpc, &block).await.authors.iter().map(|author| author.who).collect();
    let mut three = [id(Alice), id(Bob), id(Eve)];
    authors.sort_unstable();
    three.sort_unstable();
    assert_eq!(authors, three);
    assert_eq!(state_of(&rpc, "Pov", "Stalled", &block).await, Some(false));
    let report = double_vote(&rpc, Ed25519Keyring::Eve).await;
    let reported = call(&rpc, Dave, report).await;
    assert_eq!(failure(&reported), None);
    assert!(reported.events.iter().any(|event| matches!(event,
        RuntimeEvent::Pov(pallet_pov::Event::<Runtime>::Equivocated { who, .. })
            if who == &Eve.to_account_id())));
    let head = best(&rpc).await.number;
    wait_for_finality(&rpc, head + 3).await;
}
