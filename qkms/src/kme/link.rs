//! One link of a KME: its store, the line to the peer, and the state that others see.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::{Mutex as Turn, Notify, watch};
use uuid::Uuid;

use super::{
    closure::{Backoff, Closed, Pauses},
    line::{Line, NoAnswer},
    maker::{Closing, Found, MakeError, Report},
    notary::Notary,
    service::{Figures, KmeId, LinkState},
    wire::{Ask, Reply},
};
use crate::{
    health::Health,
    pool::{BookError, Books, End, Pool, Rejection, Store, making::Summary, record::KeyNote},
};

/// Keys told and unconfirmed at which a draw writes them; housekeeping writes what is left.
const MANY_TOLD: usize = 1024;

/// Where a source is sick that is not this end's.
const THERE: &str = "at the other end";

/// How much a link keeps, and how its post-processing is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Bytes of key for each direction; what exceeds both is wasted.
    pub keys: u64,
    /// Bytes of tag key that each direction is filled up to before SAEs get any.
    pub tags: u64,
    /// Bytes of tag key of each direction that one block may use.
    pub lease: u64,
}

/// What came of the latest block.
#[derive(Debug, Clone, Copy)]
struct Latest {
    /// Errors among its sifted bits, or those of the latest block that had any, in parts per million.
    qber_ppm: Option<u32>,
    /// Whether it gave key.
    gave_key: bool,
}

/// Bytes of a key as figures count them.
const KEY_BYTES: u64 = 32;

#[derive(Default)]
struct Told {
    /// Not written.
    new: Vec<Uuid>,
    /// Written by the last transaction that wrote any, if that did not fail.
    written: Vec<Uuid>,
}

/// A link as the KME's tasks share it.
pub struct Link {
    /// The KME at the other end.
    pub peer: KmeId,
    /// Which end this is.
    pub end: End,
    /// Its books.
    pub store: Store,
    /// The line on which the peer is asked.
    pub line: Line,
    /// What it keeps.
    pub capacity: Capacity,
    /// Signs the records of its blocks.
    pub notary: Notary,
    pub(super) summary: watch::Receiver<Summary>,
    closed: watch::Sender<Option<Closed>>,
    latest: Mutex<Option<Latest>>,
    pauses: Pauses,
    stopping: watch::Sender<bool>,
    /// Keys that their masters were told and that the books hold as unconfirmed; written now and
    /// then, since after a crash what is unconfirmed counts as told.
    told: Mutex<Told>,
    /// Held by who gives back void keys, surveys, or brings a block into the pools: what one end gives
    /// or takes between a survey and its answer would be free at the other alone.
    pub(super) agreeing: Turn<()>,
    /// Held by a run of post-processing at Alice's end, and by an audit, which comes between two.
    pub(super) run: Turn<()>,
    /// A block was picked for an audit.
    pub(super) picked: Notify,
    /// Counts the peer's connections: an older one is not served any more.
    pub(super) generation: AtomicU64,
}

impl Link {
    /// A link with an open store.
    pub fn new(
        peer: KmeId,
        end: End,
        store: Store,
        line: Line,
        capacity: Capacity,
        notary: Notary,
        backoff: Backoff,
    ) -> Arc<Self> {
        let summary = store.summary();
        Arc::new(Self {
            peer,
            end,
            store,
            line,
            capacity,
            notary,
            summary,
            closed: watch::channel(None).0,
            latest: Mutex::default(),
            pauses: Pauses::new(backoff),
            stopping: watch::channel(false).0,
            told: Mutex::default(),
            agreeing: Turn::default(),
            run: Turn::default(),
            picked: Notify::new(),
            generation: AtomicU64::new(0),
        })
    }

    /// The ledger and the fills.
    pub fn summary(&self) -> Summary {
        *self.summary.borrow()
    }

    /// A way to wait until the ledger or the fills change.
    pub fn changes(&self) -> watch::Receiver<Summary> {
        self.summary.clone()
    }

    /// The pool that masters of this site draw from.
    pub fn outgoing(&self) -> Pool {
        Pool::Keys(self.end.outgoing())
    }

    /// The pool that masters of the peer's site draw from.
    pub fn incoming(&self) -> Pool {
        Pool::Keys(self.end.peer().outgoing())
    }

