//! Who wrote which block: the schedule, the rotation block, and what is counted.

use crate::{mock::*, *};
use frame_support::traits::{DisabledValidators, EstimateNextSessionRotation, FindAuthor};
use qedex_primitives::{Flow, Wh};
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};

fn generate(kwh: &[(AccountId, u64)]) {
    Flows::set(
        kwh.iter()
            .map(|(who, kwh)| {
                let flow = Flow { generated: Wh(kwh * 1_000), consumed: Wh(0) };
                (*who, flow)
            })
            .collect(),
    );
}

fn schedule() -> ScheduleOf<Test> {
    CurrentSchedule::<Test>::get().unwrap()
}

fn shares() -> Vec<(AccountId, u32)> {
    let authors = schedule().authors;
    authors.iter().map(|author| (author.who, author.slots)).collect()
}

#[test]
fn genesis_gives_equal_shares_to_the_session_keys() {
    run(&[3, 1, 2, 4], || {
        assert_eq!(shares(), [(1, 5), (2, 5), (3, 5), (4, 5)]);
        assert_eq!(schedule().start, Some(FIRST_SLOT));
        // `next_block` holds every author against Aura's list.
        advance(u64::from(SLOTS), &[]);
    });
}

#[test]
fn sessions_end_by_slot_and_the_rotation_block_is_their_last() {
    run(&[1, 2, 3, 4], || {
        advance(u64::from(SLOTS) - 2, &[]);
        assert_eq!(Session::current_index(), 0);
        assert_eq!(Pov::estimate_next_session_rotation(10).0, Some(11));
        assert_eq!(Pov::average_session_length(), u64::from(SLOTS));
        advance(1, &[]);
        assert_eq!(Session::current_index(), 1);
        assert_eq!(schedule().start, Some(FIRST_SLOT + u64::from(SLOTS)));
        // Slots that nobody uses do not make a session longer.
        let rotation = slot();
        end_block();
        next_block(rotation + u64::from(SLOTS));
        assert_eq!(Session::current_index(), 2);
        // A late rotation block shifts what follows.
        let rotation = slot();
        end_block();
        next_block(rotation + 3 * u64::from(SLOTS) + 7);
        assert_eq!(Session::current_index(), 3);
        assert_eq!(schedule().start, Some(slot() + 1));
        let progress = Pov::estimate_current_session_progress(0).0.unwrap();
        assert!(progress.is_zero());
    });
}

#[test]
fn each_slot_of_a_session_has_the_author_that_the_schedule_names() {
    run(&[1, 2, 3, 4], || {
        generate(&[(1, 30), (2, 10), (3, 1)]);
        for _ in 0..3 {
            advance_sessions(1, &[]);
            let schedule = schedule();
            let written = advance(u64::from(SLOTS) - 1, &[]);
            let expected: Vec<_> = schedule.order[..written.len()]
                .iter()
                .map(|author| schedule.authors[usize::from(*author)].who)
                .collect();
            assert_eq!(written, expected);
        }
    });
}

#[test]
fn authored_blocks_equal_the_shares_when_nobody_is_absent() {
    run(&[1, 2, 3, 4], || {
        generate(&[(1, 30), (2, 10), (3, 1)]);
        advance_sessions(1, &[]);
        let planned = shares();
        assert!(planned[0].1 > planned[1].1 && planned[1].1 > planned[2].1);
        assert_eq!(planned[3].1, rules().floor);
        advance_sessions(1, &[]);
        let past = PastSessions::<Test>::get(1).unwrap();
        for ((who, slots), share) in planned.into_iter().zip(&past.shares) {
            assert_eq!(
                (share.who, share.slots, share.due, share.authored),
                (who, slots, slots, slots)
            );
        }
        assert_eq!(past.last - past.first + 1, u64::from(SLOTS));
    });
}

#[test]
fn the_rotation_block_belongs_to_whom_the_old_schedule_chose() {
    run(&[1, 2, 3, 4], || {
        generate(&[(1, 30), (4, 3)]);
        advance_sessions(1, &[]);
        let mut differs = false;
        for _ in 0..20 {
            advance(u64::from(SLOTS) - 1, &[]);
            let rotation = slot() + 1;
            let chosen = client_choice(rotation);
            end_block();
            assert_eq!(next_block(rotation), chosen);
            // Asked again after the new schedule is there, and after the block has ended.
            assert_eq!(Pov::author_at(rotation), Some(chosen));
            differs |= client_choice(rotation) != chosen;
            let mut encoded: &[u8] = &codec::Encode::encode(&Slot::from(rotation));
            let digest = [(AURA_ENGINE_ID, core::mem::take(&mut encoded))];
            assert_eq!(Pov::find_author(digest), Some(chosen));
            assert_eq!(Pov::author_at(rotation - 1), None);
        }
        assert!(differs, "the new list would have named somebody else at least once");
    });
}

