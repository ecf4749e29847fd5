//! What somebody might try, and does not get.

use super::*;
use crate::{Credentials, MIN_EXCLUSION, NextPolicy, WeightInfo};
use frame_support::dispatch::GetDispatchInfo;
use frame_support::traits::fungible::Mutate;
use qedex_primitives::{Lack, Obstacle, PolicyId};

#[test]
fn an_issuer_issues_for_somebody_elses_attribute() {
    run(|| {
        for (issuer, attribute) in [(INSPECTOR, PROSUMER), (REGISTRAR, SOLAR)] {
            assert_noop!(
                Membership::issue(signed(issuer), BEN, attribute, EXPIRY),
                Error::<Test>::NotTheIssuer
            );
            assert_noop!(
                Membership::issue_batch(
                    signed(issuer),
                    attribute,
                    BoundedVec::truncate_from(vec![(BEN, EXPIRY)])
                ),
                Error::<Test>::NotTheIssuer
            );
        }
        assert!(!may(BEN, Role::Trade));
    });
}

#[test]
fn a_revoked_holder_re_uses_an_old_credential() {
    run(|| {
        // It is removed: neither time nor a later version brings it back, and re-issue of the
        // attribute finds nothing to lift.
        issue(REGISTRAR, BEN, PROSUMER);
        assert_ok!(Membership::revoke(signed(REGISTRAR), BEN, PROSUMER));
        assert!(!may(BEN, Role::Trade));
        bump(PROSUMER);
        reissue(REGISTRAR, PROSUMER, &[BEN]);
        assert!(!may(BEN, Role::Trade));
        assert_noop!(
            Membership::reissue(signed(BEN), PROSUMER, BoundedVec::truncate_from(vec![BEN])),
            Error::<Test>::NotTheIssuer
        );
    });
}

#[test]
fn a_holder_left_out_of_a_re_issue_waits_for_the_next_version() {
    run(|| {
        // An old version is never the present one again, however often the attribute is revoked.
        for _ in 0..5 {
            bump(PROSUMER);
            assert!(!may(ANNA, Role::Trade));
        }
    });
}

#[test]
fn ten_thousand_policies_by_one_poor_account() {
    run(|| {
        // Enough for ten policies, not for eleven.
        let policy = nodes(vec![attribute(SOLAR)]);
        let bond = Membership::bond_for(codec::Encode::encoded_size(&policy));
        assert_ok!(Balances::mint_into(&CLARA, 11 * bond - 1 + ED));
        let before = NextPolicy::<Test>::get();
        let made = (0..10_000)
            .filter(|_| Membership::create_policy(signed(CLARA), policy.clone()).is_ok())
            .count();
        assert_eq!(made, 10);
        assert_eq!(NextPolicy::<Test>::get(), before + 10);
        assert_noop!(
            Membership::create_policy(signed(CLARA), policy),
            Error::<Test>::CannotPayBond
        );
        // And a policy of one's own opens no door.
        assert_noop!(Membership::set_role(signed(CLARA), Role::Trade, PolicyId(before)), BadOrigin);
    });
}

#[test]
fn a_replaced_issuer_goes_on_issuing() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        assert_noop!(Membership::set_issuer(signed(REGISTRAR), PROSUMER, INSPECTOR), BadOrigin);
        assert_ok!(Membership::set_issuer(root(), PROSUMER, INSPECTOR));
        assert_noop!(
            Membership::issue(signed(REGISTRAR), CLARA, PROSUMER, EXPIRY),
            Error::<Test>::NotTheIssuer
        );
        for error in [
            Membership::revoke(signed(REGISTRAR), BEN, PROSUMER),
            Membership::bump_version(signed(REGISTRAR), PROSUMER),
            Membership::reissue(signed(REGISTRAR), PROSUMER, BoundedVec::default()),
        ] {
            assert_eq!(error, Err(Error::<Test>::NotTheIssuer.into()));
        }
        assert!(may(BEN, Role::Trade), "what it issued stands until revoked");
        assert_ok!(Membership::revoke(signed(INSPECTOR), BEN, PROSUMER));
        assert_noop!(
            Membership::set_issuer(root(), AttributeId(9), INSPECTOR),
            Error::<Test>::UnknownAttribute
        );
    });
}

#[test]
fn a_blacklisted_holder_gets_new_credentials_to_slip_through() {
    run(|| {
        let reason = BoundedVec::truncate_from(b"tampering".to_vec());
        assert_ok!(Membership::blacklist(root(), ANNA, reason, MIN_EXCLUSION));
        issue(REGISTRAR, ANNA, PROSUMER);
        bump(PROSUMER);
        reissue(REGISTRAR, PROSUMER, &[ANNA]);
        assert!(!may(ANNA, Role::Trade));
        assert_noop!(
            Membership::lift_exclusion(signed(ANNA), ANNA),
            Error::<Test>::ExclusionInForce
        );
    });
}

#[test]
fn two_accounts_of_one_owner_pass_for_two_persons_by_losing_their_credentials() {
    run(|| {
        own(DORA, ANNAS_OWNER);
        issue(REGISTRAR, DORA, PROSUMER);
        Now::set(EXPIRY);
        assert_ok!(Membership::remove_lapsed(signed(DORA), DORA, PROSUMER));
        assert_eq!(owner_of(DORA), owner_of(ANNA));
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), DORA, NEW_OWNER),
            Error::<Test>::OwnerNamedAlready
        );
    });
}

#[test]
fn a_thousand_credentials_are_void_after_one_call_of_constant_weight() {
    let call = crate::Call::<Test>::bump_version { attribute: PROSUMER };
    let weight = call.get_dispatch_info().call_weight;
    assert_eq!(weight, <() as WeightInfo>::bump_version());
    run(|| {
        let holders = 1_000..2_000;
        for who in holders.clone() {
            own(who, owner(who));
            issue(REGISTRAR, who, PROSUMER);
        }
        assert!(holders.clone().all(|who| may(who, Role::Trade)));
        assert_eq!(call.get_dispatch_info().call_weight, weight);
        bump(PROSUMER);
        for who in holders.clone() {
            assert!(!may(who, Role::Trade));
            let explanation = Membership::explain_role(&who, Role::Trade);
            let outdated = Lack::OutdatedVersion { held: 0, present: 1 };
            let obstacle = Obstacle::Lacks { attribute: PROSUMER, why: outdated };
            assert_eq!(explanation.obstacles, [obstacle]);
        }
        // Nothing else was written: the credentials are as they were.
        let untouched = |who| Credentials::<Test>::get(who, PROSUMER).unwrap().version == 0;
        assert!(holders.into_iter().all(untouched));
    });
}
