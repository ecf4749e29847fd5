//! What installers say beside what a meter signed.

use super::*;
use crate::{Correction, Corrections, MAX_CORRECTIONS, MAX_RATING, OldestKept, Readings};
use qedex_primitives::{BillAudit, EnergyFlow, Flow};

fn read_bens(generated: u64, consumed: u64) {
    submit(reading(BENS, SLOT, generated, consumed));
}

fn flow(generated: u64, consumed: u64) -> Flow {
    Flow { generated: Wh(generated), consumed: Wh(consumed) }
}

fn person(account: AccountId) -> crate::Person<AccountId> {
    crate::Person { account, owner: owner(account) }
}

#[test]
fn a_correction_changes_nothing_that_settles_scores_or_sums_up() {
    run(|| {
        read_bens(700, 100);
        let bill = vec![reading(BENS, SLOT, 700, 100)].try_into().unwrap();
        let known = || {
            (
                Readings::<Test>::get(SLOT, BENS),
                delivered(BEN, SLOT),
                Metering::totals_of(&BEN, SLOT),
                crate::SlotTotals::<Test>::get(SLOT),
                <Metering as EnergyFlow<AccountId>>::flow(&BEN, SLOT),
                <Metering as BillAudit<AccountId>>::audit(&BEN, SLOT, &bill),
                Metering::demand(SLOT),
            )
        };
        let before = known();
        for (n, (generated, consumed)) in [(0, 5_000), (5_000, 0)].into_iter().enumerate() {
            let by = [SECOND_INSTALLER, THIRD_INSTALLER][n];
            assert_ok!(record(by, BENS, generated, consumed));
            assert_eq!(known(), before);
        }
        freeze(SLOT);
        assert_ok!(record(INSTALLER, BENS, 1, 1));
        assert_eq!(known(), before);
    });
}

#[test]
fn all_corrections_are_shown_beside_what_was_signed() {
    run(|| {
        read_bens(700, 100);
        let at = Now::get();
        assert_ok!(record(SECOND_INSTALLER, BENS, 600, 100));
        assert_eq!(
            events().last(),
            Some(&Event::CorrectionRecorded {
                meter: BENS,
                slot: SLOT,
                installer: SECOND_INSTALLER,
                signed: Some(flow(700, 100)),
                flow: flow(600, 100),
            })
        );
        finalise(SLOT);
        assert_ok!(record(INSTALLER, BENS, 800, 100));
        let [told] = Metering::readings_of(BENS, SlotIndex(0), SLOT.next()).try_into().unwrap();
        assert_eq!(told.flow, Some(flow(700, 100)));
        let said = |flow, by, at| Correction { flow, by: person(by), at };
        assert_eq!(
            told.corrections,
            [
                said(flow(600, 100), SECOND_INSTALLER, at),
                said(flow(800, 100), INSTALLER, Now::get()),
            ]
        );
    });
}

#[test]
fn what_was_never_published_is_corrected_all_the_same() {
    run(|| {
        // Who commits to a bill publishes nothing.
        assert_ok!(record(SECOND_INSTALLER, BENS, 0, 100));
        let [told] = Metering::readings_of(BENS, SlotIndex(0), SLOT.next()).try_into().unwrap();
        assert_eq!((told.flow, told.corrections.len()), (None, 1));
        // It makes no reading, and takes nobody's place.
        assert_eq!(delivered(BEN, SLOT), None);
        read_bens(700, 100);
        assert_eq!(delivered(BEN, SLOT), Some(Wh(600)));
    });
}

#[test]
fn a_slot_is_corrected_as_long_as_it_is_kept_and_not_before_it_is_delivered() {
    run(|| {
        read_bens(700, 100);
        begin(SLOT);
        assert_noop!(record(SECOND_INSTALLER, BENS, 1, 1), Error::<Test>::SlotNotKept);
        begin(SLOT.next());
        assert_ok!(record(SECOND_INSTALLER, BENS, 1, 1));
        begin(later(SLOT, RETENTION));
        assert_ok!(record(THIRD_INSTALLER, BENS, 1, 1));
        begin(later(SLOT, RETENTION + 1));
        assert_noop!(record(INSTALLER, BENS, 1, 1), Error::<Test>::SlotNotKept);
        // What waits for its settlement is kept for longer, unless its removal may have begun.
        OldestKept::<Test>::put(SlotIndex(SLOT.0 - 1));
        assert_ok!(record(INSTALLER, BENS, 1, 1));
    });
}

