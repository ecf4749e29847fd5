//! How old slots leave the storage.

use super::*;
use crate::{Corrections, OldestKept, OwnerTotals, Readings, SlotTotals, WeightInfo};
use frame_support::{traits::Hooks, weights::Weight};
use qedex_primitives::Windows;

/// Gives the pallet all of an idle block and returns what it used.
fn idle() -> Weight {
    Metering::on_idle(1, Weight::MAX)
}

/// Reads all meters of genesis in `slot`: three readings, two owners, one slot.
fn read_all(slot: SlotIndex) {
    open_window(slot);
    submit(reading(FIRST, slot, 1, 1));
    submit(reading(SECOND, slot, 1, 1));
    submit(reading(BENS, slot, 1, 1));
}

fn items(slot: SlotIndex) -> usize {
    Readings::<Test>::iter_prefix(slot).count()
        + OwnerTotals::<Test>::iter_prefix(slot).count()
        + usize::from(SlotTotals::<Test>::contains_key(slot))
}

/// The first slot in which `slot` lies before the horizon.
fn expiry(slot: SlotIndex) -> SlotIndex {
    SlotIndex(slot.0 + RETENTION + 1)
}

#[test]
fn recent_slots_are_kept() {
    run(|| {
        read_all(SLOT);
        begin(SlotIndex(SLOT.0 + RETENTION));
        idle();
        assert_eq!(items(SLOT), 6);
        begin(expiry(SLOT));
        idle();
        assert_eq!(items(SLOT), 0);
        assert_eq!(OldestKept::<Test>::get(), Some(SLOT.next()));
        assert_eq!(events().last(), Some(&Event::Pruned { oldest_kept: SLOT.next() }));
    });
}

#[test]
fn pruning_is_bounded_and_goes_on_in_the_next_block() {
    run(|| {
        let slots = [SLOT, SLOT.next(), SLOT.next().next()];
        slots.into_iter().for_each(read_all);
        begin(expiry(slots[2]));
        let left = || slots.map(items);
        idle();
        assert_eq!(left(), [0, 2, 6], "ten items gone");
        Metering::do_try_state().unwrap();
        idle();
        assert_eq!(left(), [0, 0, 0]);
        let event_count = events().len();
        idle();
        assert_eq!(events().len(), event_count, "nothing left to say");
    });
}

#[test]
fn pruning_stays_within_the_weight_it_is_given() {
    run(|| {
        read_all(SLOT);
        begin(expiry(SLOT));
        let prune = |n| <Test as crate::Config>::WeightInfo::prune(n);
        assert_eq!(Metering::on_idle(1, Weight::zero()), Weight::zero());
        assert_eq!(items(SLOT), 6);
        let tight = prune(3);
        assert_eq!(Metering::on_idle(1, tight), tight);
        assert_eq!(items(SLOT), 3);
        assert_eq!(idle(), prune(3));
    });
}

#[test]
fn an_outage_is_caught_up_with_in_bounded_steps() {
    run(|| {
        read_all(SLOT);
        let far = SlotIndex(SLOT.0 + 60);
        read_all(far);
        begin(expiry(far));
        let mut blocks = 0;
        while items(far) > 0 {
            assert!(idle().all_lte(<() as WeightInfo>::prune(PRUNED_PER_BLOCK)));
            blocks += 1;
        }
        // 59 empty slots, and two with six items each.
        assert_eq!(blocks, (59 + 12u32).div_ceil(PRUNED_PER_BLOCK));
    });
}

#[test]
fn a_slot_is_kept_until_it_is_final_however_long_that_takes() {
    run(|| {
        TestWindows::set(Windows { final_at: RETENTION as u16 + 10, ..Windows::default() });
        read_all(SLOT);
        begin(expiry(SLOT));
        idle();
        assert_eq!(items(SLOT), 6);
        begin(SlotIndex(SLOT.0 + RETENTION + 10));
        idle();
        assert_eq!(items(SLOT), 0);
    });
}

#[test]
fn a_removed_reading_cannot_come_again() {
    run(|| {
        read_all(SLOT);
        begin(expiry(SLOT));
        idle();
        // Even if the windows are widened afterwards.
        TestWindows::set(Windows {
            readings_until: 100,
            complaints_until: 101,
            final_at: 102,
            ..Windows::default()
        });
        refused(reading(FIRST, SLOT, 1, 1), Error::NotInReadingWindow);
        assert_noop!(record(THIRD_INSTALLER, FIRST, 2, 2), Error::<Test>::SlotNotKept);
    });
}

#[test]
fn the_oldest_slot_is_found_whatever_the_order_of_readings() {
    run(|| {
        let older = SlotIndex(SLOT.0 - 1);
        submit(reading(FIRST, SLOT, 1, 1));
        assert_eq!(OldestKept::<Test>::get(), Some(SLOT));
        submit(reading(FIRST, older, 1, 1));
        assert_eq!(OldestKept::<Test>::get(), Some(older));
    });
}

#[test]
fn without_readings_there_is_nothing_to_prune() {
    run(|| {
        begin(expiry(SLOT));
        assert_eq!(idle(), <() as WeightInfo>::prune(0));
        assert_eq!(OldestKept::<Test>::get(), None);
    });
}

#[test]
fn nothing_leaves_before_the_trades_of_its_slot_are_settled() {
    run(|| {
        let slots = [SLOT, SLOT.next()];
        slots.into_iter().for_each(read_all);
        Oldest::set(Some(SLOT.next()));
        begin(expiry(SLOT.next()));
        for _ in 0..3 {
            idle();
        }
        assert_eq!(slots.map(items), [0, 6]);
        assert_eq!(OldestKept::<Test>::get(), Some(SLOT.next()));
        Oldest::set(None);
        idle();
        assert_eq!(slots.map(items), [0, 0]);
    });
}

#[test]
fn corrections_leave_with_their_slot() {
    run(|| {
        begin(SLOT.next());
        assert_ok!(record(THIRD_INSTALLER, FIRST, 2, 2));
        assert_eq!(OldestKept::<Test>::get(), Some(SLOT), "though there is no reading");
        begin(expiry(SLOT));
        idle();
        assert_eq!(Corrections::<Test>::iter().count(), 0);
    });
}
