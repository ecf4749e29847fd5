//! The tariff band of a delivery slot (BC-ET-MF, eq. 17; design, section 4).
//!
//! The band follows what was *metered*, never what was ordered: the mean demand of a few closed
//! slots is held against a threshold. From the threshold on the slot is on-peak. Below it, and also
//! where no demand is known, the schedule of the day says whether the slot is mid-peak or off-peak.
//!
//! A day is 96 slots, counted like the slots themselves from the Unix epoch: with quarter-hours,
//! slot 0 of a day begins at midnight UTC.

use crate::Wh;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Delivery slots in a day.
pub const SLOTS_PER_DAY: u64 = 96;

/// The tariff band of a delivery slot.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Band {
    /// Demand is low.
    #[default]
    Off,
    /// Demand is expected to be high by the schedule of the day.
    Mid,
    /// Metered demand is at the threshold or above it.
    On,
}

/// Some hours of every day, in slots of the day: from `from`, inclusive, to `until`, exclusive.
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
pub struct DayRange {
    /// The first slot of the day, from 0 to 95.
    pub from: u8,
    /// The first slot after it, from 1 to 96.
    pub until: u8,
}

impl DayRange {
    /// Whether `slot_of_day` lies in this range.
    pub const fn contains(&self, slot_of_day: u8) -> bool {
        self.from <= slot_of_day && slot_of_day < self.until
    }
}

/// The day of a slot, counted from the Unix epoch.
pub const fn day_of(slot: u64) -> u64 {
    match slot.checked_div(SLOTS_PER_DAY) {
        Some(day) => day,
        None => 0,
    }
}

/// The place of a slot in its day, from 0 to 95.
pub const fn slot_of_day(slot: u64) -> u8 {
    match slot.checked_rem(SLOTS_PER_DAY) {
        Some(place) => place as u8,
        None => 0,
    }
}

/// Whether no range is empty, none ends after the day, and each begins where the one before it
/// has ended, or later.
pub fn is_valid_schedule(ranges: &[DayRange]) -> bool {
    let mut free_from = 0;
    ranges.iter().all(|range| {
        let fits = free_from <= range.from
            && range.from < range.until
            && u64::from(range.until) <= SLOTS_PER_DAY;
        free_from = range.until;
        fits
    })
}

/// The mean of the demands that are known, rounded down; `None` if none is.
pub fn mean_demand(closed: &[Option<Wh>]) -> Option<Wh> {
    // Nothing saturates: 2^64 slots of 2^64 Wh sum up to 2^128 at most.
    let (sum, known) = closed.iter().flatten().fold((0_u128, 0_u128), |(sum, known), wh| {
        (sum.saturating_add(wh.0.into()), known.saturating_add(1))
    });
    let mean = sum.checked_div(known)?;
    u64::try_from(mean).ok().map(Wh)
}

