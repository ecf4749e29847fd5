//! When the chain itself stood still.

use super::*;

fn schedule() -> qedex_primitives::SlotTimes {
    TestCalendar::schedule(SLOT)
}

/// What the clock of a slot of one trade has lost when the chain stood still from `from` until `until`.
fn lost_with_outage(from: u64, until: u64) -> u64 {
    let mut found = 0;
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to(from);
        stand_still_until(until);
        let book = Books::<Test>::get(SLOT).unwrap();
        found = book.lost;
        // The calendar has the same clock.
        let times = Settlement::times_of(SLOT).unwrap();
        assert_eq!(times, schedule().later(found));
        // Evidence has all the time that it has without: nothing is decided before.
        run_to(times.readings_until - 1);
        assert_eq!(settled(), []);
        run_to(times.readings_until);
        assert_eq!(outcomes(), [(0, Outcome::Defaulted)]);
        assert_nothing_left();
    });
    found
}

#[test]
fn of_the_time_for_evidence_nothing_passes_during_an_outage() {
    let from = schedule().delivery_ends;
    assert_eq!(lost_with_outage(from, from + SLOT_LENGTH + 1), SLOT_LENGTH + 1);
    let until = schedule().readings_until;
    assert_eq!(lost_with_outage(until - SLOT_LENGTH - 1, until), SLOT_LENGTH + 1);
    assert_eq!(lost_with_outage(from, until), 4 * SLOT_LENGTH);
    assert_eq!(lost_with_outage(from, until + 20 * SLOT_LENGTH), 24 * SLOT_LENGTH);
}

#[test]
fn an_outage_of_a_slot_or_less_changes_nothing() {
    let from = schedule().delivery_ends;
    assert_eq!(lost_with_outage(from, from + SLOT_LENGTH), 0);
    let until = schedule().readings_until;
    assert_eq!(lost_with_outage(until - SLOT_LENGTH, until - 1), 0);
}

#[test]
fn only_the_part_of_an_outage_after_delivery_counts() {
    let (closes, begin) = (schedule().gate_closes, schedule().delivery_ends);
    assert_eq!(lost_with_outage(closes, begin), 0);
    assert_eq!(lost_with_outage(closes, begin + SLOT_LENGTH), 0);
    assert_eq!(lost_with_outage(closes, begin + SLOT_LENGTH + 1), SLOT_LENGTH + 1);
}

/// In the block that notices an outage others come before settlement: they see the same moments.
#[test]
fn an_outage_counts_before_it_is_noted() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to(schedule().delivery_ends);
        Now::set(schedule().delivery_ends + 3 * SLOT_LENGTH);
        assert_eq!(Settlement::times_of(SLOT), Some(schedule().later(3 * SLOT_LENGTH)));
        poll();
        assert_eq!(Settlement::times_of(SLOT), Some(schedule().later(3 * SLOT_LENGTH)));
        assert_eq!(Settlement::times_of(SLOT.next()), None);
    });
}

#[test]
fn commitments_wait_for_as_long_as_the_chain_stood_still() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        stand_still_until(schedule().readings_until);
        assert_eq!(settled(), []);
        assert_ok!(commit(SELMA, SLOT));
        run_to(schedule().final_at + 4 * SLOT_LENGTH - 1);
        assert_eq!(settled(), []);
        run_to(schedule().final_at + 4 * SLOT_LENGTH);
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
}

#[test]
fn all_books_are_told_though_the_weight_suffices_for_none() {
    build_and_execute(|| {
        let slots = [0, 1, 2].map(|n| SlotIndex(SLOT.0 + n));
        slots.iter().for_each(|slot| trade_in(*slot, 0, ANNA, SELMA, 100));
        Now::set(TestCalendar::schedule(slots[2]).readings_until);
        poll_with(<() as crate::WeightInfo>::poll());
        assert_eq!(settled(), []);
        poll();
        let lost = slots.map(|slot| Books::<Test>::get(slot).unwrap().lost);
        assert_eq!(lost, [6, 5, 4].map(|slots| slots * SLOT_LENGTH));
    });
}

