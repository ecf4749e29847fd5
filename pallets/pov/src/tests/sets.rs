//! Each way to shrink the set of validators, and why none of them stops the chain.

mod owners;

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::DisabledValidators};
use sp_runtime::{DispatchError, Perbill, traits::Convert};
use sp_staking::{
    SessionIndex,
    offence::{Kind, Offence, OffenceError, ReportOffence},
};

struct DoubleVote {
    who: AccountId,
    session: SessionIndex,
}

impl Offence<(AccountId, ())> for DoubleVote {
    const ID: Kind = *b"test:double-vote";
    type Slot = u64;

    fn offenders(&self) -> Vec<(AccountId, ())> {
        vec![(self.who, ())]
    }

    fn session_index(&self) -> SessionIndex {
        self.session
    }

    fn validator_set_count(&self) -> u32 {
        4
    }

    fn slot(&self) -> u64 {
        0
    }

    fn slash_fraction(&self, _: u32) -> Perbill {
        Perbill::zero()
    }
}

fn report(who: AccountId, session: SessionIndex) -> Result<(), OffenceError> {
    <Pov as ReportOffence<AccountId, _, _>>::report_offence(vec![], DoubleVote { who, session })
}

fn authors() -> Vec<AccountId> {
    let authors = CurrentSchedule::<Test>::get().unwrap().authors;
    authors.iter().map(|author| author.who).collect()
}

fn held() -> Vec<AccountId> {
    System::events()
        .into_iter()
        .find_map(|record| match record.event {
            RuntimeEvent::Pov(Event::Held { who }) => Some(who),
            _ => None,
        })
        .unwrap_or_default()
}

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
        let known = |who| {
            <Pov as ReportOffence<AccountId, _, DoubleVote>>::is_known_offence(&[(who, ())], &0)
        };
        assert!(!known(2));
        assert_ok!(report(2, 0));
        assert!(known(2));
        assert_eq!(report(2, 0), Err(OffenceError::DuplicateReport));
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), 2));
        assert_eq!(report(2, 1), Err(OffenceError::DuplicateReport));
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        assert_ok!(report(2, 3));
        assert!(Removals::<Test>::contains_key(2));
        end_block();
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
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
        end_block();
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
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
        end_block();
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
        // In the very session: the set was never planned without it, and it is not disabled.
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), 1));
        advance_sessions(1, &[]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        assert!(Pov::disabled_validators().is_empty());
        advance_sessions(1, &[]);
        // And after it was out of the set.
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 1));
        end_block();
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
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
    run(&[1, 2, 3, 4, 5, 6], || {
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 1));
        assert_ok!(Pov::leave(RuntimeOrigin::signed(2)));
        assert_noop!(Pov::reset(RuntimeOrigin::signed(1)), DispatchError::BadOrigin);
        assert_ok!(Pov::reset(RuntimeOrigin::root()));
        System::assert_last_event(Event::Reset.into());
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(authors(), [1, 2, 3, 4, 5, 6]);
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
        assert_eq!(Session::validators(), [1, 2, 3]);
        assert_eq!(Session::load_keys(&4), None);
        assert!(!Leaving::<Test>::contains_key(4));
        assert_noop!(Pov::leave(RuntimeOrigin::signed(4)), pallet_session::Error::<Test>::NoKeys);
    });
}

#[test]
fn if_all_want_to_leave_a_third_does_and_an_event_names_the_rest() {
    run(&[1, 2, 3, 4], || {
        for who in 1..=4 {
            assert_ok!(Pov::leave(RuntimeOrigin::signed(who)));
        }
        advance_sessions(1, &[]);
        assert_eq!(held(), [2, 3, 4]);
        advance_sessions(5, &[]);
        assert_eq!(Session::validators(), [2, 3, 4]);
        assert_ok!(Pov::stay(RuntimeOrigin::signed(2)));
        assert_noop!(Pov::stay(RuntimeOrigin::signed(2)), Error::<Test>::NotLeaving);
        advance_sessions(1, &[]);
        assert_eq!(held(), [3, 4]);
    });
}

#[test]
fn whoever_the_policy_admits_joins_one_session_later_and_only_one_of_an_owner() {
    run(&[1, 2, 3, 4], || {
        let may_register = <ValidatorOf<Test> as Convert<_, _>>::convert;
        assert_eq!(may_register(5), None);
        assert_eq!(may_register(1), Some(1));
        for who in 5..=7 {
            TestMembership::permit(who, Role::Validate);
            pallet_session::NextKeys::<Test>::insert(who, keys(who));
        }
        TestMembership::set_owner(5, owner(5));
        // 6 is another account of a validator's owner, 7 is nobody's.
        TestMembership::set_owner(6, owner(1));
        advance_sessions(1, &[]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4, 5]);
        assert_eq!(authors(), [1, 2, 3, 4, 5]);
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
        // The least there may be: a second one stays, and an event says so.
        TestMembership::permit(4, Role::Validate);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
    });
    run(&[1, 2, 3, 4, 5, 6, 7], || {
        TestMembership::forbid(2, Role::Validate);
        TestMembership::forbid(6, Role::Validate);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 3, 4, 5, 7]);
        // One of five at most: who asked to leave goes later.
        TestMembership::forbid(1, Role::Validate);
        assert_ok!(Pov::leave(RuntimeOrigin::signed(7)));
        advance_sessions(1, &[]);
        assert_eq!(held(), [7]);
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), [3, 4, 5, 7]);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [3, 4, 5]);
    });
}

/// A friend who left and came back took the one place among those who may leave each time.
#[test]
fn nobody_keeps_a_vote_because_a_friend_asks_to_leave() {
    run(&[1, 2, 3, 4], || {
        assert_ok!(Pov::leave(RuntimeOrigin::signed(3)));
        TestMembership::forbid(4, Role::Validate);
        advance_sessions(1, &[]);
        assert_eq!(held(), [3]);
        advance_sessions(1, &[]);
        // Three are the minimum: the friend waits.
        assert_eq!(Session::validators(), [1, 2, 3]);
        assert_eq!(held(), [3]);
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
        end_block();
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
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
        end_block();
        next_block(CurrentSchedule::<Test>::get().unwrap().since.unwrap());
        advance_sessions(6, &[]);
        assert_eq!(Session::validators(), [1, 2, 4]);
        assert!(Session::load_keys(&3).is_some());
    });
}

#[test]
fn two_absent_validators_are_not_removed_and_come_back() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(3, &[3, 4]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        advance_sessions(2, &[]);
        let schedule = CurrentSchedule::<Test>::get().unwrap();
        assert!(schedule.authors.iter().all(|author| author.reduced.is_none()));
    });
}

#[test]
fn proofs_of_past_sessions_are_kept_as_long_as_offences_can_be_reported() {
    use pallet_session::historical::HistoricalSessions;
    run(&[1, 2, 3, 4], || {
        advance_sessions(10, &[]);
        let kept: Vec<_> =
            (0..=11).filter(|s| HistoricalSessions::<Test>::contains_key(s)).collect();
        assert_eq!(kept, (3..=11).collect::<Vec<_>>());
    });
}
