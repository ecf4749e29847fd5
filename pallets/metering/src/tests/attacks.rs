//! What somebody might try, and what stops it.

use super::*;
use crate::OwnerTotals;
use frame_support::BoundedVec;
use qedex_primitives::{BillAudit, BillError, Calendar, Windows};
use sp_core::H256;

fn audit(account: AccountId, slot: SlotIndex, reading: SignedReading) -> Result<Wh, BillError> {
    let bill = vec![reading].try_into().unwrap();
    <Metering as BillAudit<AccountId>>::audit(&account, slot, &bill)
}

#[test]
fn a_signature_replayed_on_another_slot_is_refused() {
    run(|| {
        let mut replayed = reading(BENS, SLOT, 700, 0);
        submit(replayed.clone());
        for slot in [SlotIndex(SLOT.0 - 1), SLOT.next()] {
            open_window(slot);
            replayed.payload.slot = slot;
            refused(replayed.clone(), Error::BadSignature);
            assert_eq!(audit(BEN, slot, replayed.clone()), Err(BillError::BadSignature));
        }
    });
}

#[test]
fn a_signature_replayed_on_another_meter_is_refused() {
    run(|| {
        let mut replayed = reading(BENS, SLOT, 700, 0);
        for meter in [FIRST, SECOND] {
            replayed.payload.meter = meter;
            refused(replayed.clone(), Error::BadSignature);
        }
        // Not even on one with the same key, such as cannot be registered: the number is signed.
        let set_key = |key| {
            Meters::<Test>::mutate(FIRST, |m| m.as_mut().unwrap().assignments[0].key = key);
        };
        replayed.payload.meter = FIRST;
        set_key(sr_key("bens"));
        refused(replayed.clone(), Error::BadSignature);
        submit(signed_by("bens", FIRST, SLOT, 700));
        set_key(sr_key("first"));
    });
}

#[test]
fn a_signature_replayed_on_another_chain_is_refused() {
    run(|| {
        let payload = payload(BENS, SLOT, 700, 0);
        let signature = sign_as("bens", &payload, H256::repeat_byte(8));
        let replayed = SignedReading { payload, signature };
        refused(replayed.clone(), Error::BadSignature);
        assert_eq!(audit(BEN, SLOT, replayed), Err(BillError::BadSignature));
    });
}

#[test]
fn a_decommissioned_meter_delivers_nothing() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        let slot = later(SLOT, 5);
        open_window(slot);
        let dead = reading(BENS, slot, 700, 0);
        refused(dead.clone(), Error::Decommissioned);
        assert_eq!(audit(BEN, slot, dead), Err(BillError::WrongMeters));
        assert_eq!(delivered(BEN, slot), None);
    });
}

#[test]
fn a_batch_filled_with_one_duplicate_counts_once() {
    run(|| {
        let batch = vec![reading(BENS, SLOT, 700, 100); 1_024];
        assert_ok!(Metering::submit_readings(
            signed(CARRIER),
            BoundedVec::try_from(batch).unwrap()
        ));
        let totals = OwnerTotals::<Test>::get(SLOT, owner(BEN)).unwrap();
        assert_eq!((totals.generated, totals.readings), (Wh(700), 1));
        let said = events();
        assert_eq!(said.last(), Some(&Event::BatchProcessed { accepted: 1, refused: 1_023 }));
        // Every element is told by its place.
        let places: Vec<_> = said
            .iter()
            .filter_map(|event| match event {
                Event::ReadingAccepted { index, .. } => Some((*index, true)),
                Event::ReadingRefused { index, error, .. } => {
                    assert_eq!(*error, ReadingError::AlreadyRead);
                    Some((*index, false))
                }
                _ => None,
            })
            .collect();
        let expected: Vec<_> = (0..1_024).map(|index| (index, index == 0)).collect();
        assert_eq!(places, expected);
    });
}

#[test]
fn no_reading_comes_before_the_commitment_window_ends() {
    run(|| {
        let schedule = TestCalendar::schedule(SLOT);
        for now in [
            schedule.gate_opens,
            schedule.delivery_starts,
            schedule.delivery_ends,
            schedule.commitments_until - 1,
        ] {
            Now::set(now);
            refused(reading(BENS, SLOT, 700, 0), Error::NotInReadingWindow);
        }
        // However long sellers may commit.
        TestWindows::set(Windows { commitments_until: 4, ..Windows::default() });
        Now::set(schedule.commitments_until);
        refused(reading(BENS, SLOT, 700, 0), Error::NotInReadingWindow);
    });
}

