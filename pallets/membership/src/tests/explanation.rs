//! Which part of a policy fails for an account, and why.

use super::*;
use crate::{ExclusionReason, Explanation, MIN_EXCLUSION};
use qedex_primitives::{Lack, Obstacle, PolicyId, Sanctions};

fn lacks(attribute: AttributeId, why: Lack) -> Obstacle {
    Obstacle::Lacks { attribute, why }
}

fn obstacles(who: AccountId, policy: PolicyId) -> Vec<Obstacle> {
    let explanation = Membership::explain_policy(&who, policy);
    assert_eq!(explanation.passes, Membership::satisfies_policy(&who, policy));
    assert_eq!(explanation.passes, explanation.obstacles.is_empty());
    assert_eq!(explanation.policy, Some(policy));
    explanation.obstacles
}

#[test]
fn nothing_stands_in_the_way_of_who_passes() {
    run(|| {
        assert_eq!(obstacles(ANNA, TRADERS), []);
        assert_eq!(
            Membership::explain_policy(&ANNA, TRADERS),
            Membership::explain_role(&ANNA, Role::Trade)
        );
    });
}

#[test]
fn a_missing_credential_is_named_with_its_attribute() {
    run(|| {
        let missing = |attribute| lacks(attribute, Lack::MissingCredential);
        assert_eq!(obstacles(BEN, TRADERS), [missing(PROSUMER)]);
        assert_eq!(
            obstacles(ANNA, SELLERS),
            [missing(SOLAR), missing(BATTERY)],
            "either would do, and she is a prosumer"
        );
        issue(INSPECTOR, BEN, SOLAR);
        assert_eq!(obstacles(BEN, SELLERS), [missing(PROSUMER)]);
    });
}

#[test]
fn an_outdated_version_is_named_with_the_version_held_and_the_present_one() {
    run(|| {
        bump(PROSUMER);
        bump(PROSUMER);
        let why = Lack::OutdatedVersion { held: 0, present: version_of(PROSUMER) };
        assert_eq!(obstacles(ANNA, TRADERS), [lacks(PROSUMER, why)]);
    });
}

#[test]
fn an_expired_credential_is_named_with_its_expiry_whatever_its_version() {
    run(|| {
        Now::set(EXPIRY);
        let why = Lack::Expired { since: EXPIRY };
        assert_eq!(obstacles(ANNA, TRADERS), [lacks(PROSUMER, why)]);
        bump(PROSUMER);
        assert_eq!(obstacles(ANNA, TRADERS), [lacks(PROSUMER, why)]);
    });
}

#[test]
fn an_exclusion_is_named_with_reason_and_end_beside_all_else_that_fails() {
    run(|| {
        let reason = crate::ReasonText::truncate_from(b"tampering".to_vec());
        let blacklisted = Obstacle::Blacklisted {
            reason: ExclusionReason::Decided(reason.clone()),
            until: START + MIN_EXCLUSION,
        };
        assert_ok!(Membership::blacklist(root(), ANNA, reason.clone(), MIN_EXCLUSION));
        assert_ok!(Membership::blacklist(root(), BEN, reason, MIN_EXCLUSION));
        assert_eq!(obstacles(ANNA, TRADERS), vec![blacklisted.clone()]);
        assert_eq!(
            obstacles(BEN, TRADERS),
            [blacklisted, lacks(PROSUMER, Lack::MissingCredential)]
        );
        Now::set(START + MIN_EXCLUSION);
        assert_eq!(obstacles(ANNA, TRADERS), []);
    });
}

#[test]
fn who_is_nobodys_or_shut_is_told_so_beside_all_else_that_fails() {
    run(|| {
        let missing = lacks(PROSUMER, Lack::MissingCredential);
        assert_eq!(obstacles(DORA, TRADERS), [Obstacle::NoOwner, missing]);
        assert_ok!(Membership::propose_shutting(signed(REGISTRAR), ANNA));
        assert_eq!(obstacles(ANNA, TRADERS), []);
        assert_ok!(Membership::shut_account(root(), ANNA));
        assert_eq!(obstacles(ANNA, TRADERS), [Obstacle::Shut]);
        assert_ok!(Membership::blacklist(root(), ANNA, Default::default(), MIN_EXCLUSION));
        let blacklisted = Obstacle::Blacklisted {
            reason: ExclusionReason::Decided(Default::default()),
            until: START + MIN_EXCLUSION,
        };
        assert_eq!(obstacles(ANNA, TRADERS), [Obstacle::Shut, blacklisted]);
    });
}

#[test]
fn who_defaulted_is_told_so_for_the_roles_from_which_that_excludes() {
    run(|| {
        issue(INSPECTOR, ANNA, SOLAR);
        assert_ok!(Membership::set_role(root(), Role::Broker, TRADERS));
        assert_ok!(Membership::blacklist_for_default(&ANNA, MIN_EXCLUSION));
        let blacklisted = Obstacle::Blacklisted {
            reason: ExclusionReason::Defaulted,
            until: START + MIN_EXCLUSION,
        };
        for role in [Role::Trade, Role::Sell] {
            let told = Membership::explain_role(&ANNA, role);
            assert_eq!((told.passes, told.obstacles), (false, vec![blacklisted.clone()]));
        }
        assert!(Membership::explain_role(&ANNA, Role::Broker).passes);
        assert_eq!(obstacles(ANNA, TRADERS), [], "of no role that is named");
    });
}

#[test]
fn an_unknown_policy_attribute_or_binding_is_named() {
    run(|| {
        assert_eq!(obstacles(ANNA, PolicyId(9)), [Obstacle::UnknownPolicy]);
        assert_eq!(
            Membership::explain_role(&ANNA, Role::Validate),
            Explanation {
                passes: false,
                policy: None,
                obstacles: vec![Obstacle::RoleWithoutPolicy],
                parts: vec![],
            }
        );
        assert_ok!(Membership::set_role(root(), Role::Sell, TRADERS));
        assert_ok!(Membership::remove_attribute(root(), BATTERY));
        assert_eq!(
            obstacles(ANNA, SELLERS),
            [lacks(SOLAR, Lack::MissingCredential), lacks(BATTERY, Lack::UnknownAttribute)]
        );
    });
}

#[test]
fn an_attribute_that_a_policy_names_twice_is_one_obstacle() {
    run(|| {
        let twice = nodes(vec![attribute(SOLAR), attribute(SOLAR), at_least(2, 2)]);
        assert_ok!(Membership::create_policy(root(), twice));
        let policy = PolicyId(2);
        assert_eq!(obstacles(ANNA, policy), [lacks(SOLAR, Lack::MissingCredential)]);
        assert_eq!(Membership::explain_policy(&ANNA, policy).parts.len(), 3);
    });
}

#[test]
fn the_formula_is_shown_part_by_part_from_the_whole_down() {
    run(|| {
        let parts = Membership::explain_policy(&ANNA, SELLERS).parts;
        let told: Vec<_> =
            parts.iter().map(|part| (part.depth, part.node, part.holds, part.blocks)).collect();
        assert_eq!(
            told,
            [
                (0, at_least(2, 2), false, true),
                (1, attribute(PROSUMER), true, false),
                (1, at_least(1, 2), false, true),
                (2, attribute(SOLAR), false, true),
                (2, attribute(BATTERY), false, true),
            ]
        );
    });
}
