//! Who writes blocks and who finalises them: Aura round-robin and GRANDPA over a fixed set.

use crate::{
    AccountId, Aura, Balances, Historical, MILLISECONDS_PER_BLOCK, MINUTES, Runtime, RuntimeEvent,
    Session, SessionKeys,
};
use alloc::vec::Vec;
use frame_support::{
    parameter_types,
    traits::{ConstBool, ConstU32, ConstU64, ConstU128, KeyOwnerProofSystem},
};
use pallet_session::{disabling::UpToLimitDisablingStrategy, historical};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_core::crypto::KeyTypeId;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};
use sp_staking::SessionIndex;

/// The length of a session: five minutes.
pub const SESSION_LENGTH: u32 = 5 * MINUTES;

/// For how many sessions back an equivocation can be proven: one day.
const REPORTABLE_SESSIONS: u64 = 288;

impl pallet_timestamp::Config for Runtime {
    type MinimumPeriod = ConstU64<{ MILLISECONDS_PER_BLOCK / 2 }>;
    type Moment = u64;
    type OnTimestampSet = Aura;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_aura::Config for Runtime {
    type AllowMultipleBlocksPerSlot = ConstBool<false>;
    type AuthorityId = AuraId;
    type DisabledValidators = Session;
    type MaxAuthorities = ConstU32<1_000>;
    type SlotDuration = ConstU64<MILLISECONDS_PER_BLOCK>;
}

impl pallet_authorship::Config for Runtime {
    type EventHandler = ();
    type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Aura>;
}

/// The validators are those whose keys were registered at genesis, for good.
pub struct GenesisValidators;

impl GenesisValidators {
    fn at_genesis() -> Option<Vec<AccountId>> {
        let mut validators: Vec<_> = pallet_session::NextKeys::<Runtime>::iter_keys().collect();
        validators.sort();
        (!validators.is_empty()).then_some(validators)
    }
}

impl pallet_session::SessionManager<AccountId> for GenesisValidators {
    fn new_session(_: SessionIndex) -> Option<Vec<AccountId>> {
        None
    }
    fn new_session_genesis(_: SessionIndex) -> Option<Vec<AccountId>> {
        Self::at_genesis()
    }
    fn start_session(_: SessionIndex) {}
    fn end_session(_: SessionIndex) {}
}

impl historical::SessionManager<AccountId, ()> for GenesisValidators {
    fn new_session(_: SessionIndex) -> Option<Vec<(AccountId, ())>> {
        None
    }
    fn new_session_genesis(_: SessionIndex) -> Option<Vec<(AccountId, ())>> {
        Self::at_genesis().map(|all| all.into_iter().map(|who| (who, ())).collect())
    }
    fn start_session(_: SessionIndex) {}
    fn end_session(ended: SessionIndex) {
        // Proofs of offences need the validators of past sessions, and no longer than they can
        // be reported.
        let horizon = SessionIndex::try_from(REPORTABLE_SESSIONS).unwrap_or(SessionIndex::MAX);
        Historical::prune_up_to(ended.saturating_sub(horizon));
    }
}

/// What is recorded of a validator beside its id: nothing.
pub struct NoIdentification;

impl sp_runtime::traits::Convert<AccountId, Option<()>> for NoIdentification {
    fn convert(_: AccountId) -> Option<()> {
        Some(())
    }
}

impl pallet_session::Config for Runtime {
    type Currency = Balances;
    type DisablingStrategy = UpToLimitDisablingStrategy;
    type KeyDeposit = ConstU128<0>;
    type Keys = SessionKeys;
    type NextSessionRotation =
        pallet_session::PeriodicSessions<ConstU32<SESSION_LENGTH>, ConstU32<0>>;
    type RuntimeEvent = RuntimeEvent;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type SessionManager = historical::NoteHistoricalRoot<Runtime, GenesisValidators>;
    type ShouldEndSession = pallet_session::PeriodicSessions<ConstU32<SESSION_LENGTH>, ConstU32<0>>;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
}

impl historical::Config for Runtime {
    type FullIdentification = ();
    type FullIdentificationOf = NoIdentification;
    type RuntimeEvent = RuntimeEvent;
}

parameter_types! {
    /// How long an equivocation can be reported, in blocks.
    pub const ReportLongevity: u64 = REPORTABLE_SESSIONS.saturating_mul(SESSION_LENGTH as u64);
}

impl pallet_grandpa::Config for Runtime {
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, (), Historical, ReportLongevity>;
    type KeyOwnerProof = <Historical as KeyOwnerProofSystem<(KeyTypeId, GrandpaId)>>::Proof;
    type MaxAuthorities = ConstU32<1_000>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<REPORTABLE_SESSIONS>;
    type RuntimeEvent = RuntimeEvent;
    // Measured upstream; the pallet exports no other weights.
    type WeightInfo = ();
}
