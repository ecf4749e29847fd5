//! What a leader makes of a week in which keys are scarce, by the rules of the chain.

use crate::{books::SlotBook, error::Error};
use qedex_client::market::Plancks;
use qedex_math::{
    admission::{self, Coming, MAX_KEYS, Policy, Pool},
    clearing,
};
use qedex_primitives::LeaderLimits;
use serde::Serialize;
use std::collections::VecDeque;

/// How keys come in, and by what rules slots get them.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Keys that come in while all slots' gates open, evenly spread: before the gate of each a whole number
    /// of them, so that after any number of slots no part of a key is missing but the last.
    pub income: u64,
    /// How many keys the pool holds. What comes in beyond is lost.
    pub capacity: u64,
    /// Within what the leader chooses.
    pub limits: LeaderLimits,
    /// How many slots are open at once.
    pub at_once: u64,
    /// How many slots before it hold what they were promised when the gate of a slot opens. What a slot
    /// did not use is back when it is one more.
    pub holding: usize,
}

/// Who leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Leader {
    /// Each slot gets all keys that are there.
    AdmitsAll,
    /// Nobody: each slot gets one part in as many as are open at once.
    Silent,
    /// Plans each day by the books that it will have.
    KnowsTheDay,
    /// Plans each day by the books of the day before.
    KnowsYesterday,
}

impl Leader {
    pub const ALL: [Self; 4] =
        [Self::AdmitsAll, Self::Silent, Self::KnowsYesterday, Self::KnowsTheDay];

    /// How tables name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdmitsAll => "admits all",
            Self::Silent => "announces nothing",
            Self::KnowsTheDay => "holds back, knows the day",
            Self::KnowsYesterday => "holds back, knows yesterday",
        }
    }
}

/// What came of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Energy traded, in Wh.
    pub volume_wh: u64,
    /// Of it in the evening.
    pub evening_wh: u64,
    /// Keys that trades used.
    pub keys_used: u64,
    /// Keys that found the pool full.
    pub keys_lost: u64,
    /// By how much bids exceed asks and the grid fee over the energy traded: what the plan makes large.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub worth: Plancks,
    /// What buyers pay less than the grid's price and sellers get more than the feed-in price.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub saved: Plancks,
    /// What buyers pay more than sellers get and the grid takes: the keys' shadow price, for the entropy
    /// fund.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub to_fund: Plancks,
}

/// A week of books, with what their keys are worth.
#[derive(Debug)]
pub struct Week {
    days: Vec<Day>,
    slots: u64,
}

#[derive(Debug)]
struct Day {
    books: Vec<SlotBook>,
    /// What each key is worth in each slot, the best first.
    worths: Vec<Vec<u128>>,
}

impl Week {
    /// Of such days.
    pub fn new<'a>(days: impl Iterator<Item = &'a [SlotBook]>) -> Self {
        let day = |books: &[SlotBook]| {
            let worths =
                |book: &SlotBook| admission::key_worths(&book.curve(), book.terms.wh_per_key);
            Day { books: books.to_vec(), worths: books.iter().map(worths).collect() }
        };
        let days: Vec<Day> = days.map(day).collect();
        let slots = days.iter().map(|day| day.books.len() as u64).fold(0, u64::saturating_add);
        Self { days, slots }
    }

    /// How many slots it has.
    pub const fn slots(&self) -> u64 {
        self.slots
    }

    /// How many keys its trades use where there are enough.
    pub fn keys(&self) -> u64 {
        let books = self.days.iter().flat_map(|day| &day.books);
        let used = books
            .map(|book| clearing::keys_used(book.clear(u64::MAX).volume, book.terms.wh_per_key));
        used.fold(0, u64::saturating_add)
    }

    /// Plays the week from an empty pool on.
    pub fn play(&self, leader: Leader, rules: &Rules) -> Result<Score, Error> {
        let mut game = Game { pool: 0, open: VecDeque::new(), score: Score::default() };
        let mut slot = 0;
        for (place, day) in self.days.iter().enumerate() {
            // On the first day the last one stands in for the day before.
            let known = match leader {
                Leader::KnowsTheDay => Some(day),
                Leader::KnowsYesterday => match place.checked_sub(1) {
                    Some(yesterday) => self.days.get(yesterday),
                    None => self.days.last(),
                },
                Leader::AdmitsAll | Leader::Silent => None,
            };
            let plan = match known {
                Some(known) => Some(self.plan(known, day.books.len(), game.pool, slot, rules)?),
                None => None,
            };
            for (place, book) in day.books.iter().enumerate() {
                game.come_in(self.income(slot, rules), rules);
                let available = game.available();
                let admitted = match &plan {
                    Some(plan) => {
                        let wanted = plan.admit(place, game.expected());
                        wanted.max(admission::keys(
                            available,
                            0,
                            rules.limits.least_share.deconstruct(),
                        ))
                    }
                    None if leader == Leader::AdmitsAll => available,
                    None => rules.limits.keys_by_default(available, rules.at_once),
                };
                let forecast = plan.as_ref().map_or(0, |plan| plan.demand(place));
                game.open(book, admitted.min(available), forecast);
                slot = slot.saturating_add(1);
            }
        }
        Ok(game.score)
    }

    /// How many keys come in before the gate of a slot opens.
    fn income(&self, slot: u64, rules: &Rules) -> u64 {
        let until = |slots: u64| {
            let keys = u128::from(rules.income).saturating_mul(slots.into());
            keys.checked_div(self.slots.into()).and_then(|keys| u64::try_from(keys).ok())
        };
        let after = until(slot.saturating_add(1)).unwrap_or(0);
        after.saturating_sub(until(slot).unwrap_or(0))
    }

    /// The plan of a day of so many slots, the first of which is `first` of the week, by the day that is
    /// known: slots that this one does not have are worth nothing.
    fn plan(
        &self,
        known: &Day,
        slots: usize,
        pool: u64,
        first: u64,
        rules: &Rules,
    ) -> Result<Plan, Error> {
        let mut coming = Vec::with_capacity(slots);
        for (place, slot) in (0..slots).zip(first..) {
            let worths = known.worths.get(place).cloned().unwrap_or_default();
            coming.push(Coming { income: self.income(slot, rules), worths });
        }
        let pool = Pool { keys: pool, capacity: rules.capacity };
        let least = rules.limits.least_share.deconstruct();
        let policy = admission::policy(pool, &coming, least).ok_or_else(too_many)?;
        let demands = coming.iter().map(|slot| slot.worths.len() as u64).collect();
        Ok(Plan { policy, demands })
    }
}

