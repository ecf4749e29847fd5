//! How readings are judged, one by one and in batches.

use super::*;
use crate::{OwnerTotals, ReadingBatch, Readings, SlotTotals, Totals};
use frame_support::{BoundedVec, dispatch::Pays};
use qedex_primitives::{Calendar, Flow, MeterSignature, ReadingPayload};
use sp_core::{H256, Pair, sr25519};

fn submit_batch(readings: Vec<SignedReading>) {
    let readings = BoundedVec::try_from(readings).unwrap();
    assert_ok!(Metering::submit_readings(signed(CARRIER), readings));
}

fn accepted(index: u32, meter: MeterId, generated: u64, consumed: u64) -> Event<Test> {
    Event::ReadingAccepted {
        index,
        meter,
        slot: SLOT,
        generated: Wh(generated),
        consumed: Wh(consumed),
    }
}

/// The totals of so many readings.
fn totals(generated: u64, consumed: u64, surplus: u64, readings: u32) -> Option<Totals> {
    let [generated, consumed, surplus] = [generated, consumed, surplus].map(Wh);
    Some(Totals { generated, consumed, surplus, readings })
}

#[test]
fn a_good_reading_counts_whoever_carries_it() {
    run(|| {
        submit(reading(FIRST, SLOT, 800, 300));
        assert_eq!(
            Readings::<Test>::get(SLOT, FIRST),
            Some(Flow { generated: Wh(800), consumed: Wh(300) })
        );
        assert_eq!(OwnerTotals::<Test>::get(SLOT, owner(ANNA)), totals(800, 300, 500, 1));
        assert_eq!(SlotTotals::<Test>::get(SLOT), totals(800, 300, 500, 1));
        assert_eq!(OwnerTotals::<Test>::get(SLOT, owner(ANNA)), totals(800, 300, 500, 1));
        assert_eq!(OwnerTotals::<Test>::get(SLOT, owner(CARRIER)), None);
        assert_eq!(events(), [accepted(0, FIRST, 800, 300)]);
    });
}

#[test]
fn somebody_must_pay_for_it() {
    run(|| {
        assert_noop!(
            Metering::submit_reading(RuntimeOrigin::none(), reading(FIRST, SLOT, 800, 300)),
            sp_runtime::DispatchError::BadOrigin
        );
        assert_noop!(
            Metering::submit_readings(RuntimeOrigin::none(), BoundedVec::default()),
            sp_runtime::DispatchError::BadOrigin
        );
    });
}

#[test]
fn both_kinds_of_keys_are_understood() {
    run(|| {
        submit(reading(FIRST, SLOT, 1, 2));
        submit(reading(SECOND, SLOT, 3, 4));
        assert_eq!(OwnerTotals::<Test>::get(SLOT, owner(ANNA)), totals(4, 6, 0, 2));
    });
}

#[test]
fn a_signature_is_good_for_one_slot() {
    run(|| {
        let mut replayed = reading(FIRST, SlotIndex(SLOT.0 - 1), 800, 300);
        replayed.payload.slot = SLOT;
        refused(replayed, Error::BadSignature);
    });
}

#[test]
fn a_signature_is_good_for_one_meter() {
    run(|| {
        let mut replayed = reading(BENS, SLOT, 800, 300);
        replayed.payload.meter = FIRST;
        refused(replayed, Error::BadSignature);
    });
}

#[test]
fn a_signature_is_good_for_one_chain() {
    run(|| {
        let payload = payload(FIRST, SLOT, 800, 300);
        for genesis in [H256::zero(), H256::repeat_byte(8)] {
            let signature = sign_as("first", &payload, genesis);
            refused(SignedReading { payload, signature }, Error::BadSignature);
        }
    });
}

#[test]
fn a_signature_is_good_for_one_purpose() {
    run(|| {
        let payload = payload(FIRST, SLOT, 800, 300);
        let bare = codec::Encode::encode(&(GENESIS, payload));
        let signature = MeterSignature::Sr25519(sr_pair("first").sign(&bare));
        refused(SignedReading { payload, signature }, Error::BadSignature);
    });
}

#[test]
fn a_signature_covers_both_values() {
    run(|| {
        let forge = |change: fn(&mut ReadingPayload)| {
            let mut forged = reading(FIRST, SLOT, 800, 300);
            change(&mut forged.payload);
            refused(forged, Error::BadSignature);
        };
        forge(|payload| payload.generated = Wh(801));
        forge(|payload| payload.consumed = Wh(299));
    });
}

