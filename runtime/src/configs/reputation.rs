//! Whom to trust.

use crate::{
    Auction, Balances, MILLISECONDS_PER_BLOCK, Membership, Runtime, RuntimeHoldReason,
    configs::{consensus::SESSION_LENGTH, governance::AdminOrigin},
    weights,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64},
};
use qedex_primitives::Millis;

parameter_types! {
    /// A trust deposit stays locked for a session of the validators.
    pub const DepositLock: Millis = (SESSION_LENGTH as u64).saturating_mul(MILLISECONDS_PER_BLOCK);
}

impl pallet_reputation::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Calendar = Auction;
    type Currency = Balances;
    type DepositLock = DepositLock;
    // Ten kilowatt-hours make a full rating.
    type FullRating = ConstU64<10_000>;
    type MaxRaters = ConstU32<256>;
    type Membership = Membership;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = weights::reputation::WeightInfo<Runtime>;
}
