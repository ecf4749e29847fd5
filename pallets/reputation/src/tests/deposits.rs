//! Trust deposits and the parameters.

use super::*;
use crate::{Error, HoldReason, MAX_DECAY, Parameters, StandingParameters, TrustDeposits};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use qedex_math::trust::Decay;
use qedex_primitives::{Admission, Balance, Role};
use sp_runtime::{DispatchError, TokenError};

fn held(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::TrustDeposit.into(), &who)
}

fn lock(who: AccountId, amount: Balance) -> frame_support::dispatch::DispatchResult {
    Reputation::lock_deposit(RuntimeOrigin::signed(who), amount)
}

fn unlock(who: AccountId) -> frame_support::dispatch::DispatchResult {
    Reputation::unlock_deposit(RuntimeOrigin::signed(who))
}

fn set(change: impl FnOnce(&mut Parameters)) -> frame_support::dispatch::DispatchResult {
    let mut parameters = Parameters::default();
    change(&mut parameters);
    Reputation::set_parameters(RuntimeOrigin::root(), parameters)
}

#[test]
fn a_deposit_counts_by_its_share_of_the_reference() {
    run(|| {
        assert_eq!(Reputation::deposit_ppm_of(&ANNA), 0);
        assert_ok!(lock(ANNA, 25 * QED));
        assert_eq!(Reputation::deposit_ppm_of(&ANNA), 250_000);
        // 0.5 and 0.3 of one half, and 0.2 of one quarter.
        assert_eq!(Reputation::trust_of(&BEN, &ANNA).trust_ppm, 450_000);
        assert_ok!(lock(ANNA, 300 * QED));
        assert_eq!(Reputation::deposit_ppm_of(&ANNA), 1_000_000);
        assert_eq!(held(ANNA), 325 * QED);
    });
}

#[test]
fn a_deposit_stays_locked_from_the_latest_addition_on() {
    run(|| {
        assert_ok!(lock(ANNA, 25 * QED));
        Now::mutate(|now| *now += LOCK - 1);
        assert_noop!(unlock(ANNA), Error::<Test>::StillLocked);
        assert_ok!(lock(ANNA, 1));
        let until = Now::get() + LOCK;
        let event = Event::DepositLocked { who: ANNA, amount: 25 * QED + 1, until };
        System::assert_last_event(event.into());
        Now::set(until - 1);
        assert_noop!(unlock(ANNA), Error::<Test>::StillLocked);
        Now::set(until);
        assert_ok!(unlock(ANNA));
        let event = Event::DepositUnlocked { who: ANNA, amount: 25 * QED + 1 };
        System::assert_last_event(event.into());
        assert_eq!((held(ANNA), Balances::free_balance(ANNA)), (0, FUNDS));
        assert_eq!(Reputation::deposit_ppm_of(&ANNA), 0);
        assert_noop!(unlock(ANNA), Error::<Test>::NoDeposit);
    });
}

#[test]
fn a_deposit_needs_money_and_an_amount() {
    run(|| {
        assert_noop!(lock(ANNA, 0), Error::<Test>::NothingToLock);
        assert_noop!(lock(ANNA, 2 * FUNDS), TokenError::FundsUnavailable);
        assert_noop!(unlock(ANNA), Error::<Test>::NoDeposit);
        assert_noop!(Reputation::lock_deposit(RuntimeOrigin::root(), 1), DispatchError::BadOrigin);
        assert_ok!(lock(ANNA, 1));
        assert_noop!(lock(ANNA, Balance::MAX), Error::<Test>::Overflow);
        assert_eq!(TrustDeposits::<Test>::get(ANNA).unwrap().amount, 1);
    });
}

#[test]
fn only_the_admin_sets_parameters_and_only_such_as_make_sense() {
    run(|| {
        let anna = RuntimeOrigin::signed(ANNA);
        assert_noop!(
            Reputation::set_parameters(anna, Parameters::default()),
            DispatchError::BadOrigin
        );
        for (change, error) in [
            (
                (|p| p.weights.direct_ppm += 1) as fn(&mut Parameters),
                Error::<Test>::WeightsDoNotSumToOne,
            ),
            (|p| p.decay = Decay(MAX_DECAY.0 + 1), Error::<Test>::DecayTooLarge),
            (|p| p.reference_deposit = 0, Error::<Test>::NoReferenceDeposit),
            (
                |p| p.least_to_sell = Permill::from_parts(500_001),
                Error::<Test>::LeastStandingTooHigh,
            ),
            (|p| p.least_to_trade = Permill::one(), Error::<Test>::LeastStandingTooHigh),
        ] {
            assert_noop!(set(change), error);
        }
        assert_ok!(set(|p| p.decay = MAX_DECAY));
        let parameters = StandingParameters::<Test>::get();
        assert_eq!(parameters.decay, MAX_DECAY);
        System::assert_last_event(Event::ParametersSet { parameters }.into());
    });
}

#[test]
fn the_market_asks_for_no_standing_until_it_is_told_to() {
    run(|| {
        let admits = |who, role| <Reputation as Admission<AccountId>>::admits(&who, role);
        miss(BEN, ANNA);
        assert!(admits(ANNA, Role::Sell) && admits(ANNA, Role::Trade));
        assert_ok!(set(|p| p.least_to_sell = Permill::from_percent(50)));
        assert!(!admits(ANNA, Role::Sell), "a third is not enough");
        assert!(admits(ANNA, Role::Trade), "buying is another matter");
        assert!(admits(CLARA, Role::Sell), "newcomers are let in");
        assert_ok!(set(|p| p.least_to_trade = Permill::from_percent(40)));
        assert!(!admits(ANNA, Role::Trade) && admits(ANNA, Role::Sell));
        assert!(admits(ANNA, Role::Validate), "roles of other kinds");
    });
}