/// The band of a slot: on-peak if the demand is at the threshold or above it, mid-peak if it is not,
/// or not known, and the schedule of the day names the slot, and off-peak otherwise.
pub fn band(demand: Option<Wh>, threshold: Wh, slot_of_day: u8, mid: &[DayRange]) -> Band {
    if demand.is_some_and(|demand| demand >= threshold) {
        Band::On
    } else if mid.iter().any(|range| range.contains(slot_of_day)) {
        Band::Mid
    } else {
        Band::Off
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const MORNING: DayRange = DayRange { from: 28, until: 36 };
    const EVENING: DayRange = DayRange { from: 68, until: 84 };

    fn range(from: u8, until: u8) -> DayRange {
        DayRange { from, until }
    }

    #[test]
    fn demand_at_the_threshold_is_on_peak_at_any_time_of_the_day() {
        for slot in 0..96 {
            let band = band(Some(Wh(36_000)), Wh(36_000), slot, &[MORNING]);
            assert_eq!(band, Band::On);
        }
    }

    #[test]
    fn demand_below_the_threshold_is_not_on_peak() {
        assert_eq!(band(Some(Wh(35_999)), Wh(36_000), 0, &[]), Band::Off);
        assert_eq!(band(Some(Wh(0)), Wh(1), 0, &[]), Band::Off);
        assert_eq!(band(Some(Wh(0)), Wh(0), 0, &[]), Band::On);
    }

    #[test]
    fn the_schedule_makes_a_slot_mid_peak_from_its_first_to_before_its_end() {
        let at = |slot| band(None, Wh(36_000), slot, &[MORNING, EVENING]);
        assert_eq!([27, 28, 35, 36].map(at), [Band::Off, Band::Mid, Band::Mid, Band::Off]);
        assert_eq!([67, 68, 83, 84].map(at), [Band::Off, Band::Mid, Band::Mid, Band::Off]);
    }

    #[test]
    fn unknown_demand_leaves_it_to_the_schedule() {
        assert_eq!(band(None, Wh(0), 30, &[MORNING]), Band::Mid);
        assert_eq!(band(None, Wh(0), 40, &[MORNING]), Band::Off);
    }

    #[test]
    fn the_mean_is_over_what_is_known_and_rounded_down() {
        assert_eq!(mean_demand(&[Some(Wh(3)), None, Some(Wh(4))]), Some(Wh(3)));
        assert_eq!(mean_demand(&[Some(Wh(0)), None]), Some(Wh(0)));
        assert_eq!(mean_demand(&[None, None]), None);
        assert_eq!(mean_demand(&[]), None);
        assert_eq!(mean_demand(&[Some(Wh(u64::MAX)); 3]), Some(Wh(u64::MAX)));
    }

    #[test]
    fn a_day_begins_with_every_96th_slot() {
        assert_eq!((day_of(95), slot_of_day(95)), (0, 95));
        assert_eq!((day_of(96), slot_of_day(96)), (1, 0));
        assert_eq!(day_of(u64::MAX), u64::MAX / 96);
    }

    #[test]
    fn a_schedule_is_in_order_without_overlap_within_the_day() {
        assert!(is_valid_schedule(&[]));
        assert!(is_valid_schedule(&[MORNING, EVENING]));
        assert!(is_valid_schedule(&[range(0, 48), range(48, 96)]));
        for bad in [
            &[range(5, 5)][..],
            &[range(6, 5)],
            &[range(90, 97)],
            &[EVENING, MORNING],
            &[range(0, 10), range(9, 12)],
        ] {
            assert!(!is_valid_schedule(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_valid_schedule_names_each_slot_at_most_once(
            ranges in prop::collection::vec((0..100_u8, 0..100_u8).prop_map(|(a, b)| range(a, b)), 0..4),
        ) {
            let named = |slot: u8| ranges.iter().filter(|range| range.contains(slot)).count();
            let in_order = ranges.windows(2).all(|pair| pair[0].from < pair[1].from);
            let slow = in_order
                && ranges.iter().all(|range| range.from < range.until && range.until <= 96)
                && (0..96).all(|slot| named(slot) <= 1);
            prop_assert_eq!(is_valid_schedule(&ranges), slow);
        }

        #[test]
        fn the_band_never_falls_when_demand_rises(
            less in any::<u64>(), more in any::<u64>(), threshold in any::<u64>(), slot in 0..96_u8,
        ) {
            let (less, more) = (less.min(more), less.max(more));
            let at = |demand| band(Some(Wh(demand)), Wh(threshold), slot, &[MORNING, EVENING]);
            prop_assert!(at(less) <= at(more));
            prop_assert_eq!(at(more) == Band::On, more >= threshold);
        }

        #[test]
        fn without_demand_the_band_is_the_schedule_s(
            threshold in any::<u64>(), slot in 0..96_u8, from in 0..96_u8, length in 1..96_u8,
        ) {
            let mid = range(from, from.saturating_add(length).min(96));
            let scheduled = (mid.from..mid.until).any(|s| s == slot);
            let expected = if scheduled { Band::Mid } else { Band::Off };
            prop_assert_eq!(band(None, Wh(threshold), slot, &[mid]), expected);
        }

        #[test]
        fn the_mean_lies_among_what_is_known(
            closed in prop::collection::vec(prop::option::of(any::<u64>().prop_map(Wh)), 0..9),
        ) {
            let known: Vec<_> = closed.iter().flatten().copied().collect();
            let mean = mean_demand(&closed);
            prop_assert_eq!(mean.is_some(), !known.is_empty());
            if let Some(mean) = mean {
                prop_assert!(known.iter().min() <= Some(&mean) && Some(&mean) <= known.iter().max());
                let sum: u128 = known.iter().map(|wh| u128::from(wh.0)).sum();
                prop_assert_eq!(u128::from(mean.0), sum / known.len() as u128);
            }
        }

        #[test]
        fn day_and_place_make_up_the_slot(slot in any::<u64>()) {
            prop_assert_eq!(u128::from(day_of(slot)) * 96 + u128::from(slot_of_day(slot)), slot.into());
            prop_assert!(slot_of_day(slot) < 96);
        }
    }
}
