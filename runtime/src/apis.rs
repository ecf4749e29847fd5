//! The runtime APIs.

use crate::{
    AccountId, Auction, Aura, AuthorityDiscovery, Balance, Block, BlockNumber, Executive, Grandpa,
    Header, InherentDataExt, Membership, Metering, Nonce, Pov, Qkd, Reputation, Runtime,
    RuntimeCall, RuntimeGenesisConfig, SessionKeys, Settlement, System, TransactionPayment,
    VERSION, configs::beacon::Beacon, presets,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    traits::KeyOwnerProofSystem,
    weights::Weight,
};
use pallet_transaction_payment::{FeeDetails, RuntimeDispatchInfo};
use qedex_primitives::{
    Announcement, AttributeId, Band, BeaconValue, Bill, BillError, BookOrder, Calendar, ChangeId,
    ClearingResult, DayPar, Depth, EntropyDraw as _, EpochIndex, Explanation, Flow, Grant,
    KeyBudget as _, LeaderLimits, LeaderTerms, Membership as AccessControl, Meter, MeterId,
    MeterReading, Millis, Moment, Opened, OrderId, OwnedAccount, OwnerId, PendingChange,
    PendingNaming, PolicyId, PriceList, PricePerKwh, Rated, Role, Side, SlotIndex, SlotTimes,
    Totals, TradeId, Wh,
    audits::LinkAudits,
    beacon::{Attendance, EpochValue, EpochView},
    keys::{KeyLedger, Reservation, SlotReservation},
    pov::{AuraSlot, SessionIndex, ValidatorScore},
    qkd::{Enrolment, EnrolmentId, LinkId, SessionId, SessionView},
    reputation::{Counts, RememberedRater, Trust},
    settlement::{OpenSlot, Rules, Sale, TradePage},
};
use sp_authority_discovery::AuthorityId as AuthorityDiscoveryId;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::{AuthorityId as GrandpaId, EquivocationProof, OpaqueKeyOwnershipProof};
use sp_core::{OpaqueMetadata, crypto::KeyTypeId};
use sp_runtime::{
    ApplyExtrinsicResult, ExtrinsicInclusionMode, Permill,
    traits::{Block as BlockT, NumberFor},
    transaction_validity::{TransactionSource, TransactionValidity},
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

sp_api::impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }
        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block);
        }
        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }
        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }
        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    // For the SDK's own pallets, of which Proxy has two; ours answer through the APIs below.
    impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
        fn execute_view_function(
            id: frame_support::view_functions::ViewFunctionId,
            input: Vec<u8>,
        ) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
            Runtime::execute_view_function(id, input)
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }
        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }
        fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }
        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: sp_inherents::InherentData,
        ) -> sp_inherents::CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            sp_consensus_aura::SlotDuration::from_millis(Aura::slot_duration())
        }
        fn authorities() -> Vec<AuraId> {
            pallet_aura::Authorities::<Runtime>::get().into_inner()
        }
    }

    impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
        fn authorities() -> Vec<AuthorityDiscoveryId> {
            AuthorityDiscovery::authorities()
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }
        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            Grandpa::grandpa_authorities()
        }
        fn current_set_id() -> sp_consensus_grandpa::SetId {
            pallet_grandpa::CurrentSetId::<Runtime>::get()
        }
        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation_proof: EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
            key_owner_proof: OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            let key_owner_proof = key_owner_proof.decode()?;
            Grandpa::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof)
        }
        fn generate_key_ownership_proof(_set: u64, key: GrandpaId) -> Option<OpaqueKeyOwnershipProof> {
            let proof = Pov::prove((sp_consensus_grandpa::KEY_TYPE, key))?;
            Some(OpaqueKeyOwnershipProof::new(proof.encode()))
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
        fn query_info(uxt: <Block as BlockT>::Extrinsic, len: u32) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(uxt, len)
        }
        fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> FeeDetails<Balance> {
            TransactionPayment::query_fee_details(uxt, len)
        }
        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }
        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<Block, Balance, RuntimeCall>
        for Runtime
    {
        fn query_call_info(call: RuntimeCall, len: u32) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_call_info(call, len)
        }
        fn query_call_fee_details(call: RuntimeCall, len: u32) -> FeeDetails<Balance> {
            TransactionPayment::query_call_fee_details(call, len)
        }
        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }
        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl qedex_primitives::api::EnergyMarketApi<Block> for Runtime {
        fn slot_length() -> Millis {
            <Auction as Calendar>::slot_length()
        }
        fn now() -> Moment {
            <Auction as Calendar>::now()
        }
        fn current_slot() -> SlotIndex {
            <Auction as Calendar>::current_slot()
        }
        fn slot_times(slot: SlotIndex) -> SlotTimes {
            <Auction as Calendar>::schedule(slot)
        }
        fn key_budget(_slot: SlotIndex) -> u64 {
            Qkd::available()
        }
    }

    impl qedex_primitives::api::BeaconApi<Block, AccountId> for Runtime {
        fn epoch() -> Option<EpochView<AccountId>> {
            Beacon::epoch()
        }
        fn value(epoch: EpochIndex) -> Option<EpochValue> {
            Beacon::epoch_value(epoch)
        }
        fn attendance(epoch: EpochIndex) -> Option<Attendance<AccountId>> {
            Beacon::attendance(epoch)
        }
        fn first_after(moment: Moment) -> Option<BeaconValue> {
            Beacon::first_after(moment)
        }
    }

    impl qedex_primitives::api::AuditApi<Block> for Runtime {
        fn link_audits(link: LinkId) -> Option<LinkAudits> {
            Qkd::link_audits(link)
        }
    }

    impl qedex_primitives::api::MarketBookApi<Block, AccountId> for Runtime {
        fn terms(slot: SlotIndex) -> Option<LeaderTerms> {
            Auction::terms(slot)
        }
        fn price_list(band: Band) -> Option<PriceList> {
            pallet_auction::PriceLists::<Runtime>::get(band)
        }
        fn leader_limits() -> Option<LeaderLimits> {
            pallet_auction::CurrentLimits::<Runtime>::get()
        }
        fn announcement(slot: SlotIndex) -> Option<Announcement<AccountId>> {
            Auction::announcement(slot)
        }
        fn leader(slot: SlotIndex) -> Option<OwnerId> {
            Auction::leader(slot)
        }
        fn grants_of(principal: AccountId) -> Vec<(AccountId, Grant)> {
            Auction::grants_of(&principal)
        }
        fn grants_to(
            broker: AccountId,
            after: Option<AccountId>,
            count: u32,
        ) -> Vec<(AccountId, Grant)> {
            Auction::grants_to(&broker, after.as_ref(), count)
        }
        fn budget_left(
            principal: AccountId,
            broker: AccountId,
            slot: SlotIndex,
        ) -> Option<Balance> {
            Auction::budget_left(&principal, &broker, slot)
        }
        fn next_slot() -> SlotIndex {
            <Auction as Opened>::next_slot()
        }
        fn depth(slot: SlotIndex) -> Depth {
            Auction::depth(slot)
        }
        fn book(
            slot: SlotIndex,
            side: Side,
            after: Option<(PricePerKwh, OrderId)>,
            count: u32,
        ) -> Vec<BookOrder<AccountId>> {
            Auction::book(slot, side, after, count)
        }
        fn clearing(slot: SlotIndex) -> Option<ClearingResult> {
            Auction::result(slot)
        }
    }

    impl qedex_primitives::api::MeteringApi<Block, AccountId> for Runtime {
        fn connections_of(account: AccountId) -> Vec<MeterId> {
            Metering::connections_of(&account)
        }
        fn meter(meter: MeterId) -> Option<Meter<AccountId>> {
            pallet_metering::Meters::<Runtime>::get(meter)
        }
        fn pending_change(change: ChangeId) -> Option<PendingChange<AccountId>> {
            pallet_metering::PendingChanges::<Runtime>::get(change)
        }
        fn owner_answers_until(filed_at: Moment) -> Moment {
            Metering::owner_answers_until(filed_at)
        }
        fn readings(
            meter: MeterId,
            from: SlotIndex,
            until: SlotIndex,
        ) -> Vec<MeterReading<AccountId>> {
            Metering::readings_of(meter, from, until)
        }
        fn flow(account: AccountId, slot: SlotIndex) -> Option<Flow> {
            Metering::known_flow(&account, slot)
        }
        fn totals(account: AccountId, slot: SlotIndex) -> Option<Totals> {
            Metering::totals_of(&account, slot)
        }
        fn community_totals(slot: SlotIndex) -> Option<Totals> {
            pallet_metering::SlotTotals::<Runtime>::get(slot)
        }
        fn rated_out(account: AccountId, slot: SlotIndex) -> Wh {
            <Metering as Rated<AccountId>>::rated_out(&account, slot)
        }
        fn band(slot: SlotIndex) -> Band {
            Metering::expected_band(slot)
        }
        fn par(day: u64) -> Option<DayPar> {
            Metering::par_of(day)
        }
    }

    impl qedex_primitives::api::SettlementApi<Block, AccountId> for Runtime {
        fn rules() -> Rules {
            Settlement::rules()
        }
        fn open_slots() -> Vec<OpenSlot> {
            Settlement::open_slots()
        }
        fn sales_of(account: AccountId) -> Vec<Sale> {
            Settlement::sales_of(&account)
        }
        fn trades_of(
            account: AccountId,
            slot: SlotIndex,
            from: TradeId,
            count: u32,
        ) -> TradePage<AccountId> {
            Settlement::trades_of(&account, slot, from, count)
        }
        fn bond(slot: SlotIndex, trade: TradeId) -> Option<Balance> {
            Settlement::bond(slot, trade)
        }
        fn audit(seller: AccountId, slot: SlotIndex, bill: Bill) -> Result<Wh, BillError> {
            Settlement::audit(&seller, slot, &bill)
        }
    }

    impl qedex_primitives::api::MembershipApi<Block, AccountId> for Runtime {
        fn explain_policy(who: AccountId, policy: PolicyId) -> Explanation {
            Membership::explain_policy(&who, policy)
        }
        fn explain_role(who: AccountId, role: Role) -> Explanation {
            Membership::explain_role(&who, role)
        }
        fn owner_of(who: AccountId) -> Option<OwnerId> {
            <Membership as AccessControl<AccountId>>::owner_of(&who)
        }
        fn accounts_of(owner: OwnerId) -> Vec<OwnedAccount<AccountId>> {
            Membership::accounts_of(owner)
        }
        fn pending_naming(who: AccountId) -> Option<PendingNaming<AccountId>> {
            Membership::pending_naming(&who)
        }
        fn pending_namings() -> Vec<PendingNaming<AccountId>> {
            Membership::pending_namings()
        }
        fn endings_left(attribute: AttributeId) -> u32 {
            Membership::endings_left(attribute)
        }
    }

    impl qedex_primitives::api::ReputationApi<Block, AccountId> for Runtime {
        fn standing(who: AccountId) -> Permill {
            Reputation::standing_of(&who)
        }
        fn counts(who: AccountId) -> Counts {
            Reputation::counts_of(&who)
        }
        fn trust(rater: AccountId, ratee: AccountId) -> Trust {
            Reputation::trust_of(&rater, &ratee)
        }
        fn raters(ratee: AccountId) -> Vec<RememberedRater> {
            Reputation::raters_of(&ratee).collect()
        }
        fn deposit_ppm(who: AccountId) -> u32 {
            Reputation::deposit_ppm_of(&who)
        }
    }

    impl qedex_primitives::api::QkdApi<Block, AccountId, BlockNumber> for Runtime {
        fn session(session: SessionId) -> Option<SessionView<AccountId, BlockNumber>> {
            Qkd::session(session)
        }
        fn sessions_of(
            account: AccountId,
            after: Option<SessionId>,
            count: u32,
        ) -> Vec<SessionView<AccountId, BlockNumber>> {
            Qkd::sessions_of(&account, after, count)
        }
        fn sae_of(account: AccountId) -> Option<(EnrolmentId, Enrolment<AccountId>)> {
            Qkd::sae_of(&account)
        }
        fn awaited_of(
            account: AccountId,
            after: Option<SessionId>,
            count: u32,
        ) -> Vec<SessionView<AccountId, BlockNumber>> {
            Qkd::awaited_of(&account, after, count)
        }
    }

    impl qedex_primitives::api::KeyLedgerApi<Block> for Runtime {
        fn key_ledger() -> KeyLedger {
            Qkd::key_ledger()
        }
        fn reservation(slot: SlotIndex) -> Option<Reservation> {
            Qkd::reservation(slot)
        }
        fn reservations() -> Vec<SlotReservation> {
            Qkd::reservations()
        }
    }

    impl qedex_primitives::api::PovApi<
        Block,
        AccountId,
        pallet_pov::ScheduleOf<Runtime>,
        pallet_pov::PastSessionOf<Runtime>,
    > for Runtime {
        fn scores() -> Vec<ValidatorScore<AccountId>> {
            Pov::scores()
        }
        fn schedule() -> Option<pallet_pov::ScheduleOf<Runtime>> {
            pallet_pov::CurrentSchedule::<Runtime>::get()
        }
        fn author_of_slot(slot: AuraSlot) -> Option<AccountId> {
            Pov::author_at(slot)
        }
        fn past_sessions(
            first: SessionIndex,
            count: u32,
        ) -> Vec<(SessionIndex, pallet_pov::PastSessionOf<Runtime>)> {
            Pov::past_sessions(first, count)
        }
        fn submit_double_block(first: Header, second: Header) -> Option<()> {
            Pov::submit_double_block(first, second)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }
        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, presets::get_preset)
        }
        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            presets::preset_names()
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    impl frame_benchmarking::Benchmark<Block> for Runtime {
        fn benchmark_metadata(extra: bool) -> (
            Vec<frame_benchmarking::BenchmarkList>,
            Vec<frame_support::traits::StorageInfo>,
        ) {
            crate::benchmarks::metadata(extra)
        }
        fn dispatch_benchmark(
            config: frame_benchmarking::BenchmarkConfig,
        ) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
            crate::benchmarks::dispatch(config)
        }
    }

    #[cfg(feature = "try-runtime")]
    impl frame_try_runtime::TryRuntime<Block> for Runtime {
        fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
            // The tool that calls this wants a failed check to stop with a backtrace.
            #[allow(clippy::unwrap_used)]
            let weight = Executive::try_runtime_upgrade(checks).unwrap();
            (weight, crate::configs::block::BlockWeights::get().max_block)
        }
        fn execute_block(
            block: <Block as BlockT>::LazyBlock,
            state_root_check: bool,
            signature_check: bool,
            select: frame_try_runtime::TryStateSelect,
        ) -> Weight {
            #[allow(clippy::unwrap_used)]
            Executive::try_execute_block(block, state_root_check, signature_check, select).unwrap()
        }
    }
}
