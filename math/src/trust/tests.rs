//! Against an oracle of big integers, and by the rules.

mod golden;
mod oracle;

use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

const EVEN: Weights = Weights { direct_ppm: 400_000, indirect_ppm: 350_000, deposit_ppm: 250_000 };

fn weights() -> impl Strategy<Value = Weights> {
    (0..=1_000_000_u32, 0..=1_000_000_u32).prop_map(|(one, other)| Weights {
        direct_ppm: one.min(other),
        indirect_ppm: one.max(other) - one.min(other),
        deposit_ppm: 1_000_000 - one.max(other),
    })
}

/// Few ratings or thousands, whole ones or fractions.
fn count() -> impl Strategy<Value = u128> {
    prop_oneof![
        (0..20_u128).prop_map(|n| n * u128::from(FULL)),
        0..20_000_000_u128,
        (0..10_000_u128).prop_map(|n| n * u128::from(FULL)),
        0..10_000_000_000_u128,
    ]
}

fn ratings() -> impl Strategy<Value = Ratings> {
    (count(), count()).prop_map(|(positive, negative)| Ratings { positive, negative })
}

fn rater() -> impl Strategy<Value = Rater> {
    (ratings(), count())
        .prop_map(|(ratings, elsewhere)| Rater { ratings, experience: ratings.all() + elsewhere })
}

/// From none to one at which a single rating decides, with few decimals and with many.
fn decay() -> impl Strategy<Value = Decay> {
    prop_oneof![
        Just(Decay(0)),
        (0..3_000_u128).prop_map(|thousandths| Decay(thousandths * Decay::UNIT / 1_000)),
        (0..Decay::UNIT / 100).prop_map(Decay),
        (0..Decay::UNIT * 3).prop_map(Decay),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn trust_is_the_exact_value_rounded_down(
        weights in weights(), decay in decay(), own in ratings(),
        raters in prop::collection::vec(rater(), 0..20), deposit in 0..=1_000_000_u32,
    ) {
        let got = trust(&weights, decay, own, &raters, deposit).unwrap();
        let exact = oracle::trust(&weights, decay, own, &raters, deposit);
        for (got, exact) in [
            (got.direct_ppm, &exact.direct),
            (got.indirect_ppm, &exact.indirect),
            (got.trust_ppm, &exact.trust),
        ] {
            prop_assert!(oracle::is_floor(got, exact), "{got} ppm for {exact} * 2^-256");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn weights_are_off_by_2_to_the_minus_58_at_most(
        decay in 0..Decay::UNIT * 70, exponent in 0..1_000_000_000_000_u128,
    ) {
        for exponent in [exponent, exponent % 64_000_000] {
            let got = exp::exp_neg(Decay(decay), exponent);
            prop_assert!(oracle::is_exp_neg(got, decay, exponent, 64), "{got}");
        }
    }

    #[test]
    fn any_numbers_give_parts_of_a_whole(
        weights in weights(), decay in any::<u128>(), deposit in any::<u32>(),
        own in any::<(u128, u128)>(),
        raters in prop::collection::vec(any::<(u128, u128, u128)>(), 0..5),
    ) {
        let ratings = |positive, negative| Ratings { positive, negative };
        let raters: Vec<_> = raters
            .into_iter()
            .map(|(p, n, experience)| Rater { ratings: ratings(p, n), experience })
            .collect();
        let own = ratings(own.0, own.1);
        let got = trust(&weights, Decay(decay), own, &raters, deposit).unwrap();
        for part in [got.direct_ppm, got.indirect_ppm, got.trust_ppm] {
            prop_assert!(part <= 1_000_000);
        }
    }

    #[test]
    fn a_better_record_or_deposit_never_lowers_trust(
        weights in weights(), decay in decay(), own in ratings(), more in count(),
        raters in prop::collection::vec(rater(), 0..8), deposit in 0..1_000_000_u32,
    ) {
        let of = |own, deposit| trust(&weights, decay, own, &raters, deposit).unwrap().trust_ppm;
        let better = Ratings { positive: own.positive + more, ..own };
        let worse = Ratings { negative: own.negative + more, ..own };
        prop_assert!(of(better, deposit) >= of(own, deposit));
        prop_assert!(of(worse, deposit) <= of(own, deposit));
        prop_assert!(of(own, deposit + 1) >= of(own, deposit));
    }

    #[test]
    fn the_order_of_raters_does_not_matter(
        decay in decay(), mut raters in prop::collection::vec(rater(), 0..20),
    ) {
        let before = trust(&EVEN, decay, Ratings::default(), &raters, 0);
        raters.reverse();
        prop_assert_eq!(trust(&EVEN, decay, Ratings::default(), &raters, 0), before);
    }

    #[test]
    fn only_differences_of_experience_matter(
        decay in decay(), raters in prop::collection::vec(rater(), 1..20), more in count(),
    ) {
        let later: Vec<_> = raters
            .iter()
            .map(|rater| Rater { experience: rater.experience + more, ..*rater })
            .collect();
        let of = |raters| trust(&EVEN, decay, Ratings::default(), raters, 0);
        prop_assert_eq!(of(&raters), of(&later));
    }

    #[test]
    fn a_deposit_counts_by_its_share_of_the_reference(
        deposit in any::<u128>(), reference in 1..=u128::MAX,
    ) {
        let ppm = deposit_ppm(deposit, reference);
        prop_assert_eq!(ppm, oracle::deposit_ppm(deposit, reference));
    }

    #[test]
    fn a_decay_is_read_exactly(units in 0..Decay::UNIT * 1_000) {
        let (whole, fraction) = (units / Decay::UNIT, units % Decay::UNIT);
        let text = alloc::format!("{whole}.{fraction:024}");
        prop_assert_eq!(text.parse(), Ok(Decay(units)));
    }
}
