//! Alice's end of a link leads: it makes blocks as long as the pools have room.
//!
//! For each block: a number and a lease of tag keys, durable here and at Bob's end; the run of both
//! ends; the tag keys settled; its [record](super::notary) signed by both; the block stored here with it,
//! *staged*, so that nothing is drawn from it; offered to Bob's end, which stores both; promoted
//! here. A block that Bob's end did not confirm is dropped, here at once or when the two ends agree
//! anew. The record of a block that was discarded is stored at both ends as well.
//!
//! Where the link is [controlled](crate::control), control says when a block is begun and what it is made
//! with; elsewhere blocks are all alike, and made as long as the pools have room. Either way none is begun
//! while as many wait for their audit as may.
//!
//! While health tests keep the link closed a block is begun after each [pause](super::closure), to see
//! whether the sources are well.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    closure::Closed,
    line::NoAnswer,
    link::{Capacity, Link},
    maker::{BlockMaker, Made},
    meeting::witness,
    observer::Observer,
    runs::run,
    wire::{Ask, Offer, Seal, Start},
};
use crate::{
    audit::Opening,
    control::{Decision, Outcome, Pilot, Setting, View},
    pool::{
        Books, Direction, Pool, Split, StoreError,
        making::{NewBlock, Summary},
        record::Made as Source,
    },
    records::{Ending, Evidence},
};

/// The longest pause after a block that failed.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Why a block did not come into the pools.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Peer(#[from] NoAnswer),
    #[error(transparent)]
    Make(#[from] super::maker::MakeError),
}

/// Makes blocks for ever; ends when the KME stops. While the link is closed for good it waits.
pub async fn lead(
    link: Arc<Link>,
    mut maker: Box<dyn BlockMaker>,
    mut pilot: Option<Pilot>,
    observer: Observer,
) {
    let began = Instant::now();
    let mut ready = link.line.ready();
    let mut closed = link.closed();
    let mut stopping = link.stopping();
    let mut changes = link.changes();
    let mut pause = Duration::from_millis(50);
    loop {
        tokio::select! {
            _ = closed.wait_for(|closed| !is_for_good(closed)) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        let tried = closed.borrow().as_ref().and_then(|closed| closed.until);
        let due = maker.due().max(tried);
        let called_for = async {
            if let Some(due) = due {
                tokio::time::sleep_until(due.into()).await;
            }
            ready.wait_for(|ready| *ready).await.ok()?;
            call(&link, pilot.as_mut(), &mut changes, began).await
        };
        let setting;
        tokio::select! {
            biased;
            _ = closed.wait_for(is_for_good) => continue,
            _ = stopping.wait_for(|stopping| *stopping) => return,
            called_for = called_for => match called_for {
                Some(called) => setting = called,
                None => return,
            },
        }
        observer.set(setting.as_ref());
        observer.measured(pilot.as_ref().map(Pilot::measured));
        let result;
        (maker, result) = block(&link, maker, setting, pilot.as_mut(), &observer).await;
        match result {
            Ok(()) => pause = Duration::from_millis(50),
            Err(failure) => {
                observer.failed();
                tracing::warn!(peer = %link.peer, error = %failure, "a block failed");
                // The ends may hold different tag keys now; and what Bob's end did not answer in time may
                // still take effect there, unless a newer connection takes this one's place.
                let late = matches!(failure, Failure::Peer(NoAnswer::Late));
                if link.line.is_ready() && (late || link.agree().await.is_err()) {
                    link.line.hang_up();
                }
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
                    _ = stopping.wait_for(|stopping| *stopping) => return,
                }
            }
        }
    }
}

