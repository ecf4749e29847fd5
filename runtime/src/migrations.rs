//! What is done once when this runtime takes the place of an older one, in this order.

use crate::Runtime;

/// From accounts to owners, whom membership has to know before. Each looks at its pallet's version, and
/// changes nothing where it has been.
pub type Migrations = (
    pallet_energy_membership::migration::V1ToV2<Runtime>,
    pallet_metering::migrations::MigrateV1ToV2<Runtime>,
    pallet_settlement::migrations::MigrateV1ToV2<Runtime>,
    pallet_reputation::migrations::MigrateV1ToV2<Runtime>,
    pallet_pov::migrations::MigrateV1ToV2<Runtime>,
);
