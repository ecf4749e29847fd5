//! Orders, terms, trades and the escrow behind them.

use crate::{PricePerKwh, SlotIndex, SlotTimes, Wh};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_arithmetic::Permill;

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

/// By what terms a slot trades: the [price list](crate::PriceList) of its band, which the council
/// sets, and the energy per key, which the leader admits.
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
    /// Its band's price list and its leader's energy per key.
    pub leader: LeaderTerms,
    /// Keys that the market may use for this slot.
    pub keys: u64,
    /// The slot's windows.
    pub schedule: SlotTimes,
}

/// The result of a slot's clearing.
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
pub struct ClearingResult {
    /// The slot.
    pub slot: SlotIndex,
    /// The energy traded.
    pub volume: Wh,
    /// What buyers pay per kWh, grid fee included; none where nothing trades.
    pub buyers_pay: Option<PricePerKwh>,
    /// What sellers receive per kWh; none where nothing trades.
    pub sellers_receive: Option<PricePerKwh>,
    /// What buyers pay more than sellers receive and the grid takes, per kWh: the keys' shadow
    /// price and the income of the entropy fund.
    pub beyond_fee: PricePerKwh,
    /// Whether the key budget limited the volume.
    pub cap_binding: bool,
    /// Keys used.
    pub keys_used: u64,
    /// Keys that the slot could have used.
    pub keys: u64,
    /// Bids in the book at gate closure.
    pub bids: u32,
    /// Asks in the book at gate closure.
    pub asks: u32,
}

/// What stands in an open book at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DepthLevel {
    /// The limit of these orders.
    pub price: PricePerKwh,
    /// Their energy.
    pub energy: Wh,
    /// Their number.
    pub orders: u32,
}

/// What stands in an open book, best price first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Depth {
    /// To buy.
    pub bids: alloc::vec::Vec<DepthLevel>,
    /// To sell.
    pub asks: alloc::vec::Vec<DepthLevel>,
}

/// An order in the book, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BookOrder<AccountId> {
    /// Its number within the slot.
    pub id: OrderId,
    /// Whose it is.
    pub who: AccountId,
    /// The worst price that will do.
    pub limit: PricePerKwh,
    /// Its energy.
    pub energy: Wh,
    /// The part of it that is not traded yet.
    pub left: Wh,
    /// What is held for that part, in plancks.
    pub held: Balance,
}

/// An order as its owner asks for it.
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
pub struct NewOrder {
    /// To buy or to sell.
    pub side: Side,
    /// The worst price that will do; a bid's includes the grid fee.
    pub limit: PricePerKwh,
    /// The energy.
    pub energy: Wh,
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
    /// The part of the buyer's escrow that moves to this trade beside the payment: for the bond of a
    /// complaint.
    pub reserve: Balance,
}
