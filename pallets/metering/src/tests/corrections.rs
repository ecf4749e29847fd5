//! How a second installer corrects what a meter said.

use super::*;
use crate::{AccountTotals, Correction, Corrections, FrozenTotals, Readings, SlotTotals};
use qedex_primitives::{BillAudit, EnergyFlow, Flow};

fn read_bens(generated: u64, consumed: u64) {
    submit(reading(BENS, SLOT, generated, consumed));
}

fn stored() -> (u64, u64) {
    let reading = Readings::<Test>::get(SLOT, BENS).unwrap();
    (reading.generated.0, reading.consumed.0)
}

#[test]
fn before_the_freeze_a_correction_goes_in_either_direction_and_counts() {
    run(|| {
        read_bens(700, 100);
        submit(reading(FIRST, SLOT, 500, 0));
        assert_ok!(correct(SECOND_INSTALLER, BENS, 900, 50));
        assert_eq!(stored(), (900, 50));
        assert_eq!(delivered(BEN, SLOT), Some(Wh(850)));
        let totals = AccountTotals::<Test>::get(SLOT, BEN).unwrap();
        assert_eq!((totals.generated, totals.readings), (Wh(900), 1));
        let totals = SlotTotals::<Test>::get(SLOT).unwrap();
        assert_eq!((totals.generated, totals.readings), (Wh(1_400), 2));
        assert_ok!(Metering::correct_reading(signed(SECOND_INSTALLER), FIRST, SLOT, Wh(0), Wh(0)));
        assert_eq!(SlotTotals::<Test>::get(SLOT).unwrap().generated, Wh(900));
        assert_eq!(FrozenTotals::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_correction_is_visible_as_such() {
    run(|| {
        read_bens(700, 100);
        assert_ok!(correct(SECOND_INSTALLER, BENS, 600, 100));
        let reading = |generated| Flow { generated: Wh(generated), consumed: Wh(100) };
        assert_eq!(
            Corrections::<Test>::get(SLOT, BENS),
            Some(Correction {
                original: reading(700),
                installer: SECOND_INSTALLER,
                after_freeze: false,
            })
        );
        assert_eq!(
            events().last(),
            Some(&Event::ReadingCorrected {
                meter: BENS,
                slot: SLOT,
                installer: SECOND_INSTALLER,
                before: reading(700),
                after: reading(600),
                after_freeze: false,
            })
        );
        let [told] = Metering::readings_of(BENS, SlotIndex(0), SLOT.next()).try_into().unwrap();
        assert_eq!(told.flow, reading(600));
        assert_eq!(told.original, Some(reading(700)));
    });
}

#[test]
fn after_the_freeze_nothing_is_raised() {
    run(|| {
        read_bens(700, 100);
        freeze(SLOT);
        for (generated, consumed) in [(701, 100), (700, 99), (701, 900), (600, 99)] {
            assert_noop!(
                correct(SECOND_INSTALLER, BENS, generated, consumed),
                Error::<Test>::RaisesFrozenSlot
            );
        }
        assert_ok!(correct(SECOND_INSTALLER, BENS, 600, 200));
        assert_eq!(stored(), (600, 200));
    });
}

#[test]
fn after_the_freeze_a_correction_changes_the_record_and_no_settlement() {
    run(|| {
        read_bens(700, 100);
        let bill = vec![reading(BENS, SLOT, 700, 100)].try_into().unwrap();
        freeze(SLOT);
        assert_ok!(correct(SECOND_INSTALLER, BENS, 300, 200));
        assert!(Corrections::<Test>::get(SLOT, BENS).unwrap().after_freeze);
        assert_eq!(AccountTotals::<Test>::get(SLOT, BEN).unwrap().surplus(), Wh(100));
        assert_eq!(
            Metering::known_flow(&BEN, SLOT),
            Some(Flow { generated: Wh(300), consumed: Wh(200) })
        );
        assert_eq!(
            <Metering as EnergyFlow<AccountId>>::flow(&BEN, SLOT),
            Metering::known_flow(&BEN, SLOT)
        );
        // Trades whose page of the settlement comes later are settled by the freeze all the same.
        assert_eq!(delivered(BEN, SLOT), Some(Wh(600)));
        assert_eq!(<Metering as BillAudit<AccountId>>::audit(&BEN, SLOT, &bill), Ok(Wh(600)));
        assert_eq!(Metering::demand(SLOT), Some(Wh(100)));
    });
}

#[test]
fn a_correction_before_the_freeze_outweighs_a_bill() {
    run(|| {
        read_bens(700, 100);
        let bill = vec![reading(BENS, SLOT, 700, 100)].try_into().unwrap();
        assert_ok!(correct(SECOND_INSTALLER, BENS, 300, 100));
        assert_eq!(<Metering as BillAudit<AccountId>>::audit(&BEN, SLOT, &bill), Ok(Wh(200)));
    });
}

#[test]
fn corrections_end_when_the_slot_is_final() {
    run(|| {
        read_bens(700, 100);
        finalise(SLOT);
        assert_noop!(correct(SECOND_INSTALLER, BENS, 600, 100), Error::<Test>::CorrectionsClosed);
        Now::mutate(|now| *now -= 1);
        assert_ok!(correct(SECOND_INSTALLER, BENS, 600, 100));
    });
}

#[test]
fn a_reading_is_corrected_once() {
    run(|| {
        read_bens(700, 100);
        assert_ok!(correct(SECOND_INSTALLER, BENS, 600, 100));
        assert_noop!(correct(SECOND_INSTALLER, BENS, 500, 100), Error::<Test>::AlreadyCorrected);
    });
}

#[test]
fn a_correction_makes_no_reading() {
    run(|| {
        assert_noop!(correct(SECOND_INSTALLER, BENS, 0, 0), Error::<Test>::NoReading);
        assert_noop!(correct(SECOND_INSTALLER, MeterId(9), 0, 0), Error::<Test>::UnknownMeter);
        // And a corrected one leaves no room for another of the meter.
        read_bens(700, 100);
        assert_ok!(correct(SECOND_INSTALLER, BENS, 0, 0));
        refused(reading(BENS, SLOT, 700, 100), Error::AlreadyRead);
    });
}

#[test]
fn a_correction_changes_something_and_stays_within_the_capacity() {
    run(|| {
        read_bens(700, 100);
        assert_noop!(correct(SECOND_INSTALLER, BENS, 700, 100), Error::<Test>::NothingToCorrect);
        for (generated, consumed) in [(CAPACITY.0 + 1, 0), (0, CAPACITY.0 + 1)] {
            assert_noop!(
                correct(SECOND_INSTALLER, BENS, generated, consumed),
                Error::<Test>::OverCapacity
            );
        }
    });
}

#[test]
fn only_a_second_installer_corrects() {
    run(|| {
        read_bens(700, 100);
        assert_noop!(correct(CARRIER, BENS, 600, 100), Error::<Test>::NotAnInstaller);
        assert_noop!(correct(INSTALLER, BENS, 600, 100), Error::<Test>::NotIndependent);
        assert_noop!(
            Metering::correct_reading(RuntimeOrigin::root(), BENS, SLOT, Wh(0), Wh(0)),
            sp_runtime::DispatchError::BadOrigin
        );
    });
}

#[test]
fn who_rotated_the_key_does_not_correct_what_it_signed() {
    run(|| {
        begin(SlotIndex(SLOT.0 - 1));
        assert_ok!(Metering::rotate_key(signed(SECOND_INSTALLER), BENS, sr_key("fresh")));
        open_window(SLOT);
        submit(signed_by("fresh", BENS, SLOT, 700));
        assert_noop!(correct(SECOND_INSTALLER, BENS, 600, 0), Error::<Test>::NotIndependent);
        // Nor does the one who registered the meter.
        assert_noop!(correct(INSTALLER, BENS, 600, 0), Error::<Test>::NotIndependent);
    });
}

#[test]
fn independence_is_shown_not_assumed() {
    run(|| {
        read_bens(700, 100);
        TestMembership::forget_owner(BEN);
        assert_noop!(correct(SECOND_INSTALLER, BENS, 600, 100), Error::<Test>::NotIndependent);
        TestMembership::set_owner(BEN, owner(BEN));
        TestMembership::forget_owner(SECOND_INSTALLER);
        assert_noop!(correct(SECOND_INSTALLER, BENS, 600, 100), Error::<Test>::NotIndependent);
    });
}
