//! Clearing: prices, fills and money of books that are worked out by hand.

use super::*;
use qedex_primitives::ClearingResult;

/// Buyers 1 to 3, sellers 4 to 6. Without a cap, with the fee of 20:
///
/// | Wh | bid | ask |
/// |---|---|---|
/// | 1000 | 300 (1) | 100 (4) |
/// | 500 | 250 (2) | 100 (4) |
/// | 1000 | 250 (2) | 150 (5) |
/// | 500 | 250 (2) | 220 (6) |
/// | not | 200 (3) | 220 (6) |
fn example() {
    // Not in order of merit.
    bid(3, 200, 1_000);
    ask(6, 220, 1_000);
    bid(1, 300, 1_000);
    ask(4, 100, 1_500);
    bid(2, 250, 2_000);
    ask(5, 150, 1_000);
}

fn prices() -> Option<(u128, u128)> {
    let result = Auction::result(SLOT).unwrap();
    let pay = result.buyers_pay.map(|price| price.0 / MILLI);
    pay.zip(result.sellers_receive.map(|price| price.0 / MILLI))
}

#[test]
fn one_price_for_all_who_buy_and_one_for_all_who_sell() {
    run(|| {
        example();
        close_gate();
        // Left out are the bid at 200 and half of the ask at 220, so the price lies in
        // [max(220, 180), min(230, 220)].
        assert_eq!(
            Auction::result(SLOT),
            Some(ClearingResult {
                slot: SLOT,
                volume: Wh(3_000),
                buyers_pay: Some(price(240)),
                sellers_receive: Some(price(220)),
                beyond_fee: price(0),
                cap_binding: false,
                keys_used: 3,
                keys: 1_000_000,
                bids: 3,
                asks: 3,
            })
        );
        assert_eq!(KeysUsed::get(), [(SLOT, 3)]);
        let cleared = Event::SlotCleared {
            slot: SLOT,
            volume: Wh(3_000),
            buyers_pay: Some(price(240)),
            sellers_receive: Some(price(220)),
            cap_binding: false,
            beyond_fee: price(0),
            keys_used: 3,
            bids: 3,
            asks: 3,
        };
        assert!(events().contains(&cleared));
        assert!(events().contains(&Event::SlotMatched { slot: SLOT, trades: 4 }));
    });
}

#[test]
fn best_orders_are_paired_first_and_their_money_moves_with_the_trade() {
    run(|| {
        example();
        close_gate();
        assert_eq!(
            trades(),
            [
                (1, 4, 1_000, 240, 210),
                (2, 4, 500, 120, 105),
                (2, 5, 1_000, 240, 210),
                (2, 6, 500, 120, 105),
            ]
        );
        let numbers: Vec<_> = Trades::get().iter().map(|(slot, t)| (slot.0, t.id)).collect();
        assert_eq!(numbers, [(1_000, 0), (1_000, 1), (1_000, 2), (1_000, 3)]);
        for (_, trade) in Trades::get() {
            assert_eq!((trade.buyer_price, trade.seller_price), (price(240), price(220)));
        }
    });
}

#[test]
fn what_an_order_does_not_need_is_released_to_the_planck() {
    run(|| {
        example();
        close_gate();
        assert_eq!(phase(SLOT), Phase::Matched);
        let held_for_trades = [(1, 240), (2, 480), (3, 0), (4, 315), (5, 210), (6, 105)];
        for (who, held) in held_for_trades {
            assert_eq!(money(who), (1_000_000 - held, 0, held));
        }
        nothing_is_left_in_the_book();
        let closed: Vec<_> = events()
            .into_iter()
            .filter_map(|event| match event {
                Event::OrderClosed { who, filled, released, .. } => {
                    Some((who, filled.0, released / MILLI))
                }
                _ => None,
            })
            .collect();
        assert_eq!(
            closed,
            [
                (1, 1_000, 60),
                (4, 1_500, 0),
                (5, 1_000, 0),
                // The volume is used up with the last trade.
                (2, 2_000, 20),
                (3, 0, 200),
                (6, 500, 105),
            ]
        );
    });
}

#[test]
fn keys_cap_the_volume_and_their_shadow_price_parts_the_prices() {
    ExtBuilder::default().keys(2).build_and_execute(|| {
        example();
        close_gate();
        let result = Auction::result(SLOT).unwrap();
        assert_eq!((result.volume, result.cap_binding, result.keys_used), (Wh(2_000), true, 2));
        // The best limits left out are the remainders of the bid at 250 and the ask at 150.
        assert_eq!(prices(), Some((250, 150)));
        assert_ne!(result.buyers_pay, result.sellers_receive.map(|p| p.saturating_add(price(20))));
        assert_eq!(
            trades(),
            [(1, 4, 1_000, 250, 210), (2, 4, 500, 125, 105), (2, 5, 500, 125, 105)]
        );
        nothing_is_left_in_the_book();
    });
}

