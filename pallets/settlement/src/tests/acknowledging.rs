//! Buyers who close their trades early.

use super::*;

#[test]
fn an_acknowledged_trade_is_paid_at_once() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SELMA, 100);
        run_to_commitments(SLOT);
        System::reset_events();
        assert_ok!(acknowledge(ANNA, 0));
        let amounts = amounts_for(500, 500);
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::TradeSettled {
                slot: SLOT,
                id: 0,
                buyer: ANNA,
                seller: SELMA,
                energy: Wh(500),
                metered: Wh(500),
                outcome: Outcome::Acknowledged,
                amounts,
            }]
        );
        assert_eq!(total(ANNA), FUNDS - payment(500));
        assert_eq!(total(SELMA), FUNDS + amounts.to_seller);
        assert_eq!(on_hold(ANNA), 0);
        assert_eq!(on_hold(SELMA), deposit(100), "the other trade stays");
        assert_eq!(Rated::get(), [(ANNA, SELMA, Wh(500), Verdict::Kept)]);
        assert_eq!(Books::<Test>::get(SLOT).unwrap().open, 1);
    });
}

#[test]
fn nothing_is_acknowledged_before_it_is_delivered() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        let schedule = TestCalendar::schedule(SLOT);
        for moment in [schedule.delivery_starts, schedule.delivery_ends - 1] {
            Now::set(moment);
            assert_noop!(acknowledge(ANNA, 0), Error::<Test>::DeliveryNotOver);
        }
        Now::set(schedule.delivery_ends);
        assert_ok!(acknowledge(ANNA, 0));
    });
}

#[test]
fn the_buyer_acknowledges_once() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SELMA, 500);
        run_to_commitments(SLOT);
        for other in [BEN, SELMA, 99] {
            assert_noop!(acknowledge(other, 0), Error::<Test>::NotTheBuyer);
        }
        assert_noop!(
            Settlement::acknowledge(RuntimeOrigin::root(), SLOT, 0),
            DispatchError::BadOrigin
        );
        assert_noop!(acknowledge(ANNA, 2), Error::<Test>::NoSuchTrade);
        assert_ok!(acknowledge(ANNA, 0));
        assert_noop!(acknowledge(ANNA, 0), Error::<Test>::NoSuchTrade);
    });
}

#[test]
fn who_has_complained_does_not_acknowledge() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        assert_noop!(acknowledge(ANNA, 0), Error::<Test>::AlreadyComplained);
    });
}

/// A seller that is not going to answer would have those who did not complain pay it, and share with them.
#[test]
fn nobody_acknowledges_to_a_seller_that_owes_an_answer() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (BEN, 100)], 0);
        assert_ok!(complain(ANNA, 0));
        assert_noop!(acknowledge(BEN, 1), Error::<Test>::AnswerOwed);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Unanswered), (1, Outcome::Forfeited)]);
        assert_eq!(free(SELMA), FUNDS - deposit(500) - deposit(100), "there is nothing to share");
        assert_nothing_left();
    });
}

#[test]
fn the_last_one_ends_the_slot() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 100);
        trade_in(SLOT.next(), 0, ANNA, SELMA, 100);
        run_to_commitments(SLOT);
        assert_ok!(acknowledge(BEN, 1));
        assert_eq!(OpenBooks::<Test>::get().len(), 2);
        assert_ok!(acknowledge(ANNA, 0));
        assert_eq!(OpenBooks::<Test>::get().into_inner(), [SLOT.next()]);
        assert!(!Books::<Test>::contains_key(SLOT));
        assert!(!Sellers::<Test>::contains_key(SLOT, owner(SELMA)));
        let ended = Event::SlotSettled { slot: SLOT, trades: 2 };
        System::assert_last_event(ended.into());
        assert_noop!(commit_to(SELMA, 500), Error::<Test>::NotASeller);
    });
}

#[test]
fn what_was_acknowledged_is_served_first_all_the_same() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 300);
        trade(1, BEN, SELMA, 300);
        run_to_commitments(SLOT);
        assert_ok!(acknowledge(ANNA, 0));
        deliver(SELMA, 400);
        run_to_freeze();
        let of_ben = settled()[1];
        assert_eq!((of_ben.2, of_ben.3), (Outcome::Short, Wh(100)));
        assert_nothing_left();
    });
}

#[test]
fn a_buyer_may_pay_for_more_than_was_metered() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 300);
        deliver(SELMA, 100);
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        assert_ok!(acknowledge(ANNA, 0));
        assert_eq!(settled()[0].4, amounts_for(300, 300));
        assert_nothing_left();
    });
}

#[test]
fn a_private_trade_may_be_acknowledged_until_the_end_of_complaints() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (BEN, 100), (BEN, 200)], 800);
        assert_ok!(acknowledge(ANNA, 0));
        Now::set(TestCalendar::schedule(SLOT).complaints_until - 1);
        assert_ok!(acknowledge(BEN, 1));
        // Or a seller that does not answer would share with those who pay it all the same.
        Now::set(TestCalendar::schedule(SLOT).complaints_until);
        assert_noop!(acknowledge(BEN, 2), Error::<Test>::TooLate);
    });
}

#[test]
fn a_trade_may_be_acknowledged_while_the_freeze_is_under_way() {
    build_and_execute(|| {
        use crate::WeightInfo;
        for id in 0..6 {
            trade(id, ANNA, SELMA, 100);
        }
        deliver(SELMA, 600);
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        Now::mutate(|now| *now += 1);
        let look = <() as WeightInfo>::poll() + <() as WeightInfo>::visit_book();
        poll_with(look + <() as WeightInfo>::freeze_trade() * 2);
        assert_eq!(outcomes().len(), 2);
        assert_noop!(acknowledge(ANNA, 0), Error::<Test>::NoSuchTrade);
        assert_ok!(acknowledge(ANNA, 2));
        assert_ok!(acknowledge(ANNA, 5));
        poll();
        let numbers: Vec<_> = outcomes().into_iter().map(|(id, _)| id).collect();
        assert_eq!(numbers, [0, 1, 2, 5, 3, 4]);
        assert_nothing_left();
    });
}
