//! What a trade pays at the end (docs/design.md, section 6, the table of outcomes).
//!
//! - Every metered watt-hour is paid, whatever else was missed: the seller gets the seller's
//!   price, the grid its fee, a fund the rest of the buyer's price.
//! - The buyer gets back the rest of the payment, and from the seller's deposit the harm: what
//!   the missing energy costs more at the fallback price. At most the deposit.
//! - What is missing costs the seller the shortfall fee besides, as far as the deposit reaches: it
//!   goes to the community fund, whatever the price was. What it took a bill to tell, and no reading
//!   told, costs the whole deposit of the missing part: hiding costs more than telling.
//! - The seller gets the rest of the deposit back, unless there was no evidence at all: then it
//!   goes to the community fund, so that nobody gains by provoking a default.
//! - A seller that did not answer another buyer's complaint gets nothing: a buyer that did not object
//!   pays all the same, and what the seller would have got goes to the community fund. Not back to
//!   the buyer, or several buyers with one bond would provoke defaults at a part of its price.
//!
//! Each amount is rounded down per trade, in plancks; the fund and the refund take the
//! remainders, so that nothing is lost.

#[cfg(test)]
mod tests;

use crate::{PricePerKwh, Wh, deposit};
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
    /// What the seller pays the community fund for what is missing, beyond the harm.
    pub shortfall_fee: PricePerKwh,
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
    /// A bill, which had to be asked for, says the same.
    Billed(Wh),
    /// The seller committed to the delivery and nobody complained, or the buyer acknowledged:
    /// all of it counts as delivered.
    Trusted,
    /// Neither a reading nor a commitment, or one that was not honoured when this buyer asked: a
    /// default.
    Nothing,
    /// A commitment that was not honoured when another buyer asked. This one did not object: all of
    /// it counts as delivered, and is not the seller's.
    Forfeited,
}

impl Evidence {
    /// How much of `energy` counts as delivered.
    pub fn delivered(self, energy: Wh) -> Wh {
        match self {
            Self::Metered(metered) | Self::Billed(metered) => metered.min(energy),
            Self::Trusted | Self::Forfeited => energy,
            Self::Nothing => Wh::ZERO,
        }
    }
}

/// Who gets what, in plancks.
///
/// `to_seller + to_grid + to_spread_fund + to_community_fund + refund` is the payment, and
/// `compensation + shortfall_fee + forfeited + deposit_back` the deposit.
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
    /// From the payment to the community fund, in the seller's place.
    pub to_community_fund: u128,
    /// From the payment back to the buyer.
    pub refund: u128,
    /// From the deposit to the buyer.
    pub compensation: u128,
    /// From the deposit to the community fund, for what is missing.
    pub shortfall_fee: u128,
    /// From the deposit to the community fund.
    pub forfeited: u128,
    /// From the deposit back to the seller.
    pub deposit_back: u128,
}

/// Settles a trade by the evidence.
///
/// Compensation comes first, then the shortfall fee, as far as the deposit reaches. The deposit of the
/// missing part of a trade that a bill told of is rounded up.
///
/// `None` if the trade contradicts itself: if the payment does not cover the delivered energy
/// at the buyer's price, if the buyer's price does not cover the seller's and the grid fee, or
/// if a price times the energy does not fit into 128 bits (prices up to 2^64 always do).
pub fn payout(trade: &Settlement, evidence: Evidence) -> Option<Payout> {
    let delivered = evidence.delivered(trade.energy);
    let missing = trade.energy.checked_sub(delivered)?;
    let due = trade.buyer_price.cost_floor(delivered)?;
    let to_grid = trade.grid_fee.cost_floor(delivered)?;
    let sellers = trade.seller_price.cost_floor(delivered)?;
    let spread = due.checked_sub(sellers)?.checked_sub(to_grid)?;
    let harm = trade.fallback_price.saturating_sub(trade.buyer_price).cost_floor(missing)?;
    let compensation = harm.min(trade.deposit);
    let rest = trade.deposit.checked_sub(compensation)?;
    let fee = trade.shortfall_fee.cost_floor(missing)?.min(rest);
    let beyond_fee = rest.checked_sub(fee)?;
    let (shortfall_fee, forfeited) = match evidence {
        Evidence::Metered(_) | Evidence::Trusted => (fee, 0),
        Evidence::Billed(_) => {
            let kept =
                deposit::share(trade.deposit, delivered, trade.energy).unwrap_or(trade.deposit);
            (fee, beyond_fee.saturating_sub(kept))
        }
        Evidence::Nothing | Evidence::Forfeited => (0, rest),
    };
    let paid = Payout {
        to_seller: sellers,
        to_grid,
        to_spread_fund: spread,
        to_community_fund: 0,
        refund: trade.payment.checked_sub(due)?,
        compensation,
        shortfall_fee,
        forfeited,
        deposit_back: rest.checked_sub(shortfall_fee)?.checked_sub(forfeited)?,
    };
    if evidence != Evidence::Forfeited {
        return Some(paid);
    }
    let to_community_fund = sellers.checked_add(spread)?;
    Some(Payout { to_seller: 0, to_spread_fund: 0, to_community_fund, ..paid })
}
