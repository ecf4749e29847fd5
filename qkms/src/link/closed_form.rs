//! A link by formula: gains, error rates, and the key rates that follow, per pulse.
//!
//! With eta = 10^(-alpha L/10) eta_Bob, e the misalignment and k the mean photons of a pulse, D_k
//! is the gain and w_k the probability of a click in error:
//!
//! - [`Model::Ma`] (Ma, Qi, Zhao, Lo 2005): D_k = Y0 + 1 - e^(-eta k),
//!   w_k = Y0/2 + e (1 - e^(-eta k)); of one photon Y1 = Y0 + eta - Y0 eta.
//! - [`Model::Lim`] (Lim et al. 2014, with afterpulses): D'_k = 1 - (1 - Y0) e^(-eta k),
//!   D_k = (1 + p_ap) D'_k, w_k = Y0/2 + e (1 - e^(-eta k)) + p_ap D'_k/2; of one photon the same
//!   with 1 - (1 - Y0)(1 - eta) for D' and eta for 1 - e^(-eta k). The paper prints the fibre's
//!   transmittance where eta stands in w; its own figures bear that out as a slip.
//! - asymptotic rate q { -D_mu f h(w_mu/D_mu) + Y1 mu e^-mu (1 - h(e1)) };
//! - vacuum + weak decoy rate: the same with the bounds Y1L and e1U that D_mu, D_nu and D_0 give
//!   (Ma et al. 2005, equations 34 and 37);
//! - finite rate: l/N of [`finite`](super::finite) for the counts that N pulses are expected to
//!   give, n_k = N q^2 p_k D_k and m_k = N q^2 p_k w_k with q of either basis, and a disclosure of
//!   f n_X h(m_X/n_X).
//!
//! A rate below zero is zero. Eavesdroppers change D and w as [`eve`](super::eve) says.
//!
//! Left out: double clicks and photons that go astray one by one, dead time (but for
//! [`ClosedForm::alive`]), the delay of afterpulses, drift. The events have them.

use super::{
    eve::{Eavesdropper, Splitting},
    finite::{Bound, Epsilons, NoKey, binary_entropy, length_of},
    parameter::{ParameterError, ensure},
    preset::{Device, Model, OperatingPoint, VacuumWeak},
};

/// A device at the end of a fibre.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ClosedForm {
    device: Device,
    /// Transmittance from Alice's output to a click.
    transmittance: f64,
    /// Misalignment with Eve's share in it.
    misalignment: f64,
    splits: bool,
}

/// Bounds on single photons by the vacuum + weak decoy method.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DecoyBounds {
    /// Y1L: lower bound on the yield of one photon; below zero where the bound has collapsed.
    pub single_photon_yield: f64,
    /// e1U: upper bound on its error rate, at most 1/2.
    pub single_photon_error: f64,
}

impl ClosedForm {
    /// `device` at the end of `km` kilometres of fibre, `km` at least 0 and finite.
    pub fn new(device: Device, km: f64, eve: Option<Eavesdropper>) -> Result<Self, ParameterError> {
        device.check()?;
        ensure(km >= 0.0 && km.is_finite(), "a length is a finite number of km, at least 0")?;
        eve.map_or(Ok(()), |eve| eve.check())?;
        Ok(Self {
            device,
            transmittance: device.transmittance(km),
            misalignment: Eavesdropper::misalignment(eve, device.misalignment),
            splits: eve == Some(Eavesdropper::PhotonNumberSplitting),
        })
    }

    /// D and w where a pulse's light arrives with probability `arrives`.
    fn click(&self, arrives: f64) -> (f64, f64) {
        let Device { background, afterpulse, .. } = self.device;
        let error = background / 2.0 + self.misalignment * arrives;
        match self.device.model {
            Model::Ma => (background + arrives, error),
            Model::Lim => {
                let primary = arrives + background * (1.0 - arrives);
                ((1.0 + afterpulse) * primary, error + afterpulse * primary / 2.0)
            }
        }
    }

