//! Policies, and the roles that require them.

use super::*;
use crate::{Event, MAX_POLICY_DEPTH, NextPolicy, Policies};
use qedex_primitives::PolicyId;

#[test]
fn a_policy_gets_the_next_number() {
    run(|| {
        let policy = nodes(vec![attribute(SOLAR)]);
        assert_ok!(Membership::create_policy(root(), policy.clone()));
        let id = PolicyId(2);
        assert_eq!(Policies::<Test>::get(id), Some(policy));
        assert_eq!(events(), [Event::PolicyCreated { policy: id, bond: None }]);
    });
}

#[test]
fn a_malformed_policy_is_refused() {
    let refused = [
        (vec![], Error::<Test>::PolicyEmpty),
        (vec![attribute(PROSUMER), at_least(0, 1)], Error::<Test>::PolicyBadThreshold),
        (
            vec![attribute(PROSUMER), attribute(SOLAR), at_least(3, 2)],
            Error::<Test>::PolicyBadThreshold,
        ),
        (vec![attribute(PROSUMER), at_least(1, 2)], Error::<Test>::PolicyMissingParts),
        (vec![attribute(PROSUMER), attribute(SOLAR)], Error::<Test>::PolicyLeavesParts),
        (vec![attribute(AttributeId(99))], Error::<Test>::UnknownAttribute),
    ];
    run(|| {
        for (policy, error) in refused {
            assert_noop!(Membership::create_policy(root(), nodes(policy)), error);
        }
    });
}

#[test]
fn a_policy_is_no_deeper_than_permitted() {
    let nested = |depth: u8| {
        let mut policy = vec![attribute(PROSUMER)];
        policy.extend((1..depth).map(|_| at_least(1, 1)));
        nodes(policy)
    };
    run(|| {
        assert_ok!(Membership::create_policy(root(), nested(MAX_POLICY_DEPTH)));
        assert_noop!(
            Membership::create_policy(root(), nested(MAX_POLICY_DEPTH + 1)),
            Error::<Test>::PolicyTooDeep
        );
    });
}

#[test]
fn a_policy_is_no_larger_than_permitted() {
    let too_many = vec![attribute(PROSUMER); 33];
    assert!(PolicyOf::<Test>::try_from(too_many).is_err());
}

#[test]
fn policy_numbers_do_not_wrap_around() {
    run(|| {
        NextPolicy::<Test>::put(u32::MAX);
        assert_noop!(
            Membership::create_policy(root(), nodes(vec![attribute(SOLAR)])),
            Error::<Test>::NumbersExhausted
        );
    });
}

#[test]
fn a_role_is_set_by_the_admin_to_a_policy_that_exists() {
    run(|| {
        assert_noop!(Membership::set_role(signed(REGISTRAR), Role::Broker, TRADERS), BadOrigin);
        assert_noop!(
            Membership::set_role(root(), Role::Broker, PolicyId(9)),
            Error::<Test>::UnknownPolicy
        );
        assert_ok!(Membership::set_role(root(), Role::Broker, TRADERS));
        assert!(may(ANNA, Role::Broker));
        assert_eq!(events(), [Event::RoleSet { role: Role::Broker, policy: TRADERS }]);
    });
}

#[test]
fn a_role_without_a_policy_is_nobodys() {
    run(|| {
        assert!(!may(ANNA, Role::Validate));
        assert!(!Membership::satisfies_policy(&ANNA, PolicyId(9)));
    });
}

#[test]
fn a_compound_policy_asks_for_what_it_says() {
    run(|| {
        assert!(!may(ANNA, Role::Sell), "neither solar nor battery");
        issue(INSPECTOR, ANNA, BATTERY);
        assert!(may(ANNA, Role::Sell));
        issue(INSPECTOR, BEN, SOLAR);
        assert!(!may(BEN, Role::Sell), "not a prosumer");
    });
}

#[test]
fn pointing_a_role_to_another_policy_takes_effect_at_once() {
    run(|| {
        assert!(may(ANNA, Role::Trade));
        assert_ok!(Membership::set_role(root(), Role::Trade, SELLERS));
        assert!(!may(ANNA, Role::Trade));
    });
}

#[test]
fn the_views_agree_with_the_trait() {
    run(|| {
        assert!(Membership::satisfies_policy(&ANNA, TRADERS));
        assert!(!Membership::satisfies_policy(&ANNA, SELLERS));
        assert!(Membership::may_act(&ANNA, Role::Trade));
        assert!(!Membership::may_act(&ANNA, Role::Sell));
    });
}
