//! How an account gets its owner, and how not.

use super::*;
use crate::{AccountState, AccountsOf, Event, NAMING_LIFE, Namings, Owned, Owners};
use qedex_primitives::{OwnedAccount, PendingNaming};

fn file(account: AccountId, owner: OwnerId) {
    assert_ok!(Membership::name_owner(signed(REGISTRAR), account, owner));
}

fn consent(account: AccountId, owner: OwnerId, joins: bool) {
    assert_ok!(Membership::consent_owner(signed(account), owner, joins));
}

fn approve(by: AccountId, account: AccountId) {
    assert_ok!(Membership::approve_account(signed(by), account));
}

#[test]
fn an_owner_is_named_by_the_registrar_and_takes_effect_with_the_accounts_consent() {
    run(|| {
        file(DORA, NEW_OWNER);
        assert_eq!(owner_of(DORA), None, "named without consent");
        assert_eq!(held(REGISTRAR), Membership::owner_bond());
        let expires = START + NAMING_LIFE;
        let pending = PendingNaming {
            account: DORA,
            owner: NEW_OWNER,
            expires,
            consented: false,
            approved: false,
            void: false,
        };
        assert_eq!(Membership::pending_naming(&DORA), Some(pending.clone()));
        assert_eq!(Membership::pending_namings(), [pending]);
        consent(DORA, NEW_OWNER, false);
        assert_eq!(owner_of(DORA), Some(NEW_OWNER));
        assert_eq!(Membership::pending_naming(&DORA), None);
        assert_eq!(held(REGISTRAR), Membership::owner_bond(), "for good");
        assert_eq!(
            events(),
            [
                Event::NamingFiled { account: DORA, owner: NEW_OWNER, expires },
                Event::OwnerNamed { account: DORA, owner: NEW_OWNER },
            ]
        );
        assert_eq!(
            Membership::accounts_of(NEW_OWNER),
            [OwnedAccount { account: DORA, shut: false }]
        );
        issue(REGISTRAR, DORA, PROSUMER);
        assert!(may(DORA, Role::Trade));
    });
}

#[test]
fn to_join_takes_an_account_already_there_in_whatever_order() {
    for approved_first in [false, true] {
        run(|| {
            file(DORA, ANNAS_OWNER);
            if approved_first {
                approve(ANNA, DORA);
                assert_eq!(owner_of(DORA), None);
                consent(DORA, ANNAS_OWNER, true);
            } else {
                consent(DORA, ANNAS_OWNER, true);
                assert_eq!(owner_of(DORA), None);
                approve(ANNA, DORA);
            }
            assert_eq!(owner_of(DORA), Some(ANNAS_OWNER));
            let accounts: Vec<_> = AccountsOf::<Test>::get(ANNAS_OWNER).into();
            assert_eq!(accounts, [ANNA, DORA]);
            // The newcomer may approve the next.
            file(EMIL, ANNAS_OWNER);
            approve(DORA, EMIL);
            consent(EMIL, ANNAS_OWNER, true);
            assert_eq!(owner_of(EMIL), Some(ANNAS_OWNER));
        });
    }
}

#[test]
fn nobody_but_the_registrar_names() {
    run(|| {
        for stranger in [INSPECTOR, ANNA, DORA] {
            assert_noop!(
                Membership::name_owner(signed(stranger), DORA, NEW_OWNER),
                Error::<Test>::NotTheRegistrar
            );
            assert_noop!(Membership::set_registrar(signed(stranger), DORA), BadOrigin);
        }
        assert_noop!(Membership::name_owner(root(), DORA, NEW_OWNER), BadOrigin);
        assert_noop!(
            Membership::consent_owner(signed(DORA), NEW_OWNER, false),
            Error::<Test>::NoSuchNaming
        );
    });
}

#[test]
fn an_owner_never_changes() {
    run(|| {
        for owner in [ANNAS_OWNER, BENS_OWNER, NEW_OWNER] {
            assert_noop!(
                Membership::name_owner(signed(REGISTRAR), ANNA, owner),
                Error::<Test>::OwnerNamedAlready
            );
        }
        file(DORA, NEW_OWNER);
        consent(DORA, NEW_OWNER, false);
        assert_noop!(
            Membership::consent_owner(signed(DORA), NEW_OWNER, false),
            Error::<Test>::NoSuchNaming
        );
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), DORA, ANNAS_OWNER),
            Error::<Test>::OwnerNamedAlready
        );
    });
}

