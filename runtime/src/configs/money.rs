//! The token, fees and the funds.
//!
//! Nothing is minted and nothing is burnt: fees go to the author of the block, as far as the rules
//! of authoring say so, and to the community fund, and dust goes there too. The fund is endowed at
//! genesis, so that total issuance never changes.

use crate::{
    AccountId, Authorship, Balance, Balances, EXISTENTIAL_DEPOSIT, Runtime, RuntimeEvent,
    RuntimeFreezeReason, RuntimeHoldReason, System,
};
use frame_support::{
    PalletId, parameter_types,
    traits::{
        ConstU8, ConstU32, ConstU128, Imbalance, OnUnbalanced, VariantCountOf,
        fungible::{Balanced, Credit},
        tokens::imbalance::ResolveTo,
    },
    weights::{ConstantMultiplier, IdentityFee, Weight, WeightToFee},
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::{
    FixedPointNumber, Perquintill,
    traits::{AccountIdConversion, Bounded},
};

/// Whose keyless accounts the funds are.
const FUNDS: PalletId = PalletId(*b"qe/funds");

parameter_types! {
    /// The grid operator's account: receives the grid fee.
    pub GridAccount: AccountId = FUNDS.into_sub_account_truncating(*b"grid");
    /// The entropy fund: receives the shadow price of keys. It never pays whoever reports pools,
    /// runs key services or sets terms.
    pub EntropyFund: AccountId = FUNDS.into_sub_account_truncating(*b"entr");
    /// The community fund: receives fees, dust and what remains of lost deposits.
    pub CommunityFund: AccountId = FUNDS.into_sub_account_truncating(*b"comm");
}

impl pallet_balances::Config for Runtime {
    type AccountStore = System;
    type Balance = Balance;
    type DoneSlashHandler = ();
    type DustRemoval = ResolveTo<CommunityFund, Balances>;
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<50>;
    type ReserveIdentifier = [u8; 8];
    type RuntimeEvent = RuntimeEvent;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
}

/// Shares fees between the block's author and the community fund.
pub struct ShareFees;

impl OnUnbalanced<Credit<AccountId, Balances>> for ShareFees {
    fn on_nonzero_unbalanced(fee: Credit<AccountId, Balances>) {
        let share = pallet_pov::CurrentRules::<Runtime>::get().author_share;
        let part = share.mul_floor(fee.peek());
        let (part, rest) = fee.split(part);
        // What an author cannot take, because it has no account, goes to the fund as well.
        let rest = match Authorship::author() {
            Some(author) => match Balances::resolve(&author, part) {
                Ok(()) => rest,
                Err(part) => rest.merge(part),
            },
            None => rest.merge(part),
        };
        ResolveTo::<CommunityFund, Balances>::on_unbalanced(rest);
    }
}

/// What a byte of a transaction costs, in plancks.
pub const BYTE_FEE: Balance = 1_000_000;

/// What the chain asks for work that no transaction pays for: as much as for that of a transaction where
/// fees stand at their base.
pub fn price_of(work: Weight) -> Balance {
    IdentityFee::<Balance>::weight_to_fee(&work)
}

parameter_types! {
    /// Fees rise when blocks are fuller than this on average, and fall when they are emptier.
    pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
    /// How fast they do.
    pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(1, 100_000);
    /// They never fall below their base.
    pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_integer(1);
    /// Nor rise beyond what can be computed with.
    pub MaximumMultiplier: Multiplier = Bounded::max_value();
}

impl pallet_transaction_payment::Config for Runtime {
    type FeeMultiplierUpdate = TargetedFeeAdjustment<
        Self,
        TargetBlockFullness,
        AdjustmentVariable,
        MinimumMultiplier,
        MaximumMultiplier,
    >;
    type LengthToFee = ConstantMultiplier<Balance, ConstU128<BYTE_FEE>>;
    type OnChargeTransaction = FungibleAdapter<Balances, ShareFees>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type RuntimeEvent = RuntimeEvent;
    // One picosecond of computation costs one planck: a full block costs one QED.
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
    type WeightToFee = IdentityFee<Balance>;
}
