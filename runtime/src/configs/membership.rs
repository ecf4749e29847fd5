//! Who may do what.

use crate::{
    Auction, Balance, Balances, MILLI_QED, Runtime, RuntimeHoldReason,
    configs::governance::AdminOrigin, weights,
};
use frame_support::{parameter_types, traits::ConstU32};

parameter_types! {
    /// What is held for a credential, a policy or the owner of an account while it is stored: a tenth of a QED, which buys a
    /// third of a kWh from the grid. Ten thousand policies take a thousand QED.
    pub const MembershipDepositBase: Balance = 100 * MILLI_QED;
    /// What is held besides for each of its bytes, as for the bytes of a preimage. The largest
    /// policy has about a hundred, a credential with the tenure of its holder's owner, or the owner
    /// of an account, less than two hundred.
    pub const MembershipDepositPerByte: Balance = MILLI_QED / 100;
}

impl pallet_energy_membership::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Calendar = Auction;
    type Currency = Balances;
    type DepositBase = MembershipDepositBase;
    type DepositPerByte = MembershipDepositPerByte;
    type MaxAccountsPerOwner = ConstU32<16>;
    type MaxIssueBatch = ConstU32<100>;
    type MaxNamings = ConstU32<100>;
    type MaxPolicyNodes = ConstU32<32>;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = weights::membership::WeightInfo<Runtime>;
}
