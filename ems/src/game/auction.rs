//! The auction on the same curves, and members' surplus.

use super::{
    Unfit,
    curves::{Line, Market},
    exact::{Number, half, zero},
};

/// What the auction makes of the curves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auction {
    /// The energy traded, in kWh.
    pub volume: Number,
    /// What sellers get per kWh; none where nothing trades.
    pub sellers_get: Option<Number>,
    /// What buyers pay per kWh, the grid fee included; none where nothing trades.
    pub buyers_pay: Option<Number>,
}

impl Auction {
    /// With a grid fee per kWh. Trades as long as a buyer's marginal value exceeds a seller's marginal cost by the
    /// fee, at the prices of the last kWh (the chain's rule *uniform* without a cap on the volume).
    ///
    /// # Errors
    /// With a fee below zero.
    pub fn clear(market: &Market, fee: &Number) -> Result<Self, Unfit> {
        if fee < &zero() {
            return Err(Unfit::Negative);
        }
        let found =
            market.segments().iter().find_map(|segment| Some((segment, segment.volume_at(fee)?)));
        Ok(match found {
            Some((segment, volume)) if volume > zero() => Self {
                sellers_get: Some(segment.sellers_get(&volume)),
                buyers_pay: Some(segment.buyers_pay(&volume)),
                volume,
            },
            _ => Self { volume: zero(), sellers_get: None, buyers_pay: None },
        })
    }
}

/// What members gain: users' value less what they pay, and what microgrids get less their cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surplus {
    /// Of all microgrids.
    pub sellers: Number,
    /// Of all users.
    pub buyers: Number,
}

impl Surplus {
    /// At these prices; nothing without them.
    pub fn at(market: &Market, sellers_get: Option<&Number>, buyers_pay: Option<&Number>) -> Self {
        let sellers = sellers_get.map_or_else(zero, |price| {
            sum(market.sellers().iter().map(|line| triangle(price - &line.start, line)))
        });
        let buyers = buyers_pay.map_or_else(zero, |price| {
            sum(market.buyers().iter().map(|line| triangle(&line.start - price, line)))
        });
        Self { sellers, buyers }
    }

    /// Of all members.
    pub fn total(&self) -> Number {
        &self.sellers + &self.buyers
    }
}

fn sum(numbers: impl Iterator<Item = Number>) -> Number {
    numbers.fold(zero(), |sum, number| sum + number)
}

/// The area between a price and a line that starts so far from it.
fn triangle(height: Number, line: &Line) -> Number {
    let height = height.max(zero());
    half(&(&height * &height / &line.slope))
}
