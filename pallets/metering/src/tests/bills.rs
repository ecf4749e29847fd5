//! How bills that were not published are judged, and what flowed where nobody spoke.

use super::*;
use crate::HOUSEHOLD;
use qedex_primitives::{Bill, BillAudit, BillError, Calendar, Flow};

fn bill(readings: Vec<SignedReading>) -> Bill {
    readings.try_into().unwrap()
}

fn audit(account: AccountId, readings: Vec<SignedReading>) -> Result<Wh, BillError> {
    <Metering as BillAudit<AccountId>>::audit(&account, SLOT, &bill(readings))
}

#[test]
fn a_bill_proves_generation_less_own_demand_of_each_connection() {
    run(|| {
        let one = reading(FIRST, SLOT, 900, 100);
        let two = reading(SECOND, SLOT, 0, 300);
        assert_eq!(audit(ANNA, vec![one.clone(), two.clone()]), Ok(Wh(800)));
        assert_eq!(audit(ANNA, vec![two, one]), Ok(Wh(800)), "in any order");
        assert_eq!(audit(BEN, vec![reading(BENS, SLOT, 1, 9)]), Ok(Wh::ZERO));
    });
}

#[test]
fn a_bill_has_one_reading_of_each_connection_and_no_other() {
    run(|| {
        let one = reading(FIRST, SLOT, 900, 100);
        let bens = reading(BENS, SLOT, 900, 100);
        for readings in [
            vec![],
            vec![one.clone()],
            vec![one.clone(), one.clone()],
            vec![one.clone(), bens.clone()],
            vec![one, reading(SECOND, SLOT, 0, 300), bens.clone()],
        ] {
            assert_eq!(audit(ANNA, readings), Err(BillError::WrongMeters));
        }
        assert_eq!(audit(CLARA, vec![]), Err(BillError::WrongMeters));
        assert_eq!(audit(CLARA, vec![bens]), Err(BillError::WrongMeters));
    });
}

#[test]
fn each_fault_of_a_bill_is_named() {
    run(|| {
        assert_eq!(audit(BEN, vec![reading(BENS, SLOT.next(), 1, 0)]), Err(BillError::WrongSlot));
        assert_eq!(
            audit(BEN, vec![reading(BENS, SLOT, RATING.0 + 1, 0)]),
            Err(BillError::OverCapacity)
        );
        assert_eq!(
            audit(BEN, vec![signed_by("first", BENS, SLOT, 1)]),
            Err(BillError::BadSignature)
        );
        let mut altered = reading(BENS, SLOT, 1, 1);
        altered.payload.consumed = Wh(0);
        assert_eq!(audit(BEN, vec![altered]), Err(BillError::BadSignature));
    });
}

#[test]
fn a_bill_is_judged_by_the_owner_and_key_of_its_slot() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        finalise(SLOT);
        assert_eq!(audit(BEN, vec![signed_by("bens", BENS, SLOT, 700)]), Ok(Wh(700)));
        assert_eq!(
            audit(BEN, vec![signed_by("fresh", BENS, SLOT, 700)]),
            Err(BillError::BadSignature)
        );
    });
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        begin(later(SLOT, 10));
        assert_eq!(audit(BEN, vec![reading(BENS, SLOT, 700, 0)]), Ok(Wh(700)));
        assert_eq!(audit(CLARA, vec![reading(BENS, SLOT, 700, 0)]), Err(BillError::WrongMeters));
    });
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        begin(later(SLOT, 10));
        assert_eq!(audit(BEN, vec![reading(BENS, SLOT, 700, 0)]), Ok(Wh(700)));
    });
}

#[test]
fn what_the_chain_has_read_outweighs_a_bill() {
    run(|| {
        submit(reading(FIRST, SLOT, 100, 0));
        // The meter contradicts itself.
        let bill = vec![reading(FIRST, SLOT, 900, 0), reading(SECOND, SLOT, 0, 0)];
        assert_eq!(audit(ANNA, bill), Ok(Wh(100)));
    });
}

