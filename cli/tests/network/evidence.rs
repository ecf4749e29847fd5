//! Whoever votes twice or writes two blocks of one slot is removed, whatever it has done with its keys before.

use crate::{recovery::new_keys, support::id};
use codec::Encode;
use qedex_runtime::{Header, RuntimeCall, RuntimeEvent};
use qedex_testnode::{
    Network,
    calls::{Done, authorized, call, council, double_vote, failure},
    chain::{author, authorities, best, block, schedule, wait_for_finality},
    network::PRESET_SESSION_SLOTS,
};
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
            if removed == &who.to_account_id())
    })
}

/// The latest block that `who` wrote, and another that it could have written in its slot.
async fn two_blocks(rpc: &RpcClient, who: Sr25519Keyring) -> RuntimeCall {
    let mut at = best(rpc).await;
    loop {
        let governs = schedule(rpc, &at.parent).await;
        if author(&governs, at.slot).who == id(who) {
            break;
        }
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
    let keys = new_keys(&network.nodes[1], Bob).await;
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