#[test]
fn consent_is_to_what_was_filed_and_nothing_else() {
    run(|| {
        file(DORA, ANNAS_OWNER);
        for joins in [false, true] {
            assert_noop!(
                Membership::consent_owner(signed(DORA), NEW_OWNER, joins),
                Error::<Test>::OtherOwnerFiled
            );
        }
        assert_noop!(
            Membership::consent_owner(signed(DORA), ANNAS_OWNER, false),
            Error::<Test>::OwnerHasAccounts
        );
        consent(DORA, ANNAS_OWNER, true);
        assert_noop!(
            Membership::consent_owner(signed(DORA), ANNAS_OWNER, true),
            Error::<Test>::ConsentedAlready
        );
        file(EMIL, NEW_OWNER);
        assert_noop!(
            Membership::consent_owner(signed(EMIL), NEW_OWNER, true),
            Error::<Test>::OwnerHasNoAccounts
        );
    });
}

#[test]
fn an_owner_that_did_not_agree_is_joined_by_nobody() {
    run(|| {
        file(DORA, ANNAS_OWNER);
        consent(DORA, ANNAS_OWNER, true);
        for stranger in [BEN, DORA, EMIL, REGISTRAR] {
            let error =
                if stranger == BEN { Error::<Test>::NotOfTheOwner } else { Error::<Test>::NoOwner };
            assert_noop!(Membership::approve_account(signed(stranger), DORA), error);
        }
        // The council cannot speak for who can speak for itself.
        assert_noop!(Membership::approve_account(root(), DORA), Error::<Test>::OwnerCanApprove);
        file(EMIL, NEW_OWNER);
        assert_noop!(Membership::approve_account(root(), EMIL), Error::<Test>::OwnerHasNoAccounts);
        assert_eq!(owner_of(DORA), None);
        // Who is there may reject it.
        assert_ok!(Membership::end_naming(signed(ANNA), DORA));
        assert_noop!(Membership::approve_account(signed(ANNA), DORA), Error::<Test>::NoSuchNaming);
    });
}

#[test]
fn an_approval_counts_once() {
    run(|| {
        file(DORA, ANNAS_OWNER);
        approve(ANNA, DORA);
        assert_noop!(
            Membership::approve_account(signed(ANNA), DORA),
            Error::<Test>::ApprovedAlready
        );
    });
}

#[test]
fn a_naming_expires_and_anyone_clears_it() {
    run(|| {
        file(DORA, NEW_OWNER);
        file(EMIL, ANNAS_OWNER);
        consent(EMIL, ANNAS_OWNER, true);
        Now::set(START + NAMING_LIFE - 1);
        assert_noop!(Membership::end_naming(signed(BEN), DORA), Error::<Test>::NotYourNaming);
        Now::set(START + NAMING_LIFE);
        assert_noop!(
            Membership::consent_owner(signed(DORA), NEW_OWNER, false),
            Error::<Test>::NamingVoid
        );
        assert_noop!(Membership::approve_account(signed(ANNA), EMIL), Error::<Test>::NamingVoid);
        assert!(Membership::pending_naming(&DORA).unwrap().void);
        assert_noop!(Membership::end_naming(root(), DORA), BadOrigin);
        assert_ok!(Membership::end_naming(signed(BEN), DORA));
        assert_eq!(held(REGISTRAR), Membership::owner_bond(), "of the other one");
        // A void one gives way to a new one.
        file(EMIL, NEW_OWNER);
        assert_eq!(held(REGISTRAR), Membership::owner_bond());
        consent(EMIL, NEW_OWNER, false);
    });
}

#[test]
fn a_naming_is_withdrawn_by_the_registrar_and_refused_by_the_account() {
    run(|| {
        for who in [REGISTRAR, DORA] {
            file(DORA, NEW_OWNER);
            for stranger in [ANNA, EMIL] {
                assert_noop!(
                    Membership::end_naming(signed(stranger), DORA),
                    Error::<Test>::NotYourNaming
                );
            }
            assert_ok!(Membership::end_naming(signed(who), DORA));
            assert_eq!(held(REGISTRAR), 0);
            let ended = Event::NamingEnded { account: DORA, owner: NEW_OWNER };
            assert_eq!(events().last(), Some(&ended));
            assert_noop!(
                Membership::consent_owner(signed(DORA), NEW_OWNER, false),
                Error::<Test>::NoSuchNaming
            );
            assert_noop!(Membership::end_naming(signed(who), DORA), Error::<Test>::NoSuchNaming);
        }
    });
}

#[test]
fn what_a_replaced_registrar_has_filed_is_void() {
    run(|| {
        file(DORA, NEW_OWNER);
        file(EMIL, ANNAS_OWNER);
        consent(EMIL, ANNAS_OWNER, true);
        assert_ok!(Membership::propose_shutting(signed(REGISTRAR), BEN));
        assert_ok!(Membership::set_registrar(root(), INSPECTOR));
        assert_eq!(events().last(), Some(&Event::RegistrarSet { registrar: INSPECTOR }));
        assert_noop!(
            Membership::consent_owner(signed(DORA), NEW_OWNER, false),
            Error::<Test>::NamingVoid
        );
        assert_noop!(Membership::approve_account(signed(ANNA), EMIL), Error::<Test>::NamingVoid);
        assert_noop!(Membership::shut_account(root(), BEN), Error::<Test>::ShuttingNotProposed);
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), DORA, NEW_OWNER),
            Error::<Test>::NotTheRegistrar
        );
        assert_ok!(Membership::end_naming(signed(CLARA), DORA));
        assert_ok!(Membership::name_owner(signed(INSPECTOR), DORA, NEW_OWNER));
        consent(DORA, NEW_OWNER, false);
    });
}

