//! What the events are expected to give, double clicks, dead time and afterpulses included: worked
//! out over intensities, not over photon numbers as the simulator does.

use crate::link::LinkParameters;

/// Probabilities per pulse.
pub struct Expected {
    /// Of a click, by intensity.
    pub click: [f64; 3],
    /// Of a click with the wrong bit where both ends chose the same basis.
    pub error: [f64; 3],
    /// Of a click at a pulse of any intensity.
    pub all: f64,
}

/// Right detector and wrong one: their probabilities of clicking are independent in each of these
/// cases.
type Cases = Vec<(f64, f64, f64)>;

/// Weight, right, wrong for pulses of `mu` mean photons at misalignment `e`, where each detector
/// clicks without light with probability `own`.
fn cases(parameters: &LinkParameters, mu: f64, e: f64, own: f64) -> Cases {
    let t = parameters.device.transmittance(parameters.km);
    if !parameters.splits() {
        let clicks = |share: f64| 1.0 - (1.0 - own) * (-t * mu * share).exp();
        return vec![(1.0, clicks(1.0 - e), clicks(e))];
    }
    let several = |mu: f64| 1.0 - (-mu).exp() * (1.0 + mu);
    let signal = parameters.point.intensities[0];
    let asked = 1.0 - (-t * signal).exp();
    let forwarded = if asked <= several(signal) {
        several(mu) * asked / several(signal)
    } else {
        let single = (asked - several(signal)) / (signal * (-signal).exp());
        several(mu) + single * mu * (-mu).exp()
    };
    vec![(1.0 - forwarded, own, own), (forwarded * (1.0 - e), 1.0, own), (forwarded * e, own, 1.0)]
}

pub fn expected(parameters: &LinkParameters) -> Expected {
    let (device, point) = (&parameters.device, &parameters.point);
    let dark = 1.0 - (1.0 - device.background).sqrt();
    let resent = parameters.resent();
    let same_basis = point.q_x * point.q_x + (1.0 - point.q_x) * (1.0 - point.q_x);
    // Per pulse and detector, afterpulses are the afterpulse probability times the clicks they stem
    // from, themselves included.
    let mut afterpulses = 0.0;
    for _ in 0..50 {
        let own = 1.0 - (1.0 - dark) * (1.0 - afterpulses);
        let mut clicks = 0.0;
        for (mu, p) in point.intensities.iter().zip(point.probabilities) {
            let aligned = same_basis * (1.0 - resent) + resent / 2.0;
            for (e, share) in [(device.misalignment, aligned), (0.5, 1.0 - aligned)] {
                for (weight, right, wrong) in cases(parameters, *mu, e, own) {
                    clicks += p * share * weight * (right + wrong) / 2.0;
                }
            }
        }
        afterpulses = device.afterpulse * clicks;
    }
    let own = 1.0 - (1.0 - dark) * (1.0 - afterpulses);
    let (mut click, mut error) = ([0.0; 3], [0.0; 3]);
    for k in 0..3 {
        let share = resent / 2.0;
        for (e, share) in [(device.misalignment, 1.0 - share), (0.5, share)] {
            for (weight, right, wrong) in cases(parameters, point.intensities[k], e, own) {
                click[k] += share * weight * (1.0 - (1.0 - right) * (1.0 - wrong));
                error[k] += share * weight * wrong * (1.0 - right / 2.0);
            }
        }
    }
    let live = point.probabilities.iter().zip(click).map(|(p, click)| p * click).sum::<f64>();
    let ready = 1.0 / (1.0 + device.dead_pulses() as f64 * live);
    let [click, error] = [click, error].map(|rates| rates.map(|rate| ready * rate));
    Expected { click, error, all: ready * live }
}
