//! The council removes validators, validators leave, and never so many at once that the chain stops.

use crate::{
    schedules::{Turn, turn},
    support::{hardly_missed, id, refused},
};
use qedex_runtime::{Runtime, RuntimeCall, RuntimeEvent};
use qedex_testnode::{
    Network,
    calls::{call, council, events, failure},
    chain::{authorities, best, validators, wait_for_finality},
    network::PRESET_SESSION_SLOTS,
};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie};
use subxt::rpcs::RpcClient;

/// Who was to go in the block with which a session began, and stays.
async fn held(rpc: &RpcClient, turn: &Turn) -> Vec<[u8; 32]> {
    let events = events(rpc, &turn.block).await.into_iter();
    events
        .filter_map(|record| match record.event {
            RuntimeEvent::Pov(pallet_pov::Event::Held { who }) => Some(who),
            _ => None,
        })
        .flatten()
        .map(Into::into)
        .collect()
}

fn remove(who: Sr25519Keyring) -> RuntimeCall {
    let who = who.to_account_id();
    RuntimeCall::Pov(pallet_pov::Call::remove { who })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_to_shrink_the_set_stops_the_chain() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let network = Network::start(folder, PRESET_SESSION_SLOTS).await;
    let rpc = network.nodes[0].rpc().await;
    let set = validators(&rpc, &best(&rpc).await.hash).await;

    // The council removes Charlie, and then all others want to leave: four bear one.
    let (removed, result) = council(&rpc, remove(Charlie)).await;
    assert_eq!(result, Ok(()));
    let list = authorities(&rpc, &removed.block).await;
    assert!(!list.contains(&id(Charlie)));
    for who in ["//Alice", "//Bob", "//Dave"] {
        refused(&network, &["validator", "leave", "--suri", who], "Pov::TooManyWouldLeave");
    }
    let now = turn(&rpc, 1, folder).await;
    assert_eq!(now.schedule.authors.len(), 3);

    // Four are the least: he writes no block, and has a vote that nobody counts on.
    let now = turn(&rpc, 2, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(held(&rpc, &now).await, [id(Charlie)]);
    assert_eq!(validators(&rpc, &now.block).await, set);
    let too_many = pallet_pov::Error::<Runtime>::TooManyWouldLeave.into();
    assert_eq!(council(&rpc, remove(Bob)).await.1, Err(too_many));
    let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
    let filtered = frame_system::Error::<Runtime>::CallFiltered.into();
    assert_eq!(failure(&call(&rpc, Alice, purge).await), Some(filtered));
    let readmit = RuntimeCall::Pov(pallet_pov::Call::readmit { who: Charlie.to_account_id() });
    assert_eq!(council(&rpc, readmit).await.1, Ok(()));
    refused(&network, &["validator", "leave", "--suri", "//Bob"], "Pov::TooFewWouldBeLeft");
    let now = turn(&rpc, 3, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(validators(&rpc, &now.block).await, set);
    assert_eq!(held(&rpc, &now).await, [[0; 32]; 0]);

    // The smallest set bears one whose node is down.
    network.nodes[3].stop();
    let head = best(&rpc).await.number;
    wait_for_finality(&rpc, head + 5).await;
    network.nodes[3].wake();
}
