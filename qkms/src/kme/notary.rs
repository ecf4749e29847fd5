//! Records of a link's blocks: how both ends come to sign the same one.
//!
//! After each block Alice's end tells what it alone knows of it; Bob's answers with what it alone
//! knows and with his signature of the record, which both can write now. Alice's end checks and
//! signs it, and stores it with the block; her signature goes with the offer of the block, and
//! Bob's end stores both as well. So a record that one end has alone is Alice's, and signed by Bob:
//! when the two meet they bring each other up to date.

use std::sync::Arc;

use super::{service::KmeId, wire::Introduction};
use crate::{
    pool::{BookError, Books, End, Following, NoAudit, Rejection},
    records::{
        Chain, Ending, Evidence, Keys, Record, Refused, Sealer, Signature, Signed, Standing,
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
