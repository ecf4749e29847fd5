//! How often a seller has defaulted of late, and whether that excludes it (docs/design.md, section 3).
//!
//! What counts is the share: an honest seller that is off-line now and then defaults now and then, the
//! more often the more it sells.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A default is forgotten after so many days.
pub const DAYS: u32 = 7;

/// A day of a seller.
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
pub struct Day {
    /// Which one.
    pub day: u32,
    /// In how many of its slots the seller sold.
    pub sold: u32,
    /// In how many of them it defaulted.
    pub defaulted: u32,
}

/// The days of a seller, in ascending order, with one more slot of `day` in which it sold. Days that are
/// [`DAYS`] or more before the latest are forgotten, so that there are never more than that.
pub fn noted(days: &[Day], day: u32, defaulted: bool) -> Vec<Day> {
    let mut all = days.to_vec();
    let place = all.partition_point(|other| other.day < day);
    if all.get(place).is_none_or(|found| found.day != day) {
        all.insert(place, Day { day, sold: 0, defaulted: 0 });
    }
    if let Some(found) = all.get_mut(place) {
        found.sold = found.sold.saturating_add(1);
        found.defaulted = found.defaulted.saturating_add(u32::from(defaulted));
    }
    let latest = all.last().map_or(day, |latest| latest.day);
    all.retain(|kept| latest.saturating_sub(kept.day) < DAYS);
    all
}

/// Whether these days exclude a seller: it defaulted in `least` slots at least, and in more than `share`,
/// in parts per million, of those in which it sold.
pub fn excludes(days: &[Day], least: u32, share: u32) -> bool {
    let sum = |of: fn(&Day) -> u32| days.iter().map(|day| u64::from(of(day))).sum::<u64>();
    let (sold, defaulted) = (sum(|day| day.sold), sum(|day| day.defaulted));
    defaulted >= u64::from(least)
        && u128::from(defaulted).saturating_mul(1_000_000)
            > u128::from(sold).saturating_mul(u128::from(share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};
    use proptest::prelude::*;

    fn sold(slots: &[(u32, bool)]) -> Vec<Day> {
        slots.iter().fold(vec![], |days, (day, defaulted)| noted(&days, *day, *defaulted))
    }

    #[test]
    fn two_defaults_exclude_if_they_are_more_than_one_in_ten() {
        let excluded = |slots: usize| {
            let all: Vec<_> = (0..slots).map(|n| (9, n < 2)).collect();
            excludes(&sold(&all), 2, 100_000)
        };
        assert!(excluded(2) && excluded(19));
        assert!(!excluded(20));
        assert!(!excludes(&sold(&[(9, true)]), 2, 100_000), "one is none");
        assert!(excludes(&sold(&[(9, true)]), 1, 100_000));
    }

    #[test]
    fn a_default_is_forgotten_after_seven_days() {
        let two = |later| excludes(&sold(&[(100, true), (later, true)]), 2, 100_000);
        assert!(two(100) && two(106));
        assert!(!two(107));
    }

    /// Slots end in another order than they were sold in, where a clock stood still.
    #[test]
    fn a_slot_of_an_earlier_day_is_noted_there() {
        let days = sold(&[(100, false), (102, false), (101, true), (100, true), (95, true)]);
        let day = |day, sold, defaulted| Day { day, sold, defaulted };
        assert_eq!(days, [day(100, 2, 1), day(101, 1, 1), day(102, 1, 0)]);
    }

    proptest! {
        #[test]
        fn it_counts_what_a_list_of_all_slots_says(
            slots in prop::collection::vec((0..20_u32, any::<bool>()), 0..60),
            least in 1..5_u32, share in 0..1_000_000_u32,
        ) {
            let mut slots = slots;
            slots.sort_unstable();
            let days = sold(&slots);
            prop_assert!(days.len() <= DAYS as usize);
            let latest = slots.last().map_or(0, |(day, _)| *day);
            let of_late: Vec<_> = slots.iter().filter(|(day, _)| latest - day < DAYS).collect();
            let defaulted = of_late.iter().filter(|(_, defaulted)| *defaulted).count() as u128;
            let more = defaulted * 1_000_000 > of_late.len() as u128 * u128::from(share);
            let expected = defaulted >= u128::from(least) && more;
            prop_assert_eq!(excludes(&days, least, share), expected);
        }
    }

    /// Of how many months, in parts of 10,000, a seller that sells in thirty slots a day is excluded in, at
    /// least once, which defaults in a slot with the chances that `defaults` draws.
    fn months_excluded(defaults: fn(&mut dyn FnMut() -> u32) -> bool) -> usize {
        // A plain generator, so that the figure of the document is that of this test.
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        let month = |_: &i32| {
            let mut days = vec![];
            (0..30).any(|day| {
                (0..30).any(|_| {
                    let defaulted = defaults(&mut next);
                    days = noted(&days, day, defaulted);
                    defaulted && excludes(&days, 2, 100_000)
                })
            })
        };
        (0..10_000).filter(month).count()
    }

    /// An honest private seller, off-line in one slot of twenty, of whom one slot in ten is drawn. Nearly all
    /// in its first slots, when two are many.
    #[test]
    fn an_honest_private_seller_is_practically_never_excluded() {
        let excluded = months_excluded(|next| next() % 20 == 0 && next() % 10 == 0);
        assert_eq!(excluded, 39, "docs/games.md says so as well");
    }

    /// One that falls short besides in one slot of ten, and tells it by a reading, unless it is off-line just
    /// then; all its buyers look, so that each bill that falls short is found.
    #[test]
    fn an_honest_seller_that_falls_short_now_and_then_is_seldom_excluded() {
        let excluded = months_excluded(|next| {
            let (off_line, short, drawn) = (next() % 20 == 0, next() % 10 == 0, next() % 10 == 0);
            off_line && (short || drawn)
        });
        assert_eq!(excluded, SHORT_NOW_AND_THEN, "docs/games.md says so as well");
    }

    /// One that hides whenever it falls short, in one slot of ten, is excluded nearly always if all its buyers
    /// look, and practically never if the draw alone finds it out.
    #[test]
    fn who_hides_is_excluded_if_buyers_look() {
        let found = months_excluded(|next| next() % 10 == 0);
        let drawn = months_excluded(|next| next() % 10 == 0 && next() % 10 == 0);
        assert_eq!((found, drawn), HIDDEN, "docs/games.md says so as well");
    }

    /// Of 10,000 months.
    const SHORT_NOW_AND_THEN: usize = 153;

    /// Of 10,000 months, found by buyers and found by the draw alone.
    const HIDDEN: (usize, usize) = (9_989, 148);
}
