//! The books of a community's quarter-hours, as `qedex play` would fill them on the development chain.
//!
//! - Orders are those of the played [`Strategy`]: surplus and deficit of the data in whole lots, limits by
//!   the seed, on the ticks of the slot's corridor. Orders that are cheated with are orders all the same.
//! - The corridor is that of the slot's tariff band ([`terms::band_of`]). Demand is what enters at all
//!   meters; of slots before the first none is known. The slot of the day follows from the data's own,
//!   local time.

use super::terms;
use crate::error::Error;
use qedex_client::market::Side;
use qedex_math::{
    Wh,
    admission::{self, Step},
    clearing::{self, Book, Clearing, Level, Order, Rule},
};
use qedex_play::{
    community::QuarterHour,
    strategy::{Shares, Strategy},
};
use qedex_primitives::LeaderTerms;
use qedex_tables::Moment;
use std::cmp::Reverse;

/// The book of a quarter-hour, each side in order of arrival.
#[derive(Clone, Debug)]
pub struct SlotBook {
    /// When it begins.
    pub time: Moment,
    /// Which slot of its day it is, from 0 to 95.
    pub slot_of_day: u8,
    /// By what terms it trades.
    pub terms: LeaderTerms,
    bids: Vec<Order>,
    asks: Vec<Order>,
}

/// The books of quarter-hours that follow each other, by the orders that belong to `seed`, where a key
/// covers `per_key`.
pub fn of(quarters: &[QuarterHour], seed: u64, per_key: Wh) -> Result<Vec<SlotBook>, Error> {
    let strategy = Strategy::new(seed, Shares::default());
    let demands: Vec<Wh> = quarters.iter().map(QuarterHour::deficit).collect();
    let mut books = Vec::with_capacity(quarters.len());
    for (place, quarter) in quarters.iter().enumerate() {
        let time = Moment::read(&quarter.time, None).map_err(Error::BadInput)?;
        let of_day = time.time_of_day();
        let quarters_of_day = of_day.hour().saturating_mul(4).saturating_add(of_day.minute() / 15);
        let slot_of_day = u8::try_from(quarters_of_day).unwrap_or(0);
        let band = terms::band_of(place, slot_of_day, &demands);
        let terms = terms::price_list(band).with_keys(per_key);
        let flows: Vec<(Wh, Wh)> =
            quarter.flows.iter().map(|flow| (flow.generated, flow.consumed)).collect();
        let (mut bids, mut asks) = (Vec::new(), Vec::new());
        for intent in strategy.orders(&terms, &flows, place) {
            let order = Order { limit: intent.limit, energy: intent.energy };
            match intent.side {
                Side::Bid => bids.push(order),
                Side::Ask => asks.push(order),
            }
        }
        books.push(SlotBook { time, slot_of_day, terms, bids, asks });
    }
    Ok(books)
}

/// The books of each day, as the calendar of the data has days.
pub fn days(books: &[SlotBook]) -> impl Iterator<Item = &[SlotBook]> {
    books.chunk_by(|one, next| one.time.is_on_day_of(&next.time))
}

impl SlotBook {
    /// What its energy is worth.
    pub fn curve(&self) -> Vec<Step> {
        let level = |order: &Order| Level { price: order.limit, energy: order.energy };
        let mut bids: Vec<Level> = self.bids.iter().map(level).collect();
        let mut asks: Vec<Level> = self.asks.iter().map(level).collect();
        bids.sort_by_key(|level| Reverse(level.price));
        asks.sort_by_key(|level| level.price);
        admission::curve(&bids, &asks, self.terms.grid_fee)
    }

    /// How it clears by the chain's rule with so many keys.
    pub fn clear(&self, keys: u64) -> Clearing {
        let book = Book { bids: &self.bids, asks: &self.asks };
        let LeaderTerms { floor, cap, grid_fee, wh_per_key, .. } = self.terms;
        let corridor = clearing::Corridor { floor, cap, grid_fee };
        let most = clearing::energy_cap(keys, wh_per_key);
        clearing::clear(Rule::Uniform, book, &corridor, most).clearing
    }

    /// Whether it lies in the evening, by the schedule of the day.
    pub const fn is_in_the_evening(&self) -> bool {
        terms::EVENING.contains(self.slot_of_day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_math::tariff::Band;
    use qedex_play::community::{Community, Flow};

    fn quarter(time: &str, flows: &[(u64, u64)]) -> QuarterHour {
        let flows = flows
            .iter()
            .map(|(out, into)| Flow { generated: Wh(*out), consumed: Wh(*into) })
            .collect();
        QuarterHour { time: time.to_owned(), flows }
    }

    #[test]
    fn a_book_has_the_corridor_of_its_hour_and_whole_lots() {
        let noon = quarter("2016-07-11T12:00", &[(1_250, 0), (0, 999), (0, 99)]);
        let evening = quarter("2016-07-11T17:00", &[(1_250, 0), (0, 999), (0, 99)]);
        let books = of(&[noon, evening], 1, Wh(1_000)).unwrap();
        let caps: Vec<_> = books.iter().map(|book| book.terms.cap).collect();
        assert_eq!(caps, [Band::Off, Band::Mid].map(|band| terms::price_list(band).cap));
        assert_eq!(books[0].asks.iter().map(|order| order.energy.0).sum::<u64>(), 1_200);
        assert_eq!(books[0].bids.iter().map(|order| order.energy.0).sum::<u64>(), 900);
        assert_eq!(books[0].clear(5).volume, Wh(900));
        assert_eq!(books[0].clear(0).volume, Wh(0));
        assert_eq!([false, true], [0, 1].map(|place: usize| books[place].is_in_the_evening()));
    }

    #[test]
    fn a_curve_is_worth_what_the_market_clears_key_by_key() {
        let quarters = Community::load(None, None).unwrap().whole_weeks().remove(0);
        let books = of(&quarters, 1, Wh(1_000)).unwrap();
        assert_eq!(days(&books).map(<[SlotBook]>::len).collect::<Vec<_>>(), [96; 7]);
        let mut seen = 0;
        for book in books.iter().step_by(37) {
            let worths = admission::key_worths(&book.curve(), book.terms.wh_per_key);
            seen += worths.len();
            for keys in 0..=worths.len() {
                let Clearing { volume, surplus, .. } = book.clear(keys as u64);
                let net = surplus - book.terms.grid_fee.0 * u128::from(volume.0);
                assert_eq!(worths[..keys].iter().sum::<u128>(), net, "{}", book.time);
            }
        }
        assert!(seen > 50, "{seen} keys");
    }
}
