//! What settlement stores and reports.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_primitives::{Balance, PricePerKwh, SlotTerms, TradeId, Wh};
use scale_info::TypeInfo;
use sp_core::H256;

/// An open trade.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Trade<AccountId> {
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
    /// What is held of the buyer, in plancks.
    pub payment: Balance,
    /// What is held of the seller, in plancks.
    pub deposit: Balance,
}

/// How far the settlement of a slot has come.
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
pub enum Stage {
    /// Waiting for the freeze, then going through the trades.
    Freezing {
        /// The next trade to look at.
        next: TradeId,
    },
    /// Waiting for the end of complaints, then going through the trades that are still open.
    Closing {
        /// The next trade to look at.
        next: TradeId,
    },
}

/// A slot with open trades.
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
pub struct Book {
    /// The slot's frozen terms.
    pub terms: SlotTerms,
    /// The number after that of the latest trade.
    pub trades: u32,
    /// How many of them are open.
    pub open: u32,
    /// How far settlement has come.
    pub stage: Stage,
    /// Whether the chain stood still while evidence could be given.
    pub interrupted: bool,
}

/// A seller of a slot.
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
pub struct Seller {
    /// Its open trades.
    pub open: u32,
    /// The delivered energy that is allotted to its trades already.
    pub allotted: Wh,
    /// Its commitment.
    pub commitment: Option<H256>,
    /// Whether a default in this slot has been counted.
    pub defaulted: bool,
}

/// What decided a trade.
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
pub enum Outcome {
    /// The readings cover the trade.
    Delivered,
    /// The seller's commitment stood without complaint.
    Trusted,
    /// The readings fall short of the trade.
    Short,
    /// Neither reading nor commitment.
    Defaulted,
    /// The chain stood still while evidence could be given, or the payout failed: everything
    /// went back.
    Annulled,
}

/// What moved at the end of a trade, in plancks.
///
/// `to_seller + to_grid + to_entropy_fund + refund` is the payment that was held, and
/// `compensation + forfeited + deposit_back` the deposit.
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
pub struct Amounts {
    /// From the buyer to the seller.
    pub to_seller: Balance,
    /// From the buyer to the grid's account.
    pub to_grid: Balance,
    /// From the buyer to the fund that takes the spread beyond the fee: the entropy fund or, under
    /// McAfee's rule, the community fund.
    pub to_entropy_fund: Balance,
    /// Back to the buyer.
    pub refund: Balance,
    /// From the seller's deposit to the buyer.
    pub compensation: Balance,
    /// From the seller's deposit to the community fund.
    pub forfeited: Balance,
    /// Back to the seller.
    pub deposit_back: Balance,
}
