//! Each way to shrink the set of validators, and why none of them stops the chain.

mod owners;

use super::support::*;
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::DisabledValidators};
use sp_runtime::DispatchError;
use sp_staking::offence::{OffenceError, ReportOffence};

#[test]
fn a_proven_equivocation_removes_from_aura_at_once_and_from_the_set_with_the_next() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(5, &[]);
        assert_ok!(report(2, 1));
        end_block();
        assert_eq!(authors(), [1, 3, 4]);
        assert!(!pallet_aura::Authorities::<Test>::get().iter().any(|key| key.0 == 2));
        let last = CurrentSchedule::<Test>::get().unwrap().since.unwrap();
        next_block(last);
        // The session ends when it would have ended.
        advance_sessions(1, &[]);
        let past = PastSessions::<Test>::get(1).unwrap();
        assert_eq!(past.last - past.first + 1, u64::from(SLOTS));
        let slots: u32 = past.shares.iter().map(|share| share.due).sum();
        assert!((SLOTS - 6..SLOTS).contains(&slots), "what the offender had due is not in it");
        assert!(past.shares.iter().all(|share| share.due == share.authored));
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        assert_eq!(authors(), [1, 3, 4]);
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), [1, 3, 4]);
        assert_eq!(authors(), [1, 3, 4]);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 3, 4]);
    });
}

#[test]
fn a_report_counts_once_and_after_readmission_only_for_new_offences() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        let known = |offender| {
            <Pov as ReportOffence<AccountId, _, DoubleVote>>::is_known_offence(&[offender], &0)
        };
        assert!(!known((2, 0)));
        assert_ok!(report(2, 0));
        assert!(known((2, 0)));
        assert_eq!(report(2, 0), Err(OffenceError::DuplicateReport));
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), 2));
        assert_eq!(report(2, 1), Err(OffenceError::DuplicateReport));
        // The pool does not take it either, which would carry it for nothing.
        assert!(known((2, 1)) && !known((2, 2)));
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        assert_ok!(report(2, 3));
        assert!(Removals::<Test>::contains_key(2));
        after_the_repair();
    });
}

#[test]
fn never_more_than_a_third_is_removed_for_offences() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        advance(1, &[]);
        for who in 1..=4 {
            assert_ok!(report(who, 1));
        }
        // One of four goes; the others stay at the floor, and an event says so.
        end_block();
        assert_eq!(authors(), [2, 3, 4]);
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
        advance_sessions(1, &[]);
        assert_eq!(held(), [2, 3, 4]);
        let schedule = CurrentSchedule::<Test>::get().unwrap();
        assert!(
            schedule.authors.iter().all(|author| author.reduced == Some(Reduction::RemovalHeld))
        );
        advance_sessions(4, &[]);
        assert_eq!(Session::validators(), [2, 3, 4]);
        assert_eq!(authors(), [2, 3, 4]);
    });
}

#[test]
fn a_held_removal_takes_effect_when_the_set_permits_it() {
    run(&[1, 2, 3, 4, 5, 6, 7], || {
        advance_sessions(1, &[]);
        advance(1, &[]);
        for who in 1..=3 {
            assert_ok!(report(who, 1));
        }
        end_block();
        assert_eq!(authors(), [3, 4, 5, 6, 7]);
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
        // Two of seven leave; then one of five.
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [3, 4, 5, 6, 7]);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [4, 5, 6, 7]);
        assert_eq!(authors(), [4, 5, 6, 7]);
    });
}

#[test]
fn the_council_removes_within_the_same_bounds() {
    run(&[1, 2, 3, 4], || {
        assert_noop!(Pov::remove(RuntimeOrigin::signed(1), 1), DispatchError::BadOrigin);
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 9), Error::<Test>::NotAValidator);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 1));
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 1), Error::<Test>::AlreadyRemoved);
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 2), Error::<Test>::TooManyWouldLeave);
        after_the_repair();
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [2, 3, 4]);
        // Three are the minimum.
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 2), Error::<Test>::TooManyWouldLeave);
    });
    run(&[1], || {
        assert_noop!(Pov::remove(RuntimeOrigin::root(), 1), Error::<Test>::TooManyWouldLeave);
        assert_ok!(report(1, 0));
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [1]);
        assert_eq!(authors(), [1]);
    });
}

