//! The bound, the least size, silence, a stall, and the way back.

use super::support::*;
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

const TOO_MANY: Error<Test> = Error::<Test>::TooManyWouldLeave;

fn next_voters() -> Vec<AccountId> {
    NextVoters::<Test>::get().into_inner()
}

/// Runs a test on a chain whose set does not fall below `least`.
fn run_with(least: u32, validators: &[AccountId], test: impl FnOnce()) {
    Least::set(least);
    run(validators, test);
    Least::set(3);
}

#[test]
fn at_the_least_size_whoever_is_removed_votes_until_a_newcomer_takes_its_place() {
    run_with(4, &[1, 2, 3, 4], || {
        assert_noop!(Pov::leave(RuntimeOrigin::signed(1)), Error::<Test>::TooFewWouldBeLeft);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 4));
        after_the_repair();
        advance_sessions(3, &[]);
        assert_eq!(held(), [4]);
        assert_eq!((voting(), authors()), (vec![1, 2, 3, 4], vec![1, 2, 3]));
        // It counts as gone.
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 3), TOO_MANY);
        assert_noop!(Pov::leave(RuntimeOrigin::signed(3)), TOO_MANY);
        candidate(5);
        advance_sessions(3, &[]);
        assert_eq!((voting(), next_voters()), (vec![1, 2, 3, 4], vec![1, 2, 3, 5]));
        advance_sessions(1, &[]);
        advance(1, &[]);
        assert_eq!(voting(), [1, 2, 3, 5]);
    });
}

/// A proven equivocator held a veto for ever, because another validator had asked to leave before.
#[test]
fn whoever_leaves_counts_as_gone_until_the_set_without_it_is_final() {
    run_with(4, &[1, 2, 3, 4, 5], || {
        assert_ok!(Pov::leave(RuntimeOrigin::signed(1)));
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 2), TOO_MANY);
        advance_sessions(1, &[]);
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 2), TOO_MANY);
        // The set without it is announced, and not final.
        advance_sessions(1, &[]);
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 2), TOO_MANY);
        advance(12, &[]);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 2));
        after_the_repair();
    });
}

#[test]
fn whoever_is_silent_counts_as_gone_and_may_itself_be_removed() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[4]);
        assert_eq!(Silence::<Test>::get(4), Some(1));
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 3), TOO_MANY);
        assert_noop!(Pov::leave(RuntimeOrigin::signed(3)), TOO_MANY);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 4));
        after_the_repair();
        advance_sessions(3, &[]);
        assert_eq!(voting(), [1, 2, 3]);
    });
}

