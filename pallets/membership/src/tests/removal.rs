//! What is not needed any more can be removed, and nothing else.

use super::*;
use crate::{
    Attributes, Credentials, Event, Exclusions, HolderCounts, MIN_EXCLUSION, NextAttribute,
    Policies, Tenures,
};
use qedex_primitives::PolicyId;

#[test]
fn a_policy_is_removed_by_its_creator_and_the_admin_alone() {
    run(|| {
        let policy = nodes(vec![attribute(SOLAR)]);
        assert_ok!(Membership::create_policy(signed(INSPECTOR), policy.clone()));
        assert_ok!(Membership::create_policy(root(), policy));
        for policy in [PolicyId(2), PolicyId(3)] {
            assert_noop!(
                Membership::remove_policy(signed(REGISTRAR), policy),
                Error::<Test>::NotTheCreator
            );
            assert_ok!(Membership::remove_policy(root(), policy));
            assert!(!Policies::<Test>::contains_key(policy));
            assert_noop!(Membership::remove_policy(root(), policy), Error::<Test>::UnknownPolicy);
        }
        assert_eq!(events().last(), Some(&Event::PolicyRemoved { policy: PolicyId(3) }));
    });
}

#[test]
fn a_policy_that_a_role_requires_stays() {
    run(|| {
        let policy = nodes(vec![attribute(SOLAR)]);
        assert_ok!(Membership::create_policy(signed(INSPECTOR), policy));
        let policy = PolicyId(2);
        assert_ok!(Membership::set_role(root(), Role::Validate, policy));
        for origin in [signed(INSPECTOR), root()] {
            assert_noop!(Membership::remove_policy(origin, policy), Error::<Test>::PolicyInUse);
        }
        assert_ok!(Membership::set_role(root(), Role::Validate, TRADERS));
        assert_ok!(Membership::remove_policy(signed(INSPECTOR), policy));
    });
}

#[test]
fn an_attribute_in_use_stays() {
    run(|| {
        // A role's policy names it, though nobody has a credential.
        assert_noop!(Membership::remove_attribute(root(), SOLAR), Error::<Test>::AttributeInUse);
        assert_ok!(Membership::set_role(root(), Role::Sell, TRADERS));
        // A credential of it is on record, even a void one.
        issue(INSPECTOR, ANNA, SOLAR);
        assert_ok!(Membership::bump_version(signed(INSPECTOR), SOLAR));
        assert_noop!(Membership::remove_attribute(root(), SOLAR), Error::<Test>::AttributeInUse);
        assert_ok!(Membership::revoke(root(), ANNA, SOLAR));
        assert_noop!(Membership::remove_attribute(signed(INSPECTOR), SOLAR), BadOrigin);
        assert_ok!(Membership::remove_attribute(root(), SOLAR));
        assert!(!Attributes::<Test>::contains_key(SOLAR));
        assert!(!HolderCounts::<Test>::contains_key(SOLAR));
        assert_eq!(Tenures::<Test>::iter_prefix(SOLAR).count(), 0);
        assert_eq!(events().last(), Some(&Event::AttributeRemoved { attribute: SOLAR }));
        assert_noop!(Membership::remove_attribute(root(), SOLAR), Error::<Test>::UnknownAttribute);
    });
}

#[test]
fn a_policy_over_a_removed_attribute_can_be_required_by_no_role() {
    run(|| {
        assert_ok!(Membership::set_role(root(), Role::Sell, TRADERS));
        assert_ok!(Membership::remove_attribute(root(), BATTERY));
        assert_noop!(
            Membership::set_role(root(), Role::Sell, SELLERS),
            Error::<Test>::UnknownAttribute
        );
        // The policy is there still, and does without the attribute where it can.
        issue(INSPECTOR, ANNA, SOLAR);
        assert!(Membership::satisfies_policy(&ANNA, SELLERS));
        assert_ok!(Membership::register_attribute(
            root(),
            BoundedVec::default(),
            BoundedVec::default(),
            INSPECTOR,
            TERM
        ));
        assert!(!Attributes::<Test>::contains_key(BATTERY), "no number comes back");
        assert_eq!(NextAttribute::<Test>::get(), 4);
    });
}

#[test]
fn anyone_removes_a_credential_when_it_has_expired() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        bump(PROSUMER);
        for now in [START, EXPIRY - 1] {
            Now::set(now);
            assert_noop!(
                Membership::remove_lapsed(signed(CLARA), BEN, PROSUMER),
                Error::<Test>::NotLapsed
            );
        }
        Now::set(EXPIRY);
        assert_noop!(Membership::remove_lapsed(root(), BEN, PROSUMER), BadOrigin);
        assert_ok!(Membership::remove_lapsed(signed(CLARA), BEN, PROSUMER));
        assert_eq!(Credentials::<Test>::get(BEN, PROSUMER), None);
        assert_eq!(held(REGISTRAR), 0, "the bond is back with who paid it");
        assert_eq!(
            events().last(),
            Some(&Event::LapsedCredentialRemoved { who: BEN, attribute: PROSUMER })
        );
        assert_noop!(
            Membership::remove_lapsed(signed(CLARA), BEN, PROSUMER),
            Error::<Test>::NoSuchCredential
        );
    });
}

#[test]
fn the_admin_lifts_an_exclusion_early_and_anyone_clears_it_when_it_has_ended() {
    run(|| {
        let exclude = |who| {
            let reason = BoundedVec::truncate_from(b"tampering".to_vec());
            assert_ok!(Membership::blacklist(root(), who, reason, MIN_EXCLUSION));
        };
        assert_noop!(Membership::lift_exclusion(root(), ANNA), Error::<Test>::NotBlacklisted);
        exclude(ANNA);
        assert_noop!(
            Membership::lift_exclusion(signed(ANNA), ANNA),
            Error::<Test>::ExclusionInForce
        );
        assert_ok!(Membership::lift_exclusion(root(), ANNA));
        assert!(may(ANNA, Role::Trade));
        assert_eq!(events().last(), Some(&Event::ExclusionLifted { owner: ANNAS_OWNER }));

        exclude(ANNA);
        Now::set(START + MIN_EXCLUSION);
        assert!(may(ANNA, Role::Trade), "by time alone");
        assert_ok!(Membership::lift_exclusion(signed(CLARA), ANNA));
        assert_eq!(Exclusions::<Test>::get(ANNAS_OWNER), None);
    });
}
