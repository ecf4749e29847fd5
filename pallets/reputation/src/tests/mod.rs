//! What the rules of the crate's documentation promise, rule by rule.

mod cost;
mod deposits;
mod memory;
mod migration;
mod owners;
mod trust;

use crate::{Counts, Event, Pairs, Totals, mock::*};
use proptest::prelude::*;
use qedex_primitives::{Misses, OwnerId, Ratings, Standing, Verdict, Wh};
use sp_runtime::Permill;

const FULL: u64 = 1_000_000;

fn rate(rater: AccountId, ratee: AccountId, traded: u64, verdict: Verdict) {
    <Reputation as Ratings<AccountId>>::record(&rater, &ratee, Wh(traded), verdict);
}

fn keep(rater: AccountId, ratee: AccountId) {
    rate(rater, ratee, FULL_RATING.0, Verdict::Kept);
}

fn miss(rater: AccountId, ratee: AccountId) {
    rate(rater, ratee, FULL_RATING.0, Verdict::Missed(FULL_RATING));
}

fn counts(ratee: AccountId) -> (u64, u64) {
    let Counts { kept, missed } = Reputation::counts_of(&ratee);
    (kept, missed)
}

fn standing(who: AccountId) -> Permill {
    <Reputation as Standing<AccountId>>::of(&who)
}

fn next_day() {
    Now::mutate(|now| *now += DAY);
}

fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

#[test]
fn the_unknown_stand_at_one_half() {
    run(|| {
        assert_eq!(standing(ANNA), Permill::from_percent(50));
        assert_eq!(Reputation::standing_of(&ANNA), Permill::from_percent(50));
    });
}

#[test]
fn standing_is_kept_and_one_over_all_and_two() {
    run(|| {
        keep(BEN, ANNA);
        assert_eq!(standing(ANNA), Permill::from_parts(666_666));
        keep(CLARA, ANNA);
        assert_eq!(standing(ANNA), Permill::from_percent(75));
        next_day();
        miss(BEN, ANNA);
        assert_eq!(standing(ANNA), Permill::from_percent(60));
        assert_eq!(standing(BEN), Permill::from_percent(50), "a rater gains nothing");
    });
}

#[test]
fn a_miss_outside_of_trades_counts_as_one_and_has_no_rater() {
    run(|| {
        keep(BEN, ANNA);
        System::reset_events();
        <Reputation as Misses>::record_miss(owner(ANNA));
        assert_eq!(events(), [Event::Missed { owner: owner(ANNA), missed: FULL }]);
        assert_eq!(counts(ANNA), (FULL, FULL));
        assert_eq!(standing(ANNA), Permill::from_percent(50));
        // Whoever is unknown has it on record from then on.
        <Reputation as Misses>::record_miss(owner(CLARA));
        assert_eq!(standing(CLARA), Permill::from_parts(333_333));
        assert_eq!(Reputation::raters_of(&CLARA).count(), 0);
    });
}

#[test]
fn a_rating_says_who_and_what_and_how_much() {
    run(|| {
        rate(BEN, ANNA, 5_000, Verdict::Missed(Wh(1_000)));
        let (kept, missed) = (400_000, 100_000);
        let rated = Event::Rated { ratee: owner(ANNA), rater: owner(BEN), kept, missed };
        assert_eq!(events(), [rated]);
        let pair = Pairs::<Test>::get(owner(ANNA), owner(BEN)).unwrap();
        assert_eq!(pair.sum, Counts { kept, missed });
        assert_eq!((pair.kept_last, pair.last_day), (kept, 1_000));
        assert_eq!(Totals::<Test>::get(owner(ANNA)), pair.sum);
    });
}

#[test]
fn a_rating_weighs_the_energy_up_to_a_full_one() {
    run(|| {
        rate(BEN, ANNA, 1, Verdict::Kept);
        assert_eq!(counts(ANNA), (100, 0));
        rate(CLARA, ANNA, 1_000_000, Verdict::Kept);
        assert_eq!(counts(ANNA), (FULL + 100, 0));
        rate(ANNA, BEN, u64::MAX, Verdict::Missed(Wh(u64::MAX)));
        assert_eq!(counts(BEN), (0, FULL));
    });
}

#[test]
fn only_the_missed_share_counts_as_missed() {
    run(|| {
        rate(BEN, ANNA, 40_000, Verdict::Missed(Wh(10_000)));
        assert_eq!(counts(ANNA), (750_000, 250_000));
    });
}