#[test]
fn whoever_writes_again_is_not_silent_any_more() {
    run(&[1, 2, 3, 4, 5], || {
        advance_sessions(2, &[5]);
        assert_eq!(Silence::<Test>::get(5), Some(2));
        advance_sessions(1, &[]);
        assert_eq!(Silence::<Test>::get(5), None);
        advance_sessions(3, &[]);
        assert_eq!(voting(), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn whoever_is_silent_for_too_long_is_dropped_and_needs_admission() {
    run(&[1, 2, 3, 4, 5], || {
        advance_sessions(3, &[5]);
        System::assert_has_event(Event::Dropped { who: 5 }.into());
        assert_eq!(next_voters(), [1, 2, 3, 4]);
        advance_sessions(1, &[5]);
        advance_sessions(4, &[]);
        assert_eq!((voting(), validators()), (vec![1, 2, 3, 4], vec![1, 2, 3, 4]));
        assert_ok!(Pov::admit(RuntimeOrigin::root(), 5));
        advance_sessions(4, &[]);
        advance(1, &[]);
        assert_eq!(voting(), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn sessions_without_finality_or_with_few_blocks_are_nobodys_silence() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(2, &[]);
        Lag::set(Some(30));
        advance_sessions(4, &[4]);
        assert_eq!((Silence::<Test>::get(4), voting()), (None, vec![1, 2, 3, 4]));
    });
    run(&[1, 2, 3, 4], || {
        // One of four writes, and says that all is well: that is less than half of the slots.
        advance_sessions(4, &[2, 3, 4]);
        assert_eq!(Silence::<Test>::iter().count(), 0);
        assert!(Stalled::<Test>::get(), "one may lie");
    });
}

#[test]
fn while_finality_lags_votes_stand_still() {
    run(&[1, 2, 3, 4, 5], || {
        advance_sessions(2, &[]);
        assert_ok!(Pov::leave(RuntimeOrigin::signed(5)));
        advance_sessions(1, &[]);
        assert_eq!(next_voters(), [1, 2, 3, 4]);
        Lag::set(Some(30));
        advance_sessions(1, &[]);
        System::assert_has_event(Event::StallBegan { session: 3 }.into());
        candidate(6);
        advance_sessions(3, &[]);
        // What was planned waits; the one who leaves writes no block any more, and votes.
        assert_eq!((voting(), next_voters()), (vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4]));
        assert_eq!(
            (validators(), pallet_grandpa::CurrentSetId::<Test>::get()),
            (vec![1, 2, 3, 4], 0)
        );
        assert!(Session::load_keys(&5).is_some());
        Lag::set(Some(2));
        advance_sessions(1, &[]);
        System::assert_has_event(Event::StallEnded { session: 7 }.into());
        advance_sessions(1, &[]);
        assert_eq!((voting(), validators()), (vec![1, 2, 3, 4], vec![1, 2, 3, 4, 6]));
    });
}

#[test]
fn as_many_as_may_lie_hide_no_stall_and_make_none() {
    for (lag, liars, stalls) in
        [(30, vec![1], true), (30, vec![1, 2], false), (1, vec![1], false), (20, vec![], false)]
    {
        run(&[1, 2, 3, 4], || {
            advance_sessions(2, &[]);
            Lag::set(Some(lag));
            Liars::set(liars.clone());
            advance_sessions(1, &[]);
            assert_eq!(Stalled::<Test>::get(), stalls, "{lag} {liars:?}");
        });
    }
    run(&[1, 2, 3, 4], || {
        Lag::set(None);
        advance_sessions(1, &[]);
        assert!(Stalled::<Test>::get(), "nobody says anything");
    });
}

#[test]
fn a_block_states_its_last_final_block_once_and_none_that_it_cannot_know() {
    run(&[1, 2, 3, 4], || {
        let state = |number| Pov::state_finalised(RuntimeOrigin::none(), number);
        assert_noop!(state(0), Error::<Test>::StatedTwice);
        let signed = RuntimeOrigin::signed(1);
        assert_noop!(Pov::state_finalised(signed, 0), DispatchError::BadOrigin);
        Lag::set(None);
        advance(1, &[]);
        assert_ok!(state(1_000_000));
        let author = Authorship::author().unwrap();
        let said = Statements::<Test>::get(author).unwrap();
        assert_eq!((said.number, said.at), (System::block_number() - 1, System::block_number()));
    });
}

#[test]
fn what_authors_know_comes_with_the_inherent_data_or_not_at_all() {
    use frame_support::inherent::{InherentData, ProvideInherent};
    let mut data = InherentData::new();
    assert_eq!(Pov::create_inherent(&data), None);
    data.put_data(qedex_primitives::pov::FINALISED, &77_u64).unwrap();
    let call = Pov::create_inherent(&data).unwrap();
    assert_eq!(call, Call::state_finalised { number: 77 });
    assert!(Pov::is_inherent(&call) && !Pov::is_inherent(&Call::stay {}));
    assert!(matches!(Pov::is_inherent_required(&data), Ok(None)));
}

/// The least set of an Aura without anybody to write is one of those who are out.
#[test]
fn somebody_writes_blocks_even_if_everybody_is_out() {
    run(&[1, 2, 3, 4], || {
        let removal = Removal { reason: RemovalReason::Decided, session: 0, effective: true };
        for who in 1..=4 {
            Removals::<Test>::insert(who, removal);
            RemovedOf::<Test>::insert(owner(who), who, ());
        }
        advance_sessions(1, &[]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        assert!(Session::disabled_validators().is_empty());
    });
}

#[test]
fn root_is_told_what_is_wrong_with_a_forced_set() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(1, &[]);
        candidate(5);
        let force = |set: &[AccountId], last, id, delay| {
            Pov::force_set(RuntimeOrigin::root(), set.to_vec(), last, id, delay)
        };
        let here = System::block_number();
        let thief = Pov::force_set(RuntimeOrigin::signed(1), vec![1], 0, 0, 0);
        assert_eq!(thief, Err(DispatchError::BadOrigin));
        assert_noop!(force(&[], 0, 0, 0), Error::<Test>::NoVoters);
        let many: Vec<_> = (0..101).collect();
        assert_noop!(force(&many, 0, 0, 0), Error::<Test>::TooManyVoters);
        assert_noop!(force(&[1, 5, 1], 0, 0, 0), Error::<Test>::NamedTwice);
        assert_noop!(force(&[1, 6], 0, 0, 0), Error::<Test>::NoSessionKeys);
        assert_noop!(force(&[1, 2], here, 0, 0), Error::<Test>::NotBeforeThisBlock);
        assert_noop!(force(&[1, 2], 0, 1, 0), Error::<Test>::UnknownSet);
        assert_noop!(force(&[1, 2], 0, 0, 10_001), Error::<Test>::DelayTooLong);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 4));
        assert_noop!(force(&[1, 4], 0, 0, 0), Error::<Test>::Removed);
        assert_ok!(force(&[1, 2], 0, 0, 5));
        assert_noop!(force(&[1, 2], 0, 0, 5), pallet_grandpa::Error::<Test>::ChangePending);
        after_the_repair();
    });
}

