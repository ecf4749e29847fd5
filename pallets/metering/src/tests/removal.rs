//! What is at stake for a meter on record, and how meters leave it.

use super::*;
use crate::{
    ConnectionsOf, HoldReason, KeysOf, MAX_KEYS, MeterAt, MeterBonds, MeterByKey, OldestKept,
};
use frame_support::{
    traits::{
        Hooks,
        fungible::{InspectHold, Mutate},
        tokens::Preservation,
    },
    weights::Weight,
};
use qedex_primitives::{Balance, Calendar};

fn register_by(by: AccountId, account: AccountId, name: &str) -> DispatchResult {
    agree_with(by, THIRD_INSTALLER, registration(account, name))
}

fn remove(meter: MeterId) -> DispatchResult {
    Metering::remove_meter(signed(CARRIER), meter)
}

fn at_stake(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Storage.into(), &who)
}

/// What a meter's bond is.
fn bond() -> Balance {
    BOND_BASE + BOND_PER_BYTE * Balance::from(Metering::footprint().size)
}

/// The number that the next meter gets.
const NEW: MeterId = MeterId(3);

/// Goes on until the slot before `slot` has left the storage.
fn outlive(slot: SlotIndex) {
    begin(SlotIndex(slot.0 + RETENTION + 1));
    for _ in 0..100 {
        Metering::on_idle(1, Weight::MAX);
    }
}

#[test]
fn whoever_registers_a_meter_has_a_bond_at_stake() {
    run(|| {
        let issuance = Balances::total_issuance();
        assert_ok!(register_by(INSTALLER, CLARA, "new"));
        assert_eq!(at_stake(INSTALLER), bond());
        assert_eq!(MeterBonds::<Test>::get(NEW).unwrap().0, INSTALLER);
        assert_ok!(register_by(SECOND_INSTALLER, CLARA, "newer"));
        assert_eq!(at_stake(INSTALLER), bond());
        assert_eq!(at_stake(SECOND_INSTALLER), bond());
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn a_bond_covers_everything_that_the_meter_takes_up() {
    run(|| {
        begin(SLOT);
        assert_ok!(register_by(INSTALLER, CLARA, "new"));
        for number in 0..2 * MAX_KEYS {
            finalise(later(SLOT, 12 * u64::from(number + 1)));
            assert_ok!(rotate(NEW, &number.to_string()));
        }
        use codec::Encode;
        let keys = KeysOf::<Test>::get(NEW);
        let used = Meters::<Test>::get(NEW).encoded_size()
            + (connection("new"), MeterAt::<Test>::get(connection("new"))).encoded_size()
            + keys.encoded_size()
            + keys
                .iter()
                .map(|key| (key, MeterByKey::<Test>::get(key)).encoded_size())
                .sum::<usize>()
            + MeterBonds::<Test>::get(NEW).encoded_size();
        let paid_for = Metering::footprint().size;
        // The longest number of a connection is 30 bytes longer, and stands in the record as well.
        assert!(paid_for <= used as u64 + 60, "{paid_for} paid for, {used} used");
        assert!(paid_for + 64 >= used as u64, "{paid_for} paid for, {used} used");
    });
}

#[test]
fn who_cannot_pay_the_bond_registers_no_meter() {
    run(|| {
        let rest = bond() - 1;
        assert_ok!(<Balances as Mutate<_>>::transfer(
            &INSTALLER,
            &CARRIER,
            WEALTH - rest,
            Preservation::Expendable,
        ));
        assert_noop!(register_by(INSTALLER, CLARA, "new"), Error::<Test>::CannotPayBond);
        // It pays for the change, and then not for the meter.
        let id = filed(INSTALLER, registration(CLARA, "new"));
        assert_ok!(confirm(CLARA, id));
        assert_noop!(confirm(THIRD_INSTALLER, id), Error::<Test>::CannotPayBond);
    });
}

#[test]
fn nobody_has_anything_at_stake_for_the_meters_of_genesis() {
    run(|| {
        assert_eq!(MeterBonds::<Test>::iter().count(), 0);
        assert_ok!(decommission(BENS));
        outlive(later(SLOT, 10));
        assert_ok!(remove(BENS));
        assert_eq!(at_stake(INSTALLER), 0);
    });
}

#[test]
fn a_meter_in_service_stays() {
    run(|| {
        assert_noop!(remove(BENS), Error::<Test>::InService);
        assert_noop!(remove(NEW), Error::<Test>::UnknownMeter);
        assert_noop!(
            Metering::remove_meter(RuntimeOrigin::none(), BENS),
            sp_runtime::DispatchError::BadOrigin
        );
    });
}

#[test]
fn a_meter_stays_as_long_as_a_slot_of_its_service_is_kept() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        let until = latest(BENS).until.unwrap();
        let last = SlotIndex(until.0 - 1);
        for slot in [SLOT, last] {
            open_window(slot);
            submit(reading(BENS, slot, 1, 0));
            assert_noop!(remove(BENS), Error::<Test>::SlotsStillKept);
        }
        finalise(last);
        assert_noop!(remove(BENS), Error::<Test>::SlotsStillKept);
        begin(SlotIndex(last.0 + RETENTION));
        for _ in 0..100 {
            Metering::on_idle(1, Weight::MAX);
        }
        assert_eq!(OldestKept::<Test>::get(), Some(last));
        assert_noop!(remove(BENS), Error::<Test>::SlotsStillKept);

        outlive(last);
        assert_eq!(OldestKept::<Test>::get(), Some(until));
        assert_ok!(remove(BENS));
        assert_eq!(events().last(), Some(&Event::MeterRemoved { meter: BENS }));
        assert!(!ConnectionsOf::<Test>::contains_key(owner(BEN)));
        assert!(!MeterByKey::<Test>::contains_key(sr_key("bens")));
        let slot = later(until, RETENTION);
        open_window(slot);
        refused(reading(BENS, slot, 1, 0), Error::UnknownMeter);
    });
}

