//! Which slots have been opened and which are over is known: neither mark goes back.

use super::*;
use crate::{DefaultWindows, InFlight, NextSlot, OverUntil};
use qedex_primitives::{Calendar, Opened, Windows};

fn set_windows(windows: Windows) {
    assert_ok!(Auction::set_windows(RuntimeOrigin::root(), windows));
}

fn next_slot() -> u64 {
    <Auction as Opened>::next_slot().0
}

#[test]
fn the_next_slot_is_the_first_that_was_not_opened_or_passed_over() {
    run(|| {
        assert_eq!(next_slot(), 1_001);
        poll_at(schedule(SlotIndex(1_003)).gate_opens);
        assert_eq!(next_slot(), 1_004);
        // After an outage: those whose gate has closed meanwhile were passed over, looked at or not.
        Clock::set(2_000 * SLOT_LENGTH);
        assert_eq!(next_slot(), 2_002);
        poll();
        assert_eq!(next_slot(), 2_005);
    });
}

#[test]
fn without_terms_slots_are_passed_over_all_the_same() {
    ExtBuilder { terms: None, ..Default::default() }.build_and_execute(|| {
        NextSlot::<Test>::put(SlotIndex(0));
        poll_at(1_000 * SLOT_LENGTH);
        assert_eq!(next_slot(), 1_002);
        // Shorter before the gate's closure: those that were passed over stay it.
        set_windows(Windows { gate_closes: 3, ..Default::default() });
        assert_eq!(next_slot(), 1_004);
        set_windows(Windows::default());
        assert_eq!(next_slot(), 1_004);
    });
}

/// One wrong call passed over 27 slots, which could not be had back by any other.
#[test]
fn no_gate_closes_that_has_never_opened() {
    run(|| {
        MaxSlotsInFlight::set(64);
        poll_at(schedule(SlotIndex(1_003)).gate_opens);
        let refused = |windows| {
            assert_noop!(
                Auction::set_windows(RuntimeOrigin::root(), windows),
                Error::<Test>::PassesOverSlots
            );
        };
        let early =
            |gate_opens, gate_closes| Windows { gate_opens, gate_closes, ..Windows::default() };
        refused(early(31, 30));
        refused(early(31, 5));
        // Every slot up to four from now is open.
        set_windows(early(5, 4));
        set_windows(Windows::default());
        poll_at(schedule(SlotIndex(1_004)).gate_opens);
        assert_eq!(next_slot(), 1_005, "slots open one by one as before");
        // Gates that are to close earlier open earlier first.
        set_windows(early(31, 1));
        refused(early(31, 30));
        poll();
        set_windows(early(31, 30));
        let in_flight: Vec<_> = InFlight::<Test>::get().iter().map(|slot| slot.0).collect();
        assert_eq!(in_flight, (1_000..=1_031).collect::<Vec<_>>());
    });
}

/// Audit, finding 16: the gate's lead is raised and lowered again while slots far ahead are open.
#[test]
fn lowering_the_lead_does_not_make_opened_slots_unopened() {
    run(|| {
        MaxSlotsInFlight::set(64);
        set_windows(Windows { gate_opens: 20, ..Default::default() });
        poll();
        let present = Auction::current_slot().0;
        assert_eq!(InFlight::<Test>::get().last(), Some(&SlotIndex(present + 20)));
        set_windows(Windows::default());
        poll_at((present + 3) * SLOT_LENGTH);
        assert_eq!(next_slot(), present + 21, "and not the present slot and five");
        assert_eq!(InFlight::<Test>::get().last(), Some(&SlotIndex(present + 20)));
        // Slot by slot, none opens twice.
        let mut before = next_slot();
        for slot in present + 4..present + 40 {
            poll_at(slot * SLOT_LENGTH);
            assert!(next_slot() >= before && next_slot() - before <= 1);
            before = next_slot();
        }
        assert_eq!(before, present + 39 + 5);
    });
}

