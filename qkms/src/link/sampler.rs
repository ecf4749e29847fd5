//! Events on a link, one detection after the other.
//!
//! - Every pulse is set by Alice (intensity, basis, bit) and measured by Bob in a basis of his own
//!   choice, all independent. [`channel`](super::channel) says what clicks.
//! - If both detectors click the bit is random. A click makes both blind for the dead time.
//! - Each detector that clicks releases one more click of its own with the afterpulse probability,
//!   after a geometric delay that begins with the first pulse after the dead time; one that falls
//!   into a later dead time is lost. An afterpulse is a click like any other and may have one of
//!   its own.
//! - An Eve who resends takes part in a pulse with the probability of her share, measures in X or Z
//!   at even odds, and sends on what she found.
//! - Between steps of a drift nothing changes, so that the number of pulses up to the next one at
//!   which light or darkness clicks is geometric. The sampler draws that number and then the
//!   pulse given that it clicked; at a release it draws the pulse given that light and darkness
//!   did not. Whatever is cut off at a step, a block's end or a dead time is drawn afresh, which a
//!   geometric number allows. The distribution is that of a loop over pulses; the cost is that of
//!   the detections.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use chacha20::rand_core::Rng;
use rand_distr::{Distribution, weighted::WeightedAliasIndex};

use super::{
    Basis,
    channel::{Channel, Tables},
    drift::Deviation,
    setup::LinkParameters,
};

/// A detection with everything that nature knows of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    /// Pulses sent before this one since the link came up.
    pub pulse: u64,
    /// Index of Alice's intensity.
    pub intensity: u8,
    /// Photons that she sent.
    pub photons: u32,
    /// Her basis.
    pub sent_basis: Basis,
    /// Her bit.
    pub sent_bit: bool,
    /// Bob's basis.
    pub basis: Basis,
    /// Bob's bit.
    pub bit: bool,
    /// Whether both of his detectors clicked.
    pub double: bool,
}

/// Detectors that click, the one of bit 0 first.
type Clicks = [bool; 2];

pub(super) struct Sampler {
    parameters: LinkParameters,
    /// Share of pulses that are intercepted and resent.
    share: f64,
    /// Loss in dB that was switched on beside the fibre's.
    excess_loss: f64,
    deviation: Deviation,
    tables: Tables,
    /// Pulses after a click at which nothing can click.
    dead: u64,
    /// The first pulse that has not been simulated.
    next: u64,
    /// The first pulse at which the detectors are ready again.
    ready: u64,
    /// Steps of the drift: pulses between them, and the next one.
    step: u64,
    step_at: u64,
    /// Afterpulses to come: pulse and detector.
    releases: BinaryHeap<Reverse<(u64, bool)>>,
}

impl Sampler {
    /// A link that comes up. The parameters have been checked.
    pub fn new(parameters: LinkParameters) -> Self {
        let mut sampler = Self {
            tables: channel(&parameters, 0.0, Deviation::default()).tables(&parameters.point),
            parameters,
            share: 0.0,
            excess_loss: 0.0,
            deviation: Deviation::default(),
            dead: 0,
            next: 0,
            ready: 0,
            step: u64::MAX,
            step_at: u64::MAX,
            releases: BinaryHeap::new(),
        };
        sampler.configure(parameters, 0.0);
        sampler
    }

    /// Goes on with other parameters and other extra loss in dB; the detectors keep their state.
    pub fn configure(&mut self, parameters: LinkParameters, excess_loss: f64) {
        (self.parameters, self.excess_loss) = (parameters, excess_loss);
        self.share = parameters.resent();
        self.dead = parameters.device.dead_pulses();
        self.step = parameters.drift.map_or(u64::MAX, |drift| {
            // A cast from a float saturates.
            ((drift.step * parameters.device.pulse_rate) as u64).max(1)
        });
        self.step_at = self.next.saturating_add(self.step);
        self.prepare();
    }

    pub fn parameters(&self) -> (&LinkParameters, f64) {
        (&self.parameters, self.excess_loss)
    }

    /// Pulses sent so far.
    pub fn pulses(&self) -> u64 {
        self.next
    }

    /// Detections that `pulses` pulses are expected to give at present, without afterpulses.
    pub fn expected(&self, pulses: u64) -> f64 {
        let click = self.tables.click;
        pulses as f64 * click / (1.0 + self.dead as f64 * click)
    }

    fn prepare(&mut self) {
        let channel = channel(&self.parameters, self.excess_loss, self.deviation);
        self.tables = channel.tables(&self.parameters.point);
    }

    /// The next detection at a pulse before `end`; without one all pulses up to there are sent.
    pub fn next(&mut self, end: u64, rng: &mut impl Rng) -> Option<Event> {
        loop {
            let start = self.next.max(self.ready);
            if start >= end {
                self.next = end;
                return None;
            }
            self.drift_until(start, rng);
            let clicks = start.saturating_add(failures(self.tables.click, rng));
            let released = self.next_release(start);
            let pulse = clicks.min(released);
            if pulse >= end.min(self.step_at) {
                self.next = end.min(self.step_at);
                continue;
            }
            let mut afterpulses = [false; 2];
            while self.releases.peek().is_some_and(|Reverse((at, _))| *at == pulse) {
                if let Some(Reverse((_, detector))) = self.releases.pop() {
                    afterpulses[usize::from(detector)] = true;
                }
            }
            self.next = pulse + 1;
            self.ready = self.next.saturating_add(self.dead);
            return Some(self.event(pulse, clicks == pulse, afterpulses, rng));
        }
    }

