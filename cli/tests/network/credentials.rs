//! Whoever loses the right to validate gets the floor, and the chain goes on.

use crate::{
    schedules::turn,
    support::{hardly_missed, id, issue, revoke, share},
};
use qedex_primitives::{AttributeId, pov::Reduction};
use qedex_runtime::{RuntimeCall, RuntimeEvent};
use qedex_testnode::{
    Network,
    calls::{call, council, double_vote, failure},
    chain::{authorities, best, schedule, validators},
    network::PRESET_SESSION_SLOTS,
};
use sp_keyring::{
    Ed25519Keyring,
    Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve},
};
use std::time::{SystemTime, UNIX_EPOCH};

const NOT_PERMITTED: Option<Reduction> = Some(Reduction::NotPermitted);

#[tokio::test(flavor = "multi_thread")]
async fn no_loss_of_credentials_stops_the_chain_and_who_votes_twice_writes_no_more() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let network = Network::start(folder, PRESET_SESSION_SLOTS).await;
    let rpc = network.nodes[0].rpc().await;
    let set = validators(&rpc, &best(&rpc).await.hash).await;
    assert_eq!(set.len(), 4);

    // All credentials are revoked, by issuer and council: everybody gets the floor, and so equal shares.
    let allowed = RuntimeCall::Membership(pallet_energy_membership::Call::allow_endings {
        attribute: AttributeId(5),
        owners: 4,
    });
    assert_eq!(council(&rpc, allowed).await.1, Ok(()));
    for who in ["//Alice", "//Bob", "//Charlie", "//Dave"] {
        revoke(&network, who);
    }
    let now = turn(&rpc, 1, folder).await;
    for who in [Alice, Bob, Charlie, Dave] {
        assert_eq!(share(&now, who), (5, 0, NOT_PERMITTED));
    }

    // Dave's is not issued again; the market excludes Charlie; Bob's expires. At no time may more than
    // half of them validate, so that nobody leaves for it.
    issue(&network, &["//Alice", "//Charlie"], &[]);
    let exclusion = RuntimeCall::Membership(pallet_energy_membership::Call::blacklist {
        who: Charlie.to_account_id(),
        reason: b"defaulted".to_vec().try_into().expect("it is short"),
        duration: 3_600_000,
    });
    assert_eq!(council(&rpc, exclusion).await.1, Ok(()));
    let soon = SystemTime::now() + std::time::Duration::from_secs(15);
    let soon = soon.duration_since(UNIX_EPOCH).expect("after 1970");
    let soon = soon.as_millis().to_string();
    issue(&network, &["//Bob"], &["--expires", &soon]);
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
    let lift = RuntimeCall::Membership(pallet_energy_membership::Call::lift_exclusion {
        who: Charlie.to_account_id(),
    });
    assert_eq!(council(&rpc, lift).await.1, Ok(()));
    issue(&network, &["//Bob", "//Dave"], &[]);

    let now = turn(&rpc, 3, folder).await;
    assert_eq!(schedule(&rpc, &now.block).await.authors.len(), 4);
    for who in [Alice, Bob, Charlie, Dave] {
        assert_eq!(share(&now, who).2, None);
    }
}

/// The most slots of a validator beside `who`.
fn slots_of_others(turn: &crate::schedules::Turn, who: Sr25519Keyring) -> u32 {
    let others = turn.schedule.authors.iter().filter(|a| a.who != id(who));
    others.map(|author| author.slots).max().unwrap_or_default()
}
