//! Key services and their sites, who is enrolled there, and sessions under their keys.

use crate::{Moment, OwnerId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, H256, bounded::BoundedVec, crypto::KeyTypeId, sr25519};

/// Under which type a node's keystore keeps the key of its worker.
pub const WORKER_KEYS: KeyTypeId = KeyTypeId(*b"qsah");

/// The longest identity of an SAE, in bytes of UTF-8.
pub const MAX_SAE_BYTES: u32 = 128;

/// The most accounts that an account lists as those from which it takes requests.
pub const MAX_LISTED: u32 = 64;

/// The identity of a secure application entity at its key service: 1 to 128 bytes of UTF-8.
pub type SaeId = BoundedVec<u8, ConstU32<MAX_SAE_BYTES>>;

/// What a site of a key service is called, at most 64 bytes of UTF-8.
pub type SiteName = BoundedVec<u8, ConstU32<64>>;

/// The address of the node that keeps an account's mail, such as a multiaddress: 1 to 256 printable
/// characters of ASCII without spaces.
pub type MailAddress = BoundedVec<u8, ConstU32<256>>;

/// Message 1 of a handshake: 154 bytes of suite 1, or 186 of suite 2.
pub type Message1Bytes = BoundedVec<u8, ConstU32<186>>;

/// Message 2 of a handshake: 96 bytes of suite 1, or 80 of suite 2.
pub type Message2Bytes = BoundedVec<u8, ConstU32<96>>;

/// Message 3 of a handshake: 32 bytes of suite 1, or 16 of suite 2.
pub type Message3Bytes = BoundedVec<u8, ConstU32<32>>;

/// A site of a key service. Numbers are never used again.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct SiteId(pub u32);

/// A link between two sites. Numbers are never used again.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct LinkId(pub u32);

/// An enrolment of an SAE for an account. Numbers are never used again, so that what was revoked does
/// not come back with the next enrolment of the same SAE.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct EnrolmentId(pub u32);

/// A session, from its request on. Numbers are never used again.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct SessionId(pub u64);

/// Bits of key in a second.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct BitsPerSecond(pub u64);

/// A place where a key service delivers keys.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Site<AccountId> {
    /// Who runs it.
    pub operator: AccountId,
    /// What it is called.
    pub name: SiteName,
    /// How many links end here, agreed or not.
    pub links: u32,
    /// How many SAEs are enrolled here.
    pub saes: u32,
}

/// A QKD link between two sites.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Link<AccountId> {
    /// Who registered it.
    pub by: AccountId,
    /// Where it ends: first the site of who registered it.
    pub sites: [SiteId; 2],
    /// The rate of keys that is declared.
    pub rate: BitsPerSecond,
    /// Whether the operators of both ends stand for it.
    pub agreed: bool,
}

/// That an account draws keys as an SAE.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Enrolment<AccountId> {
    /// The SAE.
    pub sae: SaeId,
    /// Where it draws keys. The operator of this site enrolled it.
    pub site: SiteId,
    /// For whom.
    pub account: AccountId,
    /// From when on it opens no session.
    pub expires: Moment,
    /// Whether the account has accepted.
    pub accepted: bool,
}

/// The public key with which the worker of an account's node signs. It can do nothing but answer and
/// confirm sessions of its account.
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
pub struct WorkerKey(pub sr25519::Public);

/// A worker's signature over a [`WorkerPayload`].
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct WorkerSignature(pub sr25519::Signature);

/// From whom an account takes requests for sessions.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum AcceptsFrom<AccountId> {
    /// From every account that may open sessions.
    #[default]
    Anyone,
    /// From these accounts.
    Listed(BoundedVec<AccountId, ConstU32<MAX_LISTED>>),
    /// From nobody. It may still open sessions itself.
    Nobody,
}

/// One of the two ends of a session.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SessionParty<AccountId> {
    /// Which account.
    pub account: AccountId,
    /// The owner behind it.
    pub owner: OwnerId,
    /// By which enrolment it draws keys. The session ends with it.
    pub enrolment: EnrolmentId,
}

/// How far a session has come.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum SessionStage<BlockNumber> {
    /// A has asked, and B's worker is to answer.
    Requested {
        /// What A says.
        message1: Message1Bytes,
        /// The last block in which an answer is taken.
        until: BlockNumber,
    },
    /// B has answered, and A's worker is to confirm.
    Accepted {
        /// What A said.
        message1: Message1Bytes,
        /// What B says.
        message2: Message2Bytes,
        /// The last block in which a confirmation is taken.
        until: BlockNumber,
    },
    /// Both ends have computed the same.
    Open {
        /// c, which message 2 promised: the hash of message 3.
        confirmation: [u8; 32],
        /// What A said last, for B.
        message3: Message3Bytes,
        /// In which block it was confirmed.
        since: BlockNumber,
    },
}