#[test]
fn a_signature_of_another_kind_is_bad() {
    run(|| {
        let payload = payload(SECOND, SLOT, 800, 300);
        let signature = sign_as("second", &payload, GENESIS);
        refused(SignedReading { payload, signature }, Error::BadSignature);
        let signature = MeterSignature::Sr25519(sr25519::Signature::default());
        refused(SignedReading { payload, signature }, Error::BadSignature);
    });
}

#[test]
fn a_reading_is_taken_inside_the_window_only() {
    run(|| {
        let schedule = TestCalendar::schedule(SLOT);
        for now in [
            0,
            schedule.delivery_starts,
            schedule.delivery_ends,
            schedule.commitments_until - 1,
            schedule.readings_until,
            schedule.final_at,
            u64::MAX,
        ] {
            Now::set(now);
            refused(reading(FIRST, SLOT, 800, 300), Error::NotInReadingWindow);
        }
        Now::set(schedule.commitments_until);
        submit(reading(FIRST, SLOT, 800, 300));
        Now::set(schedule.readings_until - 1);
        submit(reading(SECOND, SLOT, 800, 300));
    });
}

#[test]
fn a_slot_at_the_end_of_time_takes_no_reading() {
    run(|| {
        refused(reading(FIRST, SlotIndex(u64::MAX), 1, 1), Error::NotInReadingWindow);
    });
}

#[test]
fn a_reading_of_an_unknown_meter_is_refused() {
    run(|| refused(reading(MeterId(9), SLOT, 1, 1), Error::UnknownMeter));
}

#[test]
fn a_meter_reads_no_slot_before_it_was_active() {
    run(|| {
        begin(SLOT);
        assert_ok!(register(CLARA, "new"));
        let of_new = |slot| {
            let payload = payload(MeterId(3), slot, 1, 1);
            let signature = sign_as("new", &payload, GENESIS);
            SignedReading { payload, signature }
        };
        let first = later(SLOT, 5);
        for early in [SLOT, later(SLOT, 4)] {
            open_window(early);
            refused(of_new(early), Error::MeterNotActive);
        }
        open_window(first);
        submit(of_new(first));
    });
}

#[test]
fn a_value_up_to_the_rating_counts_and_no_larger_one() {
    run(|| {
        let most = RATING.0;
        refused(reading(FIRST, SLOT, most + 1, 0), Error::OverRating);
        refused(reading(FIRST, SLOT, 0, most + 1), Error::OverRating);
        refused(reading(FIRST, SLOT, u64::MAX, u64::MAX), Error::OverRating);
        submit(reading(FIRST, SLOT, most, most));
    });
}

#[test]
fn one_reading_per_meter_and_slot() {
    run(|| {
        submit(reading(FIRST, SLOT, 800, 300));
        refused(reading(FIRST, SLOT, 800, 300), Error::AlreadyRead);
        // A meter that contradicts itself is not believed the second time.
        refused(reading(FIRST, SLOT, 900, 0), Error::AlreadyRead);
        submit(reading(FIRST, SlotIndex(SLOT.0 - 1), 900, 0));
    });
}

#[test]
fn cheap_checks_come_before_the_signature() {
    run(|| {
        let forged = |meter, slot, generated| SignedReading {
            payload: payload(meter, slot, generated, 0),
            signature: MeterSignature::Sr25519(sr25519::Signature::default()),
        };
        submit(reading(BENS, SLOT, 1, 1));
        refused(forged(MeterId(9), SLOT, 0), Error::UnknownMeter);
        refused(forged(FIRST, SlotIndex(0), 0), Error::NotInReadingWindow);
        refused(forged(FIRST, SLOT, RATING.0 + 1), Error::OverRating);
        refused(forged(BENS, SLOT, 0), Error::AlreadyRead);
        refused(forged(FIRST, SLOT, 0), Error::BadSignature);
    });
}

