//! What pallets may take of a block for work of their own.

use frame_support::weights::Weight;

/// The most that one pallet takes of a block for work that nobody calls for: a quarter of
/// `max_block`, so that transactions find room beside that of two pallets.
pub fn block_share(max_block: Weight) -> Weight {
    max_block.saturating_div(4)
}