    /// Whether the link is closed, and why; and a way to wait for it.
    pub fn closed(&self) -> watch::Receiver<Option<Closed>> {
        self.closed.subscribe()
    }

    /// Closes the link: no block is begun until [`Self::open`], or the KME is started again. Keys of
    /// blocks made before stay.
    pub fn close(&self, reason: String) {
        tracing::error!(peer = %self.peer, reason, "the quantum link is closed");
        self.closed.send_replace(Some(Closed { reason, until: None }));
    }

    /// What a block that came to its end means for the link: it is closed, or opened again, or
    /// stays as it is. `discarded` is the reason of one that gave no key.
    pub(super) fn judge(&self, discarded: Option<(&'static str, Closing)>, report: &Report) {
        self.note_latest(discarded.is_none(), report.qber);
        let health = report.evidence.own.health;
        match discarded {
            Some((_, Closing::No)) if !health.is_sound() => {}
            None | Some((_, Closing::No)) => self.reopen(),
            Some((reason, closing)) => self.close_for(&Found { reason, closing, health }),
        }
    }

    fn note_latest(&self, gave_key: bool, qber: Option<f64>) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let before = latest.and_then(|latest| latest.qber_ppm);
        // A rate lies between 0 and 1, and a float that does not is cut to them.
        let qber_ppm = qber.map(|qber| (qber.clamp(0.0, 1.0) * 1e6).round() as u32).or(before);
        *latest = Some(Latest { qber_ppm, gave_key });
    }

    /// What this end says of the link.
    pub fn figures(&self) -> Figures {
        let summary = self.summary();
        let [outgoing, incoming] =
            [self.outgoing(), self.incoming()].map(|pool| summary.fill(pool));
        let latest = *self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = |bits: u64| bits.div_euclid(KEY_BYTES.saturating_mul(8));
        Figures {
            stored_keys: outgoing.bytes.saturating_add(incoming.bytes).div_euclid(KEY_BYTES),
            delivered_keys: keys(summary.ledger.delivered),
            made_keys: keys(summary.ledger.made),
            qber_ppm: latest.and_then(|latest| latest.qber_ppm),
            sound: self.state() == LinkState::Open && latest.is_some_and(|latest| latest.gave_key),
        }
    }

    /// What a block that was not finished means for the link: what this end found in it closes it, even if
    /// the other end was never told. It opens none.
    pub(super) fn judge_unfinished(&self, error: &MakeError) {
        if let Some(found) = error.found() {
            self.close_for(found);
        }
    }

    fn close_for(&self, found: &Found) {
        match found.closing {
            Closing::No => {}
            Closing::ForGood => self.close(found.reason.to_owned()),
            Closing::UntilHealthy => {
                let what = found.health.failure.map(|failure| failure.to_string());
                let what = what.as_deref().unwrap_or(THERE);
                self.close_until_healthy(format!("{}: {what}", found.reason));
            }
        }
    }

    /// What the other end's record says of its sources: names the failure there for which the link is closed
    /// here.
    pub(super) fn told(&self, theirs: &Health) {
        let Some(failure) = theirs.failure else { return };
        self.closed.send_if_modified(|closed| match closed {
            Some(closed) if !closed.is_for_good() && closed.reason.ends_with(THERE) => {
                closed.reason = format!("{}: {failure}", closed.reason);
                tracing::error!(peer = %self.peer, reason = closed.reason, "why the quantum link is closed");
                true
            }
            _ => false,
        });
    }

    /// Closes the link until [`Self::reopen`], unless it is closed for good.
    fn close_until_healthy(&self, reason: String) {
        let now = Instant::now();
        let chance = if self.end == End::Alice { rand::random() } else { 0.0 };
        let pause = self.pauses.next(now, chance);
        if self.closed.borrow().as_ref().is_some_and(Closed::is_for_good) {
            return;
        }
        tracing::error!(peer = %self.peer, reason, ?pause, "the quantum link is closed for now");
        // A pause beyond what the clock can tell does not end.
        self.closed.send_replace(Some(Closed { reason, until: now.checked_add(pause) }));
    }

