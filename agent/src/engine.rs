//! What the agent does with others: it asks the key service and delivers frames and letters, each in its
//! own time.
//!
//! Who tells news does not wait for it: what [`Desk::jobs`] hands out runs beside.

use crate::{
    desk::{
        Asked, Desk, Draft, Job, Knock, Lookup, Name, Pen, Place, Plan, Refusal, Totals, Wish,
        Work, Writing, WrittenView,
    },
    keys::{KEY_BITS, KeySource},
    post::{NotTaken, Post},
    serve::{LIMIT, Network},
};
use http::StatusCode;
use q_sah::Seal;
use qedex_primitives::{EpochIndex, qkd::LinkId};
use qkms::{client, kme::service::SaeId};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet, time::MissedTickBehavior};
use zeroize::Zeroizing;

/// How long the sender of a text waits for its delivery; then it is told that it is under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most frames of a session that are delivered before it is another one's turn.
const FRAMES_A_JOB: usize = 16;

/// How often the writer of a letter looks whether it is under way still.
const GLANCE: Duration = Duration::from_millis(20);

/// How often is looked for what has rested long enough.
const TICK: Duration = Duration::from_secs(1);

/// Where a node takes letters.
pub const LETTERS_PATH: &str = "/v1/letters";

/// The longest failure of a key service that is shown, in characters.
const MAX_WORDS: usize = 256;

/// How the key service did.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// When it answered last; a refusal is an answer.
    pub answered: Option<Instant>,
    /// When it failed last, and how.
    pub failed: Option<(Instant, String)>,
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The counter of its frame.
    pub counter: u64,
    /// How many frames wait to be delivered, this one among them; zero if it was.
    pub queued: u64,
}

/// A desk, and what it asks.
pub struct Engine<K, P> {
    desk: Desk,
    keys: K,
    post: P,
    contact: Mutex<Contact>,
    wake: Notify,
}

impl<K, P> fmt::Debug for Engine<K, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").field("desk", &self.desk).finish_non_exhaustive()
    }
}

impl<K: KeySource, P: Post> Engine<K, P> {
    /// Puts them together.
    pub fn new(desk: Desk, keys: K, post: P) -> Self {
        Self { desk, keys, post, contact: Mutex::default(), wake: Notify::new() }
    }

    /// How the key service did.
    pub fn contact(&self) -> Contact {
        self.contact.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was done, and what there is, at once.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn totals(&self) -> Result<Totals, Refusal> {
        self.desk.totals()
    }

    /// What the desk says to this. It may wait for the disk, so it has a thread of its own.
    ///
    /// # Errors
    ///
    /// As `work` has.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Desk) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let engine = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || work(&engine.desk)).await;
        // It did not panic: a stopped runtime takes no more work.
        asked.unwrap_or(Err(Refusal::Stopped))
    }

    /// Opens a session: draws its keys, unless the same wish was granted before.
    ///
    /// # Errors
    ///
    /// Those of [`Desk::wish`] and [`Desk::opened`], and [`Refusal::Kme`].
    pub async fn open(self: Arc<Self>, wish: Wish) -> Result<Asked, Refusal> {
        match self.ask(move |desk| desk.wish(wish)).await? {
            Plan::Granted(asked) => Ok(asked),
            Plan::Draw(place) => {
                // Beside: a user who goes away does not take drawn keys along.
                let drawn = tokio::spawn(async move { self.draw(place).await }).await;
                drawn.unwrap_or(Err(Refusal::Stopped))
            }
        }
    }

    async fn draw(self: Arc<Self>, place: Place) -> Result<Asked, Refusal> {
        let keys = self.note(self.keys.draw(place.peer(), place.keys(), KEY_BITS).await)?;
        self.ask(move |desk| desk.opened(&place, keys)).await
    }

