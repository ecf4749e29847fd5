//! A chain with Aura, sessions and this pallet, whose meters and members the tests set.

use crate as pallet_pov;
use crate::{Config, Rules, VoterKey};
use codec::Encode;
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstBool, ConstU32, ConstU64, OnFinalize, OnInitialize},
};
use frame_system::EnsureRoot;
use qedex_primitives::{
    Band, EnergyFlow, EntropyBeacon, Flow, Millis, PricePerKwh, Prices, SlotIndex, Standing,
    Tariff, Totals, Wh, testing,
};
pub use qedex_primitives::{
    Role,
    testing::{Now, TestMembership, owner},
};
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::H256;
use sp_runtime::{
    BuildStorage, Digest, DigestItem, Permill, impl_opaque_keys, testing::UintAuthorityId,
};
use std::collections::BTreeMap;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Aura: pallet_aura,
        Authorship: pallet_authorship,
        Pov: pallet_pov,
        Session: pallet_session,
        Grandpa: pallet_grandpa,
        Balances: pallet_balances,
    }
);

impl_opaque_keys! {
    pub struct Keys {
        pub aura: Pov,
        pub grandpa: Grandpa,
    }
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<u64>;
    type Block = Block;
    type BlockHashCount = ConstU64<250>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
}

impl pallet_timestamp::Config for Test {
    type MinimumPeriod = ConstU64<1_000>;
    type Moment = u64;
    type OnTimestampSet = Aura;
    type WeightInfo = ();
}

impl pallet_aura::Config for Test {
    type AllowMultipleBlocksPerSlot = ConstBool<false>;
    type AuthorityId = UintAuthorityId;
    type DisabledValidators = Pov;
    type MaxAuthorities = ConstU32<1_000>;
    type SlotDuration = ConstU64<2_000>;
}

impl pallet_authorship::Config for Test {
    type EventHandler = Pov;
    type FindAuthor = Pov;
}

impl pallet_session::Config for Test {
    type Currency = Balances;
    type DisablingStrategy = ();
    type KeyDeposit = ConstU64<0>;
    type Keys = Keys;
    type NextSessionRotation = Pov;
    type RuntimeEvent = RuntimeEvent;
    type SessionHandler = (Pov, crate::Voting<Test>);
    type SessionManager = Pov;
    type ShouldEndSession = Pov;
    type ValidatorId = AccountId;
    type ValidatorIdOf = crate::ValidatorOf<Test>;
    type WeightInfo = ();
}

impl pallet_grandpa::Config for Test {
    type EquivocationReportSystem = ();
    type KeyOwnerProof = crate::VoterProof;
    type MaxAuthorities = ConstU32<100>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<6>;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
}

/// Slots of a session.
pub const SLOTS: u32 = 20;
/// The length of a delivery slot.
pub const DELIVERY: Millis = 12_000;
/// What a silent meter is taken to have consumed.
pub const CAPACITY: Wh = Wh(20_000);

parameter_types! {
    /// What flows through an account's meter in every slot.
    pub static Flows: BTreeMap<AccountId, Flow> = BTreeMap::new();
    /// Where a slot differs from that.
    pub static SlotFlows: BTreeMap<(AccountId, u64), Flow> = BTreeMap::new();
    /// What flows through a second connection of its owner in every slot.
    pub static SecondFlows: BTreeMap<AccountId, Flow> = BTreeMap::new();
    pub static Bands: BTreeMap<u64, Band> = BTreeMap::new();
    pub static Standings: BTreeMap<AccountId, Permill> = BTreeMap::new();
    pub static BeaconValue: Option<H256> = Some(H256::repeat_byte(1));
    pub static Epoch: u64 = 7;
    /// The fewest voters of the next chain that is made.
    pub static Least: u32 = 3;
    /// How many blocks finality is behind: `None` where authors say nothing of it.
    pub static Lag: Option<u64> = Some(1);
    /// Whoever is a liar says that the block before its own is final.
    pub static Liars: Vec<AccountId> = Vec::new();
}