    /// Opens the link again if its sources were sick: a block has passed their tests.
    fn reopen(&self) {
        let opened = self.closed.send_if_modified(|closed| {
            let sick = closed.as_ref().is_some_and(|closed| !closed.is_for_good());
            if sick {
                *closed = None;
            }
            sick
        });
        if opened {
            self.pauses.opened(Instant::now());
            tracing::info!(peer = %self.peer, "the quantum link is open again");
        }
    }

    /// Opens the link that was closed for good; says whether it was.
    pub fn open(&self) -> bool {
        let opened = self.closed.send_if_modified(|closed| {
            let for_good = closed.as_ref().is_some_and(Closed::is_for_good);
            if for_good {
                *closed = None;
            }
            for_good
        });
        if opened {
            tracing::warn!(peer = %self.peer, "an operator opened the quantum link");
        }
        opened
    }

    /// Whether a block may be begun: the link is open, or its sources may be tried again.
    pub(super) fn may_begin(&self) -> bool {
        match &*self.closed.borrow() {
            None => true,
            Some(closed) => closed.until.is_some_and(|until| until <= Instant::now()),
        }
    }

    /// No block is begun any more.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the link stops, and a way to wait for it.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// What an SAE is told of the link.
    pub fn state(&self) -> LinkState {
        if self.closed.borrow().is_some() {
            LinkState::Closed
        } else if self.line.is_ready() {
            LinkState::Open
        } else {
            LinkState::Unreachable
        }
    }

    /// That the peer has not connected anew since connection `generation`. Asked within the store's
    /// order, so that nothing of an older connection takes effect behind a newer one's survey.
    pub(super) fn check_generation(&self, generation: u64) -> Result<(), BookError> {
        if self.generation.load(Ordering::SeqCst) == generation {
            Ok(())
        } else {
            Err(Rejection::OldConnection.into())
        }
    }

    /// Remembers keys that their masters were told.
    pub(super) fn remember_told(&self, ids: &[Uuid]) {
        self.lock_told().new.extend_from_slice(ids);
    }

    /// Writes what was remembered if it is [`MANY_TOLD`] keys: they cost less together.
    pub(crate) fn write_many_told(&self, books: &mut Books<'_>) -> Result<(), BookError> {
        let many = self.lock_told().new.len() >= MANY_TOLD;
        if many { self.write_told(books) } else { Ok(()) }
    }

    /// Writes what was remembered.
    pub(super) fn write_told(&self, books: &mut Books<'_>) -> Result<(), BookError> {
        let Told { mut new, written } = std::mem::take(&mut *self.lock_told());
        // What a transaction wrote that failed then is not confirmed, and comes with this one.
        new.extend(written);
        match books.confirm(&new) {
            Ok(confirmed) => {
                self.lock_told().written = confirmed;
                Ok(())
            }
            Err(error) => {
                self.remember_told(&new);
                Err(error)
            }
        }
    }

    fn lock_told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back what is marked void, there and then here. Without an answer the two ends agree anew.
    pub(super) async fn settle_voids(&self) -> Result<(), NoAnswer> {
        let _agreeing = self.agreeing.lock().await;
        let settled = self.settle_marked().await;
        // On a connection that broke, the next one's agreement does it.
        if settled.as_ref().is_err_and(|error| *error != NoAnswer::Down) {
            self.line.hang_up();
        }
        settled
    }

    /// Has the peer give back keys that it may hold and that this end has never written.
    pub(super) async fn give_up(&self, notes: Vec<KeyNote>) {
        let _agreeing = self.agreeing.lock().await;
        if !matches!(self.line.ask(Ask::Void(notes)).await, Ok(Reply::Free(_))) {
            self.line.hang_up();
        }
    }

    pub(super) async fn settle_marked(&self) -> Result<(), NoAnswer> {
        let notes = self.store.run(|books| books.voids()).await.map_err(|_| NoAnswer::Down)?;
        if notes.is_empty() {
            return Ok(());
        }
        let Reply::Free(free) = self.line.ask(Ask::Void(notes.clone())).await? else {
            return Err(NoAnswer::Wrong);
        };
        if free.len() != notes.len() {
            return Err(NoAnswer::Wrong);
        }
        let settle = move |books: &mut Books<'_>| {
            notes.iter().zip(free).try_for_each(|(note, free)| books.settle_void(note.id(), free))
        };
        self.store.run(settle).await.map_err(|_| NoAnswer::Down)
    }
}
