//! Sick sources are found within the samples that the document states, sound ones are not.

use super::*;
use crate::link::{Link, LinkParameters, Preset};
use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Uniform in [0, 1).
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn parameters(preset: Preset) -> LinkParameters {
    let (_, point) = preset.operating_points()[0];
    LinkParameters { device: preset.device(), point, km: 10.0, eve: None, drift: None }
}

/// Bob's end with sound bases, whose detectors click by `bit`, which is told the sample's number
/// and a number in [0, 1).
struct Detectors<F> {
    rng: ChaCha8Rng,
    monitor: Monitor,
    sent: u64,
    bit: F,
}

impl<F: FnMut(u64, f64) -> bool> Detectors<F> {
    fn new(seed: u64, bit: F) -> Self {
        let monitor = Monitor::bob(&Claims::new(&parameters(Preset::Snspd)));
        Self { rng: ChaCha8Rng::seed_from_u64(seed), monitor, sent: 0, bit }
    }

    /// One block.
    fn block(&mut self, samples: u64) -> Health {
        let Self { rng, monitor, sent, bit } = self;
        let q_x = parameters(Preset::Snspd).point.q_x;
        monitor.check((0..samples).map(|_| {
            let value = u8::from(bit(*sent, uniform(rng)));
            *sent += 1;
            [value, u8::from(uniform(rng) >= q_x), value]
        }))
    }

    /// Samples from the end of a sound start-up test up to the failure, in one block of `most`.
    fn found(seed: u64, most: u64, bit: F) -> Failure {
        let mut this = Self::new(seed, bit);
        this.monitor.skip_start_up();
        let health = this.block(most);
        health.failure.unwrap_or_else(|| panic!("seed {seed}: {health:?}"))
    }
}

fn is_a_detector_s(failure: Failure) -> bool {
    matches!(failure.source, Source::Bit | Source::Detector)
}

#[test]
fn a_stuck_detector_is_found_within_61_samples() {
    for stuck in [false, true] {
        let failure = Detectors::found(1, 1000, |_, _| stuck);
        assert!(is_a_detector_s(failure) && failure.samples <= 61, "{failure:?}");
        assert!(matches!(failure.test, Test::Repetition | Test::PairRepetition));
    }
    // While it starts up within 41.
    let failure = Detectors::new(1, |_, _| true).block(1000).failure.unwrap();
    assert!(failure.samples <= 41, "{failure:?}");
}

#[test]
fn detectors_that_take_turns_are_found_within_64_samples() {
    for phase in [0, 1] {
        let failure = Detectors::found(1, 1000, |sample, _| (sample + phase) % 2 == 0);
        assert_eq!(failure.test, Test::PairRepetition);
        assert!(is_a_detector_s(failure) && failure.samples <= 64, "{failure:?}");
    }
}

#[test]
fn turns_of_two_are_found_within_2048_samples() {
    for phase in 0..4 {
        let failure = Detectors::found(1, 4096, |sample, _| (sample + phase) % 4 < 2);
        assert!(is_a_detector_s(failure) && failure.samples <= 2048, "{failure:?}");
    }
}

#[test]
fn detectors_at_60_to_40_are_found_by_the_end_of_a_block_of_5000() {
    for seed in 0..200 {
        let failure = Detectors::found(seed, 5000, |_, uniform| uniform < 0.6);
        assert!(is_a_detector_s(failure) && failure.samples <= 5000, "{failure:?}");
    }
}

#[test]
fn detectors_at_60_to_40_fail_a_start_up_test_more_often_than_a_third_of_the_time() {
    let failed = (0..300).filter(|seed| {
        let mut detectors = Detectors::new(*seed, |_, uniform| uniform < 0.6);
        // The share of the whole is judged at a block's end: here only what start-up tests see.
        let health = detectors.block(START_UP);
        health.failure.is_some_and(|failure| failure.test != Test::MostCommon)
    });
    assert!(failed.count() > 100);
}

#[test]
fn a_drifting_detector_is_found_before_it_makes_70_of_100_clicks() {
    // From even to always in a million samples; without the share of the block, which only its end
    // tells.
    for seed in 0..20 {
        let failure = Detectors::found(seed, 1_000_000, |sample, uniform| {
            uniform < 0.5 + 0.5 * sample as f64 / 1e6
        });
        assert_ne!(failure.test, Test::MostCommon);
        assert!(is_a_detector_s(failure) && failure.samples <= 400_000, "{failure:?}");
    }
}

