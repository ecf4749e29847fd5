//! The entropy beacon: a public random value per epoch that nobody chooses alone.
//!
//! Whoever draws quantum keys commits to a secret in the first half of an epoch and reveals it in the
//! second. The value is a hash over the value before, the epoch, and what was revealed. Where fewer than
//! [`MIN_OWNERS`] owners revealed there is none from keys, and the hash of a block takes its place: answers
//! and events say [which](BeaconSource).
//!
//! All hashes are SHA-256, so that whoever reads the chain can compute them again.

pub use crate::calendar::EpochIndex;
use crate::{Moment, OwnerId, keys::LinkReports};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{ConstU32, H256, bounded::BoundedVec};

/// The most owners that commit in an epoch.
pub const MAX_REVEALERS: u32 = 128;

/// So many owners must have revealed, or there is no value from keys: one would choose it alone.
pub const MIN_OWNERS: usize = 2;

/// What sets commitments apart from all other hashes.
const COMMITMENT: [u8; 24] = *b"qedex/beacon/commit/v1  ";

/// What sets values from keys apart from all other hashes.
const VALUE: [u8; 20] = *b"qedex/beacon/keys/v1";

/// What sets values from a block's hash apart from all other hashes.
const FALLBACK: [u8; 20] = *b"qedex/beacon/hash/v1";

/// What sets a worker's signature for an epoch apart from all others.
const WORK: [u8; 20] = *b"qedex/qkd/epoch/v1  ";

/// Bytes of what a commitment is the hash of.
pub const COMMITTED_BYTES: usize = 128;

/// The SHA-256 of [`committed`].
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Commitment(pub H256);

/// What is committed to: 32 bytes that nobody else knows until they are revealed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Revealed(pub [u8; 32]);

/// The bytes whose SHA-256 is the commitment of `account`, by its 32 bytes, for `epoch` on the chain that
/// began with `genesis`: a context of 24 bytes, the genesis hash, the account, the epoch in eight bytes,
/// little-endian, and the secret. Nobody can use another one's commitment, or one of another epoch.
pub fn committed(
    genesis: H256,
    account: &[u8; 32],
    epoch: EpochIndex,
    secret: &[u8; 32],
) -> [u8; COMMITTED_BYTES] {
    let mut bytes = [0; COMMITTED_BYTES];
    let epoch = epoch.to_le_bytes();
    let parts = [&COMMITMENT[..], genesis.as_bytes(), account, &epoch, secret];
    bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    bytes
}

/// The bytes whose SHA-256 is the value of `epoch` from keys: a context of 20 bytes, the genesis hash, the
/// value of the epoch before, the epoch, and each account with what it revealed, in the order of accounts,
/// behind their number, all in SCALE.
pub fn value(
    genesis: H256,
    before: H256,
    epoch: EpochIndex,
    revealed: &[([u8; 32], Revealed)],
) -> Vec<u8> {
    (VALUE, genesis, before, epoch, revealed).encode()
}

/// The bytes whose SHA-256 is the value of `epoch` where keys give none: the same with the hash of a block
/// in place of what was revealed.
pub fn fallback(genesis: H256, before: H256, epoch: EpochIndex, block: H256) -> Vec<u8> {
    (FALLBACK, genesis, before, epoch, block).encode()
}

/// What the worker of an account brings in an epoch: one of each. What it reports of links goes with the first.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum EpochWork {
    /// In the first half: a commitment, reports, or both. Where a key comes late, they may come one after the
    /// other; each commitment and each report is taken once.
    Commit {
        /// To what the account commits, if it takes part in the beacon.
        commitment: Option<Commitment>,
        /// What it reports of links, if it draws keys at an end of one.
        reports: LinkReports,
    },
    /// In the second half.
    Reveal {
        /// To what it had committed.
        secret: Revealed,
    },
}

impl EpochWork {
    /// A commitment without a report.
    pub fn commit(commitment: Commitment) -> Self {
        Self::Commit { commitment: Some(commitment), reports: LinkReports::new() }
    }

    /// Of how many links it reports.
    pub fn reports(&self) -> u32 {
        match self {
            Self::Commit { reports, .. } => u32::try_from(reports.len()).unwrap_or(u32::MAX),
            Self::Reveal { .. } => 0,
        }
    }

    /// Which of both it is.
    pub const fn part(&self) -> EpochPart {
        match self {
            Self::Commit { .. } => EpochPart::Commit,
            Self::Reveal { .. } => EpochPart::Reveal,
        }
    }

    /// The bytes that the worker of `account` signs for `epoch`, on the chain that began with `genesis`: a
    /// context of 20 bytes, the genesis hash, the account, the epoch, and the work, all in SCALE.
    pub fn signing_bytes(&self, genesis: H256, account: &[u8; 32], epoch: EpochIndex) -> Vec<u8> {
        (WORK, genesis, account, epoch, self).encode()
    }
}

