//! A chain with balances and this pallet, whose clock, roles and owners the tests set.

use crate as pallet_qkd;
use codec::{Decode, Encode};
use frame_support::{
    derive_impl,
    dispatch::GetDispatchInfo,
    parameter_types,
    traits::{
        ConstU32, ConstU64, ConstU128, LinearStoragePrice,
        fungible::{HoldConsideration, Inspect, InspectHold},
    },
    weights::Weight,
};
use frame_system::{
    AuthorizeCall,
    offchain::{CreateAuthorizedTransaction, CreateTransaction, CreateTransactionBase},
};
pub use qedex_primitives::testing::{Now, TestMembership, owner};
use qedex_primitives::{
    Balance, Leadership, Millis, Moment, OwnerId, SlotIndex, SlotsInFlight, testing,
};
use sp_core::H256;
use sp_runtime::{
    BuildStorage, DispatchResult, generic,
    testing::UintAuthorityId,
    traits::{Applyable, Checkable, Convert},
    transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
};
use std::collections::{BTreeMap, BTreeSet};

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

/// A transaction that nobody signs, with the one extension that matters here.
pub type Transaction =
    generic::UncheckedExtrinsic<AccountId, RuntimeCall, UintAuthorityId, (AuthorizeCall<Test>,)>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Qkd: pallet_qkd,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountData = pallet_balances::AccountData<Balance>;
    type Block = Block;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<1>;
}

parameter_types! {
    pub const RegistryReason: RuntimeHoldReason =
        RuntimeHoldReason::Qkd(pallet_qkd::HoldReason::Registry);
    pub const SessionReason: RuntimeHoldReason =
        RuntimeHoldReason::Qkd(pallet_qkd::HoldReason::Session);
    /// What a worker's transaction takes besides its call.
    pub const StepOverhead: Weight = Weight::from_parts(1_000, 10);
}

parameter_types! {
    /// The slots that were opened and are not final.
    pub static Flying: BTreeSet<SlotIndex> = BTreeSet::new();
    /// The owners that have led.
    pub static Led: BTreeSet<OwnerId> = BTreeSet::new();
    /// What a slot gets of a market that is not bound.
    pub static Allotment: u64 = 3_000;
}

/// A market of which tests say who leads it, and which slots are in flight.
pub struct TestMarket;

impl SlotsInFlight for TestMarket {
    fn is_in_flight(slot: SlotIndex) -> bool {
        Flying::get().contains(&slot)
    }
}

impl Leadership for TestMarket {
    fn has_led(owner: &OwnerId) -> bool {
        Led::get().contains(owner)
    }
}

/// Names an account by its number, and zeros behind it.
pub struct Padded;

impl Convert<AccountId, [u8; 32]> for Padded {
    fn convert(account: AccountId) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&account.to_le_bytes());
        bytes
    }
}

/// In how many blocks a request is answered.
pub const ACCEPT_WITHIN: u64 = 10;
/// In how many blocks an answer is confirmed.
pub const CONFIRM_WITHIN: u64 = 5;
/// How long after its request a session ends.
pub const AGE: Millis = 1_000_000;
/// For how long an SAE is enrolled at most.
pub const TERM: Millis = 10_000_000;
/// How many requests of an owner may be waiting.
pub const REQUESTS: u32 = 3;
/// How many of them with one account.
pub const REQUESTS_PER_PEER: u32 = 2;
/// How many sessions are looked at in a block.
pub const SWEPT: u32 = 4;
/// The priority of workers' transactions.
pub const PRIORITY: u64 = 1_000;

/// The length of a delivery slot.
pub const SLOT: Millis = 900_000;
/// How long an epoch of the beacon takes.
pub const EPOCH: Millis = 2 * SLOT;
/// For how many epochs the beacon keeps what came of them.
pub const KEPT: u32 = 12;

parameter_types! {
    /// How long the council wants an epoch to take.
    pub static EpochLength: Millis = EPOCH;
    /// From how many epochs the council wants a withheld reveal to bar.
    pub static BarredEpochs: u32 = 3;
    /// Who writes the present block.
    pub static Author: Option<AccountId> = None;
    /// How many authors may fail.
    pub static Bearable: u32 = 1;
    /// Who has missed something, each time.
    pub static Missed: Vec<OwnerId> = Vec::new();
}

pub struct TestAuthors;

impl qedex_primitives::BlockAuthors<AccountId> for TestAuthors {
    fn author() -> Option<AccountId> {
        Author::get()
    }

    fn bearable() -> u32 {
        Bearable::get()
    }
}

pub struct TestMisses;

