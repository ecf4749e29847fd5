//! The trade reduction of [`Rule::McAfee`](super::Rule::McAfee): who leaves, and what remains.
//!
//! The greedy run over price levels says at which limits the last watt-hour lies. Which order holds
//! it follows from the orders at that limit, in order of arrival; they can be looked at one by one.

use super::Margin;
use crate::Wh;

/// Whether an order at the margin remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It lies ahead of the last watt-hour and remains.
    Ahead,
    /// It holds the last watt-hour and leaves.
    Last,
}

impl Margin {
    /// Looks at the next order at the limit of the margin, in order of arrival.
    ///
    /// One that remains moves from [`taken`](Self::taken) to [`ahead`](Self::ahead). With
    /// [`Place::Last`] the search is over, and `ahead` is what remains on this side.
    pub fn pass(&mut self, energy: Wh) -> Place {
        if energy >= self.taken {
            return Place::Last;
        }
        self.ahead = self.ahead.saturating_add(energy);
        self.taken = self.taken.saturating_sub(energy);
        Place::Ahead
    }
}

/// The volume that trades when `bids` and `asks` remain, and whether bids or asks are more than
/// that and have to be rationed by arrival.
pub fn volume(bids: Wh, asks: Wh) -> (Wh, Option<Longer>) {
    let longer = match bids.cmp(&asks) {
        core::cmp::Ordering::Equal => None,
        core::cmp::Ordering::Greater => Some(Longer::Bids),
        core::cmp::Ordering::Less => Some(Longer::Asks),
    };
    (bids.min(asks), longer)
}

/// The side of which more remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Longer {
    /// To buy.
    Bids,
    /// To sell.
    Asks,
}
