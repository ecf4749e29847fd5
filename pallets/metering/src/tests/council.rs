//! For whom the council stands, and when.

use super::*;

fn rotation(name: &str) -> Change<AccountId> {
    Change::RotateKey { meter: BENS, key: sr_key(name) }
}

fn handover() -> Change<AccountId> {
    Change::Transfer { meter: BENS, account: CLARA }
}

const END: Change<AccountId> = Change::Decommission { meter: BENS };

fn downwards() -> Change<AccountId> {
    Change::Rate { meter: BENS, ratings: rating(100, RATING.0) }
}

#[test]
fn the_council_stands_for_the_second_installer() {
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, rotation("fresh"));
        assert_ok!(stand_in(id, Party::SecondInstaller));
        let confirmed =
            Event::ChangeConfirmed { change: id, party: Party::SecondInstaller, by: None };
        assert_eq!(events().last(), Some(&confirmed));
        assert_noop!(confirm(SECOND_INSTALLER, id), Error::<Test>::AlreadyConfirmed);
        assert_ok!(confirm(BEN, id));
        assert_eq!(latest(BENS).second, None);
        assert_eq!(latest(BENS).key, sr_key("fresh"));
    });
}

#[test]
fn the_council_stands_for_an_owner_when_its_day_is_over_and_not_before() {
    for (change, party) in
        [(registration(BEN, "new"), Party::Owner), (rotation("fresh"), Party::Owner)]
    {
        run(|| {
            let id = filed(INSTALLER, change);
            assert_ok!(confirm(SECOND_INSTALLER, id));
            let early = || Error::<Test>::OwnerMayStillAnswer;
            assert_noop!(stand_in(id, party), early());
            Now::mutate(|now| *now += A_DAY * SLOT_LENGTH - 1);
            assert_noop!(stand_in(id, party), early());
            Now::mutate(|now| *now += 1);
            assert_ok!(stand_in(id, party));
            assert!(took_effect(id));
        });
    }
    run(|| {
        // Of a transfer for one of the owners.
        let id = filed(INSTALLER, handover());
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert_noop!(stand_in(id, Party::NewOwner), Error::<Test>::OwnerMayStillAnswer);
        sleep_on_it();
        assert_ok!(stand_in(id, Party::Owner));
        assert_noop!(stand_in(id, Party::NewOwner), Error::<Test>::CouncilStandsAlready);
        assert_ok!(confirm(CLARA, id));
        assert_eq!(latest(BENS).account, CLARA);
    });
}

#[test]
fn the_council_stands_for_one_alone() {
    run(|| {
        let id = filed(INSTALLER, rotation("fresh"));
        assert_ok!(stand_in(id, Party::SecondInstaller));
        sleep_on_it();
        let already = || Error::<Test>::CouncilStandsAlready;
        assert_noop!(stand_in(id, Party::Owner), already());
        // It may take its word back, and stand for the other one.
        assert_noop!(
            Metering::withdraw_confirmation(signed(BEN), id),
            Error::<Test>::NotConfirmedByCaller
        );
        assert_ok!(Metering::withdraw_confirmation(RuntimeOrigin::root(), id));
        assert_noop!(
            Metering::withdraw_confirmation(RuntimeOrigin::root(), id),
            Error::<Test>::NotConfirmedByCaller
        );
        assert_ok!(stand_in(id, Party::Owner));
        assert_noop!(stand_in(id, Party::SecondInstaller), already());
        assert!(!took_effect(id));
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert!(took_effect(id));
    });
}

#[test]
fn the_council_stands_for_nobody_who_is_not_asked() {
    run(|| {
        let id = filed(INSTALLER, rotation("fresh"));
        sleep_on_it();
        assert_noop!(stand_in(id, Party::NewOwner), Error::<Test>::AlreadyConfirmed);
        assert_ok!(confirm(BEN, id));
        assert_noop!(stand_in(id, Party::Owner), Error::<Test>::AlreadyConfirmed);
    });
}

#[test]
fn what_lowers_a_meter_needs_no_day_and_two_installers_besides_the_council() {
    for change in [downwards(), END] {
        run(|| {
            begin(SLOT);
            let id = filed(INSTALLER, change);
            assert_ok!(stand_in(id, Party::Owner));
            assert!(!took_effect(id));
            assert_ok!(confirm(SECOND_INSTALLER, id));
            assert!(took_effect(id));
        });
    }
}

#[test]
fn what_lowered_a_meter_when_the_council_stood_for_its_owner_does_so_still() {
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, downwards());
        assert_ok!(stand_in(id, Party::Owner));
        // The owner agrees to less still, after which it would be more again.
        assert_ok!(rate(BENS, 50, RATING.0));
        assert_noop!(confirm(SECOND_INSTALLER, id), Error::<Test>::OwnerMayStillAnswer);
        sleep_on_it();
        assert_ok!(confirm(SECOND_INSTALLER, id));
    });
}
