//! Values worked out by hand.

use super::*;

const DIRECT: Weights = Weights { direct_ppm: 1_000_000, indirect_ppm: 0, deposit_ppm: 0 };

fn rater(positive: u64, negative: u64, elsewhere: u64) -> Rater {
    let ratings = Ratings::whole(positive, negative);
    let experience = ratings.all() + Ratings::whole(elsewhere, 0).all();
    Rater { ratings, experience }
}

fn decay(text: &str) -> Decay {
    text.parse().unwrap()
}

#[test]
fn strangers_are_trusted_by_half() {
    let got = trust(&EVEN, decay("0.1"), Ratings::default(), &[], 0).unwrap();
    assert_eq!((got.direct_ppm, got.indirect_ppm), (500_000, 500_000));
    // 0.4 and 0.35 of one half, and no deposit.
    assert_eq!(got.trust_ppm, 375_000);
}

#[test]
fn direct_trust_is_the_rule_of_succession() {
    for (positive, negative, ppm) in [
        (0, 0, 500_000),
        (1, 0, 666_666),
        (0, 1, 333_333),
        (8, 0, 900_000),
        (8, 2, 750_000),
        (1_000_000, 0, 999_999),
        (0, 1_000_000, 0),
        (u64::MAX, u64::MAX, 500_000),
    ] {
        let own = Ratings::whole(positive, negative);
        let got = trust(&DIRECT, decay("0"), own, &[], 0).unwrap();
        assert_eq!((got.direct_ppm, got.trust_ppm), (ppm, ppm), "{own:?}");
    }
}

#[test]
fn without_decay_every_rater_counts_alike() {
    // 3/4, 1/4 and 1/2.
    let raters = [rater(2, 0, 0), rater(0, 2, 5_000), rater(7, 7, 12)];
    let got = trust(&EVEN, decay("0"), Ratings::default(), &raters, 0).unwrap();
    assert_eq!(got.indirect_ppm, 500_000);
}

#[test]
fn the_weight_of_a_rater_falls_with_its_experience() {
    // 3/4 with 2 ratings and 1/4 with 4: weights 1 and e^-0.2.
    let raters = [rater(2, 0, 0), rater(0, 2, 2)];
    let got = trust(&EVEN, decay("0.1"), Ratings::default(), &raters, 0).unwrap();
    // (0.75 + 0.818730753 * 0.25) / 1.818730753 = 0.524916997
    assert_eq!(got.indirect_ppm, 524_916);
    // 0.4 / 2 + 0.35 * 0.524916997 = 0.383720949
    assert_eq!(got.trust_ppm, 383_720);
}

#[test]
fn experience_that_would_underflow_is_taken_relative_to_the_least() {
    // e^-1000000 alone is nothing; beside its like it is all there is.
    let raters = [rater(2, 0, 1_000_000), rater(0, 2, 1_000_000)];
    let got = trust(&EVEN, decay("1"), Ratings::default(), &raters, 0).unwrap();
    assert_eq!(got.indirect_ppm, 500_000);
    let raters = [rater(2, 0, 1_000_000), rater(0, 2, 2_000_000)];
    let got = trust(&EVEN, decay("1"), Ratings::default(), &raters, 0).unwrap();
    assert_eq!(got.indirect_ppm, 750_000);
}

#[test]
fn deposit_trust_is_at_most_one() {
    let deposit = Weights { direct_ppm: 0, indirect_ppm: 0, deposit_ppm: 1_000_000 };
    for (ppm, counts) in
        [(0, 0), (1, 1), (333_333, 333_333), (1_000_000, 1_000_000), (u32::MAX, 1_000_000)]
    {
        let got = trust(&deposit, decay("0"), Ratings::default(), &[], ppm).unwrap();
        assert_eq!(got.trust_ppm, counts);
    }
    assert_eq!(deposit_ppm(1, 3), 333_333);
    assert_eq!(deposit_ppm(4, 3), 1_000_000);
    assert_eq!(deposit_ppm(0, 0), 1_000_000);
}

#[test]
fn weights_that_do_not_sum_to_one_give_nothing() {
    for (direct_ppm, indirect_ppm, deposit_ppm) in
        [(0, 0, 0), (500_000, 500_000, 1), (u32::MAX, 1_000_001, 0)]
    {
        let weights = Weights { direct_ppm, indirect_ppm, deposit_ppm };
        assert_eq!(trust(&weights, decay("0"), Ratings::default(), &[], 0), None);
    }
}

#[test]
fn a_decay_is_a_plain_decimal_number() {
    for (text, units) in [
        ("0", 0),
        ("1", Decay::UNIT),
        ("0.05", Decay::UNIT / 20),
        (".5", Decay::UNIT / 2),
        ("3.", 3 * Decay::UNIT),
        ("007.50", Decay::UNIT * 15 / 2),
        ("0.0000000000000000000000019", 1),
        ("99999999999999", Decay::UNIT * 99_999_999_999_999),
    ] {
        assert_eq!(text.parse(), Ok(Decay(units)), "{text}");
    }
    for text in [
        "",
        ".",
        "-1",
        "+1",
        "1e3",
        "1,5",
        "0x1",
        " 1",
        "1.2.3",
        "nan",
        "inf",
        "100000000000000",
        "999999999999999999999999999999999999999999",
        "\u{0661}",
    ] {
        assert_eq!(text.parse::<Decay>(), Err(NotADecay), "{text}");
    }
}
