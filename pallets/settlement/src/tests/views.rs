//! What clients ask.

use super::*;
use qedex_primitives::BillError;

#[test]
fn an_account_finds_its_open_trades() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 500);
        trade(2, ANNA, SVEN, 500);
        trade_in(SLOT.next(), 0, ANNA, SELMA, 100);
        let next = SLOT.next();
        assert_eq!(Settlement::trades_of(&ANNA), [(SLOT, 0), (SLOT, 2), (next, 0)]);
        assert_eq!(Settlement::trades_of(&SVEN), [(SLOT, 1), (SLOT, 2)]);
        assert_eq!(Settlement::trades_of(&GRID), []);
        deliver(SVEN, 1_000);
        run_to_freeze();
        assert_eq!(Settlement::trades_of(&SVEN), []);
        assert_eq!(Settlement::trades_of(&ANNA), [(next, 0)]);
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
