//! Orders, terms, trades and the escrow behind them.

use crate::{PricePerKwh, Schedule, SlotIndex, Wh};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::{DispatchError, DispatchResult, Permill};

/// An amount of the chain's token in plancks.
pub type Balance = u128;

/// An order's number within its slot, in order of arrival.
pub type OrderId = u32;

/// A trade's number within its slot, in order of pairing.
pub type TradeId = u32;

/// The side of an order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Side {
    /// To buy.
    Bid,
    /// To sell.
    Ask,
}

/// What the leader, the community's aggregator, announces for a slot before its first order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct LeaderTerms {
    /// The feed-in price: no order below it.
    pub floor: PricePerKwh,
    /// The grid price: no order above it.
    pub cap: PricePerKwh,
    /// What the grid takes of each kWh traded.
    pub grid_fee: PricePerKwh,
    /// Limits are whole multiples of this.
    pub tick: PricePerKwh,
    /// Energies of orders are whole multiples of this.
    pub lot: Wh,
    /// The least energy of an order.
    pub least_order: Wh,
    /// The energy that one key covers.
    pub wh_per_key: Wh,
    /// An ask's deposit, as a share of its energy at the cap price.
    pub deposit_rate: Permill,
}

/// The terms of one slot, frozen when it opens.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct SlotTerms {
    /// The leader's terms.
    pub leader: LeaderTerms,
    /// Keys that the market may use for this slot.
    pub keys: u64,
    /// The slot's windows.
    pub schedule: Schedule,
}

/// A trade that clearing made of a bid and an ask, with the money that stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTrade<AccountId> {
    /// Its number.
    pub id: TradeId,
    /// Who buys.
    pub buyer: AccountId,
    /// Who sells.
    pub seller: AccountId,
    /// The energy.
    pub energy: Wh,
    /// What the buyer pays per kWh, grid fee included.
    pub buyer_price: PricePerKwh,
    /// What the seller gets per kWh.
    pub seller_price: PricePerKwh,
    /// The part of the buyer's escrow that moves to this trade: the payment for all of it.
    pub payment: Balance,
    /// The part of the seller's escrow that moves to this trade: the deposit.
    pub deposit: Balance,
}

/// The one hold behind orders and trades.
///
/// An order's escrow becomes its trades' by bookkeeping, not by release and hold.
pub trait Escrow<AccountId> {
    /// Holds `amount` of `who` for an order. Fails, and changes nothing, without the funds.
    fn hold(who: &AccountId, amount: Balance) -> DispatchResult;

    /// Gives `amount` that was held for an order back to `who`.
    fn release(who: &AccountId, amount: Balance) -> DispatchResult;

    /// What is held for the open orders of `who`.
    fn held_for_orders(who: &AccountId) -> Balance;

    /// Endows `who` with at least `amount` of free balance, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn endow(who: &AccountId, amount: Balance);
}

/// Where clearing takes its trades.
pub trait MarketSettlement<AccountId> {
    /// Opens the settlement of a trade of `slot`. Its money must be held for orders already.
    fn open_trade(
        slot: SlotIndex,
        terms: &SlotTerms,
        trade: NewTrade<AccountId>,
    ) -> Result<(), DispatchError>;

    /// An upper bound of the weight of one `open_trade`.
    fn open_trade_weight() -> frame_support::weights::Weight;
}
