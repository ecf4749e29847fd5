//! Who owes whom.

use crate::{
    Auction, Balances, Membership, Metering, Reputation, Runtime, RuntimeHoldReason,
    configs::money::{CommunityFund, EntropyFund, GridAccount},
    dynamic_params::sanctions,
    weights,
};
use frame_support::traits::{ConstU32, Get};
use qedex_primitives::Millis;

/// The council's limit on defaults, at least 1.
pub struct DefaultsToExclusion;

impl Get<u32> for DefaultsToExclusion {
    fn get() -> u32 {
        sanctions::DefaultsToExclusion::get().max(1)
    }
}

/// The council's length of an exclusion, from one hour to 31 days.
pub struct ExclusionLength;

impl Get<Millis> for ExclusionLength {
    fn get() -> Millis {
        const HOUR: Millis = 60 * 60 * 1_000;
        let hours = Millis::from(sanctions::ExclusionHours::get()).clamp(1, 31 * 24);
        hours.saturating_mul(HOUR)
    }
}

impl pallet_settlement::Config for Runtime {
    type Calendar = Auction;
    type CommunityFund = CommunityFund;
    type Currency = Balances;
    type DefaultsToExclusion = DefaultsToExclusion;
    type EntropyFund = EntropyFund;
    type ExclusionLength = ExclusionLength;
    type GridAccount = GridAccount;
    type Ledger = Metering;
    type MaxSlotsInFlight = ConstU32<64>;
    type Ratings = Reputation;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sanctions = Membership;
    type WeightInfo = weights::settlement::WeightInfo<Runtime>;
}
