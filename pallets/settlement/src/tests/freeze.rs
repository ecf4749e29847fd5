//! Public evidence: what the meters say decides at the freeze.

use super::*;

#[test]
fn delivery_in_full_is_paid_in_full() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 501);
        deliver(SELMA, 501);
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        assert_eq!(settled(), []);
        run_to_freeze();
        let amounts = amounts_for(501, 501);
        assert_eq!(settled(), [(SLOT, 0, Outcome::Delivered, Wh(501), amounts)]);
        assert_eq!(amounts.refund + amounts.compensation + amounts.forfeited, 0);
        assert_eq!(free(ANNA), FUNDS - payment(501));
        assert_eq!(free(SELMA), FUNDS + amounts.to_seller);
        assert_eq!(Rated::get(), [(ANNA, SELMA, Wh(501), Verdict::Kept)]);
        assert_nothing_left();
    });
}

#[test]
fn more_than_was_sold_is_not_paid_by_the_buyer() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, u64::MAX);
        run_to_freeze();
        assert_eq!(settled(), [(SLOT, 0, Outcome::Delivered, Wh(500), amounts_for(500, 500))]);
    });
}

#[test]
fn a_shortfall_is_compensated_from_the_deposit() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 1_000);
        deliver(SELMA, 333);
        run_to_freeze();
        // 0.17, 0.02 and 0.01 QED a kWh for what was metered, and the rest of 0.2 back.
        let milli = QED / 1_000;
        let expected = Amounts {
            to_seller: 333 * 170 * milli / 1_000,
            to_grid: 333 * 20 * milli / 1_000,
            to_entropy_fund: 333 * 10 * milli / 1_000,
            refund: 667 * 200 * milli / 1_000,
            compensation: 667 * 100 * milli / 1_000,
            shortfall_fee: 667 * 30 * milli / 1_000,
            deposit_back: 210 * milli - 667 * 130 * milli / 1_000,
            ..Default::default()
        };
        assert_eq!(settled(), [(SLOT, 0, Outcome::Short, Wh(333), expected)]);
        assert_eq!(Rated::get(), [(ANNA, SELMA, Wh(1_000), Verdict::Missed(Wh(667)))]);
        // The buyer is no worse off than with 667 Wh from the grid at the cap.
        let from_grid = CAP.cost_floor(Wh(667)).unwrap();
        let agreed = BUYER_PRICE.cost_floor(Wh(1_000)).unwrap();
        assert_eq!(FUNDS + from_grid, free(ANNA) + agreed);
        assert_nothing_left();
    });
}

#[test]
fn a_reading_of_nothing_is_a_shortfall_and_no_default() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, 0);
        run_to_freeze();
        assert_eq!(settled(), [(SLOT, 0, Outcome::Short, Wh(0), amounts_for(0, 500))]);
        assert_eq!(free(COMMUNITY), ED + amounts_for(0, 500).shortfall_fee);
        assert_eq!(defaults_of(owner(SELMA)), 0);
        assert_eq!(Rated::get(), [(ANNA, SELMA, Wh(500), Verdict::Missed(Wh(500)))]);
    });
}

#[test]
fn a_silent_connection_of_several_delivers_nothing_and_makes_no_default() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SELMA, 300);
        deliver_in_part(SLOT, SELMA, 600);
        run_to_freeze();
        assert_eq!(
            settled(),
            [
                (SLOT, 0, Outcome::Delivered, Wh(500), amounts_for(500, 500)),
                (SLOT, 1, Outcome::Short, Wh(100), amounts_for(100, 300)),
            ]
        );
        assert_eq!(defaults_of(owner(SELMA)), 0);
        assert_nothing_left();
    });
}

#[test]
fn a_commitment_outweighs_what_is_published_in_part() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver_in_part(SLOT, SELMA, 100);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        run_to_freeze();
        assert_eq!(settled(), []);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
    // Readings of all connections outweigh the commitment.
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, 100);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Short)]);
        assert_nothing_left();
    });
}

#[test]
fn an_outage_leaves_as_much_time_for_readings_as_ever() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver_in_part(SLOT, SELMA, 100);
        let schedule = TestCalendar::schedule(SLOT);
        run_to(schedule.delivery_ends);
        stand_still_until(schedule.delivery_ends + 2 * SLOT_LENGTH);
        run_to(schedule.readings_until + 2 * SLOT_LENGTH - 1);
        assert_eq!(settled(), []);
        // The rest comes in time.
        deliver(SELMA, 500);
        run_to(schedule.readings_until + 2 * SLOT_LENGTH);
        assert_eq!(outcomes(), [(0, Outcome::Delivered)]);
        assert_nothing_left();
    });
}