#[test]
fn a_connection_of_a_bill_without_a_good_signature_delivers_nothing() {
    run(|| {
        let one = reading(FIRST, SLOT, 900, 100);
        let bad = || signed_by("first", SECOND, SLOT, 500);
        assert_eq!(audit(ANNA, vec![one.clone(), bad()]), Ok(Wh(800)));
        // Every connection is named all the same, and nothing more than it can let out.
        assert_eq!(audit(ANNA, vec![one.clone()]), Err(BillError::WrongMeters));
        assert_eq!(
            audit(ANNA, vec![one, signed_by("first", BENS, SLOT, 500)]),
            Err(BillError::WrongMeters)
        );
        // A bill that proves nothing at all is none.
        let nothing = vec![signed_by("bens", FIRST, SLOT, 900), bad()];
        assert_eq!(audit(ANNA, nothing), Err(BillError::BadSignature));
        // What the chain has read counts, whatever the bill says.
        submit(reading(SECOND, SLOT, 70, 0));
        assert_eq!(audit(ANNA, vec![reading(FIRST, SLOT, 900, 100), bad()]), Ok(Wh(870)));
    });
}

#[test]
fn an_audit_costs_as_much_as_the_largest_bill() {
    use crate::WeightInfo;
    assert_eq!(<Metering as BillAudit<AccountId>>::audit_weight(), <() as WeightInfo>::audit(8));
}

#[test]
fn silence_counts_as_nothing_generated_and_what_can_enter_consumed() {
    run(|| {
        let flow =
            |generated, consumed| Some(Flow { generated: Wh(generated), consumed: Wh(consumed) });
        begin(SlotIndex(SLOT.0 - 6));
        assert_ok!(rate(SECOND, 10, RATING.0));
        open_window(SLOT);
        assert_eq!(Metering::known_flow(&ANNA, SLOT), flow(0, 2 * RATING.0));
        submit(reading(FIRST, SLOT, 900, 100));
        assert_eq!(Metering::known_flow(&ANNA, SLOT), flow(900, 100 + RATING.0));
        submit(reading(SECOND, SLOT, 5, 300));
        assert_eq!(Metering::known_flow(&ANNA, SLOT), flow(905, 400));
    });
}

#[test]
fn silence_counts_as_what_a_household_can_draw_at_least() {
    run(|| {
        // 11.04 kW for a quarter of an hour.
        assert_eq!(HOUSEHOLD.0, 3 * 16 * 230 / 4);
        begin(SlotIndex(SLOT.0 - 6));
        assert_ok!(rate(BENS, RATING.0, 1));
        open_window(SLOT);
        assert_eq!(Metering::known_flow(&BEN, SLOT).unwrap().consumed, HOUSEHOLD);
        assert_eq!(Metering::demand(SLOT), None, "demand is made of readings alone");
        submit(reading(BENS, SLOT, 0, 1));
        assert_eq!(Metering::known_flow(&BEN, SLOT).unwrap().consumed, Wh(1));
        assert_eq!(Metering::demand(SLOT), Some(Wh(1)));
    });
}

#[test]
fn without_an_active_connection_nothing_is_known_to_have_flowed() {
    run(|| {
        assert_eq!(Metering::known_flow(&CLARA, SLOT), None);
        begin(SLOT);
        assert_ok!(decommission(BENS));
        open_window(later(SLOT, 5));
        assert!(Metering::known_flow(&BEN, later(SLOT, 4)).is_some());
        assert_eq!(Metering::known_flow(&BEN, later(SLOT, 5)), None);
    });
}

#[test]
fn nothing_is_known_of_what_has_not_been_read_yet_or_is_not_kept() {
    run(|| {
        let known = |slot| Metering::known_flow(&BEN, slot).is_some();
        let opens = TestCalendar::schedule(SLOT).commitments_until;
        Now::set(opens - 1);
        assert!(!known(SLOT));
        Now::set(opens);
        assert!(known(SLOT));
        assert!(!known(SLOT.next()));
        assert!(!known(SlotIndex(u64::MAX)));
        submit(reading(BENS, SLOT, 700, 0));
        begin(later(SLOT, RETENTION));
        assert!(known(SLOT));
        begin(later(SLOT, RETENTION + 1));
        assert!(!known(SLOT));
        assert!(!known(SlotIndex(0)));
    });
}
