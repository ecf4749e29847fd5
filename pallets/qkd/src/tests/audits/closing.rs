//! From verdicts to links that are closed, and open again.

use super::*;
use qedex_primitives::audits::OPEN_WITHIN;

#[test]
fn what_an_audit_finds_is_noticed_within_two_epochs_of_the_beacon() {
    for fault in [AuditFault::File, AuditFault::Raw, AuditFault::OtherBlock] {
        run_audits(|| {
            let begun = current().index;
            audited(0, AuditOutcome::Failed(fault));
            let found = AuditFailure::Found(AuditOutcome::Failed(fault));
            let closure = book().closed.unwrap();
            assert_eq!((closure.why, closure.epoch), (found, Some(AuditEpoch(0))));
            assert_eq!(closure.since, begun + 1);
            assert!(Qkd::is_link_closed(LINK));
            assert!(events().contains(&Event::LinkClosed {
                link: LINK,
                why: found,
                epoch: Some(AuditEpoch(0)),
                needed: 1
            }));
        });
    }
}

#[test]
fn a_majority_of_owners_closes_and_no_less_does() {
    // Of six who have posted.
    for (failed, closes) in [(1, false), (2, false), (3, false), (4, true), (6, true)] {
        run_audits(|| {
            picked(0);
            let verdicts: Vec<_> = everybody()
                .into_iter()
                .zip(0..)
                .map(|(who, at)| (who, if at < failed { RAW } else { PASSED }))
                .collect();
            judged(0, &verdicts);
            // At a tie all have spoken, and still there may be more to come.
            while !book().rounds.is_empty() {
                to_reveals();
                to_end();
            }
            assert_eq!(closed().is_some(), closes, "{failed} of six");
            let said = events().into_iter().rev().find_map(|event| match event {
                Event::LinkAudited { passed, failed, silent, failure, .. } => {
                    Some((passed, failed, silent, failure.is_some()))
                }
                _ => None,
            });
            assert_eq!(said, Some((6 - failed, failed, 0, closes)));
        });
    }
}

#[test]
fn a_service_that_does_not_open_in_time_has_failed() {
    run_audits(|| {
        picked(0);
        for who in everybody() {
            refused_as(verdict(who, 0, AuditOutcome::NotOpened), AuditRefusal::TooEarly);
        }
        for _ in 1..OPEN_WITHIN {
            to_reveals();
            to_end();
        }
        assert_eq!(closed(), None);
        all_say(0, AuditOutcome::NotOpened);
        assert_eq!(closed(), Some(AuditFailure::Found(AuditOutcome::NotOpened)));
    });
}

#[test]
fn who_says_nothing_counts_against_the_link_in_the_end() {
    for (passed, failure) in [(2, Some(AuditFailure::Unheard)), (3, None), (4, None)] {
        run_audits(|| {
            picked(0);
            let verdicts: Vec<_> =
                everybody().into_iter().take(passed).map(|who| (who, PASSED)).collect();
            judged(0, &verdicts);
            assert_eq!(book().rounds.is_empty(), passed == 4, "more than half have spoken");
            for _ in 1..OPEN_WITHIN {
                to_reveals();
                to_end();
            }
            assert!(book().rounds.is_empty());
            assert_eq!(closed(), failure);
        });
    }
}

#[test]
fn a_closed_link_opens_again_after_twice_as_many_audits_for_each_failure() {
    run_audits(|| {
        let mut epoch = 0;
        let mut next = |outcome| {
            audited(epoch, outcome);
            epoch += 1;
        };
        for needed in [1, 2, 4, 8, 8] {
            next(RAW);
            assert_eq!(book().closed.unwrap().needed, needed);
            for _ in 1..needed {
                next(PASSED);
                assert!(Qkd::is_link_closed(LINK));
            }
            if needed < 8 {
                next(PASSED);
                assert!(!Qkd::is_link_closed(LINK));
            }
        }
        // One that fails begins the count anew.
        next(RAW);
        for _ in 0..7 {
            next(PASSED);
        }
        assert!(Qkd::is_link_closed(LINK));
        next(PASSED);
        assert!(!Qkd::is_link_closed(LINK));
        assert!(
            events().contains(&Event::LinkReopened { link: LINK, epoch: AuditEpoch(epoch - 1) })
        );
    });
}

#[test]
fn eight_audits_in_a_row_wipe_what_was_before() {
    run_audits(|| {
        audited(0, RAW);
        for epoch in 1..9 {
            assert_eq!(book().strikes, 1);
            audited(epoch, PASSED);
        }
        assert_eq!(book().strikes, 0);
        audited(9, RAW);
        assert_eq!(book().closed.unwrap().needed, 1);
    });
}

#[test]
fn the_council_begins_anew_and_nobody_else_does() {
    run_audits(|| {
        assert_noop!(Qkd::reopen_link(root(), LINK), Error::<Test>::NotAudited);
        audited(5, RAW);
        for who in [OPERATOR, OTHER_OPERATOR, ANNA] {
            assert_noop!(Qkd::reopen_link(signed(who), LINK), DispatchError::BadOrigin);
        }
        assert_ok!(Qkd::reopen_link(root(), LINK));
        assert!(events().contains(&Event::AuditsBegunAnew { link: LINK }));
        assert!(!Qkd::is_link_closed(LINK));
        // It may begin with any epoch again: the service's store may have been made anew.
        audited(0, PASSED);
    });
}

#[test]
fn what_was_said_of_a_link_goes_with_it() {
    run_audits(|| {
        audited(0, RAW);
        picked(1);
        assert_ok!(Qkd::remove_link(signed(OPERATOR), LINK));
        assert_eq!(AuditBooks::<Test>::count(), 0);
        assert_eq!(Qkd::link_audits(LINK), None);
        to_reveals();
        to_end();
    });
}

#[test]
fn a_verdict_counts_though_its_account_is_of_the_owner_s_others() {
    run_audits(|| {
        picked(0);
        // Anna's owner has another account at the same site, and Anna has left.
        leave(ANNA);
        TestMembership::set_owner(DORA, owner(ANNA));
        join(DORA);
        assert_ok!(Qkd::set_worker(signed(DORA), Some(worker_key(DORA))));
        brings(verdict(DORA, 0, PASSED));
        refused_as(verdict(DORA, 0, PASSED), AuditRefusal::VerdictGiven);
    });
}

#[test]
fn the_keys_of_a_closed_link_count_nothing_until_it_is_open_again() {
    use qedex_primitives::{
        KeyBudget,
        keys::{LinkReport, LinkReports},
    };
    run_audits(|| {
        for _ in 0..4 {
            to_reveals();
            to_end();
        }
        let report = LinkReport {
            link: LINK,
            stored: 300,
            made: 300,
            drawn: 0,
            qber_ppm: 20_000,
            healthy: true,
        };
        for who in everybody() {
            let reports = LinkReports::truncate_from(vec![report]);
            assert_ok!(Qkd::take_reports(&who, current().index, &reports));
        }
        assert_eq!(Qkd::available(), 150, "half of them");
        audited(0, RAW);
        assert_eq!((Qkd::available(), Qkd::key_ledger().links[0].keys), (0, 0));
        audited(1, PASSED);
        assert_eq!(Qkd::available(), 150);
    });
}
