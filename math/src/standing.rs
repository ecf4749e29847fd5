//! What the ratings of an account amount to (docs/design.md, section 6, "Reputation").
//!
//! Counts are in millionths of one full rating, see [`FULL`]. The formula is the rule of
//! succession, as in the published trust model (eq. 20, Qr), over all counterparties.

use crate::Wh;

/// One full rating: the weight of a rating in ppm is also its count.
pub const FULL: u64 = 1_000_000;

/// The standing `(P + 1) / (P + N + 2)` in parts per million, rounded down.
///
/// `kept` and `missed` are P and N in millionths of one full rating. One half for the unknown;
/// always below 10^6.
pub fn standing_ppm(kept: u64, missed: u64) -> u32 {
    let full = u128::from(FULL);
    let kept = u128::from(kept).saturating_add(full);
    let all = kept.saturating_add(u128::from(missed)).saturating_add(full);
    // Nothing saturates: the sums are below 2^66 and the product below 2^86.
    kept.saturating_mul(full)
        .checked_div(all)
        .and_then(|ppm| u32::try_from(ppm).ok())
        .unwrap_or_default()
}

/// The weight of a rating in parts per million of a full one, rounded down:
/// `min(traded, full) / full`; 0 if `full` is 0.
pub fn rating_weight(traded: Wh, full: Wh) -> u64 {
    u128::from(traded.min(full).0)
        .saturating_mul(u128::from(FULL))
        .checked_div(u128::from(full.0))
        .and_then(|weight| u64::try_from(weight).ok())
        .unwrap_or_default()
}

/// Splits a rating's weight into what was kept and what was missed of the trade.
///
/// The missed part is `weight * missed / traded`, rounded up, so that the smallest miss
/// shows, and at most `weight`; both parts together are `weight`. Where nothing was traded,
/// all of it is missed if anything is.
pub fn split(weight: u64, traded: Wh, missed: Wh) -> (u64, u64) {
    let part = if missed.is_zero() {
        0
    } else if missed >= traded {
        weight
    } else {
        // Not above the weight, because less than all is missed.
        u64::try_from(
            u128::from(weight).saturating_mul(u128::from(missed.0)).div_ceil(u128::from(traded.0)),
        )
        .unwrap_or(weight)
    };
    (weight.saturating_sub(part), part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_unknown_stand_at_one_half() {
        assert_eq!(standing_ppm(0, 0), 500_000);
    }

    #[test]
    fn whole_ratings_follow_the_rule_of_succession() {
        assert_eq!(standing_ppm(FULL, 0), 666_666);
        assert_eq!(standing_ppm(0, FULL), 333_333);
        assert_eq!(standing_ppm(8 * FULL, 0), 900_000);
    }

    #[test]
    fn the_largest_counts_do_not_overflow() {
        assert_eq!(standing_ppm(u64::MAX, 0), 999_999);
        assert_eq!(standing_ppm(0, u64::MAX), 0);
        assert_eq!(standing_ppm(u64::MAX, u64::MAX), 500_000);
    }

    #[test]
    fn a_rating_weighs_what_was_traded_up_to_a_full_one() {
        assert_eq!(rating_weight(Wh(0), Wh(10_000)), 0);
        assert_eq!(rating_weight(Wh(100), Wh(10_000)), 10_000);
        assert_eq!(rating_weight(Wh(10_000), Wh(10_000)), FULL);
        assert_eq!(rating_weight(Wh(u64::MAX), Wh(10_000)), FULL);
        assert_eq!(rating_weight(Wh(1), Wh(3)), 333_333);
        assert_eq!(rating_weight(Wh(1), Wh(0)), 0);
        assert_eq!(rating_weight(Wh(u64::MAX), Wh(u64::MAX)), FULL);
    }

    #[test]
    fn the_smallest_miss_shows() {
        assert_eq!(split(10, Wh(1_000), Wh(1)), (9, 1));
        assert_eq!(split(10, Wh(1_000), Wh(0)), (10, 0));
        assert_eq!(split(10, Wh(1_000), Wh(1_000)), (0, 10));
        assert_eq!(split(10, Wh(1_000), Wh(2_000)), (0, 10));
        assert_eq!(split(10, Wh(0), Wh(0)), (10, 0));
        assert_eq!(split(10, Wh(0), Wh(1)), (0, 10));
        assert_eq!(split(u64::MAX, Wh(u64::MAX), Wh(1)), (u64::MAX - 1, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn standing_rises_with_what_was_kept_and_falls_with_what_was_missed(
            kept in any::<u64>(), missed in any::<u64>(), more in any::<u64>(),
        ) {
            let standing = standing_ppm(kept, missed);
            prop_assert!(standing < 1_000_000);
            prop_assert!(standing_ppm(kept.saturating_add(more), missed) >= standing);
            prop_assert!(standing_ppm(kept, missed.saturating_add(more)) <= standing);
        }

        #[test]
        fn a_weight_is_split_without_loss_and_rounded_against_the_rated(
            weight in any::<u64>(), traded in 1..=u64::MAX, missed in any::<u64>(),
        ) {
            let (kept, lost) = split(weight, Wh(traded), Wh(missed));
            prop_assert_eq!(kept.checked_add(lost), Some(weight));
            let missed = u128::from(missed.min(traded));
            let exact = u128::from(weight) * missed;
            prop_assert!(u128::from(lost) * u128::from(traded) >= exact);
            prop_assert!(lost == 0 || u128::from(lost - 1) * u128::from(traded) < exact);
        }
    }
}
