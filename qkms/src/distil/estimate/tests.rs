use super::*;
use crate::distil::Limits;
use crate::link::{Epsilons, Preset};
use proptest::prelude::*;

fn params(preset: Preset) -> Params {
    Params { point: preset.finite(), epsilons: Epsilons::default(), limits: Limits::default() }
}

fn counts(n_x: [u64; 3], n_z: [u64; 3], m_z: [u64; 3]) -> Counts {
    Counts { n_x, n_z, m_z, m_x: None }
}

/// Golden counts with the golden disclosure and length.
fn golden() -> [(Preset, Counts, u64, u64); 3] {
    [
        (
            Preset::Gys,
            counts([15_493_221, 7_759_471, 2457], [482_488, 241_644, 77], [15_994, 8046, 38]),
            5_969_916,
            4_715_636,
        ),
        (
            Preset::Lim2014,
            counts([10_822_302, 4_108_182, 1669], [201_241, 76_392, 31], [4842, 1840, 2]),
            2_835_769,
            3_420_611,
        ),
        (
            Preset::Snspd,
            counts([17_893_167, 2_063_357, 1], [101_372, 11_690, 0], [1014, 117, 0]),
            1_870_356,
            2_187_325,
        ),
    ]
}

#[test]
fn the_length_is_lim_s_less_the_vacuum_s_share() {
    for (preset, counts, parities, lim) in golden() {
        let params = params(preset);
        let before = judge(&params, &counts).unwrap().unwrap();
        let leak = leak(&params, &before, parities, 50);
        let length = bound(&params, &counts, leak).unwrap().length;
        let vacuum = before.s0_x.ceil() as u64;
        assert_eq!(leak, parities + vacuum + RECORD_BITS);
        assert!(
            length <= lim && length + vacuum + RECORD_BITS + 1 >= lim,
            "{preset}: {length}, {lim}"
        );
    }
}

#[test]
fn errors_in_z_over_the_limit_come_first() {
    let (preset, mut counts, ..) = golden()[0];
    counts.m_z = [40_000, 20_000, 38];
    assert_eq!(judge(&params(preset), &counts).unwrap(), Err(Reason::Qber));
    counts.m_z = [15_994, 8046, 38];
    let mut params = params(preset);
    params.limits.qber = 24_078.0 / 724_209.0;
    assert!(judge(&params, &counts).unwrap().is_ok(), "the limit itself is allowed");
}

#[test]
fn a_phase_error_rate_over_the_limit_closes() {
    let (preset, counts, ..) = golden()[2];
    let mut params = params(preset);
    // phi is .144913.
    params.limits.phase_error = 0.145;
    assert!(judge(&params, &counts).unwrap().is_ok());
    params.limits.phase_error = 0.1449;
    assert_eq!(judge(&params, &counts).unwrap(), Err(Reason::PhaseError));
}

#[test]
fn split_photon_numbers_collapse_the_decoy_bound() {
    // The weak decoy's gain at .1446 of the honest one (golden values, gys at 50 km).
    let (preset, mut counts, ..) = golden()[0];
    counts.n_x[1] = 1_122_019;
    counts.n_z[1] = 34_942;
    counts.m_z[1] = 1163;
    assert_eq!(judge(&params(preset), &counts).unwrap(), Err(Reason::DecoyCollapse));
}

#[test]
fn a_small_block_yields_nothing_and_closes_nothing() {
    // Golden values: s1Z is -1012.4 with the allowance for chance, and positive without.
    let small = counts([46_375, 23_221, 25], [1444, 723, 1], [48, 25, 0]);
    let judged = judge(&params(Preset::Gys), &small).unwrap();
    assert_eq!(judged, Err(Reason::TooFewDetections));
    assert!(!Reason::TooFewDetections.closes_link());
    let none = judge(&params(Preset::Gys), &Counts::default()).unwrap();
    assert_eq!(none, Err(Reason::TooFewDetections));
}

#[test]
fn the_least_disclosure_is_the_logarithm_of_the_number_of_error_patterns() {
    assert!(least_disclosure(100, 0).abs() < 1e-9);
    assert!((least_disclosure(10, 3) - 120f64.log2()).abs() < 1e-9);
    assert!((least_disclosure(40, 1) - 40f64.log2()).abs() < 1e-6);
    let exact = (0..50).map(|k| f64::from(1000 - k).log2() - f64::from(50 - k).log2()).sum::<f64>();
    assert!((least_disclosure(1000, 50) - exact).abs() < 1e-6);
    // .994 to .999 of n h at the golden table's sizes.
    let share = least_disclosure(16_384, 541) / (16_384.0 * binary_entropy(541.0 / 16_384.0));
    assert!((0.994..0.9995).contains(&share), "{share}");
}

proptest! {
    #[test]
    fn no_length_exceeds_lim_s_from_the_same_counts(
        n_x in [0u64..1 << 24, 0u64..1 << 24, 0u64..1 << 12],
        n_z in [0u64..1 << 22, 0u64..1 << 22, 0u64..1 << 12],
        rate in 0.0f64..0.1, parities in 0u64..1 << 22, preset in prop::sample::select(&Preset::ALL[..]),
    ) {
        let m_z = n_z.map(|n| (n as f64 * rate) as u64);
        let counts = counts(n_x, n_z, m_z);
        let params = params(preset);
        if let Ok(before) = judge(&params, &counts).unwrap() {
            let lim = bound(&params, &counts, parities).map_or(0, |bound| bound.length);
            let leak = leak(&params, &before, parities, 50);
            let ours = bound(&params, &counts, leak).map_or(0, |bound| bound.length);
            prop_assert!(ours <= lim);
            prop_assert!(before.phi <= params.limits.phase_error);
        }
    }
}
