//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound, traits::Get,
};
use qedex_primitives::{Band, PricePerKwh};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_runtime::Permill;
use sp_staking::SessionIndex;

/// An Aura slot, numbered from the Unix epoch.
pub type AuraSlot = u64;

/// What electricity costs in each tariff band; only the ratios matter here.
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
    Serialize,
    Deserialize,
)]
pub struct BandPrices {
    /// While demand is low.
    pub off: PricePerKwh,
    /// While demand is expected to be high.
    pub mid: PricePerKwh,
    /// While demand is high.
    pub on: PricePerKwh,
}

impl BandPrices {
    /// The price in `band`.
    pub const fn of(&self, band: Band) -> PricePerKwh {
        match band {
            Band::Off => self.off,
            Band::Mid => self.mid,
            Band::On => self.on,
        }
    }
}

/// What the admin origin may tune. It counts from the next session on.
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
    Serialize,
    Deserialize,
)]
pub struct Rules {
    /// F: slots that every validator gets at least, from 1 to the session's length. It gives way
    /// where there are too many validators for it.
    pub floor: u32,
    /// M: the largest share of a session's slots, above zero. It gives way first, where there are
    /// too few validators for it.
    pub largest: Permill,
    /// The most consecutive slots of one author, at least 1; where the shares leave no such
    /// order, the least that they permit.
    pub max_run: u32,
    /// The last so many final delivery slots are scored, from 1 to the pallet's limit.
    pub window: u32,
    /// Who misses more than this share of its slots in a session gets the floor in the next.
    pub downtime: Permill,
    /// The share of transaction fees that goes to the block's author; the rest goes to a fund.
    pub author_share: Permill,
    /// Prices by band: above zero and not falling.
    pub prices: BandPrices,
}

impl Default for Rules {
    /// One slot at least and half of them at most, three in a row, four hours of quarter-hours,
    /// half a session of downtime, no fees to authors, and bands of 0.20, 0.25 and 0.30 QED/kWh.
    fn default() -> Self {
        Self {
            floor: 1,
            largest: Permill::from_percent(50),
            max_run: 3,
            window: 16,
            downtime: Permill::from_percent(50),
            author_share: Permill::zero(),
            prices: BandPrices {
                off: PricePerKwh(200_000_000_000),
                mid: PricePerKwh(250_000_000_000),
                on: PricePerKwh(300_000_000_000),
            },
        }
    }
}

impl Rules {
    /// Whether every value is in its range, in sessions of `slots` slots.
    pub fn is_valid(&self, slots: u32, max_window: u32) -> bool {
        let prices = &self.prices;
        (1..=slots).contains(&self.floor)
            && !self.largest.is_zero()
            && self.max_run >= 1
            && (1..=max_window).contains(&self.window)
            && prices.off > PricePerKwh(0)
            && prices.off <= prices.mid
            && prices.mid <= prices.on
            && prices.on <= PricePerKwh(u64::MAX.into())
    }
}

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
#[derive(
    CloneNoBound,
    DebugNoBound,
    PartialEqNoBound,
    EqNoBound,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
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

/// The block that brought the present schedule: its author was chosen by the one before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Change<AccountId> {
    /// Its slot.
    pub slot: AuraSlot,
    /// Who wrote it.
    pub author: Option<AccountId>,
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
#[derive(
    CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
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

/// Why a validator is removed.
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
)]
pub enum RemovalReason {
    /// It voted for two blocks in one round of finality, which was proven.
    Equivocation,
    /// The admin origin decided so.
    Decided,
}

/// A removal of a validator. It stands until the admin origin readmits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Removal {
    /// Why.
    pub reason: RemovalReason,
    /// The session in which it was decided.
    pub session: SessionIndex,
    /// Whether it has taken effect. A removal is held while too many would leave at once.
    pub effective: bool,
}
