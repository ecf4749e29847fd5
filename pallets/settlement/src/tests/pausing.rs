//! What a pause stops, and what it does not decide.

use super::*;
use crate::Paused;

fn schedule() -> qedex_primitives::SlotTimes {
    TestCalendar::schedule(SLOT)
}

#[test]
fn only_the_council_pauses() {
    build_and_execute(|| {
        for origin in [RuntimeOrigin::signed(ANNA), RuntimeOrigin::none()] {
            assert_noop!(Settlement::set_paused(origin, true), DispatchError::BadOrigin);
        }
        System::reset_events();
        pause(true);
        assert!(Paused::<Test>::get());
        pause(false);
        assert!(!Paused::<Test>::get());
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::SettlementPaused, Event::SettlementResumed]
        );
    });
}

#[test]
fn no_trade_opens_closes_or_is_complained_about() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        assert_ok!(Settlement::hold(&BEN, payment(100)));
        assert_ok!(Settlement::hold(&SVEN, deposit(100)));
        pause(true);
        let open = || Settlement::open_trade(SLOT, &terms(SLOT), new_trade(1, BEN, SVEN, 100));
        assert_noop!(open(), Error::<Test>::IsPaused);
        pause(false);
        run_to_commitments(SLOT);
        pause(true);
        assert_noop!(acknowledge(ANNA, 0), Error::<Test>::IsPaused);
        // Evidence is taken.
        assert_ok!(commit_to(SELMA, 500));
        pause(false);
        run_to_freeze();
        pause(true);
        assert_noop!(complain(ANNA, 0), Error::<Test>::IsPaused);
        run_to(schedule().final_at + 10 * SLOT_LENGTH);
        assert_eq!(settled(), []);
        // What orders hold may go.
        assert_ok!(Settlement::release(&BEN, payment(100)));
        assert_ok!(Settlement::release(&SVEN, deposit(100)));
    });
}

#[test]
fn of_the_time_for_complaints_nothing_passes() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (BEN, 100)], 600);
        run_to(schedule().readings_until + SLOT_LENGTH);
        pause(true);
        run_to(schedule().final_at + 20 * SLOT_LENGTH);
        pause(false);
        // Three of four slots are left.
        run_to(Now::get() + 3 * SLOT_LENGTH - 1);
        assert_eq!(settled(), []);
        assert_ok!(complain(ANNA, 0));
        run_to(Now::get() + 1);
        assert_noop!(complain(BEN, 1), Error::<Test>::NoSuchTrade);
        assert_eq!(outcomes(), [(1, Outcome::Trusted)]);
        assert_ok!(reveal(SELMA, 600));
        run_to(Now::get() + 2 * SLOT_LENGTH);
        assert_eq!(outcomes()[1..], [(0, Outcome::Refuted)]);
        assert_nothing_left();
    });
}

/// However the council goes about it, it cannot let the time for complaints run out.
#[test]
fn short_pauses_take_nothing_either() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 0);
        for _ in 0..20 {
            pause(true);
            run_to(Now::get() + SLOT_LENGTH / 2);
            pause(false);
        }
        let book = Books::<Test>::get(SLOT).unwrap();
        assert_eq!(book.lost, 10 * SLOT_LENGTH);
        assert_eq!(book.clock(Now::get()), schedule().readings_until);
        assert_ok!(complain(ANNA, 0));
    });
}

#[test]
fn a_seller_may_answer_during_a_pause_and_loses_no_time() {
    for answers_during_the_pause in [true, false] {
        build_and_execute(|| {
            sell_and_commit(&[(ANNA, 500)], 500);
            assert_ok!(complain(ANNA, 0));
            run_to(Now::get() + SLOT_LENGTH);
            pause(true);
            run_to(Now::get() + 9 * SLOT_LENGTH);
            if answers_during_the_pause {
                assert_ok!(reveal(SELMA, 500));
            }
            pause(false);
            run_to(Now::get() + SLOT_LENGTH - 1);
            if !answers_during_the_pause {
                assert_ok!(reveal(SELMA, 500));
            }
            run_to(Now::get() + 4 * SLOT_LENGTH);
            assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
            assert_nothing_left();
        });
    }
}

/// Otherwise the council could spare a seller that has sold what it does not deliver.
#[test]
fn a_pause_saves_nobody_who_gives_no_evidence() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 500);
        run_to_commitments(SLOT);
        pause(true);
        assert_ok!(commit_to(SVEN, 500));
        run_to(schedule().readings_until + 2 * SLOT_LENGTH);
        pause(false);
        poll();
        assert_eq!(outcomes(), [(0, Outcome::Defaulted)]);
        run_to(schedule().final_at + 2 * SLOT_LENGTH);
        assert_eq!(outcomes()[1..], [(1, Outcome::Trusted)]);
        assert_nothing_left();
    });
}

#[test]
fn an_outage_during_a_pause_is_nobodys_default_all_the_same() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        pause(true);
        stand_still_until(Now::get() + SLOT_LENGTH + 1);
        pause(false);
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Annulled)]);
    });
}

#[test]
fn pausing_twice_is_pausing_once() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, 500);
        pause(true);
        run_to_freeze();
        pause(true);
        run_to(schedule().final_at);
        assert_eq!(settled(), []);
        pause(false);
        poll();
        assert_eq!(outcomes(), [(0, Outcome::Delivered)]);
        assert_nothing_left();
    });
}
