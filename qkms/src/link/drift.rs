//! Loss and misalignment that wander: both do as an Ornstein-Uhlenbeck process does, sampled at
//! steps between which they stand still.
//!
//! Each starts at its mean. After a step it is rho times what it was off its mean plus
//! sqrt(1 - rho^2) times a normal deviate of its standard deviation, rho = e^(-step/relaxation).

use chacha20::rand_core::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::parameter::{ParameterError, ensure};

/// How a link wanders.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Seconds between steps.
    pub step: f64,
    /// Seconds in which a deviation falls to 1/e.
    pub relaxation: f64,
    /// Standard deviation of the loss in dB.
    pub loss: f64,
    /// Standard deviation of the misalignment, which stays within [0, 1/2] all the same.
    pub misalignment: f64,
}

impl Drift {
    /// Refuses what is no drift.
    pub fn check(&self) -> Result<(), ParameterError> {
        let positive = |seconds: f64| seconds > 0.0 && seconds.is_finite();
        ensure(
            positive(self.step) && positive(self.relaxation),
            "steps and relaxation of a drift are positive times",
        )?;
        ensure((0.0..=100.0).contains(&self.loss), "loss drifts by 0 to 100 dB")?;
        ensure((0.0..=0.5).contains(&self.misalignment), "misalignment drifts by 0 to 1/2")
    }
}

/// Where a drift has got to.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Deviation {
    /// dB beyond the mean loss.
    pub loss: f64,
    /// Beyond the mean misalignment.
    pub misalignment: f64,
}

impl Deviation {
    /// The deviation after one step of `drift`.
    pub fn step(self, drift: &Drift, rng: &mut impl Rng) -> Self {
        let rho = (-drift.step / drift.relaxation).exp();
        let fresh = (1.0 - rho * rho).sqrt();
        let mut next = |before: f64, sd: f64| {
            let normal: f64 = StandardNormal.sample(rng);
            rho * before + fresh * sd * normal
        };
        Self {
            loss: next(self.loss, drift.loss),
            misalignment: next(self.misalignment, drift.misalignment),
        }
    }
}

#[cfg(test)]
mod tests;