/// A clock that stands still until it is set.
pub type TestCalendar = testing::TestCalendar<DELIVERY>;

pub struct TestMeters;

impl EnergyFlow<AccountId> for TestMeters {
    fn flow(account: &AccountId, slot: SlotIndex) -> Option<Totals> {
        let in_slot = SlotFlows::get().get(&(*account, slot.0)).copied();
        let first = in_slot.or_else(|| Flows::get().get(account).copied());
        let second = SecondFlows::get().get(account).copied();
        let connections = first.into_iter().chain(second).collect::<Vec<_>>();
        let sum = |sum: Totals, one| sum.with(one);
        (!connections.is_empty()).then(|| connections.iter().fold(Totals::default(), sum))
    }
}

pub struct TestTariff;

impl Tariff for TestTariff {
    fn band(slot: SlotIndex) -> Band {
        Bands::get().get(&slot.0).copied().unwrap_or_default()
    }
}

/// The market's prices: 0.20, 0.25 and 0.30 QED/kWh.
pub struct TestPrices;

impl Prices for TestPrices {
    fn price_of(band: Band) -> PricePerKwh {
        match band {
            Band::Off => PricePerKwh(200_000_000_000),
            Band::Mid => PricePerKwh(250_000_000_000),
            Band::On => PricePerKwh(300_000_000_000),
        }
    }
}

pub struct TestStanding;

impl Standing<AccountId> for TestStanding {
    fn of(who: &AccountId) -> Permill {
        let known = Standings::get().get(who).copied();
        known.unwrap_or(Permill::from_percent(50))
    }
}

pub struct TestBeacon;

impl EntropyBeacon for TestBeacon {
    fn latest() -> u64 {
        Epoch::get()
    }

    fn value(epoch: u64) -> Option<H256> {
        BeaconValue::get().filter(|_| epoch == Epoch::get())
    }
}

impl Config for Test {
    type AdminOrigin = EnsureRoot<AccountId>;
    type Beacon = TestBeacon;
    type Calendar = TestCalendar;
    type EnergyFlow = TestMeters;
    type HistoryLength = ConstU32<4>;
    type MaxValidators = ConstU32<100>;
    type MaxWindow = ConstU32<32>;
    type Membership = TestMembership;
    type Prices = TestPrices;
    type ReportableSessions = ConstU32<6>;
    type Standing = TestStanding;
    type Tariff = TestTariff;
    type WeightInfo = ();
}

pub fn rules() -> Rules {
    Rules { floor: 2, window: 4, probation: 1, patience: 3, ..Rules::default() }
}

/// The first slot of the tests' chain: not a multiple of a session.
pub const FIRST_SLOT: u64 = 100_003;

