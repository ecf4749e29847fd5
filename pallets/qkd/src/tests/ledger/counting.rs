//! What counts of what is reported.

use super::*;
use crate::{Ends, LastReport};

#[test]
fn a_market_has_no_keys_before_a_quorum_has_reported_at_both_ends() {
    run_market(|| {
        next_epoch();
        for who in [ANNA, BEN, CLARA] {
            say(who, 50, 50);
        }
        assert_eq!((keys(), available()), (0, 0));
        say(FRED, 50, 50);
        assert_eq!((keys(), available()), (0, 0), "one is no quorum");
        say(GINA, 50, 50);
        assert_eq!((keys(), available()), (50, 25), "half of them are the market's");
    });
}

#[test]
fn a_report_is_told_and_its_owner_remembered() {
    run_market(|| {
        say(ANNA, 5, 7);
        let told = Event::LinkReported {
            link: LINK,
            site: WEST,
            by: ANNA,
            epoch: 100,
            stored: 5,
            made: 7,
            healthy: true,
        };
        assert_eq!(events(), [told]);
        assert_eq!(LastReport::<Test>::get(owner(ANNA)), Some(100));
        assert_eq!(
            Qkd::check_reports(&BEN, 100, &LinkReports::truncate_from(vec![report(1, 1)])),
            Ok(())
        );
        assert_eq!(LastReport::<Test>::get(owner(BEN)), None, "to check changes nothing");
    });
}

#[test]
fn two_accounts_of_one_owner_are_one_reporter() {
    run_market(|| {
        TestMembership::set_owner(BEN, owner(ANNA));
        next_epoch();
        say(ANNA, 50, 50);
        let twice = Error::<Test>::ReportedAlready;
        assert_noop!(says(BEN, &[report(50, 50)]), twice);
        for who in [FRED, GINA] {
            say(who, 50, 50);
        }
        assert_eq!(keys(), 0);
        say(CLARA, 50, 50);
        assert_eq!(keys(), 50);
    });
}

#[test]
fn one_liar_of_three_moves_nothing() {
    for lie in [0, 40, 60, 1_000] {
        run_market(|| {
            skip_epochs(20);
            for who in [BEN, CLARA, FRED, GINA, HUGO] {
                say(who, 50, 1_000);
            }
            say(ANNA, lie, 1_000);
            assert_eq!(keys(), 50, "after {lie}");
        });
    }
}

#[test]
fn of_two_the_lesser_counts() {
    run_market(|| {
        skip_epochs(20);
        for (who, stored) in [(ANNA, 1_000), (BEN, 30), (FRED, 50), (GINA, 50)] {
            say(who, stored, 1_000);
        }
        assert_eq!(keys(), 30);
    });
}

#[test]
fn no_end_fills_faster_than_its_link_makes_keys() {
    run_market(|| {
        // All of them lie, from the epoch on in which the link was admitted.
        for (epochs, counted) in [(0, 0), (1, 100), (1, 200), (3, 500), (1, 500)] {
            skip_epochs(epochs);
            let said = if counted == 500 && epochs == 1 { 500 } else { 1_000_000 };
            all_say(said, 1_000_000);
            assert_eq!(keys(), counted);
        }
        // What was drawn comes back no faster.
        next_epoch();
        all_say(10, 1_000_000);
        assert_eq!(keys(), 10);
        next_epoch();
        all_say(1_000_000, 1_000_000);
        assert_eq!(keys(), 110);
    });
}

#[test]
fn what_was_made_in_all_grows_no_faster_either_and_never_shrinks() {
    run_market(|| {
        let made = || Ends::<Test>::get(LINK, WEST).counts.unwrap().count.made;
        all_say(0, 1_000);
        assert_eq!(made(), 1_000, "where it begins does not matter");
        next_epoch();
        all_say(0, 10_000);
        assert_eq!(made(), 1_100);
        // A service that has lost its count is silent until its reports are stale, and begins anew.
        skip_epochs(3);
        all_say(0, 5);
        assert_eq!(made(), 1_100);
    });
}

#[test]
fn reports_go_stale() {
    run_market(|| {
        filled_with(50);
        for _ in 0..2 {
            next_epoch();
            assert_eq!(keys(), 50);
        }
        next_epoch();
        assert_eq!((keys(), available()), (0, 0));
        assert_eq!(ledger().links[0].ends.unwrap().map(|end| end.reporters), [0, 0]);
        // One that reports again is no quorum.
        say(ANNA, 50, 50);
        say(FRED, 50, 50);
        assert_eq!(keys(), 0);
        say(BEN, 50, 50);
        say(GINA, 50, 50);
        assert_eq!(keys(), 50);
    });
}

