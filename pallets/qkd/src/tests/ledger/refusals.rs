//! Bad input has a name, and changes nothing.

use super::*;
use crate::Ends;
use qedex_primitives::keys::MAX_KEYS;

/// Refused by its name, both when it is looked at and when it is taken.
#[track_caller]
fn refused(who: AccountId, reports: &[LinkReport], why: Error<Test>) {
    let list = LinkReports::truncate_from(reports.to_vec());
    let error = DispatchError::from(why);
    assert_noop!(Qkd::check_reports(&who, Qkd::current_epoch(), &list), error);
    assert_noop!(says(who, reports), error);
}

#[test]
fn a_report_is_for_the_epoch_that_is_under_way() {
    run_market(|| {
        let reports = LinkReports::truncate_from(vec![report(1, 1)]);
        for epoch in [0, 99, 101, u64::MAX] {
            assert_noop!(Qkd::take_reports(&ANNA, epoch, &reports), Error::<Test>::WrongEpoch);
        }
        assert_ok!(Qkd::take_reports(&ANNA, 100, &reports));
    });
}

#[test]
fn an_owner_reports_once_an_epoch() {
    run_market(|| {
        refused(ANNA, &[report(1, 1), report(2, 2)], Error::<Test>::ReportedAlready);
        say(ANNA, 1, 1);
        refused(ANNA, &[report(1, 1)], Error::<Test>::ReportedAlready);
        next_epoch();
        say(ANNA, 1, 1);
    });
}

#[test]
fn who_draws_no_keys_reports_none() {
    run_market(|| {
        refused(EMIL, &[report(1, 1)], Error::<Test>::NotAReporter);
        // One that was enrolled and did not accept.
        TestMembership::set_owner(60, owner(60));
        assert_ok!(Qkd::put_enrolment(OPERATOR, WEST, sae(60), 60, Moment::MAX));
        refused(60, &[report(1, 1)], Error::<Test>::NotAReporter);
        TestMembership::forget_owner(BEN);
        refused(BEN, &[report(1, 1)], Error::<Test>::NotAReporter);
        TestMembership::set_owner(BEN, owner(BEN));
        TestMembership::shut(CLARA);
        refused(CLARA, &[report(1, 1)], Error::<Test>::NotAReporter);
        leave(ANNA);
        refused(ANNA, &[report(1, 1)], Error::<Test>::NotAReporter);
    });
}

#[test]
fn an_enrolment_that_has_expired_reports_nothing() {
    run_market(|| {
        leave(ANNA);
        let expires = START + 5;
        assert_ok!(Qkd::put_enrolment(OPERATOR, WEST, sae(ANNA), ANNA, expires));
        assert_ok!(Qkd::do_accept_sae(ANNA, EnrolmentId(NextEnrolment::<Test>::get() - 1)));
        say(ANNA, 1, 1);
        next_epoch();
        Now::set(expires);
        refused(ANNA, &[report(1, 1)], Error::<Test>::NotAReporter);
    });
}

#[test]
fn nobody_stores_more_keys_than_there_can_be() {
    run_market(|| {
        for (stored, made) in [(u64::MAX, u64::MAX), (0, u64::MAX), (MAX_KEYS + 1, MAX_KEYS)] {
            refused(ANNA, &[report(stored, made)], Error::<Test>::TooManyKeys);
        }
        refused(ANNA, &[report(8, 7)], Error::<Test>::MoreStoredThanMade);
        let impossible = LinkReport { qber_ppm: 1_000_001, ..report(1, 1) };
        refused(ANNA, &[impossible], Error::<Test>::InvalidQber);
        say(ANNA, MAX_KEYS, MAX_KEYS);
    });
}

#[test]
fn what_was_made_in_all_does_not_shrink() {
    run_market(|| {
        say(ANNA, 5, 10);
        next_epoch();
        refused(ANNA, &[report(5, 9)], Error::<Test>::MadeShrinks);
        say(ANNA, 5, 10);
    });
}

