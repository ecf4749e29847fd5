//! The demand of days, and what is done as slots pass.

use super::*;
use crate::{Agenda, Bands, DayLoads, OldestDay, Progress, WeightInfo};
use frame_support::{
    traits::Hooks,
    weights::{Weight, WeightMeter},
};
use qedex_primitives::DayPar;

/// Gives the pallet the work of one block.
fn poll() {
    Metering::on_poll(1, &mut WeightMeter::with_limit(Weight::MAX));
}

/// Lets one block come in every slot from `from` to `to`.
fn live(from: SlotIndex, to: SlotIndex) {
    for slot in from.0..=to.0 {
        begin(SlotIndex(slot));
        poll();
    }
}

/// Reads `consumed` in `slot` and no other energy.
fn read(slot: SlotIndex, consumed: u64) {
    open_window(slot);
    submit(reading(FIRST, slot, 0, consumed));
}

/// The first slot of a day.
const MORNING: SlotIndex = SlotIndex(960);

#[test]
fn the_ratio_of_a_day_is_over_its_closed_slots() {
    run(|| {
        begin(MORNING);
        poll();
        assert_eq!(Metering::par_of(10), None);
        for (place, consumed) in [(0, 300), (1, 100), (3, 200)] {
            read(later(MORNING, place), consumed);
        }
        freeze(later(MORNING, 3));
        poll();
        poll();
        // 300 * 4 / 600, the slot without a reading counting as zero.
        assert_eq!(
            Metering::par_of(10),
            Some(DayPar { ppm: Some(2_000_000), slots: 4, metered: 3 })
        );
    });
}

#[test]
fn a_whole_day_has_96_slots() {
    run(|| {
        let midnight = later(MORNING, 96);
        live(MORNING, later(MORNING, 40));
        read(later(MORNING, 40), 5);
        live(later(MORNING, 41), later(midnight, 5));
        assert_eq!(
            Metering::par_of(10),
            Some(DayPar { ppm: Some(96_000_000), slots: 96, metered: 1 })
        );
        assert_eq!(Metering::par_of(11).unwrap().ppm, None, "nothing but zeros");
    });
}

#[test]
fn the_ratio_outlives_the_readings() {
    run(|| {
        begin(MORNING);
        poll();
        read(MORNING, 5);
        live(later(MORNING, 4), later(MORNING, 250));
        for _ in 0..200 {
            Metering::on_idle(1, Weight::MAX);
        }
        assert_eq!(Metering::readings_of(FIRST, SlotIndex(0), later(MORNING, 250)), []);
        assert_eq!(Metering::par_of(10).unwrap().ppm, Some(96_000_000));
        begin(SlotIndex((10 + KEPT_DAYS) * 96));
        Metering::on_idle(1, Weight::MAX);
        assert!(Metering::par_of(10).is_some());
        begin(SlotIndex((11 + KEPT_DAYS) * 96));
        for _ in 0..100 {
            Metering::on_idle(1, Weight::MAX);
        }
        assert_eq!(Metering::par_of(10), None);
        assert_eq!(OldestDay::<Test>::get(), Some(11));
    });
}

#[test]
fn slots_close_at_the_freeze_and_not_before() {
    run(|| {
        begin(SLOT);
        poll();
        read(SLOT, 300);
        freeze(SLOT);
        Now::mutate(|now| *now -= 1);
        poll();
        assert_eq!(Metering::par_of(SLOT.0 / 96), None);
        freeze(SLOT);
        poll();
        assert_eq!(Metering::par_of(SLOT.0 / 96).unwrap().metered, 1);
        assert_eq!(Metering::demand(SLOT), Some(Wh(300)));
    });
}

#[test]
fn an_outage_is_caught_up_with_in_bounded_steps() {
    run(|| {
        begin(SLOT);
        poll();
        assert_eq!(Agenda::<Test>::get().unwrap().band, later(SLOT, 3));
        begin(later(SLOT, 20));
        let mut blocks = 0;
        while Agenda::<Test>::get().unwrap().band <= later(SLOT, 24) {
            let before = Agenda::<Test>::get().unwrap();
            poll();
            let after = Agenda::<Test>::get().unwrap();
            assert!(after.band.0 - before.band.0 <= u64::from(SLOTS_PER_BLOCK));
            assert!(after.close.0 - before.close.0 <= u64::from(SLOTS_PER_BLOCK));
            blocks += 1;
        }
        assert_eq!(blocks, 22u32.div_ceil(SLOTS_PER_BLOCK));
        let day = |slot: SlotIndex| {
            DayLoads::<Test>::get(slot.0 / 96).contains_key(&((slot.0 % 96) as u8))
        };
        assert!((0..=15).all(|n| day(later(SLOT, n))) && !day(later(SLOT, 16)));
    });
}

#[test]
fn what_is_not_kept_is_not_worked_on() {
    run(|| {
        begin(SLOT);
        poll();
        let far = later(SLOT, 10_000);
        begin(far);
        poll();
        let horizon = far.0 - RETENTION;
        assert_eq!(
            Agenda::<Test>::get(),
            Some(Progress {
                close: SlotIndex(horizon + u64::from(SLOTS_PER_BLOCK)),
                band: SlotIndex(horizon + u64::from(SLOTS_PER_BLOCK)),
            })
        );
    });
}

#[test]
fn work_stays_within_the_weight_it_is_given() {
    run(|| {
        begin(SLOT);
        let within = |limit: Weight| {
            let mut meter = WeightMeter::with_limit(limit);
            Metering::on_poll(1, &mut meter);
            assert!(meter.consumed().all_lte(limit));
        };
        within(Weight::zero());
        assert_eq!(Agenda::<Test>::get(), None);
        let (poll, band) = (<()>::poll(), <()>::fix_band());
        within(poll);
        assert_eq!(Bands::<Test>::iter().count(), 0);
        within(poll.saturating_add(band));
        assert_eq!(Bands::<Test>::iter().count(), 1);
    });
}