#[test]
fn readmission_brings_a_validator_back() {
    run(&[1, 2, 3, 4], || {
        assert_noop!(Pov::readmit(RuntimeOrigin::root(), 1), Error::<Test>::NotRemoved);
        assert_noop!(Pov::readmit(RuntimeOrigin::signed(2), 1), DispatchError::BadOrigin);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 1));
        after_the_repair();
        // In the very session: the set was never planned without it, and it is not disabled.
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), 1));
        advance_sessions(1, &[]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        assert!(Pov::disabled_validators().is_empty());
        advance_sessions(1, &[]);
        // And after it was out of the set.
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 1));
        after_the_repair();
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [2, 3, 4]);
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), 1));
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        assert_eq!(authors(), [1, 2, 3, 4]);
    });
}

#[test]
fn a_reset_readmits_everybody_and_cancels_every_leave() {
    run(&[1, 2, 3, 4, 5, 6, 7], || {
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 1));
        assert_ok!(Pov::leave(RuntimeOrigin::signed(2)));
        assert_noop!(Pov::reset(RuntimeOrigin::signed(1)), DispatchError::BadOrigin);
        assert_ok!(Pov::reset(RuntimeOrigin::root()));
        System::assert_last_event(Event::Reset.into());
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(authors(), [1, 2, 3, 4, 5, 6, 7]);
    });
}

#[test]
fn leaving_purges_the_keys_as_soon_as_they_are_in_no_set() {
    run(&[1, 2, 3, 4], || {
        assert_ok!(Pov::leave(RuntimeOrigin::signed(4)));
        assert_noop!(Pov::leave(RuntimeOrigin::signed(4)), Error::<Test>::AlreadyLeaving);
        advance_sessions(1, &[]);
        assert!(Session::load_keys(&4).is_some());
        assert_eq!(authors(), [1, 2, 3, 4]);
        advance_sessions(1, &[]);
        // The change is not final yet, and until it is, 4 has to vote.
        assert_eq!((validators(), voting()), (vec![1, 2, 3], vec![1, 2, 3, 4]));
        assert!(Session::load_keys(&4).is_some());
        advance_sessions(1, &[]);
        assert_eq!((validators(), voting()), (vec![1, 2, 3], vec![1, 2, 3]));
        assert_eq!(Session::load_keys(&4), None);
        assert!(!Leaving::<Test>::contains_key(4) && !Admitted::<Test>::contains_key(4));
        assert_noop!(Pov::leave(RuntimeOrigin::signed(4)), pallet_session::Error::<Test>::NoKeys);
    });
}

#[test]
fn if_all_want_to_leave_as_many_do_as_the_set_bears_and_the_rest_is_refused() {
    run(&[1, 2, 3, 4], || {
        let too_many = || Error::<Test>::TooManyWouldLeave;
        assert_ok!(Pov::leave(RuntimeOrigin::signed(1)));
        for who in 2..=4 {
            assert_noop!(Pov::leave(RuntimeOrigin::signed(who)), too_many());
        }
        // A place that is given back is free.
        assert_ok!(Pov::stay(RuntimeOrigin::signed(1)));
        assert_noop!(Pov::stay(RuntimeOrigin::signed(1)), Error::<Test>::NotLeaving);
        assert_ok!(Pov::leave(RuntimeOrigin::signed(2)));
        advance_sessions(3, &[]);
        assert_eq!(validators(), [1, 3, 4]);
        assert_noop!(Pov::leave(RuntimeOrigin::signed(1)), too_many());
    });
}

