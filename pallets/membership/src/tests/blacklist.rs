//! Exclusion, by decision and by default.

use super::*;
use crate::{
    Decision, Event, Exclusion, ExclusionReason, Exclusions, MAX_EXCLUSION, MIN_EXCLUSION,
};
use qedex_primitives::Sanctions;

fn reason() -> crate::ReasonText {
    BoundedVec::truncate_from(b"tampered with a meter".to_vec())
}

fn exclude(who: AccountId, duration: u64) {
    assert_ok!(Membership::blacklist(root(), who, reason(), duration));
}

fn defaults(who: AccountId, duration: u64) {
    assert_ok!(Membership::blacklist_for_default(&who, duration));
}

fn exclusion(owner: OwnerId) -> Exclusion {
    Exclusions::<Test>::get(owner).unwrap()
}

#[test]
fn only_the_admin_excludes() {
    run(|| {
        assert_noop!(
            Membership::blacklist(signed(REGISTRAR), ANNA, reason(), MIN_EXCLUSION),
            BadOrigin
        );
        assert_noop!(
            Membership::blacklist(root(), DORA, reason(), MIN_EXCLUSION),
            Error::<Test>::NoOwner
        );
        assert_noop!(Membership::lift_exclusion(root(), DORA), Error::<Test>::NoOwner);
    });
}

#[test]
fn an_exclusion_lasts_from_one_hour_to_31_days() {
    run(|| {
        for duration in [0, MIN_EXCLUSION - 1, MAX_EXCLUSION + 1, u64::MAX] {
            assert_noop!(
                Membership::blacklist(root(), ANNA, reason(), duration),
                Error::<Test>::ExclusionOutOfRange
            );
        }
        exclude(ANNA, MIN_EXCLUSION);
        exclude(ANNA, MAX_EXCLUSION);
    });
}

#[test]
fn the_blacklisted_may_nothing_until_time_has_passed() {
    run(|| {
        exclude(ANNA, MIN_EXCLUSION);
        assert_eq!(
            events(),
            [Event::Blacklisted {
                owner: ANNAS_OWNER,
                until: START + MIN_EXCLUSION,
                reason: ExclusionReason::Decided(reason())
            }]
        );
        assert!(!may(ANNA, Role::Trade));
        Now::set(START + MIN_EXCLUSION - 1);
        assert!(!may(ANNA, Role::Trade));
        Now::set(START + MIN_EXCLUSION);
        assert!(may(ANNA, Role::Trade), "lifted without a transaction");
    });
}

#[test]
fn an_exclusion_is_of_all_accounts_of_the_owner() {
    run(|| {
        own(DORA, ANNAS_OWNER);
        issue(REGISTRAR, DORA, PROSUMER);
        issue(REGISTRAR, BEN, PROSUMER);
        exclude(ANNA, MIN_EXCLUSION);
        assert!(!may(DORA, Role::Trade) && may(BEN, Role::Trade));
        assert_ok!(Membership::lift_exclusion(root(), DORA));
        assert!(may(ANNA, Role::Trade));
        defaults(DORA, MIN_EXCLUSION);
        assert!(!may(ANNA, Role::Trade));
        // And of one that joins later.
        own(EMIL, ANNAS_OWNER);
        issue(REGISTRAR, EMIL, PROSUMER);
        assert!(!may(EMIL, Role::Trade));
    });
}

#[test]
fn a_new_credential_does_not_lift_an_exclusion() {
    run(|| {
        exclude(BEN, MIN_EXCLUSION);
        issue(REGISTRAR, BEN, PROSUMER);
        assert!(!may(BEN, Role::Trade));
    });
}

#[test]
fn the_owner_of_the_blacklisted_stays_known() {
    run(|| {
        exclude(ANNA, MIN_EXCLUSION);
        assert_eq!(owner_of(ANNA), Some(ANNAS_OWNER));
    });
}

#[test]
fn a_decision_replaces_an_earlier_one_and_leaves_what_stands_for_defaults() {
    run(|| {
        exclude(ANNA, MAX_EXCLUSION);
        defaults(ANNA, 2 * MIN_EXCLUSION);
        exclude(ANNA, MIN_EXCLUSION);
        let decided = Some(Decision { reason: reason(), until: START + MIN_EXCLUSION });
        let defaulted_until = Some(START + 2 * MIN_EXCLUSION);
        assert_eq!(exclusion(ANNAS_OWNER), Exclusion { defaulted_until, decided });
        Now::set(START + MIN_EXCLUSION);
        assert!(!may(ANNA, Role::Trade));
        assert_noop!(
            Membership::lift_exclusion(signed(CLARA), ANNA),
            Error::<Test>::ExclusionInForce
        );
        Now::set(START + 2 * MIN_EXCLUSION);
        assert!(may(ANNA, Role::Trade));
        assert_ok!(Membership::lift_exclusion(signed(CLARA), ANNA));
    });
}

#[test]
fn who_defaulted_may_all_but_trade_and_sell_and_loses_no_credential() {
    run(|| {
        issue(INSPECTOR, ANNA, SOLAR);
        let others =
            [Role::Validate, Role::Broker, Role::InstallMeters, Role::Aggregate, Role::ServeKeys];
        for role in others {
            assert_ok!(Membership::set_role(root(), role, TRADERS));
        }
        defaults(ANNA, MIN_EXCLUSION);
        for role in Role::ALL {
            let barred = matches!(role, Role::Trade | Role::Sell);
            assert_eq!(may(ANNA, role), !barred, "{role:?}");
        }
        assert!(Membership::satisfies_policy(&ANNA, SELLERS));
        // A decision bars from everything.
        exclude(ANNA, MIN_EXCLUSION);
        assert!(Role::ALL.into_iter().all(|role| !may(ANNA, role)));
        Now::set(START + MIN_EXCLUSION);
        assert!(may(ANNA, Role::Sell), "with the credentials that it had");
    });
}

#[test]
fn an_exclusion_for_default_is_clamped() {
    run(|| {
        defaults(ANNA, 0);
        assert_eq!(exclusion(ANNAS_OWNER).defaulted_until, Some(START + MIN_EXCLUSION));
        defaults(BEN, u64::MAX);
        assert_eq!(exclusion(BENS_OWNER).defaulted_until, Some(START + MAX_EXCLUSION));
    });
}

#[test]
fn an_exclusion_for_default_never_shortens_a_longer_one() {
    run(|| {
        exclude(ANNA, MAX_EXCLUSION);
        defaults(ANNA, 2 * MIN_EXCLUSION);
        let before = exclusion(ANNAS_OWNER);
        defaults(ANNA, MIN_EXCLUSION);
        assert_eq!(exclusion(ANNAS_OWNER), before);
        defaults(ANNA, 3 * MIN_EXCLUSION);
        assert_eq!(exclusion(ANNAS_OWNER).defaulted_until, Some(START + 3 * MIN_EXCLUSION));
        assert_eq!(exclusion(ANNAS_OWNER).decided, before.decided);
    });
}

#[test]
fn without_an_owner_there_is_nobody_to_exclude_for_defaults() {
    run(|| {
        defaults(DORA, MIN_EXCLUSION);
        assert_eq!(Exclusions::<Test>::iter().count(), 0);
    });
}