#[test]
fn a_report_is_of_a_link_of_the_market_that_ends_where_keys_are_drawn() {
    run_market(|| {
        let other = LinkReport { link: LinkId(1), ..report(1, 1) };
        refused(ANNA, &[other], Error::<Test>::LinkNotCounted);
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("north")));
        assert_ok!(Qkd::register_link(signed(OPERATOR), WEST, SiteId(2), RATE));
        refused(ANNA, &[other], Error::<Test>::LinkNotCounted);
        assert_ok!(Qkd::admit_link(root(), LinkId(1), TERMS));
        refused(FRED, &[other], Error::<Test>::NotAtThisLink);
        refused(ANNA, &[], Error::<Test>::NothingReported);
        // One bad report of two, and neither counts.
        refused(FRED, &[report(1, 1), other], Error::<Test>::NotAtThisLink);
        assert_eq!(Ends::<Test>::get(LINK, EAST).reports.len(), 0);
        assert_ok!(Qkd::remove_link(signed(OPERATOR), LinkId(1)));
        refused(ANNA, &[other], Error::<Test>::UnknownLink);
    });
}

#[test]
fn keys_are_promised_to_slots_whose_gate_opens() {
    run_market(|| {
        filled_with(100);
        let reserve = |slot| <Qkd as KeyBudget>::reserve(SlotIndex(slot), 1);
        // Now is the time of slots 3 to 5.
        for slot in [0, 1, 2, 6, 7, u64::MAX] {
            assert_noop!(reserve(slot), Error::<Test>::SlotNotOpening);
        }
        assert_eq!(opens(4, 1), Ok(1));
        assert_noop!(reserve(4), Error::<Test>::AlreadyReserved);
        // What there is none of is neither settled nor released.
        let before = promised();
        settle(5, 1);
        release(5);
        assert_eq!(promised(), before);
    });
}

#[test]
fn the_council_alone_says_what_binds_the_market() {
    run_market(|| {
        let bad = DispatchError::BadOrigin;
        for who in [OPERATOR, ANNA] {
            assert_noop!(Qkd::set_key_rules(signed(who), RULES), bad);
            assert_noop!(Qkd::admit_link(signed(who), LINK, TERMS), bad);
            assert_noop!(Qkd::dismiss_link(signed(who), LINK), bad);
        }
        for rules in [
            KeyRules { quorum: 0, ..RULES },
            KeyRules { quorum: 17, ..RULES },
            KeyRules { stale_after: 97, ..RULES },
        ] {
            assert_noop!(Qkd::set_key_rules(root(), rules), Error::<Test>::InvalidKeyRules);
        }
    });
}

#[test]
fn the_market_has_links_for_which_both_operators_stand_and_as_fast_as_they_say() {
    run_market(|| {
        assert_noop!(Qkd::admit_link(root(), LinkId(1), TERMS), Error::<Test>::UnknownLink);
        assert_ok!(Qkd::register_link(signed(OPERATOR), WEST, EAST, RATE));
        assert_noop!(Qkd::admit_link(root(), LinkId(1), TERMS), Error::<Test>::NotAgreed);
        let with = |most_keys_per_epoch, most_qber_ppm| {
            Qkd::admit_link(root(), LINK, LinkTerms { most_keys_per_epoch, most_qber_ppm })
        };
        assert_noop!(with(0, 1), Error::<Test>::InvalidLinkTerms);
        assert_noop!(with(1, 1_000_000), Error::<Test>::InvalidLinkTerms);
        assert_noop!(with(1_001, 1), Error::<Test>::AboveDeclared);
        assert_ok!(with(1_000, 0));
        assert_noop!(Qkd::dismiss_link(root(), LinkId(7)), Error::<Test>::LinkNotCounted);
        assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), LinkId(1)));
        for id in 2..17 {
            put_link(LinkId(id));
        }
        for id in 1..16 {
            assert_ok!(Qkd::admit_link(root(), LinkId(id), TERMS));
        }
        assert_noop!(Qkd::admit_link(root(), LinkId(16), TERMS), Error::<Test>::TooManyLinks);
    });
}