/// A half of an epoch.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum EpochPart {
    /// Commitments are taken, and nobody reveals.
    Commit,
    /// What was committed to is revealed, and no commitment is taken.
    Reveal,
}

/// The epoch that is under way.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Epoch {
    /// Its number.
    pub index: EpochIndex,
    /// Which half it is in.
    pub part: EpochPart,
    /// The first block whose parent's time is this or later ends that half. Milliseconds since the Unix
    /// epoch.
    pub until: Moment,
    /// When the whole epoch is planned to end.
    pub end: Moment,
    /// The chain's time when reveals opened; 0 before.
    pub opened: Moment,
    /// The hash of the block with which they opened, from the next block on.
    pub block: Option<H256>,
}

/// The epoch that is under way, and who has committed in it, each with whether it has revealed.
pub type EpochView<AccountId> = (Epoch, Vec<(AccountId, bool)>);

/// Where the value of an epoch comes from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum BeaconSource {
    /// At least two owners revealed what they had committed to.
    Keys,
    /// They did not: the hash of the block with which reveals opened. Its author could choose among the
    /// blocks that it could write.
    BlockHash,
}

/// The value of an epoch that has ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct EpochValue {
    /// The value.
    pub value: H256,
    /// Where it comes from.
    pub source: BeaconSource,
    /// The chain's time when reveals opened, in milliseconds since the Unix epoch.
    pub opened: Moment,
    /// The same when the epoch ended, and the value was known.
    pub closed: Moment,
}

/// Among how many epochs one that has a value of keys is looked for, before one of a block's hash does.
pub const DRAW_EPOCHS: u64 = 4;

/// A value for who waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BeaconValue {
    /// Of which epoch.
    pub epoch: EpochIndex,
    /// The value.
    pub value: H256,
    /// Where it comes from.
    pub source: BeaconSource,
}

/// Who took part in an epoch that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Attendance<AccountId> {
    /// Who revealed, in the order of accounts.
    pub revealed: BoundedVec<AccountId, ConstU32<MAX_REVEALERS>>,
    /// Who committed and did not reveal, likewise, with the owners behind them.
    pub withheld: BoundedVec<(AccountId, OwnerId), ConstU32<MAX_REVEALERS>>,
    /// Whether f + 1 authors could have included a reveal: then who withheld one has missed it.
    pub spanned: bool,
}

/// What an account has committed to in the epoch that is under way.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Entry {
    /// The owner behind it.
    pub owner: OwnerId,
    /// To what.
    pub commitment: Commitment,
    /// What it revealed, if it has.
    pub secret: Option<Revealed>,
}

/// Why what a worker brings for an epoch is refused, before it enters a pool or a block. A signature that
/// does not hold is refused last, as a bad proof (`BadProof`).
///
/// What [may still come](Self::may_pass) a node tells as unknown (`UnknownTransaction::Custom`), everything
/// else as invalid (`InvalidTransaction::Custom`). The codes are others than those of
/// [`WorkerRefusal`](crate::qkd::WorkerRefusal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum EpochRefusal {
    /// The epoch is still to come, or the chain has not begun its first one.
    Ahead,
    /// The epoch has ended.
    Past,
    /// Nothing is revealed before commitments are closed.
    TooEarly,
    /// Commitments are closed.
    TooLate,
    /// The account has committed already, or revealed already: each happens once.
    Done,
    /// The account draws no keys: it has accepted no enrolment, or that has expired.
    NotEnrolled,
    /// The account has registered no key for its worker.
    NoWorker,
    /// Nobody is known to stand behind the account, or it is shut.
    NoOwner,
    /// Another account of the same owner has committed.
    OwnerCommitted,
    /// The owner withheld a reveal, and is barred for some epochs.
    Barred,
    /// As many owners have committed as can.
    Full,
    /// The account has not committed in this epoch.
    NotCommitted,
    /// What is revealed is not what the account committed to.
    Mismatch,
    /// There is neither a commitment nor a report.
    Nothing,
    /// The account's owner has reported for this end of a link.
    Reported,
    /// The ledger of keys does not take a report: of links that are not the market's or do not end where the
    /// account draws keys, against reason, or one too many.
    BadReport,
}

impl EpochRefusal {
    /// The code of the transaction's error.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ahead => 20,
            Self::Past => 21,
            Self::TooEarly => 22,
            Self::TooLate => 23,
            Self::Done => 24,
            Self::NotEnrolled => 25,
            Self::NoWorker => 26,
            Self::NoOwner => 27,
            Self::OwnerCommitted => 28,
            Self::Barred => 29,
            Self::Full => 30,
            Self::NotCommitted => 31,
            Self::Mismatch => 32,
            Self::Nothing => 33,
            Self::Reported => 34,
            Self::BadReport => 35,
        }
    }

    /// Whether the same transaction may hold on a chain that has come further.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Ahead | Self::TooEarly)
    }
}
