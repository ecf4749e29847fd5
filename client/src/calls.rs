//! The calls that this program makes, from its own types.

use super::{
    H256,
    api::{self, runtime_types as types},
    meter::{Bill, Nonce, SignedReading},
};
use crate::market::{Account, Plancks, Side};
use qedex_math::{PricePerKwh, Wh};
use subxt::{
    tx::Payload,
    utils::{AccountId32, MultiAddress},
};

/// A call inside another one.
pub type Inner = api::Call;

fn slot_index(slot: u64) -> types::qedex_primitives::calendar::SlotIndex {
    types::qedex_primitives::calendar::SlotIndex(slot)
}

fn wh(energy: Wh) -> types::qedex_math::units::Wh {
    types::qedex_math::units::Wh(energy.0)
}

fn per_kwh(price: PricePerKwh) -> types::qedex_math::units::PricePerKwh {
    types::qedex_math::units::PricePerKwh(price.0)
}

fn chain_side(side: Side) -> types::qedex_primitives::market::Side {
    match side {
        Side::Bid => types::qedex_primitives::market::Side::Bid,
        Side::Ask => types::qedex_primitives::market::Side::Ask,
    }
}

fn address(account: Account) -> MultiAddress<AccountId32, ()> {
    MultiAddress::Id(AccountId32(account))
}

/// Places an order.
pub fn place_order(slot: u64, side: Side, limit: PricePerKwh, energy: Wh) -> impl Payload {
    let (side, limit) = (chain_side(side), per_kwh(limit));
    api::tx().auction().place_order(slot_index(slot), side, limit, wh(energy))
}

/// Changes an order's limit or energy.
pub fn amend_order(slot: u64, id: u32, limit: PricePerKwh, energy: Wh) -> impl Payload {
    api::tx().auction().amend_order(slot_index(slot), id, per_kwh(limit), wh(energy))
}

/// An order that is not placed yet: side, limit and energy.
pub type NewOrder = (Side, PricePerKwh, Wh);

fn new_order((side, limit, energy): NewOrder) -> types::pallet_auction::types::NewOrder {
    types::pallet_auction::types::NewOrder {
        side: chain_side(side),
        limit: per_kwh(limit),
        energy: wh(energy),
    }
}

/// Places orders of one slot, each judged alone.
pub fn place_orders(slot: u64, orders: &[NewOrder]) -> impl Payload + use<> {
    let orders = orders.iter().copied().map(new_order).collect();
    let orders = types::bounded_collections::bounded_vec::BoundedVec(orders);
    api::tx().auction().place_orders(slot_index(slot), orders)
}

/// Sets the signer's standing order.
pub fn set_standing_order(order: NewOrder) -> impl Payload {
    api::tx().auction().set_standing_order(new_order(order))
}

/// Ends the signer's standing order.
pub fn end_standing_order() -> impl Payload {
    api::tx().auction().end_standing_order()
}

/// Withdraws an order.
pub fn cancel_order(slot: u64, id: u32) -> impl Payload {
    api::tx().auction().cancel_order(slot_index(slot), id)
}

/// Places an order for `real` through the trading proxy.
pub fn place_order_for(
    real: Account,
    slot: u64,
    side: Side,
    limit: PricePerKwh,
    energy: Wh,
) -> Inner {
    let order = Inner::Auction(types::pallet_auction::pallet::Call::place_order {
        slot: slot_index(slot),
        side: chain_side(side),
        limit: per_kwh(limit),
        energy: wh(energy),
    });
    Inner::Proxy(types::pallet_proxy::pallet::Call::proxy {
        real: address(real),
        force_proxy_type: Some(trading()),
        call: Box::new(order),
    })
}

fn trading() -> types::qedex_runtime::configs::accounts::ProxyType {
    types::qedex_runtime::configs::accounts::ProxyType::Trading
}

/// Makes all calls, whatever becomes of each, in order.
pub fn force_batch(calls: Vec<Inner>) -> impl Payload {
    api::tx().utility().force_batch(calls)
}

/// Makes all calls or none.
pub fn batch_all(calls: Vec<Inner>) -> impl Payload {
    api::tx().utility().batch_all(calls)
}

/// Lets `broker` trade for the signer.
pub fn let_trade(broker: Account) -> impl Payload {
    api::tx().proxy().add_proxy(address(broker), trading(), 0)
}

/// Sends money.
pub fn transfer(to: Account, amount: Plancks) -> Inner {
    Inner::Balances(types::pallet_balances::pallet::Call::transfer_keep_alive {
        dest: address(to),
        value: amount,
    })
}

/// A credential to issue: to whom, until when in milliseconds since the Unix epoch, and the
/// owner behind the account.
pub type NewCredential = (Account, u64, [u8; 32]);

/// Issues credentials of one attribute.
pub fn issue_batch(attribute: u32, credentials: &[NewCredential]) -> impl Payload + use<> {
    let attribute = types::qedex_primitives::membership::AttributeId(attribute);
    let owner = types::qedex_primitives::membership::OwnerId;
    let credentials = credentials
        .iter()
        .map(|(who, expires, owner_id)| (AccountId32(*who), *expires, owner(*owner_id)))
        .collect();
    let credentials = types::bounded_collections::bounded_vec::BoundedVec(credentials);
    api::tx().membership().issue_batch(attribute, credentials)
}

/// Registers a meter with an sr25519 key.
pub fn register_meter(owner: Account, key: [u8; 32], capacity: Wh) -> Inner {
    Inner::Metering(types::pallet_metering::pallet::Call::register_meter {
        owner: AccountId32(owner),
        key: types::qedex_primitives::metering::MeterKey::Sr25519(key),
        capacity: wh(capacity),
    })
}

/// Publishes one reading.
pub fn submit_reading(reading: &SignedReading) -> impl Payload + use<> {
    api::tx().metering().submit_reading(reading.for_chain())
}

/// Publishes many readings, each judged alone.
pub fn submit_readings(readings: &[SignedReading]) -> impl Payload + use<> {
    let readings = readings.iter().map(SignedReading::for_chain).collect();
    let readings = types::bounded_collections::bounded_vec::BoundedVec(readings);
    api::tx().metering().submit_readings(readings)
}

/// Commits to a bill.
pub fn commit(slot: u64, commitment: H256) -> impl Payload {
    api::tx().settlement().commit(slot_index(slot), commitment)
}

/// Acknowledges the delivery of a trade.
pub fn acknowledge(slot: u64, trade: u32) -> impl Payload {
    api::tx().settlement().acknowledge(slot_index(slot), trade)
}

/// Complains about a trade.
pub fn complain(slot: u64, trade: u32) -> impl Payload {
    api::tx().settlement().complain(slot_index(slot), trade)
}

/// Reveals a bill, and with it the nonce.
pub fn reveal(slot: u64, bill: &Bill, nonce: &Nonce) -> impl Payload + use<> {
    let (slot, bill) = (slot_index(slot), bill.for_chain());
    api::tx().settlement().reveal(slot, bill, *nonce.bytes())
}
