//! What others need of the quantum key distribution service, and what it needs of them.

use crate::{Moment, OwnerId, SlotIndex, beacon::BeaconValue};
use sp_core::H256;

/// The market's share of the key pools.
pub trait KeyBudget {
    /// How many keys the market may use for `slot`, asked once, when the slot opens.
    fn available(slot: SlotIndex) -> u64;

    /// Takes note that clearing `slot` used `keys` of them.
    fn consume(slot: SlotIndex, keys: u64);
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
