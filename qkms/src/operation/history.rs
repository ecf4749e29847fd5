//! The last minutes of each link end, for the status page's plots.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::metrics::{LinkMetrics, Metrics, PoolDirection};

/// How many samples are kept; one is taken a second.
pub const SAMPLES: usize = 600;

/// Over how many samples the rate is averaged: blocks come in bursts.
const RATE_SAMPLES: usize = 30;

/// Samples of all link ends.
#[derive(Debug, Default)]
pub struct History(Mutex<Vec<Series>>);

/// One link end's samples, oldest first, one a second, all lists of the same length.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Series {
    /// The KME whose end this is.
    pub kme: String,
    /// The KME at the other end.
    pub peer: String,
    /// Whether the link makes key now.
    pub open: bool,
    /// Why it is closed, if it is: fixed words, and of a sick noise source which test it failed.
    pub closed: Option<String>,
    /// Outgoing pool, as a share of what it holds at most, 0 to 1.
    pub fill_outgoing: VecDeque<f64>,
    /// Incoming pool, likewise.
    pub fill_incoming: VecDeque<f64>,
    /// Secret bits a second, over the last thirty samples.
    pub rate: VecDeque<f64>,
    /// Error rate of the latest block; none before the first.
    pub qber: VecDeque<Option<f64>>,
    /// Bound on its phase error rate, likewise.
    pub phase_error: VecDeque<Option<f64>>,
    /// Pulses a second of the latest block that control chose; none without control.
    pub pulse_rate: VecDeque<Option<f64>>,
    /// Secret bits a second that control saw leave the pools, at Alice's end.
    pub demand: VecDeque<f64>,
    #[serde(skip)]
    made_bits: VecDeque<(Instant, u64)>,
}

impl History {
    /// Takes a sample each second; never ends.
    pub(super) async fn sample_forever(&self, metrics: &Metrics) {
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            second.tick().await;
            self.sample(metrics, Instant::now());
        }
    }

    /// Takes one sample of each link end.
    pub(super) fn sample(&self, metrics: &Metrics, now: Instant) {
        let mut all = self.lock();
        for link in metrics.links() {
            let known = all
                .iter()
                .position(|series| series.kme == link.kme() && series.peer == link.peer());
            match known.and_then(|position| all.get_mut(position)) {
                Some(series) => series.take(&link, now),
                None => {
                    let mut series = Series {
                        kme: link.kme().into(),
                        peer: link.peer().into(),
                        ..Series::default()
                    };
                    series.take(&link, now);
                    all.push(series);
                }
            }
        }
    }

    /// The samples of all link ends.
    pub fn report(&self) -> Vec<Series> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Series>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Series {
    fn take(&mut self, link: &LinkMetrics, now: Instant) {
        let fill = |direction| match link.pool_bits(direction) {
            (_, capacity) if capacity <= 0 => 0.0,
            (stored, capacity) => stored as f64 / capacity as f64,
        };
        self.open = link.is_open();
        self.closed = link.closed();
        let made = link.made_bits.get();
        self.made_bits.push_back((now, made));
        if self.made_bits.len() > RATE_SAMPLES {
            self.made_bits.pop_front();
        }
        let rate = self.made_bits.front().map_or(0.0, |(then, before)| {
            let seconds = now.duration_since(*then).as_secs_f64();
            if seconds > 0.0 { made.saturating_sub(*before) as f64 / seconds } else { 0.0 }
        });
        let errors = link.error_rates();
        push(&mut self.fill_outgoing, fill(PoolDirection::Outgoing));
        push(&mut self.fill_incoming, fill(PoolDirection::Incoming));
        push(&mut self.rate, rate);
        push(&mut self.qber, errors.map(|(qber, _)| qber));
        push(&mut self.phase_error, errors.map(|(_, phase)| phase));
        push(&mut self.pulse_rate, link.control.pulse_rate());
        push(&mut self.demand, link.control.demand());
    }
}

fn push<T>(list: &mut VecDeque<T>, value: T) {
    if list.len() >= SAMPLES {
        list.pop_front();
    }
    list.push_back(value);
}