#[test]
fn no_more_is_missed_than_was_traded() {
    run(|| {
        rate(BEN, ANNA, 5_000, Verdict::Missed(Wh(9_000)));
        assert_eq!(counts(ANNA), (0, 500_000));
    });
}

#[test]
fn nothing_traded_is_nothing_rated() {
    run(|| {
        rate(BEN, ANNA, 0, Verdict::Kept);
        rate(BEN, ANNA, 0, Verdict::Missed(Wh(5)));
        assert_eq!(counts(ANNA), (0, 0));
        assert!(events().is_empty());
    });
}

#[test]
fn a_pair_s_kept_trades_count_as_one_full_rating_a_day() {
    run(|| {
        keep(BEN, ANNA);
        keep(BEN, ANNA);
        assert_eq!(counts(ANNA), (FULL, 0));
        Now::mutate(|now| *now += DAY - 1);
        keep(BEN, ANNA);
        assert_eq!(counts(ANNA), (FULL, 0), "the day's last moment");
        Now::mutate(|now| *now += 1);
        keep(BEN, ANNA);
        assert_eq!(counts(ANNA), (2 * FULL, 0));
        next_day();
        for part in [0, 1, 2, 3] {
            rate(BEN, ANNA, 4_000, Verdict::Kept);
            assert_eq!(counts(ANNA).0, 2 * FULL + FULL.min((part + 1) * 400_000));
        }
        let told = events().len();
        keep(BEN, ANNA);
        assert_eq!(events().len(), told, "what does not count is not told");
    });
}

#[test]
fn every_miss_counts_by_trade() {
    run(|| {
        for trades in 1..=5 {
            miss(BEN, ANNA);
            assert_eq!(counts(ANNA), (0, trades * FULL));
        }
        rate(BEN, ANNA, 10_000, Verdict::Missed(Wh(2_500)));
        assert_eq!(counts(ANNA), (750_000, 5 * FULL + 250_000));
        rate(BEN, ANNA, 10_000, Verdict::Missed(Wh(2_500)));
        assert_eq!(counts(ANNA), (FULL, 5 * FULL + 500_000), "what was kept up to one");
    });
}

#[test]
fn the_two_directions_of_a_pair_count_apart() {
    run(|| {
        keep(BEN, ANNA);
        miss(ANNA, BEN);
        assert_eq!(counts(ANNA), (FULL, 0));
        assert_eq!(counts(BEN), (0, FULL));
    });
}

#[test]
fn a_kept_trade_does_not_cover_a_default_of_the_same_day() {
    run(|| {
        next_day();
        keep(BEN, ANNA);
        next_day();
        rate(BEN, ANNA, 1, Verdict::Kept);
        miss(BEN, ANNA);
        assert_eq!(counts(ANNA), (FULL + 100, FULL));
        keep(BEN, ANNA);
        assert_eq!(counts(ANNA), (2 * FULL, FULL), "nothing washes it off");
    });
}

#[test]
fn trading_with_oneself_buys_nothing() {
    run(|| {
        keep(ANNA, ANNA);
        miss(ANNA, ANNA);
        assert_eq!(counts(ANNA), (0, 0));
    });
}

#[test]
fn counts_saturate() {
    let most = Counts { kept: u64::MAX, missed: u64::MAX };
    let one = Counts { kept: 1, missed: 1 };
    assert_eq!(most.saturating_add(one), most);
    assert_eq!(one.saturating_sub(most), Counts::default());
}

proptest! {
    /// Whatever is recorded, what a pair keeps adds at most one full rating a day, what it misses all
    /// there is, and the standing lies strictly between nought and one.
    #[test]
    fn a_day_of_a_pair_is_at_most_one_full_rating_kept(
        trades in proptest::collection::vec((0u64..30_000, 0u64..40_000, 0u64..2), 0..40),
    ) {
        run(|| {
            let (mut days, mut all) = (1, 0);
            for (traded, missed, nights) in trades {
                let verdict = Verdict::Missed(Wh(missed));
                all += Reputation::weigh(Wh(traded), verdict).missed;
                rate(BEN, ANNA, traded, verdict);
                days += nights;
                Now::mutate(|now| *now += nights * DAY);
            }
            let (kept, missed) = counts(ANNA);
            assert!(kept <= days * FULL);
            assert_eq!(missed, all);
            assert!(standing(ANNA) > Permill::zero() && standing(ANNA) < Permill::one());
        });
    }
}
