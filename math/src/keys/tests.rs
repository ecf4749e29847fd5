use super::*;
use proptest::prelude::*;

/// The same by its definition: the greatest value that more than half of all reach.
fn plainly(values: &[u64]) -> Option<u64> {
    let reach = |least: &u64| values.iter().filter(|value| *value >= least).count();
    values.iter().copied().filter(|value| 2 * reach(value) > values.len()).max()
}

fn count() -> impl Strategy<Value = Count> {
    let any = || prop_oneof![0..50_u64, any::<u64>()];
    (any(), any(), any()).prop_map(|(stored, made, drawn)| Count { stored, made, drawn })
}

#[test]
fn a_key_is_256_bits() {
    assert_eq!(made_in(10_000, 60_000), 2_343);
    assert_eq!(made_in(256, 1_000), 1);
    assert_eq!(made_in(255, 1_000), 0);
    assert_eq!(made_in(u64::MAX, u64::MAX), u64::MAX);
}

#[test]
fn of_two_the_lesser_counts_and_of_three_the_middle() {
    assert_eq!(lower_median(Vec::<u64>::new()), None);
    assert_eq!(lower_median(vec![7]), Some(7));
    assert_eq!(lower_median(vec![9, 7]), Some(7));
    assert_eq!(lower_median(vec![u64::MAX, 7, 0]), Some(7));
    assert_eq!(lower_median(vec![u64::MAX, 7, 8, 0]), Some(7));
}

proptest! {
    #[test]
    fn the_lower_median_is_what_more_than_half_reach(
        values in prop::collection::vec(prop_oneof![0..5_u64, any::<u64>()], 0..20),
    ) {
        prop_assert_eq!(lower_median(values.clone()), plainly(&values));
    }

    /// Whatever a minority says, what counts lies among what the others say.
    #[test]
    fn a_minority_moves_it_no_further_than_others_go(
        honest in prop::collection::vec(any::<u64>(), 2..9),
        lies in prop::collection::vec(any::<u64>(), 0..8),
    ) {
        let lies: Vec<_> = lies.into_iter().take(honest.len() - 1).collect();
        let all = [honest.clone(), lies].concat();
        let median = lower_median(all).unwrap();
        prop_assert!(median >= *honest.iter().min().unwrap());
        prop_assert!(median <= *honest.iter().max().unwrap());
    }

    /// However much is said, no more is counted as made, stored and drawn together than the link makes,
    /// and what was made and drawn never shrinks.
    #[test]
    fn no_count_grows_faster_than_keys_are_made(
        first in count(), said in prop::collection::vec((count(), 0..1_000_u64), 0..20),
    ) {
        let mut count = Count::first(first, 10);
        prop_assert!(count.stored <= 10);
        for (said, most) in said {
            let next = count.followed_by(said, most);
            prop_assert!(next.made >= count.made && next.drawn >= count.drawn);
            let before = u128::from(count.stored) + u128::from(count.drawn);
            let after = u128::from(next.stored) + u128::from(next.drawn);
            prop_assert!(after <= before + u128::from(most));
            prop_assert!(next.made - count.made <= most);
            prop_assert!(next.stored <= said.stored);
            count = next;
        }
    }

    /// Who tells the truth, at a rate that was declared, is counted truly but for what was there before.
    #[test]
    fn the_truth_counts(steps in prop::collection::vec((0..10_u64, 0..10_u64), 1..30)) {
        let mut truth = Count::default();
        let mut count = Count::first(truth, 0);
        for (made, drawn) in steps {
            let drawn = drawn.min(truth.stored + made);
            truth.made += made;
            truth.drawn += drawn;
            truth.stored = truth.stored + made - drawn;
            count = count.followed_by(truth, 10);
            prop_assert_eq!(count, truth);
        }
    }

    #[test]
    fn a_share_is_the_exact_one_rounded_down(keys in any::<u64>(), ppm in 0..2_000_000_u32) {
        let exact = u128::from(keys) * u128::from(ppm.min(1_000_000)) / 1_000_000;
        prop_assert_eq!(u128::from(share(keys, ppm)), exact);
    }
}
