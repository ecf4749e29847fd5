//! Attributes, and the credentials that their issuers give and take.

use super::*;
use crate::{Attributes, Bond, Credential, Credentials, Event, MAX_TERM, MIN_TERM, NextAttribute};

fn batch(elements: Vec<(AccountId, u64)>) -> crate::CredentialBatch<Test> {
    BoundedVec::try_from(elements).unwrap()
}

#[test]
fn an_attribute_is_registered_by_the_admin_alone_under_the_next_number() {
    run(|| {
        let name = || BoundedVec::truncate_from(b"broker".to_vec());
        let text = || BoundedVec::truncate_from(b"acts for others".to_vec());
        assert_noop!(
            Membership::register_attribute(signed(REGISTRAR), name(), text(), REGISTRAR, TERM),
            BadOrigin
        );
        assert_ok!(Membership::register_attribute(root(), name(), text(), INSPECTOR, TERM));
        let info = Attributes::<Test>::get(AttributeId(3)).unwrap();
        assert_eq!((info.issuer, info.version, info.term), (INSPECTOR, 0, TERM));
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
                REGISTRAR,
                TERM
            ),
            Error::<Test>::NumbersExhausted
        );
    });
}

#[test]
fn an_issued_credential_holds_at_once() {
    run(|| {
        assert!(!may(BEN, Role::Trade));
        issue(REGISTRAR, BEN, PROSUMER);
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
                Membership::issue(signed(stranger), BEN, PROSUMER, EXPIRY),
                Error::<Test>::NotTheIssuer
            );
            assert_noop!(
                Membership::issue_batch(signed(stranger), PROSUMER, batch(vec![(BEN, EXPIRY)])),
                Error::<Test>::NotTheIssuer
            );
        }
    });
}

#[test]
fn nobody_issues_an_unknown_attribute() {
    run(|| {
        let unknown = AttributeId(99);
        assert_noop!(
            Membership::issue(signed(REGISTRAR), BEN, unknown, EXPIRY),
            Error::<Test>::UnknownAttribute
        );
        assert_noop!(Membership::bump_version(root(), unknown), Error::<Test>::UnknownAttribute);
        assert_noop!(
            Membership::bump_version(signed(REGISTRAR), unknown),
            Error::<Test>::UnknownAttribute
        );
        let term = Membership::set_term(root(), unknown, TERM);
        assert_eq!(term, Err(Error::<Test>::UnknownAttribute.into()));
        let leave = Membership::allow_endings(root(), unknown, 1);
        assert_eq!(leave, Err(Error::<Test>::UnknownAttribute.into()));
    });
}

#[test]
fn expiry_must_lie_in_the_future() {
    run(|| {
        for expires in [0, START - 1, START] {
            assert_noop!(
                Membership::issue(signed(REGISTRAR), BEN, PROSUMER, expires),
                Error::<Test>::ExpiryNotInFuture
            );
        }
        assert_ok!(Membership::issue(signed(REGISTRAR), BEN, PROSUMER, START + 1));
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
        assert_ok!(Membership::issue(signed(REGISTRAR), ANNA, PROSUMER, EXPIRY + 1));
        assert!(may(ANNA, Role::Trade));
        assert_eq!(Attributes::<Test>::get(PROSUMER).unwrap().credentials, 1);
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
        assert_noop!(Membership::revoke(root(), ANNA, PROSUMER), Error::<Test>::NoSuchCredential);
    });
}

#[test]
fn raising_the_version_voids_every_credential_of_the_attribute_and_no_other() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        issue(INSPECTOR, ANNA, SOLAR);
        bump(PROSUMER);
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
            batch(vec![(ANNA, EXPIRY)])
        ));
        assert!(may(ANNA, Role::Trade));
        assert!(!may(BEN, Role::Trade), "was not among those who remain");
    });
}

#[test]
fn versions_do_not_wrap_around() {
    run(|| {
        assert_ok!(Membership::set_role(root(), Role::Sell, TRADERS));
        Attributes::<Test>::mutate(SOLAR, |info| info.as_mut().unwrap().version = u32::MAX);
        assert_noop!(
            Membership::bump_version(signed(INSPECTOR), SOLAR),
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
                batch(vec![(BEN, EXPIRY), (CLARA, START)])
            ),
            Error::<Test>::ExpiryNotInFuture
        );
        assert_ok!(Membership::issue_batch(
            signed(REGISTRAR),
            PROSUMER,
            batch(vec![(BEN, EXPIRY), (CLARA, EXPIRY)])
        ));
        assert!(may(BEN, Role::Trade));
        assert!(may(CLARA, Role::Trade));
    });
}

