//! What is done once when this runtime takes the place of an earlier one.
//!
//! The keys that are there when a gate opens are a parameter that no migration touches. Its default is three
//! times what it was, because a slot takes a third of them now; a council that had set it sets it anew.

use crate::Runtime;

/// Carries over what earlier versions stored, pallet by pallet. Each part looks at its pallet's version,
/// and does nothing a second time.
pub type Migrations = (pallet_auction::migrations::V1ToV2<Runtime>,);
