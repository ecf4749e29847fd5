//! What a principal lets a broker do.

use crate::{Balance, Moment, PricePerKwh, Side};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What a broker may do for a principal: on which sides, at what price, until when, and for how
/// much in each slot.
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
pub struct Grant {
    /// The most that a bid may offer per kWh, grid fee included; without it, the broker may not buy.
    pub buy_up_to: Option<PricePerKwh>,
    /// The least that an ask may want per kWh; without it, the broker may not sell.
    pub sell_from: Option<PricePerKwh>,
    /// From this moment on the grant is not in force.
    pub expires: Moment,
    /// What the orders placed by the grant may hold together in one slot, in plancks. A bid holds
    /// what it may cost and an ask its deposit, so that no slot costs the principal more, whatever
    /// its broker does.
    pub budget: Balance,
}

impl Grant {
    /// The worst limit of an order of this side; none if the broker may not take it.
    pub const fn worst(&self, side: Side) -> Option<PricePerKwh> {
        match side {
            Side::Bid => self.buy_up_to,
            Side::Ask => self.sell_from,
        }
    }

    /// Whether an order of this side with this limit is within the worst price.
    pub fn admits(&self, side: Side, limit: PricePerKwh) -> bool {
        match side {
            Side::Bid => self.buy_up_to.is_some_and(|worst| limit <= worst),
            Side::Ask => self.sell_from.is_some_and(|worst| limit >= worst),
        }
    }
}
