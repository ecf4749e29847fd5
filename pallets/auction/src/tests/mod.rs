//! What the rules of the crate's documentation promise, rule by rule.

mod amending;
mod backing;
mod clearing;
mod grants;
mod keys;
mod large;
mod leader;
mod marks;
mod merit;
mod migration;
mod money;
mod orders;
mod paging;
mod properties;
mod rating;
mod rotation;
mod slots;
mod standing;
mod terms;
mod thieves;

use crate::{
    Call, Error, Event, NewOrder, OrderPriority, Orders, Phase, SlotRecord, Slots, mock::*,
};
use frame_support::{assert_noop, assert_ok};
use qedex_primitives::{Balance, OrderId, PricePerKwh, Side, SlotIndex, Wh};
use sp_runtime::{DispatchResult, traits::Dispatchable};

/// Dispatches as the chain does, so that a call that fails changes nothing.
fn call(who: AccountId, call: Call<Test>) -> DispatchResult {
    RuntimeCall::Auction(call)
        .dispatch(RuntimeOrigin::signed(who))
        .map(|_| ())
        .map_err(|error| error.error)
}

fn place_at(who: AccountId, side: Side, limit: PricePerKwh, energy: u64) -> DispatchResult {
    place_in(SLOT, who, side, limit, energy)
}

fn place_in(
    slot: SlotIndex,
    who: AccountId,
    side: Side,
    limit: PricePerKwh,
    energy: u64,
) -> DispatchResult {
    let energy = Wh(energy);
    call(who, Call::place_order { slot, side, limit, energy })
}

fn place(who: AccountId, side: Side, mills: u128, energy: u64) -> OrderId {
    let id = record(SLOT).next_order;
    assert_ok!(place_at(who, side, price(mills), energy));
    id
}

fn bid(who: AccountId, mills: u128, energy: u64) -> OrderId {
    place(who, Side::Bid, mills, energy)
}

fn ask(who: AccountId, mills: u128, energy: u64) -> OrderId {
    place(who, Side::Ask, mills, energy)
}

fn amend(who: AccountId, id: OrderId, mills: u128, energy: u64) -> DispatchResult {
    let (slot, limit, energy) = (SLOT, price(mills), Wh(energy));
    call(who, Call::amend_order { slot, id, limit, energy })
}

fn cancel(who: AccountId, id: OrderId) -> DispatchResult {
    call(who, Call::cancel_order { slot: SLOT, id })
}

fn record(slot: SlotIndex) -> SlotRecord {
    Slots::<Test>::get(slot).unwrap()
}

fn now() -> u64 {
    <Auction as qedex_primitives::Calendar>::now()
}

fn phase(slot: SlotIndex) -> Phase {
    record(slot).phase
}

/// The book of one side of the slot in the order in which storage yields it: number, price in
/// thousandths of a QED, energy.
fn book(side: Side) -> Vec<(OrderId, u128, u64)> {
    Orders::<Test>::iter_prefix((SLOT, side))
        .map(|(key, order): (OrderPriority, _)| {
            (key.id(), key.limit(side).0 / MILLI, order.energy.0)
        })
        .collect()
}

/// Lets the gate of the slot close and gives the pallet a block.
fn close_gate() {
    poll_at(schedule(SLOT).gate_closes);
}

fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

fn last_event() -> Event<Test> {
    events().pop().unwrap()
}

/// Who buys from whom: buyer, seller, energy, payment and deposit in thousandths of a QED.
fn trades() -> Vec<(AccountId, AccountId, u64, Balance, Balance)> {
    Trades::get()
        .into_iter()
        .map(|(_, t)| (t.buyer, t.seller, t.energy.0, t.payment / MILLI, t.deposit / MILLI))
        .collect()
}

/// Free, held for orders, held for trades; in thousandths of a QED.
fn money(who: AccountId) -> (Balance, Balance, Balance) {
    (Free::get(who) / MILLI, ForOrders::get(who) / MILLI, ForTrades::get(who) / MILLI)
}

/// Nothing is held for orders, and what is free and what is held for trades is all there was.
fn nothing_is_left_in_the_book() {
    assert_eq!(Orders::<Test>::iter().count(), 0);
    for who in MEMBERS {
        assert_eq!(ForOrders::get(who), 0);
        assert_eq!(Free::get(who) + ForTrades::get(who), ENDOWMENT);
    }
}