#[test]
fn keys_that_just_suffice_do_not_bind() {
    ExtBuilder::default().keys(3).build_and_execute(|| {
        example();
        close_gate();
        assert_eq!(prices(), Some((240, 220)));
        assert!(!Auction::result(SLOT).unwrap().cap_binding);
    });
}

#[test]
fn a_started_key_counts() {
    run(|| {
        bid(1, 300, 2_100);
        ask(2, 100, 2_100);
        close_gate();
        assert_eq!(KeysUsed::get(), [(SLOT, 3)]);
    });
}

#[test]
fn without_keys_nothing_trades_and_everything_is_released() {
    ExtBuilder::default().keys(0).build_and_execute(|| {
        example();
        close_gate();
        let result = Auction::result(SLOT).unwrap();
        assert_eq!((result.volume, result.cap_binding, result.keys_used), (Wh(0), true, 0));
        assert_eq!(prices(), None);
        assert_eq!(KeysUsed::get(), [(SLOT, 0)]);
        assert_eq!(trades(), []);
        assert!(events().contains(&Event::SlotMatched { slot: SLOT, trades: 0 }));
        nothing_is_left_in_the_book();
    });
}

#[test]
fn a_book_that_does_not_cross_or_is_empty_trades_nothing() {
    run(|| {
        bid(1, 119, 1_000);
        ask(2, 100, 1_000);
        close_gate();
        assert_eq!(prices(), None);
        assert_eq!(trades(), []);
        nothing_is_left_in_the_book();
        let next = SLOT.next();
        poll_at(schedule(next).gate_closes);
        assert_eq!(phase(next), Phase::Matched);
        assert_eq!(Auction::result(next).unwrap().volume, Wh(0));
    });
}

#[test]
fn within_a_price_the_earlier_order_is_filled_first() {
    run(|| {
        for who in [3, 1, 2] {
            bid(who, 200, 1_000);
        }
        ask(4, 100, 1_500);
        close_gate();
        assert_eq!(trades(), [(3, 4, 1_000, 200, 210), (1, 4, 500, 100, 105)]);
        assert_eq!(Free::get(2), ENDOWMENT);
    });
}

#[test]
fn an_account_trades_with_each_of_its_orders() {
    run(|| {
        bid(1, 300, 500);
        bid(1, 250, 500);
        bid(1, 100, 500);
        ask(2, 100, 1_000);
        close_gate();
        let energies: Vec<_> = trades().iter().map(|(b, s, wh, ..)| (*b, *s, *wh)).collect();
        assert_eq!(energies, [(1, 2, 500), (1, 2, 500)]);
        nothing_is_left_in_the_book();
    });
}

#[test]
fn a_refused_trade_gives_its_orders_their_money_back() {
    run(|| {
        RefusedBuyers::set(vec![1]);
        example();
        close_gate();
        assert_eq!((money(1), money(4)), ((1_000_000, 0, 0), (1_000_000, 0, 0)));
        assert_eq!(trades(), [(2, 5, 1_000, 240, 210), (2, 6, 1_000, 240, 210)]);
        assert_eq!(Trades::get()[0].1.id, 0);
        nothing_is_left_in_the_book();
    });
}

#[test]
fn after_a_refusal_nobody_is_paired_outside_their_limit() {
    run(|| {
        RefusedBuyers::set(vec![1]);
        // The first bid is all of the cleared demand. The others would be next in the book.
        bid(1, 300, 3_000);
        bid(2, 100, 3_000);
        ask(4, 100, 1_000);
        ask(5, 110, 1_000);
        ask(6, 290, 1_000);
        close_gate();
        assert_eq!(prices().map(|(pay, _)| pay), Some(300));
        assert_eq!(trades(), []);
        assert_eq!(phase(SLOT), Phase::Matched);
        nothing_is_left_in_the_book();
    });
}

#[test]
fn after_a_refusal_the_book_may_run_dry_on_one_side() {
    run(|| {
        RefusedBuyers::set(vec![1]);
        bid(1, 300, 3_000);
        ask(4, 100, 1_000);
        ask(5, 110, 1_000);
        close_gate();
        assert_eq!(trades(), []);
        assert_eq!(phase(SLOT), Phase::Matched);
        nothing_is_left_in_the_book();
    });
}
