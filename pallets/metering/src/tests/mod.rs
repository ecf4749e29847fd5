//! What the rules of the crate's documentation promise, rule by rule.

mod delivered;
mod pruning;
mod readings;
mod registry;

use crate::{Error, Event, ReadingError, SignedReading, mock::*};
use frame_support::{assert_noop, assert_ok};
use qedex_primitives::{EnergyLedger, MeterId, SlotIndex, Wh};

fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

fn submit(reading: SignedReading) {
    assert_ok!(Metering::submit_reading(signed(CARRIER), reading));
}

fn refused(reading: SignedReading, error: Error<Test>) {
    assert_noop!(Metering::submit_reading(signed(CARRIER), reading), error);
}

fn delivered(account: AccountId, slot: SlotIndex) -> Option<Wh> {
    <Metering as EnergyLedger<AccountId>>::delivered(&account, slot)
}
