//! When the chain itself stood still.

use super::*;

/// Runs the slot of one trade of Selma's and one of Sven's, of whom only the latter publishes,
/// with a chain that stands still from `from` until `until`, and returns the outcomes.
fn outcomes_with_outage(from: u64, until: u64) -> Vec<(u32, Outcome)> {
    let mut found = vec![];
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 300);
        deliver(SVEN, 100);
        run_to(from);
        stand_still_until(until);
        run_to_end_of_complaints();
        found = settled().into_iter().map(|(_, id, outcome, ..)| (id, outcome)).collect();
        assert_nothing_left();
    });
    found
}

const DEFAULTED: [(u32, Outcome); 2] = [(0, Outcome::Defaulted), (1, Outcome::Short)];
const ANNULLED: [(u32, Outcome); 2] = [(0, Outcome::Annulled), (1, Outcome::Short)];

#[test]
fn an_outage_annuls_what_has_no_evidence_and_nothing_else() {
    let schedule = TestCalendar::schedule(SLOT);
    let from = schedule.delivery_ends;
    assert_eq!(outcomes_with_outage(from, from + SLOT_LENGTH + 1), ANNULLED);
    let until = schedule.readings_until;
    assert_eq!(outcomes_with_outage(until - SLOT_LENGTH - 1, until), ANNULLED);
    assert_eq!(outcomes_with_outage(from, until), ANNULLED);
}

#[test]
fn an_outage_of_a_slot_or_less_changes_nothing() {
    let schedule = TestCalendar::schedule(SLOT);
    let from = schedule.delivery_ends;
    assert_eq!(outcomes_with_outage(from, from + SLOT_LENGTH), DEFAULTED);
    let until = schedule.readings_until;
    assert_eq!(outcomes_with_outage(until - SLOT_LENGTH, until), DEFAULTED);
}

#[test]
fn an_outage_outside_the_time_for_evidence_changes_nothing() {
    let schedule = TestCalendar::schedule(SLOT);
    let before = (schedule.gate_closes, schedule.delivery_ends);
    assert_eq!(outcomes_with_outage(before.0, before.1), DEFAULTED);
    let after = (schedule.readings_until, schedule.complaints_until);
    assert_eq!(outcomes_with_outage(after.0, after.1), DEFAULTED);
}

#[test]
fn only_the_part_of_an_outage_within_the_time_for_evidence_counts() {
    let schedule = TestCalendar::schedule(SLOT);
    let begin = schedule.delivery_ends;
    let touching = (schedule.gate_closes, begin + SLOT_LENGTH);
    assert_eq!(outcomes_with_outage(touching.0, touching.1), DEFAULTED);
    let reaching = (schedule.gate_closes, begin + SLOT_LENGTH + 1);
    assert_eq!(outcomes_with_outage(reaching.0, reaching.1), ANNULLED);
    let end = schedule.readings_until;
    let touching = (end - SLOT_LENGTH, schedule.final_at);
    assert_eq!(outcomes_with_outage(touching.0, touching.1), DEFAULTED);
    let all = (schedule.gate_closes, schedule.final_at);
    assert_eq!(outcomes_with_outage(all.0, all.1), ANNULLED);
}

#[test]
fn an_annulled_trade_gives_all_back_and_rates_nobody() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        stand_still_until(TestCalendar::schedule(SLOT).readings_until);
        assert_eq!(settled(), [(SLOT, 0, Outcome::Annulled, Wh(0), amounts_back(500))]);
        assert_eq!((free(ANNA), free(SELMA)), (FUNDS, FUNDS));
        assert_eq!(Rated::get(), []);
        assert_eq!(Defaults::<Test>::get(owner(SELMA)), 0);
        assert_nothing_left();
    });
}

#[test]
fn a_commitment_made_before_an_outage_stands() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        stand_still_until(TestCalendar::schedule(SLOT).readings_until);
        assert_eq!(settled(), []);
        run_to_end_of_complaints();
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
        let outcomes: Vec<_> = settled().into_iter().map(|trade| trade.2).collect();
        assert_eq!(outcomes, [Outcome::Annulled; 3]);
    });
}

#[test]
fn blocks_that_give_no_weight_count_as_no_blocks_at_all() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        let schedule = TestCalendar::schedule(SLOT);
        run_to(schedule.delivery_ends);
        while Now::get() < schedule.readings_until {
            Now::mutate(|now| *now += SLOT_LENGTH / 2);
            poll_with(frame_support::weights::Weight::zero());
        }
        poll();
        assert_eq!(outcomes(), [(0, Outcome::Annulled)]);
    });
}

