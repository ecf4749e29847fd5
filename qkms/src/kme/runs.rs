//! The blocks that Bob's end makes: begun when Alice's end says so, kept until it offers them. Their
//! records are signed when it asks, and stored when its own signature comes.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::timeout,
};
use zeroize::Zeroizing;

use super::{
    link::Link,
    maker::{BlockMaker, Made, MakeError, found},
    observer::Observer,
    purse::Purse,
    wire::{Offer, Seal, Start, Why, Witness, Witnessed},
};
use crate::{
    audit::Opening,
    pool::{BookError, Books, Rejection, StoreError, making::NewBlock, record::Made as Source},
    records::{Ending, Evidence, Record},
};

/// A block that was made and is not stored.
struct Key {
    bits: u64,
    bytes: Zeroizing<Vec<u8>>,
    /// What its opening takes, if the link is audited, until it is in the books.
    opening: Option<Opening>,
}

/// The last block that came to an end, and its key if it has one.
struct Finished {
    block: u64,
    key: Option<Key>,
    /// What became of it; none if it was not brought to an end.
    ended: Option<(Ending, Evidence)>,
    /// Its record, once it is signed here.
    record: Option<Record>,
}

/// Hands what is to be begun to Bob's maker and blocks to the store.
pub struct Runs {
    starts: mpsc::Sender<Start>,
    finished: Mutex<Option<Finished>>,
    news: Notify,
    /// Runs that are begun and not ended.
    running: watch::Sender<usize>,
}

