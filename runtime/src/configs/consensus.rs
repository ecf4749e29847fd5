//! Who writes blocks, who finalises them, and where they are to be found: Aura by the schedules of
//! PoV, GRANDPA over the distinct validators, and authority discovery over the same.

use crate::{
    AccountId, Auction, Aura, AuthorityDiscovery, Balances, MILLISECONDS_PER_BLOCK, Membership,
    Metering, Pov, QED, Reputation, Runtime, RuntimeEvent, SessionKeys,
    configs::{beacon::Beacon, governance::AdminOrigin},
    weights,
};
use frame_support::{
    parameter_types,
    traits::{ConstBool, ConstU32, ConstU64, ConstU128},
};
use pallet_session::disabling::UpToLimitDisablingStrategy;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;

/// For how many sessions back an equivocation can be proven: one day of sessions of five minutes.
const REPORTABLE_SESSIONS: u32 = 288;

/// The most entries of Aura's list, and so the most slots of a session.
const MAX_AUTHORITIES: u32 = 1_000;

impl pallet_timestamp::Config for Runtime {
    type MinimumPeriod = ConstU64<{ MILLISECONDS_PER_BLOCK / 2 }>;
    type Moment = u64;
    type OnTimestampSet = Aura;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_aura::Config for Runtime {
    type AllowMultipleBlocksPerSlot = ConstBool<false>;
    type AuthorityId = AuraId;
    type DisabledValidators = Pov;
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type SlotDuration = ConstU64<MILLISECONDS_PER_BLOCK>;
}

impl pallet_authorship::Config for Runtime {
    type EventHandler = Pov;
    type FindAuthor = Pov;
}

/// The most delivery slots that are scored: eight hours of quarter-hours. Metering keeps readings for two
/// days.
pub(crate) const MAX_WINDOW: u32 = 32;

/// The most validators.
type MaxValidators = ConstU32<100>;

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = MaxValidators;
}

impl pallet_pov::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Beacon = Beacon;
    type Calendar = Auction;
    type EnergyFlow = Metering;
    // Four hours of sessions of five minutes.
    type HistoryLength = ConstU32<48>;
    type MaxValidators = MaxValidators;
    type MaxWindow = ConstU32<MAX_WINDOW>;
    type Membership = Membership;
    type Prices = Auction;
    type ReportableSessions = ConstU32<REPORTABLE_SESSIONS>;
    type Standing = Reputation;
    type Tariff = Metering;
    type WeightInfo = weights::pov::WeightInfo<Runtime>;
}

impl pallet_session::Config for Runtime {
    type Currency = Balances;
    type DisablingStrategy = UpToLimitDisablingStrategy;
    // Given back with the keys: so that nobody leaves keys behind whom nobody will admit.
    type KeyDeposit = ConstU128<QED>;
    type Keys = SessionKeys;
    type NextSessionRotation = Pov;
    type RuntimeEvent = RuntimeEvent;
    // In the order of the session keys. PoV takes the Aura key in place of Aura, and tells GRANDPA who votes.
    type SessionHandler = (Pov, pallet_pov::Voting<Runtime>, AuthorityDiscovery);
    type SessionManager = Pov;
    type ShouldEndSession = Pov;
    type ValidatorId = AccountId;
    type ValidatorIdOf = pallet_pov::ValidatorOf<Runtime>;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
    /// How long an equivocation can be reported, in blocks.
    pub const ReportLongevity: u64 =
        (REPORTABLE_SESSIONS as u64).saturating_mul(pallet_pov::DEFAULT_SESSION_SLOTS as u64);
}

impl pallet_grandpa::Config for Runtime {
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Pov, Pov, ReportLongevity>;
    type KeyOwnerProof = pallet_pov::VoterProof;
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<{ REPORTABLE_SESSIONS as u64 }>;
    type RuntimeEvent = RuntimeEvent;
    // Measured upstream; the pallet exports no other weights.
    type WeightInfo = ();
}
