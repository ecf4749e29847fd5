//! One quarter-hour's book, and how much of the best it gives under each way of matching.

pub use crate::terms::{CORRIDOR, LOT};

use crate::terms::TICK;
use qedex_client::market::Side;
use qedex_math::{
    PricePerKwh, Wh,
    clearing::{self, Book, Clearing, Order, Rule},
};
use qedex_play::community::QuarterHour;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use serde::Serialize;
use std::fmt;

/// No volume cap.
const NO_CAP: Wh = Wh(u64::MAX);

/// How orders are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// The design's rule `uniform`.
    Uniform,
    /// The design's rule `mcafee`.
    #[serde(rename = "mcafee")]
    McAfee,
    /// Whoever comes first, at limits.
    PayAsBid,
}

impl Matching {
    pub const ALL: [Self; 3] = [Self::Uniform, Self::McAfee, Self::PayAsBid];
}

impl fmt::Display for Matching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uniform => "uniform",
            Self::McAfee => "mcafee",
            Self::PayAsBid => "pay-as-bid, as they come",
        })
    }
}

/// How tables name the scarcity of keys.
pub const fn keys(scarce: bool) -> &'static str {
    if scarce { "for half" } else { "enough" }
}

/// What a market brought about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// The sum of `bid - ask - fee` over the watt-hours traded.
    pub surplus: u128,
    /// The watt-hours traded.
    pub volume: u128,
}

impl Score {
    pub fn add(&mut self, other: Self) {
        self.surplus = self.surplus.saturating_add(other.surplus);
        self.volume = self.volume.saturating_add(other.volume);
    }

    fn trade(&mut self, gain: u128, energy: u64) {
        self.surplus = self.surplus.saturating_add(gain.saturating_mul(u128::from(energy)));
        self.volume = self.volume.saturating_add(u128::from(energy));
    }
}

/// `part` of `whole` in parts per million, rounded down.
pub fn ppm(part: u128, whole: u128) -> u64 {
    let ppm = part.saturating_mul(1_000_000).checked_div(whole);
    ppm.and_then(|ppm| u64::try_from(ppm).ok()).unwrap_or(0)
}

/// The book of a quarter-hour, each side in order of arrival. Limits are what energy is worth.
#[derive(Clone, Debug, Default)]
pub struct Market {
    pub bids: Vec<Order>,
    pub asks: Vec<Order>,
}

impl Market {
    /// Draws values and arrival for the quarter-hour at `offset` of its week.
    pub fn draw(quarter: &QuarterHour, seed: u64, offset: u64) -> Self {
        let mut cipher = ChaCha8Rng::seed_from_u64(seed);
        cipher.set_stream(offset);
        // The upper half of the product: uniform but for a part in 2^50.
        let mut below = |bound: u128| (u128::from(cipher.next_u64()).saturating_mul(bound)) >> 64;
        let width = CORRIDOR.cap.0 - CORRIDOR.grid_fee.0 - CORRIDOR.floor.0;
        let mut orders: Vec<(u128, Side, Order)> = Vec::new();
        for flow in &quarter.flows {
            let value = below(width / TICK + 1) * TICK;
            let arrival = below(1 << 63);
            for (side, energy, base) in [
                (Side::Ask, flow.generated, CORRIDOR.floor),
                (Side::Bid, flow.consumed, CORRIDOR.floor.saturating_add(CORRIDOR.grid_fee)),
            ] {
                let energy = Wh(energy.0 / LOT * LOT);
                if !energy.is_zero() {
                    let limit = base.saturating_add(PricePerKwh(value));
                    orders.push((arrival, side, Order { limit, energy }));
                }
            }
        }
        orders.sort_by_key(|(arrival, ..)| *arrival);
        let mut market = Self::default();
        for (_, side, order) in orders {
            match side {
                Side::Bid => market.bids.push(order),
                Side::Ask => market.asks.push(order),
            }
        }
        market
    }

    /// Clears the book by `rule`.
    pub fn clear(&self, rule: Rule, cap: Wh) -> clearing::Cleared {
        let book = Book { bids: &self.bids, asks: &self.asks };
        clearing::clear(rule, book, &CORRIDOR, cap)
    }

    /// What the keys cover: everything, or half of what is best without a cap, in whole lots.
    pub fn cap(&self, scarce: bool) -> Wh {
        if !scarce {
            return NO_CAP;
        }
        let half = self.optimum(NO_CAP).volume / 2;
        let lots = u64::try_from(half).unwrap_or(u64::MAX) / LOT;
        Wh(lots * LOT)
    }

    /// What is traded, and its surplus.
    pub fn score(&self, matching: Matching, cap: Wh) -> Score {
        let rule = match matching {
            Matching::Uniform => Rule::Uniform,
            Matching::McAfee => Rule::McAfee,
            Matching::PayAsBid => return self.as_they_come(cap),
        };
        let Clearing { volume, surplus, .. } = self.clear(rule, cap).clearing;
        let volume = u128::from(volume.0);
        Score {
            surplus: surplus.saturating_sub(CORRIDOR.grid_fee.0.saturating_mul(volume)),
            volume,
        }
    }

    /// The best lots of both sides against each other, as long as that is worth something.
    pub fn optimum(&self, cap: Wh) -> Score {
        let lots = |orders: &[Order]| -> Vec<u128> {
            let each = orders.iter();
            let mut all: Vec<u128> = each
                .flat_map(|order| {
                    std::iter::repeat_n(order.limit.0, (order.energy.0 / LOT) as usize)
                })
                .collect();
            all.sort_unstable();
            all
        };
        let (mut bids, asks) = (lots(&self.bids), lots(&self.asks));
        bids.reverse();
        let room = usize::try_from(cap.0 / LOT).unwrap_or(usize::MAX);
        let mut score = Score::default();
        for (bid, ask) in bids.iter().zip(&asks).take(room) {
            match bid.checked_sub(ask.saturating_add(CORRIDOR.grid_fee.0)) {
                Some(gain) => score.trade(gain, LOT),
                None => break,
            }
        }
        score
    }

    /// Two nested loops in order of arrival.
    fn as_they_come(&self, cap: Wh) -> Score {
        let mut score = Score::default();
        let mut left = cap;
        let mut asks = self.asks.clone();
        for bid in &self.bids {
            let mut wanted = bid.energy;
            for ask in &mut asks {
                let worst = ask.limit.saturating_add(CORRIDOR.grid_fee);
                let Some(gain) = bid.limit.0.checked_sub(worst.0) else {
                    continue;
                };
                let energy = wanted.min(ask.energy).min(left);
                wanted = wanted.saturating_sub(energy);
                ask.energy = ask.energy.saturating_sub(energy);
                left = left.saturating_sub(energy);
                score.trade(gain, energy.0);
            }
        }
        score
    }
}
