//! What a pause stops, and what it does not decide.

use super::*;

fn schedule() -> qedex_primitives::SlotTimes {
    TestCalendar::schedule(SLOT)
}

fn until(moment: u64) -> DispatchResult {
    Settlement::set_paused(RuntimeOrigin::root(), Some(moment))
}

#[test]
fn only_the_council_pauses() {
    build_and_execute(|| {
        for origin in [RuntimeOrigin::signed(ANNA), RuntimeOrigin::none()] {
            let later = Some(Now::get() + 1);
            assert_noop!(Settlement::set_paused(origin, later), DispatchError::BadOrigin);
        }
        System::reset_events();
        pause(true);
        assert!(Settlement::pause_on().is_some());
        pause(false);
        assert_eq!(Settlement::pause_on(), None);
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::SettlementPaused { until: Now::get() + MAX_PAUSE }, Event::SettlementResumed]
        );
        let resume = Settlement::set_paused(RuntimeOrigin::root(), None);
        assert_eq!(resume, Err(Error::<Test>::NotPaused.into()));
    });
}

/// Two of three councillors cannot keep what is held for ever.
#[test]
fn a_pause_ends_by_itself() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, 500);
        let end = schedule().readings_until + 3 * SLOT_LENGTH;
        assert_ok!(until(end));
        run_to(end - 1);
        assert_eq!(settled(), []);
        assert_noop!(acknowledge(ANNA, 0), Error::<Test>::IsPaused);
        System::reset_events();
        run_to(end);
        assert_eq!(Settlement::pause_on(), None);
        assert_eq!(outcomes(), [(0, Outcome::Delivered)]);
        let events = System::read_events_for_pallet::<Event<Test>>();
        assert_eq!(events[0], Event::SettlementResumed);
        System::reset_events();
        run_to(end + SLOT_LENGTH);
        assert_eq!(System::read_events_for_pallet::<Event<Test>>(), [], "it is told once");
    });
}

#[test]
fn of_the_time_before_its_end_nothing_passes_either() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 0);
        let end = Now::get() + 20 * SLOT_LENGTH;
        assert_ok!(until(end));
        run_to(end);
        let book = Books::<Test>::get(SLOT).unwrap();
        assert_eq!(book.lost, 20 * SLOT_LENGTH);
        assert_eq!(book.clock(Now::get()), schedule().readings_until);
        assert_ok!(complain(ANNA, 0));
    });
}

#[test]
fn a_pause_has_a_longest_length_and_an_end_that_is_to_come() {
    build_and_execute(|| {
        let now = Now::get();
        for (moment, error) in [
            (0, Error::<Test>::PauseOver),
            (now, Error::<Test>::PauseOver),
            (now + MAX_PAUSE + 1, Error::<Test>::PauseTooLong),
            (u64::MAX, Error::<Test>::PauseTooLong),
        ] {
            assert_noop!(until(moment), error);
        }
        assert_ok!(until(now + SLOT_LENGTH));
        // Made longer it is no other pause.
        run_to(now + SLOT_LENGTH / 2);
        assert_noop!(until(now + MAX_PAUSE + 1), Error::<Test>::PauseTooLong);
        assert_ok!(until(now + MAX_PAUSE));
        assert_ok!(until(now + SLOT_LENGTH));
        let pause = Pause { since: now, until: now + SLOT_LENGTH };
        assert_eq!(LatestPause::<Test>::get(), Some(pause));
    });
}

#[test]
fn the_next_pause_comes_after_as_long_a_time_as_the_one_before_lasted() {
    build_and_execute(|| {
        let now = Now::get();
        assert_ok!(until(now + 4 * SLOT_LENGTH));
        run_to(now + 4 * SLOT_LENGTH);
        assert_noop!(until(now + 9 * SLOT_LENGTH), Error::<Test>::PausedTooRecently);
        run_to(now + 8 * SLOT_LENGTH - 1);
        assert_noop!(until(now + 9 * SLOT_LENGTH), Error::<Test>::PausedTooRecently);
        run_to(now + 8 * SLOT_LENGTH);
        assert_ok!(until(now + 9 * SLOT_LENGTH));
        // Ended early, it lasted less long; but a slot there is at least.
        pause(false);
        assert_noop!(until(now + 9 * SLOT_LENGTH), Error::<Test>::PausedTooRecently);
        run_to(now + 9 * SLOT_LENGTH - 1);
        assert_noop!(until(now + 10 * SLOT_LENGTH), Error::<Test>::PausedTooRecently);
        run_to(now + 9 * SLOT_LENGTH);
        assert_ok!(until(now + 10 * SLOT_LENGTH));
    });
}

/// A pause of a moment in each block would let no time pass at all.
#[test]
fn pauses_of_a_moment_stop_no_clock() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        // All is final six slots after the freeze: one block in two and three are lost.
        while Now::get() < schedule().final_at + 6 * SLOT_LENGTH {
            let _ = until(Now::get() + 1);
            run_to(Now::get() + SLOT_LENGTH / 2);
        }
        assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
        assert_nothing_left();
    });
}

/// Pauses as many and as long as they may be: a trade is settled within a day of its last moment.
#[test]
fn however_often_the_council_pauses_what_is_held_goes_back() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        let end = schedule().final_at + MAX_PAUSE + 2 * SLOT_LENGTH;
        while Now::get() < end {
            if let Some(pause) = LatestPause::<Test>::get()
                && Now::get() < pause.next(SLOT_LENGTH)
            {
                run_to(Now::get() + SLOT_LENGTH);
                continue;
            }
            assert_ok!(until(Now::get() + MAX_PAUSE));
        }
        assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
        assert_nothing_left();
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
        assert_ok!(complain(ANNA, 0));
        run_to(Now::get() + 1);
        assert_noop!(complain(BEN, 1), Error::<Test>::NotInComplaintWindow);
        assert_ok!(reveal(SELMA, 600));
        run_to(Now::get() + 2 * SLOT_LENGTH - 1);
        assert_eq!(settled(), []);
        run_to(Now::get() + 1);
        assert_eq!(outcomes(), [(0, Outcome::Refuted), (1, Outcome::Delivered)]);
        assert_nothing_left();
    });
}

/// However the council goes about it, it cannot let the time for complaints run out.
#[test]
fn short_pauses_take_nothing_either() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 0);
        for _ in 0..3 {
            pause(true);
            run_to(Now::get() + SLOT_LENGTH / 2);
            pause(false);
            run_to(Now::get() + SLOT_LENGTH);
        }
        let book = Books::<Test>::get(SLOT).unwrap();
        assert_eq!(2 * book.lost, 3 * SLOT_LENGTH);
        assert_eq!(book.clock(Now::get()), schedule().readings_until + 3 * SLOT_LENGTH);
        assert_ok!(complain(ANNA, 0));
    });
}

#[test]
fn a_seller_may_answer_during_a_pause_and_loses_no_time() {
    for answers_during_the_pause in [true, false] {
        build_and_execute(|| {
            sell_and_commit(&[(ANNA, 500)], 500);
            assert_ok!(complain(ANNA, 0));
            run_to(schedule().complaints_until + SLOT_LENGTH);
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
        run_to(schedule().readings_until + SLOT_LENGTH);
        assert_eq!(settled(), []);
        deliver(SELMA, 500);
        run_to(schedule().readings_until + SLOT_LENGTH + 1);
        assert_eq!(outcomes(), [(0, Outcome::Delivered)]);
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
