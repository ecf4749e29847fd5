//! An owner has one seat, by whichever of its accounts.

use super::*;

#[test]
fn an_owner_has_one_seat() {
    run(&[1, 2, 3, 4, 5], || {
        TestMembership::set_owner(4, owner(2));
        // Nor does another account of its own wait for the seat to be free.
        another_account(9, 2);
        advance_sessions(1, &[]);
        let reduced = |who| {
            let authors = CurrentSchedule::<Test>::get().unwrap().authors;
            authors.iter().find(|author| author.who == who).and_then(|author| author.reduced)
        };
        assert_eq!((reduced(2), reduced(4)), (None, Some(Reduction::SameOwner)));
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 5]);
    });
}

/// Makes `who` another account of the owner of `first` that waits for a seat.
fn another_account(who: AccountId, first: AccountId) {
    candidate(who);
    TestMembership::set_owner(who, owner(first));
}

/// It did, and in the same change of the set.
#[test]
fn whoever_is_removed_does_not_come_back_by_another_account_of_its_owner() {
    let ways: [fn(); 2] = [
        || assert_eq!(report(2, 1), Ok(())),
        || assert_eq!(Pov::remove(RuntimeOrigin::root(), 2), Ok(())),
    ];
    for remove in ways {
        run(&[1, 2, 3, 4], || {
            another_account(9, 2);
            advance_sessions(1, &[]);
            advance(1, &[]);
            remove();
            after_the_repair();
            advance_sessions(5, &[]);
            assert_eq!(Session::validators(), [1, 3, 4]);
            assert_eq!(authors(), [1, 3, 4]);
            // The owner may have a seat again, and still only one.
            assert_ok!(Pov::readmit(RuntimeOrigin::root(), 2));
            advance_sessions(3, &[]);
            assert_eq!(Session::validators(), [1, 2, 3, 4]);
        });
    }
}

#[test]
fn an_owner_with_two_accounts_removed_waits_until_both_are_readmitted() {
    run(&[1, 2, 3, 4], || {
        another_account(9, 2);
        assert_ok!(Pov::remove(RuntimeOrigin::root(), 9));
        // The seat is the owner's: with the account that waited, it loses the one that it had.
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 3, 4]);
        assert_ok!(report(2, 1));
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), 9));
        advance_sessions(3, &[]);
        assert_eq!(Session::validators(), [1, 3, 4]);
        assert_ok!(Pov::readmit(RuntimeOrigin::root(), 2));
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
    });
}

/// Whoever changes accounts by leaving, and votes twice before it is out.
#[test]
fn a_removal_takes_the_seat_that_another_account_of_the_owner_has_got() {
    run(&[1, 2, 3, 4, 5], || {
        another_account(9, 2);
        assert_ok!(Pov::leave(RuntimeOrigin::signed(2)));
        advance_sessions(1, &[]);
        let queued: Vec<_> = Session::queued_keys().into_iter().map(|(who, _)| who).collect();
        assert_eq!(queued, [1, 3, 4, 5, 9]);
        advance(1, &[]);
        assert_ok!(report(2, 1));
        after_the_repair();
        advance_sessions(1, &[]);
        assert_eq!(Session::validators(), [1, 3, 4, 5, 9]);
        let schedule = CurrentSchedule::<Test>::get().unwrap();
        let author = schedule.authors.iter().find(|author| author.who == 9).unwrap();
        assert_eq!(author.reduced, Some(Reduction::SameOwner));
        advance_sessions(1, &[]);
        // It is gone from the schedule before the set, and has left nevertheless.
        assert_eq!((Session::load_keys(&2), Leaving::<Test>::get(2)), (None, None));
        assert_eq!(Session::validators(), [1, 3, 4, 5]);
        advance_sessions(2, &[]);
        assert_eq!(Session::validators(), [1, 3, 4, 5]);
    });
}

/// What try-runtime finds if somebody joins who may not.
#[test]
fn a_removed_owner_in_the_queued_set_is_found() {
    run(&[1, 2, 3, 4], || {
        another_account(9, 7);
        let joined = [1, 2, 3, 4, 9].map(|who| (who, keys(who))).to_vec();
        let before = pallet_session::QueuedKeys::<Test>::get();
        pallet_session::QueuedKeys::<Test>::put(&joined);
        Probation::<Test>::insert(9, 0);
        assert_eq!(Pov::do_try_state(), Ok(()));
        TestMembership::set_owner(9, owner(2));
        assert!(Pov::do_try_state().is_err(), "two of one owner");
        TestMembership::set_owner(9, owner(7));
        let removal = Removal { reason: RemovalReason::Decided, session: 0, effective: true };
        Removals::<Test>::insert(8, removal);
        TestMembership::set_owner(8, owner(7));
        assert!(Pov::do_try_state().is_err(), "not by its owner");
        RemovedOf::<Test>::insert(owner(7), 8, ());
        assert_eq!(Pov::do_try_state(), Ok(()), "removed after the set was planned");
        pallet_session::CurrentIndex::<Test>::put(1);
        assert!(Pov::do_try_state().is_err(), "removed before");
        pallet_session::CurrentIndex::<Test>::put(0);
        pallet_session::QueuedKeys::<Test>::put(before);
        Probation::<Test>::remove(9);
    });
}
