//! What the auction stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_primitives::{
    Balance, Band, Grant, LeaderLimits, NewOrder, OrderId, OwnerId, PriceList, PricePerKwh, Side,
    SlotIndex, SlotTerms, TradeId, Wh,
};
use scale_info::TypeInfo;
use sp_runtime::Permill;

/// How many times in a row a standing order may fail before it ends.
pub const MAX_FAILURES: u8 = 3;

/// For how many slots ahead a leader can announce.
pub const ANNOUNCED_AHEAD: u64 = 96;

/// The most orders or grants that a client gets at once.
pub const MAX_PAGE: u32 = 1_000;

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
    /// The owner behind that account.
    pub owner: OwnerId,
    /// The broker that placed it by a grant, if one did.
    pub broker: Option<AccountId>,
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

/// An owner's part in a slot, with all its accounts.
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
    /// Their energy. The asks' is bounded by what its connections are rated to let out.
    pub energy: Wh,
}

impl Participant {
    /// Nothing yet on this side.
    pub const fn on(side: Side) -> Self {
        Self { side, orders: 0, energy: Wh::ZERO }
    }
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
    /// The owner that leads it, and has no order in it; none where nothing was announced.
    pub leader: Option<OwnerId>,
    /// How far standing orders have been renewed for it.
    pub renewal: Renewal,
    /// What its orders hold beside payments and deposits.
    pub backing: Backing,
}

/// What the orders of a slot hold beside payments and deposits, from the opening of its gate on.
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
pub struct Backing {
    /// The share of honest sellers that are assumed off-line: sets the bond of complaints, which bids hold.
    pub offline_share: Permill,
    /// What the work of one trade costs, in plancks, which each order holds.
    pub work: Balance,
}

/// What an order holds, in plancks, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The most that a bid may pay, or the deposit of an ask.
    pub behind: Balance,
    /// The bond of complaints about a bid's trades.
    pub bond: Balance,
    /// The price of the work of one trade.
    pub work: Balance,
}

impl Hold {
    /// All of it. `None` if that is too large.
    pub const fn total(&self) -> Option<Balance> {
        match self.behind.checked_add(self.bond) {
            Some(held) => held.checked_add(self.work),
            None => None,
        }
    }
}

/// How far a slot has come in renewing standing orders: it looks at their indices from the one on at
/// which it begins, upwards or downwards and round.
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
pub struct Renewal {
    /// How many have still to be renewed, at most.
    pub left: u32,
    /// The index to be looked at next.
    pub at: u32,
    /// Whether it goes downwards.
    pub downwards: bool,
    /// How many in a row had been renewed already or were new: after as many as there are, nothing is
    /// left.
    pub skipped: u32,
}

/// Whose turn it is to be renewed first when the next slot opens. Two slots share an index: the first
/// goes upwards from it, and the second the same way back, which ends there. So who comes before another
/// one in one slot comes after it in the next.
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
pub struct Turn {
    /// The index.
    pub at: u32,
    /// Whether the next slot is the second of two.
    pub back: bool,
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
    /// How many times in a row it could not be placed, for reasons of its account.
    pub failures: u8,
    /// Its account has ended it: the next renewal removes it.
    pub ended: bool,
}

/// A grant with what its storage costs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct GrantRecord<Bond> {
    /// What the broker may do.
    pub grant: Grant,
    /// What is held of the principal for it.
    pub bond: Bond,
}

/// What the orders of a grant hold in a slot that is open.
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
pub struct GrantUse {
    /// The orders.
    pub orders: u32,
    /// What they held when the gate closed, or hold now, in plancks.
    pub held: Balance,
}

/// In how many grants an account takes part.
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
pub struct GrantCounts {
    /// Those that it has given.
    pub given: u32,
    /// Those that it has got.
    pub got: u32,
}

/// What the council sets for a market that opens at genesis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarketTerms {
    /// The price list of off-peak slots.
    pub off: PriceList,
    /// That of mid-peak slots.
    pub mid: PriceList,
    /// That of on-peak slots.
    pub on: PriceList,
    /// Within what leaders choose.
    pub limits: LeaderLimits,
}

impl MarketTerms {
    /// Each band with its list.
    pub const fn lists(&self) -> [(Band, PriceList); 3] {
        [(Band::Off, self.off), (Band::Mid, self.mid), (Band::On, self.on)]
    }
}