#[test]
fn blocks_that_give_no_weight_count_as_no_blocks_at_all() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to(schedule().delivery_ends);
        while Now::get() < schedule().readings_until {
            Now::mutate(|now| *now += SLOT_LENGTH / 2);
            poll_with(frame_support::weights::Weight::zero());
        }
        poll();
        assert_eq!(Books::<Test>::get(SLOT).unwrap().lost, 4 * SLOT_LENGTH);
    });
}

#[test]
fn the_first_block_ever_is_no_outage() {
    build_and_execute(|| {
        crate::LastSeen::<Test>::kill();
        trade(0, ANNA, SELMA, 500);
        stand_still_until(schedule().readings_until);
        assert_eq!(outcomes(), [(0, Outcome::Defaulted)]);
    });
}

/// Sells Selma's 500 Wh to Anna with a commitment, and lets the chain run to the freeze.
fn private_trade() {
    sell_and_commit(&[(ANNA, 500)], 500);
}

#[test]
fn an_outage_while_complaints_are_due_extends_them() {
    build_and_execute(|| {
        private_trade();
        stand_still_until(schedule().final_at + 3 * SLOT_LENGTH);
        let lost = 9 * SLOT_LENGTH;
        let book = crate::Books::<Test>::get(SLOT).unwrap();
        assert_eq!(book.lost, lost);
        assert_eq!(book.clock(Now::get()), schedule().readings_until);
        run_to(schedule().complaints_until + lost - 1);
        assert_eq!(settled(), []);
        assert_ok!(complain(ANNA, 0));
        // What the event says is by the chain's time.
        let events = System::read_events_for_pallet::<Event<Test>>();
        let (begin, end) = (schedule().complaints_until + lost, schedule().final_at + lost);
        assert!(
            matches!(events[..], [Event::Complained { from, due, .. }] if (from, due) == (begin, end))
        );
        assert_noop!(reveal(SELMA, 500), Error::<Test>::NotInRevealWindow);
        run_to(end - 1);
        assert_ok!(reveal(SELMA, 500));
        assert_eq!(settled(), []);
        run_to(end);
        assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
        assert_nothing_left();
    });
}

#[test]
fn an_outage_while_an_answer_is_due_extends_it() {
    for (late, outcome) in [(1, Outcome::Refuted), (0, Outcome::Unanswered)] {
        build_and_execute(|| {
            private_trade();
            assert_ok!(complain(ANNA, 0));
            run_to(schedule().complaints_until + SLOT_LENGTH);
            stand_still_until(schedule().complaints_until + 6 * SLOT_LENGTH);
            run_to(Now::get() + SLOT_LENGTH - late);
            assert_eq!(reveal(SELMA, 500).is_ok(), outcome == Outcome::Refuted);
            run_to(schedule().final_at + 5 * SLOT_LENGTH);
            assert_eq!(outcomes(), [(0, outcome)]);
        });
    }
}

#[test]
fn an_outage_of_a_slot_or_less_extends_nothing() {
    build_and_execute(|| {
        private_trade();
        assert_ok!(complain(ANNA, 0));
        stand_still_until(schedule().readings_until + SLOT_LENGTH);
        assert_eq!(Books::<Test>::get(SLOT).unwrap().lost, 0);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
    });
}

#[test]
fn outages_add_up() {
    build_and_execute(|| {
        private_trade();
        for n in 1..=5 {
            run_to(Now::get() + 6_000);
            stand_still_until(Now::get() + 2 * SLOT_LENGTH);
            let book = Books::<Test>::get(SLOT).unwrap();
            assert_eq!(book.lost, n * 2 * SLOT_LENGTH);
            assert_eq!(book.clock(Now::get()), schedule().readings_until + n * 6_000);
        }
        run_to(schedule().final_at + 10 * SLOT_LENGTH - 1);
        assert_eq!(settled(), []);
        run_to(schedule().final_at + 10 * SLOT_LENGTH);
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
}
