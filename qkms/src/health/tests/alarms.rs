//! False alarms of sound sources against what is expected.
//!
//! `QKMS_HEALTH_SAMPLES` sets the number of samples.

use super::{
    continuous::{Proportion, Repetition},
    *,
};
use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

fn samples() -> u64 {
    let set = std::env::var("QKMS_HEALTH_SAMPLES");
    set.ok().and_then(|number| number.parse().ok()).unwrap_or(1 << 28)
}

/// Fair bits, as bytes of zero and one.
fn fair(seed: u64, number: u64, mut take: impl FnMut(u8)) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..number / 64 {
        let mut word = rng.next_u64();
        for _ in 0..64 {
            take((word & 1) as u8);
            word >>= 1;
        }
    }
}

/// Samples between two alarms of the repetition count test that begins anew after each: a sound
/// source of two even values waits 2^C - 1 samples for a run of C.
fn between_repetitions(cutoff: u64) -> f64 {
    (cutoff as f64).exp2() - 1.0
}

/// The chance that one window raises an alarm: C or more of its samples equal the first, which is
/// one of them. `entropy` is that of a sample, whose values are as common as it allows.
fn chance_of_window(window: u32, cutoff: u32, entropy: f64) -> f64 {
    let others = window - 1;
    let ln_p = -entropy * core::f64::consts::LN_2;
    let ln_q = (-ln_p.exp_m1()).ln();
    let mut ln_term = f64::from(others) * ln_p;
    let mut sum = 0.0;
    for equal in (0..=others).rev() {
        if equal + 1 >= cutoff {
            sum += ln_term.exp();
        }
        ln_term += (f64::from(equal) / f64::from(others - equal + 1)).ln() + ln_q - ln_p;
    }
    sum
}

#[track_caller]
fn assert_near(counted: u64, expected: f64, what: &str) {
    let off = (counted as f64 - expected).abs() / expected.sqrt();
    println!("{what}: {counted} alarms, {expected:.1} expected, {off:.1} standard errors");
    assert!(off <= 4.0, "{what}: {counted} alarms, {expected} expected");
}

#[test]
fn sound_sources_raise_as_many_alarms_as_the_chance_says() {
    let number = samples() / 64 * 64;
    let [often, rarely] = [20, 24].map(Alpha);
    let run = |alpha| repetition(1.0, alpha);
    let share = |alpha| proportion(BINARY_WINDOW, 1.0, alpha);
    let mut repetitions = [often, rarely].map(|alpha| Repetition::new(run(alpha)));
    let mut proportions = [often, rarely].map(|alpha| Proportion::new(BINARY_WINDOW, share(alpha)));
    let (mut runs, mut shares) = ([0u64; 2], [0u64; 2]);
    fair(1, number, |bit| {
        for (test, count) in repetitions.iter_mut().zip(&mut runs) {
            *count += u64::from(test.take(bit));
        }
        for (test, count) in proportions.iter_mut().zip(&mut shares) {
            *count += u64::from(test.take(bit));
        }
    });
    for (at, alpha) in [often, rarely].into_iter().enumerate() {
        let Alpha(bits) = alpha;
        let expected = number as f64 / between_repetitions(run(alpha));
        assert_near(runs[at], expected, &format!("repetition count at 2^-{bits}"));
        // At most alpha, and less by what a whole number of samples cannot match.
        assert!(1.0 / between_repetitions(run(alpha)) <= alpha.chance());
        // Not quite at most alpha: see the next test but one.
        let chance = chance_of_window(BINARY_WINDOW, share(alpha), 1.0);
        assert!(chance <= 1.02 * alpha.chance(), "{chance}");
        let expected = number as f64 / f64::from(BINARY_WINDOW) * chance;
        if expected > 0.05 {
            assert_near(shares[at], expected, &format!("adaptive proportion at 2^-{bits}"));
        } else {
            assert!(shares[at] <= 1, "{} windows of {expected:.3}", shares[at]);
        }
    }
}

#[test]
fn windows_raise_as_many_alarms_as_their_chance_says() {
    // At 2^-8 a window there are alarms enough to compare in any run.
    let alpha = Alpha(8);
    let number = samples() / 16 / 64 * 64;
    let cutoff = proportion(BINARY_WINDOW, 1.0, alpha);
    let mut test = Proportion::new(BINARY_WINDOW, cutoff);
    let mut alarms = 0;
    fair(2, number, |bit| alarms += u64::from(test.take(bit)));
    let chance = chance_of_window(BINARY_WINDOW, cutoff, 1.0);
    // A window that alarms ends early: a little more than one in 1024 samples.
    let expected = number as f64 / f64::from(BINARY_WINDOW) * chance;
    assert_near(alarms, expected, "adaptive proportion at 2^-8");
}

#[test]
fn sound_sources_raise_no_alarm_at_the_running_chance() {
    let mut stream = continuous::Stream::new(2, 1.0, RUNNING);
    let mut found = None;
    fair(3, samples(), |bit| {
        if let Some(test) = stream.take(bit) {
            found = Some(test);
        }
    });
    assert_eq!(found, None);
}

/// The standard's formula takes the first sample of a window for one that may differ from itself, so
/// that windows alarm more often than alpha says.
#[test]
fn windows_of_all_sources_alarm_at_most_1_7_times_as_often_as_alpha() {
    use crate::link::{LinkParameters, Preset};
    let mut most = 0.0f64;
    for preset in Preset::ALL {
        for (_, point) in preset.operating_points() {
            let device = preset.device();
            let parameters =
                LinkParameters { device, point: *point, km: 10.0, eve: None, drift: None };
            let Claims { sent_bit, basis, intensity, read_bit } = Claims::new(&parameters);
            for entropy in [sent_bit, basis, intensity, read_bit] {
                for (window, entropy) in [(1024, entropy), (512, entropy), (512, 2.0 * entropy)] {
                    for alpha in [STARTING.proportion, RUNNING.proportion] {
                        let cutoff = proportion(window, entropy, alpha);
                        let chance = chance_of_window(window, cutoff, entropy);
                        most = most.max(chance / alpha.chance());
                    }
                }
            }
        }
    }
    assert!((1.2..=1.7).contains(&most), "{most}");
}

/// What the document says of a year at 10^7 detections a second.
#[test]
fn a_sound_link_is_closed_by_chance_once_in_110_years() {
    let a_year = 1e7 * 365.25 * 86_400.0;
    // Six sources, sample by sample and, half as often, pair by pair.
    let repetitions = 9.0 * a_year * RUNNING.repetition.chance();
    // Bits and bases of both ends in windows of 1024; intensity and detector in windows of 512;
    // pairs of all six in windows of 512 pairs.
    let windows = a_year * (4.0 / 1024.0 + 2.0 / 512.0 + 6.0 / 1024.0);
    let proportions = 1.7 * windows * RUNNING.proportion.chance();
    let closings = repetitions + proportions;
    assert!((107.0..115.0).contains(&(1.0 / closings)), "{closings} a year");
    // And at 2^-20 a sample and 10^5 samples a second every ten seconds.
    assert!((1.0 / (1e5 * Alpha(20).chance()) - 10.5).abs() < 0.1);
    // The start-up test of all six sources.
    let start =
        9.0 * 1024.0 * STARTING.repetition.chance() + 1.7 * 14.0 * STARTING.proportion.chance();
    assert!((3.2e7..3.4e7).contains(&(1.0 / start)), "{start}");
}