    /// Seals a text and delivers it, if that can be done soon.
    ///
    /// # Errors
    ///
    /// Those of [`Desk::seal`].
    pub async fn send(
        self: Arc<Self>,
        name: Name,
        text: Zeroizing<Vec<u8>>,
    ) -> Result<Sent, Refusal> {
        let (local, counter) = self.ask(move |desk| desk.seal(name, &text)).await?;
        if let Some(job) = self.desk.delivery(local) {
            let running = tokio::spawn(Arc::clone(&self).run(job));
            // What is not delivered by then goes on beside.
            let _ = tokio::time::timeout(PATIENCE, running).await;
        }
        let queued = self.ask(move |desk| desk.queued_from(local, counter)).await?;
        Ok(Sent { counter, queued })
    }

    /// Writes a letter and delivers it, if that can be done soon.
    ///
    /// # Errors
    ///
    /// Those of [`Desk::draft`] and [`Desk::written`], [`Refusal::Kme`], and [`Refusal::KeySize`].
    pub async fn write(self: Arc<Self>, draft: Draft) -> Result<WrittenView, Refusal> {
        let number = match self.ask(move |desk| desk.draft(draft)).await? {
            Writing::Granted(number) => number,
            Writing::Draw(pen) => {
                // Beside, as with a session.
                let engine = Arc::clone(&self);
                let drawn = tokio::spawn(async move { engine.draw_for(pen).await }).await;
                drawn.unwrap_or(Err(Refusal::Stopped))?
            }
        };
        if let Some(job) = self.ask(move |desk| desk.letter_delivery(number)).await? {
            let running = tokio::spawn(Arc::clone(&self).run(job));
            let _ = tokio::time::timeout(PATIENCE, running).await;
        } else {
            // It may be under way already, with what else was due.
            let ended = async {
                while self.desk.is_letter_under_way(number) {
                    tokio::time::sleep(GLANCE).await;
                }
            };
            let _ = tokio::time::timeout(PATIENCE, ended).await;
        }
        self.ask(move |desk| desk.letter(number)).await
    }

    async fn draw_for(self: Arc<Self>, pen: Pen) -> Result<u64, Refusal> {
        if pen.seal() == Seal::OneTime {
            let sizes = self.note(self.keys.sizes(pen.peer()).await)?;
            if !sizes.contains(&pen.bits().into()) {
                let [least, most] = [sizes.start(), sizes.end()].map(|bits| bits.div_euclid(8));
                return Err(Refusal::KeySize { least, most });
            }
        }
        let keys = self.note(self.keys.draw(pen.peer(), 1, pen.bits()).await)?;
        self.ask(move |desk| desk.written(&pen, keys)).await
    }

    /// Takes a letter that came from this network.
    ///
    /// # Errors
    ///
    /// Those of [`Desk::knock`] and [`Desk::looked_up`].
    pub async fn take_letter(
        self: Arc<Self>,
        envelope: Vec<u8>,
        network: Network,
    ) -> Result<(), Refusal> {
        match self.ask(move |desk| desk.knock(&envelope, network)).await? {
            Knock::Taken => Ok(()),
            Knock::Draw(lookup) => {
                // Beside: a key is told once, and a stranger who goes away must not take it along.
                let looked = tokio::spawn(async move { self.look_up(lookup).await }).await;
                looked.unwrap_or(Err(Refusal::Stopped))
            }
        }
    }

    async fn look_up(self: Arc<Self>, lookup: Lookup) -> Result<(), Refusal> {
        let keys = self.note(self.keys.collect(lookup.peer(), &[lookup.id()]).await);
        let taken = self.ask(move |desk| desk.looked_up(&lookup, keys)).await;
        // A session may have waited for this key.
        self.wake();
        taken
    }