/// The runbook: two of four are gone for good while a change is pending that never became final.
#[test]
fn root_brings_finality_back_when_half_of_the_voters_are_gone() {
    use sp_consensus_grandpa::{ConsensusLog, GRANDPA_ENGINE_ID, ScheduledChange};
    run_with(4, &[1, 2, 3, 4], || {
        candidate(5);
        advance_sessions(3, &[]);
        assert_eq!(next_voters(), [1, 2, 3, 4, 5]);
        // The runtime counts the change with the block that announces it, and no client ever takes it.
        advance_sessions(1, &[3, 4]);
        assert_eq!(pallet_grandpa::CurrentSetId::<Test>::get(), 1);
        let last_final = System::block_number() - 1;
        Lag::set(None);
        advance_sessions(3, &[3, 4]);
        assert!(Stalled::<Test>::get());
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 1), TOO_MANY);

        assert_ok!(Pov::force_set(RuntimeOrigin::root(), vec![1, 2, 5], last_final, 0, 3));
        let digest = end_block();
        let keys = [1, 2, 5].map(|who| (vote_key(who), 1)).to_vec();
        let change = ConsensusLog::ForcedChange(
            last_final,
            ScheduledChange { next_authorities: keys, delay: 3 },
        );
        let told = |log: &sp_runtime::DigestItem| {
            log.consensus_try_to::<ConsensusLog<u64>>(&GRANDPA_ENGINE_ID)
        };
        assert_eq!(digest.logs().iter().find_map(told), Some(change));
        // Clients count on from the set that made the last block final.
        assert_eq!(pallet_grandpa::CurrentSetId::<Test>::get(), 1);
        next_block((slot() + 1..).find(|slot| ![3, 4].contains(&client_choice(*slot))).unwrap());
        advance(8, &[3, 4]);
        assert_eq!(voting(), [1, 2, 5]);
        // From now on blocks become final again.
        Lag::set(Some(1));
        advance_sessions(2, &[3, 4]);
        assert_eq!((validators(), authors()), (vec![1, 2, 5], vec![1, 2, 5]));
        assert!(!Stalled::<Test>::get());
        assert_eq!(pallet_grandpa::CurrentSetId::<Test>::get(), 1);
        // And whoever comes back joins as everybody does.
        assert_ok!(Pov::admit(RuntimeOrigin::root(), 3));
        advance_sessions(5, &[4]);
        assert!(voting().contains(&3), "{:?}", voting());
    });
}
