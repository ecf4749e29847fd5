//! What meters say decides how many slots a validator gets, and whoever is silent gets few.

use crate::{
    meters::{Profile, Publisher},
    schedules::turn,
    support::{hardly_missed, id, share, slots},
};
use qedex_math::{Wh, score::generation_score};
use qedex_primitives::pov::Reduction;
use qedex_testnode::{
    Network,
    chain::{best, finalised, schedule},
    network::PRESET_SESSION_SLOTS,
};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};

const DOWNTIME: Option<Reduction> = Some(Reduction::Downtime);

/// Milliseconds of an Aura slot.
const AURA_SLOT: u64 = 2_000;

/// The standing of whoever has not traded, in ppm.
const STANDING: u32 = 500_000;

/// What the meters say: Alice generates most; and the same but for her.
const BEFORE: Profile = [9_000, 4_000, 1_500, 500];
const AFTER: Profile = [500, 4_000, 1_500, 500];

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_follows_the_meters_and_who_misses_its_slots_gets_the_floor() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let network = Network::start(folder, PRESET_SESSION_SLOTS).await;
    let rpc = network.nodes[0].rpc().await;
    let began = schedule(&rpc, &best(&rpc).await.hash).await.start;
    let began = began.expect("there is a block") * AURA_SLOT;
    let publisher = Publisher::start(&network, folder, began, BEFORE, AFTER);
    turn(&rpc, 1, folder).await;
    turn(&rpc, 2, folder).await;

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
}
