//! Withdrawals that a site between does not pass on.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use codec::Encode;

use super::*;
use crate::{pool::store::Clock, relay::seal::Statement};

/// A clock that the test moves.
fn clock() -> (Arc<AtomicU64>, Clock) {
    let time = Arc::new(AtomicU64::new(1_000_000_000));
    let read = Arc::clone(&time);
    (time, Arc::new(move || read.load(Ordering::SeqCst)))
}

/// One millisecond more than a key may be old.
const TOO_OLD: u64 = 3_600_001;

impl Ground {
    /// Withdrawals that A keeps.
    async fn kept(&self) -> usize {
        let kept = |books: &mut crate::pool::Books<'_>| books.kept_withdrawals(None, usize::MAX);
        self.relay(Site::A).store().run(kept).await.unwrap().len()
    }

    /// M takes keys and withdrawals of A, and does nothing with them. The first keys of those withdrawn.
    fn swallow(&self) -> Arc<Mutex<BTreeSet<Uuid>>> {
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let swallowed = Arc::clone(&seen);
        self.before.on_questions(move |question| match question.ask {
            Ask::ExtKeys(_) => vec![],
            Ask::VoidKeys(void) => {
                swallowed.lock().unwrap().insert(void.order.first());
                vec![]
            }
            _ => vec![question],
        });
        seen
    }
}

#[tokio::test]
async fn a_site_between_that_swallows_withdrawals_fills_no_store() {
    const REQUESTS: usize = 3;
    let (time, clock) = clock();
    let patience = Duration::from_millis(500);
    let ground = Ground::new(&Options { clock, patience, ..options() }).await;
    let seen = ground.swallow();
    while ground.kept().await < REQUESTS {
        // A request to a site that is not reached just now costs nothing, and leaves nothing.
        enc(&ground, Site::A, "sae-a1", "sae-c1", 2).await.unwrap_err();
    }
    // It has its patience tried once a round, and nothing is forgotten over the first one.
    while seen.lock().unwrap().len() < REQUESTS {
        let tried = ground.relay(Site::A).withdraw_all().await;
        assert!(tried.is_none_or(|tried| tried == 1), "{tried:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(ground.kept().await, REQUESTS);
    time.fetch_add(TOO_OLD, Ordering::SeqCst);
    while ground.kept().await > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let held = ground.held(Site::C).await;
    assert_eq!((held.stored, held.delivered), (0, 0));
}

#[tokio::test]
async fn keys_and_withdrawals_grow_old_while_a_withdrawal_waits_for_its_answer() {
    let (time, clock) = clock();
    // Longer than any test may take.
    let patience = Duration::from_secs(3600);
    let ground = Ground::new(&Options { clock, patience, ..options() }).await;
    enc(&ground, Site::C, "sae-c1", "sae-a1", 2).await.unwrap();
    let seen = ground.swallow();
    let relay = ground.relay(Site::A);
    let order = order();
    let (first, signature) = (order.first(), relay.key.sign(Statement::Void, &order));
    let void = Void { order, signature }.encode();
    relay.store().run(move |books| books.keep_withdrawal(first, &void)).await.unwrap();
    while !seen.lock().unwrap().contains(&first) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    time.fetch_add(TOO_OLD, Ordering::SeqCst);
    let mut changes = relay.store().summary();
    changes.wait_for(|summary| summary.ledger.expired == 512).await.unwrap();
    while ground.kept().await > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(relay.withdraw_all().await, None, "it waits still");
}
