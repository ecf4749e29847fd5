//! Exclusion, by decision and by default.

use super::*;
use crate::{Blacklist, Event, Exclusion, ExclusionReason, MAX_EXCLUSION, MIN_EXCLUSION};
use qedex_primitives::Sanctions;

fn reason() -> crate::ReasonText {
    BoundedVec::truncate_from(b"tampered with a meter".to_vec())
}

fn exclude(who: AccountId, duration: u64) {
    assert_ok!(Membership::blacklist(root(), who, reason(), duration));
}

fn until(who: AccountId) -> u64 {
    Blacklist::<Test>::get(who).unwrap().until
}

#[test]
fn only_the_admin_excludes() {
    run(|| {
        assert_noop!(
            Membership::blacklist(signed(REGISTRAR), ANNA, reason(), MIN_EXCLUSION),
            BadOrigin
        );
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
                who: ANNA,
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
fn a_new_credential_does_not_lift_an_exclusion() {
    run(|| {
        exclude(BEN, MIN_EXCLUSION);
        issue(REGISTRAR, BEN, PROSUMER, BENS_OWNER);
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
fn a_decision_replaces_what_stood_before() {
    run(|| {
        exclude(ANNA, MAX_EXCLUSION);
        exclude(ANNA, MIN_EXCLUSION);
        assert_eq!(until(ANNA), START + MIN_EXCLUSION);
    });
}

#[test]
fn an_exclusion_for_default_is_clamped() {
    run(|| {
        assert_ok!(Membership::blacklist_for_default(&ANNA, 0));
        assert_eq!(
            Blacklist::<Test>::get(ANNA),
            Some(Exclusion { reason: ExclusionReason::Defaulted, until: START + MIN_EXCLUSION })
        );
        assert_ok!(Membership::blacklist_for_default(&BEN, u64::MAX));
        assert_eq!(until(BEN), START + MAX_EXCLUSION);
    });
}

#[test]
fn an_exclusion_for_default_never_shortens_a_longer_one() {
    run(|| {
        exclude(ANNA, MAX_EXCLUSION);
        let before = Blacklist::<Test>::get(ANNA);
        assert_ok!(Membership::blacklist_for_default(&ANNA, MIN_EXCLUSION));
        assert_eq!(Blacklist::<Test>::get(ANNA), before);

        exclude(BEN, MIN_EXCLUSION);
        assert_ok!(Membership::blacklist_for_default(&BEN, MAX_EXCLUSION));
        assert_eq!(until(BEN), START + MAX_EXCLUSION);
    });
}

#[test]
fn who_may_not_sell_any_more_may_still_buy() {
    run(|| {
        issue(INSPECTOR, ANNA, SOLAR, ANNAS_OWNER);
        issue(INSPECTOR, ANNA, BATTERY, ANNAS_OWNER);
        assert_eq!(Membership::revoke_selling(&ANNA), 2);
        assert!(!may(ANNA, Role::Sell));
        assert!(may(ANNA, Role::Trade));
    });
}

#[test]
fn without_a_credential_for_selling_alone_those_for_trading_go() {
    run(|| {
        assert_eq!(Membership::revoke_selling(&ANNA), 1);
        assert!(!may(ANNA, Role::Trade));
        assert_eq!(Membership::revoke_selling(&ANNA), 0);
    });
}
