//! Who joins, when it gets a vote, and how whoever never comes up leaves again.

use super::support::*;
use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, traits::Convert};

fn set_probation(sessions: u32) {
    CurrentRules::<Test>::mutate(|rules| rules.probation = sessions);
}

#[test]
fn nobody_joins_whom_the_council_has_not_admitted() {
    run(&[1, 2, 3, 4], || {
        let may_register = <ValidatorOf<Test> as Convert<_, _>>::convert;
        assert_eq!((may_register(5), may_register(1)), (None, Some(1)));
        for who in 5..=7 {
            candidate(who);
        }
        assert_ok!(Pov::withdraw_admission(RuntimeOrigin::root(), 7));
        // 6 is another account of a validator's owner.
        TestMembership::set_owner(6, owner(1));
        advance_sessions(1, &[]);
        assert_eq!(authors(), [1, 2, 3, 4]);
        advance_sessions(1, &[]);
        assert_eq!((validators(), authors()), (vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5]));
        advance_sessions(5, &[]);
        assert_eq!(validators(), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn admission_is_the_councils_and_is_refused_by_name() {
    run(&[1, 2, 3, 4], || {
        let council = RuntimeOrigin::root;
        assert_noop!(Pov::admit(RuntimeOrigin::signed(1), 9), DispatchError::BadOrigin);
        assert_noop!(Pov::admit(council(), 1), Error::<Test>::AlreadyAdmitted);
        assert_noop!(Pov::withdraw_admission(council(), 9), Error::<Test>::NotAdmitted);
        assert_noop!(Pov::withdraw_admission(council(), 1), Error::<Test>::InASet);
        let thief = RuntimeOrigin::signed(1);
        assert_noop!(Pov::withdraw_admission(thief, 9), DispatchError::BadOrigin);
        assert_ok!(Pov::admit(council(), 9));
        System::assert_last_event(Event::AccountAdmitted { who: 9 }.into());
        assert_ok!(Pov::withdraw_admission(council(), 9));
        System::assert_last_event(Event::AdmissionWithdrawn { who: 9 }.into());
        for who in 1_000..1_196 {
            assert_ok!(Pov::admit(council(), who));
        }
        assert_noop!(Pov::admit(council(), 9), Error::<Test>::TooManyAdmitted);
    });
}

#[test]
fn a_newcomer_writes_at_the_floor_and_votes_after_its_probation() {
    run(&[1, 2, 3, 4], || {
        set_probation(2);
        candidate(5);
        advance_sessions(2, &[]);
        let newcomer = || {
            let authors = CurrentSchedule::<Test>::get().unwrap().authors;
            authors.into_iter().find(|author| author.who == 5).unwrap()
        };
        assert_eq!(newcomer().reduced, Some(Reduction::Probation));
        assert_eq!((Probation::<Test>::get(5), voting()), (Some(0), vec![1, 2, 3, 4]));
        // Nothing that GRANDPA has to hear of: its set is the one of genesis.
        advance_sessions(1, &[]);
        assert_eq!(Probation::<Test>::get(5), Some(1));
        assert_eq!(pallet_grandpa::CurrentSetId::<Test>::get(), 0);
        // It has written in both sessions: its vote is planned, and comes with the next.
        advance_sessions(1, &[]);
        assert_eq!((Probation::<Test>::get(5), newcomer().reduced), (None, None));
        assert_eq!(NextVoters::<Test>::get().into_inner(), [1, 2, 3, 4, 5]);
        advance_sessions(1, &[]);
        assert_eq!(pallet_grandpa::CurrentSetId::<Test>::get(), 1);
        advance(1, &[]);
        assert_eq!(voting(), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn whoever_is_down_on_probation_does_not_get_on() {
    run(&[1, 2, 3, 4], || {
        set_probation(2);
        candidate(5);
        advance_sessions(3, &[]);
        assert_eq!(Probation::<Test>::get(5), Some(1));
        advance_sessions(1, &[5]);
        assert_eq!(Probation::<Test>::get(5), Some(1));
        advance_sessions(2, &[]);
        // Not before it writes again, and then at once.
        assert_eq!(NextVoters::<Test>::get().into_inner(), [1, 2, 3, 4, 5]);
    });
}

/// Two careless operators beside four stopped finality, and the set that would have mended it.
#[test]
fn nodes_that_never_come_up_get_no_vote_and_are_dropped() {
    run(&[1, 2, 3, 4], || {
        candidate(5);
        candidate(6);
        advance_sessions(2, &[5, 6]);
        // One at a time beside four.
        assert_eq!(validators(), [1, 2, 3, 4, 5]);
        advance_sessions(3, &[5, 6]);
        System::assert_has_event(Event::Dropped { who: 5 }.into());
        assert!(!Admitted::<Test>::contains_key(5) && Session::load_keys(&5).is_some());
        advance_sessions(1, &[5, 6]);
        assert_eq!((validators(), voting()), (vec![1, 2, 3, 4, 6], vec![1, 2, 3, 4]));
        // It stays out until it is admitted again, and then comes by the same way.
        advance_sessions(5, &[5, 6]);
        assert_eq!((validators(), voting()), (vec![1, 2, 3, 4], vec![1, 2, 3, 4]));
        assert_ok!(Pov::admit(RuntimeOrigin::root(), 5));
        advance_sessions(4, &[]);
        advance(1, &[]);
        assert_eq!(voting(), [1, 2, 3, 4, 5]);
    });
}

/// Whoever issues credentials added a majority in ten minutes.
#[test]
fn not_even_those_whom_the_council_admits_outvote_the_rest_at_once() {
    run(&[1, 2, 3, 4], || {
        for who in 11..=19 {
            candidate(who);
        }
        let mut before = 4;
        for _ in 0..12 {
            advance_sessions(1, &[]);
            advance(1, &[]);
            let now = voting().len();
            let joined = now - before;
            let needed = qedex_math::finality::threshold(now as u32) as usize;
            assert!(before >= needed, "{joined} beside {before}");
            before = now;
        }
        assert_eq!(before, 13, "each comes to its turn");
    });
}

#[test]
fn whoever_is_on_probation_leaves_at_once_whatever_the_bound() {
    run(&[1, 2, 3, 4], || {
        set_probation(9);
        candidate(5);
        advance_sessions(2, &[]);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 4));
        assert_ok!(Pov::leave(RuntimeOrigin::signed(5)));
        after_the_repair();
        advance_sessions(3, &[]);
        assert_eq!((validators(), Session::load_keys(&5)), (vec![1, 2, 3], None));
    });
}
