//! Cut-offs against golden values and exact arithmetic.

use super::*;
use num_bigint::BigUint;
use proptest::prelude::*;

/// H, and for alpha 2^-20, 2^-30, 2^-40 the cut-offs of the repetition count and of the adaptive
/// proportion at a window of 1024, from an independent script.
const GOLDEN: [(f64, [u64; 3], [u32; 3]); 5] = [
    (1.0, [21, 31, 41], [589, 609, 625]),
    (0.95, [23, 33, 44], [607, 627, 643]),
    (0.9, [24, 35, 46], [625, 645, 661]),
    (0.8, [26, 39, 51], [664, 683, 699]),
    (0.5, [41, 61, 81], [793, 810, 824]),
];

#[test]
fn cut_offs_are_those_of_an_independent_script() {
    for (entropy, runs, counts) in GOLDEN {
        let alphas = [20, 30, 40].map(Alpha);
        assert_eq!(alphas.map(|alpha| repetition(entropy, alpha)), runs, "{entropy}");
        let proportions = alphas.map(|alpha| proportion(BINARY_WINDOW, entropy, alpha));
        assert_eq!(proportions, counts, "{entropy}");
    }
}

/// The least k for which the sum of the terms above it is at most 2^-alpha of all of them, for
/// p = 1/2^bits, in integers.
fn exact(trials: u32, bits: u32, alpha: u32) -> u32 {
    // C(n, k) (2^bits - 1)^(n - k), all over 2^(bits n).
    let others = BigUint::from((1u32 << bits) - 1);
    let mut binomial = BigUint::from(1u32);
    let mut terms = Vec::new();
    for k in 0..=trials {
        terms.push(&binomial * others.pow(trials - k));
        binomial = binomial * (trials - k) / (k + 1);
    }
    let all = BigUint::from(1u32) << (bits * trials);
    let mut above = BigUint::from(0u32);
    for k in (0..=trials).rev() {
        let from_k = &above + &terms[k as usize];
        if (&from_k << alpha) > all {
            return k;
        }
        above = from_k;
    }
    0
}

#[test]
fn the_critical_number_is_exact() {
    for bits in [1, 2, 3] {
        for trials in [512, 1024] {
            for alpha in [20, 30, 40, 50, 60] {
                let found = critbinom(trials, f64::from(bits), Alpha(alpha));
                assert_eq!(found, exact(trials, bits, alpha), "{trials} {bits} {alpha}");
            }
        }
    }
}

#[test]
fn a_source_without_entropy_has_no_cut_off_that_it_reaches() {
    for entropy in [0.0, -1.0, f64::NAN] {
        assert_eq!(critbinom(1024, entropy, Alpha(20)), 1024);
        assert!(proportion(1024, entropy, Alpha(20)) > 1024);
    }
    assert_eq!(repetition(0.0, Alpha(20)), u64::MAX);
}

#[test]
fn min_entropy_is_that_of_the_standard_s_example() {
    // SP 800-90B 6.3.1, the example: 20 samples, the most common value 8 times.
    assert!((min_entropy(20, 8) - 0.5363).abs() < 5e-5, "{}", min_entropy(20, 8));
    assert_eq!((min_entropy(0, 0), min_entropy(1, 1)), (0.0, 0.0));
    assert_eq!(min_entropy(1000, 1000), 0.0);
    // Close to one bit for many even samples, and never above it.
    let even = min_entropy(1_000_000, 500_000);
    assert!((0.995..1.0).contains(&even), "{even}");
}

proptest! {
    #[test]
    fn less_entropy_and_smaller_chances_allow_more(
        entropy in 0.01f64..3.0, less in 0.5f64..1.0, alpha in 10u32..60, window in 16u32..1024,
    ) {
        let (alpha, smaller) = (Alpha(alpha), Alpha(alpha + 1));
        prop_assert!(repetition(entropy * less, alpha) >= repetition(entropy, alpha));
        prop_assert!(repetition(entropy, smaller) >= repetition(entropy, alpha));
        let of = |entropy, alpha| proportion(window, entropy, alpha);
        prop_assert!(of(entropy * less, alpha) >= of(entropy, alpha));
        prop_assert!(of(entropy, smaller) >= of(entropy, alpha));
        prop_assert!(of(entropy, alpha) <= window + 1);
    }

    #[test]
    fn the_share_of_the_most_common_value_is_judged_as_the_binomial_tail_would(
        n in 50u32..1024, entropy in 0.2f64..2.0, more in 0u32..200, alpha in 10u32..50,
    ) {
        let count = ((f64::from(n) * (-entropy).exp2()) as u32 + more).min(n);
        if entropy::is_too_common(n.into(), count.into(), entropy, 2, Alpha(alpha)) {
            // Chernoff's bound is above the tail, so what it calls too common is beyond the
            // critical number as well.
            prop_assert!(count > critbinom(n, entropy, Alpha(alpha)));
        }
    }
}

#[test]
fn the_document_shows_what_is_computed() {
    use crate::link::{LinkParameters, Preset};
    let document = include_str!("../../../../docs/qkms-entropy.md");
    let shown = |row: &str| {
        let found = document.lines().any(|line| line == row);
        assert!(found, "docs/qkms-entropy.md lacks what is computed:\n{row}");
    };
    let bits = |entropy: f64| match entropy {
        1.0 => "1".to_owned(),
        _ => format!("{entropy:.3}").trim_start_matches('0').to_owned(),
    };
    let claims = |preset: Preset, at: usize| {
        let (_, point) = preset.operating_points()[at];
        let device = preset.device();
        Claims::new(&LinkParameters { device, point, km: 10.0, eve: None, drift: None })
    };
    for (name, preset, at) in [
        ("snspd, 10^5 sifted bits", Preset::Snspd, 0),
        ("snspd, 10^6", Preset::Snspd, 1),
        ("lim2014, 10^6", Preset::Lim2014, 0),
        ("gys, 10^6", Preset::Gys, 1),
    ] {
        let Claims { basis, intensity, read_bit, .. } = claims(preset, at);
        shown(&format!("| {name} | {} | {} | {} |", bits(basis), bits(intensity), bits(read_bit)));
    }
    let row = |what: &str, cutoffs: &dyn Fn(Chances) -> String| {
        shown(&format!("| {what} | {} | {} |", cutoffs(STARTING), cutoffs(RUNNING)));
    };
    row("H = 1: equal samples; pairs", &|chances| {
        let run = |entropy| repetition(entropy, chances.repetition);
        format!("{}; {}", run(1.0), run(2.0))
    });
    row("H = 1: of 1,024; of 512; of 512 pairs", &|chances| {
        let of = |window, entropy| proportion(window, entropy, chances.proportion);
        let (two, more, pairs) =
            (of(BINARY_WINDOW, 1.0), of(OTHER_WINDOW, 1.0), of(OTHER_WINDOW, 2.0));
        format!("{two}; {more}; {pairs}")
    });
    let basis = claims(Preset::Snspd, 0).basis;
    row("basis of snspd at 10^5 (H = .490): equal samples; of 1,024", &|chances| {
        let run = repetition(basis, chances.repetition);
        format!("{run}; {}", proportion(BINARY_WINDOW, basis, chances.proportion))
    });
}
