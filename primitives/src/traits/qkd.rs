//! What others need of the quantum key distribution service, and what it needs of them.

use crate::{Moment, OwnerId, SlotIndex, beacon::BeaconValue};
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

/// A public random value per epoch that nobody chooses alone.
pub trait EntropyBeacon {
    /// The latest epoch that has ended, whether or not its value is known; 0 before the first has.
    fn latest() -> u64;

    /// The value of `epoch`, or `None` while it is not known or no longer kept.
    fn value(epoch: u64) -> Option<H256>;
}

/// A value for what must not be known beforehand.
pub trait EntropyDraw {
    /// The value of the first epoch whose reveals opened after `moment`: who committed to it did so before
    /// anything was revealed, and nobody knew it at `moment`. `None` while that epoch has not ended, and
    /// when it may be one that is no longer kept. It never changes once it is there: who waits for it
    /// writes it down. Reads at most as many values as halving the kept ones takes.
    fn first_after(moment: Moment) -> Option<BeaconValue>;

    /// The value of the first epoch after `moment` that keys gave, among the first
    /// [`DRAW_EPOCHS`](crate::beacon::DRAW_EPOCHS) whose reveals opened after it; as long as there is none,
    /// [`EntropyDraw::first_after`]. Reads so many values more at most.
    fn best_after(moment: Moment) -> Option<BeaconValue>;

    /// As many values of block hashes as are kept, of epochs whose reveals opened one millisecond after
    /// another; of [`DRAW_EPOCHS`](crate::beacon::DRAW_EPOCHS) of them after `moment`. The last is of keys.
    #[cfg(feature = "runtime-benchmarks")]
    fn fill(moment: Moment);
}

/// What takes the place of the beacon's value where keys give none.
pub trait EntropyFallback {
    /// Asked in the block behind the one with which reveals opened, before anything is revealed.
    fn entropy() -> H256;
}

/// Who writes blocks, and how many of them may fail.
pub trait BlockAuthors<AccountId> {
    /// The author of the block that is being executed; none if the block takes no transactions of users,
    /// and so leaves none out.
    fn author() -> Option<AccountId>;

    /// f: as many authors may be silent, or leave out what they like.
    fn bearable() -> u32;
}

/// Where it is noted that an owner did not do what it had promised, outside of trades.
pub trait Misses {
    /// Counts one full rating missed. O(1).
    fn record_miss(owner: OwnerId);
}
