//! What the sources claim.

use crate::link::{LinkParameters, OperatingPoint};

/// Min-entropy a sample that each source claims, in bits.
///
/// | source | H | reason |
/// |---|---|---|
/// | Alice's bit | 1 | the proof of the key takes it as uniform, and so the generator has to be |
/// | either basis | -lg max(q_x, 1 - q_x) | X is chosen with q_x |
/// | intensity | -lg of the largest share that an intensity has of the detections, at any loss | the probability of an intensity, p, weighs in with its gain, which loss and dark counts move between p itself, p mu and p (1 - e^-mu) |
/// | Bob's bit, detector | -lg ((1 + p_ap)/2) | the proof takes the detectors as equal; an afterpulse repeats the detector of the click before |
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Claims {
    /// Alice's bit.
    pub sent_bit: f64,
    /// The basis at either end.
    pub basis: f64,
    /// The intensity.
    pub intensity: f64,
    /// Bob's bit, and which detector clicked.
    pub read_bit: f64,
}

impl Claims {
    /// The claims of a link. Its loss has no part in them, so that a link which loses more than it did
    /// is not taken for a sick one.
    pub fn new(parameters: &LinkParameters) -> Self {
        Self::of(&parameters.point, parameters.device.afterpulse)
    }

    /// The claims at an operating point, with detectors that afterpulse with a chance of
    /// `afterpulse`.
    pub fn of(point: &OperatingPoint, afterpulse: f64) -> Self {
        let bits = |share: f64| -share.log2();
        Self {
            sent_bit: 1.0,
            basis: bits(point.q_x.max(1.0 - point.q_x)),
            intensity: bits(largest_share(point)),
            read_bit: bits((1.0 + afterpulse) / 2.0),
        }
    }
}

/// The largest share of the detections that one intensity can have: among dark counts its
/// probability, among those of light what transmittances of 1 to 2^-40 leave. A mixture of both has
/// no larger one.
fn largest_share(point: &OperatingPoint) -> f64 {
    let dark = point.probabilities.iter().copied().fold(0.0, f64::max);
    let light = (0..=40).map(|halvings| {
        let transmittance = (-f64::from(halvings)).exp2();
        let settings = point.probabilities.iter().zip(&point.intensities);
        let gains = settings.map(|(p, mu)| -p * (-transmittance * mu).exp_m1());
        let (most, all) =
            gains.fold((0.0f64, 0.0), |(most, all), gain| (most.max(gain), all + gain));
        most / all
    });
    light.fold(dark, f64::max)
}
