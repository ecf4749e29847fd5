use super::*;
use alloc::{vec, vec::Vec};
use num_rational::BigRational;
use proptest::prelude::*;

const UNLIMITED: Limits = Limits { slots: 100, floor: 0, largest: 100 };

#[test]
fn the_designs_example_comes_out() {
    let scores = [90, 9, 1];
    let limits = Limits { floor: 10, ..UNLIMITED };
    assert_eq!(apportion(&scores, limits), Ok(vec![80, 10, 10]));
    let limits = Limits { largest: 50, ..limits };
    assert_eq!(apportion(&scores, limits), Ok(vec![50, 40, 10]));
}

#[test]
fn without_scores_shares_are_equal_and_ties_go_to_the_earlier() {
    assert_eq!(apportion(&[0, 0, 0], UNLIMITED), Ok(vec![34, 33, 33]));
    assert_eq!(apportion(&[5, 5, 5], UNLIMITED), Ok(vec![34, 33, 33]));
    assert_eq!(apportion(&[0], UNLIMITED), Ok(vec![100]));
}

#[test]
fn those_without_a_score_share_what_the_others_may_not_take() {
    let limits = Limits { floor: 5, largest: 40, ..UNLIMITED };
    assert_eq!(apportion(&[7, 0, 0, 0], limits), Ok(vec![40, 20, 20, 20]));
    assert_eq!(apportion(&[7, 7, 0, 0], limits), Ok(vec![40, 40, 10, 10]));
    assert_eq!(apportion(&[7, 7, 7, 0], limits), Ok(vec![32, 32, 31, 5]));
}

#[test]
fn limits_that_cannot_be_kept_are_refused() {
    let limits = |floor, largest| Limits { floor, largest, ..UNLIMITED };
    assert_eq!(apportion(&[], UNLIMITED), Err(ApportionError::Nobody));
    assert_eq!(apportion(&[1, 1, 1], limits(34, 100)), Err(ApportionError::FloorTooHigh));
    assert_eq!(apportion(&[1, 1, 1], limits(0, 33)), Err(ApportionError::LargestTooSmall));
    assert_eq!(apportion(&[9, 1, 1], limits(33, 34)), Ok(vec![34, 33, 33]));
}

#[test]
fn the_largest_share_gives_way_first_and_then_the_floor() {
    let limits = Limits { slots: 100, floor: 10, largest: 50 };
    assert_eq!(limits.relaxed(4), limits);
    let one = limits.relaxed(1);
    assert_eq!((one.floor, one.largest), (10, 100));
    let many = limits.relaxed(30);
    assert_eq!((many.floor, many.largest), (3, 50));
    assert_eq!(limits.relaxed(0), limits.relaxed(1));
    assert_eq!(limits.relaxed(200).floor, 0);
}

#[test]
fn nothing_overflows_at_the_limits() {
    let limits = Limits { slots: u32::MAX, floor: 1, largest: u32::MAX };
    let shares = apportion(&[u64::MAX; 1_000], limits).unwrap();
    assert_eq!(shares.iter().map(|share| u64::from(*share)).sum::<u64>(), u64::from(u32::MAX));
    assert!(shares.iter().all(|share| share.abs_diff(u32::MAX / 1_000) <= 1));
    let shares = apportion(&[u64::MAX, 1, 0], limits).unwrap();
    assert_eq!(shares, [u32::MAX - 2, 1, 1]);
}