#[test]
fn an_end_is_unhealthy_when_half_of_it_says_so_and_recovers_at_once() {
    run_market(|| {
        filled_with(50);
        next_epoch();
        let sick = LinkReport { healthy: false, ..report(50, 50) };
        assert_ok!(says(ANNA, &[sick]));
        assert_eq!(keys(), 50, "one of three");
        assert_ok!(says(BEN, &[sick]));
        assert_eq!((keys(), available()), (0, 0), "two of three");
        assert!(!ledger().links[0].ends.unwrap()[0].healthy);
        next_epoch();
        all_say(50, 50);
        assert_eq!(keys(), 50, "what was stored is sound still");
    });
}

#[test]
fn too_many_bit_errors_are_unhealthy_whatever_the_service_says() {
    run_market(|| {
        filled_with(50);
        for (qber_ppm, counted) in [(110_000, 50), (110_001, 0)] {
            next_epoch();
            for who in REPORTERS {
                assert_ok!(says(who, &[LinkReport { qber_ppm, ..report(50, 50) }]));
            }
            assert_eq!(keys(), counted);
        }
    });
}

#[test]
fn the_lesser_end_counts() {
    run_market(|| {
        skip_epochs(20);
        for (who, stored) in [(ANNA, 70), (BEN, 70), (FRED, 60), (GINA, 60)] {
            say(who, stored, 100);
        }
        assert_eq!(keys(), 60);
        let ends = ledger().links[0].ends.unwrap();
        assert_eq!(
            ends.map(|end| (end.site, end.stored, end.made)),
            [(WEST, 70, 100), (EAST, 60, 100)]
        );
        assert_eq!(ends.map(|end| end.drawn), [30, 40]);
    });
}

#[test]
fn the_least_link_counts_and_one_that_is_gone_has_none() {
    run_market(|| {
        put_link(LinkId(1));
        assert_ok!(Qkd::admit_link(root(), LinkId(1), TERMS));
        skip_epochs(20);
        for who in REPORTERS {
            let second = LinkReport { link: LinkId(1), ..report(30, 80) };
            assert_ok!(says(who, &[report(80, 80), second]));
        }
        assert_eq!(ledger().links.iter().map(|link| link.keys).collect::<Vec<_>>(), [80, 30]);
        assert_eq!(available(), 15);
        // Its operator takes it off, and the market has no keys until the council has dismissed it.
        assert_ok!(Qkd::remove_link(signed(OPERATOR), LinkId(1)));
        assert_eq!(available(), 0);
        assert_eq!(ledger().links[1].ends, None);
        assert_ok!(Qkd::dismiss_link(root(), LinkId(1)));
        assert_eq!(available(), 40);
        assert_ok!(Qkd::dismiss_link(root(), LINK));
        assert_eq!(available(), 0, "a market without links has no keys");
    });
}

#[test]
fn a_market_that_is_not_bound_has_its_allotment_and_says_so() {
    run_market(|| {
        assert_ok!(Qkd::set_key_rules(root(), KeyRules { bound: false, ..RULES }));
        assert_eq!(available(), 3_000);
        assert_eq!(opens(4, 1_000), Ok(1_000));
        assert_eq!(available(), 3_000, "it is a rate, not a stock");
        let reservation = Qkd::reservation(SlotIndex(4)).unwrap();
        assert!(!reservation.backed && !ledger().rules.bound);
        assert_eq!(
            events().pop(),
            Some(Event::KeysReserved { slot: SlotIndex(4), keys: 1_000, backed: false })
        );
        assert_eq!(promised(), (0, 0), "no key is promised");
        // What was opened before it was bound is none of the links' matter.
        assert_ok!(Qkd::set_key_rules(root(), RULES));
        settle(4, 7);
        release(4);
        assert_eq!(promised(), (0, 0));
    });
}

#[test]
fn a_link_that_counts_as_something_else_keeps_what_was_counted() {
    run_market(|| {
        filled_with(300);
        next_epoch();
        let terms = LinkTerms { most_keys_per_epoch: 1_000, most_qber_ppm: 50_000 };
        assert_ok!(Qkd::admit_link(root(), LINK, terms));
        assert_eq!(keys(), 300);
        assert_eq!(events().pop(), Some(Event::LinkAdmitted { link: LINK, terms }));
        all_say(10_000, 10_000);
        assert_eq!(keys(), 1_300);
    });
}

#[test]
fn a_seventeenth_owner_takes_the_place_of_one_that_is_silent() {
    run_market(|| {
        for who in 30..43 {
            draws(who, WEST);
            say(who, 1, 1);
        }
        for who in [ANNA, BEN, CLARA] {
            say(who, 1, 1);
        }
        draws(50, WEST);
        assert_noop!(says(50, &[report(1, 1)]), Error::<Test>::TooManyReporters);
        // All but one report on.
        skip_epochs(3);
        for who in (31..43).chain([ANNA, BEN, CLARA]) {
            say(who, 1, 1);
        }
        say(50, 1, 1);
        assert_noop!(says(30, &[report(1, 1)]), Error::<Test>::TooManyReporters);
    });
}
