use chacha20::{ChaCha20Rng, rand_core::SeedableRng};

use super::*;
use crate::link::{Device, Drift, Eavesdropper, Model, OperatingPoint, golden::detections_asked};

/// A link on which everything that there is happens often: double clicks, dark counts, errors.
fn bright() -> LinkParameters {
    LinkParameters {
        device: Device {
            model: Model::Ma,
            attenuation: 0.2,
            bob_transmittance: 0.5,
            background: 0.01,
            misalignment: 0.05,
            afterpulse: 0.0,
            afterpulse_delay: 1.0,
            efficiency: 1.16,
            pulse_rate: 1e6,
            dead_time: 0.0,
        },
        point: OperatingPoint {
            q_x: 0.7,
            probabilities: [0.5, 0.3, 0.2],
            intensities: [0.9, 0.4, 0.05],
        },
        km: 5.0,
        eve: None,
        drift: None,
    }
}

/// Detections by everything that describes one, and by what ties it to the one before.
struct Seen {
    cells: Vec<f64>,
    last: Option<Event>,
}

impl Seen {
    const KINDS: usize = 3 * 2 * 2 * 2 * 3;
    const GAPS: usize = 40;

    fn new() -> Self {
        Self { cells: vec![0.0; Self::KINDS + 4 * Self::GAPS], last: None }
    }

    fn add(&mut self, event: Event) {
        let mut kind = usize::from(event.intensity);
        for flag in
            [event.sent_basis == Basis::X, event.basis == Basis::X, event.sent_bit == event.bit]
        {
            kind = 2 * kind + usize::from(flag);
        }
        self.cells[3 * kind + event.photons.min(2) as usize] += 1.0;
        if let Some(last) = self.last {
            let gap = event.pulse - last.pulse;
            // Single pulses first, then by the logarithm.
            let gap = if gap <= 20 { gap as usize } else { 16 + gap.ilog2() as usize };
            let alike = usize::from(event.bit == last.bit);
            let sure = usize::from(event.photons > 0);
            self.cells[Self::KINDS + 4 * gap.min(Self::GAPS - 1) + 2 * sure + alike] += 1.0;
        }
        self.last = Some(event);
    }

