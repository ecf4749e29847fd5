//! The calls of the market and of what it stands on, from the chain's own types.
//!
//! A call has one form, that of subxt: a transaction of its own as it is, and, once it is
//! [encoded](EncodedCall), the content of another one.

use super::{
    At, H256,
    api::{self, runtime_types as types},
    meter::{Bill, Nonce},
    reads::check_call,
};
use crate::{
    error::Error,
    market::{Account, NewOrder, Plancks, Side},
};
use qedex_math::{PricePerKwh, Wh};
use qedex_primitives::{AttributeId, OrderId, SignedReading, SlotIndex, TradeId};
use subxt::{
    config::{Hasher, substrate::BlakeTwo256},
    ext::scale_encode::EncodeAsType,
    tx::{self, Payload},
    utils::{AccountId32, Encoded, MultiAddress, Static},
};
use types::bounded_collections::bounded_vec::BoundedVec;

/// A call as the chain at hand takes it, to be put into another one.
#[derive(Clone, Debug)]
pub struct EncodedCall(Vec<u8>);

impl EncodedCall {
    /// Encodes a call, which must be one that the chain has as this program knows it.
    pub fn of(at: &At, call: &impl Payload) -> Result<Self, Error> {
        check_call(at, call)?;
        Ok(Self(at.transactions().call_data(call)?))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn inner(self) -> Static<Encoded> {
        Static(Encoded(self.0))
    }
}

fn address(account: Account) -> MultiAddress<AccountId32, ()> {
    MultiAddress::Id(AccountId32(account))
}

/// Places an order.
pub fn place_order(slot: u64, side: Side, limit: PricePerKwh, energy: Wh) -> impl Payload {
    let (slot, side) = (Static(SlotIndex(slot)), Static(side));
    api::tx().auction().place_order(slot, side, Static(limit), Static(energy))
}

/// Changes an order's limit or energy.
pub fn amend_order(slot: u64, id: OrderId, limit: PricePerKwh, energy: Wh) -> impl Payload {
    let slot = Static(SlotIndex(slot));
    api::tx().auction().amend_order(slot, id, Static(limit), Static(energy))
}

/// Places orders of one slot, each judged alone.
pub fn place_orders(slot: u64, orders: &[NewOrder]) -> impl Payload + use<> {
    let orders = BoundedVec(orders.iter().copied().map(Static).collect());
    api::tx().auction().place_orders(Static(SlotIndex(slot)), orders)
}

/// Sets the signer's standing order.
pub fn set_standing_order(order: NewOrder) -> impl Payload {
    api::tx().auction().set_standing_order(Static(order))
}

/// Ends the signer's standing order.
pub fn end_standing_order() -> impl Payload {
    api::tx().auction().end_standing_order()
}

/// Withdraws an order.
pub fn cancel_order(slot: u64, id: OrderId) -> impl Payload {
    api::tx().auction().cancel_order(Static(SlotIndex(slot)), id)
}

#[derive(EncodeAsType)]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
struct Batch {
    calls: Vec<Static<Encoded>>,
}

impl Batch {
    fn of(calls: Vec<EncodedCall>) -> Self {
        Self { calls: calls.into_iter().map(EncodedCall::inner).collect() }
    }
}

/// Makes all calls, whatever becomes of each, in order.
pub fn force_batch(calls: Vec<EncodedCall>) -> impl Payload {
    tx::dynamic("Utility", "force_batch", Batch::of(calls))
}

/// Makes all calls or none.
pub fn batch_all(calls: Vec<EncodedCall>) -> impl Payload + use<> {
    tx::dynamic("Utility", "batch_all", Batch::of(calls))
}

#[derive(EncodeAsType)]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
struct AsRoot {
    call: Static<Encoded>,
}

/// Makes `call` as Root, by the holder of the sudo key.
pub fn sudo(call: EncodedCall) -> impl Payload {
    tx::dynamic("Sudo", "sudo", AsRoot { call: call.inner() })
}

#[derive(EncodeAsType)]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
struct WhitelistCall {
    call_hash: H256,
}

/// Makes `call` as Root, by the council: it says that the call is as good as Root's, and has it made.
pub fn whitelisted<P: Payload>(at: &At, call: &P) -> Result<impl Payload + use<P>, Error> {
    let call = EncodedCall::of(at, call)?;
    let call_hash = BlakeTwo256.hash(call.bytes());
    let whitelist = tx::dynamic("Whitelist", "whitelist_call", WhitelistCall { call_hash });
    let make = AsRoot { call: call.inner() };
    let make = tx::dynamic("Whitelist", "dispatch_whitelisted_call_with_preimage", make);
    let both = vec![EncodedCall::of(at, &whitelist)?, EncodedCall::of(at, &make)?];
    Ok(batch_all(both))
}

/// Sends money.
pub fn transfer(to: Account, amount: Plancks) -> impl Payload {
    api::tx().balances().transfer_keep_alive(address(to), amount)
}

/// A credential to issue: to whom, and until when in milliseconds since the Unix epoch.
pub type NewCredential = (Account, u64);

/// Issues credentials of one attribute.
pub fn issue_batch(attribute: u32, credentials: &[NewCredential]) -> impl Payload + use<> {
    let credentials =
        credentials.iter().map(|(who, expires)| (AccountId32(*who), *expires)).collect();
    api::tx().membership().issue_batch(Static(AttributeId(attribute)), BoundedVec(credentials))
}

/// Publishes one reading.
pub fn submit_reading(reading: &SignedReading) -> impl Payload + use<> {
    api::tx().metering().submit_reading(Static(reading.clone()))
}

/// Publishes many readings, each judged alone.
pub fn submit_readings(readings: &[SignedReading]) -> impl Payload + use<> {
    let readings = BoundedVec(readings.iter().cloned().map(Static).collect());
    api::tx().metering().submit_readings(readings)
}

/// Commits to a bill.
pub fn commit(slot: u64, commitment: H256) -> impl Payload {
    api::tx().settlement().commit(Static(SlotIndex(slot)), commitment)
}

/// Acknowledges the delivery of a trade.
pub fn acknowledge(slot: u64, trade: TradeId) -> impl Payload {
    api::tx().settlement().acknowledge(Static(SlotIndex(slot)), trade)
}

/// Complains about a trade.
pub fn complain(slot: u64, trade: TradeId) -> impl Payload {
    api::tx().settlement().complain(Static(SlotIndex(slot)), trade)
}

/// Reveals the bill of whoever is behind an account that sells in a slot, and with it the nonce.
pub fn reveal(slot: u64, seller: Account, bill: &Bill, nonce: &Nonce) -> impl Payload + use<> {
    let (slot, seller) = (Static(SlotIndex(slot)), AccountId32(seller));
    api::tx().settlement().reveal(slot, seller, bill.for_chain(), *nonce.bytes())
}
