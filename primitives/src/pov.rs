//! Who writes which block, and who did.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use derive_where::derive_where;
use scale_info::TypeInfo;
use sp_core::{Get, H256, bounded::BoundedVec};

/// A session of validators, numbered from genesis.
pub type SessionIndex = u32;

/// An Aura slot, numbered from the Unix epoch.
pub type AuraSlot = u64;

/// Under what name a node puts the number of the last final block that it knows into the inherent data of a
/// block that it writes: a `u64`.
pub const FINALISED: [u8; 8] = *b"qedexfin";

/// Why a validator gets no more than the floor, whatever its meters say.
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
pub enum Reduction {
    /// It does not satisfy the `validate` policy any more, or is blacklisted.
    NotPermitted,
    /// Another validator has the same owner.
    SameOwner,
    /// It missed too many of its slots in the session before.
    Downtime,
    /// It is to be removed, but too many would leave at once.
    RemovalHeld,
    /// It has joined and does not vote on finality yet.
    Probation,
}

/// A validator in a session's schedule.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Author<AccountId, Key> {
    /// Who.
    pub who: AccountId,
    /// The Aura key with which it signs blocks in this session.
    pub key: Key,
    /// Its score: 0 if it was reduced.
    pub score: u64,
    /// Why it was reduced, if it was.
    pub reduced: Option<Reduction>,
    /// Its slots out of a session's.
    pub slots: u32,
}

/// Who writes which slot of a session.
#[derive(Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
#[derive_where(Clone, Debug, PartialEq, Eq; AccountId, Key)]
#[scale_info(skip_type_params(MaxAuthors, MaxSlots))]
#[codec(mel_bound(AccountId: MaxEncodedLen, Key: MaxEncodedLen))]
pub struct Schedule<AccountId, Key, MaxAuthors, MaxSlots>
where
    AccountId: Clone + core::fmt::Debug + PartialEq + Eq,
    Key: Clone + core::fmt::Debug + PartialEq + Eq,
    MaxAuthors: Get<u32>,
    MaxSlots: Get<u32>,
{
    /// The session.
    pub session: SessionIndex,
    /// The session's first slot; unknown between genesis and the first block.
    pub start: Option<AuraSlot>,
    /// From which slot on this schedule governs: the first, or the one after a removal.
    pub since: Option<AuraSlot>,
    /// The slot of the order's first entry.
    pub aligned: AuraSlot,
    /// What the order was drawn from.
    pub seed: H256,
    /// The validators in the order of their ids.
    pub authors: BoundedVec<Author<AccountId, Key>, MaxAuthors>,
    /// The author of each slot, from `aligned` on and over again, as a position in `authors`.
    pub order: BoundedVec<u16, MaxSlots>,
}

/// What a validator was to do in a past session, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PastShare<AccountId> {
    /// Who.
    pub who: AccountId,
    /// Its score.
    pub score: u64,
    /// Its slots out of a session's.
    pub slots: u32,
    /// The slots of the session that passed while they were its own. More than `slots` if the
    /// session lasted longer than planned.
    pub due: u32,
    /// The blocks that it wrote.
    pub authored: u32,
}

/// A session that is over.
#[derive(Encode, Decode, MaxEncodedLen, TypeInfo)]
#[derive_where(Clone, Debug, PartialEq, Eq; AccountId)]
#[scale_info(skip_type_params(MaxAuthors))]
#[codec(mel_bound(AccountId: MaxEncodedLen))]
pub struct PastSession<AccountId, MaxAuthors>
where
    AccountId: Clone + core::fmt::Debug + PartialEq + Eq,
    MaxAuthors: Get<u32>,
{
    /// Its first slot.
    pub first: AuraSlot,
    /// Its last slot: that of the block with which the next session began.
    pub last: AuraSlot,
    /// What its order was drawn from.
    pub seed: H256,
    /// Its validators in the order of their ids.
    pub shares: BoundedVec<PastShare<AccountId>, MaxAuthors>,
}

/// What a validator has earned, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ValidatorScore<AccountId> {
    /// Who.
    pub who: AccountId,
    /// Its score: 0 if it is reduced.
    pub score: u64,
    /// Why it is reduced, if it is.
    pub reduced: Option<Reduction>,
}

/// The most sessions of one answer of `PovApi::past_sessions`.
pub const MAX_PAST_SESSIONS: u32 = 16;
