//! Registrar and council together shut an account for good.

use super::*;
use crate::{Event, Owners};
use qedex_primitives::{Membership as Member, OwnedAccount};

fn propose(account: AccountId) {
    assert_ok!(Membership::propose_shutting(signed(REGISTRAR), account));
}

#[test]
fn a_shut_account_may_nothing_and_counts_still() {
    run(|| {
        propose(ANNA);
        assert!(may(ANNA, Role::Trade), "until it is shut");
        assert_ok!(Membership::shut_account(root(), ANNA));
        assert!(!may(ANNA, Role::Trade));
        assert!(!Membership::satisfies_policy(&ANNA, TRADERS));
        assert_eq!(owner_of(ANNA), Some(ANNAS_OWNER));
        assert_eq!(
            Membership::accounts_of(ANNAS_OWNER),
            [OwnedAccount { account: ANNA, shut: true }]
        );
        assert_eq!(
            events(),
            [
                Event::ShuttingProposed { account: ANNA },
                Event::AccountShut { account: ANNA, owner: ANNAS_OWNER },
            ]
        );
        assert_noop!(
            Membership::issue(signed(REGISTRAR), ANNA, SOLAR, EXPIRY),
            Error::<Test>::NotTheIssuer
        );
        for origin in [signed(INSPECTOR), root()] {
            assert_noop!(
                Membership::issue(origin, ANNA, SOLAR, EXPIRY),
                Error::<Test>::AccountIsShut
            );
        }
    });
}

#[test]
fn neither_registrar_nor_council_shuts_alone() {
    run(|| {
        assert_noop!(Membership::shut_account(root(), ANNA), Error::<Test>::ShuttingNotProposed);
        for stranger in [INSPECTOR, ANNA] {
            assert_noop!(
                Membership::propose_shutting(signed(stranger), ANNA),
                Error::<Test>::NotTheRegistrar
            );
            assert_noop!(Membership::shut_account(signed(stranger), ANNA), BadOrigin);
        }
        assert_noop!(Membership::propose_shutting(root(), ANNA), BadOrigin);
        propose(ANNA);
        assert_noop!(Membership::shut_account(signed(REGISTRAR), ANNA), BadOrigin);
        assert_noop!(
            Membership::propose_shutting(signed(REGISTRAR), ANNA),
            Error::<Test>::ShuttingPending
        );
        assert!(may(ANNA, Role::Trade));
    });
}

#[test]
fn what_the_registrar_takes_back_is_not_shut() {
    run(|| {
        assert_noop!(
            Membership::withdraw_shutting(signed(REGISTRAR), ANNA),
            Error::<Test>::ShuttingNotProposed
        );
        propose(ANNA);
        assert_noop!(
            Membership::withdraw_shutting(signed(ANNA), ANNA),
            Error::<Test>::NotTheRegistrar
        );
        assert_ok!(Membership::withdraw_shutting(signed(REGISTRAR), ANNA));
        assert_eq!(events().last(), Some(&Event::ShuttingWithdrawn { account: ANNA }));
        assert_noop!(Membership::shut_account(root(), ANNA), Error::<Test>::ShuttingNotProposed);
    });
}

#[test]
fn a_successor_takes_over_what_was_proposed_or_takes_it_back() {
    run(|| {
        propose(ANNA);
        propose(BEN);
        assert_ok!(Membership::set_registrar(root(), INSPECTOR));
        assert_ok!(Membership::propose_shutting(signed(INSPECTOR), ANNA));
        assert_ok!(Membership::shut_account(root(), ANNA));
        assert_ok!(Membership::withdraw_shutting(signed(INSPECTOR), BEN));
    });
}

#[test]
fn it_is_for_good() {
    run(|| {
        propose(ANNA);
        assert_ok!(Membership::shut_account(root(), ANNA));
        for result in [
            Membership::withdraw_shutting(signed(REGISTRAR), ANNA),
            Membership::propose_shutting(signed(REGISTRAR), ANNA),
            Membership::shut_account(root(), ANNA),
        ] {
            assert_eq!(result, Err(Error::<Test>::AccountIsShut.into()));
        }
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), ANNA, NEW_OWNER),
            Error::<Test>::OwnerNamedAlready
        );
        for result in [
            Membership::propose_shutting(signed(REGISTRAR), DORA),
            Membership::shut_account(root(), DORA),
        ] {
            assert_eq!(result, Err(Error::<Test>::NoOwner.into()));
        }
    });
}

#[test]
fn a_shut_account_lets_nobody_join_and_the_council_does_where_all_are_shut() {
    run(|| {
        own(DORA, ANNAS_OWNER);
        propose(ANNA);
        assert_ok!(Membership::shut_account(root(), ANNA));
        assert_eq!(<Membership as Member<_>>::speaks_for(&ANNA), None);
        assert_eq!(<Membership as Member<_>>::speaks_for(&DORA), Some(ANNAS_OWNER));
        assert_ok!(Membership::name_owner(signed(REGISTRAR), EMIL, ANNAS_OWNER));
        assert_noop!(Membership::approve_account(signed(ANNA), EMIL), Error::<Test>::AccountIsShut);
        assert_noop!(Membership::end_naming(signed(ANNA), EMIL), Error::<Test>::NotYourNaming);
        assert_noop!(Membership::approve_account(root(), EMIL), Error::<Test>::OwnerCanApprove);
        // Both keys are lost.
        propose(DORA);
        assert_ok!(Membership::shut_account(root(), DORA));
        assert_ok!(Membership::approve_account(root(), EMIL));
        assert_eq!(owner_of(EMIL), None);
        assert_ok!(Membership::consent_owner(signed(EMIL), ANNAS_OWNER, true));
        assert_eq!(owner_of(EMIL), Some(ANNAS_OWNER));
        assert!(!Owners::<Test>::get(EMIL).unwrap().is_shut());
    });
}

#[test]
fn what_an_account_approved_counts_only_until_it_is_shut() {
    run(|| {
        own(DORA, ANNAS_OWNER);
        assert_ok!(Membership::name_owner(signed(REGISTRAR), EMIL, ANNAS_OWNER));
        let approved = || Membership::pending_naming(&EMIL).is_some_and(|naming| naming.approved);
        // Whoever has Anna's key approves a friend, and waits.
        assert_ok!(Membership::approve_account(signed(ANNA), EMIL));
        assert!(approved());
        propose(ANNA);
        assert_ok!(Membership::shut_account(root(), ANNA));
        assert!(!approved());
        assert_ok!(Membership::consent_owner(signed(EMIL), ANNAS_OWNER, true));
        assert_eq!(owner_of(EMIL), None);
        // An account that still speaks for the owner settles it.
        assert_ok!(Membership::approve_account(signed(DORA), EMIL));
        assert_eq!(owner_of(EMIL), Some(ANNAS_OWNER));
    });
}