/// A chain of these validators.
pub fn externalities(validators: &[AccountId]) -> sp_io::TestExternalities {
    Now::set(FIRST_SLOT * 2_000);
    TestMembership::reset();
    for who in validators {
        TestMembership::permit(*who, Role::Validate);
        TestMembership::set_owner(*who, owner(*who));
    }
    Flows::set(BTreeMap::new());
    SlotFlows::set(BTreeMap::new());
    SecondFlows::set(BTreeMap::new());
    Bands::set(BTreeMap::new());
    Standings::set(BTreeMap::new());
    BeaconValue::set(Some(H256::repeat_byte(1)));
    Epoch::set(7);
    Lag::set(Some(1));
    Liars::set(Vec::new());
    let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    crate::GenesisConfig::<Test> {
        session_slots: SLOTS,
        rules: rules(),
        least_voters: Least::get(),
        _config: Default::default(),
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    pallet_session::GenesisConfig::<Test> {
        keys: validators.iter().map(|who| (*who, *who, keys(*who))).collect(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    storage.into()
}

pub fn keys(who: AccountId) -> Keys {
    Keys { aura: UintAuthorityId(who), grandpa: vote_key(who) }
}

/// The key with which an account votes.
pub fn vote_key(who: AccountId) -> VoterKey {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&who.to_le_bytes());
    sp_core::ed25519::Public::from_raw(bytes).into()
}

/// Who votes, as GRANDPA's clients know it.
pub fn voting() -> Vec<AccountId> {
    let account = |key: VoterKey| {
        let bytes: [u8; 32] = sp_core::ed25519::Public::from(key).0;
        u64::from_le_bytes(bytes[..8].try_into().unwrap())
    };
    Grandpa::grandpa_authorities().into_iter().map(|(key, _)| account(key)).collect()
}

/// Makes an account one that may join: it may validate, has an owner of its own, session keys, and is
/// admitted.
pub fn candidate(who: AccountId) {
    TestMembership::permit(who, Role::Validate);
    TestMembership::set_owner(who, owner(who));
    pallet_session::NextKeys::<Test>::insert(who, keys(who));
    Pov::admit(RuntimeOrigin::root(), who).unwrap();
}

/// Runs a test on a chain of these validators and checks the invariants after it.
pub fn run(validators: &[AccountId], test: impl FnOnce()) {
    externalities(validators).execute_with(|| {
        next_block(FIRST_SLOT);
        test();
        Pov::do_try_state().unwrap();
    });
}

/// What Aura's clients read: who may write `slot`.
pub fn client_choice(slot: u64) -> AccountId {
    let list = pallet_aura::Authorities::<Test>::get();
    list[(slot % list.len() as u64) as usize].0
}

/// Writes the block of `slot`, as the clients would: whoever the list at the parent names.
pub fn next_block(slot: u64) -> AccountId {
    let author = client_choice(slot);
    let number = System::block_number() + 1;
    let digest =
        Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(slot).encode())] };
    System::reset_events();
    System::initialize(&number, &H256::repeat_byte(number as u8), &digest);
    Now::set(slot * 2_000);
    AllPalletsWithSystem::on_initialize(number);
    pallet_timestamp::Now::<Test>::put(slot * 2_000);
    assert_eq!(Authorship::author(), Some(author), "slot {slot}");
    state_finality(author);
    author
}

/// What the author's node says of the last final block.
fn state_finality(author: AccountId) {
    let number = System::block_number();
    let lag = if Liars::get().contains(&author) { Some(1) } else { Lag::get() };
    if let Some(lag) = lag {
        Pov::state_finalised(RuntimeOrigin::none(), number.saturating_sub(lag)).unwrap();
    }
}

/// Ends the block that is being executed.
pub fn end_block() -> Digest {
    // Not Timestamp, which wants its inherent.
    let number = System::block_number();
    Pov::on_finalize(number);
    Authorship::on_finalize(number);
    Grandpa::on_finalize(number);
    Pov::do_try_state().unwrap();
    System::finalize().digest
}

pub fn slot() -> u64 {
    Pov::current_slot()
}

/// Ends the present block and writes those of the following slots, but for those whose author is
/// `absent`; says who wrote them.
pub fn advance(slots: u64, absent: &[AccountId]) -> Vec<AccountId> {
    let mut authors = Vec::new();
    let first = slot() + 1;
    end_block();
    for slot in first..first + slots {
        if absent.contains(&client_choice(slot)) {
            continue;
        }
        authors.push(next_block(slot));
        if slot + 1 < first + slots {
            end_block();
        }
    }
    authors
}

/// Goes on to the rotation block of the next session but `sessions - 1`.
pub fn advance_sessions(sessions: u32, absent: &[AccountId]) {
    let goal = Session::current_index() + sessions;
    while Session::current_index() < goal {
        let slot = slot() + 1;
        end_block();
        let slot = (slot..).find(|slot| !absent.contains(&client_choice(*slot))).unwrap();
        next_block(slot);
    }
}