impl Runs {
    /// The hand-over, and where [`Runs::follow`] takes what is begun from. One may wait while a run that
    /// Alice's end has given up ends.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Start>) {
        let (starts, incoming) = mpsc::channel(1);
        let running = watch::channel(0).0;
        let this = Self { starts, finished: Mutex::default(), news: Notify::new(), running };
        (Arc::new(this), incoming)
    }

    /// Begins to make a block; false if another waits already.
    pub fn begin(&self, start: Start) -> bool {
        self.running.send_modify(|running| *running += 1);
        let begun = self.starts.try_send(start).is_ok();
        if !begun {
            self.running.send_modify(|running| *running -= 1);
        }
        begun
    }

    /// Waits until no run is under way.
    pub async fn idle(&self) {
        // The sender lives as long as this does.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Makes blocks as they are begun, until no more can be.
    pub async fn follow(
        self: Arc<Self>,
        link: Arc<Link>,
        mut maker: Box<dyn BlockMaker>,
        mut starts: mpsc::Receiver<Start>,
        observer: Observer,
    ) {
        while let Some(start) = starts.recv().await {
            let block = start.lease.block;
            observer.set(start.setting.as_ref());
            let result;
            (maker, result) = run(maker, &link, start).await;
            let (key, ended) = match result {
                Ok(Made::Key { bytes, bits, report, opening }) => {
                    observer.made("key", bits, &report);
                    link.judge(None, &report);
                    let opening = link.notary.is_audited().then(|| kept(opening, &bytes));
                    let key = Key { bits, bytes, opening };
                    (Some(key), Some((Ending::Key, report.evidence)))
                }
                Ok(Made::Discarded { reason, closing, report }) => {
                    observer.made(reason, 0, &report);
                    link.judge(Some((reason, closing)), &report);
                    let ending = Ending::Discarded(reason.to_owned());
                    (None, Some((ending, report.evidence)))
                }
                Err(error) => {
                    observer.failed();
                    observer.unfinished(&error);
                    link.judge_unfinished(&error);
                    tracing::warn!(block, %error, "a block was not finished");
                    (None, None)
                }
            };
            *self.lock() = Some(Finished { block, key, ended, record: None });
            self.running.send_modify(|running| *running -= 1);
            self.news.notify_waiters();
        }
    }

    /// Says what this end alone knows of a block, when it is finished here, and signs its record.
    ///
    /// # Errors
    ///
    /// [`Why`].
    pub async fn witness(&self, link: &Arc<Link>, asked: Witness) -> Result<Witnessed, Why> {
        let ended = self.finished(link, |finished| match finished {
            Some(finished) if finished.block == asked.block => {
                let opening = finished.key.as_mut().and_then(|key| key.opening.take());
                Some((finished.ended.clone(), opening))
            }
            _ => None,
        });
        let (ended, opening) = ended.await?;
        let (ending, evidence) = ended.ok_or(Why::Block)?;
        let (owner, keyed) = (Arc::clone(link), ending == Ending::Key);
        let keep = move |books: &mut Books<'_>| {
            if keyed {
                books.assure_opening(asked.block, opening.as_ref())?;
            }
            owner.notary.standing(books)
        };
        let standing = link.store.run(keep).await.map_err(why)?;
        let record = link.notary.record(&standing, asked.block, ending, &evidence, asked.testimony);
        let signature = link.notary.sign(&record);
        match &mut *self.lock() {
            Some(finished) if finished.block == asked.block => match &finished.record {
                // Of several records that are signed Alice's end could take the one whose root suits it.
                Some(signed) if *signed != record => return Err(Why::Record),
                _ => finished.record = Some(record),
            },
            _ => return Err(Why::Block),
        }
        Ok(Witnessed { testimony: evidence.own, signature })
    }

    /// Stores the block that Alice's end offers on connection `generation`, and its record.
    ///
    /// # Errors
    ///
    /// [`Why`].
    pub async fn store(&self, link: &Arc<Link>, offer: Offer, generation: u64) -> Result<(), Why> {
        let finished = self.take(link, offer.block).await?;
        let (key, record) = (finished.key.ok_or(Why::Block)?, finished.record.ok_or(Why::Record)?);
        if key.bits != offer.bits {
            return Err(Why::Books);
        }
        let signed = link.notary.seal(record, offer.signature);
        let _agreeing = link.agreeing.lock().await;
        let owner = Arc::clone(link);
        let keep = move |books: &mut Books<'_>| -> Result<(), BookError> {
            owner.check_generation(generation)?;
            let following = owner.notary.follow(books, &signed)?;
            books.store_block(&NewBlock {
                number: offer.block,
                made: Source::Link,
                bytes: &key.bytes,
                bits: key.bits,
                split: offer.split,
                staged: false,
            })?;
            books.put_record(following)
        };
        link.store.run(keep).await.map_err(why)
    }

    /// Stores the record of a block that was discarded, as Alice's end says on connection `generation`.
    ///
    /// # Errors
    ///
    /// [`Why`].
    pub async fn seal(&self, link: &Arc<Link>, seal: Seal, generation: u64) -> Result<(), Why> {
        let finished = self.take(link, seal.block).await?;
        let record = match finished.key {
            None => finished.record.ok_or(Why::Record)?,
            Some(_) => return Err(Why::Block),
        };
        let health = record.at_alice.health;
        let signed = link.notary.seal(record, seal.signature);
        let owner = Arc::clone(link);
        let keep = move |books: &mut Books<'_>| {
            owner.check_generation(generation)?;
            let following = owner.notary.follow(books, &signed)?;
            books.put_record(following)
        };
        link.store.run(keep).await.map_err(why)?;
        link.told(&health);
        Ok(())
    }

    /// The block of a number, which is not kept here any more.
    async fn take(&self, link: &Link, block: u64) -> Result<Finished, Why> {
        self.finished(link, |finished| finished.take_if(|finished| finished.block == block)).await
    }

    /// What `look` finds, when it finds it. An answer that comes after Alice's end has lost its
    /// patience is of no use.
    async fn finished<T>(
        &self,
        link: &Link,
        mut look: impl FnMut(&mut Option<Finished>) -> Option<T>,
    ) -> Result<T, Why> {
        let wait = async {
            loop {
                let mut news = std::pin::pin!(self.news.notified());
                news.as_mut().enable();
                let found = look(&mut self.lock());
                if let Some(found) = found {
                    return found;
                }
                news.await;
            }
        };
        timeout(link.line.patience() / 2, wait).await.map_err(|_| Why::Block)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Finished>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Bob's end keeps of a block: the messages are kept at Alice's.
fn kept(mut opening: Opening, key: &[u8]) -> Opening {
    opening.messages.clear();
    opening.key = key.to_vec();
    opening
}

/// Why a store did not keep a block or a record. What a record is refused for is logged.
pub(super) fn why(error: StoreError) -> Why {
    match error {
        StoreError::Rejected(Rejection::Record(refused)) => {
            tracing::error!(%refused, "the peer KME's record is refused");
            Why::Record
        }
        StoreError::Rejected(Rejection::Audit(refused)) => {
            tracing::error!(%refused, "refused what the peer KME asked, because of the audits");
            Why::Audit
        }
        StoreError::Rejected(rejection) => {
            tracing::warn!(%rejection, "refused what the peer KME asked");
            Why::Books
        }
        StoreError::Failed(_) | StoreError::Closed => Why::Store,
    }
}

/// One run of a maker on a thread that may block: its tag keys are settled whatever it comes to.
pub(super) async fn run(
    mut maker: Box<dyn BlockMaker>,
    link: &Arc<Link>,
    Start { lease, setting }: Start,
) -> (Box<dyn BlockMaker>, Result<Made, MakeError>) {
    let store = link.store.clone();
    let work = move || {
        let block = lease.block;
        let result = Purse::open(&store, lease).map_err(MakeError::new).and_then(|mut purse| {
            let set = setting.as_ref().map_or(Ok(()), |setting| maker.set(setting));
            let made = set.and_then(|()| maker.make(block, &mut purse));
            // What the block showed counts, even if its tag keys cannot be booked.
            let settled = purse.settle();
            settled.map_err(|error| MakeError::new(error).after(found(&made)))?;
            made
        });
        (maker, result)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down; nothing is awaited any more.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests;
