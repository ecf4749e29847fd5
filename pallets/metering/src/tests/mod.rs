//! What the rules of the crate's documentation promise, rule by rule.

mod attacks;
mod bills;
mod changes;
mod connections;
mod corrections;
mod council;
mod delivered;
mod load;
mod migrations;
mod pending;
mod pruning;
mod readings;
mod registry;
mod removal;
mod tariff;
mod thief;

use crate::{
    Change, ChangeId, Error, Event, Installer, MeterKind, Meters, NextChange, Party, PendingChange,
    PendingChanges, ReadingError, SignedReading, mock::*,
};
use frame_support::{assert_noop, assert_ok, storage::with_storage_layer};
use qedex_primitives::{
    Assignment, EnergyLedger, Membership as _, MeterId, MeterRatings, OwnerId, SlotIndex, Wh,
};
use sp_core::H256;
use sp_runtime::DispatchResult;

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

/// Files a change.
fn propose(by: AccountId, change: Change<AccountId>) -> DispatchResult {
    Metering::propose_change(signed(by), change)
}

/// Files a change and returns its number.
fn filed(by: AccountId, change: Change<AccountId>) -> ChangeId {
    assert_ok!(propose(by, change));
    ChangeId(NextChange::<Test>::get() - 1)
}

fn pending(id: ChangeId) -> PendingChange<AccountId> {
    PendingChanges::<Test>::get(id).unwrap()
}

fn is_pending(id: ChangeId) -> bool {
    PendingChanges::<Test>::contains_key(id)
}

/// Confirms what is pending under this number.
fn confirm(by: AccountId, id: ChangeId) -> DispatchResult {
    let hash = PendingChanges::<Test>::get(id).map_or(H256::zero(), |pending| pending.hash);
    Metering::confirm_change(signed(by), id, hash)
}

/// Lets the council stand for `party`.
fn stand_in(id: ChangeId, party: Party) -> DispatchResult {
    let hash = PendingChanges::<Test>::get(id).map_or(H256::zero(), |pending| pending.hash);
    Metering::confirm_change_as_council(RuntimeOrigin::root(), id, hash, party)
}

/// Whether a change took effect.
fn took_effect(id: ChangeId) -> bool {
    let effects = |event: &Event<Test>| matches!(event, Event::ChangeTookEffect { change, .. } if *change == id);
    events().iter().any(effects)
}

/// Lets a day pass in which nobody answers.
fn sleep_on_it() {
    Now::mutate(|now| *now += A_DAY * SLOT_LENGTH);
}

/// An account of this owner.
fn account_of(owner: OwnerId) -> AccountId {
    let known = [INSTALLER, SECOND_INSTALLER, THIRD_INSTALLER, ANNA, BEN, CLARA, CARRIER];
    known.into_iter().find(|who| TestMembership::owner_of(who) == Some(owner)).unwrap()
}

/// Has a change filed by one installer, and confirmed by everybody concerned and by another one. If
/// it comes to nothing, nothing is left of it.
fn agree_with(by: AccountId, second: AccountId, change: Change<AccountId>) -> DispatchResult {
    with_storage_layer(|| {
        propose(by, change)?;
        let id = ChangeId(NextChange::<Test>::get() - 1);
        let PendingChange { owner, new_owner, .. } = pending(id);
        for owner in [Some(owner), new_owner].into_iter().flatten() {
            confirm(account_of(owner), id)?;
        }
        confirm(second, id)
    })
}

fn agree(change: Change<AccountId>) -> DispatchResult {
    agree_with(INSTALLER, SECOND_INSTALLER, change)
}

/// A meter at the connection called like its sr25519 key.
fn registration(account: AccountId, name: &str) -> Change<AccountId> {
    let kind = MeterKind::Connection(connection(name));
    Change::Register { account, key: sr_key(name), kind, ratings: RATINGS }
}

/// A meter behind that connection.
fn behind(account: AccountId, name: &str, number: &str) -> Change<AccountId> {
    let kind = MeterKind::Behind(connection(number));
    Change::Register { account, key: sr_key(name), kind, ratings: RATINGS }
}

fn register(account: AccountId, name: &str) -> DispatchResult {
    agree(registration(account, name))
}

fn transfer(meter: MeterId, account: AccountId) -> DispatchResult {
    agree(Change::Transfer { meter, account })
}

fn rotate(meter: MeterId, name: &str) -> DispatchResult {
    agree(Change::RotateKey { meter, key: sr_key(name) })
}

fn rating(out: u64, into: u64) -> MeterRatings {
    MeterRatings { out: Wh(out), into: Wh(into) }
}

fn rate(meter: MeterId, out: u64, into: u64) -> DispatchResult {
    agree(Change::Rate { meter, ratings: rating(out, into) })
}

fn decommission(meter: MeterId) -> DispatchResult {
    agree(Change::Decommission { meter })
}

fn latest(meter: MeterId) -> Assignment<AccountId> {
    Meters::<Test>::get(meter).unwrap().latest().unwrap().clone()
}

fn record(who: AccountId, meter: MeterId, generated: u64, consumed: u64) -> DispatchResult {
    Metering::record_correction(signed(who), meter, SLOT, Wh(generated), Wh(consumed))
}
