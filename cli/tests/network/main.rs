//! Four validators on one machine: what holds of a running network.
//!
//! How long finality takes is measured by `scripts/bench network`.

mod calls;
mod chain;
mod meters;
mod nodes;
mod schedules;
mod wires;

use calls::{call, council, double_vote, events, failure, send};
use chain::{
    authorities, best, finalised, has_keys, hash_at, nonce, rotation, schedule, validators,
    wait_for_finality,
};
use meters::{Profile, Publisher};
use nodes::Network;
use qedex_math::{Wh, score::generation_score};
use qedex_runtime::{Runtime, RuntimeCall, RuntimeEvent};
use schedules::{Turn, turn};
use serde_json::Value;
use sp_keyring::{
    Ed25519Keyring,
    Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie},
};
use std::time::{SystemTime, UNIX_EPOCH};
use subxt::rpcs::RpcClient;

/// Why a validator is reduced, as the chain encodes it.
const NOT_PERMITTED: Option<u8> = Some(0);
const DOWNTIME: Option<u8> = Some(2);

/// Milliseconds of an Aura slot.
const AURA_SLOT: u64 = 2_000;

/// The standing of whoever has not traded, in ppm.
const STANDING: u32 = 500_000;

/// What the meters say: Alice generates most; and the same but for her.
const BEFORE: Profile = [9_000, 4_000, 1_500, 500];
const AFTER: Profile = [500, 4_000, 1_500, 500];

fn id(who: Sr25519Keyring) -> [u8; 32] {
    who.to_raw_public()
}