#[test]
fn an_owner_s_installers_correct_a_reading_once() {
    run(|| {
        read_bens(700, 100);
        assert_ok!(record(SECOND_INSTALLER, BENS, 600, 100));
        let again = || Error::<Test>::AlreadyRecorded;
        assert_noop!(record(SECOND_INSTALLER, BENS, 500, 100), again());
        TestMembership::set_owner(THIRD_INSTALLER, owner(SECOND_INSTALLER));
        assert_noop!(record(THIRD_INSTALLER, BENS, 500, 100), again());
    });
}

#[test]
fn so_many_corrections_of_a_reading_are_kept() {
    run(|| {
        read_bens(700, 100);
        for by in 100..100 + u64::from(MAX_CORRECTIONS) {
            TestMembership::permit(by, Role::InstallMeters);
            TestMembership::set_owner(by, owner(by));
            assert_ok!(record(by, BENS, by, 0));
        }
        let full = Error::<Test>::TooManyCorrections;
        assert_noop!(record(SECOND_INSTALLER, BENS, 1, 1), full);
        assert_eq!(Corrections::<Test>::get(SLOT, BENS).len() as u32, MAX_CORRECTIONS);
    });
}

#[test]
fn an_installer_of_the_owner_corrects_nothing_whatever_becomes_of_the_meter() {
    run(|| {
        begin(SlotIndex(SLOT.0 - 6));
        assert_ok!(transfer(BENS, CLARA));
        for account in [BEN, CLARA, CARRIER] {
            TestMembership::permit(account, Role::InstallMeters);
        }
        TestMembership::set_owner(CARRIER, owner(CLARA));
        open_window(SLOT);
        read_bens(700, 100);
        for by in [CLARA, CARRIER] {
            assert_noop!(record(by, BENS, 600, 100), Error::<Test>::NotIndependent);
        }
        // Who had it before has nothing to do with the slot.
        assert_ok!(record(BEN, BENS, 600, 100));
        TestMembership::forget_owner(THIRD_INSTALLER);
        assert_noop!(record(THIRD_INSTALLER, BENS, 1, 1), Error::<Test>::UnknownOwner);
    });
}

#[test]
fn each_fault_of_a_correction_is_named() {
    run(|| {
        read_bens(700, 100);
        assert_noop!(record(CARRIER, BENS, 600, 100), Error::<Test>::NotAnInstaller);
        assert_noop!(record(SECOND_INSTALLER, MeterId(9), 0, 0), Error::<Test>::UnknownMeter);
        assert_noop!(record(SECOND_INSTALLER, BENS, 700, 100), Error::<Test>::NothingToCorrect);
        for (generated, consumed) in [(MAX_RATING.0 + 1, 0), (0, u64::MAX)] {
            assert_noop!(
                record(SECOND_INSTALLER, BENS, generated, consumed),
                Error::<Test>::OverRating
            );
        }
        // More flowed than the meter was rated for, says the installer.
        assert_ok!(record(SECOND_INSTALLER, BENS, RATING.0 + 1, 0));
        assert_noop!(
            Metering::record_correction(RuntimeOrigin::root(), BENS, SLOT, Wh(0), Wh(0)),
            sp_runtime::DispatchError::BadOrigin
        );
    });
}

#[test]
fn a_meter_is_corrected_for_slots_of_its_service_alone() {
    run(|| {
        begin(SLOT);
        assert_ok!(register(CLARA, "new"));
        assert_ok!(decommission(BENS));
        begin(later(SLOT, 7));
        assert_noop!(record(SECOND_INSTALLER, MeterId(3), 1, 1), Error::<Test>::MeterNotActive);
        let late = later(SLOT, 5);
        assert_noop!(
            Metering::record_correction(signed(SECOND_INSTALLER), BENS, late, Wh(1), Wh(1)),
            Error::<Test>::Decommissioned
        );
    });
}
