//! How a KME answers its peer.
//!
//! - The peer's certificate is checked before; here its greeting must name it and the other end.
//! - A question is put to the books before the next is read, so questions take effect in their
//!   order; an answer follows when its effect is durable.
//! - When the peer has connected anew, questions on its older connection are not served any more.
//! - The peer may ask about the direction that begins at its own end, and nothing else.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    sync::{Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{
    audits,
    directory::{Directory, Place},
    limits::Limits,
    line::write_frames,
    link::Link,
    runs::{Runs, why},
    service::KmeId,
    wire::{self, Answer, Ask, Hello, Question, Reply, Start, Stream, VERSION, Why},
};
use crate::control::Choices;
use crate::pool::{
    BookError, Books, End, NoAudit, Pool, StoreError,
    record::{CONFIGURED, Lease, Reservation, Survey},
};
use crate::records::{EPOCH, Hash, Signed};
use crate::relay::Relay;

/// Questions of one connection that are being answered at once.
const AT_ONCE: usize = 4096;
/// How long a greeting may take.
const GREETING: Duration = Duration::from_secs(10);

/// Answers the peer of one link.
pub struct Answerer {
    /// This KME.
    pub kme: KmeId,
    /// The link.
    pub link: Arc<Link>,
    /// The link's index in the directory.
    pub index: usize,
    /// The SAEs that are known.
    pub directory: Arc<Directory>,
    /// What a reservation may ask for.
    pub limits: Limits,
    /// The blocks that this end makes when Alice's end says so.
    pub runs: Arc<Runs>,
    /// What control at Alice's end may choose; none if it may choose nothing.
    pub choices: Option<Choices>,
    /// What it relays with, if it is part of a route.
    pub relay: Option<Arc<Relay>>,
}

type Effect<T> = oneshot::Receiver<Result<T, StoreError>>;

/// An answer that is on its way.
enum Later {
    Now(Reply),
    Done(Effect<()>),
    Free(Effect<Vec<bool>>),
    Survey(Effect<Survey>),
    /// With the connection on which it was said.
    Start(Start, u64),
    Offer(wire::Offer, u64),
    Witness(wire::Witness),
    Seal(wire::Seal, u64),
    Introduced(Effect<wire::Introduction>),
    Records(Effect<Vec<Signed>>),
    Root(Effect<Option<Hash>>),
    Opened(Effect<wire::Opened>),
    Picked(Effect<wire::Choice>),
    Relay(Ask),
}

