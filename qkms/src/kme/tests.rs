mod audits;
mod control;
mod deliveries;
mod doors;
mod health;
mod peers;
mod photons;
mod records;
mod refusals;

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use super::{
    service::{DeliveredKey, EncRequest, KeyService, Refusal},
    testing::{Options, Pair, id},
    *,
};
use crate::pool::{Ledger, Pool, Range, store::Clock};

/// A pair in a folder of its own.
struct Ground {
    pair: Pair,
    folder: tempfile::TempDir,
}

impl Ground {
    async fn new(options: &Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = Pair::start(folder.path(), options).await.unwrap();
        Self { pair, folder }
    }

    async fn restart(self, options: &Options) -> Self {
        self.pair.stop().await;
        let Self { pair, folder } = self;
        drop(pair);
        let pair = Pair::start(folder.path(), options).await.unwrap();
        Self { pair, folder }
    }

    fn kme(&self, end: End) -> &Arc<Kme> {
        &self.pair.kmes[usize::from(end == End::Bob)]
    }

    /// Begins no block any more, and waits for both ends of the last one.
    async fn settle(&self) {
        for kme in &self.pair.kmes {
            kme.wind_down().await;
            for answerer in &kme.answerers {
                answerer.runs.idle().await;
            }
        }
    }

    /// Books of both ends, audited.
    async fn ledgers(&self) -> [Ledger; 2] {
        [audit(self.kme(End::Alice)).await, audit(self.kme(End::Bob)).await]
    }
}

async fn audit(kme: &Kme) -> Ledger {
    kme.links()[0]
        .store
        .run(|books| {
            books.audit()?;
            Ok(books.ledger())
        })
        .await
        .unwrap()
}

async fn free(kme: &Kme, pool: Pool) -> Vec<Range> {
    kme.links()[0].store.run(move |books| books.free_ranges(pool)).await.unwrap()
}

fn ids(keys: &[DeliveredKey]) -> Vec<Uuid> {
    keys.iter().map(|key| key.id).collect()
}

/// A clock that the test moves.
fn clock() -> (Arc<AtomicU64>, Clock) {
    let time = Arc::new(AtomicU64::new(1_000_000_000));
    let read = Arc::clone(&time);
    (time, Arc::new(move || read.load(Ordering::SeqCst)))
}

async fn enc(
    kme: &Kme,
    master: &str,
    slave: &str,
    request: EncRequest,
) -> Result<Vec<DeliveredKey>, Refusal> {
    kme.enc_keys(&id(master), &id(slave), request).await
}

async fn dec(
    kme: &Kme,
    caller: &str,
    master: &str,
    ids: Vec<Uuid>,
) -> Result<Vec<DeliveredKey>, Refusal> {
    kme.dec_keys(&id(caller), &id(master), ids).await
}

/// Whether nothing comes of it now.
async fn waits<T>(mut called: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(called.as_mut().poll(context).is_pending())
    })
    .await
}

fn number(number: u64) -> EncRequest {
    EncRequest { number: Some(number), ..EncRequest::default() }
}
