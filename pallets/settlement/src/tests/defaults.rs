//! Sellers without any evidence.

use super::*;

/// Lets `slots` pass, in each of which Selma sells and gives no evidence.
fn default_in(slots: impl IntoIterator<Item = SlotIndex>) {
    for slot in slots {
        run_to(TestCalendar::schedule(slot).gate_closes);
        trade_in(slot, 0, ANNA, SELMA, 100);
        run_to(TestCalendar::schedule(slot).readings_until);
    }
}

fn slot(n: u64) -> SlotIndex {
    SlotIndex(SLOT.0 + 10 * n)
}

#[test]
fn a_default_refunds_and_compensates_and_the_rest_goes_to_the_community() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_freeze();
        let amounts = amounts_of_default(500);
        assert_eq!(settled(), [(SLOT, 0, Outcome::Defaulted, Wh(0), amounts)]);
        assert_eq!(free(ANNA), FUNDS + amounts.compensation);
        assert_eq!(free(SELMA), FUNDS - deposit(500));
        assert_eq!(free(COMMUNITY), ED + deposit(500) - amounts.compensation);
        assert_eq!((free(GRID), free(ENTROPY)), (ED, ED));
        assert_eq!(Rated::get(), [(ANNA, SELMA, Wh(500), Verdict::Missed(Wh(500)))]);
        assert_eq!(defaults_of(owner(SELMA)), 1);
        assert_eq!(Excluded::get(), []);
        assert_nothing_left();
    });
}

#[test]
fn nobody_is_compensated_beyond_the_deposit() {
    build_and_execute(|| {
        let mut cheap = new_trade(0, ANNA, SELMA, 1_000);
        cheap.deposit = 7;
        assert_ok!(Settlement::hold(&ANNA, cheap.payment));
        assert_ok!(Settlement::hold(&SELMA, cheap.deposit));
        assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), cheap));
        run_to_freeze();
        let amounts = settled()[0].4;
        assert_eq!((amounts.compensation, amounts.forfeited), (7, 0));
        assert_nothing_left();
    });
}

#[test]
fn the_second_default_excludes() {
    build_and_execute(|| {
        default_in([slot(0)]);
        assert_eq!(Excluded::get(), []);
        default_in([slot(1)]);
        assert_eq!(Excluded::get(), [(SELMA, EXCLUSION)]);
        let excluded = Event::SellerExcluded { owner: owner(SELMA), by: SELMA };
        System::assert_has_event(excluded.into());
        default_in([slot(2)]);
        assert_eq!(Excluded::get().len(), 2, "and each further one");
        // Seven days later it is forgotten.
        default_in([slot(68)]);
        assert_eq!(Excluded::get().len(), 2);
    });
}

/// Selma sells 100 Wh in each of `slots`, commits to `bill`, and is found out there by a complaint.
fn hide_in(slots: impl IntoIterator<Item = SlotIndex>, bill: u64) {
    for slot in slots {
        run_to(TestCalendar::schedule(slot).gate_closes);
        trade_in(slot, 0, ANNA, SELMA, 100);
        run_to(TestCalendar::schedule(slot).delivery_ends);
        let bill = bill_in(slot, SELMA, bill);
        let seller = || RuntimeOrigin::signed(SELMA);
        let commitment = commitment_in(slot, SELMA, &bill);
        assert_ok!(Settlement::commit(seller(), slot, commitment));
        run_to(TestCalendar::schedule(slot).readings_until);
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(ANNA), slot, 0));
        run_to(TestCalendar::schedule(slot).complaints_until);
        assert_ok!(Settlement::reveal(seller(), slot, SELMA, bill, NONCE));
        run_to(TestCalendar::schedule(slot).final_at);
    }
}

/// A thief that hides, and answers with its true bill when it is found out, is excluded as one that gives no
/// answer is; who tells by a reading is not, and neither is who was asked and has delivered.
#[test]
fn a_hidden_bill_that_falls_short_is_a_default_and_a_reading_is_none() {
    build_and_execute(|| {
        hide_in([slot(0)], 99);
        let missed = Verdict::Missed(Wh(1));
        assert_eq!(Rated::get(), [(ANNA, SELMA, Wh(100), missed)]);
        assert_eq!((defaults_of(owner(SELMA)), Excluded::get()), (1, vec![]));
        hide_in([slot(3)], 0);
        assert_eq!(outcomes(), [(0, Outcome::Concealed), (0, Outcome::Concealed)]);
        assert_eq!((defaults_of(owner(SELMA)), Excluded::get()), (2, vec![(SELMA, EXCLUSION)]));
        let excluded = Event::SellerExcluded { owner: owner(SELMA), by: SELMA };
        System::assert_has_event(excluded.into());
    });
    build_and_execute(|| {
        for n in 0..4 {
            run_to(TestCalendar::schedule(slot(n)).gate_closes);
            trade_in(slot(n), 0, ANNA, SELMA, 100);
            deliver_in(slot(n), SELMA, 99);
            run_to(TestCalendar::schedule(slot(n)).readings_until);
        }
        hide_in([slot(4), slot(7)], 100);
        let short = (0, Outcome::Short);
        let refuted = (0, Outcome::Refuted);
        assert_eq!(outcomes(), [short, short, short, short, refuted, refuted]);
        assert_eq!((defaults_of(owner(SELMA)), Excluded::get()), (0, vec![]));
    });
}

