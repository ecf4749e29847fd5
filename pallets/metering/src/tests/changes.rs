//! How meters change keys and hands, and leave.

use super::*;
use crate::{Assignment, MeterByKey, Meters, MetersOf};
use qedex_primitives::Windows;

/// The first slot whose gate is closed still while `SLOT` is delivered.
const UNOPENED: SlotIndex = SlotIndex(SLOT.0 + 5);

#[test]
fn a_new_key_signs_from_the_next_slot_on_and_the_old_one_until_then() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        let meter = Meters::<Test>::get(BENS).unwrap();
        assert_eq!(meter.current.key, sr_key("fresh"));
        assert_eq!(meter.current.from, SLOT.next());
        assert_eq!(meter.current.owner, BEN);
        let previous = meter.previous.unwrap();
        assert_eq!(previous.key, sr_key("bens"));
        assert_eq!(previous.until, Some(SLOT.next()));
        assert_eq!(
            events(),
            [Event::KeyRotated {
                meter: BENS,
                key: sr_key("fresh"),
                installer: INSTALLER,
                from: SLOT.next(),
            }]
        );

        open_window(SLOT);
        refused(signed_by("fresh", BENS, SLOT, 1), Error::BadSignature);
        submit(signed_by("bens", BENS, SLOT, 1));
        open_window(SLOT.next());
        refused(signed_by("bens", BENS, SLOT.next(), 1), Error::BadSignature);
        submit(signed_by("fresh", BENS, SLOT.next(), 1));
        assert_eq!(delivered(BEN, SLOT), Some(Wh(1)));
        assert_eq!(delivered(BEN, SLOT.next()), Some(Wh(1)));
    });
}

#[test]
fn a_key_may_be_of_the_other_kind() {
    run(|| {
        begin(SLOT);
        assert_ok!(Metering::rotate_key(signed(INSTALLER), BENS, ed_key("fresh")));
        assert_eq!(MeterByKey::<Test>::get(ed_key("fresh")), Some(BENS));
    });
}

#[test]
fn a_rotated_out_key_is_not_used_again() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        finalise(SLOT);
        assert_noop!(rotate(BENS, "bens"), Error::<Test>::KeyTaken);
        assert_noop!(rotate(FIRST, "bens"), Error::<Test>::KeyTaken);
        assert_noop!(
            Metering::register_meter(signed(INSTALLER), CLARA, sr_key("bens"), CAPACITY),
            Error::<Test>::KeyTaken
        );
        assert_eq!(MeterByKey::<Test>::get(sr_key("bens")), Some(BENS));
    });
}

#[test]
fn a_transfer_waits_for_the_first_slot_whose_gate_has_not_opened() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        assert_eq!(
            events(),
            [Event::MeterTransferred {
                meter: BENS,
                old_owner: BEN,
                new_owner: CLARA,
                installer: INSTALLER,
                from: UNOPENED,
            }]
        );
        for (slot, owner, other) in [
            (SLOT, BEN, CLARA),
            (SlotIndex(UNOPENED.0 - 1), BEN, CLARA),
            (UNOPENED, CLARA, BEN),
            (UNOPENED.next(), CLARA, BEN),
        ] {
            open_window(slot);
            submit(reading(BENS, slot, 700, 0));
            assert_eq!(delivered(owner, slot), Some(Wh(700)), "{slot:?}");
            assert_eq!(delivered(other, slot), None, "{slot:?}");
        }
    });
}

#[test]
fn wider_gates_postpone_a_transfer() {
    run(|| {
        TestWindows::set(Windows { gate_opens: 10, ..Windows::default() });
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        let meter = Meters::<Test>::get(BENS).unwrap();
        assert_eq!(meter.current.from, later(SLOT, 11));
    });
}

