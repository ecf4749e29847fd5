//! What clients ask.

use super::*;
use qedex_primitives::{
    BillError,
    settlement::{MAX_TRADES_OF_PAGE, OpenSlot, OpenTrade},
};

#[test]
fn an_account_finds_its_open_trades() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 500);
        trade(2, ANNA, SVEN, 500);
        trade_in(SLOT.next(), 0, ANNA, SELMA, 100);
        let next = SLOT.next();
        assert_eq!(all_of(ANNA), [(SLOT, 0), (SLOT, 2), (next, 0)]);
        assert_eq!(all_of(SVEN), [(SLOT, 1), (SLOT, 2)]);
        assert_eq!(all_of(GRID), []);
        deliver(SVEN, 1_000);
        run_to_freeze();
        assert_eq!(all_of(SVEN), []);
        assert_eq!(all_of(ANNA), [(next, 0)]);
    });
}

/// The open trades of `who`, as a client finds them: slot by slot, in pages of two.
fn all_of(who: AccountId) -> Vec<(SlotIndex, TradeId)> {
    let mut found = vec![];
    for OpenSlot { slot, .. } in Settlement::open_slots() {
        let mut from = Some(0);
        while let Some(number) = from {
            let page = Settlement::trades_of(&who, slot, number, 2);
            for OpenTrade { id, trade } in page.trades {
                assert_eq!(Trades::<Test>::get(slot, id), Some(trade));
                found.push((slot, id));
            }
            from = page.next;
        }
    }
    found
}

#[test]
fn a_page_looks_at_so_many_trades_and_says_where_to_go_on() {
    build_and_execute(|| {
        for id in 0..5 {
            trade(id, if id == 3 { ANNA } else { BEN }, SELMA, 10);
        }
        let page = |from, count| {
            let page = Settlement::trades_of(&ANNA, SLOT, from, count);
            let ids: Vec<_> = page.trades.iter().map(|open| open.id).collect();
            (ids, page.next)
        };
        assert_eq!(page(0, 3), (vec![], Some(3)));
        assert_eq!(page(3, 1), (vec![3], Some(4)));
        assert_eq!(page(3, 2), (vec![3], None));
        assert_eq!(page(0, u32::MAX), (vec![3], None));
        assert_eq!(page(5, 1), (vec![], None));
        assert_eq!(page(TradeId::MAX, u32::MAX), (vec![], None));
        let other = Settlement::trades_of(&ANNA, SLOT.next(), 0, 9);
        assert_eq!((other.trades.len(), other.next), (0, None));
    });
}

#[test]
fn no_page_looks_at_more_than_a_thousand_trades() {
    build_and_execute(|| {
        for id in 0..=MAX_TRADES_OF_PAGE {
            trade(id, ANNA, SELMA, 1);
        }
        let first = Settlement::trades_of(&ANNA, SLOT, 0, u32::MAX);
        assert_eq!(first.trades.len(), 1_000);
        assert_eq!(first.next, Some(1_000));
    });
}

#[test]
fn open_slots_and_what_a_seller_sold_in_them_are_known_without_looking_at_trades() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 500);
        trade_in(SLOT.next(), 0, ANNA, SELMA, 100);
        let open = |slot, trades, open| OpenSlot { slot, trades, open };
        assert_eq!(Settlement::open_slots(), [open(SLOT, 2, 2), open(SLOT.next(), 1, 1)]);
        let sales = |who| -> Vec<_> {
            let sales = Settlement::sales_of(&who).into_iter();
            sales.map(|sale| (sale.slot, sale.seller.open, sale.seller.sold)).collect()
        };
        assert_eq!(sales(SELMA), [(SLOT, 1, Wh(500)), (SLOT.next(), 1, Wh(100))]);
        assert_eq!(sales(SVEN), [(SLOT, 1, Wh(500))]);
        assert_eq!(sales(ANNA), []);
        deliver(SVEN, 1_000);
        run_to_freeze();
        assert_eq!(sales(SVEN), []);
        assert_eq!(Settlement::open_slots().last(), Some(&open(SLOT.next(), 1, 1)));
    });
}

#[test]
fn a_buyer_learns_what_a_complaint_would_hold() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        assert_eq!(Settlement::bond(SLOT, 0), Some(bond(500)));
        assert_eq!(Settlement::bond(SLOT, 1), None);
        assert_eq!(Settlement::bond(SLOT.next(), 0), None);
    });
}

#[test]
fn a_bill_is_judged_as_a_reveal_would_judge_it() {
    build_and_execute(|| {
        let audit = |seller, slot, bill| Settlement::audit(&seller, slot, &bill);
        let bill = || bill_in(SLOT, SELMA, 500);
        assert_eq!(audit(SELMA, SLOT, bill()), Ok(Wh(500)));
        assert_eq!(audit(SVEN, SLOT, bill()), Err(BillError::WrongMeters));
        assert_eq!(audit(SELMA, SLOT.next(), bill()), Err(BillError::WrongSlot));
    });
}
