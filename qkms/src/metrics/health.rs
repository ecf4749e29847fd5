//! What health tests found, for each noise source of a link end.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::{LinkLabels, LinkMetrics, Real};
use crate::health::Health;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    kme: String,
    peer: String,
    source: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    kme: String,
    peer: String,
    source: &'static str,
    test: &'static str,
}

#[derive(Debug, Default, Clone)]
pub(super) struct HealthFamilies {
    min_entropy: Family<SourceLabels, Real>,
    failures: Family<FailureLabels, Counter>,
}

impl HealthFamilies {
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "source_min_entropy_bits",
            "Min-entropy a sample of the latest block by the most common value, by noise source",
            self.min_entropy.clone(),
        );
        registry.register(
            "health_failures",
            "Blocks that failed a health test at this end, by noise source and test",
            self.failures.clone(),
        );
    }
}

impl LinkMetrics {
    /// Counts what the health tests of a block found. An end that tests nothing has no samples.
    pub fn tested(&self, health: &Health) {
        let LinkLabels { kme, peer } = &self.labels;
        for measured in health.sources.iter().filter(|measured| measured.samples > 0) {
            let (kme, peer) = (kme.clone(), peer.clone());
            let labels = SourceLabels { kme, peer, source: measured.source.name() };
            self.health.min_entropy.get_or_create(&labels).set(measured.min_entropy());
        }
        if let Some(failure) = health.failure {
            let (source, test) = (failure.source.name(), failure.test.name());
            let labels = FailureLabels { kme: kme.clone(), peer: peer.clone(), source, test };
            self.health.failures.get_or_create(&labels).inc();
        }
    }
}
