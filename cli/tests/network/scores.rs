//! What meters say decides how many slots a validator gets, and whoever is silent gets few.

use crate::{
    meters::{Profile, Publisher},
    schedules::{Turn, turn},
    support::{hardly_missed, id, share, slots},
};
use qedex_math::{Wh, score::generation_score};
use qedex_primitives::pov::Reduction;
use qedex_testnode::{Network, chain::finalised, network::PRESET_SESSION_SLOTS};
use sp_keyring::{
    Sr25519Keyring,
    Sr25519Keyring::{Alice, Bob, Charlie, Dave},
};
use std::{ops::RangeInclusive, path::Path};
use subxt::rpcs::RpcClient;

const DOWNTIME: Option<Reduction> = Some(Reduction::Downtime);

/// The standing of whoever has not traded, in ppm.
const STANDING: u32 = 500_000;

/// What the meters say: Alice generates most; and the same but for her.
const BEFORE: Profile = [9_000, 4_000, 1_500, 500];
const AFTER: Profile = [500, 4_000, 1_500, 500];

/// Holds who was reduced against the slots that it missed in the session before.
///
/// On a busy machine somebody may miss most of the few slots that it has, and gets the floor for it.
fn is_reduced_for_what_it_missed(turn: &Turn) {
    for author in &turn.schedule.authors {
        let past = turn.past.shares.iter().find(|share| share.who == author.who);
        let past = past.expect("all four wrote in the session before");
        // The preset tolerates a half, rounded down.
        let most = past.due - past.authored > past.due / 2;
        assert_eq!(author.reduced, most.then_some(Reduction::Downtime), "{past:?}");
    }
}

/// The first of some sessions that begins as it should.
async fn first(
    rpc: &RpcClient,
    sessions: RangeInclusive<u32>,
    folder: &Path,
    as_it_should: impl Fn(&Turn) -> bool,
) -> (u32, Turn) {
    for session in sessions.clone() {
        let now = turn(rpc, session, folder).await;
        is_reduced_for_what_it_missed(&now);
        let shares = [Alice, Bob, Charlie, Dave].map(|who| share(&now, who));
        println!("session {session}: {shares:?}");
        if as_it_should(&now) {
            return (session, now);
        }
    }
    panic!("none of the sessions {sessions:?} begins as it should");
}

/// Whether none of `who` is reduced and each has the score of what it generates.
fn is_scored(turn: &Turn, who: &[Sr25519Keyring], generated: Profile) -> bool {
    who.iter().zip(generated).all(|(who, generated)| {
        let (_, score, reduced) = share(turn, *who);
        reduced.is_none() && score == generation_score(STANDING, Wh(generated))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_follows_the_meters_and_who_misses_its_slots_gets_the_floor() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let network = Network::start(folder, PRESET_SESSION_SLOTS).await;
    let rpc = network.nodes[0].rpc().await;
    let publisher = Publisher::start(&network, folder, BEFORE, AFTER);
    turn(&rpc, 1, folder).await;
    turn(&rpc, 2, folder).await;

    // What the meters said counts: the more, the more slots.
    let all = [Alice, Bob, Charlie, Dave];
    let by_energy = |now: &Turn| {
        now.schedule.authors.iter().all(|author| author.reduced.is_none())
            && all.windows(2).all(|two| slots(now, two[0]) > slots(now, two[1]))
    };
    let (session, now) = first(&rpc, 3..=8, folder, by_energy).await;
    assert_eq!(now.schedule.authors.len(), 4);
    let alice = slots(&now, Alice);
    let turned = publisher.turn();

    // Dave's node stops: his slots are missed and nobody else's, and blocks become final.
    network.nodes[3].stop();
    let now = turn(&rpc, session + 1, folder).await;
    hardly_missed(&now, &[Dave]);
    let final_before = finalised(&rpc).await.number;
    let now = turn(&rpc, session + 2, folder).await;
    hardly_missed(&now, &[Dave]);
    is_reduced_for_what_it_missed(&now);
    let past = now.past.shares.iter().find(|share| share.who == id(Dave));
    let past = past.expect("he was scheduled");
    assert!(past.due > 0 && past.authored == 0, "{past:?}");
    assert_eq!(share(&now, Dave), (2, 0, DOWNTIME));
    assert!(finalised(&rpc).await.number >= final_before + 5);
    network.nodes[3].wake();

    // Alice's meter alone has changed, and what all of them said is what the scores are.
    let three = [Alice, Bob, Charlie];
    let sessions = session + 3..=session + 9;
    let (_, now) = first(&rpc, sessions, folder, |now| is_scored(now, &three, AFTER)).await;
    println!("changed at {turned}; readings taken: {:?}", publisher.taken());
    assert!(slots(&now, Alice) < alice && slots(&now, Alice) < slots(&now, Charlie));
    assert!(slots(&now, Charlie) < slots(&now, Bob));
}
