//! What the auction stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_primitives::{
    Balance, LeaderTerms, NewOrder, OrderId, OwnerId, PricePerKwh, Side, SlotIndex, SlotTerms,
    TradeId, Wh,
};
use scale_info::TypeInfo;

/// A price as a storage key that sorts by priority: best price first.
///
/// For bids the key is the complement of the price, for asks the price itself, in big-endian
/// order, so that the byte order of the keys is the order of the merit.
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
pub struct PricePriority([u8; 16]);

impl PricePriority {
    /// The key of `price` on `side`.
    pub const fn new(side: Side, price: PricePerKwh) -> Self {
        Self(match side {
            Side::Bid => (u128::MAX ^ price.0).to_be_bytes(),
            Side::Ask => price.0.to_be_bytes(),
        })
    }

    /// The price behind the key.
    pub const fn price(self, side: Side) -> PricePerKwh {
        let raw = u128::from_be_bytes(self.0);
        PricePerKwh(match side {
            Side::Bid => u128::MAX ^ raw,
            Side::Ask => raw,
        })
    }
}

/// An order's place in the merit order: price first, arrival second.
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
pub struct OrderPriority {
    price: PricePriority,
    arrival: [u8; 4],
}

impl OrderPriority {
    /// The place of order `id` with this limit.
    pub const fn new(side: Side, limit: PricePerKwh, id: OrderId) -> Self {
        Self { price: PricePriority::new(side, limit), arrival: id.to_be_bytes() }
    }

    /// The order's number.
    pub const fn id(&self) -> OrderId {
        OrderId::from_be_bytes(self.arrival)
    }

    /// The order's limit.
    pub const fn limit(&self, side: Side) -> PricePerKwh {
        self.price.price(side)
    }
}

/// An open order.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Order<AccountId> {
    /// Whose order.
    pub who: AccountId,
    /// The owner behind that account when the order was placed, if one was known.
    pub owner: Option<OwnerId>,
    /// Its energy.
    pub energy: Wh,
    /// The part of the energy that is not traded yet.
    pub left: Wh,
    /// What is held for that part, in plancks.
    pub held: Balance,
}

/// What stands in the book at one price.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct PriceLevel {
    /// The sum of the orders' energies.
    pub energy: Wh,
    /// The number of orders.
    pub orders: u32,
}

/// Who takes one side of a slot: the owner where one is known, whatever the account.
#[derive(
    Clone,
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
)]
pub enum Party<AccountId> {
    /// All accounts of this owner.
    Owner(OwnerId),
    /// An account whose owner nobody knows.
    Account(AccountId),
}

impl<AccountId: Clone> Order<AccountId> {
    /// Who takes a side with this order.
    pub fn party(&self) -> Party<AccountId> {
        match self.owner {
            Some(owner) => Party::Owner(owner),
            None => Party::Account(self.who.clone()),
        }
    }
}

/// A party's part in a slot.
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
pub struct Participant {
    /// The side it has taken.
    pub side: Side,
    /// Its open orders.
    pub orders: u32,
}

/// How far a slot has come.
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
pub enum Phase {
    /// Orders are taken until gate closure.
    Open,
    /// Prices are known; orders are being paired into trades.
    Pairing {
        /// What buyers pay per kWh.
        buyers_pay: PricePerKwh,
        /// What sellers receive per kWh.
        sellers_receive: PricePerKwh,
        /// Energy still to be paired.
        left: Wh,
        /// The number of the next trade.
        next_trade: TradeId,
    },
    /// All trades are open; what is left in the book is being released.
    Releasing {
        /// The number of trades.
        trades: u32,
    },
    /// The book is empty.
    Matched,
}

/// A slot in flight.
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
pub struct SlotRecord {
    /// Its frozen terms.
    pub terms: SlotTerms,
    /// How far it has come.
    pub phase: Phase,
    /// The number that the next order gets.
    pub next_order: OrderId,
    /// Open bids.
    pub bids: u32,
    /// Open asks.
    pub asks: u32,
    /// Standing orders that have not been renewed for this slot yet.
    pub renewing: u32,
}

/// An order that is placed anew in every slot.
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
pub struct StandingOrder {
    /// What is placed.
    pub order: NewOrder,
    /// Its place among all standing orders.
    pub index: u32,
    /// The last slot for which it was renewed, successfully or not.
    pub renewed: SlotIndex,
    /// How many times in a row it could not be placed.
    pub failures: u8,
}

/// How the default terms follow the tariff and the keys.
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
    serde::Serialize,
    serde::Deserialize,
)]
pub struct TermsRule {
    /// The grid price in a mid-peak slot; in an off-peak slot it is that of the default terms.
    pub mid_cap: PricePerKwh,
    /// The grid price in an on-peak slot.
    pub on_cap: PricePerKwh,
    /// The most energy that one key may cover. A slot that opens gets the default terms' energy per
    /// key, and a quarter more for each of the last results in a row in which the keys bound the
    /// volume, up to this.
    pub most_wh_per_key: Wh,
}

/// The terms that the aggregator announced for a slot.
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
pub struct AnnouncedTerms {
    /// The slot.
    pub slot: SlotIndex,
    /// Its terms.
    pub terms: LeaderTerms,
}