#[test]
fn a_batch_is_bounded() {
    let element = (BEN, EXPIRY);
    assert!(crate::CredentialBatch::<Test>::try_from(vec![element; 100]).is_ok());
    assert!(crate::CredentialBatch::<Test>::try_from(vec![element; 101]).is_err());
}

#[test]
fn nobody_without_an_owner_gets_a_credential() {
    run(|| {
        for origin in [signed(REGISTRAR), root()] {
            assert_noop!(
                Membership::issue(origin.clone(), DORA, PROSUMER, EXPIRY),
                Error::<Test>::NoOwner
            );
            assert_noop!(
                Membership::issue_batch(
                    origin,
                    PROSUMER,
                    batch(vec![(BEN, EXPIRY), (DORA, EXPIRY)])
                ),
                Error::<Test>::NoOwner
            );
        }
    });
}

#[test]
fn a_credential_lasts_for_the_attributes_term_at_most() {
    run(|| {
        for origin in [signed(REGISTRAR), root()] {
            assert_noop!(
                Membership::issue(origin.clone(), BEN, PROSUMER, EXPIRY + 1),
                Error::<Test>::BeyondTerm
            );
            assert_noop!(
                Membership::issue_batch(origin, PROSUMER, batch(vec![(BEN, u64::MAX)])),
                Error::<Test>::BeyondTerm
            );
        }
        assert_noop!(Membership::set_term(signed(REGISTRAR), PROSUMER, 2 * TERM), BadOrigin);
        for term in [0, MIN_TERM - 1, MAX_TERM + 1, u64::MAX] {
            assert_noop!(
                Membership::set_term(root(), PROSUMER, term),
                Error::<Test>::TermOutOfRange
            );
            let (name, text) = (BoundedVec::default(), BoundedVec::default());
            assert_noop!(
                Membership::register_attribute(root(), name, text, REGISTRAR, term),
                Error::<Test>::TermOutOfRange
            );
        }
        assert_ok!(Membership::set_term(root(), PROSUMER, 2 * TERM));
        assert_ok!(Membership::issue(signed(REGISTRAR), BEN, PROSUMER, EXPIRY + TERM));
        // What is on record stays when the term gets shorter.
        assert_ok!(Membership::set_term(root(), PROSUMER, MIN_TERM));
        assert_eq!(Credentials::<Test>::get(BEN, PROSUMER).unwrap().expires, EXPIRY + TERM);
        let set = Event::TermSet { attribute: PROSUMER, term: MIN_TERM };
        assert_eq!(events().last(), Some(&set));
    });
}

#[test]
fn the_admin_issues_and_renews_at_nobodys_expense() {
    run(|| {
        assert_ok!(Membership::issue(root(), BEN, PROSUMER, EXPIRY));
        assert!(may(BEN, Role::Trade));
        assert_eq!(Credentials::<Test>::get(BEN, PROSUMER).unwrap().bond, None);
        // What the issuer pays for is renewed at its expense.
        issue(REGISTRAR, CLARA, PROSUMER);
        Now::set(EXPIRY);
        assert_ok!(Membership::issue_batch(
            root(),
            PROSUMER,
            batch(vec![(ANNA, EXPIRY + 1), (BEN, EXPIRY + 1), (CLARA, EXPIRY + 1)])
        ));
        assert!([ANNA, BEN, CLARA].into_iter().all(|who| may(who, Role::Trade)));
        assert_eq!(held(REGISTRAR), Membership::credential_bond());
    });
}

#[test]
fn the_owner_outlives_the_last_credential() {
    run(|| {
        Now::set(EXPIRY);
        assert_eq!(owner_of(ANNA), Some(ANNAS_OWNER), "lapsed, not forgotten");
        assert_ok!(Membership::revoke(signed(REGISTRAR), ANNA, PROSUMER));
        assert_eq!(owner_of(ANNA), Some(ANNAS_OWNER));
        assert_eq!(owner_of(DORA), None);
    });
}