/// One clock a slot: readings wait where money does, though the market has forgotten the slot.
#[test]
fn a_slot_with_open_trades_has_the_clock_of_its_settlement() {
    run(|| {
        poll_at(schedule(SLOT.next()).gate_opens);
        let plain = schedule(SLOT);
        let later = plain.later(20 * SLOT_LENGTH);
        Clocks::mutate(|clocks| clocks.insert(SLOT, later));
        assert_eq!(schedule(SLOT), later);
        poll_at(plain.final_at);
        assert_eq!(Slots::<Test>::get(SLOT), None);
        assert_eq!(schedule(SLOT), later);
        assert!(schedule(SLOT).is_reading_window(later.commitments_until));
        // With its last trade it is over.
        Clocks::take();
        assert!(schedule(SLOT).final_at <= now());
    });
}

/// Audit, finding j: wider windows must not give a slot whose record is gone a second life.
#[test]
fn wider_windows_bring_no_slot_back_to_life() {
    run(|| {
        MaxSlotsInFlight::set(200);
        poll_at(schedule(SLOT.next()).gate_opens);
        let end = schedule(SLOT).final_at;
        poll_at(end);
        assert_eq!(Slots::<Test>::get(SLOT), None);
        assert_eq!(OverUntil::<Test>::get(), SLOT.next());
        let wide = Windows {
            commitments_until: 60,
            readings_until: 80,
            complaints_until: 90,
            final_at: 100,
            ..Default::default()
        };
        set_windows(wide);
        let times = schedule(SLOT);
        assert!(times.final_at <= end, "it stays over");
        for later in [0, 1, 49, 59, 60, 79, 99] {
            Clock::set(end + later * SLOT_LENGTH);
            let times = schedule(SLOT);
            assert!(!times.is_commitment_window(now()));
            assert!(!times.is_reading_window(now()));
            assert!(!times.is_gate_open(now()) && times.final_at <= now());
        }
        // One that has a record keeps its own, and one that has still to open gets the new ones.
        assert_eq!(schedule(SLOT.next()), Windows::default().schedule(SLOT.next(), SLOT_LENGTH));
        let ahead = SlotIndex(5_000);
        assert_eq!(schedule(ahead), wide.schedule(ahead, SLOT_LENGTH));
    });
}

#[test]
fn a_slot_that_was_passed_over_is_over_as_well() {
    run(|| {
        poll_at(1_100 * SLOT_LENGTH);
        let passed = SlotIndex(1_050);
        assert_eq!(Slots::<Test>::get(passed), None);
        assert!(passed < OverUntil::<Test>::get());
        MaxSlotsInFlight::set(200);
        let wide = Windows {
            readings_until: 80,
            complaints_until: 90,
            final_at: 100,
            ..Windows::default()
        };
        set_windows(wide);
        assert!(!schedule(passed).is_reading_window(now()));
        // One that was passed over lately may still be measured.
        let lately = SlotIndex(1_096);
        assert!(schedule(lately).is_reading_window(now()));
    });
}

#[test]
fn narrower_windows_end_slots_earlier_and_wider_ones_not_again() {
    run(|| {
        let short = Windows {
            commitments_until: 2,
            readings_until: 3,
            complaints_until: 4,
            final_at: 5,
            ..Default::default()
        };
        set_windows(short);
        // Slot 1,001 opens with short windows, and ends before slot 1,000 does.
        poll_at(schedule(SLOT.next()).gate_opens);
        poll_at(1_006 * SLOT_LENGTH);
        assert!(Slots::<Test>::contains_key(SLOT) && !Slots::<Test>::contains_key(SLOT.next()));
        set_windows(Windows::default());
        assert!(schedule(SLOT.next()).final_at <= now());
        assert_eq!(schedule(SLOT), DefaultWindows::<Test>::get().schedule(SLOT, SLOT_LENGTH));
    });
}

#[test]
fn with_steady_windows_a_slot_that_is_over_tells_its_times() {
    run(|| {
        poll_at(1_100 * SLOT_LENGTH);
        for slot in [SLOT, SlotIndex(1_050), SlotIndex(3)] {
            assert_eq!(schedule(slot), Windows::default().schedule(slot, SLOT_LENGTH));
        }
    });
}