#[test]
fn an_absent_author_misses_its_own_slots_and_nobody_elses() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance_sessions(1, &[2]);
        let past = PastSessions::<Test>::get(1).unwrap();
        let due: u32 = past.shares.iter().map(|share| share.due).sum();
        assert_eq!(u64::from(due), past.last - past.first + 1);
        for share in &past.shares {
            let authored = if share.who == 2 { 0 } else { share.due };
            assert_eq!(share.authored, authored, "{share:?}");
        }
    });
}

#[test]
fn a_late_rotation_counts_the_slots_of_each_round() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        let rotation = slot();
        end_block();
        next_block(rotation + 2 * u64::from(SLOTS));
        let past = PastSessions::<Test>::get(1).unwrap();
        assert!(past.shares.iter().all(|share| share.due == 2 * share.slots));
        assert_eq!(past.shares.iter().map(|share| share.authored).sum::<u32>(), 1);
    });
}

#[test]
fn at_most_one_authority_change_stands_in_a_block() {
    run(&[1, 2, 3, 4], || {
        advance(u64::from(SLOTS) - 2, &[]);
        let changes = |digest: sp_runtime::Digest| {
            digest.logs.iter().filter(|log| log.as_consensus().is_some()).count()
        };
        let next = slot() + 1;
        assert_eq!(changes(end_block()), 0);
        next_block(next);
        assert_eq!(Session::current_index(), 1);
        // A removal in the rotation block itself waits for the next block to take effect.
        Pov::remove(RuntimeOrigin::root(), 4).unwrap();
        assert!(Repair::<Test>::get());
        assert_eq!(changes(end_block()), 1);
        let next = (next + 1..).find(|slot| client_choice(*slot) != 4).unwrap();
        next_block(next);
        assert_eq!(changes(end_block()), 1);
        assert!(!Repair::<Test>::get());
        assert!(schedule().authors.iter().all(|author| author.who != 4));
        next_block(next + 1);
    });
}

#[test]
fn indices_of_auras_list_are_mapped_to_validators() {
    run(&[1, 2, 3, 4], || {
        generate(&[(1, 30), (2, 3)]);
        advance_sessions(2, &[]);
        let position = Session::validators().iter().position(|who| *who == 3).unwrap();
        assert!(Session::disable_index(position as u32));
        let list = pallet_aura::Authorities::<Test>::get();
        for (index, key) in list.iter().enumerate() {
            assert_eq!(
                <Pov as DisabledValidators>::is_disabled(index as u32),
                key.0 == 3,
                "index {index}"
            );
        }
        let threes = list.iter().filter(|key| key.0 == 3).count();
        assert_eq!(<Pov as DisabledValidators>::disabled_validators().len(), threes);
    });
}

#[test]
fn the_schedule_is_new_in_every_session_though_the_set_is_not() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(2, &[]);
        let (before, set) = (schedule(), Session::validators());
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), set);
        assert!(!pallet_session::QueuedChanged::<Test>::get());
        assert_ne!(schedule().order, before.order);
        assert_ne!(schedule().seed, before.seed);
    });
}

#[test]
fn without_a_beacon_the_block_before_orders() {
    run(&[1, 2, 3, 4], || {
        BeaconValue::set(None);
        advance_sessions(1, &[]);
        let first = schedule();
        advance_sessions(1, &[]);
        assert_ne!(schedule().order, first.order);
        assert_eq!(shares(), [(1, 5), (2, 5), (3, 5), (4, 5)]);
    });
}

#[test]
fn the_history_is_bounded_and_shown_in_pages() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(7, &[]);
        let sessions = |first, count| -> Vec<_> {
            Pov::past_sessions(first, count).into_iter().map(|(session, _)| session).collect()
        };
        assert_eq!(sessions(0, u32::MAX), [3, 4, 5, 6]);
        assert_eq!(sessions(0, 2), [3, 4]);
        assert_eq!(sessions(5, 1), [5]);
        assert_eq!(sessions(6, 9), [6]);
        assert!(sessions(7, 9).is_empty());
        assert_eq!(schedule().session, 7);
    });
}
