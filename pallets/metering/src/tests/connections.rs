//! Connections, the meters behind them, and whose they are.

use super::*;
use crate::{MeterAt, OwnerTotals, Readings, SlotTotals};
use frame_support::traits::Hooks;
use qedex_primitives::{BillAudit, BillError, EnergyFlow, Rated};

const NEW: MeterId = MeterId(3);

/// The first slot whose gate is closed still while `SLOT` is delivered.
const UNOPENED: SlotIndex = SlotIndex(SLOT.0 + 5);

#[test]
fn a_second_meter_on_a_connection_s_number_is_refused() {
    run(|| {
        begin(SLOT);
        let kind = MeterKind::Connection(connection("bens"));
        let second = |account, name| Change::Register {
            account,
            key: sr_key(name),
            kind: kind.clone(),
            ratings: RATINGS,
        };
        assert_noop!(agree(second(CLARA, "new")), Error::<Test>::ConnectionTaken);
        assert_noop!(agree(second(BEN, "new")), Error::<Test>::ConnectionTaken);
        // A meter that is replaced frees its connection from its end on.
        assert_ok!(decommission(BENS));
        assert_ok!(agree(second(BEN, "new")));
        assert_eq!(latest(BENS).until, Some(UNOPENED));
        assert_eq!(latest(NEW).from, UNOPENED);
        assert_eq!(MeterAt::<Test>::get(connection("bens")), Some(NEW));
        assert_noop!(agree(second(BEN, "newer")), Error::<Test>::ConnectionTaken);
        // Each slot is read by one of them.
        for (slot, meter, other) in
            [(SLOT, BENS, NEW), (later(SLOT, 4), BENS, NEW), (UNOPENED, NEW, BENS)]
        {
            open_window(slot);
            let by = |meter| if meter == NEW { "new" } else { "bens" };
            assert!(Metering::accept(0, &signed_by(by(other), other, slot, 700)).is_err());
            submit(signed_by(by(meter), meter, slot, 700));
            assert_eq!(delivered(BEN, slot), Some(Wh(700)), "{slot:?}");
        }
    });
}

#[test]
fn a_meter_that_is_removed_leaves_the_connection_to_its_successor() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        let kind = MeterKind::Connection(connection("bens"));
        let key = sr_key("new");
        assert_ok!(agree(Change::Register { account: BEN, key, kind, ratings: RATINGS }));
        finalise(later(UNOPENED, SCORED));
        assert_ok!(Metering::remove_meter(signed(CARRIER), BENS));
        assert_eq!(MeterAt::<Test>::get(connection("bens")), Some(NEW));
        // Without one the number is forgotten.
        assert_ok!(decommission(NEW));
        finalise(later(UNOPENED, 30));
        assert_ok!(Metering::remove_meter(signed(CARRIER), NEW));
        assert_eq!(MeterAt::<Test>::get(connection("bens")), None);
    });
}

#[test]
fn what_a_meter_behind_a_connection_says_is_recorded_and_has_no_effect() {
    run(|| {
        begin(SLOT);
        assert_ok!(agree(behind(BEN, "plant", "bens")));
        assert_ok!(agree(behind(BEN, "car", "bens")));
        assert_eq!(Metering::connections_of(&BEN), [BENS]);
        open_window(UNOPENED);
        submit(signed_by("plant", NEW, UNOPENED, 5_000));
        assert_eq!(Readings::<Test>::get(UNOPENED, NEW).unwrap().generated, Wh(5_000));
        assert_eq!(delivered(BEN, UNOPENED), None, "its word is not the connection's");
        assert_eq!(OwnerTotals::<Test>::iter().count() + SlotTotals::<Test>::iter().count(), 0);
        submit(reading(BENS, UNOPENED, 700, 0));
        // The car's meter is silent, which costs nobody anything.
        assert_eq!(delivered(BEN, UNOPENED), Some(Wh(700)));
        let flow = <Metering as EnergyFlow<AccountId>>::flow(&BEN, UNOPENED).unwrap();
        assert_eq!((flow.generated, flow.consumed), (Wh(700), Wh(0)));
        assert_eq!(SlotTotals::<Test>::get(UNOPENED).unwrap().readings, 1);
        assert_eq!(<Metering as Rated<AccountId>>::rated_out(&BEN, UNOPENED), RATING);
        let audit = |readings: Vec<SignedReading>| {
            let bill = readings.try_into().unwrap();
            <Metering as BillAudit<AccountId>>::audit(&BEN, UNOPENED, &bill)
        };
        let plant = signed_by("plant", NEW, UNOPENED, 5_000);
        assert_eq!(audit(vec![plant.clone()]), Err(BillError::WrongMeters));
        let bens = reading(BENS, UNOPENED, 700, 0);
        assert_eq!(audit(vec![bens.clone(), plant]), Err(BillError::WrongMeters));
        assert_eq!(audit(vec![bens]), Ok(Wh(700)));
    });
}