    /// Takes the steps of the drift that are due before `pulse` is sent.
    fn drift_until(&mut self, pulse: u64, rng: &mut impl Rng) {
        let Some(drift) = self.parameters.drift else { return };
        if self.step_at > pulse {
            return;
        }
        while self.step_at <= pulse {
            self.deviation = self.deviation.step(&drift, rng);
            self.step_at = self.step_at.saturating_add(self.step);
        }
        self.prepare();
    }

    /// The pulse of the next afterpulse from `start` on; those before were lost to a dead time.
    fn next_release(&mut self, start: u64) -> u64 {
        while let Some(Reverse((at, _))) = self.releases.peek() {
            if *at >= start {
                return *at;
            }
            self.releases.pop();
        }
        u64::MAX
    }

    /// Draws the pulse, given whether light or darkness `clicks` and which detectors release an
    /// afterpulse.
    fn event(&mut self, pulse: u64, clicks: bool, after: Clicks, rng: &mut impl Rng) -> Event {
        let bits = rng.next_u64();
        let coin = |index: u32| bits >> index & 1 == 1;
        let q_x = self.parameters.point.q_x;
        let sent_basis = basis(q_x, rng);
        let basis = basis(q_x, rng);
        let sent_bit = coin(0);
        // What leaves Eve, if she is there.
        let (mut state_basis, mut state_bit) = (sent_basis, sent_bit);
        if self.share > 0.0 && uniform(rng) < self.share {
            let eve = if coin(1) { Basis::X } else { Basis::Z };
            if eve != sent_basis {
                (state_basis, state_bit) = (eve, coin(2));
            }
        }
        let (intensity, photons) = self.pulse(clicks, rng);
        let mut clicked = after;
        if clicks {
            let patterns = &self.tables.patterns[photons as usize];
            let (pattern, right) = if basis == state_basis {
                (patterns.aligned, state_bit)
            } else {
                (patterns.crossed, coin(3))
            };
            let which = uniform(rng);
            clicked[usize::from(right)] |= which < pattern.right || which >= pattern.single;
            clicked[usize::from(!right)] |= which >= pattern.right;
        }
        self.afterpulses(clicked, rng);
        let double = clicked == [true; 2];
        let bit = if double { coin(4) } else { clicked[1] };
        Event { pulse, intensity, photons, sent_basis, sent_bit, basis, bit, double }
    }

    /// Intensity and photon number of a pulse at which light or darkness clicks, or does not.
    fn pulse(&self, clicks: bool, rng: &mut impl Rng) -> (u8, u32) {
        let weights: &Option<WeightedAliasIndex<f64>> =
            if clicks { &self.tables.clicking } else { &self.tables.silent };
        weights.as_ref().map_or((0, 0), |weights| self.tables.pulses[weights.sample(rng)])
    }

    /// Draws the afterpulses of a click.
    fn afterpulses(&mut self, clicked: Clicks, rng: &mut impl Rng) {
        let device = &self.parameters.device;
        if device.afterpulse <= 0.0 {
            return;
        }
        for detector in [false, true] {
            if clicked[usize::from(detector)] && uniform(rng) < device.afterpulse {
                let delay = failures(1.0 / device.afterpulse_delay, rng);
                self.releases.push(Reverse((self.ready.saturating_add(delay), detector)));
            }
        }
    }
}

/// Loss and misalignment at a deviation from their means.
fn channel(parameters: &LinkParameters, excess_loss: f64, deviation: Deviation) -> Channel {
    let device = &parameters.device;
    let factor = 10f64.powf(-(excess_loss + deviation.loss) / 10.0);
    Channel {
        transmittance: (device.transmittance(parameters.km) * factor).min(1.0),
        misalignment: (device.misalignment + deviation.misalignment).clamp(0.0, 0.5),
        // 1 - sqrt(1 - Y0) without losing its digits.
        dark: -((-device.background).ln_1p() / 2.0).exp_m1(),
        splits: parameters.splits(),
    }
}

/// Uniform in [0, 1), a multiple of 2^-53.
pub(super) fn uniform(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// X with probability `q_x`.
pub(super) fn basis(q_x: f64, rng: &mut impl Rng) -> Basis {
    if uniform(rng) < q_x { Basis::X } else { Basis::Z }
}

/// Trials without success before the first success, each of probability `p`.
fn failures(p: f64, rng: &mut impl Rng) -> u64 {
    if p <= 0.0 {
        return u64::MAX;
    }
    // By inversion; 1 - u lies in (0, 1], and the cast rounds down and saturates.
    ((1.0 - uniform(rng)).ln() / (-p).ln_1p()) as u64
}

#[cfg(test)]
mod plain;
#[cfg(test)]
mod tests;
