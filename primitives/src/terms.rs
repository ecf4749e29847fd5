//! What the council sets for each band, and what the leader may choose within it.

use crate::{LeaderTerms, PricePerKwh, SlotIndex, Wh};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_math::admission;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

pub use sp_arithmetic::Permill;

/// A tariff band's prices and rules, set by the council. Everybody reads the same list: the market,
/// and who weighs savings by the grid price.
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
pub struct PriceList {
    /// The feed-in price: no order below it.
    pub floor: PricePerKwh,
    /// The grid price: no order above it.
    pub cap: PricePerKwh,
    /// What the grid takes of each kWh traded. Never zero: what takes keys costs something.
    pub grid_fee: PricePerKwh,
    /// Limits are whole multiples of this.
    pub tick: PricePerKwh,
    /// Energies of orders are whole multiples of this.
    pub lot: Wh,
    /// The least energy of an order.
    pub least_order: Wh,
    /// An ask's deposit, as a share of its energy at the cap price.
    pub deposit_rate: Permill,
}

impl PriceList {
    /// The terms of a slot of this band in which a key covers `wh_per_key`.
    pub const fn with_keys(self, wh_per_key: Wh) -> LeaderTerms {
        let Self { floor, cap, grid_fee, tick, lot, least_order, deposit_rate } = self;
        LeaderTerms { floor, cap, grid_fee, tick, lot, least_order, wh_per_key, deposit_rate }
    }
}

/// The limits within which a leader chooses.
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
pub struct LeaderLimits {
    /// The least share of the keys available that a slot gets, whatever is announced.
    pub least_share: Permill,
    /// The least energy that a key covers; without an announcement it covers this.
    pub least_wh_per_key: Wh,
    /// The most energy that a key may cover.
    pub most_wh_per_key: Wh,
}

impl LeaderLimits {
    /// Whether a leader may announce this.
    pub fn allow(&self, admission: &KeyAdmission) -> bool {
        let energy = admission.wh_per_key;
        admission.share >= self.least_share
            && energy >= self.least_wh_per_key
            && energy <= self.most_wh_per_key
    }

    /// How many of `available` keys a slot gets for which nothing was announced, where `at_once`
    /// slots are open at the same time: one part in so many, and at least what the limits say.
    pub fn keys_by_default(&self, available: u64, at_once: u64) -> u64 {
        let part = available.checked_div(at_once).unwrap_or(available);
        admission::keys(available, 0, self.least_share.deconstruct()).max(part)
    }

    /// How many of `available` keys a slot gets for which `admission` was announced.
    pub fn keys_admitted(&self, available: u64, admission: &KeyAdmission) -> u64 {
        let share = admission.share.deconstruct();
        admission::keys(available, share, self.least_share.deconstruct())
    }
}

/// By how much a leader lets a slot trade.
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
pub struct KeyAdmission {
    /// The share of the keys available when the slot opens; the rest stays for later slots.
    pub share: Permill,
    /// The energy that one key covers.
    pub wh_per_key: Wh,
}

/// What a leader has announced for a slot.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Announcement<AccountId> {
    /// The slot.
    pub slot: SlotIndex,
    /// Who announced it.
    pub by: AccountId,
    /// By how much it lets the slot trade.
    pub admission: KeyAdmission,
}
