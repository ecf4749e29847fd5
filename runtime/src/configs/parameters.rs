//! What the council may tune. Each reader clamps what it reads: the pallet that stores these
//! checks only who sets them.

use crate::{Runtime, RuntimeEvent, configs::governance::AdminOrigin};
use frame_support::{
    dynamic_params::{dynamic_pallet_params, dynamic_params},
    traits::AsEnsureOriginWithArg,
};

/// Parameters by topic.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
#[allow(missing_docs, clippy::expect_used)]
pub mod dynamic_params {
    use super::*;

    /// What the market may use of keys.
    #[dynamic_pallet_params]
    #[codec(index = 0)]
    pub mod keys {
        /// The allotment of each slot while keys that exist do not bind the market (`qkd.keyRules`): so many
        /// keys seem to be there when its gate opens, with none behind them. The slot gets the share that
        /// its leader admits; without one, a part in as many as slots are open at once: a third.
        #[codec(index = 0)]
        pub static MarketKeysPerSlot: u64 = 3_000;
    }

    /// The entropy beacon.
    #[dynamic_pallet_params]
    #[codec(index = 1)]
    pub mod beacon {
        /// How long an epoch takes, in tenths of a delivery slot: 4 to 20.
        #[codec(index = 0)]
        pub static EpochTenths: u32 = 20;
        /// From how many of the next epochs an owner is barred that withheld a reveal: 0 to 128.
        #[codec(index = 1)]
        pub static BarredEpochs: u32 = 8;
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
    fn default() -> Self {
        RuntimeParameters::Keys(dynamic_params::keys::Parameters::MarketKeysPerSlot(
            dynamic_params::keys::MarketKeysPerSlot,
            Some(1_000),
        ))
    }
}

impl pallet_parameters::Config for Runtime {
    type AdminOrigin = AsEnsureOriginWithArg<AdminOrigin>;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeParameters = RuntimeParameters;
    // Measured upstream; the pallet exports no other weights.
    type WeightInfo = ();
}
