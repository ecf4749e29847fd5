//! Alternating offers between a buyer and a seller (SETM's negotiable prices between agents).
//!
//! ### Rules
//! - Each side has a *best* price, with which it begins, and a *worst* one, beyond which it does not go: a
//!   buyer's best is the lower of the two, a seller's the higher one.
//! - Steps are counted from 0 to T. The seller moves at step 0, and then each side in turn. At step t a side by a
//!   time-dependent policy offers its best price conceded by `(t/T)^(1/beta)` of the way to its worst: evenly
//!   with beta = 1, late with a smaller one (*boulware*), early with a larger one (*conceder*).
//!   A side by *tit for tat* concedes what the other conceded between its last two offers, and nothing before
//!   there are two (Faratin, Sierra, Jennings: *Negotiation decision functions for autonomous agents*, 1998; the
//!   absolute kind, over one step, without its random part).
//! - Prices go by a tick: a buyer's offer is rounded down to it, a seller's up. Neither leaves its range by it.
//! - Whoever is made an offer accepts it if it is no worse than its own next one would be, and that is the price.
//!   Behind step T that would be its worst. If the offer of step T is not accepted there is no deal.
//!
//! Rounding is exact: with beta = p/q a conceded step z of a range r is compared as `z^p T^q <= t^q r^p`, in
//! whole numbers.
//!
//! SETM gives ranges of prices for six buyers and a generator, and no rule: the bodies of its two algorithms are
//! empty in the source, and its *days for forecasting* stand in no formula. Neither is used.

mod policy;
#[cfg(test)]
mod tests;

pub use policy::{BadBeta, Beta, MOST_BETA, Policy};

use policy::{Mover, Offers};

/// A price in the table's unit, in parts of 10^-[`PLACES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub u64);

/// Decimal places of a [`Price`].
pub const PLACES: u32 = 9;

/// On which side somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Gives way upwards.
    Buyer,
    /// Gives way downwards.
    Seller,
}

/// From where to where somebody goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    side: Side,
    best: Price,
    worst: Price,
}

/// Why nobody negotiates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A best price that is worse than the worst.
    #[error("the best price is worse than the worst one")]
    BestIsWorse,
    /// A tick that is above all that a buyer would pay.
    #[error("the tick is above the buyer's worst price")]
    OffTick,
    /// Two buyers, two sellers, or a seller in a buyer's place.
    #[error("a negotiation is between a buyer and a seller")]
    Sides,
    /// A tick of nothing.
    #[error("the tick is zero")]
    NoTick,
    /// T is zero, or more than [`MOST_STEPS`].
    #[error("the number of steps is not from 1 to {MOST_STEPS}")]
    Steps,
    /// The worst prices of buyer and seller do not meet.
    #[error("no deal: the ranges do not overlap")]
    NoOverlap,
}

/// The largest T.
pub const MOST_STEPS: u32 = 100_000;

impl Range {
    /// The range of a side.
    ///
    /// # Errors
    /// If the best price is worse than the worst one.
    pub const fn new(side: Side, best: Price, worst: Price) -> Result<Self, Unfit> {
        let is_worse = match side {
            Side::Buyer => best.0 > worst.0,
            Side::Seller => best.0 < worst.0,
        };
        if is_worse { Err(Unfit::BestIsWorse) } else { Ok(Self { side, best, worst }) }
    }

    /// Whose.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// The last price that it would take.
    pub const fn worst(&self) -> Price {
        self.worst
    }
}

/// How offers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// T.
    pub steps: u32,
    /// What prices are multiples of.
    pub tick: Price,
    /// By which policy buyers move.
    pub buyers: Policy,
    /// By which policy sellers move.
    pub sellers: Policy,
}

/// What a negotiation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A deal.
    Deal {
        /// At this price.
        price: Price,
        /// After so many offers, the accepted one among them.
        messages: u32,
        /// Who accepted.
        accepted_by: Side,
    },
    /// None, after all steps.
    NoDeal,
}

/// The offers of a buyer and a seller, to their end.
///
/// Ranges that do not overlap are played as well, and end without a deal: see [`overlap`].
///
/// # Errors
/// If the tick is zero or too coarse for the buyer, if T is out of its range, or the ranges are not those of a
/// buyer and a seller.
pub fn negotiate(buyer: &Range, seller: &Range, terms: &Terms) -> Result<Outcome, Unfit> {
    if terms.tick.0 == 0 {
        return Err(Unfit::NoTick);
    }
    if !(1..=MOST_STEPS).contains(&terms.steps) {
        return Err(Unfit::Steps);
    }
    if (buyer.side, seller.side) != (Side::Buyer, Side::Seller) {
        return Err(Unfit::Sides);
    }
    let mut moving = Mover::new(seller, terms.sellers, terms)?;
    let mut waiting = Mover::new(buyer, terms.buyers, terms)?;
    let (mut own, mut others) = (Offers::default(), Offers::default());
    for step in 0..=terms.steps {
        let offer = moving.offer(step, &own, &others);
        own.push(offer);
        let next = waiting.offer(step.saturating_add(1), &others, &own);
        if waiting.is_no_worse(offer, next) {
            let price = waiting.price(offer);
            let messages = step.saturating_add(1);
            return Ok(Outcome::Deal { price, messages, accepted_by: waiting.side() });
        }
        std::mem::swap(&mut moving, &mut waiting);
        std::mem::swap(&mut own, &mut others);
    }
    Ok(Outcome::NoDeal)
}

/// What a buyer and a seller would both take: from the seller's worst price to the buyer's.
///
/// # Errors
/// If there is none.
pub const fn overlap(buyer: &Range, seller: &Range) -> Result<(Price, Price), Unfit> {
    if buyer.worst.0 < seller.worst.0 {
        return Err(Unfit::NoOverlap);
    }
    Ok((seller.worst, buyer.worst))
}
