//! Three links of the literature, with their sources.
//!
//! | preset | device | source |
//! |---|---|---|
//! | `gys` | InGaAs detectors at 1550 nm over 122 km | Gobby, Yuan, Shields, APL 84, 3762 (2004), as Ma, Qi, Zhao, Lo, PRA 72, 012326 (2005) use it |
//! | `lim2014` | sine-gated InGaAs detectors with afterpulses | section IV of Lim et al., PRA 89, 022307 (2014) |
//! | `snspd` | superconducting nanowires at 1 GHz, 100 ns dead time | Rusca et al., APL 112, 171104 (2018), as others transcribe it |
//!
//! Misalignment and error correction efficiency of `snspd`, pulse rates and dead times of the other
//! two, how long afterpulses last, and intensities, probabilities and basis bias for finite keys
//! are ours. Each preset carries two sets of intensities, because those of the asymptotic
//! literature serve finite keys badly: GYS's decoy of 0.05 gives none at 50 km even of 10^11
//! pulses.

use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

use super::{
    finite,
    parameter::{ParameterError, ensure},
};

/// A link of the literature.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Gobby, Yuan, Shields 2004.
    Gys,
    /// Lim et al. 2014.
    Lim2014,
    /// Rusca et al. 2018.
    Snspd,
}

/// Which closed form a device is described by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Ma, Qi, Zhao, Lo 2005: background and photons add.
    Ma,
    /// Lim et al. 2014: background or photons, and afterpulses.
    Lim,
}

/// Fibre, receiver and error correction of a link.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// The closed form that describes it; events are simulated alike for both.
    pub model: Model,
    /// Fibre attenuation in dB/km.
    pub attenuation: f64,
    /// Transmittance of Bob's optics times detector efficiency, in (0, 1].
    pub bob_transmittance: f64,
    /// Y0: the probability per pulse that one of the detectors clicks without light, in [0, 1).
    pub background: f64,
    /// e_det: the probability that a photon goes to the wrong detector, in [0, 1/2].
    pub misalignment: f64,
    /// The probability that a click causes another one later, in [0, 1).
    pub afterpulse: f64,
    /// Mean delay of an afterpulse in pulses, counted from the end of the dead time, at least 1.
    pub afterpulse_delay: f64,
    /// f: bits disclosed over n h(QBER) that error correction is reckoned with, at least 1.
    pub efficiency: f64,
    /// Pulses per second.
    pub pulse_rate: f64,
    /// Seconds in which neither detector clicks after a click of either.
    pub dead_time: f64,
}

/// Intensities for keys of unlimited length: one signal, one weak decoy, the vacuum.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct VacuumWeak {
    /// q: the share of detections that is sifted.
    pub sifted: f64,
    /// mu: mean photons of the signal.
    pub signal: f64,
    /// nu: mean photons of the weak decoy.
    pub decoy: f64,
}

/// What a finite key is run with. A controller may choose it; it is never a secret.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingPoint {
    /// q_x: the probability of basis X at either end, in (0, 1).
    pub q_x: f64,
    /// The probability of each intensity; they sum to 1.
    pub probabilities: [f64; 3],
    /// Mean photons of each intensity, mu1 > mu2 + mu3, mu2 > mu3 >= 0, mu1 at most 10.
    pub intensities: [f64; 3],
}

impl OperatingPoint {
    const fn new(q_x: f64, probabilities: [f64; 3], intensities: [f64; 3]) -> Self {
        Self { q_x, probabilities, intensities }
    }

    /// Refuses what the finite-key bound or the simulation is not defined for.
    pub fn check(&self) -> Result<(), ParameterError> {
        ensure(self.q_x > 0.0 && self.q_x < 1.0, "q_x lies between 0 and 1")?;
        finite::check(&self.intensities, &self.probabilities)?;
        ensure(self.intensities[0] <= 10.0, "an intensity is at most 10 photons")
    }
}

impl Device {
    /// Refuses what is no device.
    pub fn check(&self) -> Result<(), ParameterError> {
        let within = |value: f64, least, most| value >= least && value <= most;
        ensure(within(self.attenuation, 0.0, 1e3), "attenuation is 0 to 1000 dB/km")?;
        ensure(
            self.bob_transmittance > 0.0 && self.bob_transmittance <= 1.0,
            "Bob's transmittance lies in (0, 1]",
        )?;
        ensure(within(self.background, 0.0, 0.5), "the background lies in [0, 1/2]")?;
        ensure(within(self.misalignment, 0.0, 0.5), "misalignment lies in [0, 1/2]")?;
        ensure(within(self.afterpulse, 0.0, 0.5), "afterpulse probability lies in [0, 1/2]")?;
        ensure(within(self.afterpulse_delay, 1.0, 1e9), "afterpulse delay is 1 to 10^9 pulses")?;
        ensure(within(self.efficiency, 1.0, 10.0), "error correction efficiency is 1 to 10")?;
        ensure(within(self.pulse_rate, 1.0, 1e12), "pulse rate is 1 to 10^12 per second")?;
        ensure(within(self.dead_time, 0.0, 1.0), "dead time is 0 to 1 s")
    }