    /// Does a job.
    pub async fn run(self: Arc<Self>, job: Job) {
        let local = job.local;
        let done = match &job.work {
            Work::Collect { peer, ids } => {
                let keys = self.note(self.keys.collect(peer, ids).await);
                self.ask(move |desk| desk.collected(local, keys)).await
            }
            Work::Draw(wanted) => {
                let keys = self.note(self.keys.draw(&wanted.peer, 1, KEY_BITS).await);
                let wanted = wanted.clone();
                self.ask(move |desk| desk.drawn(&wanted, keys)).await
            }
            Work::Survey { epoch, links } => self.survey(*epoch, links).await,
            Work::Post => self.deliver(local).await,
            Work::Letter => self.deliver_letter(local).await,
        };
        drop(job);
        if let Err(error) = done {
            tracing::warn!(%error, "a session, a letter or the beacon has to wait");
            self.desk.failed(local, &error.to_string());
        }
    }

    /// Asks of each link by itself: one that the key service does not know keeps no other one away.
    async fn survey(
        self: &Arc<Self>,
        epoch: EpochIndex,
        links: &[(LinkId, SaeId)],
    ) -> Result<(), Refusal> {
        let (mut answers, mut failed) = (Vec::new(), None);
        for (link, peer) in links {
            match self.note(self.keys.figures(peer).await) {
                Ok(figures) => answers.push((*link, figures)),
                Err(error) => failed = Some(error),
            }
        }
        self.ask(move |desk| desk.surveyed(epoch, &answers)).await?;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn deliver(self: &Arc<Self>, local: u64) -> Result<(), Refusal> {
        for _ in 0..FRAMES_A_JOB {
            let Some(parcel) = self.ask(move |desk| desk.parcel(local)).await? else { break };
            let counter = parcel.counter;
            let path = format!("/v1/mail/{}", parcel.session.0);
            let taken = StatusCode::OK;
            let said = self.post.deliver(&parcel.address, &path, parcel.frame, taken).await;
            let right = said.and_then(|said| {
                if said[..] == parcel.receipt { Ok(()) } else { Err(NotTaken::Receipt) }
            });
            if let Err(error) = right {
                self.desk.failed(local, &error.to_string());
                return Ok(());
            }
            self.ask(move |desk| desk.delivered(local, counter)).await?;
        }
        Ok(())
    }

    async fn deliver_letter(self: &Arc<Self>, number: u64) -> Result<(), Refusal> {
        let parcel = self.ask(move |desk| desk.letter_parcel(number)).await?;
        let Some((address, envelope)) = parcel else { return Ok(()) };
        let taken = StatusCode::NO_CONTENT;
        match self.post.deliver(&address, LETTERS_PATH, envelope, taken).await {
            Ok(_) => self.ask(move |desk| desk.letter_delivered(number)).await,
            Err(error) if error.is_final() => {
                self.ask(move |desk| desk.letter_refused(number, &error.to_string())).await
            }
            Err(error) => {
                self.desk.failed(number, &error.to_string());
                Ok(())
            }
        }
    }

    /// Has what is due looked for at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Does what is due, each beside the others, until `stop` is ready. What has begun then has [`LIMIT`].
    pub async fn keep_going(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut running = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = running.join_next(), if !running.is_empty() => {},
                () = self.wake.notified() => self.start_due(&mut running).await,
                _ = ticks.tick() => self.start_due(&mut running).await,
            }
        }
        let ended = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(LIMIT, ended).await.is_err() {
            running.shutdown().await;
        }
    }

    async fn start_due(self: &Arc<Self>, running: &mut JoinSet<()>) {
        match self.ask(Desk::jobs).await {
            Ok(jobs) => {
                for job in jobs {
                    let engine = Arc::clone(self);
                    running.spawn(async move {
                        engine.clone().run(job).await;
                        engine.wake();
                    });
                }
            }
            Err(error) => tracing::error!(%error, "the agent cannot look for work"),
        }
    }

    fn note<T>(&self, result: Result<T, client::Error>) -> Result<T, client::Error> {
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Ok(_) | Err(client::Error::Refused(_)) => contact.answered = Some(Instant::now()),
            Err(error) => {
                let what = error.to_string().chars().take(MAX_WORDS).collect();
                contact.failed = Some((Instant::now(), what));
            }
        }
        drop(contact);
        result
    }
}
