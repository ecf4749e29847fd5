//! The blocks that Bob's end makes: begun when Alice's end says so, kept until it offers them.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::timeout,
};
use zeroize::Zeroizing;

use super::{
    link::Link,
    maker::{BlockMaker, Made, MakeError},
    observer::Observer,
    purse::Purse,
    wire::{Offer, Why},
};
use crate::pool::{
    StoreError,
    making::NewBlock,
    record::{Lease, Made as Source},
};

/// A block that was made and is not stored.
struct Key {
    bits: u64,
    bytes: Zeroizing<Vec<u8>>,
}

/// The last block that came to an end, and its key if it has one.
struct Finished {
    block: u64,
    key: Option<Key>,
}

/// Hands leases to Bob's maker and blocks to the store.
pub struct Runs {
    leases: mpsc::Sender<Lease>,
    finished: Mutex<Option<Finished>>,
    news: Notify,
    /// Runs that are begun and not ended.
    running: watch::Sender<usize>,
}

impl Runs {
    /// The hand-over, and where [`Runs::follow`] takes leases from. One may wait while a run that
    /// Alice's end has given up ends.
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Lease>) {
        let (leases, incoming) = mpsc::channel(1);
        let running = watch::channel(0).0;
        let this = Self { leases, finished: Mutex::default(), news: Notify::new(), running };
        (Arc::new(this), incoming)
    }

    /// Begins to make the block of a lease; false if another waits already.
    pub fn begin(&self, lease: Lease) -> bool {
        self.running.send_modify(|running| *running += 1);
        let begun = self.leases.try_send(lease).is_ok();
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
        mut leases: mpsc::Receiver<Lease>,
        observer: Observer,
    ) {
        while let Some(lease) = leases.recv().await {
            let block = lease.block;
            let result;
            (maker, result) = run(maker, &link, lease).await;
            let key = match result {
                Ok(Made::Key { bytes, bits, report }) => {
                    observer.made("key", bits, &report);
                    Some(Key { bits, bytes })
                }
                Ok(Made::Discarded { reason, closes_link, report }) => {
                    observer.made(reason, 0, &report);
                    if closes_link {
                        link.close(reason.to_owned());
                    }
                    None
                }
                Err(error) => {
                    observer.failed();
                    tracing::warn!(block, %error, "a block was not finished");
                    None
                }
            };
            *self.lock() = Some(Finished { block, key });
            self.running.send_modify(|running| *running -= 1);
            self.news.notify_waiters();
        }
    }

    /// Stores the block that Alice's end offers on connection `generation`, when it is finished here.
    ///
    /// # Errors
    ///
    /// [`Why`].
    pub async fn store(&self, link: &Arc<Link>, offer: Offer, generation: u64) -> Result<(), Why> {
        let wait = async {
            loop {
                let mut news = std::pin::pin!(self.news.notified());
                news.as_mut().enable();
                let taken = self.lock().take_if(|finished| finished.block == offer.block);
                if let Some(finished) = taken {
                    return finished;
                }
                news.await;
            }
        };
        // An answer that comes after Alice's end has lost its patience is of no use.
        let finished = timeout(link.line.patience() / 2, wait).await.map_err(|_| Why::Block)?;
        let key = finished.key.ok_or(Why::Block)?;
        if key.bits != offer.bits {
            return Err(Why::Books);
        }
        let _agreeing = link.agreeing.lock().await;
        let owner = Arc::clone(link);
        let stored = link.store.run(move |books| {
            owner.check_generation(generation)?;
            books.store_block(&NewBlock {
                number: offer.block,
                made: Source::Link,
                bytes: &key.bytes,
                bits: key.bits,
                split: offer.split,
                staged: false,
            })
        });
        stored.await.map_err(|error| match error {
            StoreError::Rejected(_) => Why::Books,
            StoreError::Failed(_) | StoreError::Closed => Why::Store,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Finished>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run of a maker on a thread that may block: its tag keys are settled whatever it comes to.
pub(super) async fn run(
    mut maker: Box<dyn BlockMaker>,
    link: &Arc<Link>,
    lease: Lease,
) -> (Box<dyn BlockMaker>, Result<Made, MakeError>) {
    let store = link.store.clone();
    let work = move || {
        let block = lease.block;
        let result = Purse::open(&store, lease).map_err(MakeError::new).and_then(|mut purse| {
            let made = maker.make(block, &mut purse);
            purse.settle().map_err(MakeError::new)?;
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
