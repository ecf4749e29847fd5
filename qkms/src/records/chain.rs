//! The order of records.

use codec::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::{EPOCH, Ending, Evidence, Hash, Keys, Record, Signed, Testimony, VERSION};
use crate::pool::End;

/// Why a record is none of a link's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// Another version.
    #[error("the record is of version {0}")]
    Version(u8),
    /// Its KMEs are not those of the link.
    #[error("the record is of another link")]
    Link,
    /// Its number is not the next one.
    #[error("the record's number is {found}, the next one is {expected}")]
    Sequence {
        /// The next number.
        expected: u64,
        /// The record's.
        found: u64,
    },
    /// It names another record before it than the last one.
    #[error("the record is out of its chain: it does not name the hash of the one before")]
    Previous,
    /// Its epoch is not that of its number.
    #[error("the record's epoch is {found}, that of its number {expected}")]
    Epoch {
        /// That of its number.
        expected: u64,
        /// The record's.
        found: u64,
    },
    /// A block's number that does not rise.
    #[error("block {found} comes after block {last}")]
    Block {
        /// The block of the record before.
        last: u64,
        /// The record's.
        found: u64,
    },
    /// A signature is not by the key of its end.
    #[error("the record is not signed by the key of {0:?}'s end")]
    Signature(End),
    /// The peer has another key than it had.
    #[error("the peer KME signs with another key than before")]
    Key,
    /// The two ends have different records of one number.
    #[error("the two ends have different records of one number")]
    Fork,
}

/// Where a chain of records stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Standing {
    /// The number of the next record.
    pub next: u64,
    /// The hash that it has to name.
    pub head: Hash,
    /// The block of the last record; 0 before the first.
    pub block: u64,
}

/// The records of one link: its names, by which its first record is bound to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The KME at the transmitter.
    pub alice: String,
    /// The KME at the receiver.
    pub bob: String,
}

impl Chain {
    /// Before the first record.
    pub fn start(&self) -> Standing {
        let hash = Sha256::new_with_prefix(b"qkms/records/1");
        let head = hash.chain_update((&self.alice, &self.bob).encode()).finalize().into();
        Standing { next: 0, head, block: 0 }
    }

    /// The record of a block after `standing`. `evidence` is either end's; the testimonies are
    /// Alice's and Bob's.
    pub fn record(
        &self,
        standing: &Standing,
        block: u64,
        ending: Ending,
        evidence: &Evidence,
        [at_alice, at_bob]: [Testimony; 2],
    ) -> Record {
        Record {
            version: VERSION,
            alice: self.alice.clone(),
            bob: self.bob.clone(),
            sequence: standing.next,
            epoch: standing.next / EPOCH,
            previous: standing.head,
            block,
            ending,
            account: evidence.account,
            transcript: evidence.transcript,
            at_alice,
            at_bob,
        }
    }

    /// Checks that a record follows `standing`, and tells where the chain stands after it.
    ///
    /// # Errors
    ///
    /// [`Refused`], the first that applies.
    pub fn follow(
        &self,
        standing: &Standing,
        signed: &Signed,
        keys: &Keys,
    ) -> Result<Standing, Refused> {
        let record = &signed.record;
        if record.version != VERSION {
            return Err(Refused::Version(record.version));
        }
        if (&record.alice, &record.bob) != (&self.alice, &self.bob) {
            return Err(Refused::Link);
        }
        if record.sequence != standing.next {
            return Err(Refused::Sequence { expected: standing.next, found: record.sequence });
        }
        if record.previous != standing.head {
            return Err(Refused::Previous);
        }
        let epoch = record.sequence / EPOCH;
        if record.epoch != epoch {
            return Err(Refused::Epoch { expected: epoch, found: record.epoch });
        }
        if record.block <= standing.block {
            return Err(Refused::Block { last: standing.block, found: record.block });
        }
        match signed.unsigned(keys) {
            Some(end) => Err(Refused::Signature(end)),
            None => {
                let next = record.sequence.saturating_add(1);
                Ok(Standing { next, head: record.hash(), block: record.block })
            }
        }
    }
}
