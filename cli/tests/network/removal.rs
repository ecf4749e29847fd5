//! Validators are removed, leave and join, their nodes are switched off as soon as they may be, and blocks
//! become final all the while.
//!
//! One network of six goes down to four and has two newcomers whose nodes are not up.

use crate::support::{done, id, refused};
use qedex_runtime::{Runtime, RuntimeCall};
use qedex_testnode::{
    Network,
    calls::{announce, call, council, failure},
    chain::{
        authorities, best, has_keys, rotation, schedule, state_of, validators, wait_for_finality,
    },
    network::{SIX, add_validator},
};
use serde_json::Value;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::DispatchError;
use std::time::Instant;
use subxt::rpcs::RpcClient;

/// The length of a session, in block slots: the shortest one.
const SLOTS: u32 = 10;

fn remove(who: Sr25519Keyring) -> RuntimeCall {
    RuntimeCall::Pov(pallet_pov::Call::remove { who: who.to_account_id() })
}

fn admit(who: Sr25519Keyring) -> RuntimeCall {
    RuntimeCall::Pov(pallet_pov::Call::admit { who: who.to_account_id() })
}

fn too_many() -> DispatchError {
    pallet_pov::Error::<Runtime>::TooManyWouldLeave.into()
}

/// Waits until blocks that are written from now on are final, and says how long it took.
async fn goes_on(rpc: &RpcClient, while_: &str) {
    let (head, start) = (best(rpc).await.number, Instant::now());
    wait_for_finality(rpc, head + 3).await;
    println!("{while_}: three more blocks are final after {:.1} s", start.elapsed().as_secs_f64());
}

/// Waits for so many sessions, and for the block with which the last one began to be final; gives that block.
async fn sessions(rpc: &RpcClient, how_many: u32) -> String {
    let now = schedule(rpc, &best(rpc).await.hash).await.session;
    let began = rotation(rpc, now + how_many).await;
    let number = qedex_testnode::chain::block(rpc, &began).await.number;
    wait_for_finality(rpc, number).await;
    began
}

fn ids(of: &[Sr25519Keyring]) -> Vec<[u8; 32]> {
    let mut all: Vec<_> = of.iter().copied().map(id).collect();
    all.sort();
    all
}

/// Who votes on finality at `at`.
async fn voters(rpc: &RpcClient, at: &str) -> Vec<[u8; 32]> {
    state_of(rpc, "Pov", "Voters", at).await.expect("there are voters")
}

/// Leaves, as soon as the statements of the voters tell the chain that the last change is final.
async fn leaves(network: &Network, rpc: &RpcClient, suri: &str) {
    for _ in 0..SLOTS {
        let left = network.qedex(&["validator", "leave", "--suri", suri]);
        if left.status.success() {
            return;
        }
        let said = String::from_utf8_lossy(&left.stderr).into_owned();
        assert!(said.contains("Pov::TooManyWouldLeave"), "{said}");
        let head = best(rpc).await.number;
        wait_for_finality(rpc, head + 1).await;
    }
    panic!("{suri} cannot leave");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_to_change_the_set_stops_the_chain() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let six = |genesis: &mut Value| {
        add_validator(genesis, Eve);
        add_validator(genesis, Ferdie);
    };
    let mut network = Network::start_nodes(folder.path(), SLOTS, six, &SIX, &[]).await;
    let rpc = network.nodes[0].rpc().await;
    let all = ids(&[Alice, Bob, Charlie, Dave, Eve, Ferdie]);
    assert_eq!(voters(&rpc, &best(&rpc).await.hash).await, all);

    // Six bear one. The council removes Ferdie, whose node is switched off at once, and nobody else.
    let (removed, result) = council(&rpc, remove(Ferdie)).await;
    assert_eq!(result, Ok(()));
    drop(network.nodes.pop());
    assert!(!authorities(&rpc, &removed.block).await.contains(&id(Ferdie)));
    goes_on(&rpc, "of six one is removed and switched off").await;
    assert_eq!(council(&rpc, remove(Eve)).await.1, Err(too_many()));
    refused(&network, &["validator", "leave", "--suri", "//Eve"], "Pov::TooManyWouldLeave");
    let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
    let filtered = frame_system::Error::<Runtime>::CallFiltered.into();
    assert_eq!(failure(&call(&rpc, Alice, purge).await), Some(filtered));
    let began = sessions(&rpc, 2).await;
    assert_eq!(voters(&rpc, &began).await, ids(&[Alice, Bob, Charlie, Dave, Eve]));

    // Five bear one. Eve leaves and is switched off at once, which is too early for her, and borne. Whoever is
    // removed after somebody has left would be one too many.
    leaves(&network, &rpc, "//Eve").await;
    assert_eq!(council(&rpc, remove(Dave)).await.1, Err(too_many()));
    drop(network.nodes.pop());
    goes_on(&rpc, "of five one leaves and is switched off").await;
    let began = sessions(&rpc, 2).await;
    let four = ids(&[Alice, Bob, Charlie, Dave]);
    assert_eq!(voters(&rpc, &began).await, four);
    refused(&network, &["validator", "leave", "--suri", "//Dave"], "Pov::To");
    let began = sessions(&rpc, 1).await;
    assert!(!has_keys(&rpc, &id(Eve), &began).await);
    refused(&network, &["validator", "leave", "--suri", "//Dave"], "Pov::TooFewWouldBeLeft");

    // Two newcomers beside four: both may join, and the node of neither is up. One at a time writes no
    // blocks, and none of them votes.
    let readmit = RuntimeCall::Pov(pallet_pov::Call::readmit { who: Ferdie.to_account_id() });
    assert_eq!(council(&rpc, readmit).await.1, Ok(()));
    assert_eq!(failure(&call(&rpc, Eve, announce(Eve)).await), None);
    assert_eq!(council(&rpc, admit(Eve)).await.1, Ok(()));
    let began = sessions(&rpc, 2).await;
    assert_eq!(validators(&rpc, &began).await.len(), 5);
    assert_eq!(voters(&rpc, &began).await, four);
    goes_on(&rpc, "beside four are two newcomers whose nodes are not up").await;
    let listed = done(&network, &["validator", "list"]);
    let listed = listed["validators"].as_array().expect("validators").iter();
    let on_probation = listed.filter(|one| one["reduced"] == "on probation").count();
    assert_eq!(on_probation, 1);

    // And one of the four, which are the fewest that there may be, is down as well.
    network.nodes[3].stop();
    goes_on(&rpc, "of the smallest set one is stopped").await;
    network.nodes[3].wake();
}
