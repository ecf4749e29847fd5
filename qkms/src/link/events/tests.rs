//! What both ends of a block tell, counted, and how a link behaves as a value.

mod closed_form;
mod eavesdroppers;
mod expected;
mod values;

use crate::link::{AliceBlock, Basis, BobBlock, Counts, LinkParameters, Preset};

/// Detections of a block by what both ends know of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Tally {
    /// By intensity, in any bases.
    clicks: [u64; 3],
    /// By basis (X, Z) and intensity, where both ends agree in it.
    sifted: [[u64; 3]; 2],
    /// Those of them in error.
    errors: [[u64; 3]; 2],
}

impl Tally {
    fn of(alice: &AliceBlock, bob: &BobBlock) -> Self {
        let mut tally = Self::default();
        let choices = alice.choices(bob.detections.iter().map(|detection| detection.pulse));
        for (choice, detection) in choices.zip(&bob.detections) {
            let choice = choice.unwrap();
            let k = usize::from(choice.intensity);
            tally.clicks[k] += 1;
            if choice.basis == detection.basis {
                let basis = usize::from(choice.basis == Basis::Z);
                tally.sifted[basis][k] += 1;
                tally.errors[basis][k] += u64::from(choice.bit != detection.bit);
            }
        }
        tally
    }

    fn counts(&self) -> Counts {
        Counts {
            n_x: self.sifted[0],
            n_z: self.sifted[1],
            m_z: self.errors[1],
            m_x: Some(self.errors[0]),
        }
    }
}

/// A preset's link for finite keys without dead time and afterpulses, which closed forms leave out.
fn plain(preset: Preset, km: f64) -> LinkParameters {
    let mut device = preset.device();
    (device.afterpulse, device.dead_time) = (0.0, 0.0);
    LinkParameters { device, point: preset.finite(), km, eve: None, drift: None }
}

/// Holds if `counted` is within four standard errors of `expected`: of a Poisson number whose
/// standard deviation is `spread` times as large.
#[track_caller]
fn assert_near(counted: u64, expected: f64, spread: f64, what: &str) {
    let counted_f = counted as f64;
    let near = if expected > 25.0 {
        (counted_f - expected).abs() <= 4.0 * spread * expected.sqrt()
    } else {
        // Neither tail of the Poisson distribution is as unlikely as beyond four deviations.
        let term = |n: u64| {
            let factors = (1..=n).map(|i| expected / i as f64).product::<f64>();
            factors * (-expected).exp()
        };
        let below = (0..=counted).map(term).sum::<f64>();
        below > 3e-5 && 1.0 - below + term(counted) > 3e-5
    };
    assert!(near, "{what}: {counted} counted, {expected} expected");
}