#[test]
fn the_first_block_ever_is_no_outage() {
    build_and_execute(|| {
        crate::LastSeen::<Test>::kill();
        trade(0, ANNA, SELMA, 500);
        stand_still_until(TestCalendar::schedule(SLOT).readings_until);
        assert_eq!(outcomes(), [(0, Outcome::Defaulted)]);
    });
}

/// Sells Selma's 500 Wh to Anna with a commitment, and lets the chain run to the freeze.
fn private_trade() -> qedex_primitives::SlotTimes {
    sell_and_commit(&[(ANNA, 500)], 500);
    TestCalendar::schedule(SLOT)
}

#[test]
fn an_outage_while_complaints_are_due_extends_them() {
    build_and_execute(|| {
        let schedule = private_trade();
        stand_still_until(schedule.final_at + 3 * SLOT_LENGTH);
        let lost = 9 * SLOT_LENGTH;
        let book = crate::Books::<Test>::get(SLOT).unwrap();
        assert_eq!(book.lost, lost);
        assert_eq!(book.clock(Now::get()), schedule.readings_until);
        run_to(schedule.complaints_until + lost - 1);
        assert_eq!(settled(), []);
        assert_ok!(complain(ANNA, 0));
        // What the event says is by the chain's time.
        let events = System::read_events_for_pallet::<Event<Test>>();
        let due = schedule.final_at + lost - 1;
        assert!(matches!(events[..], [Event::Complained { due: said, .. }] if said == due));
        run_to(due - 1);
        assert_ok!(reveal(SELMA, 500));
        run_to(schedule.final_at + lost - 1);
        assert_eq!(settled(), []);
        run_to(schedule.final_at + lost);
        assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
        assert_nothing_left();
    });
}

#[test]
fn an_outage_while_an_answer_is_due_extends_it() {
    for (late, outcome) in [(1, Outcome::Refuted), (0, Outcome::Unanswered)] {
        build_and_execute(|| {
            let schedule = private_trade();
            assert_ok!(complain(ANNA, 0));
            run_to(schedule.readings_until + SLOT_LENGTH);
            stand_still_until(schedule.readings_until + 6 * SLOT_LENGTH);
            run_to(Now::get() + SLOT_LENGTH - late);
            assert_eq!(reveal(SELMA, 500).is_ok(), outcome == Outcome::Refuted);
            run_to(schedule.final_at + 6 * SLOT_LENGTH);
            assert_eq!(outcomes(), [(0, outcome)]);
        });
    }
}

#[test]
fn an_outage_of_a_slot_or_less_extends_nothing() {
    build_and_execute(|| {
        let schedule = private_trade();
        assert_ok!(complain(ANNA, 0));
        stand_still_until(schedule.readings_until + SLOT_LENGTH);
        assert_eq!(Books::<Test>::get(SLOT).unwrap().lost, 0);
        run_to(schedule.readings_until + 2 * SLOT_LENGTH);
        assert_noop!(reveal(SELMA, 500), Error::<Test>::TooLate);
    });
}

#[test]
fn only_the_part_of_an_outage_after_the_freeze_extends_complaints() {
    for (after, lost) in [(SLOT_LENGTH, 0), (SLOT_LENGTH + 1, SLOT_LENGTH + 1)] {
        build_and_execute(|| {
            trade(0, ANNA, SELMA, 500);
            run_to_commitments(SLOT);
            assert_ok!(commit_to(SELMA, 500));
            stand_still_until(TestCalendar::schedule(SLOT).readings_until + after);
            assert_eq!(Books::<Test>::get(SLOT).unwrap().lost, lost);
        });
    }
}

#[test]
fn outages_add_up() {
    build_and_execute(|| {
        let schedule = private_trade();
        for n in 1..=5 {
            run_to(Now::get() + 6_000);
            stand_still_until(Now::get() + 2 * SLOT_LENGTH);
            let book = Books::<Test>::get(SLOT).unwrap();
            assert_eq!(book.lost, n * 2 * SLOT_LENGTH);
            assert_eq!(book.clock(Now::get()), schedule.readings_until + n * 6_000);
        }
        run_to(schedule.complaints_until + 10 * SLOT_LENGTH - 1);
        assert_eq!(settled(), []);
        run_to(schedule.complaints_until + 10 * SLOT_LENGTH);
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
}
