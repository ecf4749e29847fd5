//! Attributes, and the credentials that their issuers give and take.

use super::*;
use crate::{Attributes, Bond, Credential, Credentials, Event, Holder, Holders, NextAttribute};

fn batch(elements: Vec<(AccountId, u64, OwnerId)>) -> crate::CredentialBatch<Test> {
    BoundedVec::try_from(elements).unwrap()
}

#[test]
fn an_attribute_is_registered_by_the_admin_alone_under_the_next_number() {
    run(|| {
        let name = || BoundedVec::truncate_from(b"broker".to_vec());
        let text = || BoundedVec::truncate_from(b"acts for others".to_vec());
        assert_noop!(
            Membership::register_attribute(signed(REGISTRAR), name(), text(), REGISTRAR),
            BadOrigin
        );
        assert_ok!(Membership::register_attribute(root(), name(), text(), INSPECTOR));
        let info = Attributes::<Test>::get(AttributeId(3)).unwrap();
        assert_eq!((info.issuer, info.version), (INSPECTOR, 0));
        assert_eq!(info.name, name());
        assert_eq!(info.description, text());
        assert_eq!(
            events(),
            [Event::AttributeRegistered { attribute: AttributeId(3), issuer: INSPECTOR }]
        );
    });
}

#[test]
fn attribute_numbers_do_not_wrap_around() {
    run(|| {
        NextAttribute::<Test>::put(u32::MAX);
        assert_noop!(
            Membership::register_attribute(
                root(),
                BoundedVec::default(),
                BoundedVec::default(),
                REGISTRAR
            ),
            Error::<Test>::NumbersExhausted
        );
    });
}

#[test]
fn an_issued_credential_holds_at_once() {
    run(|| {
        assert!(!may(BEN, Role::Trade));
        issue(REGISTRAR, BEN, PROSUMER, BENS_OWNER);
        assert!(may(BEN, Role::Trade));
        assert_eq!(
            Credentials::<Test>::get(BEN, PROSUMER),
            Some(Credential {
                version: 0,
                expires: EXPIRY,
                bond: Some(Bond { payer: REGISTRAR, amount: Membership::credential_bond() })
            })
        );
        assert_eq!(
            events(),
            [Event::CredentialIssued { who: BEN, attribute: PROSUMER, expires: EXPIRY }]
        );
    });
}

#[test]
fn an_issuer_cannot_issue_anothers_attribute() {
    run(|| {
        for stranger in [INSPECTOR, ANNA, BEN] {
            assert_noop!(
                Membership::issue(signed(stranger), BEN, PROSUMER, EXPIRY, BENS_OWNER),
                Error::<Test>::NotTheIssuer
            );
            assert_noop!(
                Membership::issue_batch(
                    signed(stranger),
                    PROSUMER,
                    batch(vec![(BEN, EXPIRY, BENS_OWNER)])
                ),
                Error::<Test>::NotTheIssuer
            );
        }
        // The admin appoints issuers, and is none.
        assert_noop!(Membership::issue(root(), BEN, PROSUMER, EXPIRY, BENS_OWNER), BadOrigin);
    });
}

#[test]
fn nobody_issues_an_unknown_attribute() {
    run(|| {
        let unknown = AttributeId(99);
        assert_noop!(
            Membership::issue(signed(REGISTRAR), BEN, unknown, EXPIRY, BENS_OWNER),
            Error::<Test>::UnknownAttribute
        );
        assert_noop!(Membership::bump_version(root(), unknown), Error::<Test>::UnknownAttribute);
        assert_noop!(
            Membership::bump_version(signed(REGISTRAR), unknown),
            Error::<Test>::UnknownAttribute
        );
    });
}

#[test]
fn expiry_must_lie_in_the_future() {
    run(|| {
        for expires in [0, START - 1, START] {
            assert_noop!(
                Membership::issue(signed(REGISTRAR), BEN, PROSUMER, expires, BENS_OWNER),
                Error::<Test>::ExpiryNotInFuture
            );
        }
        assert_ok!(Membership::issue(signed(REGISTRAR), BEN, PROSUMER, START + 1, BENS_OWNER));
    });
}

#[test]
fn a_credential_holds_before_its_expiry_and_not_at_it() {
    run(|| {
        Now::set(EXPIRY - 1);
        assert!(may(ANNA, Role::Trade));
        Now::set(EXPIRY);
        assert!(!may(ANNA, Role::Trade));
    });
}

#[test]
fn an_expired_credential_can_be_renewed() {
    run(|| {
        Now::set(EXPIRY);
        assert_ok!(Membership::issue(signed(REGISTRAR), ANNA, PROSUMER, EXPIRY + 1, ANNAS_OWNER));
        assert!(may(ANNA, Role::Trade));
        let holder = Holders::<Test>::get(ANNA).unwrap();
        assert_eq!(holder.credentials, 1);
    });
}

#[test]
fn a_revoked_holder_cannot_use_the_old_credential() {
    run(|| {
        assert_ok!(Membership::revoke(signed(REGISTRAR), ANNA, PROSUMER));
        assert!(!may(ANNA, Role::Trade));
        assert_eq!(Credentials::<Test>::get(ANNA, PROSUMER), None);
        assert_eq!(events(), [Event::CredentialRevoked { who: ANNA, attribute: PROSUMER }]);
        assert_noop!(
            Membership::revoke(signed(REGISTRAR), ANNA, PROSUMER),
            Error::<Test>::NoSuchCredential
        );
    });
}