#[test]
fn the_meters_of_both_owners_are_known_while_it_matters() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        assert_eq!(Metering::meters_of(&BEN), [BENS], "until it has passed on");
        assert_eq!(Metering::meters_of(&CLARA), [BENS]);
        begin(UNOPENED);
        assert_eq!(Metering::meters_of(&BEN), []);
        // The former meter stays on the list for the bills of its slots.
        assert_eq!(MetersOf::<Test>::get(BEN).into_inner(), [BENS]);
        finalise(UNOPENED);
        assert_ok!(transfer(BENS, ANNA));
        assert!(!MetersOf::<Test>::contains_key(BEN), "and leaves afterwards");
        assert_eq!(MetersOf::<Test>::get(CLARA).into_inner(), [BENS]);
    });
}

#[test]
fn a_meter_may_return_to_its_owner() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        finalise(UNOPENED);
        assert_ok!(transfer(BENS, BEN));
        assert_eq!(MetersOf::<Test>::get(BEN).into_inner(), [BENS]);
        assert_eq!(Metering::meters_of(&CLARA), [BENS]);
    });
}

#[test]
fn a_decommissioned_meter_reads_no_slot_from_then_on() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        assert_eq!(
            events(),
            [Event::MeterDecommissioned { meter: BENS, installer: INSTALLER, from: UNOPENED }]
        );
        let last = SlotIndex(UNOPENED.0 - 1);
        open_window(last);
        submit(reading(BENS, last, 700, 0));
        assert_eq!(delivered(BEN, last), Some(Wh(700)));
        open_window(UNOPENED);
        refused(reading(BENS, UNOPENED, 700, 0), Error::Decommissioned);
        assert_eq!(delivered(BEN, UNOPENED), None);
        assert_eq!(Metering::meters_of(&BEN), []);
    });
}

#[test]
fn the_other_meters_of_an_account_speak_for_it_after_a_decommissioning() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(SECOND));
        open_window(UNOPENED);
        submit(reading(FIRST, UNOPENED, 700, 0));
        assert_eq!(delivered(ANNA, UNOPENED), Some(Wh(700)));
    });
}

#[test]
fn a_decommissioned_meter_stays_so() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        finalise(later(UNOPENED, 20));
        assert_noop!(decommission(BENS), Error::<Test>::Decommissioned);
        assert_noop!(transfer(BENS, CLARA), Error::<Test>::Decommissioned);
        assert_noop!(rotate(BENS, "fresh"), Error::<Test>::Decommissioned);
    });
}

#[test]
fn another_change_waits_until_the_previous_assignment_is_final() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        finalise(SLOT);
        Now::mutate(|now| *now -= 1);
        for change in [rotate(BENS, "fresher"), transfer(BENS, CLARA), decommission(BENS)] {
            assert_eq!(change, Err(Error::<Test>::PreviousAssignmentNotFinal.into()));
        }
        finalise(SLOT);
        assert_ok!(rotate(BENS, "fresher"));
        let meter = Meters::<Test>::get(BENS).unwrap();
        assert_eq!(meter.previous.unwrap().key, sr_key("fresh"));
    });
}

#[test]
fn an_assignment_lasts_for_one_slot_at_least() {
    run(|| {
        begin(SLOT);
        assert_ok!(Metering::register_meter(signed(INSTALLER), CLARA, sr_key("new"), CAPACITY));
        let new = MeterId(3);
        assert_ok!(rotate(new, "newer"));
        let meter = Meters::<Test>::get(new).unwrap();
        let slots = |assignment: Assignment<AccountId>| (assignment.from, assignment.until);
        assert_eq!(slots(meter.previous.unwrap()), (later(SLOT, 5), Some(later(SLOT, 6))));
        assert_eq!(slots(meter.current), (later(SLOT, 6), None));
    });
}

#[test]
fn only_an_installer_changes_a_meter() {
    run(|| {
        begin(SLOT);
        let not_an_installer = || Error::<Test>::NotAnInstaller;
        assert_noop!(Metering::rotate_key(signed(BEN), BENS, sr_key("fresh")), not_an_installer());
        assert_noop!(Metering::transfer_meter(signed(BEN), BENS, CLARA), not_an_installer());
        assert_noop!(Metering::decommission_meter(signed(BEN), BENS), not_an_installer());
        assert_noop!(
            Metering::decommission_meter(RuntimeOrigin::root(), BENS),
            sp_runtime::DispatchError::BadOrigin
        );
    });
}

