//! What is done once when this runtime takes the place of an earlier one, in this order.
//!
//! The keys that are there when a gate opens are a parameter that no migration touches. Its default is three
//! times what it was, because a slot takes a third of them now; a council that had set it sets it anew.

use crate::Runtime;
use frame_support::{migrations::RemovePallet, parameter_types};

parameter_types! {
    /// The name of the pallet that proved who had which session keys.
    pub const Historical: &'static str = "Historical";
}

/// From accounts to owners, whom membership has to know before. Settlement asks the calendar for no more than
/// the time; its rules say what deposits the auction's price lists have to ask for, and its books the clocks
/// of slots with open trades. The auction keeps the calendar, which metering asks, and reads no slot in
/// flight before its own migration. Who voted with which key is on record in the pallet that plans the set. Each
/// looks at its pallet's version, and changes nothing where it has
/// been.
pub type Migrations = (
    pallet_energy_membership::migration::V1ToV2<Runtime>,
    pallet_settlement::migrations::MigrateV1ToV2<Runtime>,
    pallet_auction::migrations::V1ToV2<Runtime>,
    pallet_metering::migrations::MigrateV1ToV2<Runtime>,
    pallet_reputation::migrations::MigrateV1ToV2<Runtime>,
    pallet_pov::migrations::MigrateV1ToV2<Runtime>,
    pallet_pov::migrations::MigrateV2ToV3<Runtime>,
    RemovePallet<Historical, <Runtime as frame_system::Config>::DbWeight>,
);
