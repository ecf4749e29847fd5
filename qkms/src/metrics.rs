//! What the service counts, for Prometheus and for the status page.
//!
//! Metrics carry numbers, identities of KMEs and fixed words; never an SAE, a key or its identity.
//! Names end in their unit; totals only grow while the process lives.
//!
//! [`Metrics`] is shared; [`Metrics::kme`] and [`Metrics::link`] hand out cheap handles, the same
//! ones again for the same labels.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use self::{
    control::{ControlFamilies, ControlMetrics},
    health::HealthFamilies,
    relay::RelayFamilies,
};
use crate::kme::service::KmeId;

mod control;
mod health;
mod relay;
#[cfg(test)]
mod tests;

pub use relay::{RelayMetrics, RelayPart};

type Real = Gauge<f64, AtomicU64>;

/// A method of ETSI GS QKD 014.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Get status.
    Status,
    /// Get key.
    EncKeys,
    /// Get key with key IDs.
    DecKeys,
}

const METHODS: [Method; 3] = [Method::Status, Method::EncKeys, Method::DecKeys];

impl Method {
    /// The method as it stands in a path.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::EncKeys => "enc_keys",
            Self::DecKeys => "dec_keys",
        }
    }

    /// The method's own of three values in the order of [`METHODS`].
    fn of<T>(self, [status, enc_keys, dec_keys]: &[T; 3]) -> &T {
        match self {
            Self::Status => status,
            Self::EncKeys => enc_keys,
            Self::DecKeys => dec_keys,
        }
    }
}

/// To which masters the keys of a pool belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolDirection {
    /// To those of this KME's site.
    Outgoing,
    /// To those of the peer's site.
    Incoming,
}

impl PoolDirection {
    fn name(self) -> &'static str {
        match self {
            Self::Outgoing => "outgoing",
            Self::Incoming => "incoming",
        }
    }
}

