//! The tally against a list of everybody.

use super::*;
use proptest::prelude::*;

/// What happens on a day.
#[derive(Clone, Debug)]
enum Act {
    Begin,
    /// The owner at this place of the list, modulo its length, ends.
    End(usize),
    /// It ends and is counted again, as when a credential is lifted to a new version.
    Again(usize),
    Wait(Day),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Begin),
        3 => any::<usize>().prop_map(Act::End),
        1 => any::<usize>().prop_map(Act::Again),
        3 => (0..12_u32).prop_map(Act::Wait),
        1 => (25..70_u32).prop_map(Act::Wait),
    ]
}

proptest! {
    #[test]
    fn a_tally_counts_as_a_list_of_everybody_does(
        start in 0..40_000_u32,
        acts in prop::collection::vec(act(), 1..120),
    ) {
        let mut today = start;
        let (mut tally, mut list) = (Tally::default(), Vec::<Day>::new());
        for act in acts {
            match act {
                Act::Begin => list.push(tally.begin(today)),
                Act::End(place) if !list.is_empty() => {
                    let day = list.swap_remove(place % list.len());
                    tally.end(day, today);
                }
                Act::Again(place) if !list.is_empty() => {
                    let day = list[place % list.len()];
                    tally.end(day, today);
                    tally.resume(day, today);
                }
                Act::Wait(days) => today += days,
                Act::End(_) | Act::Again(_) => {}
            }
            prop_assert_eq!(tally.owners() as usize, list.len());
            for then in today..today + 2 * PROBATION {
                let established = list.iter().filter(|day| **day <= then).count();
                prop_assert_eq!(tally.established(then) as usize, established, "on {}", then);
            }
        }
    }

    #[test]
    fn an_allowance_is_a_twentieth_and_one_at_least(established: u32) {
        let most = allowance(established);
        prop_assert!(most >= 1);
        prop_assert!(most == 1 || u64::from(most) * 20 <= u64::from(established));
        prop_assert!((u64::from(most) + 1) * 20 > u64::from(established));
    }
}

#[test]
fn whoever_begins_late_on_a_day_has_thirty_whole_days_behind_it() {
    let mut tally = Tally::default();
    tally.begin(100);
    assert_eq!((tally.established(130), tally.established(131)), (0, 1));
}

#[test]
fn counts_saturate() {
    let mut tally = Tally::default();
    tally.end(7, 7);
    tally.end(38, 7);
    assert_eq!((tally.owners(), tally.established(7)), (0, 0));
    assert_eq!(tally.begin(Day::MAX), Day::MAX);
    assert_eq!(tally.established(Day::MAX), 1);
}