#[test]
fn energy_goes_to_the_lowest_number_first_and_to_nobody_twice() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 300);
        trade(1, BEN, SVEN, 100);
        trade(2, BEN, SELMA, 200);
        trade(3, ANNA, SELMA, 100);
        deliver(SELMA, 450);
        deliver(SVEN, 100);
        run_to_freeze();
        assert_eq!(
            settled(),
            [
                (SLOT, 0, Outcome::Delivered, Wh(300), amounts_for(300, 300)),
                (SLOT, 1, Outcome::Delivered, Wh(100), amounts_for(100, 100)),
                (SLOT, 2, Outcome::Short, Wh(150), amounts_for(150, 200)),
                (SLOT, 3, Outcome::Short, Wh(0), amounts_for(0, 100)),
            ]
        );
        assert_nothing_left();
    });
}

#[test]
fn trades_open_in_the_order_of_their_numbers() {
    build_and_execute(|| {
        trade(1, BEN, SELMA, 200);
        for id in [0, 1] {
            let late = new_trade(id, ANNA, SELMA, 300);
            assert_ok!(Settlement::hold(&ANNA, late.payment));
            assert_ok!(Settlement::hold(&SELMA, late.deposit));
            assert_noop!(
                Settlement::open_trade(SLOT, &terms(SLOT), late),
                Error::<Test>::TradeOutOfOrder
            );
        }
        trade(3, ANNA, SELMA, 300);
        deliver(SELMA, 350);
        run_to_freeze();
        assert_eq!(outcomes(), [(1, Outcome::Delivered), (3, Outcome::Short)]);
    });
}

#[test]
fn slots_are_settled_apart() {
    build_and_execute(|| {
        let next = SLOT.next();
        trade_in(SLOT, 0, ANNA, SELMA, 300);
        trade_in(next, 0, ANNA, SELMA, 300);
        deliver_in(SLOT, SELMA, 100);
        deliver_in(next, SELMA, 300);
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Short)]);
        assert_eq!(OpenBooks::<Test>::get().into_inner(), [next]);
        run_to(TestCalendar::schedule(next).readings_until);
        assert_eq!(outcomes()[1..], [(0, Outcome::Delivered)]);
        assert_nothing_left();
    });
}

#[test]
fn the_spread_goes_to_the_grid_and_the_entropy_fund() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 1_000);
        deliver(SELMA, 1_000);
        run_to_freeze();
        assert_eq!(free(GRID), ED + GRID_FEE.0);
        let shadow_price = BUYER_PRICE.0 - SELLER_PRICE.0 - GRID_FEE.0;
        assert_eq!(free(ENTROPY), ED + shadow_price);
        assert_eq!(free(COMMUNITY), ED);
    });
}

#[test]
fn rounding_remainders_go_to_the_entropy_fund() {
    build_and_execute(|| {
        let mut odd = new_trade(0, ANNA, SELMA, 7);
        odd.buyer_price = PricePerKwh(200_000_000_999);
        odd.seller_price = PricePerKwh(170_000_000_501);
        odd.payment = odd.buyer_price.cost_floor(Wh(7)).unwrap();
        assert_ok!(Settlement::hold(&ANNA, odd.payment));
        assert_ok!(Settlement::hold(&SELMA, odd.deposit));
        let mut terms = terms(SLOT);
        terms.leader.grid_fee = PricePerKwh(20_000_000_333);
        assert_ok!(Settlement::open_trade(SLOT, &terms, odd.clone()));
        deliver(SELMA, 7);
        run_to_freeze();
        // 7 times 999, 501 and 333 thousandths of a planck: 6, 3 and 2 whole ones.
        let amounts = settled()[0].4;
        assert_eq!(amounts.to_seller, 7 * 170_000_000 + 3);
        assert_eq!(amounts.to_grid, 7 * 20_000_000 + 2);
        assert_eq!(amounts.to_entropy_fund, 7 * 10_000_000 + 1);
        assert_eq!(amounts.refund, 0);
        assert_nothing_left();
    });
}

#[test]
fn the_end_of_a_slot_is_announced_once() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 500);
        deliver(SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit(SVEN, SLOT));
        let announced = || {
            System::read_events_for_pallet::<Event<Test>>()
                .into_iter()
                .filter(|event| matches!(event, Event::SlotSettled { .. }))
                .collect::<Vec<_>>()
        };
        run_to_freeze();
        assert_eq!(announced(), []);
        run_to(TestCalendar::schedule(SLOT).final_at);
        assert_eq!(announced(), [Event::SlotSettled { slot: SLOT, trades: 2 }]);
    });
}