/// The quotas by the book: lambda by bisection of exact fractions until no validator changes
/// sides any more, then solved for.
fn quotas_by_bisection(scores: &[u64], limits: Limits) -> Vec<BigRational> {
    let int = |number: u64| BigRational::from_integer(number.into());
    let (floor, largest) = (int(limits.floor.into()), int(limits.largest.into()));
    let all = int(limits.slots.into());
    let clamp = |lambda: &BigRational, score: u64| {
        (lambda * int(score)).max(floor.clone()).min(largest.clone())
    };
    let sum = |lambda: &BigRational| -> BigRational {
        scores.iter().map(|score| clamp(lambda, *score)).sum()
    };
    // At this scale everybody with a score is at the largest share.
    let (mut low, mut high) = (int(0), largest.clone());
    if sum(&high) < all {
        let scored = scores.iter().filter(|score| **score > 0).count() as u64;
        let others = scores.len() as u64 - scored;
        let rest = (all - int(scored) * &largest) / int(others);
        return scores
            .iter()
            .map(|score| if *score > 0 { largest.clone() } else { rest.clone() })
            .collect();
    }
    // Two bends differ by more than 2^-80.
    for _ in 0..100 {
        let middle = (&low + &high) / int(2);
        if sum(&middle) < all {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Between low and high no bend is left but the solution itself: solve on the free ones.
    let free: Vec<bool> =
        scores.iter().map(|score| clamp(&low, *score) != clamp(&high, *score)).collect();
    let fixed: BigRational = scores
        .iter()
        .zip(&free)
        .filter(|(_, free)| !**free)
        .map(|(score, _)| clamp(&high, *score))
        .sum();
    let weight: u64 =
        scores.iter().zip(&free).filter(|(_, free)| **free).map(|(score, _)| *score).sum();
    scores
        .iter()
        .zip(&free)
        .map(
            |(score, free)| {
                if *free {
                    (&all - &fixed) * int(*score) / int(weight)
                } else {
                    clamp(&high, *score)
                }
            },
        )
        .collect()
}

/// Largest remainder by the book.
fn rounded(quotas: &[BigRational], slots: u32) -> Vec<u32> {
    let mut shares: Vec<u32> =
        quotas.iter().map(|quota| quota.floor().to_integer().try_into().unwrap()).collect();
    while shares.iter().sum::<u32>() < slots {
        let gap = |i: usize| quotas[i].clone() - BigRational::from_integer(shares[i].into());
        let mut best = 0;
        for i in 1..shares.len() {
            if gap(i) > gap(best) {
                best = i;
            }
        }
        shares[best] += 1;
    }
    shares
}

/// Scores of all sizes with zeros and ties among them, and limits that can be kept.
fn cases() -> impl Strategy<Value = (Vec<u64>, Limits)> {
    let score = prop_oneof![Just(0), 0..4_u64, 0..1_000_u64, 0..=1_000_000_000_000_u64];
    (prop::collection::vec(score, 1..12), 1..300_u32, 0..40_u32, 0..300_u32).prop_map(
        |(scores, slots, floor, largest)| {
            let limits = Limits { slots, floor, largest: largest.min(slots) };
            let limits = limits.relaxed(scores.len() as u32);
            (scores, limits)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn agrees_with_bisection_and_rounding_by_the_book((scores, limits) in cases()) {
        let quotas = quotas_by_bisection(&scores, limits);
        prop_assert_eq!(apportion(&scores, limits), Ok(rounded(&quotas, limits.slots)));
    }

    #[test]
    fn shares_are_within_one_slot_of_their_quotas_keep_the_limits_and_sum_up(
        (scores, limits) in cases(),
    ) {
        let shares = apportion(&scores, limits).unwrap();
        prop_assert_eq!(shares.iter().sum::<u32>(), limits.slots);
        let quotas = quotas_by_bisection(&scores, limits);
        for (share, quota) in shares.iter().zip(quotas) {
            prop_assert!((limits.floor..=limits.largest).contains(share));
            let error = BigRational::from_integer((*share).into()) - quota;
            let one = BigRational::from_integer(1.into());
            prop_assert!(error < one && error > -one);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_larger_score_never_gets_less((scores, limits) in cases()) {
        let shares = apportion(&scores, limits).unwrap();
        for (i, a) in scores.iter().enumerate() {
            for (j, b) in scores.iter().enumerate() {
                prop_assert!(a <= b || shares[i] >= shares[j]);
            }
        }
    }

    #[test]
    fn permuting_validators_changes_nothing(
        (scores, limits) in cases(), keys in prop::collection::vec(any::<u32>(), 12),
    ) {
        // Validators come in any order and are sorted by id before anything is computed.
        let named: Vec<(usize, u64)> = scores.iter().copied().enumerate().collect();
        let by_id = |mut named: Vec<(usize, u64)>| {
            named.sort();
            let scores: Vec<u64> = named.iter().map(|(_, score)| *score).collect();
            let shares = apportion(&scores, limits).unwrap();
            named.into_iter().map(|(id, _)| id).zip(shares).collect::<Vec<_>>()
        };
        let mut permuted = named.clone();
        permuted.sort_by_key(|(id, _)| keys[*id]);
        prop_assert_eq!(by_id(named), by_id(permuted));
    }

    #[test]
    fn scaling_all_scores_changes_nothing((scores, limits) in cases(), factor in 1..1_000_u64) {
        let scaled: Vec<u64> = scores.iter().map(|score| score * factor).collect();
        prop_assert_eq!(apportion(&scaled, limits), apportion(&scores, limits));
    }
}
