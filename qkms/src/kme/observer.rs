//! What a link tells the metrics.

use std::sync::Arc;

use super::{
    link::Link,
    maker::{MakeError, Report},
};
use crate::{
    control::{Setting, pilot::Measured},
    metrics::{LinkMetrics, PoolDirection},
    pool::Pool,
};

/// Counts the blocks of one end of a link.
#[derive(Clone)]
pub struct Observer(LinkMetrics);

impl Observer {
    /// Counts into `metrics`.
    pub fn new(metrics: LinkMetrics) -> Self {
        Self(metrics)
    }

    /// A block came to an end.
    pub(super) fn made(&self, outcome: &'static str, bits: u64, report: &Report) {
        self.0.pulses.inc_by(report.pulses);
        self.0.detections.inc_by(report.detections);
        self.0.made_bits.inc_by(bits);
        self.0.block_finished(outcome, report.qber, report.phase_error);
        self.0.spent("disclosed", report.disclosed);
        self.0.tested(&report.evidence.own.health);
    }

    /// A block is begun with this.
    pub(super) fn set(&self, setting: Option<&Setting>) {
        if let Some(setting) = setting {
            self.0.control.set(setting);
        }
    }

    /// Control holds this for true.
    pub(super) fn measured(&self, measured: Option<Measured>) {
        if let Some(measured) = measured {
            self.0.control.measured(&measured);
        }
    }

    /// A block was not finished.
    pub(super) fn failed(&self) {
        self.0.block_finished("failed", None, None);
    }

    /// The makers did not finish a block: what this end found in it counts.
    pub(super) fn unfinished(&self, error: &MakeError) {
        if let Some(found) = error.found() {
            self.0.tested(&found.health);
        }
    }

    /// Keeps fills and the link's state current, for ever.
    pub async fn watch(self, link: Arc<Link>) {
        let mut changes = link.changes();
        let mut ready = link.line.ready();
        let mut closed = link.closed();
        let mut last = changes.borrow().ledger;
        loop {
            let summary = *changes.borrow_and_update();
            let ledger = summary.ledger;
            for (cause, now, before) in [
                ("delivered", ledger.delivered, last.delivered),
                ("tags", ledger.tags, last.tags),
                ("relayed", ledger.relayed, last.relayed),
                ("expired", ledger.expired, last.expired),
                ("wasted", ledger.wasted, last.wasted),
                ("sacrificed", ledger.sacrificed, last.sacrificed),
            ] {
                // What is given back after a refusal was counted as delivered before.
                self.0.spent(cause, now.saturating_sub(before));
            }
            last = ledger;
            for (direction, pool) in [
                (PoolDirection::Outgoing, link.outgoing()),
                (PoolDirection::Incoming, link.incoming()),
            ] {
                let pool: Pool = pool;
                let stored = summary.fill(pool).bytes.saturating_mul(8);
                self.0.set_pool(direction, stored, link.capacity.keys.saturating_mul(8));
            }
            let reason = closed.borrow_and_update().as_ref().map(|closed| closed.reason.clone());
            self.0.set_open(*ready.borrow_and_update() && reason.is_none());
            self.0.set_closed(reason);
            let changed = tokio::select! {
                changed = changes.changed() => changed,
                changed = ready.changed() => changed,
                changed = closed.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
        }
    }
}
