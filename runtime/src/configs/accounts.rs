//! Batches, deputies and joint accounts.

use crate::{
    Balance, Balances, MILLI_QED, OriginCaller, Runtime, RuntimeCall, RuntimeEvent, System,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    parameter_types,
    traits::{ConstU32, InstanceFilter},
};
use scale_info::TypeInfo;
use sp_runtime::traits::BlakeTwo256;

impl pallet_utility::Config for Runtime {
    type PalletsOrigin = OriginCaller;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
    /// What the first deputy or announcement of an account costs while it lasts.
    pub const ProxyDepositBase: Balance = 10 * MILLI_QED;
    /// What each further one costs.
    pub const ProxyDepositFactor: Balance = MILLI_QED;
}

/// Whether it says who somebody is, for good, or who else is of one's owner: a deputy that does
/// everything but move tokens must not join a stranger to its principal.
fn is_about_owners(call: &RuntimeCall) -> bool {
    use pallet_energy_membership::Call;
    matches!(
        call,
        RuntimeCall::Membership(
            Call::name_owner { .. }
                | Call::consent_owner { .. }
                | Call::approve_account { .. }
                | Call::end_naming { .. }
                | Call::propose_shutting { .. }
                | Call::withdraw_shutting { .. }
        )
    )
}

/// What a deputy may do.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum ProxyType {
    /// Everything.
    #[default]
    Any,
    /// Everything that does not move the principal's tokens, by itself or through the market, and gives
    /// away none of its meters: it places no orders and lets nobody place any, closes no trade, disputes
    /// none and commits to nothing, and does not lead the market.
    NonTransfer,
    /// Take back: cancel orders and end the standing one. A broker places orders by a grant, which has
    /// a price and a budget, and not as a deputy.
    Trading,
}

/// What a deputy may do on the market that may not place orders.
const fn takes_back(call: &pallet_auction::Call<Runtime>) -> bool {
    matches!(
        call,
        pallet_auction::Call::cancel_order { .. } | pallet_auction::Call::end_standing_order { .. }
    )
}

impl InstanceFilter<RuntimeCall> for ProxyType {
    fn filter(&self, call: &RuntimeCall) -> bool {
        if *self != Self::Any && is_about_owners(call) {
            return false;
        }
        match self {
            Self::Any => true,
            Self::NonTransfer => match call {
                RuntimeCall::System(..)
                | RuntimeCall::Session(..)
                | RuntimeCall::Council(..)
                | RuntimeCall::Membership(..)
                | RuntimeCall::Metering(
                    // An owner agrees itself to what becomes of its meters.
                    pallet_metering::Call::submit_reading { .. }
                    | pallet_metering::Call::submit_readings { .. }
                    | pallet_metering::Call::set_tariff { .. }
                    | pallet_metering::Call::remove_meter { .. }
                    | pallet_metering::Call::propose_change { .. }
                    | pallet_metering::Call::withdraw_change { .. }
                    | pallet_metering::Call::withdraw_confirmation { .. }
                    | pallet_metering::Call::refuse_change { .. }
                    | pallet_metering::Call::clear_change { .. }
                    | pallet_metering::Call::record_correction { .. },
                )
                // To acknowledge pays, to complain risks a bond, and to commit to what nobody can open
                // loses a deposit: the evidence there is may be shown, and that is all.
                | RuntimeCall::Settlement(pallet_settlement::Call::reveal { .. }) => true,
                RuntimeCall::Auction(call) => {
                    takes_back(call)
                        || matches!(
                            call,
                            pallet_auction::Call::cancel_order_for { .. }
                                | pallet_auction::Call::revoke_grant { .. }
                        )
                }
                _ => false,
            },
            Self::Trading => matches!(call, RuntimeCall::Auction(call) if takes_back(call)),
        }
    }

    fn is_superset(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::Any) => false,
            (Self::NonTransfer, _) => true,
            (Self::Trading, other) => *other == Self::Trading,
        }
    }
}

impl pallet_proxy::Config for Runtime {
    type AnnouncementDepositBase = ProxyDepositBase;
    type AnnouncementDepositFactor = ProxyDepositFactor;
    type BlockNumberProvider = System;
    type CallHasher = BlakeTwo256;
    type Currency = Balances;
    type MaxPending = ConstU32<32>;
    type MaxProxies = ConstU32<32>;
    type ProxyDepositBase = ProxyDepositBase;
    type ProxyDepositFactor = ProxyDepositFactor;
    type ProxyType = ProxyType;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
}

impl pallet_multisig::Config for Runtime {
    type BlockNumberProvider = System;
    type Currency = Balances;
    type DepositBase = ProxyDepositBase;
    type DepositFactor = ProxyDepositFactor;
    type MaxSignatories = ConstU32<100>;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
}
