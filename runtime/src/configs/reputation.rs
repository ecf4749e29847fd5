//! Whom to trust.

use crate::{
    Auction, Balances, MILLISECONDS_PER_BLOCK, Membership, Runtime, RuntimeHoldReason,
    configs::governance::AdminOrigin, weights,
};
use frame_support::traits::{ConstU32, ConstU64, Get};
use qedex_primitives::Millis;

/// A trust deposit stays locked for a session of the validators.
pub struct DepositLock;

impl Get<Millis> for DepositLock {
    fn get() -> Millis {
        let slots = Millis::from(pallet_pov::SessionSlots::<Runtime>::get());
        slots.saturating_mul(MILLISECONDS_PER_BLOCK)
    }
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
