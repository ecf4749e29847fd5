//! Balances at their limits, and books that have been tampered with.

use super::*;
use frame_support::traits::{
    LockIdentifier, LockableCurrency, WithdrawReasons,
    fungible::{InspectFreeze, MutateFreeze, MutateHold},
};
use sp_runtime::TokenError;

const LOCK: LockIdentifier = *b"locked!!";

/// Leaves `who` with the existential deposit and `held` on top of it.
fn leave(who: AccountId, held: Balance) {
    assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), who, ED + held));
}

/// Like `build_and_execute` for tests that set balances: checks the books only.
fn run(test: impl FnOnce()) {
    build().execute_with(|| {
        test();
        Settlement::do_try_state().unwrap();
    });
}

#[test]
fn the_existential_deposit_is_never_held() {
    run(|| {
        leave(ANNA, payment(500));
        assert_noop!(Settlement::hold(&ANNA, payment(500) + 1), TokenError::FundsUnavailable);
        assert_ok!(Settlement::hold(&ANNA, payment(500)));
        assert_eq!(free(ANNA), ED);
    });
}

#[test]
fn who_has_staked_everything_pays_and_lives() {
    for delivered in [Some(500), Some(200), Some(0), None] {
        run(|| {
            leave(ANNA, payment(500));
            leave(SELMA, deposit(500));
            let issuance = Balances::total_issuance();
            trade(0, ANNA, SELMA, 500);
            assert_eq!((free(ANNA), free(SELMA)), (ED, ED));
            if let Some(energy) = delivered {
                deliver(SELMA, energy);
            }
            run_to_freeze();
            let amounts = settled()[0].4;
            assert_ne!(settled()[0].2, Outcome::Annulled);
            assert_eq!(free(ANNA), ED + amounts.refund + amounts.compensation);
            assert_eq!(free(SELMA), ED + amounts.to_seller + amounts.deposit_back);
            assert_eq!(Balances::total_issuance(), issuance);
            assert_nothing_left();
        });
    }
}

#[test]
fn frozen_and_locked_balances_pay_too() {
    for delivered in [Some(500), Some(200), None] {
        build_and_execute(|| {
            trade(0, ANNA, SELMA, 500);
            for who in [ANNA, SELMA] {
                assert_ok!(Balances::set_freeze(&7, &who, FUNDS));
                Balances::set_lock(LOCK, &who, FUNDS, WithdrawReasons::all());
                assert_eq!(Balances::balance_frozen(&7, &who), FUNDS);
            }
            if let Some(energy) = delivered {
                deliver(SELMA, energy);
            }
            run_to_freeze();
            let outcome = match delivered {
                Some(500) => Outcome::Delivered,
                Some(_) => Outcome::Short,
                None => Outcome::Defaulted,
            };
            assert_eq!(outcomes(), [(0, outcome)]);
            assert_nothing_left();
        });
    }
}

#[test]
fn frozen_funds_may_stand_behind_an_order() {
    build_and_execute(|| {
        assert_ok!(Balances::set_freeze(&7, &ANNA, FUNDS));
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, 500);
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Delivered)]);
    });
}

#[test]
fn a_payout_that_cannot_be_made_gives_everything_back() {
    run(|| {
        // The community fund is gone, and the rest of the deposit is less than it needs to live.
        leave(COMMUNITY, 0);
        assert_ok!(Balances::force_set_balance(RuntimeOrigin::root(), COMMUNITY, 0));
        let mut trade = new_trade(0, ANNA, SELMA, 1_000);
        trade.deposit = CAP.0 - BUYER_PRICE.0 + ED - 1;
        assert_ok!(Settlement::hold(&ANNA, trade.payment));
        assert_ok!(Settlement::hold(&SELMA, trade.deposit));
        assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), trade));
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Annulled)]);
        assert_eq!((free(ANNA), free(SELMA)), (FUNDS, FUNDS));
        assert_eq!(Rated::get(), []);
        assert_nothing_left();
    });
}

#[test]
fn a_trade_that_contradicts_itself_gives_everything_back() {
    build_and_execute(|| {
        let mut odd = new_trade(0, ANNA, SELMA, 1_000);
        odd.seller_price = BUYER_PRICE;
        assert_ok!(Settlement::hold(&ANNA, odd.payment));
        assert_ok!(Settlement::hold(&SELMA, odd.deposit));
        assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), odd));
        deliver(SELMA, 1_000);
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Annulled)]);
        assert_eq!((free(ANNA), free(SELMA)), (FUNDS, FUNDS));
        assert_nothing_left();
    });
}

#[test]
fn the_invariants_notice_a_wrong_hold() {
    let reason = || crate::HoldReason::Escrow.into();
    let broken = "what is held is not what orders and trades justify";
    for who in [ANNA, BEN] {
        build().execute_with(|| {
            trade(0, ANNA, SELMA, 500);
            assert_ok!(Settlement::do_try_state());
            assert_ok!(Balances::hold(&reason(), &who, 1));
            assert_eq!(Settlement::do_try_state(), Err(broken.into()));
        });
    }
    build().execute_with(|| {
        trade(0, ANNA, SELMA, 500);
        OrderEscrow::<Test>::insert(ANNA, 1);
        assert_eq!(Settlement::do_try_state(), Err(broken.into()));
        OrderEscrow::<Test>::remove(ANNA);
        assert_ok!(Settlement::do_try_state());
        OrderEscrow::<Test>::insert(99, 1);
        assert!(Settlement::do_try_state().is_err());
    });
}

#[test]
fn the_invariants_notice_wrong_books() {
    let tampered = |tamper: fn()| {
        build().execute_with(|| {
            trade(0, ANNA, SELMA, 500);
            trade(1, BEN, SELMA, 500);
            assert_ok!(Settlement::do_try_state());
            tamper();
            assert!(Settlement::do_try_state().is_err());
        });
    };
    tampered(|| Trades::<Test>::remove(SLOT, 1));
    tampered(|| Sellers::<Test>::remove(SLOT, owner(SELMA)));
    tampered(|| Sellers::<Test>::insert(SLOT, owner(SVEN), Seller::default()));
    tampered(|| SellingAccounts::<Test>::remove(SLOT, SELMA));
    tampered(|| {
        let account = SellingAccount { owner: owner(SELMA), open: 1 };
        SellingAccounts::<Test>::insert(SLOT, SELMA, account);
    });
    tampered(|| Trades::<Test>::mutate(SLOT, 1, |trade| trade.as_mut().unwrap().before = Wh(499)));
    tampered(|| LatestPause::<Test>::put(Pause { since: 0, until: MAX_PAUSE + 1 }));
    tampered(OpenBooks::<Test>::kill);
    tampered(|| Books::<Test>::remove(SLOT));
    tampered(|| Books::<Test>::mutate(SLOT, |book| book.as_mut().unwrap().open = 1));
    tampered(|| Books::<Test>::mutate(SLOT, |book| book.as_mut().unwrap().trades = 1));
}