/// Of several trades of a slot the last ones fall short: the slot counts once.
#[test]
fn a_slot_of_hidden_trades_counts_once() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 100), (BEN, 100), (ANNA, 100)], 150);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 150));
        run_to_end();
        let concealed = Outcome::Concealed;
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (1, concealed), (2, concealed)]);
        assert_eq!((defaults_of(owner(SELMA)), Excluded::get()), (1, vec![]));
        assert_nothing_left();
    });
}

/// Who sells in each slot and is off-line now and then is not excluded for it.
#[test]
fn defaults_in_one_slot_of_ten_exclude_nobody() {
    build_and_execute(|| {
        let sell = |n: u64, defaults: bool| {
            let slot = SlotIndex(SLOT.0 + n);
            run_to(TestCalendar::schedule(slot).gate_closes);
            trade_in(slot, 0, ANNA, SELMA, 100);
            if !defaults {
                deliver_in(slot, SELMA, 100);
            }
            run_to(TestCalendar::schedule(slot).readings_until);
        };
        (0..19).for_each(|n| sell(7 * n, n == 3));
        sell(7 * 19, true);
        assert_eq!((defaults_of(owner(SELMA)), Excluded::get()), (2, vec![]), "two of twenty");
        sell(7 * 20, true);
        assert_eq!(Excluded::get(), [(SELMA, EXCLUSION)], "three of twenty-one");
    });
}

#[test]
fn several_defaults_in_one_slot_count_once() {
    build_and_execute(|| {
        for id in 0..5 {
            trade(id, if id % 2 == 0 { ANNA } else { BEN }, SELMA, 100);
        }
        run_to_freeze();
        assert_eq!(outcomes(), [0, 1, 2, 3, 4].map(|id| (id, Outcome::Defaulted)));
        assert_eq!(defaults_of(owner(SELMA)), 1);
        assert_eq!(Rated::get().len(), 5);
        assert_eq!(Excluded::get(), []);
    });
}

#[test]
fn they_count_once_even_if_they_are_settled_in_several_blocks() {
    build_and_execute(|| {
        for id in 0..5 {
            trade(id, ANNA, SELMA, 100);
        }
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        Now::mutate(|now| *now += 1);
        while !OpenBooks::<Test>::get().is_empty() {
            poll_with(frame_support::weights::Weight::from_parts(3_000, 0));
        }
        assert_eq!(outcomes().len(), 5);
        assert_eq!(defaults_of(owner(SELMA)), 1);
    });
}

#[test]
fn defaults_are_counted_by_seller() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 100);
        trade(1, ANNA, SVEN, 100);
        run_to_freeze();
        assert_eq!(defaults_of(owner(SELMA)), 1);
        assert_eq!(defaults_of(owner(SVEN)), 1);
        assert_eq!(Excluded::get(), []);
    });
}

#[test]
fn an_exclusion_leaves_open_trades_alone() {
    build_and_execute(|| {
        for slot in [SLOT, SLOT.next(), SLOT.next().next()] {
            trade_in(slot, 0, ANNA, SELMA, 100);
        }
        let last = SLOT.next().next();
        deliver_in(last, SELMA, 100);
        run_to(TestCalendar::schedule(SLOT.next()).readings_until);
        assert_eq!(Excluded::get().len(), 1);
        assert_eq!(OpenBooks::<Test>::get().into_inner(), [last]);
        run_to(TestCalendar::schedule(last).readings_until);
        assert_eq!(settled()[2].2, Outcome::Delivered);
        assert_nothing_left();
    });
}

#[test]
fn a_failing_exclusion_does_not_stop_settlement() {
    build_and_execute(|| {
        SanctionsFail::set(true);
        default_in([slot(0), slot(1)]);
        assert_eq!(outcomes().len(), 2);
        assert_eq!(Excluded::get(), []);
        assert_nothing_left();
    });
}
