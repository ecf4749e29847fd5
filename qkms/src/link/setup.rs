//! What a link is set up from, before a pulse is sent.

use super::{
    Device, OperatingPoint, ParameterError, drift::Drift, eve::Eavesdropper, parameter::ensure,
};

/// What a link is made of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LinkParameters {
    /// Fibre and receiver.
    pub device: Device,
    /// Basis bias, intensities and their probabilities.
    pub point: OperatingPoint,
    /// Length of the fibre in km, at least 0.
    pub km: f64,
    /// Who listens, if anybody.
    pub eve: Option<Eavesdropper>,
    /// How loss and misalignment wander, if they do.
    pub drift: Option<Drift>,
}

impl LinkParameters {
    /// Refuses what cannot be simulated.
    pub fn check(&self) -> Result<(), ParameterError> {
        self.device.check()?;
        self.point.check()?;
        ensure(self.km >= 0.0 && self.km.is_finite(), "a length is a finite number of km from 0")?;
        self.eve.map_or(Ok(()), |eve| eve.check())?;
        self.drift.map_or(Ok(()), |drift| drift.check())
    }

    /// Share of pulses that are intercepted and resent.
    pub(super) fn resent(&self) -> f64 {
        match self.eve {
            Some(Eavesdropper::InterceptResend { share }) => share,
            _ => 0.0,
        }
    }

    /// Whether photon numbers are split.
    pub(super) fn splits(&self) -> bool {
        self.eve == Some(Eavesdropper::PhotonNumberSplitting)
    }
}
