//! What agents and the off-chain worker have done, for Prometheus. It is read when somebody asks for it.
//!
//! No number tells with whom an SAE speaks, nor of any single session.

use codec::Decode;
use qedex_agent::{Meter, Totals};
use qedex_primitives::agent::{COUNTS_KEY, WorkerCounts};
use sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};
use std::sync::Arc;
use substrate_prometheus_endpoint::{
    MetricSource, Opts, PrometheusError, Registry, SourcedCounter, SourcedGauge, register,
};

/// A number of an agent that only grows: its name, what it is, and how it is read.
type AgentCounter = (&'static str, &'static str, fn(&Totals) -> u64);

const AGENT_COUNTERS: [AgentCounter; 8] = [
    ("qkd_keys_drawn_total", "Keys that agents drew for sessions and letters", |totals| {
        totals.keys
    }),
    ("qkd_bits_drawn_total", "Bits of these keys", |totals| totals.bits),
    ("qkd_handshakes_finished_total", "Handshakes that ended in an open session", |totals| {
        totals.finished
    }),
    (
        "qkd_handshake_milliseconds_total",
        "Time that finished handshakes took, from the first step at this end",
        |totals| totals.finished_ms,
    ),
    ("qkd_letters_sent_total", "Letters written", |totals| totals.letters.written),
    ("qkd_letters_delivered_total", "Letters that the reader's node has taken", |totals| {
        totals.letters.delivered
    }),
    ("qkd_letters_given_up_total", "Letters that were given up", |totals| totals.letters.given_up),
    ("qkd_letters_received_total", "Letters that came, and were authentic", |totals| {
        totals.letters.come
    }),
];

/// The same of the off-chain worker.
type WorkerCounter = (&'static str, &'static str, fn(&WorkerCounts) -> u64);

const WORKER_COUNTERS: [WorkerCounter; 7] = [
    ("qkd_worker_runs_total", "Runs of the off-chain worker with an agent to ask", |counts| {
        counts.runs
    }),
    ("qkd_worker_runs_cut_short_total", "Runs that ended before all agents were asked", |counts| {
        counts.cut_short
    }),
    ("qkd_worker_milliseconds_total", "Time that runs took", |counts| counts.millis),
    ("qkd_worker_agents_served_total", "Agents served, once for each run", |counts| counts.served),
    ("qkd_worker_agents_failed_total", "Agents that failed, once for each run", |counts| {
        counts.failed
    }),
    ("qkd_worker_steps_brought_total", "Steps that the pool has taken", |counts| counts.brought),
    ("qkd_worker_steps_refused_total", "Steps that the pool has not taken", |counts| {
        counts.refused
    }),
];

/// How many sessions each agent has in which state.
#[derive(Clone)]
struct States(Arc<[Meter]>);

impl MetricSource for States {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        for meter in &*self.0 {
            for (state, sessions) in meter.totals().unwrap_or_default().states {
                set(&[meter.sae().as_str(), state], sessions);
            }
        }
    }
}

#[derive(Clone)]
struct OfAgents {
    meters: Arc<[Meter]>,
    read: fn(&Totals) -> u64,
}

impl MetricSource for OfAgents {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        for meter in &*self.meters {
            if let Some(totals) = meter.totals() {
                set(&[meter.sae().as_str()], (self.read)(&totals));
            }
        }
    }
}

#[derive(Clone)]
struct OfWorker<S> {
    storage: S,
    read: fn(&WorkerCounts) -> u64,
}

impl<S: OffchainStorage> MetricSource for OfWorker<S> {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        let stored = self.storage.get(STORAGE_PREFIX, COUNTS_KEY);
        let counts = stored.and_then(|bytes| WorkerCounts::decode(&mut &bytes[..]).ok());
        set(&[], (self.read)(&counts.unwrap_or_default()));
    }
}

/// Lets a registry ask for all of it.
///
/// # Errors
///
/// A name is taken.
pub fn announce(
    registry: &Registry,
    meters: Vec<Meter>,
    storage: Option<impl OffchainStorage + 'static>,
) -> Result<(), PrometheusError> {
    let meters: Arc<[Meter]> = meters.into();
    let states = Opts::new("qkd_sessions", "Sessions that agents keep, by state");
    let states = states.variable_labels(vec!["sae".into(), "state".into()]);
    register(SourcedGauge::new(&states, States(Arc::clone(&meters)))?, registry)?;
    for (name, help, read) in AGENT_COUNTERS {
        let options = Opts::new(name, help).variable_label("sae");
        let source = OfAgents { meters: Arc::clone(&meters), read };
        register(SourcedCounter::new(&options, source)?, registry)?;
    }
    let Some(storage) = storage else { return Ok(()) };
    for (name, help, read) in WORKER_COUNTERS {
        let source = OfWorker { storage: storage.clone(), read };
        register(SourcedCounter::new(&Opts::new(name, help), source)?, registry)?;
    }
    Ok(())
}