    /// Standard deviations by which the chi-squared statistic of two samples lies above its mean
    /// (Wilson and Hilferty 1931): the two were drawn from the same distribution or not.
    fn deviation(&self, other: &Self) -> f64 {
        let total = |seen: &Self| seen.cells.iter().sum::<f64>();
        let ratio = (total(self) / total(other)).sqrt();
        // Cells too thin for a normal approximation are one.
        let mut thin = (0.0, 0.0);
        let (mut statistic, mut cells) = (0.0, 0.0);
        let mut add = |a: f64, b: f64| {
            statistic += (a / ratio - b * ratio).powi(2) / (a + b);
            cells += 1.0;
        };
        for (a, b) in self.cells.iter().zip(&other.cells) {
            if a + b < 20.0 {
                thin = (thin.0 + a, thin.1 + b);
            } else {
                add(*a, *b);
            }
        }
        if thin.0 + thin.1 > 0.0 {
            add(thin.0, thin.1);
        }
        // Either total is given, in each of the two groups of cells.
        let freedom = cells - 2.0;
        let spread = 2.0 / (9.0 * freedom);
        ((statistic / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
    }
}

fn jumping(parameters: &LinkParameters, pulses: u64, seed: u8) -> Seen {
    let (mut sampler, mut rng) = (Sampler::new(*parameters), ChaCha20Rng::from_seed([seed; 32]));
    let mut seen = Seen::new();
    // Blocks of odd lengths: their ends must not show.
    let mut end = 0;
    while end < pulses {
        end = (end + 997).min(pulses);
        while let Some(event) = sampler.next(end, &mut rng) {
            seen.add(event);
        }
    }
    seen
}

fn plain(parameters: &LinkParameters, pulses: u64, seed: u8) -> Seen {
    let (mut seen, mut rng) = (Seen::new(), ChaCha20Rng::from_seed([seed; 32]));
    plain::run(parameters, pulses, &mut rng, |event| seen.add(event));
    seen
}

/// Draws about as many detections as are asked for from both and compares.
fn agree(parameters: LinkParameters) {
    let rate = Sampler::new(parameters).expected(1_000_000) / 1e6;
    let pulses = (detections_asked() as f64 / rate) as u64;
    let (jumped, looped) = (jumping(&parameters, pulses, 3), plain(&parameters, pulses, 4));
    let deviation = jumped.deviation(&looped);
    assert!(deviation.abs() < 4.0, "{deviation}");
    let counted = |seen: &Seen| seen.cells[..Seen::KINDS].iter().sum::<f64>();
    let (jumped, looped) = (counted(&jumped), counted(&looped));
    // Afterpulses come in bunches, which widens the spread of a count.
    let spread = (jumped + looped).sqrt() * (1.0 + 2.0 * parameters.device.afterpulse);
    let drifts = parameters.drift.is_some();
    assert!(drifts || (jumped - looped).abs() < 4.0 * spread, "{jumped} {looped}");
}

#[test]
fn jumps_are_distributed_as_a_loop_over_pulses_without_eve() {
    agree(bright());
}

#[test]
fn jumps_are_distributed_as_a_loop_over_pulses_under_interception() {
    agree(LinkParameters { eve: Some(Eavesdropper::InterceptResend { share: 0.4 }), ..bright() });
}

#[test]
fn jumps_are_distributed_as_a_loop_over_pulses_under_splitting() {
    let eve = Some(Eavesdropper::PhotonNumberSplitting);
    agree(LinkParameters { eve, km: 20.0, ..bright() });
}

#[test]
fn jumps_are_distributed_as_a_loop_over_pulses_with_afterpulses() {
    let device = Device { afterpulse: 0.3, afterpulse_delay: 4.0, ..bright().device };
    agree(LinkParameters { device, ..bright() });
}

#[test]
fn jumps_are_distributed_as_a_loop_over_pulses_with_dead_time() {
    let device = Device { dead_time: 3e-6, ..bright().device };
    agree(LinkParameters { device, ..bright() });
}

#[test]
fn jumps_are_distributed_as_a_loop_over_pulses_with_everything_at_once() {
    let device =
        Device { dead_time: 5e-6, afterpulse: 0.4, afterpulse_delay: 6.0, ..bright().device };
    let drift = Drift { step: 50e-6, relaxation: 200e-6, loss: 1.5, misalignment: 0.03 };
    agree(LinkParameters {
        device,
        eve: Some(Eavesdropper::InterceptResend { share: 0.2 }),
        drift: Some(drift),
        ..bright()
    });
}

#[test]
fn the_comparison_sees_small_differences() {
    let pulses = 400_000;
    let looped = plain(&bright(), pulses, 4);
    let other = |device: Device, km: f64| {
        jumping(&LinkParameters { device, km, ..bright() }, pulses, 3).deviation(&looped)
    };
    let device = bright().device;
    assert!(other(device, 5.0) < 4.0);
    assert!(other(Device { misalignment: 0.07, ..device }, 5.0) > 4.0);
    assert!(other(Device { background: 0.014, ..device }, 5.0) > 4.0);
    assert!(other(Device { afterpulse: 0.02, ..device }, 5.0) > 4.0);
    assert!(other(Device { dead_time: 1e-6, ..device }, 5.0) > 4.0);
    assert!(other(device, 8.0) > 4.0);
}

#[test]
fn where_nothing_clicks_there_are_no_detections() {
    let device = Device { background: 0.0, ..bright().device };
    let dark = LinkParameters { device, km: 1e6, ..bright() };
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    assert!(Sampler::new(dark).next(u64::MAX, &mut rng).is_none());
}
