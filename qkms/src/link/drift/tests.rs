use chacha20::{ChaCha20Rng, rand_core::SeedableRng};

use super::*;

const DRIFT: Drift = Drift { step: 1.0, relaxation: 10.0, loss: 0.5, misalignment: 0.002 };

#[test]
fn deviations_have_the_mean_spread_and_memory_that_are_asked_for() {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let (mut at, steps) = (Deviation::default(), 200_000);
    let [mut sum, mut squares, mut products] = [0.0; 3];
    for _ in 0..steps {
        let next = at.step(&DRIFT, &mut rng);
        sum += next.loss;
        squares += next.loss * next.loss;
        products += next.loss * at.loss;
        at = next;
    }
    let n = f64::from(steps);
    // The mean of a process with memory tau counts n / (2 tau) independent samples.
    assert!((sum / n).abs() < 4.0 * 0.5 * (20.0 / n).sqrt());
    assert!((squares / n / 0.25 - 1.0).abs() < 4.0 * (20.0 / n).sqrt());
    assert!((products / squares - (-0.1f64).exp()).abs() < 4.0 * (0.2 / n).sqrt());
}

#[test]
fn loss_and_misalignment_wander_on_their_own() {
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let (mut at, mut both, steps) = (Deviation::default(), 0.0, 200_000);
    for _ in 0..steps {
        at = at.step(&DRIFT, &mut rng);
        both += at.loss / DRIFT.loss * at.misalignment / DRIFT.misalignment;
    }
    assert!((both / f64::from(steps)).abs() < 4.0 * (20.0 / f64::from(steps)).sqrt());
}

#[test]
fn what_is_no_drift_is_refused() {
    DRIFT.check().unwrap();
    for drift in [
        Drift { step: 0.0, ..DRIFT },
        Drift { relaxation: f64::INFINITY, ..DRIFT },
        Drift { loss: -0.1, ..DRIFT },
        Drift { misalignment: 0.6, ..DRIFT },
        Drift { misalignment: f64::NAN, ..DRIFT },
    ] {
        assert!(drift.check().is_err(), "{drift:?}");
    }
}
