//! What a KME relays.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::{Metrics, label};
use crate::kme::service::KmeId;

/// A KME's part in a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayPart {
    /// The master's site.
    Origin,
    /// A site between.
    Between,
    /// The slaves' site.
    Target,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabels {
    kme: String,
    part: &'static str,
}

#[derive(Debug, Default, Clone)]
pub(super) struct RelayFamilies {
    keys: Family<PartLabels, Counter>,
    failures: Family<PartLabels, Counter>,
}

impl RelayFamilies {
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "relayed_keys",
            "Keys relayed and acknowledged, by the KME's part",
            self.keys.clone(),
        );
        registry.register(
            "relay_failures",
            "Requests whose keys were not relayed, by the KME's part",
            self.failures.clone(),
        );
    }
}

/// What a KME counts of what it relays.
#[derive(Debug, Clone)]
pub struct RelayMetrics {
    families: RelayFamilies,
    kme: String,
}

impl RelayMetrics {
    /// Counts keys that were acknowledged.
    pub fn relayed(&self, part: RelayPart, keys: usize) {
        self.families.keys.get_or_create(&self.labels(part)).inc_by(keys as u64);
    }

    /// Counts a request that came to nothing.
    pub fn failed(&self, part: RelayPart) {
        self.families.failures.get_or_create(&self.labels(part)).inc();
    }

    fn labels(&self, part: RelayPart) -> PartLabels {
        let part = match part {
            RelayPart::Origin => "origin",
            RelayPart::Between => "between",
            RelayPart::Target => "target",
        };
        PartLabels { kme: self.kme.clone(), part }
    }
}

impl Metrics {
    /// The handle of what a KME relays.
    pub fn relay(&self, kme: &KmeId) -> RelayMetrics {
        RelayMetrics { families: self.families.relay.clone(), kme: label(kme) }
    }
}