#[test]
fn only_the_issuer_and_the_admin_revoke() {
    run(|| {
        for stranger in [INSPECTOR, ANNA] {
            assert_noop!(
                Membership::revoke(signed(stranger), ANNA, PROSUMER),
                Error::<Test>::NotTheIssuer
            );
            assert_noop!(
                Membership::bump_version(signed(stranger), PROSUMER),
                Error::<Test>::NotTheIssuer
            );
        }
        assert_ok!(Membership::revoke(root(), ANNA, PROSUMER));
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert_noop!(Membership::revoke(root(), ANNA, PROSUMER), Error::<Test>::NoSuchCredential);
    });
}

#[test]
fn raising_the_version_voids_every_credential_of_the_attribute_and_no_other() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER, BENS_OWNER);
        issue(INSPECTOR, ANNA, SOLAR, ANNAS_OWNER);
        assert_ok!(Membership::bump_version(signed(REGISTRAR), PROSUMER));
        assert!(!may(ANNA, Role::Trade));
        assert!(!may(BEN, Role::Trade));
        assert!(Membership::lacks(&ANNA, SOLAR, START).is_none());
        assert_eq!(
            events().last(),
            Some(&Event::AttributeRevoked { attribute: PROSUMER, version: 1 })
        );

        assert_ok!(Membership::issue_batch(
            signed(REGISTRAR),
            PROSUMER,
            batch(vec![(ANNA, EXPIRY, ANNAS_OWNER)])
        ));
        assert!(may(ANNA, Role::Trade));
        assert!(!may(BEN, Role::Trade), "was not among those who remain");
    });
}

#[test]
fn versions_do_not_wrap_around() {
    run(|| {
        Attributes::<Test>::mutate(PROSUMER, |info| info.as_mut().unwrap().version = u32::MAX);
        assert_noop!(
            Membership::bump_version(signed(REGISTRAR), PROSUMER),
            Error::<Test>::NumbersExhausted
        );
    });
}

#[test]
fn a_batch_issues_all_or_nothing() {
    run(|| {
        assert_noop!(
            Membership::issue_batch(
                signed(REGISTRAR),
                PROSUMER,
                batch(vec![(BEN, EXPIRY, BENS_OWNER), (CLARA, START, BENS_OWNER)])
            ),
            Error::<Test>::ExpiryNotInFuture
        );
        assert_ok!(Membership::issue_batch(
            signed(REGISTRAR),
            PROSUMER,
            batch(vec![(BEN, EXPIRY, BENS_OWNER), (CLARA, EXPIRY, BENS_OWNER)])
        ));
        assert!(may(BEN, Role::Trade));
        assert!(may(CLARA, Role::Trade));
        assert_eq!(owner_of(BEN), owner_of(CLARA));
    });
}

#[test]
fn a_batch_is_bounded() {
    let element = (BEN, EXPIRY, BENS_OWNER);
    assert!(crate::CredentialBatch::<Test>::try_from(vec![element; 100]).is_ok());
    assert!(crate::CredentialBatch::<Test>::try_from(vec![element; 101]).is_err());
}

#[test]
fn an_account_has_one_owner_whoever_issues() {
    run(|| {
        assert_noop!(
            Membership::issue(signed(INSPECTOR), ANNA, SOLAR, EXPIRY, BENS_OWNER),
            Error::<Test>::OwnerConflict
        );
        issue(INSPECTOR, ANNA, SOLAR, ANNAS_OWNER);
        // With two credentials on record, neither can be renewed under another name.
        assert_noop!(
            Membership::issue(signed(INSPECTOR), ANNA, SOLAR, EXPIRY, BENS_OWNER),
            Error::<Test>::OwnerConflict
        );
        assert_eq!(Holders::<Test>::get(ANNA), Some(Holder { owner: ANNAS_OWNER, credentials: 2 }));
    });
}

#[test]
fn replacing_the_only_credential_may_correct_the_owner() {
    run(|| {
        issue(REGISTRAR, ANNA, PROSUMER, BENS_OWNER);
        assert_eq!(owner_of(ANNA), Some(BENS_OWNER));
    });
}

#[test]
fn the_owner_is_known_until_the_last_credential_is_revoked() {
    run(|| {
        issue(INSPECTOR, ANNA, SOLAR, ANNAS_OWNER);
        Now::set(EXPIRY);
        assert_ok!(Membership::bump_version(signed(INSPECTOR), SOLAR));
        assert_eq!(owner_of(ANNA), Some(ANNAS_OWNER), "lapsed, not forgotten");
        assert_ok!(Membership::revoke(signed(REGISTRAR), ANNA, PROSUMER));
        assert_eq!(owner_of(ANNA), Some(ANNAS_OWNER));
        assert_ok!(Membership::revoke(signed(INSPECTOR), ANNA, SOLAR));
        assert_eq!(owner_of(ANNA), None);
        assert_eq!(owner_of(CLARA), None);
    });
}
