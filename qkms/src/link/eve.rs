//! The two eavesdroppers that can be switched on, and what each leaves of the formulas.
//!
//! - *Intercept-resend* of a share x of the pulses, idealised: Eve learns the state of a pulse in a
//!   basis that she picks at even odds and sends on what she found, with the photon number it
//!   had. Misalignment e_det becomes e_det + x (1/4 - e_det/2) wherever it occurs; gains stay. (An
//!   Eve who measures weak pulses sees most of them empty and makes more errors.)
//! - *Photon-number splitting* that leaves the signal's gain and QBER as they were: single photons
//!   are blocked; of a pulse of two or more Eve keeps one and forwards what makes Bob click with
//!   yield y. Where several photons are too rare to fill the signal's gain (short links), all of
//!   them are forwarded and single photons fill the rest.

use serde::{Deserialize, Serialize};

use super::parameter::{ParameterError, ensure};

/// Who listens.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Eavesdropper {
    /// Intercept and resend.
    InterceptResend {
        /// The share of pulses, in [0, 1].
        share: f64,
    },
    /// Photon-number splitting.
    PhotonNumberSplitting,
}

impl Eavesdropper {
    /// Refuses a share that is none.
    pub fn check(&self) -> Result<(), ParameterError> {
        match *self {
            Self::InterceptResend { share } => {
                ensure((0.0..=1.0).contains(&share), "a share lies in [0, 1]")
            }
            Self::PhotonNumberSplitting => Ok(()),
        }
    }

    /// The misalignment that Bob sees in place of `misalignment`.
    pub(super) fn misalignment(eve: Option<Self>, misalignment: f64) -> f64 {
        match eve {
            Some(Self::InterceptResend { share }) => {
                misalignment + share * (0.25 - misalignment / 2.0)
            }
            _ => misalignment,
        }
    }
}

/// How photon-number splitting fills a gain.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Splitting {
    /// The probability that a single photon's pulse is forwarded: 0 unless `several` is 1.
    pub single: f64,
    /// The probability that a pulse of two or more is forwarded.
    pub several: f64,
}

impl Splitting {
    /// What keeps the probability of a click at `gain` for pulses of `signal` mean photons, where
    /// pulses without photons make `vacuum` of it.
    pub(super) fn filling(gain: f64, vacuum: f64, signal: f64) -> Self {
        let (one, several) = (signal * (-signal).exp(), several_photons(signal));
        let asked = gain - vacuum;
        Self {
            single: ((asked - several) / one).clamp(0.0, 1.0),
            several: (asked / several).clamp(0.0, 1.0),
        }
    }

    /// The share of pulses of `mu` mean photons that is forwarded.
    pub(super) fn forwarded(&self, mu: f64) -> f64 {
        self.single * mu * (-mu).exp() + self.several * several_photons(mu)
    }
}

/// The probability of two or more photons, 1 - e^-mu (1 + mu).
fn several_photons(mu: f64) -> f64 {
    // -expm1(-mu) - mu e^-mu keeps its digits where mu is small.
    -(-mu).exp_m1() - mu * (-mu).exp()
}
