//! What control chooses for the blocks of a link, and what it measured.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{LinkLabels, Real};
use crate::control::{Setting, pilot::Measured};

#[derive(Debug, Default, Clone)]
pub(super) struct ControlFamilies {
    pulse_rate: Family<LinkLabels, Real>,
    sifted_bits: Family<LinkLabels, Gauge>,
    demand: Family<LinkLabels, Real>,
    transmitted: Family<LinkLabels, Real>,
}

impl ControlFamilies {
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "control_pulse_rate_hertz",
            "Pulses a second of the latest block that control chose",
            self.pulse_rate.clone(),
        );
        registry.register(
            "control_sifted_bits",
            "Sifted bits for which the operating point of that block is",
            self.sifted_bits.clone(),
        );
        registry.register(
            "control_demand_bits_per_second",
            "Secret bits a second that leave the pools, as control measured them at Alice's end",
            self.demand.clone(),
        );
        registry.register(
            "control_transmitted_ratio",
            "Clicks of late over those by formula, likewise",
            self.transmitted.clone(),
        );
    }
}

/// What control of one end of a link tells.
#[derive(Debug, Clone)]
pub struct ControlMetrics {
    pulse_rate: Real,
    sifted_bits: Gauge,
    demand: Real,
    transmitted: Real,
    /// Whether anything was chosen, so that a page can tell "not controlled" from a rate of zero.
    any: Arc<AtomicBool>,
}

impl ControlMetrics {
    pub(super) fn new(families: &ControlFamilies, labels: &LinkLabels) -> Self {
        Self {
            pulse_rate: families.pulse_rate.get_or_create_owned(labels),
            sifted_bits: families.sifted_bits.get_or_create_owned(labels),
            demand: families.demand.get_or_create_owned(labels),
            transmitted: families.transmitted.get_or_create_owned(labels),
            any: Arc::default(),
        }
    }

    /// Tells what the next block is made with.
    pub fn set(&self, setting: &Setting) {
        self.pulse_rate.set(setting.pulse_rate as f64);
        self.sifted_bits.set(i64::try_from(setting.sifted_bits).unwrap_or(i64::MAX));
        self.any.store(true, Ordering::Relaxed);
    }

    /// Tells what control measured.
    pub fn measured(&self, measured: &Measured) {
        self.demand.set(measured.demand);
        self.transmitted.set(measured.transmitted);
    }

    /// Pulses a second of the latest block, if control chose any.
    pub fn pulse_rate(&self) -> Option<f64> {
        self.any.load(Ordering::Relaxed).then(|| self.pulse_rate.get())
    }

    /// The demand that was measured, in bits a second.
    pub fn demand(&self) -> f64 {
        self.demand.get()
    }
}