impl qedex_primitives::Misses for TestMisses {
    fn record_miss(owner: OwnerId) {
        Missed::mutate(|all| all.push(owner));
    }
}

/// The hash of the parent of the block at this height.
pub fn parent_hash(block: u64) -> H256 {
    H256(sp_io::hashing::blake2_256(&block.to_le_bytes()))
}

pub struct TestFallback;

impl qedex_primitives::EntropyFallback for TestFallback {
    fn entropy() -> H256 {
        parent_hash(System::block_number())
    }
}

impl pallet_qkd::Config for Test {
    type Allotment = Allotment;
    type Currency = Balances;
    type EntropyFund = ConstU64<FUND>;
    type Leadership = TestMarket;
    type Slots = TestMarket;
    type AcceptWithin = ConstU64<ACCEPT_WITHIN>;
    type AccountBytes = Padded;
    type AdminOrigin = frame_system::EnsureRoot<AccountId>;
    type Authors = TestAuthors;
    type BarredEpochs = BarredEpochs;
    type Bond = HoldConsideration<
        AccountId,
        Balances,
        RegistryReason,
        LinearStoragePrice<ConstU128<1_000>, ConstU128<1>, Balance>,
    >;
    type Calendar = testing::TestCalendar<SLOT>;
    type ConfirmWithin = ConstU64<CONFIRM_WITHIN>;
    type Deposit = HoldConsideration<
        AccountId,
        Balances,
        SessionReason,
        LinearStoragePrice<ConstU128<2_000>, ConstU128<1>, Balance>,
    >;
    type EpochLength = EpochLength;
    type Fallback = TestFallback;
    type KeptEpochs = ConstU32<KEPT>;
    type MaxRequests = ConstU32<REQUESTS>;
    type MaxRequestsPerPeer = ConstU32<REQUESTS_PER_PEER>;
    type MaxSaeTerm = ConstU64<TERM>;
    type MaxSessionAge = ConstU64<AGE>;
    type MaxSweptPerBlock = ConstU32<SWEPT>;
    type Membership = TestMembership;
    type Misses = TestMisses;
    type StepOverhead = StepOverhead;
    type WeightInfo = ();
    type WorkerPriority = ConstU64<PRIORITY>;
}

impl<C> CreateTransactionBase<C> for Test
where
    RuntimeCall: From<C>,
{
    type Extrinsic = Transaction;
    type RuntimeCall = RuntimeCall;
}

impl<C> CreateTransaction<C> for Test
where
    RuntimeCall: From<C>,
{
    type Extension = (AuthorizeCall<Test>,);

    fn create_transaction(call: RuntimeCall, extension: Self::Extension) -> Transaction {
        Transaction::new_transaction(call, extension)
    }
}

impl<C> CreateAuthorizedTransaction<C> for Test
where
    RuntimeCall: From<C>,
{
    fn create_extension() -> Self::Extension {
        (AuthorizeCall::new(),)
    }
}

/// Runs a key service.
pub const OPERATOR: AccountId = 1;
/// Runs another one.
pub const OTHER_OPERATOR: AccountId = 2;
/// Trades, and is all of the rest that opens and answers sessions.
pub const ANNA: AccountId = 10;
/// The same.
pub const BEN: AccountId = 11;
/// The same.
pub const CLARA: AccountId = 12;
/// Trades, and has neither an SAE nor a worker.
pub const DORA: AccountId = 13;
/// Has nothing but money.
pub const EMIL: AccountId = 14;

/// Keeps the entropy fund.
pub const FUND: AccountId = 77;

/// What everybody has at genesis.
pub const WEALTH: Balance = 1_000_000;
/// When the clock starts.
pub const START: Moment = 1_000_000;
/// The hash of the chain's first block.
pub const GENESIS: H256 = H256::repeat_byte(7);

/// Nobody has an SAE, and all roles are as the accounts' documentation says.
pub fn new_chain() -> sp_io::TestExternalities {
    Now::set(0);
    Flying::take();
    Led::take();
    Allotment::set(3_000);
    TestMembership::reset();
    EpochLength::set(EPOCH);
    BarredEpochs::set(3);
    Author::set(None);
    Bearable::set(1);
    Missed::take();
    let everybody = [OPERATOR, OTHER_OPERATOR, ANNA, BEN, CLARA, DORA, EMIL];
    for who in everybody {
        TestMembership::set_owner(who, owner(who));
    }
    for who in [OPERATOR, OTHER_OPERATOR] {
        TestMembership::permit(who, qedex_primitives::Role::ServeKeys);
    }
    for who in [ANNA, BEN, CLARA, DORA] {
        TestMembership::permit(who, qedex_primitives::Role::Trade);
    }
    let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    let balances = everybody.map(|who| (who, WEALTH)).to_vec();
    pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
        .assimilate_storage(&mut storage)
        .unwrap();
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| {
        frame_system::BlockHash::<Test>::insert(0, GENESIS);
        System::set_block_number(1);
        Now::set(START);
    });
    ext
}

