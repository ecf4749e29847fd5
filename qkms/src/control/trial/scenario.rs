//! What happens on the day.

use crate::link::{Drift, Eavesdropper};

use super::day::Day;

/// What happens on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// The trading day, and nothing else.
    Day,
    /// A demand that stands still at a quarter of the day's mean, is twice the mean from 6 to 12 o'clock, the mean
    /// until 18, and a quarter of it again.
    Steps,
    /// The trading day with bursts of ten times for five minutes every two hours.
    Bursts,
    /// The trading day on a link that loses 3 dB more from 9 to 15 o'clock.
    Loss,
    /// The trading day on a link whose loss and misalignment wander: standard deviations of 0.5 dB and half a
    /// per cent, relaxing in an hour.
    Drift,
    /// The trading day with an eavesdropper from 12 to 13 o'clock who resends a half of the pulses.
    Eavesdropper,
}

/// Seconds of the day.
pub const DAY: u32 = 86_400;
const HOUR: u32 = 3600;

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Day, Self::Steps, Self::Bursts, Self::Loss, Self::Drift, Self::Eavesdropper];

    /// Its name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Steps => "steps",
            Self::Bursts => "bursts",
            Self::Loss => "loss",
            Self::Drift => "drift",
            Self::Eavesdropper => "eavesdropper",
        }
    }

    /// What it is, for a reader.
    pub fn title(self) -> &'static str {
        match self {
            Self::Day => "a trading day",
            Self::Steps => "steps of the demand",
            Self::Bursts => "bursts of ten times for five minutes",
            Self::Loss => "3 dB more loss from 9 to 15 o'clock",
            Self::Drift => "loss and misalignment wander",
            Self::Eavesdropper => "an eavesdropper from 12 to 13 o'clock",
        }
    }

    /// Keys a second that are asked for, `communities` of them together.
    pub fn demand(self, day: &Day, communities: f64, second: u32) -> f64 {
        let mean = day.keys() / f64::from(DAY);
        let keys = match self {
            Self::Steps => match second / HOUR {
                6..12 => 2.0 * mean,
                12..18 => mean,
                _ => mean / 4.0,
            },
            Self::Bursts if second % (2 * HOUR) >= 2 * HOUR - 300 => 10.0 * day.at(second),
            _ => day.at(second),
        };
        keys * communities
    }

    /// Loss in dB beside the fibre's.
    pub fn excess_loss(self, second: u32) -> f64 {
        if self == Self::Loss && (9 * HOUR..15 * HOUR).contains(&second) { 3.0 } else { 0.0 }
    }

    /// How loss and misalignment wander.
    pub fn drift(self) -> Option<Drift> {
        let drift = Drift { step: 60.0, relaxation: 3600.0, loss: 0.5, misalignment: 0.005 };
        (self == Self::Drift).then_some(drift)
    }

    /// Who listens.
    pub fn eve(self, second: u32) -> Option<Eavesdropper> {
        let listens = self == Self::Eavesdropper && (12 * HOUR..13 * HOUR).contains(&second);
        listens.then_some(Eavesdropper::InterceptResend { share: 0.5 })
    }
}