    /// Pulses that fall into the dead time after a click, rounded down: at a pulse that falls on
    /// its very end the detectors are ready.
    pub fn dead_pulses(&self) -> u64 {
        // The product of decimal fractions may lie just below the whole number that it means.
        (self.pulse_rate * self.dead_time * (1.0 + 1e-12)) as u64
    }

    /// Transmittance from Alice's output to a click, of a fibre of `km` kilometres.
    pub fn transmittance(&self, km: f64) -> f64 {
        10f64.powf(-self.attenuation * km / 10.0) * self.bob_transmittance
    }
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 3] = [Self::Gys, Self::Lim2014, Self::Snspd];

    /// Its name in configurations and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gys => "gys",
            Self::Lim2014 => "lim2014",
            Self::Snspd => "snspd",
        }
    }

    /// Fibre, receiver and error correction.
    pub const fn device(self) -> Device {
        match self {
            Self::Gys => Device {
                model: Model::Ma,
                attenuation: 0.21,
                bob_transmittance: 0.045,
                background: 1.7e-6,
                misalignment: 0.033,
                afterpulse: 0.0,
                afterpulse_delay: 1.0,
                efficiency: 1.22,
                pulse_rate: 2e6,
                dead_time: 0.0,
            },
            Self::Lim2014 => Device {
                model: Model::Lim,
                attenuation: 0.2,
                bob_transmittance: 0.1,
                background: 1.2e-6,
                misalignment: 0.005,
                afterpulse: 0.04,
                afterpulse_delay: 20.0,
                efficiency: 1.16,
                pulse_rate: 1e7,
                dead_time: 0.0,
            },
            Self::Snspd => Device {
                model: Model::Ma,
                attenuation: 0.2,
                bob_transmittance: 0.5,
                background: 1e-8,
                misalignment: 0.01,
                afterpulse: 0.0,
                afterpulse_delay: 1.0,
                efficiency: 1.16,
                pulse_rate: 1e9,
                dead_time: 1e-7,
            },
        }
    }

    /// Intensities for keys of unlimited length.
    pub const fn asymptotic(self) -> VacuumWeak {
        match self {
            Self::Gys => VacuumWeak { sifted: 0.5, signal: 0.48, decoy: 0.05 },
            Self::Lim2014 => VacuumWeak { sifted: 0.7744, signal: 0.45, decoy: 0.22 },
            Self::Snspd => VacuumWeak { sifted: 0.8649, signal: 0.6, decoy: 0.24 },
        }
    }

    /// What finite keys of some 10^9 pulses and more are run with.
    pub const fn finite(self) -> OperatingPoint {
        match self {
            Self::Gys => OperatingPoint::new(0.85, [0.4, 0.4, 0.2], [0.4, 0.2, 0.0]),
            Self::Lim2014 => OperatingPoint::new(0.88, [0.48, 0.37, 0.15], [0.45, 0.22, 2e-4]),
            Self::Snspd => OperatingPoint::new(0.93, [0.7, 0.2, 0.1], [0.6, 0.24, 0.0]),
        }
    }

    /// The operating point for blocks of so many bits sifted in X: the one of
    /// [`operating_points`](Self::operating_points) for as many or, if there is none, for the fewest.
    pub fn operating_point(self, sifted_bits: u64) -> OperatingPoint {
        let points = self.operating_points();
        let fits = |(bits, _): &&(u64, OperatingPoint)| *bits <= sifted_bits;
        let chosen = points.iter().rev().find(fits).or_else(|| points.first());
        chosen.map_or_else(|| self.finite(), |(_, point)| *point)
    }

    /// Operating points near the optimum at 10 km by the number of bits sifted in X, ascending.
    /// Small blocks need less bias and more decoys: with [`finite`](Self::finite) a block of
    /// 10^5 or 10^6 bits yields nothing.
    pub const fn operating_points(self) -> &'static [(u64, OperatingPoint)] {
        const GYS: [(u64, OperatingPoint); 3] = [
            (100_000, OperatingPoint::new(0.643, [0.081, 0.557, 0.362], [0.385, 0.129, 0.0])),
            (1_000_000, OperatingPoint::new(0.769, [0.159, 0.575, 0.266], [0.365, 0.167, 0.0])),
            (10_000_000, OperatingPoint::new(0.844, [0.313, 0.504, 0.183], [0.345, 0.181, 0.0])),
        ];
        const LIM2014: [(u64, OperatingPoint); 1] =
            [(1_000_000, OperatingPoint::new(0.785, [0.232, 0.513, 0.255], [0.452, 0.207, 2e-4]))];
        const SNSPD: [(u64, OperatingPoint); 3] = [
            (100_000, OperatingPoint::new(0.712, [0.156, 0.542, 0.302], [0.617, 0.239, 0.0])),
            (1_000_000, OperatingPoint::new(0.814, [0.301, 0.484, 0.215], [0.586, 0.285, 0.0])),
            (10_000_000, OperatingPoint::new(0.883, [0.478, 0.365, 0.157], [0.56, 0.311, 0.0])),
        ];
        match self {
            Self::Gys => &GYS,
            Self::Lim2014 => &LIM2014,
            Self::Snspd => &SNSPD,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = ParameterError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == name);
        found.ok_or(ParameterError("a preset is gys, lim2014 or snspd"))
    }
}

#[cfg(test)]
mod tests;