/// A plan exceeds what can be computed.
pub fn too_many() -> Error {
    Error::BadInput(format!(
        "there are more than {MAX_KEYS} keys: give per-key in larger units, or a capacity"
    ))
}

/// What to admit in each slot of a day, and how many keys each would use.
struct Plan {
    policy: Policy,
    demands: Vec<u64>,
}

impl Plan {
    fn admit(&self, place: usize, available: u64) -> u64 {
        self.policy.admit(place, available)
    }

    fn demand(&self, place: usize) -> u64 {
        self.demands.get(place).copied().unwrap_or(0)
    }
}

/// A week under way.
struct Game {
    /// Keys that are there, promised or not.
    pool: u64,
    /// What slots hold that have not given back what they did not use, the latest first.
    open: VecDeque<Promise>,
    score: Score,
}

#[derive(Clone, Copy)]
struct Promise {
    admitted: u64,
    used: u64,
    /// How many the leader thinks will be used.
    forecast: u64,
}

impl Game {
    /// The slots that hold no more give back what they did not use; then keys come in.
    fn come_in(&mut self, income: u64, rules: &Rules) {
        while self.open.len() > rules.holding {
            let used = self.open.pop_back().map_or(0, |promise| promise.used);
            self.pool = self.pool.saturating_sub(used);
        }
        let all = self.pool.saturating_add(income);
        self.pool = all.min(rules.capacity);
        self.score.keys_lost = self.score.keys_lost.saturating_add(all.saturating_sub(self.pool));
    }

    /// What is there and not promised.
    fn available(&self) -> u64 {
        let promised = self.open.iter().map(|promise| promise.admitted);
        self.pool.saturating_sub(promised.fold(0, u64::saturating_add))
    }

    /// The same with what the leader thinks will come back.
    fn expected(&self) -> u64 {
        let going = self.open.iter().map(|promise| promise.admitted.min(promise.forecast));
        self.pool.saturating_sub(going.fold(0, u64::saturating_add))
    }