#[test]
fn an_installer_changes_no_meter_of_its_own() {
    run(|| {
        begin(SLOT);
        TestMembership::permit(BEN, Role::InstallMeters);
        let not_independent = || Error::<Test>::NotIndependent;
        assert_noop!(Metering::rotate_key(signed(BEN), BENS, sr_key("fresh")), not_independent());
        assert_noop!(Metering::transfer_meter(signed(BEN), BENS, CLARA), not_independent());
        assert_noop!(Metering::decommission_meter(signed(BEN), BENS), not_independent());
        // Nor does it take one over, under whichever of its names.
        assert_noop!(Metering::transfer_meter(signed(BEN), FIRST, BEN), not_independent());
        TestMembership::set_owner(CLARA, owner(BEN));
        assert_noop!(Metering::transfer_meter(signed(BEN), FIRST, CLARA), not_independent());
    });
}

#[test]
fn the_meter_of_who_has_left_is_passed_on_or_retired_and_not_rekeyed() {
    run(|| {
        begin(SLOT);
        TestMembership::forget_owner(BEN);
        let not_independent = || Error::<Test>::NotIndependent;
        assert_noop!(rotate(BENS, "fresh"), not_independent());
        assert_ok!(transfer(BENS, CLARA));
        TestMembership::forget_owner(ANNA);
        TestMembership::forget_owner(CLARA);
        assert_noop!(transfer(FIRST, CLARA), not_independent());
        assert_ok!(decommission(FIRST));
    });
}

#[test]
fn a_change_names_a_meter_that_exists_and_another_owner() {
    run(|| {
        begin(SLOT);
        let unknown = || Error::<Test>::UnknownMeter;
        assert_noop!(rotate(MeterId(9), "fresh"), unknown());
        assert_noop!(transfer(MeterId(9), CLARA), unknown());
        assert_noop!(decommission(MeterId(9)), unknown());
        assert_noop!(transfer(BENS, BEN), Error::<Test>::SameOwner);
    });
}

#[test]
fn former_meters_count_among_an_accounts_until_their_last_slot_is_final() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, ANNA));
        // Anna has three now, which is all that she can have.
        assert_ok!(decommission(SECOND));
        let full = || Error::<Test>::TooManyMeters;
        let register =
            || Metering::register_meter(signed(INSTALLER), ANNA, sr_key("new"), CAPACITY);
        assert_noop!(register(), full());
        let last = SlotIndex(UNOPENED.0 - 1);
        finalise(last);
        Now::mutate(|now| *now -= 1);
        assert_noop!(register(), full());
        finalise(last);
        assert_ok!(register());
        assert_eq!(MetersOf::<Test>::get(ANNA).into_inner(), [FIRST, BENS, MeterId(3)]);
    });
}

#[test]
fn a_transfer_needs_room_at_the_new_owner() {
    run(|| {
        begin(SLOT);
        assert_ok!(Metering::register_meter(signed(INSTALLER), ANNA, sr_key("new"), CAPACITY));
        assert_noop!(transfer(BENS, ANNA), Error::<Test>::TooManyMeters);
    });
}

#[test]
fn an_assignment_is_kept_until_the_trades_of_its_slots_are_settled() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        finalise(later(SLOT, 20));
        Oldest::set(Some(SLOT));
        assert_noop!(rotate(BENS, "fresher"), Error::<Test>::PreviousAssignmentNotFinal);
        assert_noop!(transfer(BENS, CLARA), Error::<Test>::PreviousAssignmentNotFinal);
        assert_noop!(decommission(BENS), Error::<Test>::PreviousAssignmentNotFinal);
        // What is unsettled of later slots does not need it.
        Oldest::set(Some(SLOT.next()));
        assert_ok!(rotate(BENS, "fresher"));
    });
}
