//! What the market needs of the quantum key distribution service.

use crate::{Moment, SlotIndex, beacon::BeaconValue};
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
