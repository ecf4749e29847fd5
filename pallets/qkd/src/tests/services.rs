//! Sites and links of key services.

use super::*;
use crate::{Links, Sites};
use qedex_primitives::qkd::{BitsPerSecond, Link, LinkId, Site};

const RATE: BitsPerSecond = BitsPerSecond(1_000);
const THERE: SiteId = SiteId(1);
const ELSEWHERE: SiteId = SiteId(2);
const LINK: LinkId = LinkId(0);

/// Two sites of one operator, and one of another.
fn sites() {
    assert_ok!(Qkd::register_site(signed(OPERATOR), text("here")));
    assert_ok!(Qkd::register_site(signed(OPERATOR), text("there")));
    assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("elsewhere")));
    System::reset_events();
}

#[test]
fn an_operator_registers_sites_and_nobody_else_does() {
    run_bare(|| {
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("here")));
        let site = Site { operator: OPERATOR, name: text("here"), links: 0, saes: 0 };
        assert_eq!(Sites::<Test>::get(SITE), Some(site));
        assert_eq!(events(), [Event::SiteRegistered { site: SITE, operator: OPERATOR }]);
        let refused = DispatchError::from(Error::<Test>::NotAnOperator);
        assert_noop!(Qkd::register_site(signed(ANNA), text("mine")), refused);
        assert_noop!(Qkd::register_site(signed(EMIL), text("mine")), refused);
    });
}

#[test]
fn a_link_between_sites_of_one_operator_is_agreed_at_once() {
    run_bare(|| {
        sites();
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, THERE, RATE));
        let sites = [SITE, THERE];
        let link = Link { by: OPERATOR, sites, rate: RATE, agreed: true };
        assert_eq!(Links::<Test>::get(LINK), Some(link));
        assert_eq!(
            events(),
            [
                Event::LinkRegistered { link: LINK, sites, rate: RATE },
                Event::LinkAgreed { link: LINK },
            ]
        );
    });
}

#[test]
fn a_link_to_another_operator_waits_for_its_word() {
    run_bare(|| {
        sites();
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, ELSEWHERE, RATE));
        assert!(!Links::<Test>::get(LINK).unwrap().agreed);
        let not_yours = DispatchError::from(Error::<Test>::NotYourSite);
        assert_noop!(Qkd::agree_link(signed(OPERATOR), LINK), not_yours);
        assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), LINK));
        assert!(Links::<Test>::get(LINK).unwrap().agreed);
        let again = DispatchError::from(Error::<Test>::AlreadyAgreed);
        assert_noop!(Qkd::agree_link(signed(OTHER_OPERATOR), LINK), again);
        let unknown = DispatchError::from(Error::<Test>::UnknownLink);
        assert_noop!(Qkd::agree_link(signed(OTHER_OPERATOR), LinkId(9)), unknown);
    });
}

#[test]
fn a_link_between_unknown_sites_of_strangers_to_itself_or_without_rate_is_refused() {
    run_bare(|| {
        sites();
        let link = |who, own, other, rate| {
            Qkd::register_link(signed(who), SiteId(own), SiteId(other), BitsPerSecond(rate))
        };
        assert_noop!(link(OPERATOR, 7, 1, 1), Error::<Test>::UnknownSite);
        assert_noop!(link(OPERATOR, 0, 7, 1), Error::<Test>::UnknownSite);
        assert_noop!(link(OPERATOR, 0, 0, 1), Error::<Test>::SameSite);
        assert_noop!(link(OPERATOR, 0, 1, 0), Error::<Test>::NoRate);
        assert_noop!(link(OPERATOR, 2, 0, 1), Error::<Test>::NotYourSite);
        assert_noop!(link(EMIL, 0, 1, 1), Error::<Test>::NotAnOperator);
        TestMembership::forbid(OPERATOR, qedex_primitives::Role::ServeKeys);
        assert_noop!(link(OPERATOR, 0, 1, 1), Error::<Test>::NotAnOperator);
    });
}

#[test]
fn the_operator_of_either_end_and_the_admin_remove_a_link() {
    run_bare(|| {
        sites();
        for (number, by) in [OPERATOR, OTHER_OPERATOR].into_iter().enumerate() {
            assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, ELSEWHERE, RATE));
            let link = LinkId(number as u32);
            assert_noop!(Qkd::remove_link(signed(EMIL), link), Error::<Test>::NotYourSite);
            assert_ok!(Qkd::remove_link(signed(by), link));
            assert_noop!(Qkd::remove_link(signed(by), link), Error::<Test>::UnknownLink);
        }
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, ELSEWHERE, RATE));
        assert_ok!(Qkd::remove_link(root(), LinkId(2)));
    });
}

#[test]
fn a_site_is_removed_when_nothing_is_there_any_more() {
    run_bare(|| {
        sites();
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, ELSEWHERE, RATE));
        let in_use = DispatchError::from(Error::<Test>::SiteInUse);
        assert_noop!(Qkd::remove_site(signed(OPERATOR), SITE), in_use);
        assert_noop!(Qkd::remove_site(signed(OTHER_OPERATOR), ELSEWHERE), in_use);
        assert_ok!(Qkd::remove_link(signed(OTHER_OPERATOR), LINK));
        let enrolment = join(ANNA);
        assert_noop!(Qkd::remove_site(signed(OPERATOR), SITE), in_use);
        assert_ok!(Qkd::remove_sae(signed(ANNA), enrolment));
        assert_noop!(Qkd::remove_site(signed(EMIL), SITE), Error::<Test>::NotYourSite);
        assert_ok!(Qkd::remove_site(signed(OPERATOR), SITE));
        assert_noop!(Qkd::remove_site(signed(OPERATOR), SITE), Error::<Test>::UnknownSite);
        assert_ok!(Qkd::remove_site(root(), ELSEWHERE));
        // Its number does not come back.
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("new")));
        assert!(!Sites::<Test>::contains_key(SITE));
    });
}

#[test]
fn who_runs_no_key_service_any_more_still_removes_what_it_has_registered() {
    run_bare(|| {
        sites();
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, THERE, RATE));
        let enrolment = join(ANNA);
        TestMembership::forbid(OPERATOR, qedex_primitives::Role::ServeKeys);
        assert_ok!(Qkd::remove_sae(signed(OPERATOR), enrolment));
        assert_ok!(Qkd::remove_link(signed(OPERATOR), LINK));
        assert_ok!(Qkd::remove_site(signed(OPERATOR), SITE));
        assert_ok!(Qkd::remove_site(signed(OPERATOR), THERE));
        assert_eq!(bonded(OPERATOR), 0);
    });
}
