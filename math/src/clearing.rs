//! Clearing of a slot's double auction under a volume cap (docs/design.md, section 5).
//!
//! Bids by price descending meet asks by price ascending as long as the bid exceeds the ask by
//! the grid fee, up to the energy that the keys cover. Increments never increase on the way,
//! so the greedy run maximises the sum of `bid - ask - fee` over the watt-hours traded, with
//! the largest volume among the best.
//!
//! # Prices under [`Rule::Uniform`]
//!
//! `b_m` and `s_m` are the limits that hold the last watt-hour traded; `b_x` and `s_x` the best
//! limits left out, where the remainder of a partly filled level counts as left out.
//!
//! - *Cap not binding.* An absent `b_x` is floor + fee, an absent `s_x` is cap - fee. Sellers
//!   receive the midpoint, rounded down, of `[max(s_m, b_x - fee), min(b_m - fee, s_x)]`, and
//!   buyers pay that and the fee. The interval is not empty: `s_m + fee <= b_m`, because they
//!   trade; `b_x <= b_m` and `s_m <= s_x` by priority; and `b_x < s_x + fee`, or the two would
//!   trade.
//! - *Cap binding*, which means that `b_x` and `s_x` would trade as well: buyers pay `b_x`,
//!   sellers receive `s_x`. The spread beyond the fee is the shadow price of the keys.
//!
//! Either way nobody pays more than their limit or receives less, and nobody who is left out
//! would rather have traded at these prices. Orders inside the corridor give prices inside it.
//!
//! # Prices under [`Rule::McAfee`]
//!
//! For study: `qedex plan clear --rule mcafee` and `qedex plan efficiency` compute with it, the chain
//! does not offer it (`docs/auction.md` says why).
//!
//! Both orders that hold the last watt-hour of the greedy run leave whole. Buyers pay `b_m` and
//! sellers receive `s_m`, which are the limits of those who left: nobody who trades has set a
//! price. The volume is the lesser of what remains on the two sides; on the longer side the
//! earliest of the remaining orders are filled first, whatever their limits. Whoever remains
//! cannot change its price or its fill by its limit, and whoever does not could only get in at a
//! price worse than its own: with given quantities, and one order each, no false limit pays.
//! Overstating the quantity can pay, and nothing here prevents it.
//! See [`reduction`] and, for whole books, [`clear`].

mod book;
pub mod reduction;
#[cfg(test)]
mod tests;

pub use book::{Book, Cleared, Order, clear};

use crate::{PricePerKwh, Wh};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// How prices follow from the greedy run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rule {
    /// One price between those who trade and those left out; the keys' shadow price where they
    /// limit the volume.
    #[default]
    Uniform,
    /// The marginal orders leave and set the prices.
    McAfee,
}

/// The energy that one side offers at one price.
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
pub struct Level {
    /// The limit of everybody at this level.
    pub price: PricePerKwh,
    /// Their energy.
    pub energy: Wh,
}

/// What the leader's terms say about prices.
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
pub struct Corridor {
    /// The feed-in price: no limit is below it.
    pub floor: PricePerKwh,
    /// The grid price: no limit is above it.
    pub cap: PricePerKwh,
    /// What the grid takes of each kWh traded.
    pub grid_fee: PricePerKwh,
}

/// What clearing found.
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
pub struct Clearing {
    /// The energy traded.
    pub volume: Wh,
    /// What every buyer pays, grid fee included; `None` when nothing trades.
    pub buyers_pay: Option<PricePerKwh>,
    /// What every seller receives; `None` when nothing trades.
    pub sellers_receive: Option<PricePerKwh>,
    /// Whether more would have been traded without the volume cap.
    pub cap_binding: bool,
    /// The sum of `bid limit * Wh` less the sum of `ask limit * Wh` over the energy traded, in
    /// plancks/kWh * Wh: thousandths of a planck. Grid fee included. Exact if no bid exceeds an
    /// ask by more than 2^64 plancks per kWh, else it stops at the largest value.
    pub surplus: u128,
}

/// Where the greedy run ends on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// The limit that holds the last watt-hour traded.
    pub limit: PricePerKwh,
    /// The energy of all better limits.
    pub ahead: Wh,
    /// What is traded at the limit itself: some energy.
    pub taken: Wh,
}

