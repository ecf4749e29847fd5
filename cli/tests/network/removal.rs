//! The council removes validators, validators leave, and never so many at once that the chain stops.

use crate::{
    schedules::{Turn, turn},
    support::{done, hardly_missed, id},
};
use qedex_runtime::{Runtime, RuntimeCall, RuntimeEvent};
use qedex_testnode::{
    Network,
    calls::{call, council, events, failure},
    chain::{authorities, best, validators, wait_for_finality},
    network::PRESET_SESSION_SLOTS,
};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave};
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

    // The council removes Charlie, and then all others want to leave: that is too many at once.
    let (removed, result) = council(&rpc, remove(Charlie)).await;
    assert_eq!(result, Ok(()));
    let list = authorities(&rpc, &removed.block).await;
    assert!(!list.contains(&id(Charlie)));
    for who in ["//Alice", "//Bob", "//Dave"] {
        done(&network, &["validator", "leave", "--suri", who]);
    }
    let now = turn(&rpc, 1, folder).await;
    let mut stay = vec![id(Alice), id(Bob), id(Dave)];
    stay.sort_unstable();
    let mut stays = held(&rpc, &now).await;
    stays.sort_unstable();
    assert_eq!(stays, stay);
    assert_eq!(now.schedule.authors.len(), 3);
    done(&network, &["validator", "stay", "--suri", "//Bob"]);

    // Three are left, and none of them goes.
    let now = turn(&rpc, 2, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(validators(&rpc, &now.block).await, stay);
    let too_many = pallet_pov::Error::<Runtime>::TooManyWouldLeave.into();
    assert_eq!(council(&rpc, remove(Bob)).await.1, Err(too_many));
    let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
    let filtered = frame_system::Error::<Runtime>::CallFiltered.into();
    assert_eq!(failure(&call(&rpc, Alice, purge).await), Some(filtered));
    let readmit = RuntimeCall::Pov(pallet_pov::Call::readmit { who: Charlie.to_account_id() });
    assert_eq!(council(&rpc, readmit).await.1, Ok(()));
    let now = turn(&rpc, 3, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(validators(&rpc, &now.block).await, stay);
    assert!(!held(&rpc, &now).await.contains(&id(Bob)));

    // Charlie is back; that there are four again lets one of those go who wanted to.
    let now = turn(&rpc, 4, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(validators(&rpc, &now.block).await, set);
    let head = best(&rpc).await.number;
    wait_for_finality(&rpc, head + 5).await;
}