#[test]
fn one_naming_pends_for_an_account_and_so_many_in_all() {
    run(|| {
        file(DORA, NEW_OWNER);
        for owner in [NEW_OWNER, ANNAS_OWNER] {
            assert_noop!(
                Membership::name_owner(signed(REGISTRAR), DORA, owner),
                Error::<Test>::NamingPending
            );
        }
        for account in 20..24 {
            file(account, owner(account));
        }
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), EMIL, NEW_OWNER),
            Error::<Test>::TooManyNamings
        );
        assert_ok!(Membership::end_naming(signed(20), 20));
        file(EMIL, NEW_OWNER);
    });
}

#[test]
fn an_owner_has_so_many_accounts_at_most() {
    run(|| {
        for account in 20..24 {
            file(account, ANNAS_OWNER);
        }
        for account in 20..23 {
            approve(ANNA, account);
            consent(account, ANNAS_OWNER, true);
        }
        approve(ANNA, 23);
        assert_noop!(
            Membership::consent_owner(signed(23), ANNAS_OWNER, true),
            Error::<Test>::TooManyAccounts
        );
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), EMIL, ANNAS_OWNER),
            Error::<Test>::TooManyAccounts
        );
    });
}

#[test]
fn a_registrar_without_money_names_nobody() {
    run(|| {
        assert_ok!(Membership::set_registrar(root(), CLARA));
        assert_noop!(
            Membership::name_owner(signed(CLARA), DORA, NEW_OWNER),
            Error::<Test>::CannotPayBond
        );
    });
}

/// Nobody at all can be the registrar until the admin says who.
#[test]
fn without_a_registrar_nobody_names() {
    let mut builder = ExtBuilder::default();
    builder.genesis.registrar = None;
    builder.build_and_execute(|| {
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), DORA, NEW_OWNER),
            Error::<Test>::NotTheRegistrar
        );
        assert_ok!(Membership::set_registrar(root(), REGISTRAR));
        file(DORA, NEW_OWNER);
    });
}

/// The thief's: an issuer gives an account the id of somebody else, which is public.
#[test]
fn an_issuer_cannot_make_an_account_somebody_elses() {
    run(|| {
        // Before, `issue` named the owner, and nobody asked Anna.
        issue(REGISTRAR, BEN, PROSUMER);
        assert_eq!(owner_of(BEN), Some(BENS_OWNER));
        assert_noop!(
            Membership::name_owner(signed(INSPECTOR), DORA, ANNAS_OWNER),
            Error::<Test>::NotTheRegistrar
        );
        // Nor give it a wrong one first, so that honest issuers fail.
        assert_noop!(
            Membership::issue(signed(INSPECTOR), DORA, SOLAR, EXPIRY),
            Error::<Test>::NoOwner
        );
        assert_eq!(owner_of(DORA), None);
    });
}

/// The thief's: the registrar itself joins a stranger to one's owner.
#[test]
fn a_stranger_is_joined_to_nobodys_owner_even_by_the_registrar() {
    run(|| {
        // To one that has accounts: nobody there agrees.
        file(DORA, ANNAS_OWNER);
        consent(DORA, ANNAS_OWNER, true);
        assert_eq!(owner_of(DORA), None);
        // To one that has none yet, before who is to be its first account: that one is not made to
        // join who was quicker, unless it says that it does.
        file(EMIL, NEW_OWNER);
        assert_ok!(Membership::end_naming(signed(REGISTRAR), DORA));
        file(DORA, NEW_OWNER);
        consent(DORA, NEW_OWNER, false);
        assert_noop!(
            Membership::consent_owner(signed(EMIL), NEW_OWNER, false),
            Error::<Test>::OwnerHasAccounts
        );
        assert_eq!(owner_of(EMIL), None);
        assert_eq!(Membership::accounts_of(NEW_OWNER).len(), 1);
    });
}

#[test]
fn the_record_says_who_owns_an_account_and_who_pays_for_it() {
    run(|| {
        file(DORA, NEW_OWNER);
        let bond = Namings::<Test>::get(DORA).unwrap().bond;
        consent(DORA, NEW_OWNER, false);
        let record = Owned { owner: NEW_OWNER, state: AccountState::Open, bond: Some(bond) };
        assert_eq!(Owners::<Test>::get(DORA), Some(record));
    });
}
