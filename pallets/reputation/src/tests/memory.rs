//! At most so many raters are remembered one by one, and nothing is gained by being forgotten.

use super::*;
use crate::{Experience, Memories, PROBES};

/// A rater of its own for each number.
fn stranger(number: u64) -> AccountId {
    1_000 + number
}

fn remembers(rater: AccountId) -> bool {
    Pairs::<Test>::contains_key(owner(ANNA), owner(rater))
}

/// Fills Anna's memory with strangers, each on a day of its own.
fn fill() {
    for number in 0..u64::from(MAX_RATERS) {
        keep(stranger(number), ANNA);
        next_day();
    }
}

#[test]
fn no_more_raters_are_remembered_than_may_be() {
    run(|| {
        for number in 0..100 {
            keep(stranger(number), ANNA);
            next_day();
        }
        assert_eq!(Pairs::<Test>::iter_prefix(owner(ANNA)).count(), MAX_RATERS as usize);
        assert_eq!(counts(ANNA), (100 * FULL, 0), "the totals forget nothing");
        let forgotten = 100 - u64::from(MAX_RATERS);
        assert_eq!(Memories::<Test>::get(owner(ANNA)).forgotten.kept, forgotten * FULL);
        assert_eq!(Experience::<Test>::get(owner(stranger(0))), FULL);
    });
}

#[test]
fn who_was_silent_for_longest_is_forgotten_first() {
    run(|| {
        fill();
        keep(stranger(0), ANNA);
        next_day();
        keep(BEN, ANNA);
        assert!(remembers(BEN) && remembers(stranger(0)));
        assert!(!remembers(stranger(1)));
        System::assert_has_event(
            Event::RaterForgotten { ratee: owner(ANNA), rater: owner(stranger(1)) }.into(),
        );
    });
}

#[test]
fn a_bad_record_is_the_last_to_be_forgotten() {
    run(|| {
        miss(CLARA, ANNA);
        next_day();
        fill();
        for number in 100..200 {
            keep(stranger(number), ANNA);
            next_day();
        }
        assert!(remembers(CLARA), "a hundred friends do not wash it out");
    });
}

#[test]
fn being_forgotten_does_not_let_anybody_count_twice_a_day() {
    run(|| {
        fill();
        for number in 100..100 + u64::from(MAX_RATERS) {
            keep(stranger(number), ANNA);
        }
        let full = counts(ANNA);
        keep(BEN, ANNA);
        assert_eq!(counts(ANNA), full, "everybody has rated today");
        assert!(!remembers(BEN));
        for number in 100..100 + u64::from(MAX_RATERS) {
            keep(stranger(number), ANNA);
        }
        assert_eq!(counts(ANNA), full);
        next_day();
        keep(BEN, ANNA);
        assert!(remembers(BEN));
    });
}

#[test]
fn a_crowd_of_friends_does_not_cover_a_default() {
    run(|| {
        for number in 0..u64::from(MAX_RATERS) {
            keep(stranger(number), ANNA);
        }
        let (kept, missed) = counts(ANNA);
        rate(BEN, ANNA, FULL_RATING.0, Verdict::Missed(Wh(4_000)));
        assert_eq!(counts(ANNA), (kept, missed + 400_000), "only what is missed");
        assert!(!remembers(BEN));
        assert_eq!(Memories::<Test>::get(owner(ANNA)).forgotten.missed, 400_000);
    });
}

#[test]
fn a_search_looks_at_the_next_places_of_the_ring() {
    run(|| {
        fill();
        // The first four have rated today, the others have not.
        for number in 0..u64::from(PROBES) {
            keep(stranger(number), ANNA);
        }
        keep(BEN, ANNA);
        assert!(!remembers(BEN), "all that were looked at have rated today");
        keep(BEN, ANNA);
        assert!(remembers(BEN) && !remembers(stranger(u64::from(PROBES))));
    });
}

proptest! {
    /// The totals are what an unlimited memory would count, but for kept trades on a day on which no
    /// place was free.
    #[test]
    fn totals_never_lose_what_was_missed(
        trades in proptest::collection::vec((0u64..30, 0u64..15_000, 0u64..4), 0..80),
    ) {
        run(|| {
            let (mut all_missed, mut all_kept) = (0, std::collections::BTreeMap::new());
            let mut day = 0;
            for (rater, missed, nights) in trades {
                rate(stranger(rater), ANNA, FULL_RATING.0, Verdict::Missed(Wh(missed)));
                let missed = missed.min(FULL_RATING.0) * 100;
                all_missed += missed;
                let kept = all_kept.entry((rater, day)).or_insert(0);
                *kept = FULL.min(*kept + FULL - missed);
                day += nights;
                Now::mutate(|now| *now += nights * DAY);
            }
            let (kept, missed) = counts(ANNA);
            assert_eq!(missed, all_missed);
            assert!(kept <= all_kept.values().sum());
        });
    }
}