    /// Y1 and e1 Y1 without Eve: of a pulse of exactly one photon.
    fn single_photon(&self) -> (f64, f64) {
        let (background, eta) = (self.device.background, self.transmittance);
        let (sum, errors) = self.click(eta);
        match self.device.model {
            Model::Ma => (sum - background * eta, errors),
            Model::Lim => (sum, errors),
        }
    }

    fn honest(&self, mu: f64) -> (f64, f64) {
        self.click(-(-self.transmittance * mu).exp_m1())
    }

    /// D_k and w_k: the probability of a click at a pulse of `mu` mean photons, and of a click with
    /// the wrong bit where both ends chose the same basis. `signal` is the intensity whose gain an
    /// Eve who splits photon numbers keeps.
    pub fn gain_and_errors(&self, mu: f64, signal: f64) -> (f64, f64) {
        if !self.splits {
            return self.honest(mu);
        }
        // On blocked pulses this Eve leaves no dark count, by the definition of her yield; the
        // difference is 3e-4 of the yield for `gys` at 50 km and less for the others.
        let (dark, dark_error) = self.click(0.0);
        let forwarded = self.splitting(signal).forwarded(mu);
        let vacuum = (-mu).exp();
        (dark * vacuum + forwarded, dark_error * vacuum + forwarded * self.forwarded_error(signal))
    }

    /// The error rate of forwarded pulses at which the QBER of `signal` stays as it was.
    fn forwarded_error(&self, signal: f64) -> f64 {
        let (gain, error) = self.honest(signal);
        let (dark, dark_error) = self.click(0.0);
        let empty = (-signal).exp();
        let asked = gain - dark * empty;
        if asked > 0.0 { (error - dark_error * empty) / asked } else { 0.5 }
    }

    /// The yields with which photon-number splitting keeps the gain of `signal`.
    pub fn splitting(&self, signal: f64) -> Splitting {
        let (gain, _) = self.honest(signal);
        Splitting::filling(gain, self.click(0.0).0 * (-signal).exp(), signal)
    }

    /// Gain of the signal: clicks per pulse.
    pub fn gain(&self, point: &VacuumWeak) -> f64 {
        self.gain_and_errors(point.signal, point.signal).0
    }

    /// QBER of the signal: the share of its sifted bits that differ; 1/2 where nothing clicks.
    pub fn qber(&self, point: &VacuumWeak) -> f64 {
        let (gain, errors) = self.gain_and_errors(point.signal, point.signal);
        if gain > 0.0 { errors / gain } else { 0.5 }
    }

    /// Secret bits per pulse of unlimited length, if yield and error rate of single photons were
    /// known.
    pub fn rate_asymptotic(&self, point: &VacuumWeak) -> f64 {
        if self.splits {
            let error = self.forwarded_error(point.signal);
            return self.rate(point, self.splitting(point.signal).single, error);
        }
        let (single, errors) = self.single_photon();
        self.rate(point, single, errors / single)
    }

    /// Secret bits per pulse of unlimited length by the vacuum + weak decoy method.
    pub fn rate_decoy(&self, point: &VacuumWeak) -> f64 {
        let bounds = self.decoy_bounds(point);
        self.rate(point, bounds.single_photon_yield, bounds.single_photon_error)
    }

    /// What the gains of signal, weak decoy and vacuum say of single photons.
    pub fn decoy_bounds(&self, point: &VacuumWeak) -> DecoyBounds {
        let VacuumWeak { signal: mu, decoy: nu, .. } = *point;
        let (gain_mu, _) = self.gain_and_errors(mu, mu);
        let (gain_nu, errors_nu) = self.gain_and_errors(nu, mu);
        let (gain_0, _) = self.gain_and_errors(0.0, mu);
        let ratio = (nu / mu).powi(2);
        let single = mu / (mu * nu - nu * nu)
            * (gain_nu * nu.exp() - gain_mu * mu.exp() * ratio - (1.0 - ratio) * gain_0);
        let error = (errors_nu * nu.exp() - gain_0 / 2.0) / (single * nu);
        let error = if single > 0.0 { error.clamp(0.0, 0.5) } else { 0.5 };
        DecoyBounds { single_photon_yield: single, single_photon_error: error }
    }