#[test]
fn detectors_that_always_click_together_are_found_though_their_bits_are_random() {
    let mut monitor = Monitor::bob(&Claims::new(&parameters(Preset::Snspd)));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let health = monitor.check((0..1000).map(|_| {
        let bit = u8::from(uniform(&mut rng) < 0.5);
        [bit, u8::from(uniform(&mut rng) >= 0.7), 2]
    }));
    let failure = health.failure.unwrap();
    assert_eq!(failure.source, Source::Detector);
    assert!(failure.samples <= 41, "{failure:?}");
}

#[test]
fn sound_links_of_all_presets_are_sound_at_both_ends() {
    for (seed, preset) in (0..).zip(Preset::ALL) {
        for excess_loss in [0.0, 3.0, 10.0] {
            let parameters = parameters(preset);
            let claims = Claims::new(&parameters);
            let (mut alice, mut bob) = (Monitor::alice(&claims), Monitor::bob(&claims));
            let mut link = Link::new(parameters, Some([seed; 32])).unwrap();
            link.configure(parameters, excess_loss).unwrap();
            for _ in 0..3 {
                let (sent, seen) = link.block(20_000_000);
                let clicks = seen.detections.len() as u64;
                for health in [alice.check_alice(&sent), bob.check_bob(&seen)] {
                    assert!(health.is_sound(), "{preset} {excess_loss}: {health:?}");
                    for measured in health.sources {
                        assert_eq!(measured.samples, clicks);
                        // The estimate lies below the claim by its allowance for chance alone.
                        let claim = f64::from(measured.claim) / 1e6;
                        let least = claim - 12.0 / (clicks as f64).sqrt();
                        assert!(measured.min_entropy() > least, "{preset} {measured:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn split_photon_numbers_are_left_to_the_decoy_bound() {
    use crate::link::Eavesdropper::PhotonNumberSplitting;
    for (seed, preset, km) in [(1, Preset::Snspd, 50.0), (2, Preset::Gys, 50.0)] {
        let parameters =
            LinkParameters { km, eve: Some(PhotonNumberSplitting), ..parameters(preset) };
        let mut alice = Monitor::alice(&Claims::new(&parameters));
        let (sent, _) = Link::new(parameters, Some([seed; 32])).unwrap().block(30_000_000);
        assert_eq!(alice.check_alice(&sent).failure, None, "{preset}");
    }
}

#[test]
fn a_block_without_a_whole_start_up_test_is_not_sound_and_the_next_one_goes_on() {
    let mut detectors = Detectors::new(1, |_, uniform| uniform < 0.5);
    let first = detectors.block(START_UP - 1);
    assert!(!first.is_sound() && first.failure.is_none());
    assert!(detectors.block(1).is_sound());
}

#[test]
fn after_a_failure_a_whole_start_up_test_comes_first() {
    let broken = core::cell::Cell::new(false);
    let mut detectors = Detectors::new(1, |_, uniform| broken.get() || uniform < 0.5);
    assert!(detectors.block(2 * START_UP).is_sound());
    broken.set(true);
    let failed = detectors.block(100);
    assert!(failed.failure.is_some() && !failed.started);
    broken.set(false);
    assert!(!detectors.block(START_UP - 1).is_sound());
    assert!(detectors.block(1).is_sound());
}

#[test]
fn claims_follow_the_operating_point_and_the_device() {
    let claims = Claims::new(&parameters(Preset::Snspd));
    assert_eq!((claims.sent_bit, claims.read_bit), (1.0, 1.0));
    assert!((claims.basis - -(0.712f64.log2())).abs() < 1e-12);
    // The weaker one's share is largest where no light is lost.
    let [bright, weak] = [0.156 * (1.0 - f64::exp(-0.617)), 0.542 * (1.0 - f64::exp(-0.239))];
    assert!((claims.intensity - -f64::log2(weak / (weak + bright))).abs() < 1e-6, "{claims:?}");
    let claims = Claims::new(&parameters(Preset::Lim2014));
    assert!((claims.read_bit - -(0.52f64.log2())).abs() < 1e-12);
}
