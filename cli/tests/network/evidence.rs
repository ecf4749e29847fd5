//! Whoever votes twice or writes two blocks of one slot is removed, whatever it has done with its keys before.

use crate::{
    calls::{Done, authorized, call, council, double_vote, failure},
    support::id,
};
use codec::{Decode, Encode};
use qedex_runtime::{Header, RuntimeCall, RuntimeEvent, SessionKeys};
use qedex_testnode::{
    Network,
    chain::{author, authorities, best, block, schedule, wait_for_finality},
    network::{Node, PRESET_SESSION_SLOTS},
};
use serde_json::Value;
use sp_keyring::{
    Ed25519Keyring,
    Sr25519Keyring::{self, Bob, Charlie, Eve},
};
use sp_runtime::{DigestItem, traits::Header as _};
use subxt::rpcs::{RpcClient, client::rpc_params};

/// Whether `who` was removed by that.
fn removes(done: &Done, who: Sr25519Keyring) -> bool {
    assert_eq!(failure(done), None);
    done.events.iter().any(|event| {
        matches!(event, RuntimeEvent::Pov(pallet_pov::Event::Removed { who: removed, .. })
            if *removed == who.to_account_id())
    })
}

/// New session keys that a node has made for `who`, with the proof that it has them.
async fn announcement(node: &Node, who: Sr25519Keyring) -> RuntimeCall {
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

/// The latest block that `who` wrote, and another that it could have written in its slot.
async fn two_blocks(rpc: &RpcClient, who: Sr25519Keyring) -> RuntimeCall {
    let mut at = best(rpc).await;
    let by = |at: &qedex_testnode::chain::Block, governs| author(governs, at.slot).who == id(who);
    while !by(&at, &schedule(rpc, &at.parent).await) {
        at = block(rpc, &at.parent).await;
    }
    let first: Header =
        rpc.request("chain_getHeader", rpc_params![&at.hash]).await.expect("a header");
    let mut second = first.clone();
    second.digest_mut().pop();
    second.state_root = qedex_runtime::Hash::repeat_byte(7);
    let seal = who.sign(second.hash().as_bytes()).encode();
    second.digest_mut().push(DigestItem::Seal(*b"aura", seal));
    let author = who.to_account_id();
    RuntimeCall::Pov(pallet_pov::Call::report_double_block { first, second, author })
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_new_keys_nor_a_fork_at_the_tip_hide_what_was_signed_twice() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path(), PRESET_SESSION_SLOTS).await;
    let rpc = network.nodes[0].rpc().await;

    // Bob announces other keys, and votes twice with those that are in use.
    let keys = announcement(&network.nodes[1], Bob).await;
    assert_eq!(failure(&call(&rpc, Bob, keys).await), None);
    let report = double_vote(&rpc, Ed25519Keyring::Bob).await;
    let reported = call(&rpc, Eve, report).await;
    assert!(removes(&reported, Bob));
    assert!(!authorities(&rpc, &reported.block).await.contains(&id(Bob)));
    let readmit = RuntimeCall::Pov(pallet_pov::Call::readmit { who: Bob.to_account_id() });
    assert_eq!(council(&rpc, readmit).await.1, Ok(()));

    // Charlie writes two blocks of one slot.
    let report = two_blocks(&rpc, Charlie).await;
    let reported = authorized(&rpc, report).await;
    assert!(removes(&reported, Charlie));
    assert!(!authorities(&rpc, &reported.block).await.contains(&id(Charlie)));
    let head = best(&rpc).await.number;
    wait_for_finality(&rpc, head + 5).await;
}
