//! Two halves that are cut off from each other, and a validator that leaves.

use crate::support::{done, id, refused};
use qedex_runtime::RuntimeCall;
use qedex_testnode::{
    Network,
    calls::send,
    chain::{
        best, block, finalised, has_keys, hash_at, nonce, rotation, schedule, validators,
        wait_for_finality,
    },
    network::PRESET_SESSION_SLOTS,
};
use serde_json::Value;
use sp_keyring::Sr25519Keyring::{Dave, Eve, Ferdie};

#[tokio::test(flavor = "multi_thread")]
async fn halves_that_were_cut_off_lose_nothing_and_whoever_wants_to_leave_does() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // So small that one of four may leave.
    let small = |genesis: &mut Value| genesis["pov"]["leastVoters"] = 3.into();
    let network = Network::start_on(folder.path(), PRESET_SESSION_SLOTS, small, [&[]; 4]).await;
    let halves = [&network.nodes[0], &network.nodes[2]];
    let (near, far) = (halves[0].rpc().await, halves[1].rpc().await);
    let set = validators(&near, &best(&near).await.hash).await;
    network.cut();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let (stuck, also_stuck) = (finalised(&near).await, finalised(&far).await);
    // Each half has a transaction that the other does not know.
    let remark = |text: &str| {
        let remark = text.as_bytes().to_vec();
        RuntimeCall::System(frame_system::Call::remark { remark })
    };
    send(&near, Eve, remark("near")).await;
    send(&far, Ferdie, remark("far")).await;
    let cut_in = schedule(&near, &best(&near).await.hash).await.session;
    // Three whole sessions.
    rotation(&near, cut_in + 4).await;
    rotation(&far, cut_in + 4).await;
    let heads = [best(&near).await, best(&far).await];
    for ((rpc, stuck), head) in [(&near, stuck), (&far, also_stuck)].into_iter().zip(&heads) {
        let now = finalised(rpc).await;
        assert!(now.number <= stuck.number + 1, "half of them finalised {now:?}");
        assert!(head.number > now.number + 20);
        assert_eq!(validators(rpc, &head.hash).await, set, "somebody was removed");
    }
    let common = heads[0].number.min(heads[1].number);
    let mut chains = [String::new(), String::new()];
    for (chain, rpc) in chains.iter_mut().zip([&near, &far]) {
        *chain = hash_at(rpc, common).await.expect("it is no longer than that");
    }
    assert_ne!(chains[0], chains[1], "the halves were not cut off");

    network.heal();
    let healed = std::time::Instant::now();
    wait_for_finality(&near, common).await;
    println!("final again after {:.1} s", healed.elapsed().as_secs_f64());
    // One of the two chains is everybody's.
    let mut survivors = Vec::new();
    for node in &network.nodes {
        let rpc = node.rpc().await;
        wait_for_finality(&rpc, common).await;
        survivors.push(hash_at(&rpc, common).await.expect("it is final"));
    }
    assert!(chains.contains(&survivors[0]));
    assert!(survivors.iter().all(|hash| *hash == survivors[0]));
    // And what the other one had is in it.
    for _ in 0..30 {
        let head = finalised(&near).await;
        if nonce(&near, &id(Eve), &head.hash).await == 1
            && nonce(&near, &id(Ferdie), &head.hash).await == 1
        {
            break;
        }
        wait_for_finality(&near, head.number + 1).await;
    }
    let head = finalised(&near).await;
    assert_eq!(nonce(&near, &id(Eve), &head.hash).await, 1);
    assert_eq!(nonce(&near, &id(Ferdie), &head.hash).await, 1);
    assert_eq!(validators(&near, &head.hash).await, set);

    // Dave leaves: out with the next set but one, and when that is final his keys are purged.
    assert!(has_keys(&near, &id(Dave), &head.hash).await);
    for (act, suri, why) in [
        ("stay", "//Dave", "Pov::NotLeaving"),
        ("leave", "//Eve", "Session::NoKeys"),
        ("leave", "nonsense", "the secret URI is malformed"),
    ] {
        refused(&network, &["validator", act, "--suri", suri], why);
    }
    let leave = ["validator", "leave", "--suri", "//Dave"];
    // Those of the other half counted as gone, on the chain that is everybody's, until they write there.
    for _ in 0..60 {
        let output = network.qedex(&leave);
        if output.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("Pov::TooManyWouldLeave"), "{said}");
        let head = finalised(&near).await;
        wait_for_finality(&near, head.number + 1).await;
    }
    refused(&network, &leave, "Pov::AlreadyLeaving");
    let session = schedule(&near, &finalised(&near).await.hash).await.session;
    let now = rotation(&near, session + 2).await;
    assert_eq!(validators(&near, &now).await.len(), 3);
    assert!(has_keys(&near, &id(Dave), &now).await);
    let now = rotation(&near, session + 3).await;
    assert!(!has_keys(&near, &id(Dave), &now).await);
    wait_for_finality(&near, block(&near, &now).await.number).await;
    let listed = done(&network, &["validator", "list"]);
    assert_eq!(listed["validators"].as_array().map(Vec::len), Some(3));
    let head = best(&near).await.number;
    wait_for_finality(&near, head + 5).await;
}