/// What `qedex` does on the network, which has to succeed.
fn done(network: &Network, arguments: &[&str]) -> Value {
    let output = network.qedex(&[arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What `qedex` does on the network, which has to be refused for a reason that it names.
fn refused(network: &Network, arguments: &[&str], why: &str) {
    let output = network.qedex(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(said.contains(why), "{said:?} does not name {why:?}");
}

/// Issues credentials of validators.
fn issue(network: &Network, who: &[&str], more: &[&str]) {
    let mut arguments = vec!["credential", "issue", "--attribute", "validator"];
    for who in who {
        arguments.extend(["--who", who]);
    }
    arguments.extend(["--suri", "//Alice"]);
    done(network, &[&arguments[..], more].concat());
}

fn revoke(network: &Network, who: &str) {
    let revoke = ["credential", "revoke", "--attribute", "validator"];
    done(network, &[&revoke[..], &["--who", who, "--suri", "//Alice"]].concat());
}

/// Slots, score and reduction of a validator in the session that has begun.
fn share(turn: &Turn, who: Sr25519Keyring) -> (u32, u64, Option<u8>) {
    let author = turn.schedule.authors.iter().find(|a| a.who == id(who));
    let author = author.expect("it is in the schedule");
    (author.slots, author.score, author.reduced)
}

fn slots(turn: &Turn, who: Sr25519Keyring) -> u32 {
    share(turn, who).0
}

/// Asserts that whoever is not `stopped` missed hardly a slot, on a busy machine.
fn hardly_missed(turn: &Turn, stopped: &[Sr25519Keyring]) {
    let runs = |who: &[u8; 32]| !stopped.iter().any(|stopped| id(*stopped) == *who);
    let shares = turn.past.shares.iter().filter(|share| runs(&share.who));
    let (due, authored) =
        shares.fold((0, 0), |(due, authored), share| (due + share.due, authored + share.authored));
    let missed = due - authored;
    println!("{missed} of {due} slots missed by those who ran");
    assert!(missed <= due / 4, "{missed} of {due} slots missed");
}

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
async fn the_schedule_follows_the_meters_and_no_way_to_shrink_the_set_stops_the_chain() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let network = Network::start(folder).await;
    let rpc = network.nodes[0].rpc().await;
    let head = best(&rpc).await;
    let began = schedule(&rpc, &head.hash).await.start;
    let began = began.expect("there is a block") * AURA_SLOT;
    let publisher = Publisher::start(&network, folder, began, BEFORE, AFTER);
    let set = validators(&rpc, &head.hash).await;
    assert_eq!(set.len(), 4);

    // All credentials are revoked: everybody gets the floor, and so equal shares.
    for who in ["//Alice", "//Bob", "//Charlie", "//Dave"] {
        revoke(&network, who);
    }
    let now = turn(&rpc, 1, folder).await;
    for who in [Alice, Bob, Charlie, Dave] {
        assert_eq!(share(&now, who), (5, 0, NOT_PERMITTED));
    }

    // Dave's is not issued again; Bob's expires; the market excludes Charlie.
    issue(&network, &["//Alice", "//Charlie"], &[]);
    let soon = SystemTime::now() + std::time::Duration::from_secs(15);
    let soon = soon.duration_since(UNIX_EPOCH).expect("after 1970");
    let soon = soon.as_millis().to_string();
    issue(&network, &["//Bob"], &["--expires", &soon]);
    let exclusion = RuntimeCall::Membership(pallet_energy_membership::Call::blacklist {
        who: Charlie.to_account_id(),
        reason: b"defaulted".to_vec().try_into().expect("it is short"),
        duration: 3_600_000,
    });
    assert_eq!(council(&rpc, exclusion).await.1, Ok(()));
    let now = turn(&rpc, 2, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(share(&now, Alice).2, None);
    for who in [Bob, Charlie, Dave] {
        let (slots, score, reduced) = share(&now, who);
        assert_eq!((score, reduced), (0, NOT_PERMITTED));
        assert!(slots <= slots_of_others(&now, who));
    }
    assert_eq!(validators(&rpc, &now.block).await, set);

    // Dave votes for two blocks, and somebody proves it: he writes no block any more.
    let report = double_vote(&rpc, Ed25519Keyring::Dave).await;
    let reported = call(&rpc, Eve, report.clone()).await;
    assert_eq!(failure(&reported), None);
    assert!(
        reported.events.iter().any(|event| matches!(event,
        RuntimeEvent::Pov(pallet_pov::Event::Removed { who, .. }) if *who == Dave.to_account_id()))
    );
    let list = authorities(&rpc, &reported.block).await;
    assert!(!list.contains(&id(Dave)) && list.len() == 20);
    assert!(failure(&call(&rpc, Eve, report).await).is_some());
    // The council takes it back before the set without him is planned.
    let reset = RuntimeCall::Pov(pallet_pov::Call::reset {});
    assert_eq!(council(&rpc, reset).await.1, Ok(()));
    issue(&network, &["//Bob", "//Dave"], &[]);
    let lift = RuntimeCall::Membership(pallet_energy_membership::Call::lift_exclusion {
        who: Charlie.to_account_id(),
    });
    assert_eq!(council(&rpc, lift).await.1, Ok(()));

    // What the meters said first counts now: the more, the more slots.
    let now = turn(&rpc, 3, folder).await;
    assert_eq!(schedule(&rpc, &now.block).await.authors.len(), 4);
    let first = [Alice, Bob, Charlie, Dave].map(|who| share(&now, who));
    assert!(first.iter().all(|(.., reduced)| reduced.is_none()));
    println!("session 3: {first:?}");
    assert!(first.windows(2).all(|pair| pair[0].0 > pair[1].0), "{first:?}");

    // Dave's node stops: his slots are missed and nobody else's, and blocks become final.
    network.nodes[3].stop();
    let now = turn(&rpc, 4, folder).await;
    hardly_missed(&now, &[Dave]);
    assert!(slots(&now, Alice) <= first[0].0);
    let final_before = finalised(&rpc).await.number;
    let now = turn(&rpc, 5, folder).await;
    hardly_missed(&now, &[Dave]);
    let past = now.past.shares.iter().find(|share| share.who == id(Dave));
    let past = past.expect("he was scheduled");
    assert!(past.due > 0 && past.authored == 0, "{past:?}");
    assert_eq!(share(&now, Dave), (2, 0, DOWNTIME));
    assert!(finalised(&rpc).await.number >= final_before + 5);
    network.nodes[3].wake();
    // Alice's meter alone has changed, and what all of them said is what the scores are.
    let second = [Alice, Bob, Charlie].map(|who| share(&now, who));
    println!("session 5: {second:?}; readings taken: {:?}", publisher.taken());
    for (share, generated) in second.iter().zip(AFTER) {
        let earned = generation_score(STANDING, Wh(generated));
        assert_eq!((share.1, share.2), (earned, None));
    }
    assert!(second[0].1 < first[0].1 && second[0].0 < first[0].0);
    assert!(second[0].0 < second[2].0 && second[2].0 < second[1].0);

    // The council removes Charlie, and then all others want to leave: that is too many at once.
    let (removed, result) = council(&rpc, remove(Charlie)).await;
    assert_eq!(result, Ok(()));
    let list = authorities(&rpc, &removed.block).await;
    assert!(!list.contains(&id(Charlie)));
    for who in ["//Alice", "//Bob", "//Dave"] {
        done(&network, &["validator", "leave", "--suri", who]);
    }
    let now = turn(&rpc, 6, folder).await;
    let mut stay = vec![id(Alice), id(Bob), id(Dave)];
    stay.sort_unstable();
    let mut stays = held(&rpc, &now).await;
    stays.sort_unstable();
    assert_eq!(stays, stay);
    assert_eq!(now.schedule.authors.len(), 3);
    done(&network, &["validator", "stay", "--suri", "//Bob"]);

    // Three are left, and none of them goes.
    let now = turn(&rpc, 7, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(validators(&rpc, &now.block).await, stay);
    let too_many = pallet_pov::Error::<Runtime>::TooManyWouldLeave.into();
    assert_eq!(council(&rpc, remove(Bob)).await.1, Err(too_many));
    let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
    let filtered = frame_system::Error::<Runtime>::CallFiltered.into();
    assert_eq!(failure(&call(&rpc, Alice, purge).await), Some(filtered));
    let readmit = RuntimeCall::Pov(pallet_pov::Call::readmit { who: Charlie.to_account_id() });
    assert_eq!(council(&rpc, readmit).await.1, Ok(()));
    let now = turn(&rpc, 8, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(validators(&rpc, &now.block).await, stay);
    assert!(!held(&rpc, &now).await.contains(&id(Bob)));

    // Charlie is back; that there are four again lets one of those go who wanted to.
    let now = turn(&rpc, 9, folder).await;
    hardly_missed(&now, &[]);
    assert_eq!(validators(&rpc, &now.block).await, set);
    let head = best(&rpc).await.number;
    wait_for_finality(&rpc, head + 5).await;
}

/// The most slots of a validator beside `who`.
fn slots_of_others(turn: &Turn, who: Sr25519Keyring) -> u32 {
    let others = turn.schedule.authors.iter().filter(|a| a.who != id(who));
    others.map(|author| author.slots).max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn halves_that_were_cut_off_lose_nothing_and_whoever_wants_to_leave_does() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path()).await;
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

    // Dave leaves: out with the next set but one, and then his keys are purged.
    assert!(has_keys(&near, &id(Dave), &head.hash).await);
    for (act, suri, why) in [
        ("stay", "//Dave", "Pov::NotLeaving"),
        ("leave", "//Eve", "Session::NoKeys"),
        ("leave", "nonsense", "the secret URI is malformed"),
    ] {
        refused(&network, &["validator", act, "--suri", suri], why);
    }
    let leave = ["validator", "leave", "--suri", "//Dave"];
    done(&network, &leave);
    refused(&network, &leave, "Pov::AlreadyLeaving");
    let session = schedule(&near, &finalised(&near).await.hash).await.session;
    let now = rotation(&near, session + 2).await;
    assert_eq!(validators(&near, &now).await.len(), 3);
    assert!(!has_keys(&near, &id(Dave), &now).await);
    wait_for_finality(&near, chain::block(&near, &now).await.number).await;
    let listed = done(&network, &["validator", "list"]);
    assert_eq!(listed["validators"].as_array().map(Vec::len), Some(3));
    let head = best(&near).await.number;
    wait_for_finality(&near, head + 5).await;
}