/// How far the greedy run comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The energy traded.
    pub volume: Wh,
    /// Where it ends among the bids and among the asks; `None` when nothing trades.
    pub margins: Option<(Margin, Margin)>,
    /// The best limits left out: bid and ask.
    pub left_out: (Option<PricePerKwh>, Option<PricePerKwh>),
    /// Whether more would have been traded without the volume cap.
    pub cap_binding: bool,
    /// As in [`Clearing`].
    pub surplus: u128,
}

/// Trades the best bid with the best ask, again and again, as long as the bid exceeds the ask by
/// `grid_fee`, at most up to `max_volume`.
///
/// `bids` come by price descending, `asks` ascending. Neighbours may share a price, so single
/// orders can be given as levels; the result depends on the total at each price only. Levels
/// without energy count as absent. Takes one step per level.
///
/// A side out of order is taken in the order given, and only the conservation of energy is
/// promised.
pub fn greedy(bids: &[Level], asks: &[Level], grid_fee: PricePerKwh, max_volume: Wh) -> Run {
    greedy_in_steps(bids, asks, grid_fee, max_volume, |_, _| {})
}

/// [`greedy`], which tells `step` of each of its steps by how much bid exceeds ask, grid fee included, and
/// how much energy they trade. By how much never increases.
pub fn greedy_in_steps(
    bids: &[Level],
    asks: &[Level],
    grid_fee: PricePerKwh,
    max_volume: Wh,
    mut step: impl FnMut(PricePerKwh, Wh),
) -> Run {
    let mut bids = Side::new(bids);
    let mut asks = Side::new(asks);
    let mut volume = Wh::ZERO;
    let mut surplus = 0_u128;
    let mut margins = None;
    let mut cap_binding = false;
    while let (Some(bid), Some(ask)) = (bids.best, asks.best) {
        let Some(gain) = bid.price.0.checked_sub(ask.price.0).filter(|gain| *gain >= grid_fee.0)
        else {
            break;
        };
        let left = max_volume.saturating_sub(volume);
        if left.is_zero() {
            cap_binding = true;
            break;
        }
        let energy = next_trade(bid.energy, ask.energy, left);
        step(PricePerKwh(gain), energy);
        surplus = surplus.saturating_add(gain.saturating_mul(u128::from(energy.0)));
        let (bid_margin, ask_margin) = margins.unzip();
        margins = Some((
            Margin::advanced(bid_margin, bid.price, volume, energy),
            Margin::advanced(ask_margin, ask.price, volume, energy),
        ));
        volume = volume.saturating_add(energy);
        bids.take(energy);
        asks.take(energy);
    }
    Run { volume, margins, left_out: (bids.best_price(), asks.best_price()), cap_binding, surplus }
}

impl Margin {
    /// The margin after trading `energy` at `limit`, where `volume` was traded before.
    fn advanced(margin: Option<Self>, limit: PricePerKwh, volume: Wh, energy: Wh) -> Self {
        match margin {
            Some(same) if same.limit == limit => {
                Self { taken: same.taken.saturating_add(energy), ..same }
            }
            _ => Self { limit, ahead: volume, taken: energy },
        }
    }
}

/// Clears a book by the rule [`Rule::Uniform`], at most up to `max_volume`.
///
/// The book is given as for [`greedy`].
///
/// Without room for any energy nothing trades, and the cap binds if the book crosses. For
/// limits outside the corridor the fills are inside their limits all the same.
pub fn discover(bids: &[Level], asks: &[Level], corridor: &Corridor, max_volume: Wh) -> Clearing {
    let run = greedy(bids, asks, corridor.grid_fee, max_volume);
    let (buyers_pay, sellers_receive) = run
        .margins
        .map(|(bid, ask)| prices((bid.limit, ask.limit), run.left_out, corridor, run.cap_binding))
        .unzip();
    Clearing {
        volume: run.volume,
        buyers_pay,
        sellers_receive,
        cap_binding: run.cap_binding,
        surplus: run.surplus,
    }
}

/// One side of the book: what is left of it, best first.
struct Side<'a> {
    best: Option<Level>,
    others: core::slice::Iter<'a, Level>,
}

impl<'a> Side<'a> {
    fn new(levels: &'a [Level]) -> Self {
        let mut side = Self { best: None, others: levels.iter() };
        side.advance();
        side
    }

