//! The consortium council and what it may do.

use crate::{
    AccountId, Balance, Balances, BlockNumber, DAYS, MILLI_QED, Preimage, QED, Runtime,
    RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, System,
    configs::block::BlockWeights,
};
use frame_support::{
    parameter_types,
    traits::{
        ConstU32, Contains, EitherOfDiverse, LinearStoragePrice, fungible::HoldConsideration,
    },
    weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_collective::deposit;

/// The instance of the collective pallet that is the council.
pub type CouncilCollective = pallet_collective::Instance1;

/// Two thirds of the council.
pub type TwoThirdsOfCouncil =
    pallet_collective::EnsureProportionAtLeast<AccountId, CouncilCollective, 2, 3>;

/// Who administers the chain: Root, or two thirds of the council.
pub type AdminOrigin = EitherOfDiverse<EnsureRoot<AccountId>, TwoThirdsOfCouncil>;

/// Who does not vote votes no, whatever the council's prime says: a motion passes by the ayes that it
/// has.
pub struct AbsentVotesAreNoes;

impl pallet_collective::DefaultVote for AbsentVotesAreNoes {
    fn default_vote(_prime: Option<bool>, _ayes: u32, _noes: u32, _members: u32) -> bool {
        false
    }
}

parameter_types! {
    /// A proposal may weigh as much as half a block.
    pub MaxProposalWeight: Weight = BlockWeights::get().max_block.saturating_div(2);
    /// How long a motion is open.
    pub const MotionDuration: BlockNumber = 3 * DAYS;
}

/// A motion is to pass by two thirds of the council, because nothing else does anything: with a lower
/// threshold, which its proposer chooses, it could pass without effect or outlast two thirds of noes.
pub struct MotionsCanPass;

impl Contains<RuntimeCall> for MotionsCanPass {
    fn contains(call: &RuntimeCall) -> bool {
        let RuntimeCall::Council(pallet_collective::Call::propose { threshold, .. }) = call else {
            return true;
        };
        let members = pallet_collective::Members::<Runtime, CouncilCollective>::decode_len();
        let members = u64::try_from(members.unwrap_or_default()).unwrap_or(u64::MAX);
        u64::from(*threshold).saturating_mul(3) >= members.saturating_mul(2)
    }
}

parameter_types! {
    /// What a councillor holds for a motion beyond [`FreeMotions`].
    pub const MotionDeposit: Balance = QED;
    /// Why it is held.
    pub const MotionHoldReason: RuntimeHoldReason =
        RuntimeHoldReason::Council(pallet_collective::HoldReason::ProposalSubmission);
}

/// So many motions may be open for nothing.
pub type FreeMotions = ConstU32<8>;

/// What is held for a motion by how many are open: none of the first ones, so that nobody fills the
/// agenda for nothing.
pub type MotionPrice = deposit::Delayed<FreeMotions, deposit::Constant<MotionDeposit>>;

impl pallet_collective::Config<CouncilCollective> for Runtime {
    type Consideration = HoldConsideration<AccountId, Balances, MotionHoldReason, MotionPrice, u32>;
    type DefaultVote = AbsentVotesAreNoes;
    type DisapproveOrigin = AdminOrigin;
    type KillOrigin = AdminOrigin;
    type MaxMembers = ConstU32<100>;
    type MaxProposalWeight = MaxProposalWeight;
    type MaxProposals = ConstU32<100>;
    type MotionDuration = MotionDuration;
    type Proposal = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type RuntimeOrigin = RuntimeOrigin;
    type SetMembersOrigin = AdminOrigin;
    type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
}

impl pallet_whitelist::Config for Runtime {
    type BlockNumberProvider = System;
    type DeferredDispatchExpiration = DeferredDispatchExpiration;
    // The council says which call is as good as Root's, and then dispatches it as Root.
    type DispatchWhitelistedOrigin = AdminOrigin;
    type Preimages = Preimage;
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Runtime>;
    type WhitelistOrigin = AdminOrigin;
}

parameter_types! {
    /// How long a whitelisted call may wait for its dispatch.
    pub const DeferredDispatchExpiration: BlockNumber = 7 * DAYS;
    /// What a preimage costs while it is stored.
    pub const PreimageBase: Balance = 100 * MILLI_QED;
    /// What each of its bytes costs.
    pub const PreimageByte: Balance = MILLI_QED / 100;
    /// Why that is held.
    pub const PreimageHold: RuntimeHoldReason =
        RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

impl pallet_preimage::Config for Runtime {
    type Consideration = HoldConsideration<
        AccountId,
        Balances,
        PreimageHold,
        LinearStoragePrice<PreimageBase, PreimageByte, Balance>,
    >;
    type Currency = Balances;
    type ManagerOrigin = AdminOrigin;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
}

impl pallet_sudo::Config for Runtime {
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}
