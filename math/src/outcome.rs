//! What a trade pays at the end (docs/design.md, section 6, the table of outcomes).
//!
//! - Every metered watt-hour is paid, whatever else was missed: the seller gets the seller's
//!   price, the grid its fee, a fund the rest of the buyer's price.
//! - The buyer gets back the rest of the payment, and from the seller's deposit the harm: what
//!   the missing energy costs more at the fallback price. At most the deposit.
//! - The seller gets the rest of the deposit back, unless there was no evidence at all: then it
//!   goes to the community fund, so that nobody gains by provoking a default.
//!
//! Each amount is rounded down per trade, in plancks; the fund and the refund take the
//! remainders, so that nothing is lost.

#[cfg(test)]
mod tests;

use crate::{PricePerKwh, Wh};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A trade about to be settled.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settlement {
    /// The energy traded.
    pub energy: Wh,
    /// What the buyer pays, grid fee included.
    pub buyer_price: PricePerKwh,
    /// What the seller gets.
    pub seller_price: PricePerKwh,
    /// What the grid gets. With the seller's price not above the buyer's price.
    pub grid_fee: PricePerKwh,
    /// What the buyer pays elsewhere for what is missing: the grid price.
    pub fallback_price: PricePerKwh,
    /// Plancks held of the buyer: at least the price of all the energy, rounded down.
    pub payment: u128,
    /// Plancks held of the seller.
    pub deposit: u128,
}

/// What is known about the delivery.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Evidence {
    /// Meters say that this energy was delivered for the trade; more counts as all of it.
    Metered(Wh),
    /// The seller committed to the delivery and nobody complained, or the buyer acknowledged:
    /// all of it counts as delivered.
    Trusted,
    /// Neither a reading nor a commitment, or one that was not honoured: a default.
    Nothing,
}

impl Evidence {
    /// How much of `energy` counts as delivered.
    pub fn delivered(self, energy: Wh) -> Wh {
        match self {
            Self::Metered(metered) => metered.min(energy),
            Self::Trusted => energy,
            Self::Nothing => Wh::ZERO,
        }
    }
}

/// Who gets what, in plancks.
///
/// `to_seller + to_grid + to_spread_fund + refund` is the payment, and
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Payout {
    /// From the payment to the seller.
    pub to_seller: u128,
    /// From the payment to the grid account.
    pub to_grid: u128,
    /// From the payment to the fund that takes the spread beyond the grid fee.
    pub to_spread_fund: u128,
    /// From the payment back to the buyer.
    pub refund: u128,
    /// From the deposit to the buyer.
    pub compensation: u128,
    /// From the deposit to the community fund.
    pub forfeited: u128,
    /// From the deposit back to the seller.
    pub deposit_back: u128,
}

/// Settles a trade by the evidence.
///
/// `None` if the trade contradicts itself: if the payment does not cover the delivered energy
/// at the buyer's price, if the buyer's price does not cover the seller's and the grid fee, or
/// if a price times the energy does not fit into 128 bits (prices up to 2^64 always do).
pub fn payout(trade: &Settlement, evidence: Evidence) -> Option<Payout> {
    let delivered = evidence.delivered(trade.energy);
    let missing = trade.energy.checked_sub(delivered)?;
    let due = trade.buyer_price.cost_floor(delivered)?;
    let to_seller = trade.seller_price.cost_floor(delivered)?;
    let to_grid = trade.grid_fee.cost_floor(delivered)?;
    let harm = trade.fallback_price.saturating_sub(trade.buyer_price).cost_floor(missing)?;
    let compensation = harm.min(trade.deposit);
    let rest = trade.deposit.checked_sub(compensation)?;
    let (forfeited, deposit_back) = match evidence {
        Evidence::Nothing => (rest, 0),
        Evidence::Metered(_) | Evidence::Trusted => (0, rest),
    };
    Some(Payout {
        to_seller,
        to_grid,
        to_spread_fund: due.checked_sub(to_seller)?.checked_sub(to_grid)?,
        refund: trade.payment.checked_sub(due)?,
        compensation,
        forfeited,
        deposit_back,
    })
}