#[test]
fn a_meter_that_never_read_stays_until_its_last_slot_is_final_and_scored() {
    run(|| {
        begin(SLOT);
        assert_ok!(register_by(INSTALLER, CLARA, "new"));
        assert_ok!(decommission(NEW));
        assert_eq!(OldestKept::<Test>::get(), None);
        let until = latest(NEW).until.unwrap();
        let last = SlotIndex(until.0 - 1);
        // Nor is it forgotten while its silence is scored.
        Now::set(TestCalendar::schedule(later(last, SCORED)).final_at - 1);
        assert_noop!(remove(NEW), Error::<Test>::SlotsStillKept);
        finalise(later(last, SCORED));
        Oldest::set(Some(last));
        assert_noop!(remove(NEW), Error::<Test>::SlotsStillKept);
        Oldest::set(Some(until));
        assert_ok!(remove(NEW));
    });
}

#[test]
fn a_bond_goes_back_to_whoever_paid_it() {
    run(|| {
        begin(SLOT);
        let issuance = Balances::total_issuance();
        assert_ok!(register_by(SECOND_INSTALLER, CLARA, "new"));
        // Whoever else changes the meter, and whatever becomes of the payer.
        finalise(later(SLOT, 12));
        assert_ok!(transfer(NEW, BEN));
        finalise(later(SLOT, 30));
        assert_ok!(decommission(NEW));
        TestMembership::forbid_all(Role::InstallMeters);
        outlive(later(SLOT, 60));
        assert_eq!(at_stake(SECOND_INSTALLER), bond());
        assert_ok!(remove(NEW));
        assert_eq!(at_stake(SECOND_INSTALLER), 0);
        assert_eq!(Balances::free_balance(SECOND_INSTALLER), WEALTH);
        assert_eq!(Balances::total_issuance(), issuance);
        assert!(!ConnectionsOf::<Test>::get(owner(BEN)).contains(&NEW));
        assert!(!ConnectionsOf::<Test>::contains_key(owner(CLARA)));
        assert_noop!(remove(NEW), Error::<Test>::UnknownMeter);
    });
}

#[test]
fn the_keys_of_a_removed_meter_are_free_and_its_number_is_not() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        finalise(later(SLOT, 12));
        assert_ok!(decommission(BENS));
        outlive(later(SLOT, 30));
        assert_ok!(remove(BENS));
        for (number, name) in ["bens", "fresh"].into_iter().enumerate() {
            assert_ok!(register_by(INSTALLER, CLARA, name));
            let id = MeterId(NEW.0 + number as u32);
            assert_eq!(MeterByKey::<Test>::get(sr_key(name)), Some(id));
        }
    });
}

#[test]
fn a_meter_remembers_a_bounded_number_of_keys() {
    run(|| {
        begin(SLOT);
        for number in 1..=MAX_KEYS {
            assert_eq!(KeysOf::<Test>::get(BENS).len() as u32, number);
            assert_noop!(rotate(FIRST, "bens"), Error::<Test>::KeyTaken);
            assert_ok!(rotate(BENS, &format!("key {number}")));
            finalise(later(SLOT, 12 * u64::from(number)));
            Metering::do_try_state().unwrap();
        }
        assert_eq!(KeysOf::<Test>::get(BENS).len() as u32, MAX_KEYS);
        assert!(!MeterByKey::<Test>::contains_key(sr_key("bens")));
        assert_noop!(rotate(FIRST, "key 1"), Error::<Test>::KeyTaken);
        assert_ok!(rotate(FIRST, "bens"));
    });
}

#[test]
fn a_key_that_still_serves_is_remembered_however_many_come_after_it() {
    run(|| {
        begin(SLOT);
        // None of them has begun when the next one takes its place.
        for number in 0..2 * MAX_KEYS {
            assert_ok!(rotate(BENS, &format!("key {number}")));
            Metering::do_try_state().unwrap();
        }
        let keys = KeysOf::<Test>::get(BENS);
        assert_eq!(keys.len() as u32, MAX_KEYS);
        assert_eq!(keys.first(), Some(&sr_key("bens")));
        assert_eq!(keys.last(), Some(&latest(BENS).key));
        assert_noop!(rotate(FIRST, "bens"), Error::<Test>::KeyTaken);
        // Of those that never served the oldest are forgotten.
        assert!(!MeterByKey::<Test>::contains_key(sr_key("key 0")));
        assert_noop!(rotate(FIRST, "key 31"), Error::<Test>::KeyTaken);
        assert_ok!(rotate(FIRST, "key 0"));
        // The slots that were open are signed by the key of then.
        open_window(SLOT);
        submit(reading(BENS, SLOT, 700, 0));
    });
}