impl Answerer {
    /// Serves one connection until it ends.
    ///
    /// # Errors
    ///
    /// The stream's, or `InvalidData` for a message that is none.
    pub async fn serve(self: Arc<Self>, mut stream: Box<dyn Stream>) -> io::Result<()> {
        let hello: Hello = timeout(GREETING, wire::read(&mut stream)).await??;
        let end = self.link.end;
        let peer = Hello { version: VERSION, kme: self.link.peer.to_string(), end: end.peer() };
        let own = Hello { version: VERSION, kme: self.kme.to_string(), end };
        stream.write_all(&wire::frame(&own)).await?;
        stream.flush().await?;
        if hello != peer {
            return Err(io::Error::other("another KME, end or version"));
        }
        let generation = self.link.generation.fetch_add(1, Ordering::SeqCst) + 1;
        let (mut incoming, outgoing) = tokio::io::split(stream);
        let (answers, frames) = mpsc::unbounded_channel();
        let writer = tokio::spawn(write_frames(outgoing, frames));
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let ended = loop {
            let question: Question = match wire::read(&mut incoming).await {
                Ok(question) => question,
                Err(error) => break error,
            };
            if self.link.generation.load(Ordering::SeqCst) != generation {
                break io::Error::other("the peer has connected anew");
            }
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                break io::ErrorKind::BrokenPipe.into();
            };
            let later = self.begin(question.ask, generation);
            let (this, answers) = (Arc::clone(&self), answers.clone());
            tokio::spawn(async move {
                let reply = this.finish(later).await;
                let answer = Answer { number: question.number, reply };
                // The connection may have ended.
                // Its place is free when the answer is written, so that a peer which reads none cannot
                // have them pile up.
                let _ = answers.send((wire::frame(&answer), place));
            });
        };
        writer.abort();
        Err(ended)
    }

    /// Puts work into the order of the books, where nothing of an older connection has effect.
    fn put<T: Send + 'static>(
        &self,
        generation: u64,
        work: impl FnOnce(&mut Books<'_>) -> Result<T, BookError> + Send + 'static,
    ) -> Effect<T> {
        let link = Arc::clone(&self.link);
        self.link.store.begin(move |books| {
            link.check_generation(generation)?;
            work(books)
        })
    }

    fn begin(&self, ask: Ask, generation: u64) -> Later {
        let link = &self.link;
        let theirs = link.end.peer().outgoing();
        match ask {
            Ask::Reserve(reservation) => match self.check(&reservation) {
                Ok(()) => Later::Done(
                    self.put(generation, move |books| books.accept(theirs, &reservation)),
                ),
                Err(why) => Later::Now(Reply::Refused(why)),
            },
            Ask::Void(notes) => {
                Later::Free(self.put(generation, move |books| books.void(theirs, &notes)))
            }
            Ask::Retire(ranges) => {
                Later::Done(self.put(generation, move |books| books.retire(theirs, &ranges)))
            }
            Ask::Survey(survey) => {
                let alice = link.end == End::Bob;
                let allowed = survey.free.iter().all(|(pool, _)| match pool {
                    Pool::Keys(direction) => *direction == theirs,
                    Pool::Tags(_) => alice,
                });
                if !allowed || (!alice && !survey.staged.is_empty()) {
                    return Later::Now(Reply::Refused(Why::Block));
                }
                Later::Survey(self.put(generation, move |books| books.answer_survey(&survey)))
            }
            Ask::Start(_)
            | Ask::Offer(_)
            | Ask::Witness(_)
            | Ask::Seal(_)
            | Ask::Introduce(_)
            | Ask::Records(_)
            | Ask::Append(_)
            | Ask::Root(_)
            | Ask::Open(_)
            | Ask::Pick(_)
            | Ask::Fail(_)
            | Ask::Close(_)
                if link.end == End::Alice =>
            {
                Later::Now(Reply::Refused(Why::Block))
            }
            Ask::Spent(ranges) => {
                Later::Done(self.put(generation, move |books| books.spend_pad(theirs, &ranges)))
            }
            // They need no order: a withdrawal holds for keys that come after it.
            Ask::ExtKeys(_) | Ask::VoidKeys(_) | Ask::Reach(_) => Later::Relay(ask),
            Ask::Start(start) if link.may_begin() => match self.check_setting(&start) {
                Ok(()) => Later::Start(start, generation),
                Err(why) => Later::Now(Reply::Refused(why)),
            },
            Ask::Start(_) => Later::Now(Reply::Refused(Why::Block)),
            Ask::Offer(offer) => Later::Offer(offer, generation),
            Ask::Witness(witness) => Later::Witness(witness),
            Ask::Seal(seal) => Later::Seal(seal, generation),
            Ask::Introduce(alice) => {
                let owner = Arc::clone(link);
                Later::Introduced(self.put(generation, move |books| {
                    books.meet(&alice.key)?;
                    owner.notary.join_audits(books, alice.audits)?;
                    owner.notary.introduction(books)
                }))
            }
            Ask::Records(from) => {
                let most = usize::try_from(EPOCH).unwrap_or(usize::MAX);
                Later::Records(self.put(generation, move |books| books.records(from, most)))
            }
            Ask::Append(records) => {
                let owner = Arc::clone(link);
                Later::Done(self.put(generation, move |books| owner.notary.append(books, &records)))
            }
            Ask::Root(epoch) => {
                Later::Root(self.put(generation, move |books| books.epoch_root(epoch)))
            }
            Ask::Open(asked) => {
                Later::Opened(self.put(generation, move |books| audits::open(books, &asked)))
            }
            Ask::Pick(posed) => {
                Later::Picked(self.put(generation, move |books| audits::choose(books, &posed)))
            }
            Ask::Fail(epoch) => {
                Later::Done(self.put(generation, move |books| audits::give_up(books, epoch)))
            }
            Ask::Close(epoch) => {
                Later::Done(self.put(generation, move |books| books.close_epoch(epoch, None)))
            }
        }
    }

    async fn finish(&self, later: Later) -> Reply {
        match later {
            Later::Now(reply) => reply,
            Later::Done(effect) => effect_of(effect).await.map_or_else(refuse, |()| Reply::Done),
            Later::Free(effect) => effect_of(effect).await.map_or_else(refuse, Reply::Free),
            Later::Survey(effect) => effect_of(effect).await.map_or_else(refuse, Reply::Survey),
            Later::Start(start, generation) => {
                self.start(start, generation).await.map_or_else(Reply::Refused, |()| Reply::Done)
            }
            Later::Offer(offer, generation) => self
                .runs
                .store(&self.link, offer, generation)
                .await
                .map_or_else(refuse, |()| Reply::Done),
            Later::Witness(asked) => {
                self.runs.witness(&self.link, asked).await.map_or_else(refuse, Reply::Witnessed)
            }
            Later::Seal(seal, generation) => self
                .runs
                .seal(&self.link, seal, generation)
                .await
                .map_or_else(refuse, |()| Reply::Done),
            Later::Introduced(effect) => {
                effect_of(effect).await.map_or_else(refuse, Reply::Introduced)
            }
            Later::Relay(ask) => match &self.relay {
                Some(relay) => relay.answer(&self.link, ask).await,
                None => Reply::Refused(Why::Route),
            },
            Later::Records(effect) => effect_of(effect).await.map_or_else(refuse, Reply::Records),
            Later::Root(effect) => effect_of(effect).await.map_or_else(refuse, Reply::Root),
            Later::Picked(effect) => effect_of(effect).await.map_or_else(refuse, Reply::Picked),
            Later::Opened(effect) => effect_of(effect).await.map_or_else(refuse, Reply::Opened),
        }
    }

    /// Begins a run, after the last one has given back its tag keys: Alice's end may have ended that
    /// run a moment earlier.
    async fn start(&self, start: Start, generation: u64) -> Result<(), Why> {
        let patience = self.link.line.patience() / 2;
        timeout(patience, self.runs.idle()).await.map_err(|_| Why::Block)?;
        let joined = start.lease.clone();
        let effect = self.put(generation, move |books| join(books, &joined));
        effect_of(effect).await?;
        if self.runs.begin(start) { Ok(()) } else { Err(Why::Block) }
    }

    /// Whether a block may be made with what Alice's end chose. A block of the link's own size and
    /// pulse rate, of which nothing is said, always may.
    fn check_setting(&self, start: &Start) -> Result<(), Why> {
        let Some(setting) = &start.setting else { return Ok(()) };
        let admitted = match &self.choices {
            Some(choices) => choices.admit(setting),
            None => Err(crate::control::SettingError::Point),
        };
        admitted.map_err(|error| {
            tracing::warn!(block = start.lease.block, %error, "refused what the peer KME chose");
            Why::Setting
        })
    }

    fn check(&self, reservation: &Reservation) -> Result<(), Why> {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (least, most) = self.limits.len;
        let keys = count(reservation.keys.len());
        if !(1..=self.limits.keys).contains(&keys)
            || !(1..=self.limits.slaves).contains(&count(reservation.slaves.len()))
            || reservation.keys.iter().any(|note| !(least..=most).contains(&note.range.len))
        {
            return Err(Why::Limits);
        }
        let here = |sae: &String| self.directory.find(sae) == Some(Place::Here);
        let master = self.directory.find(&reservation.master) == Some(Place::Peer(self.index));
        if master && reservation.slaves.iter().all(here) { Ok(()) } else { Err(Why::Sae) }
    }
}

/// Joins the lease for a block that is new to this end, unless as many wait for their audit here as may.
fn join(books: &mut Books<'_>, lease: &Lease) -> Result<(), BookError> {
    if books.is_held()? {
        return Err(NoAudit::Held.into());
    }
    if books.block(lease.block)?.is_some() || lease.block >= CONFIGURED {
        return Err(crate::pool::Rejection::RepeatedBlock.into());
    }
    books.join_lease(lease)
}

async fn effect_of<T>(effect: Effect<T>) -> Result<T, Why> {
    match effect.await {
        Ok(done) => done.map_err(why),
        Err(_) => Err(Why::Store),
    }
}

fn refuse(why: Why) -> Reply {
    Reply::Refused(why)
}
