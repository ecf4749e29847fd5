//! What the rules of the crate's documentation promise, rule by rule.

mod balances;
mod commitments;
mod defaults;
mod escrow;
mod freeze;
mod model;
mod money;
mod outages;
mod paging;

use crate::{
    Amounts, Books, Defaults, Error, Event, OpenBooks, OrderEscrow, Outcome, Seller, Sellers,
    Trades, mock::*,
};
use frame_support::{assert_noop, assert_ok};
use qedex_primitives::{
    Balance, Calendar, Escrow, MarketSettlement, PricePerKwh, SlotIndex, Verdict, Wh,
};
use sp_core::H256;

fn commit(seller: AccountId, slot: SlotIndex) -> sp_runtime::DispatchResult {
    Settlement::commit(RuntimeOrigin::signed(seller), slot, H256::repeat_byte(1))
}

/// Sets the clock, without a block, to when sellers of `slot` begin to commit.
fn run_to_commitments(slot: SlotIndex) {
    run_to(TestCalendar::schedule(slot).delivery_ends);
}

/// What moves when `energy` of `traded` was delivered and metered.
fn amounts_for(energy: u64, traded: u64) -> Amounts {
    let cost = |price: PricePerKwh, energy| price.cost_floor(Wh(energy)).unwrap();
    let to_seller = cost(SELLER_PRICE, energy);
    let to_grid = cost(GRID_FEE, energy);
    let due = cost(BUYER_PRICE, energy);
    let harm = cost(PricePerKwh(CAP.0 - BUYER_PRICE.0), traded - energy);
    Amounts {
        to_seller,
        to_grid,
        to_entropy_fund: due - to_seller - to_grid,
        refund: payment(traded) - due,
        compensation: harm,
        forfeited: 0,
        deposit_back: deposit(traded) - harm,
        ..Default::default()
    }
}

/// What moves when there is no evidence.
fn amounts_of_default(traded: u64) -> Amounts {
    let amounts = amounts_for(0, traded);
    Amounts {
        forfeited: amounts.deposit_back,
        deposit_back: 0,
        ..amounts
    }
}

/// What moves when nothing is decided.
fn amounts_back(traded: u64) -> Amounts {
    Amounts {
        refund: payment(traded),
        deposit_back: deposit(traded),
        ..Default::default()
    }
}

/// Nothing is left of any slot.
fn assert_nothing_left() {
    assert_eq!(OpenBooks::<Test>::get().into_inner(), []);
    assert_eq!(Books::<Test>::iter().count(), 0);
    assert_eq!(Trades::<Test>::iter().count(), 0);
    assert_eq!(Sellers::<Test>::iter().count(), 0);
    assert!(TRADERS.into_iter().all(|who| on_hold(who) == 0));
}
