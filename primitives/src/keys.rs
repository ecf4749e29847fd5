//! The ledger of keys: what is reported of links, what of it counts, and what the market is promised.
//!
//! Keys are counted in whole ones of 256 bits.

use crate::{
    EpochIndex, SlotIndex,
    qkd::{LinkId, SiteId},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_arithmetic::Permill;
use sp_core::{ConstU32, bounded::BoundedVec};

/// The most links of which one account reports in an epoch.
pub const MAX_LINK_REPORTS: u32 = 16;

/// The most owners of which an end of a link keeps a report.
pub const MAX_REPORTERS: u32 = 16;

/// The most links of the market.
pub const MAX_MARKET_LINKS: u32 = 16;

/// More keys than any link makes in its life: who reports more is refused.
pub const MAX_KEYS: u64 = 1 << 48;

/// Parts per million that are all.
pub const MILLION: u32 = 1_000_000;

/// What an end of a link says of it at one moment of an epoch.
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
pub struct LinkReport {
    /// Of which link. At which of its ends, the reporter's enrolment says.
    pub link: LinkId,
    /// Keys of 256 bits that are stored at this end and delivered to nobody yet.
    pub stored: u64,
    /// Keys of 256 bits made in all: those that are stored, those that were drawn, and what else became of
    /// them, by age, by audits, or in the service's own messages.
    pub made: u64,
    /// Keys of 256 bits that were delivered at this end in all.
    pub drawn: u64,
    /// The quantum bit error rate of the latest block, in parts per million.
    pub qber_ppm: u32,
    /// Whether the key service holds that the link is sound, and makes keys.
    pub healthy: bool,
}

impl LinkReport {
    /// Whether all numbers are such as there can be, and no more is stored and was drawn than was made.
    pub const fn is_sound(&self) -> bool {
        self.made <= MAX_KEYS && self.adds_up() && self.qber_ppm <= MILLION
    }

    /// Whether no more is stored and was drawn than was made.
    pub const fn adds_up(&self) -> bool {
        match self.stored.checked_add(self.drawn) {
            Some(all) => all <= self.made,
            None => false,
        }
    }
}

/// The reports of one account for one epoch.
pub type LinkReports = BoundedVec<LinkReport, ConstU32<MAX_LINK_REPORTS>>;

/// By what rules keys bound the market. The council sets them.
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRules {
    /// Whether the market is bound by keys that exist. Where it is not, each slot gets the allotment that
    /// is a parameter of the council, with no key behind it, and every answer says so.
    pub bound: bool,
    /// The market's share of the keys of each of its links. Sessions draw on the rest.
    pub market_share: Permill,
    /// How many owners have to report at an end, at least 1.
    pub quorum: u32,
    /// For how many epochs after its own a report counts.
    pub stale_after: u32,
}

impl KeyRules {
    /// The most epochs for which a report counts after its own.
    pub const MAX_STALE_AFTER: u32 = 96;

    /// Whether they make sense: a quorum can be had, and reports grow old.
    pub const fn are_valid(&self) -> bool {
        self.quorum >= 1
            && self.quorum <= MAX_REPORTERS
            && self.stale_after <= Self::MAX_STALE_AFTER
    }
}

impl Default for KeyRules {
    /// A market that is not bound: until the council says otherwise, no key service is asked. Half of the
    /// keys, two owners at each end, and two epochs.
    fn default() -> Self {
        Self { bound: false, market_share: Permill::from_percent(50), quorum: 2, stale_after: 2 }
    }
}

/// As what a link counts.
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkTerms {
    /// The most keys that it makes in an epoch: whatever is reported, none of its ends grows faster. At
    /// least 1, and at most what its operators declare.
    pub most_keys_per_epoch: u64,
    /// The health floor: with more bit errors than this, in parts per million, an end is unhealthy,
    /// whatever the key service holds.
    pub most_qber_ppm: u32,
}

/// What one end of a link counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct EndView {
    /// Which end.
    pub site: SiteId,
    /// Of how many owners there is a report that counts.
    pub reporters: u32,
    /// The lower median of what they say is stored, grown no faster than the link makes keys; zero without
    /// a quorum.
    pub stored: u64,
    /// The same of what was made in all. It never shrinks.
    pub made: u64,
    /// The same of what was drawn in all. It never shrinks.
    pub drawn: u64,
    /// Whether more than half of them say that it is healthy, within the health floor.
    pub healthy: bool,
    /// Of which epoch the latest report is that was counted; none if none ever was.
    pub counted: Option<EpochIndex>,
}

/// What a link of the market counts as.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct LinkView {
    /// Which link.
    pub link: LinkId,
    /// As what it counts.
    pub terms: LinkTerms,
    /// Its ends, in the order in which it was registered; none if it is there no more.
    pub ends: Option<[EndView; 2]>,
    /// The lesser of both; zero unless both are healthy and the operators of both stand for the link.
    pub keys: u64,
    /// What of them is promised to slots of the market and was not drawn yet.
    pub promised: u64,
    /// The market's share of the keys, less what is promised.
    pub left: u64,
}

/// What the market may use of the keys that exist.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct KeyLedger {
    /// The epoch that is under way.
    pub epoch: EpochIndex,
    /// The rules. They say whether keys bound the market at all.
    pub rules: KeyRules,
    /// What a slot could be promised whose gate opened now: the least of all links, or the council's
    /// allotment, with no key behind it, where the rules say that the market is not bound.
    pub available: u64,
    /// What is promised to slots in flight, out of keys that exist.
    pub promised: u64,
    /// What of this was used by trades of slots that were cleared.
    pub used: u64,
    /// The links of the market.
    pub links: Vec<LinkView>,
}

/// What a slot in flight is promised.
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
pub struct Reservation {
    /// How many keys: what it was promised when its gate opened, and since it was cleared what its trades
    /// use.
    pub keys: u64,
    /// Whether it was cleared or annulled.
    pub settled: bool,
    /// Whether keys stand behind it. If not, it is a part of the council's allotment.
    pub backed: bool,
}

/// A slot in flight, with what it is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct SlotReservation {
    /// The slot.
    pub slot: SlotIndex,
    /// What it is promised.
    pub reservation: Reservation,
}
