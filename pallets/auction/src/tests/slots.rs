//! The life of slots by the clock, and what an outage does to them.

use super::*;
use crate::{InFlight, NextSlot};
use frame_support::traits::Hooks;
use qedex_primitives::{Calendar, SlotTerms, Windows};

fn in_flight() -> Vec<u64> {
    InFlight::<Test>::get().iter().map(|slot| slot.0).collect()
}

#[test]
fn a_gate_opens_at_its_moment_with_the_terms_and_keys_of_that_moment() {
    run(|| {
        let next = SLOT.next();
        Keys::set(7);
        poll_at(schedule(next).gate_opens - 1);
        assert_eq!(in_flight(), [1_000]);
        poll_at(schedule(next).gate_opens);
        assert_eq!(in_flight(), [1_000, 1_001]);
        let terms = SlotTerms {
            leader: TERMS,
            keys: 7,
            schedule: Windows::default().schedule(next, SLOT_LENGTH),
        };
        assert_eq!(record(next).terms, terms);
        assert_eq!(last_event(), Event::SlotOpened { slot: next, terms, leader: None });
        assert_eq!(NextSlot::<Test>::get(), SlotIndex(1_002));
        // Not twice.
        System::reset_events();
        poll();
        assert_eq!(events(), []);
        // Keys are asked for once.
        Keys::set(9);
        assert_eq!(record(next).terms.keys, 7);
    });
}

#[test]
fn without_terms_no_slot_opens() {
    ExtBuilder { terms: None, ..Default::default() }.build_and_execute(|| {
        close_gate();
        assert!(in_flight().is_empty());
        assert_noop!(place_at(1, Side::Bid, price(200), 200), Error::<Test>::GateNotOpen);
    });
}

#[test]
fn slots_open_one_by_one_where_the_weight_is_short() {
    run(|| {
        Clock::set(schedule(SLOT).gate_closes);
        poll_within(STEP.saturating_mul(2));
        assert_eq!(in_flight(), [1_000, 1_001]);
        poll_within(STEP.saturating_mul(2));
        assert_eq!(in_flight(), [1_000, 1_001, 1_002]);
        poll();
        assert_eq!(in_flight(), [1_000, 1_001, 1_002, 1_003]);
    });
}

#[test]
fn the_gate_closes_at_its_moment() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        poll_at(schedule(SLOT).gate_closes - 1);
        assert_eq!((phase(SLOT), trades()), (Phase::Open, vec![]));
        close_gate();
        assert_eq!((phase(SLOT), trades().len()), (Phase::Matched, 1));
        // Nothing is done twice.
        poll();
        assert_eq!((KeysUsed::get().len(), trades().len()), (1, 1));
    });
}

#[test]
fn a_slot_ends_when_everything_of_it_is_final() {
    run(|| {
        close_gate();
        let end = schedule(SLOT).final_at;
        poll_at(end - 1);
        assert!(in_flight().contains(&1_000));
        poll_at(end);
        assert!(!in_flight().contains(&1_000));
        assert_eq!(Slots::<Test>::get(SLOT), None);
        assert!(events().contains(&Event::SlotFinal { slot: SLOT }));
    });
}

#[test]
fn results_are_kept_in_a_ring() {
    run(|| {
        for slot in (1_000..1_008).map(SlotIndex) {
            poll_at(schedule(slot).gate_closes);
        }
        assert!((1_000..1_008).all(|slot| Auction::result(SlotIndex(slot)).is_some()));
        assert_eq!(Auction::result(SlotIndex(1_008)), None);
        poll_at(schedule(SlotIndex(1_008)).gate_closes);
        assert_eq!(Auction::result(SLOT), None);
        assert_eq!(Auction::result(SlotIndex(1_008)).unwrap().slot, SlotIndex(1_008));
    });
}

#[test]
fn a_slot_that_is_not_cleared_before_delivery_is_annulled() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        poll_at(schedule(SLOT).delivery_starts);
        assert!(events().contains(&Event::SlotAnnulled { slot: SLOT }));
        assert!(events().contains(&Event::SlotMatched { slot: SLOT, trades: 0 }));
        // Its keys can be promised again.
        assert_eq!((trades(), KeysUsed::get()), (vec![], vec![(SLOT, 0)]));
        assert_eq!((phase(SLOT), Auction::result(SLOT)), (Phase::Matched, None));
        nothing_is_left_in_the_book();
    });
}

#[test]
fn a_slot_is_cleared_until_just_before_delivery() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        poll_at(schedule(SLOT).delivery_starts - 1);
        assert_eq!(trades().len(), 1);
    });
}

#[test]
fn after_a_long_outage_old_slots_end_and_missed_ones_are_passed_over() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        System::reset_events();
        poll_at(1_050 * SLOT_LENGTH);
        assert_eq!(in_flight(), [1_052, 1_053, 1_054]);
        assert_eq!(NextSlot::<Test>::get(), SlotIndex(1_055));
        let opened = events().iter().filter(|e| matches!(e, Event::SlotOpened { .. })).count();
        assert_eq!(opened, 3);
        assert!(events().contains(&Event::SlotFinal { slot: SLOT }));
        nothing_is_left_in_the_book();
    });
}

#[test]
fn slots_in_flight_are_bounded_and_later_ones_wait_or_are_passed_over() {
    run(|| {
        MaxSlotsInFlight::set(4);
        close_gate();
        assert_eq!(in_flight(), [1_000, 1_001, 1_002, 1_003]);
        poll_at(schedule(SlotIndex(1_004)).gate_opens);
        assert_eq!(in_flight().len(), 4);
        assert_eq!(NextSlot::<Test>::get(), SlotIndex(1_004));
        // The first ends; the next block has room for one that is still open.
        poll_at(schedule(SLOT).final_at);
        assert_eq!(in_flight(), [1_001, 1_002, 1_003]);
        poll();
        assert_eq!(in_flight(), [1_001, 1_002, 1_003, 1_013]);
    });
}

#[test]
fn the_calendar_knows_the_time_and_the_slot() {
    run(|| {
        assert_eq!(<Auction as Calendar>::slot_length(), SLOT_LENGTH);
        Clock::set(1_000 * SLOT_LENGTH + 1);
        assert_eq!(<Auction as Calendar>::now(), 1_000 * SLOT_LENGTH + 1);
        assert_eq!(<Auction as Calendar>::current_slot(), SLOT);
    });
}

#[test]
fn the_constants_fit_one_another() {
    run(|| {
        <Auction as Hooks<u64>>::integrity_test();
    });
}

#[test]
#[should_panic = "price discovery fits into a quarter of a block"]
fn a_price_discovery_that_never_fits_is_noticed() {
    run(|| {
        MaxTicks::set(u32::MAX);
        <Auction as Hooks<u64>>::integrity_test();
    });
}
