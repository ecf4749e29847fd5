//! What the rules of the crate's documentation promise, rule by rule.

mod acknowledging;
mod attacks;
mod balances;
mod biased;
mod commitments;
mod complaints;
mod defaults;
mod defence;
mod draws;
mod escrow;
mod floods;
mod freeze;
mod migration;
mod model;
mod money;
mod outages;
mod owners;
mod paging;
mod pausing;
mod purchases;
mod rules;
mod views;

use crate::{
    Amounts, Books, Conduct, Error, Event, LatestPause, MAX_PAUSE, OpenBooks, OrderEscrow, Outcome,
    Pause, Purchases, Seller, Sellers, SellingAccount, SellingAccounts, Trades, mock::*,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResultWithPostInfo};
use qedex_math::conduct::Day;
use qedex_primitives::{
    Balance, Calendar, Escrow, MarketSettlement, OwnerId, PricePerKwh, SlotIndex, TradeId, Verdict,
    Wh, settlement::day_of,
};
use sp_core::H256;
use sp_runtime::{DispatchError, DispatchResult};

/// A result without what it costs.
fn plain(result: DispatchResultWithPostInfo) -> DispatchResult {
    result.map(|_| ()).map_err(|refused| refused.error)
}

fn commit(seller: AccountId, slot: SlotIndex) -> DispatchResult {
    plain(Settlement::commit(RuntimeOrigin::signed(seller), slot, H256::repeat_byte(1)))
}

/// In how many slots of late an owner has defaulted.
fn defaults_of(owner: OwnerId) -> u32 {
    Conduct::<Test>::get(owner).iter().map(|day| day.defaulted).sum()
}

/// An owner has sold in one slot before, and defaulted.
fn defaulted_before(owner: OwnerId) {
    let day = Day { day: day_of(SLOT), sold: 1, defaulted: 1 };
    Conduct::<Test>::insert(owner, frame_support::BoundedVec::truncate_from(vec![day]));
}

/// A seller of `SLOT` commits to a bill of this energy.
fn commit_to(seller: AccountId, energy: u64) -> DispatchResult {
    let commitment = commitment_in(SLOT, seller, &bill_in(SLOT, seller, energy));
    plain(Settlement::commit(RuntimeOrigin::signed(seller), SLOT, commitment))
}

/// A seller of `SLOT` reveals a bill of this energy.
fn reveal(seller: AccountId, energy: u64) -> DispatchResult {
    reveal_by(seller, seller, energy)
}

/// Somebody reveals the bill of a seller of `SLOT`.
fn reveal_by(who: AccountId, seller: AccountId, energy: u64) -> DispatchResult {
    let bill = bill_in(SLOT, seller, energy);
    plain(Settlement::reveal(RuntimeOrigin::signed(who), SLOT, seller, bill, NONCE))
}

fn complain(buyer: AccountId, id: TradeId) -> DispatchResult {
    plain(Settlement::complain(RuntimeOrigin::signed(buyer), SLOT, id))
}

fn acknowledge(buyer: AccountId, id: TradeId) -> DispatchResult {
    Settlement::acknowledge(RuntimeOrigin::signed(buyer), SLOT, id)
}

/// Pauses for as long as can be, or lets settlement go on.
fn pause(paused: bool) {
    let since = Settlement::pause_on().map_or(Now::get(), |pause| pause.since);
    let until = paused.then_some(since + MAX_PAUSE);
    assert_ok!(Settlement::set_paused(RuntimeOrigin::root(), until));
}

/// The bond of a complaint about a trade of this energy: 5 % of what is at stake over 95 %, and at least that
/// of one kWh.
fn bond(energy: u64) -> Balance {
    let bond = |energy| ((payment(energy) + deposit(energy)) * 5).div_ceil(95);
    bond(energy).max(bond(1_000))
}

/// Selma sells these energies to these buyers in `SLOT` and commits to a bill; the chain runs to the
/// freeze.
fn sell_and_commit(trades: &[(AccountId, u64)], bill: u64) {
    for (id, (buyer, energy)) in (0..).zip(trades) {
        trade(id, *buyer, SELMA, *energy);
    }
    run_to_commitments(SLOT);
    assert_ok!(commit_to(SELMA, bill));
    run_to_freeze();
    System::reset_events();
}

/// Sets the clock, without a block, to when sellers of `slot` begin to commit.
fn run_to_commitments(slot: SlotIndex) {
    run_to(TestCalendar::schedule(slot).delivery_ends);
}

/// Lets the chain run until everything of `SLOT` is final.
fn run_to_end() {
    run_to(TestCalendar::schedule(SLOT).final_at);
}

/// What moves when `energy` of `traded` was delivered and metered: for what is missing the harm, and a
/// tenth of the grid price.
fn amounts_for(energy: u64, traded: u64) -> Amounts {
    let cost = |price: PricePerKwh, energy| price.cost_floor(Wh(energy)).unwrap();
    let to_seller = cost(SELLER_PRICE, energy);
    let to_grid = cost(GRID_FEE, energy);
    let due = cost(BUYER_PRICE, energy);
    let harm = cost(PricePerKwh(CAP.0 - BUYER_PRICE.0), traded - energy);
    let shortfall_fee = cost(PricePerKwh(CAP.0 / 10), traded - energy);
    Amounts {
        to_seller,
        to_grid,
        to_entropy_fund: due - to_seller - to_grid,
        refund: payment(traded) - due,
        compensation: harm,
        shortfall_fee,
        deposit_back: deposit(traded) - harm - shortfall_fee,
        ..Default::default()
    }
}

/// The same when only a bill told it: the missing part's deposit is lost.
fn amounts_concealed(energy: u64, traded: u64) -> Amounts {
    let amounts = amounts_for(energy, traded);
    let kept = deposit(traded) * u128::from(energy) / u128::from(traded);
    Amounts { forfeited: amounts.deposit_back - kept, deposit_back: kept, ..amounts }
}

/// What moves when there is no evidence.
fn amounts_of_default(traded: u64) -> Amounts {
    let amounts = amounts_for(0, traded);
    let forfeited = deposit(traded) - amounts.compensation;
    Amounts { shortfall_fee: 0, forfeited, deposit_back: 0, ..amounts }
}

/// What moves when another buyer's complaint is not answered.
fn amounts_forfeited(traded: u64) -> Amounts {
    let to_grid = GRID_FEE.cost_floor(Wh(traded)).unwrap();
    let to_community_fund = payment(traded) - to_grid;
    Amounts { to_grid, to_community_fund, forfeited: deposit(traded), ..Default::default() }
}

/// What moves when a complaint proves wrong: of both as much as the bond.
fn amounts_refuted(traded: u64) -> Amounts {
    let amounts = amounts_for(traded, traded);
    let sellers_bond = bond(traded).min(amounts.deposit_back);
    Amounts {
        sellers_bond,
        deposit_back: amounts.deposit_back - sellers_bond,
        bond_to_community_fund: bond(traded),
        ..amounts
    }
}

/// Nothing is left of any slot.
fn assert_nothing_left() {
    assert_eq!(OpenBooks::<Test>::get().into_inner(), []);
    assert_eq!(Books::<Test>::iter().count(), 0);
    assert_eq!(Trades::<Test>::iter().count(), 0);
    assert_eq!(Sellers::<Test>::iter().count(), 0);
    assert_eq!(SellingAccounts::<Test>::iter().count(), 0);
    assert_eq!(Purchases::<Test>::iter().count(), 0);
    assert!(TRADERS.into_iter().all(|who| on_hold(who) == 0));
}
