//! Who draws keys as which SAE.

use super::*;
use crate::{AcceptedBy, Enrolments};
use qedex_primitives::{Role, qkd::Enrolment};

const FIRST: EnrolmentId = EnrolmentId(0);

/// One site, and nobody is enrolled.
fn run_empty(test: impl FnOnce()) {
    run_bare(|| {
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("Dorf")));
        System::reset_events();
        test();
    });
}

fn enrol(who: AccountId, sae: SaeId, expires: Moment) -> DispatchResult {
    Qkd::enrol(signed(OPERATOR), SITE, sae, who, expires)
}

#[test]
fn an_operator_enrols_an_sae_and_the_account_accepts() {
    run_empty(|| {
        assert_ok!(enrol(ANNA, sae(ANNA), EXPIRY));
        assert_eq!(Qkd::sae_of(&ANNA), None);
        assert_ok!(Qkd::accept_sae(signed(ANNA), FIRST));
        let record = Enrolment {
            sae: sae(ANNA),
            site: SITE,
            account: ANNA,
            expires: EXPIRY,
            accepted: true,
        };
        assert_eq!(Qkd::sae_of(&ANNA), Some((FIRST, record)));
        let enrolled = Event::SaeEnrolled {
            enrolment: FIRST,
            sae: sae(ANNA),
            account: ANNA,
            site: SITE,
            expires: EXPIRY,
        };
        assert_eq!(events(), [enrolled, Event::SaeAccepted { enrolment: FIRST, account: ANNA }]);
    });
}

#[test]
fn who_has_not_the_role_or_not_the_site_enrols_nobody() {
    run_empty(|| {
        let enrol = |who, site| Qkd::enrol(signed(who), site, sae(ANNA), ANNA, EXPIRY);
        assert_noop!(enrol(EMIL, SITE), Error::<Test>::NotAnOperator);
        assert_noop!(enrol(OTHER_OPERATOR, SITE), Error::<Test>::NotYourSite);
        assert_noop!(enrol(OPERATOR, SiteId(9)), Error::<Test>::UnknownSite);
        TestMembership::forbid(OPERATOR, Role::ServeKeys);
        assert_noop!(enrol(OPERATOR, SITE), Error::<Test>::NotAnOperator);
    });
}

#[test]
fn an_sae_is_enrolled_once_whoever_it_is_for() {
    run_empty(|| {
        assert_ok!(enrol(ANNA, sae(ANNA), EXPIRY));
        assert_noop!(enrol(ANNA, sae(ANNA), EXPIRY), Error::<Test>::SaeEnrolled);
        assert_noop!(enrol(BEN, sae(ANNA), EXPIRY), Error::<Test>::SaeEnrolled);
        assert_ok!(Qkd::remove_sae(signed(OPERATOR), FIRST));
        assert_ok!(enrol(BEN, sae(ANNA), EXPIRY));
    });
}

#[test]
fn an_account_has_one_sae_at_a_time() {
    run_empty(|| {
        join(ANNA);
        assert_ok!(enrol(ANNA, text("another"), EXPIRY));
        let another = EnrolmentId(1);
        let has_one = DispatchError::from(Error::<Test>::HasAnotherSae);
        assert_noop!(Qkd::accept_sae(signed(ANNA), another), has_one);
        assert_ok!(Qkd::remove_sae(signed(ANNA), FIRST));
        assert_ok!(Qkd::accept_sae(signed(ANNA), another));
        assert_eq!(AcceptedBy::<Test>::get(ANNA), Some(another));
    });
}

#[test]
fn only_the_account_accepts_and_once() {
    run_empty(|| {
        assert_ok!(enrol(ANNA, sae(ANNA), EXPIRY));
        let not_yours = DispatchError::from(Error::<Test>::NotEnrolledForYou);
        assert_noop!(Qkd::accept_sae(signed(BEN), FIRST), not_yours);
        assert_noop!(Qkd::accept_sae(signed(OPERATOR), FIRST), not_yours);
        let unknown = DispatchError::from(Error::<Test>::UnknownEnrolment);
        assert_noop!(Qkd::accept_sae(signed(ANNA), EnrolmentId(5)), unknown);
        assert_ok!(Qkd::accept_sae(signed(ANNA), FIRST));
        assert_noop!(Qkd::accept_sae(signed(ANNA), FIRST), Error::<Test>::SaeAccepted);
    });
}

