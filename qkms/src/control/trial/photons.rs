//! Blocks as counts: what the pulses of a block give on the link of that time, by formula and chance.
//!
//! Expected counts follow from the closed form and the dead time, minute by minute; the counts are Poisson's
//! around them. They are judged as the service judges a block.

use chacha20::rand_core::Rng;
use rand_distr::{Distribution, Poisson};

use super::scenario::Scenario;
use crate::{
    control::{Outcome, Setting, points::correction},
    distil::{Params, Reason, estimate, verify},
    link::{ClosedForm, Counts, Device, drift::Deviation},
};

/// Seconds in which a link stands still.
const STILL: f64 = 60.0;

/// A link over a day.
pub struct Photons {
    device: Device,
    km: f64,
    scenario: Scenario,
    params: Params,
    /// What loss and misalignment wander by, minute by minute.
    wander: Vec<Deviation>,
}

/// Counts that are expected.
#[derive(Clone, Copy, Default)]
struct Expected {
    clicks: f64,
    /// Detections and errors in X and Z by intensity.
    x: ([f64; 3], [f64; 3]),
    z: ([f64; 3], [f64; 3]),
}

impl Photons {
    /// `device` behind `km` kilometres on the day of a scenario; `params` says by what blocks are judged.
    pub fn new(
        device: Device,
        km: f64,
        scenario: Scenario,
        params: Params,
        rng: &mut impl Rng,
    ) -> Self {
        let mut now = Deviation::default();
        let wander = scenario.drift().map_or_else(Vec::new, |drift| {
            let minutes = super::scenario::DAY / 60;
            (0..minutes)
                .map(|_| {
                    now = now.step(&drift, rng);
                    now
                })
                .collect()
        });
        Self { device, km, scenario, params, wander }
    }

    /// The link at a second of the day.
    fn form(&self, second: f64, pulse_rate: f64) -> Option<ClosedForm> {
        let at = second.max(0.0) as u32;
        let wander = self.wander.get((at / 60) as usize).copied().unwrap_or_default();
        let loss = self.scenario.excess_loss(at) + wander.loss;
        let mut device = Device { pulse_rate, ..self.device };
        device.misalignment = (device.misalignment + wander.misalignment).clamp(0.0, 0.5);
        let km = (self.km + loss / device.attenuation).max(0.0);
        ClosedForm::new(device, km, self.scenario.eve(at)).ok()
    }

    /// What a block comes to that is begun at `start`, in seconds of the day; and the reason if it is
    /// discarded.
    pub fn block(
        &self,
        setting: &Setting,
        start: f64,
        rng: &mut impl Rng,
    ) -> (Outcome, Option<Reason>) {
        let point = setting.point();
        let (seconds, rate) = (setting.seconds(), setting.pulse_rate as f64);
        let slices = (seconds / STILL).ceil().max(1.0);
        let pulses = setting.pulses as f64 / slices;
        let mut expected = Expected::default();
        for slice in 0..slices as u32 {
            let middle = start + (f64::from(slice) + 0.5) * seconds / slices;
            let Some(form) = self.form(middle, rate) else { continue };
            let ready = pulses * form.alive(&point);
            expected.clicks += ready * form.clicks(&point);
            let bases = [(&mut expected.x, point.q_x), (&mut expected.z, 1.0 - point.q_x)];
            for (sums, q) in bases {
                let (detections, errors) = form.per_pulse(&point, q);
                for (sum, more) in sums.0.iter_mut().zip(detections) {
                    *sum += ready * more;
                }
                for (sum, more) in sums.1.iter_mut().zip(errors) {
                    *sum += ready * more;
                }
            }
        }
        let (n_x, m_x) = draw(&expected.x, rng);
        let (n_z, m_z) = draw(&expected.z, rng);
        let detections = poisson(expected.clicks, rng).max(n_x.iter().chain(&n_z).sum());
        let counts = Counts { n_x, n_z, m_z, m_x: Some(m_x) };
        let params = Params { point, ..self.params };
        let judged = length(&params, &self.device, &counts);
        let bits = judged.unwrap_or(0);
        (Outcome { pulses: setting.pulses, detections, bits }, judged.err())
    }
}

/// The secret length of a block by its counts, or why it has none.
fn length(params: &Params, device: &Device, counts: &Counts) -> Result<u64, Reason> {
    let before = estimate::judge(params, counts).unwrap_or(Err(Reason::TooFewDetections))?;
    let sifted: u64 = counts.n_x.iter().sum();
    let errors: u64 = counts.m_x.map_or(0, |errors| errors.iter().sum());
    let qber = errors as f64 / sifted.max(1) as f64;
    if qber > params.limits.qber {
        return Err(Reason::Qber);
    }
    let parities = correction(device, sifted as f64, qber).ceil() as u64;
    let bits = usize::try_from(sifted).unwrap_or(usize::MAX);
    let tag = verify::tag_bits(params.epsilons.correctness, bits).unwrap_or(128);
    let leak = estimate::leak(params, &before, parities, tag);
    let bound = estimate::bound(params, counts, leak);
    bound.map(|bound| bound.length).map_err(|_| Reason::CostExceedsLength)
}

fn draw((all, errors): &([f64; 3], [f64; 3]), rng: &mut impl Rng) -> ([u64; 3], [u64; 3]) {
    let mut counts = ([0; 3], [0; 3]);
    for (at, (all, errors)) in all.iter().zip(errors).enumerate() {
        let wrong = poisson(*errors, rng);
        let right = poisson((all - errors).max(0.0), rng);
        if let (Some(n), Some(m)) = (counts.0.get_mut(at), counts.1.get_mut(at)) {
            (*n, *m) = (right + wrong, wrong);
        }
    }
    counts
}

/// A number of Poisson's distribution; 0 for a mean of 0.
pub(super) fn poisson(mean: f64, rng: &mut impl Rng) -> u64 {
    Poisson::new(mean).map_or(0, |poisson| poisson.sample(rng) as u64)
}
