//! What the two ends chose and an audit cannot recompute: failure probabilities, limits, and the chance of
//! an afterpulse that the health tests of Bob's detectors allow for.

use core::fmt;

use super::Found;
use crate::{
    distil::Limits,
    link::{Epsilons, Preset},
    records::Record,
};

/// The terms of a block, by its record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Failure probabilities.
    pub epsilons: Epsilons,
    /// The rates from which on there is no key.
    pub limits: Limits,
    /// The chance of an afterpulse that Bob's end claims for its detectors.
    pub afterpulse: f64,
}

impl Terms {
    /// Those of a record.
    pub fn of(record: &Record) -> Self {
        let params = record.account.params();
        let claim = record.at_bob.health.sources.first();
        let claim = claim.map_or(1.0, |measured| f64::from(measured.claim) / 1e6);
        let afterpulse = (2.0 * (-claim).exp2() - 1.0).clamp(0.0, 1.0);
        Self { epsilons: params.epsilons, limits: params.limits, afterpulse }
    }

    /// Whether they are as strict as the defaults: no epsilon and no limit is larger than its default, and
    /// no afterpulse likelier than with the worst detectors of all presets.
    ///
    /// # Errors
    ///
    /// [`Found::Loose`] names the first that is not.
    pub fn check(&self) -> Result<(), Found> {
        let (epsilons, limits) = (Epsilons::default(), Limits::default());
        let presets = Preset::ALL.iter().map(|preset| preset.device().afterpulse);
        // The claim in the record is rounded to 10^-6 bits.
        let afterpulse = presets.fold(0.0, f64::max) + 2e-6;
        let all = [
            ("epsilon of secrecy", self.epsilons.secrecy, epsilons.secrecy),
            ("epsilon of correctness", self.epsilons.correctness, epsilons.correctness),
            ("limit of the QBER", self.limits.qber, limits.qber),
            ("limit of the phase error", self.limits.phase_error, limits.phase_error),
            ("chance of an afterpulse", self.afterpulse, afterpulse),
        ];
        // What is no number is not within anything.
        match all.into_iter().find(|(_, value, most)| !(*value >= 0.0 && value <= most)) {
            Some((what, value, most)) => Err(Found::Loose { what, value, most }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epsilons, limits, afterpulse } = self;
        write!(
            f,
            "epsilon {:e} of secrecy, {:e} of correctness; ",
            epsilons.secrecy, epsilons.correctness
        )?;
        write!(f, "QBER at most {}, phase error at most {}; ", limits.qber, limits.phase_error)?;
        write!(f, "afterpulse {afterpulse:.4}")
    }
}