/// A session between two accounts, which everybody can see. What is said in it is not on the chain.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Session<AccountId, BlockNumber> {
    /// A, who opens it.
    pub from: SessionParty<AccountId>,
    /// B, who answers.
    pub to: SessionParty<AccountId>,
    /// The suite by its code in message 1: 1 for HMAC, 2 for one-time Poly1305.
    pub suite: u8,
    /// The number that A gave it, higher than all that A gave before.
    pub number: u64,
    /// From when on it has ended, in milliseconds since the Unix epoch.
    pub expires: Moment,
    /// How far it has come.
    pub stage: SessionStage<BlockNumber>,
}

/// Why a session has ended by itself.
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
pub enum SessionEnd {
    /// B's worker did not answer in time.
    NotAccepted,
    /// A's worker did not confirm in time.
    NotConfirmed,
    /// It is as old as a session gets, or an enrolment of its ends would have expired.
    Expired,
    /// An enrolment of its ends was removed.
    SaeRemoved,
}

/// A session with its number, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SessionView<AccountId, BlockNumber> {
    /// Its number.
    pub id: SessionId,
    /// What is on record of it.
    pub session: Session<AccountId, BlockNumber>,
    /// Why it counts no more, though it was not cleared yet; nothing while it counts.
    pub ended: Option<SessionEnd>,
}

/// What a worker does for its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum WorkerStep {
    /// B's worker brings message 2.
    Accept,
    /// A's worker brings message 3.
    Confirm,
}

impl WorkerStep {
    /// What sets signatures for this step apart from all others.
    pub const fn context(self) -> [u8; 20] {
        match self {
            Self::Accept => *b"qedex/qkd/accept/v1 ",
            Self::Confirm => *b"qedex/qkd/confirm/v1",
        }
    }
}

/// What a worker signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerPayload<'a> {
    /// What it does.
    pub step: WorkerStep,
    /// In which session.
    pub session: SessionId,
    /// The message that it answers: message 1, or message 2. After a reorganisation another session
    /// may have the number, and the signature is not for that one.
    pub answered: &'a [u8],
    /// What it says: message 2, or message 3.
    pub message: &'a [u8],
}

impl WorkerPayload<'_> {
    /// The bytes to sign on the chain that began with `genesis`: the step's context, the hash of the
    /// chain's first block, the session's number in eight bytes, and both messages, each behind its
    /// length, all in SCALE.
    pub fn signing_bytes(&self, genesis: H256) -> Vec<u8> {
        (self.step.context(), genesis, self.session, self.answered, self.message).encode()
    }
}

/// Why a worker's transaction is refused, before it enters a pool or a block. A signature that does not
/// hold is refused last, as a bad proof (`BadProof`).
///
/// What [may still come](Self::may_pass) a node tells as unknown (`UnknownTransaction::Custom`), so that
/// a pool whose chain lags behind does not ban the transaction; everything else is invalid
/// (`InvalidTransaction::Custom`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum WorkerRefusal {
    /// There is no session of this number yet.
    NotRequested,
    /// There is no session of this number any more.
    Gone,
    /// The session was not answered yet, so there is nothing to confirm.
    NotAccepted,
    /// The session was answered already, or confirmed already: each happens once.
    Done,
    /// The last block for it has passed.
    TooLate,
    /// The session has expired, or an enrolment of its ends was removed.
    Ended,
    /// The message has not the length that the session's suite gives it.
    Length,
    /// The account has registered no key for its worker.
    NoWorker,
    /// Message 3 is not the one that message 2 promised.
    Confirmation,
}

impl WorkerRefusal {
    /// The code of the transaction's error.
    pub const fn code(self) -> u8 {
        match self {
            Self::NotRequested => 1,
            Self::Gone => 2,
            Self::NotAccepted => 3,
            Self::Done => 4,
            Self::TooLate => 5,
            Self::Ended => 6,
            Self::Length => 7,
            Self::NoWorker => 8,
            Self::Confirmation => 9,
        }
    }

    /// Whether the same transaction may hold on a chain that has come further.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::NotRequested | Self::NotAccepted)
    }
}
