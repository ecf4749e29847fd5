//! Alice's end of a link leads: it makes blocks as long as the pools have room.
//!
//! For each block: a number and a lease of tag keys, durable here and at Bob's end; the run of both
//! ends; the tag keys settled; the block stored here, *staged*, so that nothing is drawn from it;
//! offered to Bob's end, which stores it; promoted here. A block that Bob's end did not confirm is
//! dropped, here at once or when the two ends agree anew.

use std::{sync::Arc, time::Duration};

use super::{
    line::NoAnswer,
    link::{Capacity, Link},
    maker::{BlockMaker, Made},
    observer::Observer,
    runs::run,
    wire::{Ask, Offer},
};
use crate::pool::{
    Books, Direction, Pool, Split, StoreError,
    making::{NewBlock, Summary},
    record::Made as Source,
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

/// Makes blocks for ever; ends when the link is closed or the KME stops.
pub async fn lead(link: Arc<Link>, mut maker: Box<dyn BlockMaker>, observer: Observer) {
    let mut ready = link.line.ready();
    let mut closed = link.closed();
    let mut stopping = link.stopping();
    let mut changes = link.changes();
    let mut pause = Duration::from_millis(50);
    loop {
        let room = |summary: &Summary| has_room(summary, &link.capacity);
        let due = maker.due();
        let called_for = async {
            if let Some(due) = due {
                tokio::time::sleep_until(due.into()).await;
            }
            ready.wait_for(|ready| *ready).await.is_ok() && changes.wait_for(room).await.is_ok()
        };
        tokio::select! {
            biased;
            _ = closed.wait_for(Option::is_some) => return,
            _ = stopping.wait_for(|stopping| *stopping) => return,
            called_for = called_for => if !called_for { return },
        }
        let result;
        (maker, result) = block(&link, maker, &observer).await;
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
    observer: &Observer,
) -> (Box<dyn BlockMaker>, Result<(), Failure>) {
    let bytes = link.capacity.lease;
    let begin = move |books: &mut Books<'_>| {
        let number = books.next_block()?;
        books.lease_tags(number, bytes)
    };
    let lease = match link.store.run(begin).await {
        Ok(lease) => lease,
        Err(error) => return (maker, Err(error.into())),
    };
    if let Err(error) = link.line.done(Ask::Start(lease.clone())).await {
        return (maker, Err(error.into()));
    }
    let number = lease.block;
    let (maker, made) = run(maker, link, lease).await;
    let result = match made {
        Ok(Made::Key { bytes, bits, report }) => {
            observer.made("key", bits, &report);
            store(link, number, bytes, bits).await
        }
        Ok(Made::Discarded { reason, closes_link, report }) => {
            observer.made(reason, 0, &report);
            if closes_link {
                link.close(reason.to_owned());
            }
            Ok(())
        }
        Err(error) => Err(error.into()),
    };
    (maker, result)
}

async fn store(
    link: &Link,
    number: u64,
    bytes: zeroize::Zeroizing<Vec<u8>>,
    bits: u64,
) -> Result<(), Failure> {
    let _agreeing = link.agreeing.lock().await;
    let split = split(bits, &link.summary(), &link.capacity);
    let keep = move |books: &mut Books<'_>| {
        books.store_block(&NewBlock {
            number,
            made: Source::Link,
            bytes: &bytes,
            bits,
            split,
            staged: true,
        })
    };
    link.store.run(keep).await?;
    match link.line.done(Ask::Offer(Offer { block: number, bits, split })).await {
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

/// Whether a block would find room.
fn has_room(summary: &Summary, capacity: &Capacity) -> bool {
    let fill = |pool| summary.fill(pool).bytes;
    let [to_bob, to_alice] = [Direction::AliceToBob, Direction::BobToAlice];
    [to_bob, to_alice].into_iter().any(|direction| {
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
