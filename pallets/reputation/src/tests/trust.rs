//! Pairwise trust is the formula of the design over what the pallet remembers.

use super::*;
use crate::Parameters;
use frame_support::assert_ok;
use qedex_math::trust::{self, Decay, Ratings as Whole, Trust};

fn trust(rater: AccountId, ratee: AccountId) -> Trust {
    Reputation::trust_of(&rater, &ratee)
}

/// `kept` full ratings and `missed` ones, each on a day of its own.
fn history(rater: AccountId, ratee: AccountId, kept: u64, missed: u64) {
    for _ in 0..kept {
        keep(rater, ratee);
        next_day();
    }
    for _ in 0..missed {
        miss(rater, ratee);
        next_day();
    }
}

#[test]
fn a_stranger_is_trusted_by_half_in_what_is_seen_of_it() {
    run(|| {
        let expected = Trust { direct_ppm: 500_000, indirect_ppm: 500_000, trust_ppm: 400_000 };
        assert_eq!(trust(BEN, ANNA), expected);
    });
}

#[test]
fn one_s_own_ratings_are_direct_and_others_indirect() {
    run(|| {
        history(BEN, ANNA, 8, 2);
        let got = trust(BEN, ANNA);
        assert_eq!((got.direct_ppm, got.indirect_ppm), (750_000, 500_000));
        let got = trust(CLARA, ANNA);
        assert_eq!((got.direct_ppm, got.indirect_ppm), (500_000, 750_000));
    });
}

#[test]
fn a_rater_s_weight_falls_with_all_that_it_rated() {
    run(|| {
        history(BEN, ANNA, 2, 0);
        history(CLARA, ANNA, 0, 2);
        history(CLARA, 77, 2, 0);
        let parameters = Parameters { decay: Decay(Decay::UNIT / 10), ..Parameters::default() };
        assert_ok!(Reputation::set_parameters(RuntimeOrigin::root(), parameters));
        assert_eq!(trust(99, ANNA).indirect_ppm, 524_916);
    });
}

#[test]
fn all_accounts_of_an_owner_trust_alike() {
    run(|| {
        let owner = OwnerId([1; 32]);
        Owners::set([(BEN, owner), (CLARA, owner)].into());
        history(BEN, ANNA, 8, 2);
        assert_eq!(trust(CLARA, ANNA), trust(BEN, ANNA));
        assert_eq!(trust(CLARA, ANNA).direct_ppm, 750_000);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_view_is_the_formula_over_the_history(
        pairs in proptest::collection::btree_map((0..6_u64, 0..6_u64), (0..5_u64, 0..5_u64), 0..20),
        thousandths in 0..2_000_u128,
    ) {
        run(|| {
            let decay = Decay(thousandths * Decay::UNIT / 1_000);
            let parameters = Parameters { decay, ..Parameters::default() };
            assert_ok!(Reputation::set_parameters(RuntimeOrigin::root(), parameters));
            let rated = |(rater, ratee): &(u64, u64)| rater != ratee;
            for ((rater, ratee), (kept, missed)) in &pairs {
                history(*rater, *ratee, *kept, *missed);
            }
            let experience = |who: u64| {
                let given = pairs.iter().filter(|(pair, _)| rated(pair) && pair.0 == who);
                given.map(|(_, (kept, missed))| u128::from((kept + missed) * FULL)).sum()
            };
            for ratee in 0..6 {
                let raters: Vec<_> = (1..6)
                    .filter(|rater| rated(&(*rater, ratee)))
                    .filter_map(|rater| {
                        let (kept, missed) = *pairs.get(&(rater, ratee))?;
                        (kept + missed > 0).then(|| trust::Rater {
                            ratings: Whole::whole(kept, missed),
                            experience: experience(rater),
                        })
                    })
                    .collect();
                let own = pairs.get(&(0, ratee)).filter(|_| rated(&(0, ratee)));
                let own = own.map_or_else(Whole::default, |(p, n)| Whole::whole(*p, *n));
                let expected = trust::trust(&parameters.weights, decay, own, &raters, 0);
                assert_eq!(Some(trust(0, ratee)), expected);
            }
        });
    }
}
