//! How the two ends of a link come to the same stand when they meet.

use std::sync::Arc;

use super::{
    audits,
    line::NoAnswer,
    link::Link,
    wire::{Ask, Reply, Witness},
};
use crate::{
    pool::{BookError, Books, Direction, End, Pool, StoreError},
    records::{EPOCH, Ending, Evidence, Keys, Refused, Signed},
};

impl Link {
    /// The two ends agree on what is free of the pools that this end answers for: those that begin
    /// here and, at Alice's end, the tag keys. There they also agree on the records of blocks.
    pub(super) async fn agree(self: &Arc<Self>) -> Result<(), NoAnswer> {
        let _agreeing = self.agreeing.lock().await;
        self.settle_marked().await?;
        let mut pools = vec![self.outgoing()];
        if self.end == End::Alice {
            bring_level(self).await?;
            pools.push(Pool::Tags(Direction::AliceToBob));
            pools.push(Pool::Tags(Direction::BobToAlice));
        }
        let survey = move |books: &mut Books<'_>| books.survey(&pools);
        let asked = self.store.run(survey).await.map_err(|_| NoAnswer::Down)?;
        let Reply::Survey(answer) = self.line.ask(Ask::Survey(asked.clone())).await? else {
            return Err(NoAnswer::Wrong);
        };
        let close = move |books: &mut Books<'_>| books.close_survey(&asked, &answer);
        self.store.run(close).await.map_err(|_| NoAnswer::Down)
    }
}

/// The record of a block with both signatures, at Alice's end; it is not stored yet.
pub(super) async fn witness(
    link: &Arc<Link>,
    block: u64,
    ending: Ending,
    evidence: &Evidence,
) -> Result<Signed, NoAnswer> {
    let ask = Ask::Witness(Witness { block, testimony: evidence.own });
    let Reply::Witnessed(theirs) = link.line.ask(ask).await? else { return Err(NoAnswer::Wrong) };
    let standing = in_books(link, |link, books| link.notary.standing(books)).await?;
    let record = link.notary.record(&standing, block, ending, evidence, theirs.testimony);
    Ok(link.notary.seal(record, theirs.signature))
}

/// Brings the records of both ends to the same stand. At Alice's end.
async fn bring_level(link: &Arc<Link>) -> Result<(), NoAnswer> {
    let own = in_books(link, |link, books| link.notary.introduction(books)).await?;
    let Reply::Introduced(theirs) = link.line.ask(Ask::Introduce(own)).await? else {
        return Err(NoAnswer::Wrong);
    };
    let audits = (own.audits, theirs.audits);
    let meet = move |link: &Link, books: &mut Books<'_>| {
        books.meet(&theirs.key)?;
        link.notary.join_audits(books, theirs.audits)
    };
    in_books(link, meet).await?;
    let (mut own, mut theirs) = (own.standing, theirs.standing);
    while own.next < theirs.next {
        let Reply::Records(records) = link.line.ask(Ask::Records(own.next)).await? else {
            return Err(NoAnswer::Wrong);
        };
        let append = move |link: &Link, books: &mut Books<'_>| {
            link.notary.append(books, &records)?;
            link.notary.standing(books)
        };
        let after = in_books(link, append).await?;
        if after.next == own.next {
            return Err(NoAnswer::Wrong);
        }
        own = after;
    }
    let size = usize::try_from(EPOCH).unwrap_or(usize::MAX);
    while theirs.next < own.next {
        let from = theirs.next;
        let records = in_books(link, move |_, books| books.records(from, size)).await?;
        let Some(last) = records.last() else { return Err(NoAnswer::Down) };
        let record = &last.record;
        theirs.next = record.sequence.saturating_add(1);
        (theirs.head, theirs.block) = (record.hash(), record.block);
        link.line.done(Ask::Append(records)).await?;
    }
    if own == theirs {
        return audits::agree(link, audits.0, audits.1).await;
    }
    tracing::error!(peer = %link.peer, error = %Refused::Fork, "the records do not agree");
    Err(NoAnswer::Wrong)
}

/// Does `work` in the books. What is refused is logged by its name.
async fn in_books<T: Send + 'static>(
    link: &Arc<Link>,
    work: impl FnOnce(&Link, &mut Books<'_>) -> Result<T, BookError> + Send + 'static,
) -> Result<T, NoAnswer> {
    let owner = Arc::clone(link);
    let done = link.store.run(move |books| work(&owner, books)).await;
    done.map_err(|error| match error {
        StoreError::Rejected(refused) => {
            tracing::error!(peer = %link.peer, %refused, "the peer KME's record is refused");
            NoAnswer::Wrong
        }
        StoreError::Failed(_) | StoreError::Closed => NoAnswer::Down,
    })
}

/// Tells records of a link from number `from` on, `most` at most, with the keys that sign them.
///
/// # Errors
///
/// The store's.
pub async fn told(
    link: &Arc<Link>,
    from: u64,
    most: usize,
) -> Result<(Option<Keys>, Vec<Signed>), StoreError> {
    let owner = Arc::clone(link);
    link.store.run(move |books| Ok((owner.notary.keys(books)?, books.records(from, most)?))).await
}