/// A revoked validator kept its seat, and its whole vote on finality, for ever.
#[test]
fn whoever_may_not_validate_any_more_leaves_and_comes_back_when_it_may() {
    run(&[1, 2, 3, 4], || {
        TestMembership::forbid(4, Role::Validate);
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), [1, 2, 3]);
        assert!(Session::load_keys(&4).is_some(), "its keys wait for it");
        TestMembership::permit(4, Role::Validate);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
    });
    run(&[1, 2, 3, 4, 5, 6, 7], || {
        TestMembership::forbid(2, Role::Validate);
        TestMembership::forbid(6, Role::Validate);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 3, 4, 5, 7]);
        // While the set of seven is needed to make that final, nobody more goes.
        TestMembership::forbid(1, Role::Validate);
        let leave = || Pov::leave(RuntimeOrigin::signed(7));
        assert_noop!(leave(), Error::<Test>::TooManyWouldLeave);
        advance(10, &[]);
        assert_ok!(leave());
        advance_sessions(1, &[]);
        assert_eq!(held(), [1]);
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), [1, 3, 4, 5]);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [3, 4, 5]);
    });
}

/// A friend who leaves and comes back takes the one place among those who may be gone.
#[test]
fn whoever_leaves_to_shield_a_friend_comes_back_only_by_the_council() {
    run(&[1, 2, 3, 4, 5], || {
        assert_ok!(Pov::leave(RuntimeOrigin::signed(3)));
        TestMembership::forbid(4, Role::Validate);
        advance_sessions(1, &[]);
        assert_eq!(held(), [4]);
        advance_sessions(2, &[]);
        assert_eq!((validators(), Session::load_keys(&3)), (vec![1, 2, 4, 5], None));
        pallet_session::NextKeys::<Test>::insert(3, keys(3));
        advance_sessions(3, &[]);
        assert_eq!(validators(), [1, 2, 5]);
    });
}

/// Two of six are a third, but one of them goes anyway.
#[test]
fn whoever_is_removed_does_not_count_among_those_without_a_seat() {
    run(&[1, 2, 3, 4, 5, 6], || {
        advance_sessions(1, &[]);
        advance(1, &[]);
        TestMembership::forbid(1, Role::Validate);
        TestMembership::forbid(2, Role::Validate);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 1));
        after_the_repair();
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [2, 3, 4, 5, 6]);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [3, 4, 5, 6]);
    });
}

/// Otherwise whoever issues credentials had the set to itself after one `bump_version`.
#[test]
fn while_a_third_or_more_may_not_validate_nobody_leaves_for_it() {
    run(&[1, 2, 3, 4, 5, 6], || {
        TestMembership::forbid(1, Role::Validate);
        TestMembership::forbid(2, Role::Validate);
        advance_sessions(4, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4, 5, 6]);
        let schedule = CurrentSchedule::<Test>::get().unwrap();
        let reduced = |author: &&Author<_, _>| author.reduced == Some(Reduction::NotPermitted);
        assert_eq!(schedule.authors.iter().filter(reduced).count(), 2, "they have the floor");
        TestMembership::permit(1, Role::Validate);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 3, 4, 5, 6]);
    });
}

#[test]
fn a_removed_account_does_not_come_back_by_itself() {
    run(&[1, 2, 3, 4], || {
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 3));
        after_the_repair();
        advance_sessions(6, &[]);
        assert_eq!(Session::validators(), [1, 2, 4]);
        assert!(Session::load_keys(&3).is_some());
    });
}

#[test]
fn two_absent_validators_are_not_removed_and_come_back() {
    run(&[1, 2, 3, 4], || {
        // Nothing becomes final without them.
        Lag::set(Some(30));
        advance_sessions(3, &[3, 4]);
        Lag::set(Some(1));
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        advance_sessions(2, &[]);
        let schedule = CurrentSchedule::<Test>::get().unwrap();
        assert!(schedule.authors.iter().all(|author| author.reduced.is_none()));
    });
}