#[test]
fn a_slot_that_only_a_meter_behind_a_connection_has_read_is_forgotten_as_well() {
    run(|| {
        begin(SLOT);
        assert_ok!(agree(behind(BEN, "plant", "bens")));
        open_window(UNOPENED);
        submit(signed_by("plant", NEW, UNOPENED, 1));
        begin(later(UNOPENED, RETENTION + 1));
        Metering::on_idle(1, frame_support::weights::Weight::MAX);
        assert_eq!(Readings::<Test>::iter().count(), 0);
    });
}

#[test]
fn there_is_a_connection_behind_which_a_meter_sits() {
    run(|| {
        begin(SLOT);
        assert_noop!(agree(behind(BEN, "plant", "nowhere")), Error::<Test>::NoSuchConnection);
        assert_ok!(decommission(BENS));
        assert_noop!(agree(behind(BEN, "plant", "bens")), Error::<Test>::NoSuchConnection);
        // A tenant's may be behind the landlord's.
        assert_ok!(agree(behind(CLARA, "flat", "first")));
    });
}

#[test]
fn an_owner_with_more_connections_than_a_bill_has_readings_is_refused() {
    run(|| {
        begin(SLOT);
        // Whichever of its accounts would answer for them.
        TestMembership::set_owner(CLARA, owner(ANNA));
        assert_ok!(register(CLARA, "third"));
        let full = || Error::<Test>::TooManyConnections;
        for account in [ANNA, CLARA] {
            assert_noop!(register(account, "fourth"), full());
            assert_noop!(transfer(BENS, account), full());
        }
        // A meter behind one of them is on no bill.
        assert_ok!(agree(behind(CLARA, "plant", "third")));
    });
}

#[test]
fn what_is_told_of_an_account_is_told_of_its_owner() {
    run(|| {
        TestMembership::set_owner(CLARA, owner(ANNA));
        submit(reading(FIRST, SLOT, 900, 100));
        submit(reading(SECOND, SLOT, 0, 300));
        assert_eq!(delivered(CLARA, SLOT), Some(Wh(800)));
        assert_eq!(Metering::known_flow(&CLARA, SLOT), Metering::known_flow(&ANNA, SLOT));
        assert_eq!(Metering::totals_of(&CLARA, SLOT).unwrap().readings, 2);
        assert_eq!(Metering::connections_of(&CLARA), [FIRST, SECOND]);
        let bill = vec![reading(FIRST, SLOT, 900, 100), reading(SECOND, SLOT, 0, 300)];
        let bill = bill.try_into().unwrap();
        assert_eq!(<Metering as BillAudit<AccountId>>::audit(&CLARA, SLOT, &bill), Ok(Wh(800)));
    });
}

#[test]
fn the_demand_is_what_connections_consume() {
    run(|| {
        begin(SLOT);
        assert_ok!(agree(behind(BEN, "heat pump", "bens")));
        open_window(UNOPENED);
        let payload = payload(NEW, UNOPENED, 0, 4_000);
        submit(SignedReading { payload, signature: sign_as("heat pump", &payload, GENESIS) });
        submit(reading(BENS, UNOPENED, 0, 1_000));
        assert_eq!(Metering::demand(UNOPENED), Some(Wh(1_000)));
    });
}
