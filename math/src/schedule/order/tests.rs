use super::*;
use alloc::{vec, vec::Vec};
use proptest::prelude::*;

fn longest_run(order: &[u32]) -> u32 {
    let mut longest = 0;
    let mut run = 0;
    let mut last = None;
    for author in order {
        run = if last == Some(author) { run + 1 } else { 1 };
        last = Some(author);
        longest = longest.max(run);
    }
    longest
}

fn counts(order: &[u32], authors: usize) -> Vec<u32> {
    let mut counts = vec![0; authors];
    for author in order {
        counts[*author as usize] += 1;
    }
    counts
}

/// Whether any order keeps the cap, by trying all of them.
fn some_order_keeps(left: &mut [u32], cap: u32, last: usize, run: u32) -> bool {
    if left.iter().all(|share| *share == 0) {
        return true;
    }
    (0..left.len()).any(|author| {
        let run = if author == last { run + 1 } else { 1 };
        if left[author] == 0 || run > cap {
            return false;
        }
        left[author] -= 1;
        let kept = some_order_keeps(left, cap, author, run);
        left[author] += 1;
        kept
    })
}

#[test]
fn the_order_of_a_seed_is_fixed_for_good() {
    // Validators on different versions of a compiler or a library must agree on it.
    let order = arrange(&[4, 2, 2], 2, &[7; 32]);
    assert_eq!(order, GOLDEN);
}

const GOLDEN: [u32; 8] = [1, 0, 2, 1, 0, 2, 0, 0];

#[test]
fn one_author_writes_everything_and_nobody_nothing() {
    assert_eq!(arrange(&[3], 1, &[0; 32]), [0, 0, 0]);
    assert_eq!(arrange(&[0, 3, 0], 1, &[0; 32]), [1, 1, 1]);
    assert!(arrange(&[], 1, &[0; 32]).is_empty());
    assert!(arrange(&[0, 0], 1, &[0; 32]).is_empty());
}

#[test]
fn the_least_run_is_what_fits_between_the_others() {
    assert_eq!(least_run(&[]), 1);
    assert_eq!(least_run(&[1, 1]), 1);
    assert_eq!(least_run(&[2, 1]), 1);
    assert_eq!(least_run(&[3, 1]), 2);
    assert_eq!(least_run(&[80, 10, 10]), 4);
    assert_eq!(least_run(&[u32::MAX]), u32::MAX);
    assert_eq!(least_run(&[u32::MAX, u32::MAX, u32::MAX]), 1);
}

#[test]
fn different_seeds_give_different_orders() {
    let orders: std::collections::BTreeSet<_> =
        (0..50).map(|seed| arrange(&[10, 10, 10], 30, &[seed; 32])).collect();
    assert_eq!(orders.len(), 50);
}

#[test]
fn every_order_is_as_probable_as_any_other_without_a_cap() {
    // Three slots of two authors have three orders.
    let mut seen = [0_u32; 3];
    for number in 0..3_000_u32 {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_le_bytes());
        let order = arrange(&[2, 1], 3, &seed);
        seen[order.iter().position(|author| *author == 1).unwrap()] += 1;
    }
    // Five standard deviations of a fair draw.
    assert!(seen.iter().all(|count| (870..=1_130).contains(count)), "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn the_seed_never_changes_counts_and_repeats_its_order(
        shares in prop::collection::vec(0..30_u32, 0..12), cap in 0..6_u32, seed in any::<[u8; 32]>(),
    ) {
        let order = arrange(&shares, cap, &seed);
        prop_assert_eq!(&counts(&order, shares.len()), &shares);
        prop_assert_eq!(arrange(&shares, cap, &seed), order);
    }

    #[test]
    fn the_cap_is_kept_whenever_it_can_be(
        shares in prop::collection::vec(0..40_u32, 1..8), cap in 1..6_u32, seed in any::<[u8; 32]>(),
    ) {
        let longest = longest_run(&arrange(&shares, cap, &seed));
        prop_assert!(longest <= cap.max(least_run(&shares)), "{longest}");
    }

    #[test]
    fn the_least_run_is_exact(shares in prop::collection::vec(0..5_u32, 1..4)) {
        let least = least_run(&shares);
        let mut left = shares.clone();
        prop_assert!(some_order_keeps(&mut left, least, usize::MAX, 0));
        if least > 1 {
            prop_assert!(!some_order_keeps(&mut left, least - 1, usize::MAX, 0));
        }
    }
}