async fn block(
    link: &Arc<Link>,
    maker: Box<dyn BlockMaker>,
    setting: Option<Setting>,
    pilot: Option<&mut Pilot>,
    observer: &Observer,
) -> (Box<dyn BlockMaker>, Result<(), Failure>) {
    let mut stopping = link.stopping();
    // An audit may be between two runs.
    let _run = tokio::select! {
        run = link.run.lock() => run,
        _ = stopping.wait_for(|stopping| *stopping) => return (maker, Ok(())),
    };
    let bytes = link.capacity.lease;
    let begin = move |books: &mut Books<'_>| {
        let number = books.next_block()?;
        books.lease_tags(number, bytes)
    };
    let lease = match link.store.run(begin).await {
        Ok(lease) => lease,
        Err(error) => return (maker, Err(error.into())),
    };
    let number = lease.block;
    let start = Start { lease, setting };
    if let Err(error) = link.line.done(Ask::Start(start.clone())).await {
        return (maker, Err(error.into()));
    }
    let (maker, made) = run(maker, link, start).await;
    if let (Some(pilot), Some(setting), Ok(made)) = (pilot, &setting, &made) {
        pilot.learn(setting, &outcome(made));
    }
    let result = match made {
        Ok(Made::Key { bytes, bits, report, mut opening }) => {
            observer.made("key", bits, &report);
            link.judge(None, &report);
            opening.key = if link.notary.is_audited() { bytes.to_vec() } else { Vec::new() };
            store(link, number, bytes, bits, &report.evidence, opening).await
        }
        Ok(Made::Discarded { reason, closing, report }) => {
            observer.made(reason, 0, &report);
            link.judge(Some((reason, closing)), &report);
            discard(link, number, reason, &report.evidence).await
        }
        Err(error) => {
            observer.unfinished(&error);
            link.judge_unfinished(&error);
            Err(error.into())
        }
    };
    (maker, result)
}

/// Waits until a block is to be begun, and says with what; none at all if the store is gone.
pub(super) async fn call(
    link: &Link,
    pilot: Option<&mut Pilot>,
    changes: &mut watch::Receiver<Summary>,
    began: Instant,
) -> Option<Option<Setting>> {
    let Some(pilot) = pilot else {
        changes.wait_for(|summary| has_room(summary, &link.capacity)).await.ok()?;
        return Some(None);
    };
    loop {
        // In how many blocks may wait for their audit control has no say.
        let summary = *changes.wait_for(|summary| !summary.held).await.ok()?;
        let view = view(&summary, &link.capacity, began.elapsed());
        match pilot.decide(&view) {
            Decision::Begin(setting) => return Some(Some(setting)),
            Decision::Wait(seconds) => {
                let pause = Duration::try_from_secs_f64(seconds).unwrap_or(MAX_PAUSE);
                // Late is as good: nothing has changed.
                if let Ok(changed) = tokio::time::timeout(pause, changes.changed()).await {
                    changed.ok()?;
                }
            }
        }
    }
}

/// What control sees of the books. Keys of whole epochs, which wait for a challenge alone, count as there:
/// more blocks bring none of them sooner. Those of an epoch that is not whole do not: only more blocks make it
/// whole, and pools smaller than an epoch would wait for ever. Demand is what has left the pools, and what
/// waits has not.
pub(super) fn view(summary: &Summary, capacity: &Capacity, now: Duration) -> View {
    let ways = [Direction::AliceToBob, Direction::BobToAlice];
    let keys = ways.map(|way| {
        let fill = summary.fill(Pool::Keys(way));
        fill.bytes.saturating_add(fill.due).saturating_mul(8) as f64
    });
    let free = Pool::ALL.map(|pool| {
        let fill = summary.fill(pool);
        fill.bytes.saturating_add(fill.waiting)
    });
    let ledger = summary.ledger;
    let kept = ledger.made as f64 - ledger.wasted as f64;
    let short = |way| summary.fill(Pool::Tags(way)).bytes < capacity.tags / 2;
    View {
        now: now.as_secs_f64(),
        fill: keys.iter().sum(),
        emptier: keys.into_iter().fold(f64::INFINITY, f64::min),
        gone: kept - free.into_iter().sum::<u64>().saturating_mul(8) as f64,
        tags_short: ways.into_iter().any(short),
    }
}

fn outcome(made: &Made) -> Outcome {
    let (bits, report) = match made {
        Made::Key { bits, report, .. } => (*bits, report),
        Made::Discarded { report, .. } => (0, report),
    };
    Outcome { pulses: report.pulses, detections: report.detections, bits }
}