#[test]
fn an_installer_seals_a_meter_of_its_own_before_its_owner_is_known() {
    run(|| {
        // Clara is the installer under another name, and nothing says so yet.
        TestMembership::forget_owner(CLARA);
        let new = registration(CLARA, "new");
        let handed_over = Change::Transfer { meter: BENS, account: CLARA };
        for change in [new.clone(), handed_over.clone()] {
            assert_noop!(propose(INSTALLER, change), Error::<Test>::UnknownOwner);
        }
        TestMembership::set_owner(CLARA, owner(INSTALLER));
        for change in [new, handed_over] {
            assert_noop!(propose(INSTALLER, change), Error::<Test>::NotIndependent);
        }
    });
}

#[test]
fn a_meter_that_never_reads_is_put_on_who_has_sold_already() {
    run(|| {
        // Ben has sold in the slots whose gates are open. A meter that stays silent would make
        // what he delivers unknown, and his deposit lost.
        begin(SLOT);
        assert_ok!(register(BEN, "mute"));
        let sold = later(SLOT, 4);
        open_window(sold);
        submit(reading(BENS, sold, 700, 0));
        assert_eq!(delivered(BEN, sold), Some(Wh(700)));
    });
}

#[test]
fn a_key_with_which_everybody_signs_is_no_meter_s() {
    use qedex_primitives::MeterKey;
    use sp_core::{ed25519, sr25519};
    let hex =
        |text: &str| -> [u8; 32] { sp_core::bytes::from_hex(text).unwrap().try_into().unwrap() };
    // The points whose order divides eight, of which two more differ in the sign alone.
    let weak = [
        MeterKey::Sr25519(sr25519::Public::from_raw([0; 32])),
        MeterKey::Ed25519(ed25519::Public::from_raw([0; 32])),
        MeterKey::Ed25519(ed25519::Public::from_raw(hex(
            "0x0100000000000000000000000000000000000000000000000000000000000000",
        ))),
        MeterKey::Ed25519(ed25519::Public::from_raw(hex(
            "0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ))),
        MeterKey::Ed25519(ed25519::Public::from_raw(hex(
            "0xc7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ))),
        MeterKey::Ed25519(ed25519::Public::from_raw(hex(
            "0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        ))),
    ];
    run(|| {
        begin(SLOT);
        for key in weak {
            let kind = MeterKind::Connection(connection("new"));
            let new = Change::Register { account: CLARA, key, kind, ratings: RATINGS };
            for change in [new, Change::RotateKey { meter: BENS, key }] {
                assert_noop!(propose(INSTALLER, change), Error::<Test>::WeakKey);
            }
        }
        for (meter, key) in [(BENS, sr_key("sound")), (FIRST, ed_key("sound"))] {
            assert_ok!(agree(Change::RotateKey { meter, key }));
        }
    });
}

#[test]
fn a_rotated_out_key_signs_no_later_slot() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        let slot = later(SLOT, 5);
        open_window(slot);
        let stale = signed_by("bens", BENS, slot, 700);
        refused(stale.clone(), Error::BadSignature);
        assert_eq!(audit(BEN, slot, stale), Err(BillError::BadSignature));
    });
}

#[test]
fn an_old_owner_claims_nothing_after_a_transfer() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        let slot = later(SLOT, 5);
        open_window(slot);
        let good = reading(BENS, slot, 700, 0);
        assert_eq!(audit(BEN, slot, good.clone()), Err(BillError::WrongMeters));
        submit(good);
        assert_eq!(delivered(BEN, slot), None);
        assert_eq!(Metering::known_flow(&BEN, slot), None);
        assert_eq!(delivered(CLARA, slot), Some(Wh(700)));
    });
}

#[test]
fn an_owner_dodges_no_open_slot_by_a_transfer() {
    run(|| {
        // Ben has sold what he will deliver in this slot, whose gate is open.
        let sold = later(SLOT, 4);
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        open_window(sold);
        submit(reading(BENS, sold, 50, 0));
        assert_eq!(delivered(BEN, sold), Some(Wh(50)), "it is still his");
        assert_eq!(delivered(CLARA, sold), None);
    });
}

#[test]
fn a_consuming_meter_leaves_no_open_slot() {
    run(|| {
        let sold = later(SLOT, 4);
        begin(SLOT);
        assert_ok!(decommission(SECOND));
        open_window(sold);
        submit(reading(FIRST, sold, 700, 0));
        assert_eq!(delivered(ANNA, sold), None, "its silence does not pay");
        submit(reading(SECOND, sold, 0, 400));
        // What one connection consumes, another one does not deliver less for.
        assert_eq!(delivered(ANNA, sold), Some(Wh(700)));
    });
}

#[test]
fn the_energy_of_a_slot_is_one_account_s() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        for n in 0..10 {
            let slot = later(SLOT, n);
            open_window(slot);
            submit(reading(BENS, slot, 700, 0));
            let sum: u64 =
                [BEN, CLARA].iter().filter_map(|who| delivered(*who, slot)).map(|wh| wh.0).sum();
            assert_eq!(sum, 700, "{slot:?}");
        }
    });
}
