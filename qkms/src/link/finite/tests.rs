use super::*;
use crate::link::{Preset, golden::assert_printed};

fn counts(n_x: [u64; 3], n_z: [u64; 3], m_z: [u64; 3]) -> Counts {
    Counts { n_x, n_z, m_z, m_x: None }
}

fn bound(preset: Preset, counts: Counts, leak: u64) -> Result<Bound, NoKey> {
    let point = preset.finite();
    let eps = Epsilons::default();
    key_length(&point.intensities, &point.probabilities, &counts, leak, eps)
}

const GYS: ([u64; 3], [u64; 3], [u64; 3]) =
    ([15_493_221, 7_759_471, 2457], [482_488, 241_644, 77], [15_994, 8046, 38]);

#[test]
fn lengths_of_count_vectors_are_those_of_two_independent_programs_to_the_bit() {
    for (preset, (n_x, n_z, m_z), leak, [s1_x, s1_z, v1_z, phi], length) in [
        (Preset::Gys, GYS, 5_969_916, ["15696379.2", "451304.6", "24777.9", ".057941"], 4_715_636),
        (
            Preset::Lim2014,
            ([10_822_302, 4_108_182, 1669], [201_241, 76_392, 31], [4842, 1840, 2]),
            2_835_769,
            ["9460350.3", "145214.9", "8326.4", ".062848"],
            3_420_611,
        ),
        (
            Preset::Snspd,
            ([17_893_167, 2_063_357, 1], [101_372, 11_690, 0], [1014, 117, 0]),
            1_870_356,
            ["10068413.9", "23552.1", "2950.8", ".144913"],
            2_187_325,
        ),
    ] {
        let bound = bound(preset, counts(n_x, n_z, m_z), leak).unwrap();
        assert_printed(bound.s1_x, s1_x);
        assert_printed(bound.s1_z, s1_z);
        assert_printed(bound.v1_z, v1_z);
        assert_printed(bound.phi, phi);
        assert_eq!(bound.length, length, "{preset}");
    }
}

#[test]
fn too_few_counts_leave_no_single_photons() {
    let counts = counts([46_375, 23_221, 25], [1444, 723, 1], [48, 25, 0]);
    match bound(Preset::Gys, counts, 18_112) {
        Err(NoKey::NoSinglePhotons { s1_x, s1_z }) => {
            assert_printed(s1_x, "33457.0");
            assert_printed(s1_z, "-1012.4");
        }
        other => panic!("{other:?}"),
    }
    let none = bound(Preset::Gys, Counts::default(), 0);
    assert_eq!(none, Err(NoKey::NoSinglePhotons { s1_x: 0.0, s1_z: 0.0 }));
}

#[test]
fn every_bit_disclosed_costs_a_bit_until_none_is_left() {
    let (n_x, n_z, m_z) = GYS;
    let length = |leak| bound(Preset::Gys, counts(n_x, n_z, m_z), leak);
    assert_eq!(length(5_969_917).unwrap().length, 4_715_635);
    let all = 5_969_916 + 4_715_636;
    assert_eq!(length(all - 1).unwrap().length, 1);
    assert!(matches!(length(all), Err(NoKey::TooShort(Bound { length: 0, .. }))));
}

#[test]
fn errors_that_are_half_of_all_leave_no_key() {
    let (n_x, n_z, _) = GYS;
    let m_z = n_z.map(|n| n / 2);
    match bound(Preset::Gys, counts(n_x, n_z, m_z), 0) {
        Err(NoKey::TooShort(bound)) => assert_eq!(bound.phi, 0.5),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_error_seen_counts_as_one() {
    let (n_x, n_z, _) = GYS;
    let bound = bound(Preset::Gys, counts(n_x, n_z, [0; 3]), 0).unwrap();
    assert_eq!(bound.v1_z, 0.0);
    assert!(bound.phi > 1.0 / bound.s1_z);
}

#[test]
fn counts_and_parameters_that_cannot_be_are_refused() {
    let (n_x, n_z, m_z) = GYS;
    let impossible = counts(n_x, n_z, [m_z[0], m_z[1], n_z[2] + 1]);
    assert_eq!(bound(Preset::Gys, impossible, 0), Err(NoKey::Counts));
    let impossible = Counts { m_x: Some([0, 0, n_x[2] + 1]), ..counts(n_x, n_z, m_z) };
    assert_eq!(bound(Preset::Gys, impossible, 0), Err(NoKey::Counts));
    let counts = counts(n_x, n_z, m_z);
    let length =
        |mu, p, secrecy| key_length(&mu, &p, &counts, 0, Epsilons { secrecy, correctness: 1e-15 });
    let (mu, p) = ([0.4, 0.2, 0.0], [0.4, 0.4, 0.2]);
    assert!(length(mu, p, 1e-9).is_ok());
    for (mu, p, secrecy) in [
        ([0.4, 0.4, 0.0], p, 1e-9),
        ([0.2, 0.4, 0.0], p, 1e-9),
        ([0.4, 0.2, 0.2], p, 1e-9),
        ([0.4, 0.2, -0.1], p, 1e-9),
        ([f64::NAN, 0.2, 0.0], p, 1e-9),
        ([f64::INFINITY, 0.2, 0.0], p, 1e-9),
        (mu, [0.4, 0.4, 0.3], 1e-9),
        (mu, [0.8, 0.2, 0.0], 1e-9),
        (mu, p, 0.0),
        (mu, p, 1.0),
        (mu, p, f64::NAN),
    ] {
        assert!(matches!(length(mu, p, secrecy), Err(NoKey::Parameter(_))), "{mu:?} {p:?}");
    }
}