/// Whether the link opens only by an operator, or when the KME is started again.
fn is_for_good(closed: &Option<Closed>) -> bool {
    closed.as_ref().is_some_and(Closed::is_for_good)
}

async fn store(
    link: &Arc<Link>,
    number: u64,
    bytes: zeroize::Zeroizing<Vec<u8>>,
    bits: u64,
    evidence: &Evidence,
    opening: Opening,
) -> Result<(), Failure> {
    let _agreeing = link.agreeing.lock().await;
    let signed = witness(link, number, Ending::Key, evidence).await?;
    let signature = signed.alice;
    let split = split(bits, &link.summary(), &link.capacity);
    let owner = Arc::clone(link);
    let keep = move |books: &mut Books<'_>| {
        let following = owner.notary.follow(books, &signed)?;
        books.store_block(&NewBlock {
            number,
            made: Source::Link,
            bytes: &bytes,
            bits,
            split,
            staged: true,
        })?;
        books.keep_opening(number, &opening)?;
        books.put_record(following)
    };
    link.store.run(keep).await?;
    let offer = Offer { block: number, bits, split, signature };
    match link.line.done(Ask::Offer(offer)).await {
        Ok(()) => Ok(link.store.run(move |books| books.promote(&[number])).await?),
        Err(error) => {
            if matches!(error, NoAnswer::Refused(_)) {
                link.store.run(move |books| books.drop_block(number)).await?;
            } else {
                // Whether the peer has it is unknown: they agree anew on a new connection.
                link.line.hang_up();
            }
            Err(error.into())
        }
    }
}

/// Both ends store the record of a block that gave no key.
async fn discard(
    link: &Arc<Link>,
    number: u64,
    reason: &'static str,
    evidence: &Evidence,
) -> Result<(), Failure> {
    let _agreeing = link.agreeing.lock().await;
    let signed = witness(link, number, Ending::Discarded(reason.to_owned()), evidence).await?;
    let (signature, health) = (signed.alice, signed.record.at_bob.health);
    let owner = Arc::clone(link);
    let keep = move |books: &mut Books<'_>| {
        let following = owner.notary.follow(books, &signed)?;
        books.put_record(following)
    };
    link.store.run(keep).await?;
    link.told(&health);
    Ok(link.line.done(Ask::Seal(Seal { block: number, signature })).await?)
}

/// Whether a block would find room.
fn has_room(summary: &Summary, capacity: &Capacity) -> bool {
    let fill = |pool| summary.fill(pool).bytes;
    let [to_bob, to_alice] = [Direction::AliceToBob, Direction::BobToAlice];
    !summary.held
        && [to_bob, to_alice].into_iter().any(|direction| {
            fill(Pool::Keys(direction)) < capacity.keys
                || fill(Pool::Tags(direction)) < capacity.tags / 2
        })
}

/// How a block is cut: tag keys first, up to their capacity but at most a quarter of the block for
/// each direction; the rest so that the two directions come to the same fill. What neither has room
/// for is wasted.
pub(super) fn split(bits: u64, summary: &Summary, capacity: &Capacity) -> Split {
    let bytes = bits / 8;
    let fill = |pool| summary.fill(pool).bytes;
    let tags = |direction| capacity.tags.saturating_sub(fill(Pool::Tags(direction))).min(bytes / 4);
    let [tags_to_bob, tags_to_alice] = [tags(Direction::AliceToBob), tags(Direction::BobToAlice)];
    let rest = bytes - tags_to_bob - tags_to_alice;
    let to_bob = fill(Pool::Keys(Direction::AliceToBob));
    let to_alice = fill(Pool::Keys(Direction::BobToAlice));
    let level = rest.saturating_add(to_alice).saturating_sub(to_bob) / 2;
    let for_bob = level.min(rest).min(capacity.keys.saturating_sub(to_bob));
    let for_alice = (rest - for_bob).min(capacity.keys.saturating_sub(to_alice));
    Split([tags_to_bob, tags_to_alice, for_bob, for_alice])
}
