//! What the market and the service for quantum key distribution need of one another.

use crate::{Millis, OwnerId, SlotIndex, keys::EpochIndex};
use frame_support::{sp_runtime::DispatchError, weights::Weight};
use sp_core::H256;

/// The market's share of the keys.
///
/// A slot's keys go one way: [reserved](Self::reserve) when its gate opens, [settled](Self::settle) when it
/// is known how many its trades use, [released](Self::release) when nothing of it changes any more.
pub trait KeyBudget {
    /// How many keys a slot could be promised whose gate opened now. Without effects.
    fn available() -> u64;

    /// Promises `keys` to `slot`, whose gate opens now, or as many as there are, and says how many. Fails,
    /// and changes nothing, where there is no such slot, or where it was promised keys before.
    fn reserve(slot: SlotIndex, keys: u64) -> Result<u64, DispatchError>;

    /// Takes note that `slot` uses so many of the keys that it was promised, at most: none where it was
    /// annulled. What is left can be promised again. A later call lowers it further, and never raises it.
    fn settle(slot: SlotIndex, used: u64);

    /// Takes note that nothing of `slot` changes any more: whatever is left of its promise can be promised
    /// again.
    fn release(slot: SlotIndex);

    /// An upper bound of the weight of one `available` and one `reserve`.
    fn reserve_weight() -> Weight;

    /// An upper bound of the weight of one `settle`.
    fn settle_weight() -> Weight;

    /// An upper bound of the weight of one `release`.
    fn release_weight() -> Weight;
}

/// Which slots there is still something to come of.
pub trait SlotsInFlight {
    /// Whether `slot` was opened and is not final.
    fn is_in_flight(slot: SlotIndex) -> bool;
}

/// Who leads the market.
pub trait Leadership {
    /// Whether an account of `owner` has ever announced by how much a slot trades.
    fn has_led(owner: &OwnerId) -> bool;
}

/// The epochs in which key services report.
pub trait Epochs {
    /// The epoch that is under way. Never goes back.
    fn current() -> EpochIndex;

    /// How long an epoch lasts, in milliseconds.
    fn length() -> Millis;

    /// Makes `current` be `epoch`, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn set_current(epoch: EpochIndex);
}

/// A public random value per epoch that nobody chooses alone.
pub trait EntropyBeacon {
    /// The latest epoch that has ended, whether or not its value is known; 0 before the first has.
    fn latest() -> u64;

    /// The value of `epoch`, or `None` while it is not known or no longer kept.
    fn value(epoch: u64) -> Option<H256>;
}