    fn advance(&mut self) {
        self.best = self.others.find(|level| !level.energy.is_zero()).copied();
    }

    /// Takes `energy`, not more than there is, from the best level.
    fn take(&mut self, energy: Wh) {
        if let Some(best) = &mut self.best {
            best.energy = best.energy.saturating_sub(energy);
            if best.energy.is_zero() {
                self.advance();
            }
        }
    }

    fn best_price(&self) -> Option<PricePerKwh> {
        self.best.map(|level| level.price)
    }
}

/// What buyers pay and sellers receive, by the marginal limits and the best ones left out.
fn prices(
    (marginal_bid, marginal_ask): (PricePerKwh, PricePerKwh),
    left_out: (Option<PricePerKwh>, Option<PricePerKwh>),
    corridor: &Corridor,
    cap_binding: bool,
) -> (PricePerKwh, PricePerKwh) {
    if let (true, (Some(bid), Some(ask))) = (cap_binding, left_out) {
        return (bid, ask);
    }
    let fee = corridor.grid_fee;
    // A bid left out below the fee constrains nobody: zero says the same.
    let bid_left_out = left_out.0.map_or(corridor.floor, |bid| bid.saturating_sub(fee));
    let ask_left_out = left_out.1.unwrap_or(corridor.cap.saturating_sub(fee));
    let highest = marginal_bid.saturating_sub(fee);
    // The outer bounds matter only for limits outside the corridor: they keep the price inside
    // the limits of those who trade.
    let lower = marginal_ask.max(bid_left_out).min(highest);
    let upper = highest.min(ask_left_out).max(lower);
    let price = PricePerKwh(lower.0.midpoint(upper.0));
    (price.saturating_add(fee), price)
}

/// The energy that `keys` keys cover, or the largest representable energy.
pub fn energy_cap(keys: u64, wh_per_key: Wh) -> Wh {
    Wh(keys.saturating_mul(wh_per_key.0))
}

/// The keys that `volume` uses: one for each started `wh_per_key`.
///
/// Where a key covers nothing, no volume needs no key, and no number of keys is enough for
/// any other: that is the largest number.
pub fn keys_used(volume: Wh, wh_per_key: Wh) -> u64 {
    if volume.is_zero() {
        0
    } else if wh_per_key.is_zero() {
        u64::MAX
    } else {
        volume.0.div_ceil(wh_per_key.0)
    }
}

/// The energy of the next trade between the best bid and the best ask of a sweep, given what
/// is left of them and of the volume to be paired.
pub fn next_trade(bid_left: Wh, ask_left: Wh, volume_left: Wh) -> Wh {
    bid_left.min(ask_left).min(volume_left)
}

/// Pairs bids with asks, both in priority order, up to `volume`: the indices of bid and ask,
/// and the energy of each trade.
///
/// A sweep with one pointer a side. Every trade but the last uses up a bid or an ask, so there
/// are at most `bids + asks - 1`. Together they make up `volume`, or the smaller side if that
/// is less.
pub fn pair(bids: &[Wh], asks: &[Wh], volume: Wh) -> Vec<(usize, usize, Wh)> {
    fn best<'a>(mut side: impl Iterator<Item = (usize, &'a Wh)>) -> Option<(usize, Wh)> {
        side.find(|(_, energy)| !energy.is_zero()).map(|(index, energy)| (index, *energy))
    }
    let mut bids = bids.iter().enumerate();
    let mut asks = asks.iter().enumerate();
    let (mut bid, mut ask) = (best(&mut bids), best(&mut asks));
    let mut left = volume;
    let mut trades = Vec::new();
    while let (Some((bid_index, bid_left)), Some((ask_index, ask_left))) = (bid, ask) {
        let energy = next_trade(bid_left, ask_left, left);
        if energy.is_zero() {
            break;
        }
        trades.push((bid_index, ask_index, energy));
        left = left.saturating_sub(energy);
        if energy == bid_left {
            bid = best(&mut bids);
        } else {
            bid = Some((bid_index, bid_left.saturating_sub(energy)));
        }
        if energy == ask_left {
            ask = best(&mut asks);
        } else {
            ask = Some((ask_index, ask_left.saturating_sub(energy)));
        }
    }
    trades
}
