//! The part `link.control` of the configuration.

use serde::Deserialize;

use super::{
    law::{Law, Marks},
    pilot::{Pace, Pilot},
    points::{Choices, Point},
    stability::{Gains, Proof, Unstable},
};
use crate::link::{Epsilons, LinkParameters, OperatingPoint, ParameterError};

/// How a link is controlled. Every member has a default.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether it is controlled at all; otherwise its blocks are all of `sifted_bits` at `pulse_rate`,
    /// made until the pools are full.
    pub enabled: bool,
    /// The low mark, as a share of what the pools hold: below it the pulse rate is the largest.
    pub low: f64,
    /// The share that the fill is brought to.
    pub target: f64,
    /// The high mark: above it no block is begun.
    pub high: f64,
    /// Sizes of blocks in bits after sifting, each one of the preset's operating points; those up to 10^6
    /// of which a block fits between the marks if nothing is said.
    pub sizes: Option<Vec<u64>>,
    /// The least pulse rate a second; a 10,000th of the link's if nothing is said. The largest is the
    /// link's `pulse_rate`.
    pub least_pulse_rate: Option<f64>,
    /// K, see [`Gains`].
    pub proportional: f64,
    /// I, see [`Gains`].
    pub integral: f64,
    /// See [`Pace::step`], 1.1 to 1000.
    pub step: f64,
    /// See [`Pace::longest`], 1 to 86,400.
    pub longest_block_s: f64,
    /// See [`Pace::surge`], 1 to 1000.
    pub surge: f64,
}

/// Names of what control may not move. They are no members, as any other name is none; whoever writes one is
/// told [why](IMMOVABLE_RULE).
pub const IMMOVABLE: [&str; 13] = [
    "limits",
    "qber",
    "phase_error",
    "epsilons",
    "secrecy",
    "correctness",
    "health",
    "alpha",
    "cutoff",
    "backoff",
    "audit",
    "audits",
    "records",
];

/// What control may move.
pub const IMMOVABLE_RULE: &str = "control may move the pulse rate and the operating point, and never \
    abort limits, epsilons, health tests or audits";

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            low: 0.6,
            target: 0.85,
            high: 0.95,
            sizes: None,
            least_pulse_rate: None,
            proportional: 0.12,
            integral: 0.003,
            step: 8.0,
            longest_block_s: 1800.0,
            surge: 2.0,
        }
    }
}

/// A link as control sees it.
#[derive(Debug, Clone, Copy)]
pub struct Controlled<'a> {
    /// Devices and fibre, with the link's own operating point.
    pub parameters: LinkParameters,
    /// The operating points that may be chosen, by size.
    pub points: &'a [(u64, OperatingPoint)],
    /// Failure probabilities of its keys: they have a part in how many bits a block gives.
    pub epsilons: Epsilons,
    /// Bits of key that the pools of both directions hold.
    pub capacity: u64,
}

/// Why a link cannot be controlled so.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// Out of range.
    #[error("{0}")]
    Range(&'static str),
    /// A size without an operating point.
    #[error("control: {0} is none of the sizes that the link has an operating point for")]
    Size(u64),
    /// A block of this size would not fit between the marks.
    #[error("control: a block of {0} sifted bits gives more than fits between the marks")]
    Marks(u64),
    /// No point gives a key, or none fits.
    #[error("control: no block that fits between the marks gives a key on this link")]
    NoPoint,
    /// Gains outside of the region that is proven.
    #[error(transparent)]
    Unstable(#[from] Unstable),
    /// Parameters of the link.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

impl Settings {
    /// The choices that both ends of a link admit, and control for Alice's end, proven stable.
    ///
    /// # Errors
    ///
    /// [`SettingsError`].
    pub fn pilot(&self, link: &Controlled<'_>) -> Result<(Choices, Pilot, Proof), SettingsError> {
        self.check()?;
        let marks = self.marks(link.capacity as f64);
        let mut choices = self.choices(link, &marks)?;
        let gains = Gains { proportional: self.proportional, integral: self.integral };
        let proof = loop {
            match gains.prove(choices.spread()) {
                Ok(proof) => break proof,
                // On a long fibre the smallest blocks give next to nothing: unless sizes or gains were
                // asked for by name they are left out.
                Err(_) if self.names_nothing() && choices.points().len() > 1 => {
                    choices = choices.without_smallest();
                }
                Err(unstable) => return Err(unstable.into()),
            }
        };
        let most = choices.points().iter().fold(0.0f64, |most, point| most.max(point.bits));
        let law = Law::new(gains, marks.target, most);
        let pace = Pace { step: self.step, longest: self.longest_block_s, surge: self.surge };
        Ok((choices.clone(), Pilot::new(choices, marks, pace, law), proof))
    }

    /// Whether sizes and gains are those that come if nothing is said.
    fn names_nothing(&self) -> bool {
        let ours = Self::default();
        self.sizes.is_none()
            && (self.proportional, self.integral) == (ours.proportional, ours.integral)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let ensure =
            |holds: bool, rule| if holds { Ok(()) } else { Err(SettingsError::Range(rule)) };
        ensure(
            0.0 < self.low && self.low < self.target && self.target < self.high && self.high <= 1.0,
            "control: the marks shall be 0 < low < target < high <= 1",
        )?;
        ensure((1.1..=1000.0).contains(&self.step), "control: step shall be 1.1 to 1000")?;
        ensure((1.0..=1000.0).contains(&self.surge), "control: surge shall be 1 to 1000")?;
        ensure(
            (1.0..=86_400.0).contains(&self.longest_block_s),
            "control: longest_block_s shall be 1 to 86,400",
        )
    }

    fn marks(&self, capacity: f64) -> Marks {
        Marks {
            low: self.low * capacity,
            target: self.target * capacity,
            high: self.high * capacity,
            capacity,
        }
    }

    fn choices(&self, link: &Controlled<'_>, marks: &Marks) -> Result<Choices, SettingsError> {
        let LinkParameters { device, km, .. } = link.parameters;
        let least = self.least_pulse_rate.unwrap_or((device.pulse_rate / 1e4).max(1.0));
        if !(1.0..=device.pulse_rate).contains(&least) {
            return Err(SettingsError::Range(
                "control: least_pulse_rate shall be 1 to the link's pulse_rate",
            ));
        }
        let sizes: Vec<u64> = match &self.sizes {
            Some(sizes) => sizes.clone(),
            None => link.points.iter().map(|(size, _)| *size).collect(),
        };
        if sizes.is_empty() {
            return Err(SettingsError::Range(
                "control: sizes names none; without the member all that fit are chosen from",
            ));
        }
        let mut points: Vec<Point> = Vec::new();
        for size in sizes {
            let found = link.points.iter().find(|(other, _)| *other == size);
            let (_, point) = found.ok_or(SettingsError::Size(size))?;
            let point = Point::new(&device, km, link.epsilons, size, *point)?;
            let fits = point.bits <= marks.high - marks.low;
            if !fits && self.sizes.is_some() {
                return Err(SettingsError::Marks(size));
            }
            if fits && points.iter().all(|other| other.sifted_bits != size) {
                points.push(point);
            }
        }
        points.retain(|point| point.bits > 0.0);
        if points.is_empty() {
            return Err(SettingsError::NoPoint);
        }
        Ok(Choices::new(points, least, device.pulse_rate))
    }
}
