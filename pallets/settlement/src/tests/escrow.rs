//! The one hold, and how money moves from orders to trades.

use super::*;
use crate::{Stage, Trade};
use sp_runtime::TokenError;

#[test]
fn an_orders_money_is_held_and_booked() {
    build_and_execute(|| {
        assert_ok!(Settlement::hold(&ANNA, 5 * QED));
        assert_ok!(Settlement::hold(&ANNA, 2 * QED));
        assert_eq!(Settlement::held_for_orders(&ANNA), 7 * QED);
        assert_eq!(on_hold(ANNA), 7 * QED);
        assert_eq!(free(ANNA), FUNDS - 7 * QED);
        assert_eq!(Settlement::held_for_orders(&BEN), 0);
    });
}

#[test]
fn who_lacks_the_funds_gets_no_hold() {
    build_and_execute(|| {
        assert_noop!(Settlement::hold(&ANNA, FUNDS + 1), TokenError::FundsUnavailable);
        assert_noop!(Settlement::hold(&99, 1), TokenError::FundsUnavailable);
        assert_ok!(Settlement::hold(&ANNA, QED));
        assert_noop!(Settlement::hold(&ANNA, Balance::MAX), Error::<Test>::Overflow);
    });
}

#[test]
fn a_release_gives_back_what_was_held_and_no_more() {
    build_and_execute(|| {
        assert_ok!(Settlement::hold(&ANNA, 5 * QED));
        assert_ok!(Settlement::release(&ANNA, 2 * QED));
        assert_eq!(Settlement::held_for_orders(&ANNA), 3 * QED);
        assert_eq!(on_hold(ANNA), 3 * QED);
        assert_noop!(Settlement::release(&ANNA, 3 * QED + 1), Error::<Test>::EscrowTooSmall);
        assert_ok!(Settlement::release(&ANNA, 3 * QED));
        assert!(!OrderEscrow::<Test>::contains_key(ANNA));
        assert_eq!(free(ANNA), FUNDS);
        assert_noop!(Settlement::release(&BEN, 1), Error::<Test>::EscrowTooSmall);
    });
}

#[test]
fn nothing_is_neither_held_nor_released() {
    build_and_execute(|| {
        assert_ok!(Settlement::hold(&99, 0));
        assert_ok!(Settlement::release(&99, 0));
        assert!(!OrderEscrow::<Test>::contains_key(99));
    });
}

#[test]
fn money_moves_from_orders_to_a_trade_without_touching_the_hold() {
    build_and_execute(|| {
        assert_ok!(Settlement::hold(&ANNA, payment(500) + QED));
        assert_ok!(Settlement::hold(&SELMA, deposit(500)));
        let trade = new_trade(0, ANNA, SELMA, 500);
        assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), trade));
        assert_eq!(Settlement::held_for_orders(&ANNA), QED);
        assert_eq!(Settlement::held_for_orders(&SELMA), 0);
        assert!(!OrderEscrow::<Test>::contains_key(SELMA));
        assert_eq!(on_hold(ANNA), payment(500) + QED);
        assert_eq!(on_hold(SELMA), deposit(500));
        assert_noop!(Settlement::release(&SELMA, 1), Error::<Test>::EscrowTooSmall);
    });
}

#[test]
fn an_opened_trade_is_booked() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SELMA, 300);
        assert_eq!(OpenBooks::<Test>::get().into_inner(), [SLOT]);
        let book = Books::<Test>::get(SLOT).unwrap();
        assert_eq!((book.trades, book.open), (2, 2));
        assert_eq!(book.terms, terms(SLOT));
        assert_eq!(book.stage, Stage::Freezing { next: 0 });
        assert_eq!(
            Trades::<Test>::get(SLOT, 1),
            Some(Trade {
                buyer: BEN,
                seller: SELMA,
                energy: Wh(300),
                buyer_price: BUYER_PRICE,
                seller_price: SELLER_PRICE,
                payment: payment(300),
                deposit: deposit(300),
                reserve: 0,
                before: Wh(500),
                complaint: None,
            })
        );
        let seller = Seller { open: 2, sold: Wh(800), ..Default::default() };
        assert_eq!(Sellers::<Test>::get(SLOT, owner(SELMA)), Some(seller));
        let opened = |id, buyer, energy| Event::TradeOpened {
            slot: SLOT,
            id,
            buyer,
            seller: SELMA,
            owner: owner(SELMA),
            energy: Wh(energy),
            payment: payment(energy),
            deposit: deposit(energy),
            reserve: 0,
        };
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [opened(0, ANNA, 500), opened(1, BEN, 300)]
        );
    });
}

