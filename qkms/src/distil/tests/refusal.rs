//! Blocks that an end refuses: its noise sources are sick, or were tested for too short a time.

use super::*;
use crate::link::{AliceBlock, BobBlock};
use std::thread;

/// Both runs, each of which may refuse the block.
fn ends(refuses: [Option<Reason>; 2], (alice, bob): (AliceBlock, BobBlock)) -> Results {
    let params = params(Preset::Snspd);
    let (mut to_bob, mut to_alice) = InProcess::pair();
    thread::scope(|scope| {
        let bob = scope.spawn(move || {
            let mut keys = Keys::plenty(1);
            if let Some(reason) = refuses[1] {
                refuse_as_bob(1, bob.pulses, reason, &params, &mut to_alice, &mut keys)
            } else {
                bob::bob(1, bob, &params, &mut to_alice, &mut keys)
            }
        });
        let mut keys = Keys::plenty(1);
        let alice = if let Some(reason) = refuses[0] {
            refuse_as_alice(1, alice.pulses, reason, &params, &mut to_bob, &mut keys)
        } else {
            alice::alice(1, alice, &params, &mut to_bob, &mut keys, &mut Seeded::new(1))
        };
        (alice, bob.join().unwrap())
    })
}

#[test]
fn a_block_that_either_end_refuses_is_discarded_by_both_with_the_same_books() {
    let (health, few) = (Some(Reason::Health), Some(Reason::TooFewDetections));
    for (refuses, reason) in [
        ([health, None], Reason::Health),
        ([None, health], Reason::Health),
        ([health, health], Reason::Health),
        ([health, few], Reason::Health),
        ([few, health], Reason::Health),
        ([few, None], Reason::TooFewDetections),
        ([None, few], Reason::TooFewDetections),
        ([few, few], Reason::TooFewDetections),
    ] {
        let block = link(Preset::Snspd, 10.0, None, 1).block(SNSPD_PULSES);
        let clicks = block.1.detections.len() as u64;
        let end = discarded(ends(refuses, block));
        assert_eq!(end.reason, reason, "{refuses:?}");
        assert_eq!(end.closes_link(), reason == Reason::Health);
        let accounts = end.accounts;
        assert_eq!((accounts.sifted(), accounts.parities, accounts.leak), (0, 0, 0));
        // Bob announced his clicks unless he was the one who refused.
        assert_eq!(accounts.detections, if refuses[1].is_some() { 0 } else { clicks });
        assert!(accounts.tag_bits > 0 && accounts.gain() < 0, "its tags were paid");
    }
}

#[test]
fn ends_agree_on_the_transcript_and_no_two_blocks_have_the_same() {
    let transcript = |number, seed| {
        let block = link(Preset::Snspd, 10.0, None, seed).block(SNSPD_PULSES);
        let (alice, bob) = keys(run(number, block, &params(Preset::Snspd), InProcess::pair()));
        assert_eq!(alice.accounts.transcript, bob.accounts.transcript);
        alice.accounts.transcript
    };
    let one = transcript(1, 1);
    assert_ne!(one, [0; 32]);
    assert_eq!(one, transcript(1, 1));
    assert_ne!(one, transcript(2, 1));
    assert_ne!(one, transcript(1, 2));
}

#[test]
fn a_reason_that_the_peer_could_not_be_told_is_part_of_the_error() {
    for reason in Reason::ALL {
        let (to_bob, mut to_alice) = InProcess::pair();
        drop(to_bob);
        let mut keys = Keys::plenty(1);
        let params = params(Preset::Snspd);
        let end = refuse_as_bob(1, 1000, reason, &params, &mut to_alice, &mut keys);
        assert!(matches!(end, Err(Error::Untold { reason: own, .. }) if own == reason), "{end:?}");
    }
}

#[test]
fn a_refusal_is_answered_by_the_same_reason_or_one_that_closes() {
    for (reason, answer, taken) in [
        (Reason::Health, Reason::TooFewDetections, false),
        (Reason::TooFewDetections, Reason::CostExceedsLength, false),
        (Reason::TooFewDetections, Reason::TooFewDetections, true),
        (Reason::TooFewDetections, Reason::Health, true),
    ] {
        let (mut to_bob, mut to_alice) = InProcess::pair();
        let params = params(Preset::Snspd);
        // She has no reason of her own, and says another than his.
        let end = thread::scope(|scope| {
            scope.spawn(|| {
                let mut keys = Keys::plenty(1);
                let way = Direction::AliceToBob;
                let mut alice =
                    session::Session::open(1, 1000, way, &params, &mut to_bob, &mut keys).unwrap();
                alice.receive().unwrap();
                alice.send(&wire::Message::Discard(answer)).unwrap();
            });
            refuse_as_bob(1, 1000, reason, &params, &mut to_alice, &mut Keys::plenty(1))
        });
        match end {
            Ok(Outcome::Discarded(end)) => assert!(taken && end.reason == answer),
            Err(Error::Untold { reason: own, .. }) => assert!(!taken && own == reason),
            end => panic!("{end:?}"),
        }
    }
}
