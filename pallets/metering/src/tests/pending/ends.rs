//! How changes end without taking effect: withdrawn, refused, expired.

use super::*;

#[test]
fn who_filed_a_change_withdraws_it_and_nobody_else_does() {
    run(|| {
        let id = filed(INSTALLER, END);
        assert_ok!(confirm(BEN, id));
        for by in [BEN, SECOND_INSTALLER, CARRIER] {
            let refused = Error::<Test>::NotFiledByCaller;
            assert_noop!(Metering::withdraw_change(signed(by), id), refused);
        }
        assert_ok!(Metering::withdraw_change(signed(INSTALLER), id));
        assert_eq!(events().last(), Some(&Event::ChangeWithdrawn { change: id }));
        assert_noop!(confirm(SECOND_INSTALLER, id), Error::<Test>::UnknownChange);
        let unknown = Error::<Test>::UnknownChange;
        assert_noop!(Metering::withdraw_change(signed(INSTALLER), id), unknown);
        assert_eq!(latest(BENS).until, None);
    });
}

#[test]
fn who_confirmed_takes_it_back_and_nobody_else_does() {
    run(|| {
        TestMembership::set_owner(CARRIER, owner(BEN));
        let id = filed(INSTALLER, handover());
        let back = |by| Metering::withdraw_confirmation(signed(by), id);
        for by in [BEN, CLARA, SECOND_INSTALLER, INSTALLER, ANNA] {
            assert_noop!(back(by), Error::<Test>::NotConfirmedByCaller);
        }
        for (by, party) in [(BEN, Party::Owner), (CLARA, Party::NewOwner)] {
            assert_ok!(confirm(by, id));
            assert_ok!(back(by));
            let withdrawn = Event::ConfirmationWithdrawn { change: id, party };
            assert_eq!(events().last(), Some(&withdrawn));
            assert_noop!(back(by), Error::<Test>::NotConfirmedByCaller);
        }
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert_noop!(back(THIRD_INSTALLER), Error::<Test>::NotConfirmedByCaller);
        assert_ok!(back(SECOND_INSTALLER));
        // Any account of an owner takes its owner's word back.
        assert_ok!(confirm(BEN, id));
        assert_ok!(back(CARRIER));
        for by in [BEN, CLARA, THIRD_INSTALLER] {
            assert_ok!(confirm(by, id));
        }
        assert!(took_effect(id));
        assert_noop!(back(BEN), Error::<Test>::UnknownChange);
    });
}

#[test]
fn a_decommissioning_is_not_withdrawn_by_who_neither_filed_nor_confirmed_it() {
    run(|| {
        let id = filed(INSTALLER, END);
        assert_ok!(confirm(SECOND_INSTALLER, id));
        for by in [BEN, CLARA, THIRD_INSTALLER] {
            let not_filed = Error::<Test>::NotFiledByCaller;
            assert_noop!(Metering::withdraw_change(signed(by), id), not_filed);
            let not_confirmed = Error::<Test>::NotConfirmedByCaller;
            assert_noop!(Metering::withdraw_confirmation(signed(by), id), not_confirmed);
        }
        // Nor can its owner refuse it.
        assert_noop!(Metering::refuse_change(signed(BEN), id), Error::<Test>::CannotBeRefused);
        assert!(is_pending(id));
    });
}

#[test]
fn an_owner_refuses_what_does_not_lower_its_meter() {
    for change in [registration(BEN, "new"), rotation("fresh"), handover()] {
        run(|| {
            let id = filed(INSTALLER, change);
            assert_ok!(confirm(SECOND_INSTALLER, id));
            assert_noop!(Metering::refuse_change(signed(ANNA), id), Error::<Test>::NotConcerned);
            let by_installer = Metering::refuse_change(signed(SECOND_INSTALLER), id);
            assert_eq!(by_installer, Err(Error::<Test>::NotConcerned.into()));
            assert_ok!(Metering::refuse_change(signed(BEN), id));
            assert_eq!(events().last(), Some(&Event::ChangeRefused { change: id, by: BEN }));
            assert_eq!(at_stake(INSTALLER), 0);
            // There is nothing that the council could stand for.
            sleep_on_it();
            assert_noop!(stand_in(id, Party::Owner), Error::<Test>::UnknownChange);
        });
    }
    run(|| {
        // Nor is what a meter can read raised in one direction against its owner's will.
        let mixed = Change::Rate { meter: BENS, ratings: rating(1, RATING.0 + 1) };
        let id = filed(INSTALLER, mixed);
        assert_ok!(Metering::refuse_change(signed(BEN), id));
        let id = filed(INSTALLER, handover());
        assert_ok!(Metering::refuse_change(signed(CLARA), id));
        let id = filed(INSTALLER, downwards());
        assert_noop!(Metering::refuse_change(signed(BEN), id), Error::<Test>::CannotBeRefused);
    });
}

#[test]
fn a_change_expires_after_a_week_and_anyone_clears_it() {
    run(|| {
        let id = filed(INSTALLER, rotation("fresh"));
        assert_ok!(confirm(BEN, id));
        Now::set(pending(id).filed_at + LIFETIME * SLOT_LENGTH - 1);
        let clear = || Metering::clear_change(signed(CARRIER), id);
        assert_noop!(clear(), Error::<Test>::NotExpired);
        Now::mutate(|now| *now += 1);
        assert_noop!(confirm(SECOND_INSTALLER, id), Error::<Test>::Expired);
        assert_noop!(stand_in(id, Party::SecondInstaller), Error::<Test>::Expired);
        assert_noop!(Metering::clear_change(RuntimeOrigin::none(), id), BadOrigin);
        assert_ok!(clear());
        assert_eq!(events().last(), Some(&Event::ChangeExpired { change: id }));
        assert_eq!(at_stake(INSTALLER), 0);
        assert_noop!(clear(), Error::<Test>::UnknownChange);
        assert_eq!(latest(BENS).key, sr_key("bens"));
    });
}
