//! What flowed, and in which tariff band.

use crate::{Band, Bill, BillError, SlotIndex, Totals, Wh};
use frame_support::weights::Weight;

/// The tariff band of each slot.
pub trait Tariff {
    /// The band of `slot`: as fixed when its gate opened, or as it would be by what is known now.
    /// Where the gate has opened and nobody has asked yet, asking fixes it.
    fn band(slot: SlotIndex) -> Band;
}

/// What flowed, for those who weigh generation and consumption.
pub trait EnergyFlow<AccountId> {
    /// What flowed through the connections that the owner of `account` had in `slot`, by the readings
    /// that the freeze left. One without a reading counts as nothing generated, and consumed what it was
    /// rated to let in, or what a household can draw if that is more: silence must not pay. The surplus
    /// is what settlement calls delivered: own demand comes first at each connection, and at no other.
    /// `None` if the owner had no active connection in that slot.
    fn flow(account: &AccountId, slot: SlotIndex) -> Option<Totals>;

    /// Makes `flow` cost as much as it can for `account`, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn install_silent_meters(_account: &AccountId) {}
}

/// Which delivery slots there is still something to settle of, however late that has become.
pub trait UnsettledSlots {
    /// The earliest slot of which a trade is not settled, if there is one.
    fn oldest_unsettled() -> Option<SlotIndex>;
}

/// Judges bills that were not published as readings.
pub trait BillAudit<AccountId> {
    /// What `bill` proves that the owner of `account` delivered in `slot`: the sum over its
    /// connections of generation less consumption, each never below zero. It names each of them once;
    /// one without a good signature delivers nothing, and one at least has a good one. The meters,
    /// owners, keys and ratings are those of that slot, whatever has changed since.
    fn audit(account: &AccountId, slot: SlotIndex, bill: &Bill) -> Result<Wh, BillError>;

    /// An upper bound of the weight of one `audit`: as many signatures as a bill can have.
    fn audit_weight() -> Weight;
}

/// What the meters say, as other pallets see it.
pub trait EnergyLedger<AccountId> {
    /// What the owner of `account` delivered in `slot`: the sum over its connections of generation
    /// less consumption, each never below zero: own demand comes first at each. `None` unless every
    /// connection that the owner had in the slot has a reading of it.
    fn delivered(account: &AccountId, slot: SlotIndex) -> Option<Wh>;

    /// The same by the connections that have a reading; one without delivers nothing. `None` unless
    /// one has.
    fn published(account: &AccountId, slot: SlotIndex) -> Option<Wh>;

    /// Makes `delivered(account, slot)` be `energy`, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn set_delivered(account: &AccountId, slot: SlotIndex, energy: Wh);
}

/// What the connections of an account's owner are rated to let out.
pub trait Rated<AccountId> {
    /// The most energy that may leave through the connections which the owner of `account` has in
    /// `slot`, in one slot; zero without any.
    fn rated_out(account: &AccountId, slot: SlotIndex) -> Wh;
    /// Makes `rated_out(account, slot)` be at least `energy`, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn set_rated_out(account: &AccountId, slot: SlotIndex, energy: Wh);
}