    /// Opens and clears a slot.
    fn open(&mut self, book: &SlotBook, admitted: u64, forecast: u64) {
        let cleared = book.clear(admitted);
        let terms = &book.terms;
        let used = clearing::keys_used(cleared.volume, terms.wh_per_key);
        self.open.push_front(Promise { admitted, used, forecast });
        let volume = u128::from(cleared.volume.0);
        // Prices are in plancks per kWh, and an amount of them times Wh is rounded down to the planck.
        let plancks = |price: u128| price.saturating_mul(volume) / 1_000;
        let score = &mut self.score;
        score.volume_wh = score.volume_wh.saturating_add(cleared.volume.0);
        if book.is_in_the_evening() {
            score.evening_wh = score.evening_wh.saturating_add(cleared.volume.0);
        }
        score.keys_used = score.keys_used.saturating_add(used);
        let fee = terms.grid_fee.0.saturating_mul(volume);
        score.worth = score.worth.saturating_add(cleared.surplus.saturating_sub(fee) / 1_000);
        if let (Some(pay), Some(get)) = (cleared.buyers_pay, cleared.sellers_receive) {
            let buyer = terms.cap.saturating_sub(pay).0;
            let seller = get.saturating_sub(terms.floor).0;
            let beyond = pay.saturating_sub(get).saturating_sub(terms.grid_fee).0;
            score.saved = score.saved.saturating_add(plancks(buyer.saturating_add(seller)));
            score.to_fund = score.to_fund.saturating_add(plancks(beyond));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{books, terms};
    use qedex_math::Wh;
    use qedex_play::community::{Flow, QuarterHour};

    /// At these hours of one day each of ten sellers has so much, and each of ten buyers needs so much.
    fn day(hours: &[(u8, u64)], seed: u64) -> Week {
        let quarter = |(hour, wh): &(u8, u64)| {
            let out = Flow { generated: Wh(*wh), consumed: Wh(0) };
            let into = Flow { generated: Wh(0), consumed: Wh(*wh) };
            let flows = [vec![out; 10], vec![into; 10]].concat();
            QuarterHour { time: format!("2016-07-11T{hour:02}:00"), flows }
        };
        let quarters: Vec<_> = hours.iter().map(quarter).collect();
        let books = books::of(&quarters, seed, Wh(1_000)).unwrap();
        Week::new(books::days(&books))
    }

    fn rules(income: u64, holding: usize) -> Rules {
        Rules { income, capacity: 100, limits: terms::limits(), at_once: 3, holding }
    }

    #[test]
    fn what_a_slot_does_not_use_is_back_when_enough_gates_have_opened() {
        let week = day(&[(0, 0), (12, 500), (13, 500)], 1);
        assert_eq!(week.keys(), 10);
        for (holding, used) in [(0, 3), (1, 3), (2, 2)] {
            let score = week.play(Leader::AdmitsAll, &rules(3, holding)).unwrap();
            assert_eq!((score.keys_used, score.volume_wh), (used, used * 1_000), "{holding}");
        }
    }

    #[test]
    fn a_full_pool_loses_what_comes_in() {
        let week = day(&[(0, 0), (1, 0), (12, 500)], 1);
        let tight = Rules { capacity: 2, ..rules(9, 0) };
        let score = week.play(Leader::AdmitsAll, &tight).unwrap();
        assert_eq!((score.keys_lost, score.keys_used), (1 + 3 + 3, 2));
    }

    #[test]
    fn nobody_gets_more_worth_than_who_knows_the_day() {
        let mut held_back = 0;
        for seed in 0..40 {
            let week = day(&[(11, 400), (12, 700), (17, 500), (18, 300)], seed);
            for income in [4, 9, 14] {
                let of = |leader| week.play(leader, &rules(income, 0)).unwrap();
                let day = of(Leader::KnowsTheDay);
                for other in Leader::ALL.map(of) {
                    assert!(day.worth >= other.worth, "seed {seed}, {income} keys: {other:?}");
                }
                // Of a week of one day that day is its own yesterday.
                assert_eq!(of(Leader::KnowsYesterday), day);
                held_back += usize::from(day.worth > of(Leader::AdmitsAll).worth);
            }
        }
        assert!(held_back > 20, "{held_back}");
    }

    #[test]
    fn what_is_saved_and_what_the_fund_gets_is_the_corridor_less_the_fee() {
        let week = day(&[(11, 400), (12, 700)], 3);
        let score = week.play(Leader::AdmitsAll, &rules(6, 0)).unwrap();
        assert_eq!(score.volume_wh, 6_000);
        assert_eq!(score.saved + score.to_fund, 6 * 200 * terms::TICK);
        assert!(score.to_fund > 0 && score.evening_wh == 0);
        let enough = week.play(Leader::AdmitsAll, &rules(30, 0)).unwrap();
        assert_eq!((enough.volume_wh, enough.to_fund), (11_000, 0));
    }

    #[test]
    fn more_keys_than_can_be_planned_are_refused() {
        let week = day(&[(11, 400), (12, 700)], 1);
        let many = Rules { capacity: u64::MAX, ..rules(2 * MAX_KEYS + 2, 0) };
        let error = week.play(Leader::KnowsTheDay, &many).unwrap_err().to_string();
        assert!(error.contains("4096 keys"), "{error}");
        assert!(week.play(Leader::AdmitsAll, &many).is_ok());
    }
}
