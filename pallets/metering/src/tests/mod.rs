//! What the rules of the crate's documentation promise, rule by rule.

mod attacks;
mod bills;
mod changes;
mod corrections;
mod delivered;
mod load;
mod pruning;
mod readings;
mod registry;
mod removal;
mod tariff;

use crate::{Error, Event, Installer, ReadingError, SignedReading, mock::*};
use frame_support::{assert_noop, assert_ok};
use qedex_primitives::{EnergyLedger, Membership as _, MeterId, SlotIndex, Wh};

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

/// An installer as the chain records it.
fn installer(account: AccountId) -> Installer<AccountId> {
    Installer { account, owner: TestMembership::owner_of(&account) }
}

/// A reading of `meter` signed with the sr25519 key called `name`.
fn signed_by(name: &str, meter: MeterId, slot: SlotIndex, generated: u64) -> SignedReading {
    let payload = payload(meter, slot, generated, 0);
    let signature = sign_as(name, &payload, GENESIS);
    SignedReading { payload, signature }
}

/// So many slots after `slot`.
fn later(slot: SlotIndex, by: u64) -> SlotIndex {
    SlotIndex(slot.0 + by)
}

fn transfer(meter: MeterId, to: AccountId) -> sp_runtime::DispatchResult {
    Metering::transfer_meter(signed(INSTALLER), meter, to)
}

fn rotate(meter: MeterId, name: &str) -> sp_runtime::DispatchResult {
    Metering::rotate_key(signed(INSTALLER), meter, sr_key(name))
}

fn decommission(meter: MeterId) -> sp_runtime::DispatchResult {
    Metering::decommission_meter(signed(INSTALLER), meter)
}

fn correct(
    who: AccountId,
    meter: MeterId,
    generated: u64,
    consumed: u64,
) -> sp_runtime::DispatchResult {
    Metering::correct_reading(signed(who), meter, SLOT, Wh(generated), Wh(consumed))
}
