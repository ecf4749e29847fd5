//! Two priced offers that meet: the linear equilibrium of Chatterjee and Samuelson (*Bargaining under
//! incomplete information*, 1983).
//!
//! A seller's cost and a buyer's value are drawn evenly and apart from `[L, L + G]`; each knows its own. Both
//! name a price at once, and if the buyer's is no less than the seller's they trade in the middle. With offers on
//! straight lines, of which each is the best answer to the other, they trade exactly if the value exceeds the cost by
//! a quarter of G: what lies between is lost.

use super::{
    Unfit,
    exact::{Number, half, whole, zero},
};

/// Costs and values from `least` to `least + width`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bilateral {
    least: Number,
    width: Number,
}

/// `slope * own + start`: what somebody offers for its own cost or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Of its own cost or value.
    pub slope: Number,
    /// Added to that.
    pub start: Number,
}

impl Offer {
    /// For this cost or value.
    pub fn at(&self, own: &Number) -> Number {
        &self.slope * own + &self.start
    }
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The seller's offer by its cost.
    pub seller: Offer,
    /// The buyer's offer by its value.
    pub buyer: Offer,
    /// By how much the value must exceed the cost for a trade.
    pub threshold: Number,
    /// The chance of a trade.
    pub chance: Number,
    /// The gain of both together on average.
    pub gain: Number,
    /// The gain on average if they traded whenever the value exceeds the cost.
    pub possible: Number,
}

fn part(top: usize, bottom: usize) -> Number {
    whole(top) / whole(bottom)
}

impl Bilateral {
    /// Costs and values from `least` to `least + width`.
    ///
    /// # Errors
    /// If `least` is below zero or `width` is not above it.
    pub fn new(least: Number, width: Number) -> Result<Self, Unfit> {
        if least < zero() {
            return Err(Unfit::Negative);
        }
        if width <= zero() {
            return Err(Unfit::NoWidth);
        }
        Ok(Self { least, width })
    }

    /// The linear equilibrium: the seller offers `2/3 c + L/3 + G/4`, the buyer `2/3 v + L/3 + G/12`.
    pub fn equilibrium(&self) -> Outcome {
        let third = &self.least * part(1, 3);
        let seller = Offer { slope: part(2, 3), start: &third + &self.width * part(1, 4) };
        let buyer = Offer { slope: part(2, 3), start: third + &self.width * part(1, 12) };
        // The offers meet where slope * value + start of the one is that of the other.
        let threshold = (&seller.start - &buyer.start) / &buyer.slope;
        let possible = self.gain_beyond(&zero());
        let gain = self.gain_beyond(&threshold);
        let apart = whole(1) - &threshold / &self.width;
        Outcome { seller, buyer, chance: half(&(&apart * &apart)), gain, possible, threshold }
    }

    /// The average of value less cost where that is `threshold` or more: the integral of `d (1 - d)` from the
    /// threshold to one, in widths.
    fn gain_beyond(&self, threshold: &Number) -> Number {
        let t = threshold / &self.width;
        let (square, cube) = (&t * &t, &t * &t * &t);
        (part(1, 6) - half(&square) + cube * part(1, 3)) * &self.width
    }

    /// What a buyer of this value gains on average by naming `price`, whatever it is, where the seller keeps to its
    /// `offer`, which rises.
    pub fn buyer_gains(&self, offer: &Offer, value: &Number, price: &Number) -> Number {
        let (low, high) = self.reach(offer);
        // Trades where the seller names less than the price, in the middle of the two.
        let until = price.clone().clamp(low.clone(), high.clone());
        let chance = (&until - &low) / (&high - &low);
        let middle = half(&(price + half(&(&low + &until))));
        chance * (value - middle)
    }

    /// What a seller of this cost gains on average by naming `price`, where the buyer keeps to its `offer`.
    pub fn seller_gains(&self, offer: &Offer, cost: &Number, price: &Number) -> Number {
        let (low, high) = self.reach(offer);
        let from = price.clone().clamp(low.clone(), high.clone());
        let chance = (&high - &from) / (&high - &low);
        let middle = half(&(price + half(&(&from + &high))));
        chance * (middle - cost)
    }

    /// The lowest and the highest price that is offered.
    fn reach(&self, offer: &Offer) -> (Number, Number) {
        (offer.at(&self.least), offer.at(&(&self.least + &self.width)))
    }
}
