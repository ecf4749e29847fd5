//! Records of a link's blocks: how both ends come to sign the same one.
//!
//! After each block Alice's end tells what it alone knows of it; Bob's answers with what it alone
//! knows and with his signature of the record, which both can write now. Alice's end checks and
//! signs it, and stores it with the block; her signature goes with the offer of the block, and
//! Bob's end stores both as well. So a record that one end has alone is Alice's, and signed by Bob:
//! when the two meet they bring each other up to date.

use std::sync::Arc;

use super::{
    audits,
    line::NoAnswer,
    link::Link,
    service::KmeId,
    wire::{Ask, Introduction, Reply, Witness},
};
use crate::{
    pool::{BookError, Books, End, Following, NoAudit, Rejection, StoreError},
    records::{
        Chain, EPOCH, Ending, Evidence, Keys, Record, Refused, Sealer, Signature, Signed, Standing,
        Testimony,
    },
};

/// Writes and checks the records of one link end.
pub struct Notary {
    chain: Chain,
    end: End,
    sealer: Arc<Sealer>,
    /// Whether the link's blocks are audited.
    audited: bool,
}

impl Notary {
    /// The notary of `own` at the end `end` of its link to `peer`, which is `audited` or not.
    pub fn new(end: End, own: &KmeId, peer: &KmeId, sealer: Arc<Sealer>, audited: bool) -> Self {
        let (own, peer) = (own.to_string(), peer.to_string());
        let (alice, bob) = match end {
            End::Alice => (own, peer),
            End::Bob => (peer, own),
        };
        Self { chain: Chain { alice, bob }, end, sealer, audited }
    }

    /// Whether the link's blocks are audited.
    pub fn is_audited(&self) -> bool {
        self.audited
    }

    /// Begins audits if they are configured, when the KME starts. Bob's end begins them when Alice's says
    /// with which epoch. They end when the two meet and neither is configured for them: an end that
    /// let go of what it keeps before could open no block of the epochs that the other still audits.
    pub(super) fn settle_audits(&self, books: &mut Books<'_>) -> Result<(), BookError> {
        match (self.audited, self.end) {
            (true, End::Alice) => books.begin_audits(&self.chain, None).map(|_| ()),
            (true, End::Bob) | (false, _) => Ok(()),
        }
    }

    /// The other end says which epoch is the next to be audited; none if it is not configured for audits.
    pub(super) fn join_audits(
        &self,
        books: &mut Books<'_>,
        theirs: Option<u64>,
    ) -> Result<(), BookError> {
        match (self.audited, theirs) {
            (false, None) => books.end_audits(),
            (true, Some(epoch)) => books.begin_audits(&self.chain, Some(epoch)).map(|_| ()),
            _ => Err(NoAudit::OneEnd.into()),
        }
    }

    /// The link's chain of records.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The keys of both ends; none before the peer has told its own.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn keys(&self, books: &Books<'_>) -> Result<Option<Keys>, BookError> {
        let own = self.sealer.public();
        Ok(books.peer_key()?.map(|peer| match self.end {
            End::Alice => Keys { alice: own, bob: peer },
            End::Bob => Keys { alice: peer, bob: own },
        }))
    }

    pub(super) fn known_keys(&self, books: &Books<'_>) -> Result<Keys, BookError> {
        self.keys(books)?.ok_or_else(|| Rejection::Record(Refused::Key).into())
    }

    /// The record of a block after `standing`. `evidence` is this end's.
    pub(super) fn record(
        &self,
        standing: &Standing,
        block: u64,
        ending: Ending,
        evidence: &Evidence,
        theirs: Testimony,
    ) -> Record {
        let testimonies = match self.end {
            End::Alice => [evidence.own, theirs],
            End::Bob => [theirs, evidence.own],
        };
        self.chain.record(standing, block, ending, evidence, testimonies)
    }

    /// This end's signature.
    pub(super) fn sign(&self, record: &Record) -> Signature {
        self.sealer.sign(record)
    }

    /// The record with both signatures, of which this end's is made now.
    pub(super) fn seal(&self, record: Record, theirs: Signature) -> Signed {
        let own = self.sealer.sign(&record);
        let (alice, bob) = match self.end {
            End::Alice => (own, theirs),
            End::Bob => (theirs, own),
        };
        Signed { record, alice, bob }
    }

    /// Checks that a record follows the last one in the books.
    pub(super) fn follow<'r>(
        &self,
        books: &Books<'_>,
        signed: &'r Signed,
    ) -> Result<Following<'r>, BookError> {
        books.follow(&self.chain, signed, &self.known_keys(books)?)
    }

    /// Keeps records that the peer has more of.
    pub(super) fn append(
        &self,
        books: &mut Books<'_>,
        records: &[Signed],
    ) -> Result<(), BookError> {
        books.take_records(&self.chain, records, &self.known_keys(books)?)
    }

    /// Where the records stand.
    pub(super) fn standing(&self, books: &Books<'_>) -> Result<Standing, BookError> {
        books.standing(&self.chain)
    }

    /// This end's key, and where its records stand.
    pub(super) fn introduction(&self, books: &Books<'_>) -> Result<Introduction, BookError> {
        let audits = books.auditing()?.filter(|_| self.audited).map(|auditing| auditing.epoch);
        Ok(Introduction { key: self.sealer.public(), standing: self.standing(books)?, audits })
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
pub(super) async fn agree(link: &Arc<Link>) -> Result<(), NoAnswer> {
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
