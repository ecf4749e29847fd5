//! The leader's optimum against followers that answer its price (docs/design.md, section 5).
//!
//! A follower with the utility `a x - b x^2 / 2 - p x` answers the price `p` with
//! `x(p) = max(0, (a - p) / b)`. The leader, who has the unit cost `c` and at most the capacity
//! `K`, wants the price with the largest profit `(p - c) sum x(p)` and `sum x(p) <= K`.
//!
//! Who is active at a price is who has `a > p`: with the followers by `a` descending, the active
//! sets are the prefixes, and prefix `k` belongs to the prices from `a_(k+1)` to `a_k`. Between
//! them total demand is `A - p B` with `A = sum a / b` and `B = sum 1 / b`, the profit is concave,
//! and best at `p = (A / B + c) / 2`, or at `(A - K) / B` where the capacity asks for more. Where a
//! follower joins, total demand bends so that no such point is better than both its
//! neighbourhoods, so the best of all prefixes is the leader's optimum. The closed form
//! alone, with all followers active, is not: with `a = (10, 4)`, `b = (1, 1)` and `c = 0` the price
//! 5, at which the second stays away, earns 25, and 3.5 with both 24.5.

#[cfg(test)]
mod tests;

use crate::ratio::{wide_mul_div_ceil, wide_mul_div_floor};
use alloc::vec::Vec;
use core::cmp::Reverse;

/// One, in the unit of all quantities of this module: 10^-18.
pub const ONE: u128 = 1_000_000_000_000_000_000;

/// What a follower's utility is made of. Both in units of 10^-18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follower {
    /// What the first unit is worth to it: the price from which on it buys nothing.
    pub a: u128,
    /// How fast the worth falls from unit to unit. Positive.
    pub b: u128,
}

impl Follower {
    /// What it demands at `price`, rounded down; `None` if `b` is zero or the demand is too large.
    pub fn demand(&self, price: u128) -> Option<u128> {
        wide_mul_div_floor(self.a.saturating_sub(price), ONE, self.b)
    }
}

/// The leader's best choice. All in units of 10^-18.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optimum {
    /// The price.
    pub price: u128,
    /// What all followers demand at that price.
    pub volume: u128,
    /// What the leader earns.
    pub profit: u128,
}

/// Why there is no optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOptimum {
    /// Nobody pays more than the leader's cost, or there is nobody.
    NoDemand,
    /// A follower's `b` is zero: its demand would have no end.
    ZeroSlope,
    /// The numbers are too large or too far apart to compute with.
    Overflow,
}

/// The leader's optimum for the unit cost `cost` and, if there is one, the volume cap `capacity`,
/// both in units of 10^-18.
///
/// Of equally good prices the lowest. Prices are rounded down, or up where the capacity sets them;
/// volume and profit are rounded down. Steps: those of sorting the followers.
///
/// A follower's weight is taken relative to the most elastic one and rounded down to 18 decimals,
/// so that the error of the price is of the order of 10^-18 times the number of followers, in
/// relation to the largest `a`.
pub fn optimum(
    followers: &[Follower],
    cost: u128,
    capacity: Option<u128>,
) -> Result<Optimum, NoOptimum> {
    let mut sorted: Vec<&Follower> = followers.iter().collect();
    sorted.sort_unstable_by_key(|follower| Reverse(follower.a));
    let least_b = followers.iter().map(|follower| follower.b).min();
    let least_b = least_b.ok_or(NoOptimum::NoDemand)?;
    if least_b == 0 {
        return Err(NoOptimum::ZeroSlope);
    }
    let highest = sorted.first().map_or(0, |follower| follower.a);
    if highest < cost {
        return Err(NoOptimum::NoDemand);
    }
    let mut piece = Piece::new(least_b);
    let mut best: Option<Optimum> = None;
    let mut following = sorted.iter().skip(1);
    for follower in &sorted {
        piece.join(follower).ok_or(NoOptimum::Overflow)?;
        let joins_at = following.next().map_or(0, |next| next.a);
        let candidate = piece
            .best(cost, capacity, joins_at, follower.a)
            .map_err(|_: TooLarge| NoOptimum::Overflow)?;
        if let Some(candidate) = candidate
            && best.is_none_or(|best| candidate.profit >= best.profit)
        {
            best = Some(candidate);
        }
    }
    best.ok_or(NoOptimum::NoDemand)
}

/// A number did not fit.
struct TooLarge;

/// The sums over the followers of a prefix. A follower's weight is `least_b / b`, at most one.
struct Piece {
    least_b: u128,
    /// The sum of the weights: `least_b * B`.
    weights: u128,
    /// The sum of `a` times the weight: `least_b * A`.
    weighted: u128,
}

impl Piece {
    const fn new(least_b: u128) -> Self {
        Self { least_b, weights: 0, weighted: 0 }
    }

    fn join(&mut self, follower: &Follower) -> Option<()> {
        let weight = wide_mul_div_floor(self.least_b, ONE, follower.b)?;
        self.weights = self.weights.checked_add(weight)?;
        let weighted = wide_mul_div_floor(follower.a, weight, ONE)?;
        self.weighted = self.weighted.checked_add(weighted)?;
        Some(())
    }

    /// The best choice at prices from `from` to `to`, if any price there is feasible and not below
    /// the cost.
    fn best(
        &self,
        cost: u128,
        capacity: Option<u128>,
        from: u128,
        to: u128,
    ) -> Result<Option<Optimum>, TooLarge> {
        let mean = wide_mul_div_floor(self.weighted, ONE, self.weights).ok_or(TooLarge)?;
        let mut lowest = from.max(cost);
        if let Some(capacity) = capacity {
            // A capacity too large to compute with is none.
            let room = wide_mul_div_floor(capacity, self.least_b, ONE).unwrap_or(u128::MAX);
            let over = self.weighted.saturating_sub(room);
            let fits = wide_mul_div_ceil(over, ONE, self.weights).ok_or(TooLarge)?;
            lowest = lowest.max(fits);
        }
        if lowest > to {
            return Ok(None);
        }
        let price = mean.midpoint(cost).clamp(lowest, to);
        let paid = wide_mul_div_ceil(price, self.weights, ONE).ok_or(TooLarge)?;
        let volume = wide_mul_div_floor(self.weighted.saturating_sub(paid), ONE, self.least_b)
            .ok_or(TooLarge)?;
        let profit = wide_mul_div_floor(price.saturating_sub(cost), volume, ONE).ok_or(TooLarge)?;
        Ok(Some(Optimum { price, volume, profit }))
    }
}
