//! The operating points that control chooses from, and what each gives on its link by formula.
//!
//! **Dead time.** Detectors that are blind for `t` seconds after a click register f P/(1 + f P t) of the
//! f P clicks a second that light and darkness make of f pulses a second: ten times the pulses may give
//! 1.6 times the clicks. A block needs so many pulses *at which the detectors are ready*, `n`, whatever
//! the rate; at the rate f it takes
//!
//! T = n/f + n P t seconds and n (1 + f P t) pulses,
//!
//! so that the rate for a given time is f = n/(T - n P t), and there is none for a shorter one than
//! n P t. (The simulator rounds the dead time down to whole pulses.)

use super::setting::{Setting, SettingError, encode};
use crate::link::{ClosedForm, Device, Epsilons, OperatingPoint, ParameterError, binary_entropy};

/// How many times the pulses of a block on its link as configured a block may have, or how small a part:
/// what the controller makes up of a loss that it sees, 6 dB.
pub const MOST_PULSES: f64 = 4.0;

/// One operating point on its link.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// Bits of a block after sifting, on average.
    pub sifted_bits: u64,
    /// Basis bias, intensities and their probabilities.
    pub point: OperatingPoint,
    /// n: pulses of a block at which the detectors are ready.
    pub ready: f64,
    /// P: clicks a pulse while the detectors are ready, whatever the bases.
    pub clicks: f64,
    /// t: dead time in seconds.
    pub dead_time: f64,
    /// Secret bits of a block by formula, 0 if there are none.
    pub bits: f64,
}

impl Point {
    /// The point for blocks of `sifted_bits` on a device behind `km` kilometres.
    ///
    /// # Errors
    ///
    /// Parameters outside of their ranges.
    pub fn new(
        device: &Device,
        km: f64,
        eps: Epsilons,
        sifted_bits: u64,
        point: OperatingPoint,
    ) -> Result<Self, ParameterError> {
        point.check()?;
        let form = ClosedForm::new(*device, km, None)?;
        let ready = sifted_bits as f64 / form.sifted_x(&point);
        // What the protocol costs beside Lim's own terms: see `distil::estimate`.
        let bits = form.finite_key(&point, ready.max(1.0), eps).map_or(0.0, |bound| {
            let told = bound.s0_x + crate::distil::estimate::RECORD_BITS as f64;
            (bound.length as f64 - told).max(0.0)
        });
        let clicks = form.clicks(&point);
        Ok(Self { sifted_bits, point, ready, clicks, dead_time: device.dead_time, bits })
    }

    /// The point on a link that lets through `share` of what it did.
    #[must_use]
    pub fn seen_through(&self, share: f64) -> Self {
        Self { ready: self.ready / share, clicks: self.clicks * share, ..*self }
    }

    /// Seconds of a block at `rate` pulses a second.
    pub fn seconds(&self, rate: f64) -> f64 {
        self.ready / rate + self.ready * self.clicks * self.dead_time
    }

    /// The rate at which a block takes `seconds`; infinite if none does.
    pub fn rate(&self, seconds: f64) -> f64 {
        let light = seconds - self.ready * self.clicks * self.dead_time;
        if light > 0.0 { self.ready / light } else { f64::INFINITY }
    }

    /// Pulses of a block at `rate`.
    pub fn pulses(&self, rate: f64) -> f64 {
        self.ready * (1.0 + rate * self.clicks * self.dead_time)
    }

    /// Clicks a second at `rate`: f P/(1 + f P t).
    pub fn clicks_per_second(&self, rate: f64) -> f64 {
        let light = rate * self.clicks;
        light / (1.0 + light * self.dead_time)
    }

    /// Secret bits a pulse where dead time takes nothing.
    pub fn bits_per_pulse(&self) -> f64 {
        self.bits / self.ready
    }
}

/// The settings that an end admits: some points, a range of pulse rates.
#[derive(Clone, PartialEq, Debug)]
pub struct Choices {
    points: Vec<Point>,
    least_rate: f64,
    most_rate: f64,
}

impl Choices {
    /// Points in the order of their size, and the least and largest pulse rate.
    pub fn new(mut points: Vec<Point>, least_rate: f64, most_rate: f64) -> Self {
        points.sort_by_key(|point| point.sifted_bits);
        Self { points, least_rate, most_rate }
    }

    /// All but the smallest point.
    pub(super) fn without_smallest(mut self) -> Self {
        self.points.remove(0);
        self
    }

    /// The points, the smallest first.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The least and the largest pulse rate.
    pub fn rates(&self) -> (f64, f64) {
        (self.least_rate, self.most_rate)
    }

    /// How far the points differ in secret bits a pulse: the largest over the least, 1 or more.
    pub fn spread(&self) -> f64 {
        let each = self.points.iter().map(Point::bits_per_pulse);
        let (least, most) = each
            .filter(|bits| *bits > 0.0)
            .fold((f64::INFINITY, 0.0f64), |(least, most), bits| (least.min(bits), most.max(bits)));
        (most / least).max(1.0)
    }

    /// A block of a point at a rate within the range, in whole pulses a second.
    pub fn setting(&self, point: &Point, rate: f64) -> Setting {
        let rate = rate.clamp(self.least_rate, self.most_rate).round();
        let rate = rate.min(self.most_rate.floor()).max(1.0);
        let pulses = point.pulses(rate).ceil().max(1.0);
        Setting::new(point.sifted_bits, &point.point, pulses as u64, rate as u64)
    }

    /// Whether the other end may begin such a block.
    ///
    /// # Errors
    ///
    /// [`SettingError`].
    pub fn admit(&self, setting: &Setting) -> Result<(), SettingError> {
        let same = |point: &&Point| {
            point.sifted_bits == setting.sifted_bits && encode(&point.point) == setting.point
        };
        let point = self.points.iter().find(same).ok_or(SettingError::Point)?;
        let rate = setting.pulse_rate as f64;
        if rate < self.least_rate.floor() || rate > self.most_rate {
            return Err(SettingError::Rate);
        }
        let most = MOST_PULSES * point.pulses(rate) + 1.0;
        let least = point.ready / MOST_PULSES - 1.0;
        let pulses = setting.pulses as f64;
        if pulses > most || pulses < least { Err(SettingError::Pulses) } else { Ok(()) }
    }
}

/// Bits that correcting `sifted` bits of which the share `qber` differs takes, at the efficiency of the
/// device.
pub(super) fn correction(device: &Device, sifted: f64, qber: f64) -> f64 {
    device.efficiency * sifted * binary_entropy(qber)
}
