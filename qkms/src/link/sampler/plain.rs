//! The oracle: a loop over pulses that follows every photon, in the simplest words.

use chacha20::rand_core::Rng;
use rand_distr::{Distribution, Poisson};

use super::{Basis, Deviation, Event, LinkParameters, basis, uniform};

/// Sends `pulses` pulses over a link and hands each detection to `seen`.
pub fn run(
    parameters: &LinkParameters,
    pulses: u64,
    rng: &mut impl Rng,
    mut seen: impl FnMut(Event),
) {
    let LinkParameters { device, point, .. } = parameters;
    let happens = |p: f64, rng: &mut _| uniform(rng) < p;
    let dark = 1.0 - (1.0 - device.background).sqrt();
    let mut deviation = Deviation::default();
    // The first pulse at which the detectors are ready; traps with their first pulse of release.
    let (mut ready, mut traps) = (0, Vec::<(u64, bool)>::new());
    for pulse in 0..pulses {
        if let Some(drift) = &parameters.drift {
            let step = (drift.step * device.pulse_rate) as u64;
            if pulse > 0 && pulse % step == 0 {
                deviation = deviation.step(drift, rng);
            }
        }
        let t = device.transmittance(parameters.km) * 10f64.powf(-deviation.loss / 10.0);
        let e = (device.misalignment + deviation.misalignment).clamp(0.0, 0.5);

        // Alice.
        let choice = uniform(rng);
        let intensity = usize::from(choice >= point.probabilities[0])
            + usize::from(choice >= point.probabilities[0] + point.probabilities[1]);
        let mu = point.intensities[intensity];
        let photons = if mu > 0.0 { Poisson::new(mu).unwrap().sample(rng) as u32 } else { 0 };
        let (sent_basis, sent_bit) = (basis(point.q_x, rng), happens(0.5, rng));

        // Eve and the fibre.
        let (mut state_basis, mut state_bit) = (sent_basis, sent_bit);
        if happens(parameters.resent(), rng) {
            let eve = if happens(0.5, rng) { Basis::X } else { Basis::Z };
            if eve != sent_basis {
                (state_basis, state_bit) = (eve, happens(0.5, rng));
            }
        }
        let arriving = if parameters.splits() {
            let mu = point.intensities[0];
            let several = (1.0 - (-t * mu).exp()) / (1.0 - (-mu).exp() * (1.0 + mu));
            assert!(several <= 1.0, "the oracle splits only where several photons suffice");
            u32::from(photons > 1 && happens(several, rng))
        } else {
            (0..photons).filter(|_| happens(t, rng)).count() as u32
        };

        // Bob.
        let basis = basis(point.q_x, rng);
        let mut clicked = [false; 2];
        traps.retain(|(from, detector)| {
            let released = pulse >= *from && happens(1.0 / device.afterpulse_delay, rng);
            clicked[usize::from(*detector)] |= released;
            !released
        });
        if pulse < ready {
            continue;
        }
        for _ in 0..arriving {
            let wrong = happens(if basis == state_basis { e } else { 0.5 }, rng);
            clicked[usize::from(state_bit != wrong)] = true;
        }
        for detector in &mut clicked {
            *detector |= happens(dark, rng);
        }
        if clicked == [false; 2] {
            continue;
        }
        ready = pulse + 1 + device.dead_pulses();
        for detector in [false, true] {
            if clicked[usize::from(detector)] && happens(device.afterpulse, rng) {
                traps.push((ready, detector));
            }
        }
        let double = clicked == [true; 2];
        let bit = if double { happens(0.5, rng) } else { clicked[1] };
        let intensity = intensity as u8;
        seen(Event { pulse, intensity, photons, sent_basis, sent_bit, basis, bit, double });
    }
}
