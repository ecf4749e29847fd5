//! What answers for the key ledger until it is there: [`KeyBudget`].
//!
//! The rest of the runtime names this one and nothing else of it, so that the ledger takes its place in this
//! file alone. A test holds that.

use crate::dynamic_params::keys;
use frame_support::traits::Get;
use qedex_primitives::SlotIndex;

/// The market's share of the key pools.
pub type KeyBudget = CouncilKeyBudget;

/// Keys that the council says are there whenever a gate opens.
///
/// It stands in for the key pools of a quantum key distribution service: it limits the cleared
/// volume by the same rule, but no key stands behind it.
pub struct CouncilKeyBudget;

impl qedex_primitives::KeyBudget for CouncilKeyBudget {
    fn available(_: SlotIndex) -> u64 {
        keys::MarketKeysPerSlot::get()
    }

    fn consume(_: SlotIndex, _: u64) {
        // The budget is a rate per slot, not a stock.
    }
}
