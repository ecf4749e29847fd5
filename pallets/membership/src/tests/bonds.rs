//! Storage is paid for, and paid back.

use super::*;
use crate::{Bond, Event, PolicyBonds};
use codec::Encode;
use qedex_primitives::PolicyId;

fn credential_bond() -> u128 {
    Membership::credential_bond()
}

#[test]
fn an_issuer_pays_for_each_credential_and_gets_it_back_when_it_is_revoked() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        issue(REGISTRAR, CLARA, PROSUMER);
        assert!(credential_bond() > 1_000, "base and bytes");
        assert_eq!(held(REGISTRAR), 2 * credential_bond());
        assert_ok!(Membership::revoke(root(), BEN, PROSUMER));
        assert_eq!(held(REGISTRAR), credential_bond());
        allow(PROSUMER, 1);
        assert_ok!(Membership::revoke(signed(REGISTRAR), CLARA, PROSUMER));
        assert_eq!(held(REGISTRAR), 0);
        assert_eq!(Balances::free_balance(REGISTRAR), FUNDS);
    });
}

#[test]
fn renewing_a_credential_costs_its_issuer_nothing_more() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        issue(REGISTRAR, BEN, PROSUMER);
        assert_eq!(held(REGISTRAR), credential_bond());
    });
}

#[test]
fn what_is_there_at_genesis_carries_no_bond_until_somebody_renews_it() {
    run(|| {
        assert_ok!(Membership::revoke(root(), ANNA, PROSUMER));
        assert_eq!(held(REGISTRAR), 0);
        assert_eq!(PolicyBonds::<Test>::iter().count(), 0);
    });
    run(|| {
        issue(REGISTRAR, ANNA, PROSUMER);
        assert_eq!(held(REGISTRAR), credential_bond());
    });
}

#[test]
fn who_issues_or_re_issues_last_stands_for_the_credential() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        issue(REGISTRAR, CLARA, PROSUMER);
        assert_ok!(Membership::set_issuer(root(), PROSUMER, INSPECTOR));
        assert_eq!(held(REGISTRAR), 2 * credential_bond());
        issue(INSPECTOR, BEN, PROSUMER);
        assert_eq!(held(REGISTRAR), credential_bond());
        assert_eq!(held(INSPECTOR), credential_bond());
        bump(PROSUMER);
        reissue(INSPECTOR, PROSUMER, &[BEN, CLARA]);
        assert_eq!(held(REGISTRAR), 0);
        assert_eq!(held(INSPECTOR), 2 * credential_bond());
    });
}

#[test]
fn an_issuer_without_money_issues_nothing() {
    run(|| {
        assert_ok!(Membership::set_issuer(root(), PROSUMER, CLARA));
        assert_noop!(
            Membership::issue(signed(CLARA), BEN, PROSUMER, EXPIRY),
            Error::<Test>::CannotPayBond
        );
    });
}

#[test]
fn anyone_creates_a_policy_for_a_bond_and_gets_it_back_with_its_removal() {
    run(|| {
        let policy = nodes(vec![attribute(SOLAR), attribute(BATTERY), at_least(1, 2)]);
        let size = policy.encoded_size() as u128;
        assert_ok!(Membership::create_policy(signed(INSPECTOR), policy));
        let bond = Bond { payer: INSPECTOR, amount: 1_000 + size };
        let policy = PolicyId(2);
        assert_eq!(PolicyBonds::<Test>::get(policy), Some(bond.clone()));
        assert_eq!(held(INSPECTOR), bond.amount);
        let bond = Some(bond);
        assert_eq!(events(), [Event::PolicyCreated { policy, bond }]);

        assert_ok!(Membership::remove_policy(signed(INSPECTOR), policy));
        assert_eq!(held(INSPECTOR), 0);
        assert_eq!(PolicyBonds::<Test>::get(policy), None);
    });
}

#[test]
fn the_creator_gets_the_bond_back_when_the_admin_removes_the_policy() {
    run(|| {
        let policy = nodes(vec![attribute(SOLAR)]);
        assert_ok!(Membership::create_policy(signed(INSPECTOR), policy));
        assert_ok!(Membership::remove_policy(root(), PolicyId(2)));
        assert_eq!(Balances::free_balance(INSPECTOR), FUNDS);
    });
}

#[test]
fn a_bond_is_what_was_held_even_if_something_else_has_taken_part_of_it() {
    use frame_support::traits::{fungible::MutateHold, tokens::Precision};
    ExtBuilder::default().build().execute_with(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        let reason = crate::HoldReason::Storage.into();
        assert_ok!(Balances::release(&reason, &REGISTRAR, 1, Precision::Exact));
        assert!(Membership::do_try_state().is_err());
        assert_ok!(Membership::revoke(root(), BEN, PROSUMER));
        assert_eq!(held(REGISTRAR), 0);
        assert_ok!(Membership::do_try_state());
    });
}
