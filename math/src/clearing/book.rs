//! Clearing of a whole book of single orders: prices, fills and trades.

use super::{Clearing, Corridor, Level, Margin, Rule, discover, greedy, pair, reduction};
use crate::{PricePerKwh, Wh};
use alloc::{vec, vec::Vec};

/// A divisible order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The worst price that will do.
    pub limit: PricePerKwh,
    /// The most energy.
    pub energy: Wh,
}

/// Both sides of a book, each in order of arrival.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// To buy.
    pub bids: &'a [Order],
    /// To sell.
    pub asks: &'a [Order],
}

/// A cleared book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// Volume and prices. The surplus is that of the fills. The cap binds if it ended the greedy
    /// run, under both rules.
    pub clearing: Clearing,
    /// What each bid gets, in order of arrival.
    pub bids: Vec<Wh>,
    /// What each ask gives, in order of arrival.
    pub asks: Vec<Wh>,
    /// Bid, ask and energy of each trade, by index: the sweep over the filled orders in the order
    /// in which they are filled.
    pub trades: Vec<(usize, usize, Wh)>,
}

/// Clears `book` by `rule`, at most up to `max_volume`.
///
/// The trades of each order add up to its fill, and the fills of either side to the volume. Takes
/// as long as sorting the book.
///
/// The energy of neither side may exceed the largest representable energy, or the volume is cut
/// there.
pub fn clear(rule: Rule, book: Book<'_>, corridor: &Corridor, max_volume: Wh) -> Cleared {
    let bids = Ranked::new(book.bids, |limit| !limit.0);
    let asks = Ranked::new(book.asks, |limit| limit.0);
    let (mut clearing, bid_queue, ask_queue) = match rule {
        Rule::Uniform => {
            let found = discover(&bids.levels, &asks.levels, corridor, max_volume);
            (found, bids.by_merit(), asks.by_merit())
        }
        Rule::McAfee => mcafee(&bids, &asks, corridor, max_volume),
    };
    let volume = clearing.volume;
    let trades: Vec<(usize, usize, Wh)> = pair(&bid_queue.energies, &ask_queue.energies, volume)
        .into_iter()
        .filter_map(|(bid, ask, energy)| {
            let bid = bid_queue.places.get(bid)?;
            let ask = ask_queue.places.get(ask)?;
            Some((*bid as usize, *ask as usize, energy))
        })
        .collect();
    let mut filled = (vec![Wh::ZERO; book.bids.len()], vec![Wh::ZERO; book.asks.len()]);
    clearing.surplus = 0;
    for (bid, ask, energy) in &trades {
        for (fills, place) in [(&mut filled.0, bid), (&mut filled.1, ask)] {
            if let Some(fill) = fills.get_mut(*place) {
                *fill = fill.saturating_add(*energy);
            }
        }
        let limits = book.bids.get(*bid).zip(book.asks.get(*ask));
        if let Some((bid, ask)) = limits {
            let gain = bid.limit.saturating_sub(ask.limit).0;
            let gain = gain.saturating_mul(u128::from(energy.0));
            clearing.surplus = clearing.surplus.saturating_add(gain);
        }
    }
    Cleared { clearing, bids: filled.0, asks: filled.1, trades }
}

/// One side of the book in merit order.
struct Ranked {
    /// Where each stands in order of arrival.
    places: Vec<u32>,
    levels: Vec<Level>,
}

/// Orders in the order in which they are filled.
struct Queue {
    places: Vec<u32>,
    energies: Vec<Wh>,
}

impl Ranked {
    /// Sorts `orders` by `rank` of their limits, an involution, and by arrival within a limit. A side longer than
    /// 2^32 orders is cut there.
    fn new(orders: &[Order], rank: impl Fn(PricePerKwh) -> u128) -> Self {
        // The energy travels along, which is cheaper than looking it up afterwards.
        let mut ranked: Vec<(u128, u32, Wh)> = (0..=u32::MAX)
            .zip(orders)
            .map(|(place, order)| (rank(order.limit), place, order.energy))
            .collect();
        ranked.sort_unstable_by_key(|(rank, place, _)| (*rank, *place));
        let (places, levels) = ranked
            .into_iter()
            .map(|(ranked, place, energy)| {
                // The rank is its own inverse.
                let price = PricePerKwh(rank(PricePerKwh(ranked)));
                (place, Level { price, energy })
            })
            .unzip();
        Self { places, levels }
    }

    /// All orders, the best limit first.
    fn by_merit(&self) -> Queue {
        self.first(self.places.len())
    }

    /// The first `count` orders by merit.
    fn first(&self, count: usize) -> Queue {
        Queue {
            places: self.places.iter().take(count).copied().collect(),
            energies: self.levels.iter().take(count).map(|level| level.energy).collect(),
        }
    }

    /// The first `count` orders by merit, in order of arrival.
    fn first_by_arrival(&self, count: usize) -> Queue {
        let mut remaining: Vec<_> = self.places.iter().zip(&self.levels).take(count).collect();
        remaining.sort_unstable_by_key(|(place, _)| **place);
        let (places, energies) =
            remaining.into_iter().map(|(place, level)| (*place, level.energy)).unzip();
        Queue { places, energies }
    }

    /// How many orders remain ahead of the one that holds the last watt-hour, and their energy.
    fn reduced(&self, margin: Margin) -> (usize, Wh) {
        let mut margin = margin;
        let mut count = 0_usize;
        for level in &self.levels {
            if level.price == margin.limit && margin.pass(level.energy) == reduction::Place::Last {
                break;
            }
            count = count.saturating_add(1);
        }
        (count, margin.ahead)
    }
}

/// The reduced trade: its clearing, without the surplus, and who is filled in which order.
fn mcafee(
    bids: &Ranked,
    asks: &Ranked,
    corridor: &Corridor,
    max_volume: Wh,
) -> (Clearing, Queue, Queue) {
    let run = greedy(&bids.levels, &asks.levels, corridor.grid_fee, max_volume);
    let nothing = Clearing {
        volume: Wh::ZERO,
        buyers_pay: None,
        sellers_receive: None,
        cap_binding: run.cap_binding,
        surplus: 0,
    };
    let Some((bid_margin, ask_margin)) = run.margins else {
        return (nothing, bids.first(0), asks.first(0));
    };
    let (bid_count, bids_remain) = bids.reduced(bid_margin);
    let (ask_count, asks_remain) = asks.reduced(ask_margin);
    let (volume, longer) = reduction::volume(bids_remain, asks_remain);
    if volume.is_zero() {
        return (nothing, bids.first(0), asks.first(0));
    }
    let clearing = Clearing {
        volume,
        buyers_pay: Some(bid_margin.limit),
        sellers_receive: Some(ask_margin.limit),
        ..nothing
    };
    let by_arrival = |side| longer == Some(side);
    let queue = |side: &Ranked, count, rationed| {
        if rationed { side.first_by_arrival(count) } else { side.first(count) }
    };
    (
        clearing,
        queue(bids, bid_count, by_arrival(reduction::Longer::Bids)),
        queue(asks, ask_count, by_arrival(reduction::Longer::Asks)),
    )
}
