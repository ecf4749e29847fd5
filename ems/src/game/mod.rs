//! Middlemen between price-taking members, and what members lose to them (after the thermal game, eqs 29 to 35).
//!
//! ### Rules
//! - A microgrid's marginal cost is `c + d x` for the energy x that it sells, a user's marginal value `a - b y`
//!   for the energy y that it buys. Both take the price as it is. Their lines add up to the price that sellers
//!   get and the one that buyers pay, as functions of the volume Q; the *margin* between the two falls with Q.
//! - Aggregators buy from the ones and sell to the others. Each chooses a quantity, at a cost of its own per
//!   kWh, and knows the others': in equilibrium none gains by another quantity (Cournot's game, on both
//!   sides of the market at once).
//! - The auction on the same curves trades as long as the margin covers the grid fee: the chain's uniform price
//!   where orders are as fine as the curves. *What members keep* is their surplus in the game over that in
//!   the auction.
//!
//! Numbers are fractions, and everything is exact.
//!
//! As printed the game has no equilibrium but the ends of its intervals: docs/papers.md says why, and a test
//! tries them all.
//!
//! # Equilibria
//! The margin is a line on each segment between the volumes at which a member comes in, and flatter on
//! each further one. On a segment one set of aggregators is active: from the cheapest on, those whose cost
//! lies below the margin that they come to. What comes to a volume on that segment is a candidate; at the ends
//! between segments there is none, since an aggregator's gain bends upwards there. A candidate is an equilibrium if no
//! aggregator has a better answer on any segment, which is checked exactly. There may be several, and where
//! costs differ there may be none.

mod auction;
pub mod bilateral;
mod certificate;
mod cournot;
mod curves;
mod exact;
#[cfg(test)]
mod tests;

pub use auction::{Auction, Surplus};
pub use certificate::largest_gain;
pub use cournot::{Equilibrium, equilibria};
pub use curves::{Line, Market};
pub use exact::{Number, decimal, from_units};

/// Why there is no game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nobody sells.
    #[error("there is no microgrid")]
    NoSeller,
    /// Nobody buys.
    #[error("there is no user")]
    NoBuyer,
    /// Nobody is in between.
    #[error("there is no aggregator")]
    NoAggregator,
    /// A marginal cost or value that does not change.
    #[error("a slope is not above zero")]
    FlatLine,
    /// A price, cost or fee below zero.
    #[error("a price or cost is below zero")]
    Negative,
    /// Costs and values that are known to everybody.
    #[error("the width of costs and values is not above zero")]
    NoWidth,
    /// No quantities that nobody would change.
    #[error("no equilibrium: whatever the quantities, an aggregator gains by another one")]
    NoEquilibrium,
}