#[test]
fn a_bad_element_of_a_batch_does_not_spoil_the_others() {
    run(|| {
        let mut forged = reading(SECOND, SLOT, 500, 0);
        forged.payload.generated = Wh(501);
        submit_batch(vec![reading(FIRST, SLOT, 800, 300), forged, reading(BENS, SLOT, 0, 700)]);
        assert_eq!(SlotTotals::<Test>::get(SLOT), totals(800, 1_000, 500, 2));
        assert_eq!(
            events(),
            [
                accepted(0, FIRST, 800, 300),
                Event::ReadingRefused {
                    index: 1,
                    meter: SECOND,
                    slot: SLOT,
                    error: ReadingError::BadSignature
                },
                accepted(2, BENS, 0, 700),
                Event::BatchProcessed { accepted: 2, refused: 1 },
            ]
        );
    });
}

#[test]
fn a_batch_names_the_reason_of_every_refusal() {
    run(|| {
        submit_batch(vec![
            reading(MeterId(9), SLOT, 1, 1),
            reading(FIRST, SlotIndex(SLOT.0 + 1), 1, 1),
            reading(FIRST, SLOT, RATING.0 + 1, 1),
        ]);
        let reasons: Vec<_> = events()
            .into_iter()
            .filter_map(|event| match event {
                Event::ReadingRefused { index, error, .. } => Some((index, error)),
                _ => None,
            })
            .collect();
        assert_eq!(
            reasons,
            [
                (0, ReadingError::UnknownMeter),
                (1, ReadingError::NotInReadingWindow),
                (2, ReadingError::OverRating),
            ]
        );
        assert_eq!(SlotTotals::<Test>::get(SLOT), None);
    });
}

#[test]
fn a_duplicate_in_a_batch_counts_once() {
    run(|| {
        let twice = reading(FIRST, SLOT, 800, 300);
        submit_batch(vec![twice.clone(), twice]);
        assert_eq!(OwnerTotals::<Test>::get(SLOT, owner(ANNA)), totals(800, 300, 500, 1));
        assert_eq!(events().last(), Some(&Event::BatchProcessed { accepted: 1, refused: 1 }));
    });
}

/// Whether the carrier of these pays.
fn pays(readings: Vec<SignedReading>) -> Pays {
    let readings = BoundedVec::try_from(readings).unwrap();
    Metering::submit_readings(signed(CARRIER), readings).expect("each is judged alone").pays_fee
}

/// Who sees a batch on its way sends one of its readings alone a moment earlier: its carrier paid for all.
#[test]
fn one_reading_that_was_brought_before_makes_no_carrier_pay() {
    let [first, second, bens] =
        [(FIRST, 800), (SECOND, 500), (BENS, 0)].map(|(meter, wh)| reading(meter, SLOT, wh, 300));
    run(|| {
        submit(first.clone());
        assert_eq!(pays(vec![first.clone(), second.clone(), bens.clone()]), Pays::No);
        let last = events().pop();
        assert_eq!(last, Some(Event::BatchProcessed { accepted: 2, refused: 1 }));
    });
    run(|| {
        submit(bens.clone());
        assert_eq!(pays(vec![first.clone(), bens.clone()]), Pays::No, "as many as are new");
    });
}

/// Else one new reading would carry any number of old ones for nothing, and fill blocks with them.
#[test]
fn more_old_readings_than_new_ones_or_other_values_pay() {
    let [first, second, bens] =
        [(FIRST, 800), (SECOND, 500), (BENS, 0)].map(|(meter, wh)| reading(meter, SLOT, wh, 300));
    run(|| {
        submit(first.clone());
        assert_eq!(pays(vec![first.clone()]), Pays::Yes, "nothing is new");
        assert_eq!(pays(vec![first.clone(), first.clone(), second.clone()]), Pays::Yes);
        let other = reading(FIRST, SLOT, 801, 300);
        assert_eq!(pays(vec![other, bens.clone()]), Pays::Yes, "it says something else");
    });
    run(|| {
        let forged = signed_by("thief's", BENS, SLOT, 0);
        assert_eq!(pays(vec![first.clone(), second.clone(), forged]), Pays::Yes);
        assert_eq!(pays(vec![]), Pays::Yes);
    });
}

#[test]
fn a_batch_is_bounded_and_may_be_empty() {
    run(|| {
        submit_batch(vec![]);
        let element = reading(FIRST, SLOT, 1, 1);
        assert!(ReadingBatch::<Test>::try_from(vec![element.clone(); 1_024]).is_ok());
        assert!(ReadingBatch::<Test>::try_from(vec![element; 1_025]).is_err());
    });
}
