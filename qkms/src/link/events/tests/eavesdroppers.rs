//! What an eavesdropper does to a block that is distilled by its own counts.

use chacha20::{ChaCha20Rng, rand_core::SeedableRng};

use super::{Tally, assert_near, plain};
use crate::link::{
    Basis, Bound, Eavesdropper, Epsilons, Link, LinkParameters, NoKey, OperatingPoint, Preset,
    binary_entropy, finite::key_length, sampler::Sampler,
};

/// A small block near its optimum: preset, km, operating point, pulses.
const BLOCKS: [(Preset, f64, usize, u64); 3] = [
    (Preset::Gys, 10.0, 0, 84_791_423),
    (Preset::Lim2014, 10.0, 0, 118_352_799),
    (Preset::Snspd, 25.0, 1, 32_000_000),
];

fn block(index: usize, eve: Option<Eavesdropper>) -> (LinkParameters, u64) {
    let (preset, km, point, pulses) = BLOCKS[index];
    let (_, point) = preset.operating_points()[point];
    // Dead time and afterpulses would tie the signal's counts to those of the decoys.
    (LinkParameters { point, eve, ..plain(preset, km) }, pulses)
}

fn tally(index: usize, eve: Option<Eavesdropper>, seed: u8) -> (LinkParameters, Tally) {
    let (parameters, pulses) = block(index, eve);
    let (alice, bob) = Link::new(parameters, Some([seed; 32])).unwrap().block(pulses);
    (parameters, Tally::of(&alice, &bob))
}

fn sum(counts: [u64; 3]) -> f64 {
    counts.iter().sum::<u64>() as f64
}

/// What correcting X discloses at the device's efficiency.
fn leak(parameters: &LinkParameters, tally: &Tally) -> f64 {
    let bits = sum(tally.sifted[0]);
    parameters.device.efficiency * bits * binary_entropy(sum(tally.errors[0]) / bits)
}

fn length(parameters: &LinkParameters, tally: &Tally) -> Result<Bound, NoKey> {
    let OperatingPoint { intensities, probabilities, .. } = &parameters.point;
    let leak = leak(parameters, tally).ceil() as u64;
    key_length(intensities, probabilities, &tally.counts(), leak, Epsilons::default())
}

#[test]
fn honest_blocks_give_keys() {
    for index in 0..BLOCKS.len() {
        let (parameters, tally) = tally(index, None, 1);
        assert!(length(&parameters, &tally).unwrap().length > 10_000);
    }
}

#[test]
fn full_interception_gives_a_quarter_and_half_the_misalignment_and_no_key() {
    let all = Some(Eavesdropper::InterceptResend { share: 1.0 });
    for (index, misalignment) in [0.033, 0.005, 0.01].into_iter().enumerate() {
        let error = 0.25 + misalignment / 2.0;
        let (parameters, tally) = tally(index, all, 2);
        for basis in 0..2 {
            // Of the signal: dark counts among a weak decoy's clicks raise the whole a little.
            let (bits, errors) = (tally.sifted[basis][0], tally.errors[basis][0]);
            assert_near(errors, bits as f64 * error, 1.0, "errors");
        }
        assert!(length(&parameters, &tally).is_err());
    }
    // With dark counts, as printed: gys at 0 km.
    let mut parameters = block(0, all).0;
    (parameters.km, parameters.point.intensities) = (0.0, [0.48, 0.05, 0.0]);
    let (alice, bob) = Link::new(parameters, Some([3; 32])).unwrap().block(50_000_000);
    let tally = Tally::of(&alice, &bob);
    let bits = (tally.sifted[0][0] + tally.sifted[1][0]) as f64;
    assert_near(tally.errors[0][0] + tally.errors[1][0], bits * 0.266519, 1.0, "errors");
}

#[test]
fn splitting_leaves_the_qber_and_takes_the_key_which_only_decoys_tell() {
    for index in 0..BLOCKS.len() {
        let (_, honest) = tally(index, None, 4);
        let (parameters, split) = tally(index, Some(Eavesdropper::PhotonNumberSplitting), 5);
        // The signal's gain and QBER are what they were, each within the errors of two counts.
        let spread = 2f64.sqrt();
        assert_near(split.clicks[0], honest.clicks[0] as f64, spread, "signal");
        for basis in 0..2 {
            let bits = split.sifted[basis][0] as f64;
            let qber = honest.errors[basis][0] as f64 / honest.sifted[basis][0] as f64;
            assert_near(split.errors[basis][0], bits * qber, spread, "errors of the signal");
        }
        // The decoys betray it: their gain falls and no key is left.
        assert!((split.clicks[1] as f64) < 0.7 * honest.clicks[1] as f64);
        assert!(length(&parameters, &split).is_err(), "{:?}", length(&parameters, &split));
        // Whoever takes every detection for a single photon's, with Z's error rate as the phase
        // error rate, would have delivered a key that Eve knows.
        let phase_error = sum(split.errors[1]) / sum(split.sifted[1]);
        let believed = sum(split.sifted[0]) * (1.0 - binary_entropy(phase_error))
            - leak(&parameters, &split)
            - 6.0 * 21e9f64.log2()
            - 2e15f64.log2();
        assert!(believed > 10_000.0, "{believed}");
    }
}

#[test]
fn the_bounds_hold_of_the_photons_that_were_really_sent() {
    for index in 0..BLOCKS.len() {
        for (eve, seed) in [
            (None, 6),
            (None, 7),
            (Some(Eavesdropper::InterceptResend { share: 0.05 }), 8),
            (Some(Eavesdropper::PhotonNumberSplitting), 9),
        ] {
            let (parameters, pulses) = block(index, eve);
            let mut sampler = Sampler::new(parameters);
            let mut rng = ChaCha20Rng::from_seed([seed; 32]);
            let (mut tally, mut single, mut single_errors) = (Tally::default(), [0.0; 2], 0.0);
            while let Some(event) = sampler.next(pulses, &mut rng) {
                if event.sent_basis != event.basis {
                    continue;
                }
                let basis = usize::from(event.basis == Basis::Z);
                let error = event.sent_bit != event.bit;
                tally.sifted[basis][usize::from(event.intensity)] += 1;
                tally.errors[basis][usize::from(event.intensity)] += u64::from(error);
                if event.photons == 1 {
                    single[basis] += 1.0;
                    single_errors += f64::from(u8::from(error && basis == 1));
                }
            }
            let (s1_x, s1_z) = match length(&parameters, &tally) {
                Ok(bound) | Err(NoKey::TooShort(bound)) => {
                    assert!(bound.v1_z >= single_errors);
                    (bound.s1_x, bound.s1_z)
                }
                Err(NoKey::NoSinglePhotons { s1_x, s1_z }) => (s1_x, s1_z),
                other => panic!("{other:?}"),
            };
            assert!(s1_x <= single[0] && s1_z <= single[1], "{s1_x} {s1_z} {single:?}");
        }
    }
}