#[cfg(feature = "runtime-benchmarks")]
pub fn new_chain_with_keystore() -> sp_io::TestExternalities {
    use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
    let mut ext = new_chain();
    ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
    ext
}

/// What a pool says of a transaction that nobody signs.
pub fn validity(call: pallet_qkd::Call<Test>) -> TransactionValidity {
    let transaction = Transaction::new_transaction(call.into(), (AuthorizeCall::new(),));
    let (info, length) = (transaction.get_dispatch_info(), transaction.encoded_size());
    let context = frame_system::ChainContext::<Test>::default();
    let checked = Checkable::check(transaction, &context).unwrap();
    checked.validate::<Test>(TransactionSource::External, &info, length)
}

/// Puts a transaction that nobody signs into the block, as far as it may be there.
pub fn include(call: pallet_qkd::Call<Test>) -> Result<DispatchResult, TransactionValidityError> {
    let transaction = Transaction::new_transaction(call.into(), (AuthorizeCall::new(),));
    let (info, length) = (transaction.get_dispatch_info(), transaction.encoded_size());
    let context = frame_system::ChainContext::<Test>::default();
    let checked = Checkable::check(transaction, &context).unwrap();
    let applied = checked.apply::<Test>(&info, length)?;
    Ok(applied.map(|_| ()).map_err(|failed| failed.error))
}

/// What is held of `who` for sessions.
pub fn deposited(who: AccountId) -> Balance {
    Balances::balance_on_hold(&SessionReason::get(), &who)
}

/// What is held of `who` for what it stores.
pub fn bonded(who: AccountId) -> Balance {
    Balances::balance_on_hold(&RegistryReason::get(), &who)
}

/// What is held of each account is what its bonds and deposits say. Each is encoded as its amount.
pub fn check_holds() {
    fn amount(ticket: &impl Encode) -> Balance {
        Balance::decode(&mut &ticket.encode()[..]).unwrap()
    }
    let mut bonds = BTreeMap::<AccountId, Balance>::new();
    for (payer, bond) in pallet_qkd::Bonds::<Test>::iter_values() {
        *bonds.entry(payer).or_default() += amount(&bond);
    }
    let mut deposits = BTreeMap::<AccountId, Balance>::new();
    for (id, deposit) in pallet_qkd::Deposits::<Test>::iter() {
        let payer = pallet_qkd::Sessions::<Test>::get(id).unwrap().from.account;
        *deposits.entry(payer).or_default() += amount(&deposit);
    }
    for who in frame_system::Account::<Test>::iter_keys() {
        assert_eq!(bonded(who), bonds.remove(&who).unwrap_or_default(), "bonds of {who}");
        assert_eq!(deposited(who), deposits.remove(&who).unwrap_or_default(), "deposits of {who}");
        assert_eq!(
            <Balances as Inspect<AccountId>>::total_balance(&who),
            WEALTH,
            "the money of {who}"
        );
    }
    assert!(bonds.is_empty() && deposits.is_empty(), "nothing is held of nobody");
}

/// Lets so many epochs pass in which nobody takes part in the beacon.
pub fn skip_epochs(number: u64) {
    use qedex_primitives::{
        BeaconSource,
        beacon::{Attendance, Epoch, EpochPart, EpochValue},
    };
    let index = Qkd::current_epoch() + number;
    let first = index.saturating_sub(KEPT.into());
    let (part, until) = (EpochPart::Commit, Moment::MAX);
    pallet_qkd::CurrentEpoch::<Test>::put(Epoch {
        index,
        part,
        until,
        end: until,
        opened: 0,
        block: None,
    });
    let _ = pallet_qkd::EpochValues::<Test>::clear(KEPT, None);
    let _ = pallet_qkd::Attendances::<Test>::clear(KEPT, None);
    for epoch in first..index {
        let (value, source, opened) = (H256::zero(), BeaconSource::BlockHash, 2 * epoch + 1);
        let ended = EpochValue { value, source, opened, closed: opened + 1 };
        pallet_qkd::EpochValues::<Test>::insert(epoch, ended);
        let nobody = Attendance {
            revealed: Vec::new().try_into().unwrap(),
            withheld: Vec::new().try_into().unwrap(),
            spanned: false,
        };
        pallet_qkd::Attendances::<Test>::insert(epoch, nobody);
    }
}