#[test]
fn a_trade_needs_the_money_of_both_orders() {
    build_and_execute(|| {
        let open = || Settlement::open_trade(SLOT, &terms(SLOT), new_trade(0, ANNA, SELMA, 500));
        assert_noop!(open(), Error::<Test>::EscrowTooSmall);
        assert_ok!(Settlement::hold(&ANNA, payment(500)));
        assert_noop!(open(), Error::<Test>::EscrowTooSmall);
        assert_ok!(Settlement::hold(&SELMA, deposit(500) - 1));
        assert_noop!(open(), Error::<Test>::EscrowTooSmall);
        assert_ok!(Settlement::hold(&SELMA, 1));
        assert_ok!(open());
    });
}

#[test]
fn the_same_money_does_not_stand_behind_both_sides() {
    build_and_execute(|| {
        assert_ok!(Settlement::hold(&ANNA, payment(500).max(deposit(500))));
        let with_oneself = new_trade(0, ANNA, ANNA, 500);
        assert_noop!(
            Settlement::open_trade(SLOT, &terms(SLOT), with_oneself),
            Error::<Test>::EscrowTooSmall
        );
    });
}

#[test]
fn a_number_is_one_trades() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        assert_ok!(Settlement::hold(&BEN, payment(100)));
        assert_ok!(Settlement::hold(&SVEN, deposit(100)));
        let open = |id| Settlement::open_trade(SLOT, &terms(SLOT), new_trade(id, BEN, SVEN, 100));
        assert_noop!(open(0), Error::<Test>::TradeOutOfOrder);
        assert_noop!(open(u32::MAX), Error::<Test>::Overflow);
        assert_ok!(open(1));
    });
}

#[test]
fn slots_in_flight_are_bounded_and_in_order() {
    build_and_execute(|| {
        let slots = [4, 2, 3, 1].map(|n| SlotIndex(SLOT.0 + n));
        assert_eq!(slots.len(), MAX_SLOTS as usize);
        slots.iter().for_each(|slot| trade_in(*slot, 0, ANNA, SELMA, 100));
        let mut sorted = slots;
        sorted.sort();
        assert_eq!(OpenBooks::<Test>::get().into_inner(), sorted);
        let last = SlotIndex(SLOT.0 + 5);
        assert_ok!(Settlement::hold(&ANNA, payment(100)));
        assert_ok!(Settlement::hold(&SELMA, deposit(100)));
        let open =
            |slot, id| Settlement::open_trade(slot, &terms(slot), new_trade(id, ANNA, SELMA, 100));
        assert_noop!(open(last, 0), Error::<Test>::TooManySlots);
        assert_ok!(open(slots[0], 1));
    });
}

#[test]
fn no_trade_opens_after_delivery() {
    build_and_execute(|| {
        assert_ok!(Settlement::hold(&ANNA, payment(100)));
        assert_ok!(Settlement::hold(&SELMA, deposit(100)));
        let open = || Settlement::open_trade(SLOT, &terms(SLOT), new_trade(0, ANNA, SELMA, 100));
        let schedule = TestCalendar::schedule(SLOT);
        for moment in [schedule.delivery_ends, schedule.readings_until, schedule.final_at] {
            Now::set(moment);
            assert_noop!(open(), Error::<Test>::TooLate);
        }
        Now::set(schedule.delivery_ends - 1);
        assert_ok!(open());
    });
}

#[test]
fn a_trade_without_seller_deposit_or_payment_is_possible() {
    build_and_execute(|| {
        let mut free_of_charge = new_trade(0, ANNA, SELMA, 100);
        free_of_charge.buyer_price = PricePerKwh(0);
        free_of_charge.seller_price = PricePerKwh(0);
        (free_of_charge.payment, free_of_charge.deposit) = (0, 0);
        let mut terms = terms(SLOT);
        terms.leader.grid_fee = PricePerKwh(0);
        assert_ok!(Settlement::open_trade(SLOT, &terms, free_of_charge));
        Settlement::do_try_state().unwrap();
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Defaulted)]);
        assert_eq!(settled()[0].4, Amounts::default());
    });
}