/// An identity as the value of a label: the encoder leaves it to its callers to escape.
fn label(id: &KmeId) -> String {
    id.as_str().replace('\\', "\\\\").replace('"', "\\\"")
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KmeLabels {
    kme: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    kme: String,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    kme: String,
    method: &'static str,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LinkLabels {
    kme: String,
    peer: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    kme: String,
    peer: String,
    direction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    kme: String,
    peer: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabels {
    kme: String,
    peer: String,
    cause: &'static str,
}

#[derive(Debug, Default, Clone)]
struct Families {
    connections: Family<KmeLabels, Gauge>,
    failed_handshakes: Family<KmeLabels, Counter>,
    refused_connections: Family<KmeLabels, Counter>,
    revocation_errors: Family<KmeLabels, Counter>,
    requests: Family<AnswerLabels, Counter>,
    keys: Family<MethodLabels, Counter>,
    stored: Family<PoolLabels, Gauge>,
    capacity: Family<PoolLabels, Gauge>,
    made: Family<LinkLabels, Counter>,
    spent: Family<CauseLabels, Counter>,
    blocks: Family<OutcomeLabels, Counter>,
    pulses: Family<LinkLabels, Counter>,
    detections: Family<LinkLabels, Counter>,
    qber: Family<LinkLabels, Real>,
    phase_error: Family<LinkLabels, Real>,
    open: Family<LinkLabels, Gauge>,
    health: HealthFamilies,
    control: ControlFamilies,
    relay: RelayFamilies,
}

impl Families {
    fn register(&self, registry: &mut Registry) {
        let r = registry;
        r.register("connections", "TLS connections open now", self.connections.clone());
        r.register(
            "failed_handshakes",
            "Connections that ended before TLS was set up",
            self.failed_handshakes.clone(),
        );
        r.register(
            "refused_connections",
            "Connections closed because the limit was reached",
            self.refused_connections.clone(),
        );
        r.register(
            "revocation_list_errors",
            "Attempts to re-read the revocation list that failed",
            self.revocation_errors.clone(),
        );
        r.register("requests", "Requests answered, by method and code", self.requests.clone());
        r.register("keys_delivered", "Keys told to SAEs", self.keys.clone());
        r.register("pool_stored_bits", "Secret bits in the pool", self.stored.clone());
        r.register(
            "pool_capacity_bits",
            "Secret bits the pool holds at most",
            self.capacity.clone(),
        );
        r.register("key_made_bits", "Secret bits that blocks yielded", self.made.clone());
        r.register("key_spent_bits", "Secret bits gone, by cause", self.spent.clone());
        r.register("blocks", "Blocks finished, by outcome", self.blocks.clone());
        r.register("pulses", "Pulses sent", self.pulses.clone());
        r.register("detections", "Detections", self.detections.clone());
        r.register("link_qber", "Error rate of the latest block, 0 to 1", self.qber.clone());
        r.register(
            "link_phase_error",
            "Bound on the phase error rate of the latest block, 0 to 1",
            self.phase_error.clone(),
        );
        r.register("link_open", "1 if the link makes key, 0 if it is closed", self.open.clone());
        self.health.register(r);
        self.control.register(r);
        self.relay.register(r);
    }
}

/// All metrics of a process.
pub struct Metrics {
    registry: Registry,
    families: Families,
    insecure: Gauge,
    links: Mutex<Vec<LinkMetrics>>,
}

impl Metrics {
    /// Metrics at zero.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("qkms");
        let families = Families::default();
        families.register(&mut registry);
        let insecure = Gauge::default();
        registry.register(
            "insecure",
            "1 if a seed makes every key predictable, 0 if keys are secret",
            insecure.clone(),
        );
        Arc::new(Self { registry, families, insecure, links: Mutex::default() })
    }

    /// Tells whether a seed makes every key of this process predictable.
    pub fn set_insecure(&self, insecure: bool) {
        self.insecure.set(insecure.into());
    }

    /// Whether a seed makes every key of this process predictable.
    pub fn is_insecure(&self) -> bool {
        self.insecure.get() == 1
    }

    /// The handle of a KME's door for SAEs.
    pub fn kme(&self, kme: &KmeId) -> KmeMetrics {
        let labels = KmeLabels { kme: label(kme) };
        let f = &self.families;
        KmeMetrics {
            connections: f.connections.get_or_create_owned(&labels),
            failed_handshakes: f.failed_handshakes.get_or_create_owned(&labels),
            refused_connections: f.refused_connections.get_or_create_owned(&labels),
            revocation_errors: f.revocation_errors.get_or_create_owned(&labels),
            // Labels are strings: the common counters are looked up once, not for each request.
            served: METHODS.map(|method| {
                let labels =
                    AnswerLabels { kme: labels.kme.clone(), method: method.name(), code: 200 };
                f.requests.get_or_create_owned(&labels)
            }),
            keys: METHODS.map(|method| {
                let labels = MethodLabels { kme: labels.kme.clone(), method: method.name() };
                f.keys.get_or_create_owned(&labels)
            }),
            requests: f.requests.clone(),
            kme: labels.kme,
        }
    }

    /// The handle of one end of a link: that of `kme`, towards `peer`.
    pub fn link(&self, kme: &KmeId, peer: &KmeId) -> LinkMetrics {
        let mut links = self.lock_links();
        let known = links.iter().find(|link| link.kme == *kme && link.peer == *peer);
        if let Some(link) = known {
            return link.clone();
        }
        let link = LinkMetrics::new(&self.families, kme, peer);
        links.push(link.clone());
        link
    }

    /// The handles of all link ends that were asked for so far.
    pub fn links(&self) -> Vec<LinkMetrics> {
        self.lock_links().clone()
    }

    /// All metrics in the OpenMetrics text format.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn lock_links(&self) -> MutexGuard<'_, Vec<LinkMetrics>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a KME's door for SAEs counts.
#[derive(Debug, Clone)]
pub struct KmeMetrics {
    /// Connections that ended before TLS was set up.
    pub failed_handshakes: Counter,
    /// Connections closed because the limit was reached.
    pub refused_connections: Counter,
    /// Attempts to re-read the revocation list that failed.
    pub revocation_errors: Counter,
    connections: Gauge,
    served: [Counter; 3],
    keys: [Counter; 3],
    requests: Family<AnswerLabels, Counter>,
    kme: String,
}

impl KmeMetrics {
    /// Counts a connection as open until the guard is dropped.
    pub fn connected(&self) -> Connected {
        self.connections.inc();
        Connected(self.connections.clone())
    }

    /// Counts an answer.
    pub fn answered(&self, method: Method, code: http::StatusCode) {
        if code == http::StatusCode::OK {
            method.of(&self.served).inc();
            return;
        }
        let labels =
            AnswerLabels { kme: self.kme.clone(), method: method.name(), code: code.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }

    /// Counts keys told to SAEs.
    pub fn keys_delivered(&self, method: Method, number: usize) {
        method.of(&self.keys).inc_by(number as u64);
    }
}

/// An open connection, as long as it is held.
#[derive(Debug)]
pub struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl LinkLabels {
    fn pool(&self, direction: PoolDirection) -> PoolLabels {
        let Self { kme, peer } = self.clone();
        PoolLabels { kme, peer, direction: direction.name() }
    }
}

/// What one end of a link counts.
#[derive(Debug, Clone)]
pub struct LinkMetrics {
    /// Secret bits that blocks yielded.
    pub made_bits: Counter,
    /// Pulses sent.
    pub pulses: Counter,
    /// Detections.
    pub detections: Counter,
    /// What control chooses.
    pub control: ControlMetrics,
    stored: [Gauge; 2],
    capacity: [Gauge; 2],
    qber: Real,
    phase_error: Real,
    open: Gauge,
    /// Finished blocks, so that a page can tell "none yet" from a rate of zero.
    measured: Arc<AtomicU64>,
    closed: Arc<Mutex<Option<String>>>,
    health: HealthFamilies,
    blocks: Family<OutcomeLabels, Counter>,
    spent: Family<CauseLabels, Counter>,
    labels: LinkLabels,
    kme: KmeId,
    peer: KmeId,
}

impl LinkMetrics {
    fn new(f: &Families, kme: &KmeId, peer: &KmeId) -> Self {
        let labels = LinkLabels { kme: label(kme), peer: label(peer) };
        let pools = [PoolDirection::Outgoing, PoolDirection::Incoming].map(|way| labels.pool(way));
        Self {
            made_bits: f.made.get_or_create_owned(&labels),
            pulses: f.pulses.get_or_create_owned(&labels),
            detections: f.detections.get_or_create_owned(&labels),
            control: ControlMetrics::new(&f.control, &labels),
            stored: pools.each_ref().map(|pool| f.stored.get_or_create_owned(pool)),
            capacity: pools.each_ref().map(|pool| f.capacity.get_or_create_owned(pool)),
            qber: f.qber.get_or_create_owned(&labels),
            phase_error: f.phase_error.get_or_create_owned(&labels),
            open: f.open.get_or_create_owned(&labels),
            measured: Arc::default(),
            closed: Arc::default(),
            health: f.health.clone(),
            blocks: f.blocks.clone(),
            spent: f.spent.clone(),
            labels,
            kme: kme.clone(),
            peer: peer.clone(),
        }
    }

    /// The KME whose end this is.
    pub fn kme(&self) -> &str {
        self.kme.as_str()
    }

    /// The KME at the other end.
    pub fn peer(&self) -> &str {
        self.peer.as_str()
    }

    /// Tells how full a pool is, and how much it holds at most, in secret bits.
    pub fn set_pool(&self, direction: PoolDirection, stored_bits: u64, capacity_bits: u64) {
        let (stored, capacity) = self.pool(direction);
        stored.set(i64::try_from(stored_bits).unwrap_or(i64::MAX));
        capacity.set(i64::try_from(capacity_bits).unwrap_or(i64::MAX));
    }

    /// Stored and greatest number of secret bits in a pool.
    pub fn pool_bits(&self, direction: PoolDirection) -> (i64, i64) {
        let (stored, capacity) = self.pool(direction);
        (stored.get(), capacity.get())
    }

    /// Counts a finished block and what it showed. `outcome` is `"key"` or the reason why it
    /// yielded none; rates are 0 to 1, and none where the block came to no estimate.
    pub fn block_finished(
        &self,
        outcome: &'static str,
        qber: Option<f64>,
        phase_error: Option<f64>,
    ) {
        let LinkLabels { kme, peer } = self.labels.clone();
        self.blocks.get_or_create(&OutcomeLabels { kme, peer, outcome }).inc();
        if let Some(qber) = qber {
            self.qber.set(qber);
            self.measured.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(phase_error) = phase_error {
            self.phase_error.set(phase_error);
        }
    }

    /// Error rate and bound on the phase error rate of the latest block, if there was one.
    pub fn error_rates(&self) -> Option<(f64, f64)> {
        let any = self.measured.load(Ordering::Relaxed) > 0;
        any.then(|| (self.qber.get(), self.phase_error.get()))
    }

    /// Counts secret bits that left the pool; `cause` is a fixed word such as `"delivered"`,
    /// `"tags"`, `"expired"` or `"wasted"`.
    pub fn spent(&self, cause: &'static str, bits: u64) {
        let LinkLabels { kme, peer } = self.labels.clone();
        self.spent.get_or_create(&CauseLabels { kme, peer, cause }).inc_by(bits);
    }

    /// Tells whether the link makes key.
    pub fn set_open(&self, open: bool) {
        self.open.set(open.into());
    }

    /// Whether the link makes key.
    pub fn is_open(&self) -> bool {
        self.open.get() == 1
    }

    /// Tells why the link is closed, if it is.
    pub fn set_closed(&self, reason: Option<String>) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Why the link is closed, if it is.
    pub fn closed(&self) -> Option<String> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pool(&self, direction: PoolDirection) -> (&Gauge, &Gauge) {
        let ([out, incoming], [out_most, incoming_most]) = (&self.stored, &self.capacity);
        match direction {
            PoolDirection::Outgoing => (out, out_most),
            PoolDirection::Incoming => (incoming, incoming_most),
        }
    }
}