#[test]
fn an_identity_is_text_of_1_to_128_bytes() {
    run_empty(|| {
        let invalid = DispatchError::from(Error::<Test>::InvalidSaeId);
        assert_noop!(enrol(ANNA, text(""), EXPIRY), invalid);
        assert_noop!(enrol(ANNA, vec![0xff].try_into().unwrap(), EXPIRY), invalid);
        assert_ok!(enrol(ANNA, text(&"ä".repeat(64)), EXPIRY));
        assert!(SaeId::try_from(vec![b'a'; 129]).is_err());
    });
}

#[test]
fn an_enrolment_expires_after_now_and_within_the_longest_term() {
    run_empty(|| {
        assert_noop!(enrol(ANNA, sae(ANNA), START), Error::<Test>::ExpiryPassed);
        assert_noop!(enrol(ANNA, sae(ANNA), EXPIRY + 1), Error::<Test>::ExpiryTooFar);
        assert_ok!(enrol(ANNA, sae(ANNA), START + 1));
        Now::set(START + 1);
        assert_noop!(Qkd::accept_sae(signed(ANNA), FIRST), Error::<Test>::SaeExpired);
    });
}

#[test]
fn an_operator_puts_an_expiry_off_and_never_brings_it_forward() {
    run_empty(|| {
        join(ANNA);
        let renew = |who, at| Qkd::renew_sae(signed(who), FIRST, at);
        assert_noop!(renew(OPERATOR, EXPIRY), Error::<Test>::NotLater);
        assert_noop!(renew(OPERATOR, EXPIRY + 1), Error::<Test>::ExpiryTooFar);
        Now::set(EXPIRY);
        assert_noop!(renew(OTHER_OPERATOR, EXPIRY + 9), Error::<Test>::NotYourSite);
        assert_noop!(renew(ANNA, EXPIRY + 9), Error::<Test>::NotAnOperator);
        assert_ok!(renew(OPERATOR, EXPIRY + 9));
        assert_eq!(Enrolments::<Test>::get(FIRST).unwrap().expires, EXPIRY + 9);
        let unknown = DispatchError::from(Error::<Test>::UnknownEnrolment);
        assert_noop!(Qkd::renew_sae(signed(OPERATOR), EnrolmentId(5), EXPIRY + 9), unknown);
    });
}

#[test]
fn operator_account_and_admin_remove_an_enrolment_and_others_once_it_has_expired() {
    run_empty(|| {
        let may_not = DispatchError::from(Error::<Test>::MayNotRemove);
        for by in [signed(OPERATOR), signed(ANNA), root()] {
            let id = join(ANNA);
            assert_noop!(Qkd::remove_sae(signed(EMIL), id), may_not);
            assert_noop!(Qkd::remove_sae(signed(OTHER_OPERATOR), id), may_not);
            assert_ok!(Qkd::remove_sae(by.clone(), id));
            assert_noop!(Qkd::remove_sae(by, id), Error::<Test>::UnknownEnrolment);
            assert_eq!(Qkd::sae_of(&ANNA), None);
        }
        let id = join(ANNA);
        Now::set(EXPIRY);
        assert_ok!(Qkd::remove_sae(signed(EMIL), id));
        let last = events().pop();
        assert_eq!(last, Some(Event::SaeRemoved { enrolment: id, sae: sae(ANNA), account: ANNA }));
    });
}

#[test]
fn an_account_refuses_what_it_has_not_accepted() {
    run_empty(|| {
        assert_ok!(enrol(ANNA, sae(ANNA), EXPIRY));
        assert_ok!(enrol(ANNA, text("another"), EXPIRY));
        assert_ok!(Qkd::accept_sae(signed(ANNA), FIRST));
        assert_ok!(Qkd::remove_sae(signed(ANNA), EnrolmentId(1)));
        // The one that it has accepted stays.
        assert_eq!(AcceptedBy::<Test>::get(ANNA), Some(FIRST));
    });
}