    fn rate(&self, point: &VacuumWeak, single: f64, single_error: f64) -> f64 {
        let corrected =
            self.gain(point) * self.device.efficiency * binary_entropy(self.qber(point));
        let secret =
            single * point.signal * (-point.signal).exp() * (1.0 - binary_entropy(single_error));
        let rate = point.sifted * (secret - corrected);
        // In this order a NaN, which a device without any click gives, is zero as well.
        if rate > 0.0 { rate } else { 0.0 }
    }

    /// Detections per pulse at which both ends chose X, over all intensities of `point`.
    pub fn sifted_x(&self, point: &OperatingPoint) -> f64 {
        self.per_pulse(point, point.q_x).0.iter().sum()
    }

    /// The share of pulses at which the detectors are ready, of a device whose dead time does not grow by
    /// what comes in it: of n clicks per pulse 1/(1 + n t) are left, where the dead time takes t pulses.
    pub fn alive(&self, point: &OperatingPoint) -> f64 {
        1.0 / (1.0 + self.clicks(point) * self.device.dead_pulses() as f64)
    }

    /// Clicks per pulse over all intensities of `point` and all bases, where the detectors are ready.
    pub fn clicks(&self, point: &OperatingPoint) -> f64 {
        let OperatingPoint { probabilities, intensities, .. } = *point;
        let gain = |mu| self.gain_and_errors(mu, intensities[0]).0;
        probabilities.iter().zip(intensities).map(|(p, mu)| p * gain(mu)).sum()
    }

    /// Detections and errors per pulse and intensity where both ends choose a basis with `q`.
    pub(crate) fn per_pulse(&self, point: &OperatingPoint, q: f64) -> ([f64; 3], [f64; 3]) {
        let mut counts = ([0.0; 3], [0.0; 3]);
        for k in 0..3 {
            let (gain, errors) = self.gain_and_errors(point.intensities[k], point.intensities[0]);
            let chosen = q * q * point.probabilities[k];
            (counts.0[k], counts.1[k]) = (chosen * gain, chosen * errors);
        }
        counts
    }

    /// Lim's bound for the counts that `pulses` pulses are expected to give.
    pub fn finite_key(
        &self,
        point: &OperatingPoint,
        pulses: f64,
        eps: Epsilons,
    ) -> Result<Bound, NoKey> {
        point.check()?;
        ensure(pulses >= 1.0 && pulses.is_finite(), "a block has at least one pulse")?;
        let times = |rates: [f64; 3]| rates.map(|rate| pulses * rate);
        let (n_x, m_x) = self.per_pulse(point, point.q_x);
        let (n_z, m_z) = self.per_pulse(point, 1.0 - point.q_x);
        let (n_x, m_x) = (times(n_x), times(m_x));
        let all = n_x.iter().sum::<f64>();
        let leak = self.device.efficiency * all * binary_entropy(m_x.iter().sum::<f64>() / all);
        length_of(
            &point.intensities,
            &point.probabilities,
            [n_x, times(n_z), times(m_z)],
            leak,
            eps,
        )
    }

    /// Secret bits per pulse of [`finite_key`](Self::finite_key); 0 where there is no key.
    pub fn rate_finite(&self, point: &OperatingPoint, pulses: f64, eps: Epsilons) -> f64 {
        self.finite_key(point, pulses, eps).map_or(0.0, |bound| bound.length as f64 / pulses)
    }
}

#[cfg(test)]
mod tests;
