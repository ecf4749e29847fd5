//! A chain with this pallet alone, whose clock and installers the tests set.

use crate as pallet_metering;
use crate::{GenesisConfig, GenesisMeter, SignedReading};
use codec::{Decode, Encode};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        ConstU32, ConstU64, ConstU128, LinearStoragePrice,
        fungible::{HoldConsideration, InspectHold},
    },
};
use qedex_primitives::{
    Balance, Calendar, ConnectionNumber, MeterId, MeterKey, MeterRatings, MeterSignature, Millis,
    Opened, ReadingPayload, SlotIndex, UnsettledSlots, Wh, Windows, testing,
};
pub use qedex_primitives::{
    Role,
    testing::{Now, TestMembership, TestWindows, owner},
};
use sp_core::{H256, Pair, ed25519, sr25519};
use sp_runtime::BuildStorage;
use std::collections::BTreeMap;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Metering: pallet_metering,
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
    /// The earliest slot that is not settled.
    pub static Oldest: Option<SlotIndex> = None;
    /// The first slot whose gate has not been opened, where the windows do not tell.
    pub static Next: Option<SlotIndex> = None;
    pub const BondReason: RuntimeHoldReason =
        RuntimeHoldReason::Metering(pallet_metering::HoldReason::Storage);
}

/// What each installer has at genesis.
pub const WEALTH: Balance = 1_000_000;
/// The part of a meter's bond that does not depend on its size.
pub const BOND_BASE: u128 = 1_000;
/// What each byte adds to it.
pub const BOND_PER_BYTE: u128 = 1;

/// The length of a delivery slot: 15 minutes.
pub const SLOT_LENGTH: Millis = 900_000;

/// A clock that stands still until it is set.
pub type TestCalendar = testing::TestCalendar<SLOT_LENGTH>;

/// Leaves slots unsettled as the tests ask.
pub struct TestSettlement;

impl UnsettledSlots for TestSettlement {
    fn oldest_unsettled() -> Option<SlotIndex> {
        Oldest::get()
    }
}

/// Has opened all gates that the windows say are open, unless a test says otherwise.
pub struct TestGates;

impl Opened for TestGates {
    fn next_slot() -> SlotIndex {
        let lead = u64::from(TestWindows::get().gate_opens);
        Next::get().unwrap_or(SlotIndex(TestCalendar::current_slot().0 + lead + 1))
    }
}

/// For how many slots a change can be confirmed: a week.
pub const LIFETIME: u64 = 672;
/// For how many slots an owner may think: a day.
pub const A_DAY: u64 = 96;
/// How many changes an owner's installers may have pending.
pub const MOST_PENDING: u32 = 4;

/// For how many days the demand is kept.
pub const KEPT_DAYS: u64 = 3;
/// How many slots are closed in a block.
pub const SLOTS_PER_BLOCK: u32 = 3;

/// How many slots are kept.
pub const RETENTION: u64 = 24;
/// How many final slots are scored.
pub const SCORED: u64 = 4;
/// How many items are pruned in a block.
pub const PRUNED_PER_BLOCK: u32 = 10;

impl pallet_metering::Config for Test {
    type AdminOrigin = frame_system::EnsureRoot<AccountId>;
    type Membership = TestMembership;
    type Bond = HoldConsideration<
        AccountId,
        Balances,
        BondReason,
        LinearStoragePrice<ConstU128<BOND_BASE>, ConstU128<BOND_PER_BYTE>, Balance>,
    >;
    type Calendar = TestCalendar;
    type Opened = TestGates;
    type ChangeLifetime = ConstU64<LIFETIME>;
    type OwnerAnswers = ConstU64<A_DAY>;
    type MaxPendingPerInstaller = ConstU32<MOST_PENDING>;
    type Unsettled = TestSettlement;
    type KeptDays = ConstU64<KEPT_DAYS>;
    type MaxSlotsPerBlock = ConstU32<SLOTS_PER_BLOCK>;
    type MaxConnectionsPerOwner = ConstU32<3>;
    type MaxBatch = ConstU32<1_024>;
    type Retention = ConstU64<RETENTION>;
    type Scored = ConstU64<SCORED>;
    type MaxPrunedPerBlock = ConstU32<PRUNED_PER_BLOCK>;
    type WeightInfo = ();
}

/// Installs meters, those of genesis among them.
pub const INSTALLER: AccountId = 1;
/// Installs meters too, and has nothing to do with the first installer.
pub const SECOND_INSTALLER: AccountId = 2;
/// Installs meters too, and has nothing to do with either.
pub const THIRD_INSTALLER: AccountId = 3;
/// Has the sr25519 meter `FIRST` and the ed25519 meter `SECOND` from genesis on.
pub const ANNA: AccountId = 10;
/// Has the sr25519 meter `BENS` from genesis on.
pub const BEN: AccountId = 11;
/// Has no meter.
pub const CLARA: AccountId = 12;
/// Carries readings to the chain.
pub const CARRIER: AccountId = 20;

pub const FIRST: MeterId = MeterId(0);
pub const SECOND: MeterId = MeterId(1);
pub const BENS: MeterId = MeterId(2);

/// The most that the meters of genesis may read, in each direction.
pub const RATING: Wh = Wh(5_000);
/// The same.
pub const RATINGS: MeterRatings = MeterRatings { out: RATING, into: RATING };
/// The slot that the tests read.
pub const SLOT: SlotIndex = SlotIndex(1_000);
/// The hash of the chain's first block.
pub const GENESIS: H256 = H256::repeat_byte(7);

/// The sr25519 key pair of a meter with this name.
pub fn sr_pair(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{name}"), None).unwrap()
}

/// The ed25519 key pair of a meter with this name.
pub fn ed_pair(name: &str) -> ed25519::Pair {
    ed25519::Pair::from_string(&format!("//{name}"), None).unwrap()
}

pub fn sr_key(name: &str) -> MeterKey {
    MeterKey::Sr25519(sr_pair(name).public())
}

pub fn ed_key(name: &str) -> MeterKey {
    MeterKey::Ed25519(ed_pair(name).public())
}

pub fn payload(meter: MeterId, slot: SlotIndex, generated: u64, consumed: u64) -> ReadingPayload {
    ReadingPayload { meter, slot, generated: Wh(generated), consumed: Wh(consumed) }
}

/// The signature of the sr25519 key called `name` on the chain that began with `genesis`.
pub fn sign_as(name: &str, payload: &ReadingPayload, genesis: H256) -> MeterSignature {
    MeterSignature::Sr25519(sr_pair(name).sign(&payload.signing_bytes(genesis)))
}

/// The connection of this name, in capitals and without anything between them.
pub fn connection(name: &str) -> ConnectionNumber {
    name.to_uppercase().replace(['-', '/'], "").as_str().try_into().unwrap()
}

/// A reading signed by the meter that it names, one of those of genesis.
pub fn reading(meter: MeterId, slot: SlotIndex, generated: u64, consumed: u64) -> SignedReading {
    let payload = payload(meter, slot, generated, consumed);
    let signature = match meter {
        FIRST => sign_as("first", &payload, GENESIS),
        SECOND => MeterSignature::Ed25519(ed_pair("second").sign(&payload.signing_bytes(GENESIS))),
        _ => sign_as("bens", &payload, GENESIS),
    };
    SignedReading { payload, signature }
}

/// Sets the clock to the beginning of the reading window of `slot`.
pub fn open_window(slot: SlotIndex) {
    Now::set(TestCalendar::schedule(slot).commitments_until);
}

/// Sets the clock to the freeze of `slot`.
pub fn freeze(slot: SlotIndex) {
    Now::set(TestCalendar::schedule(slot).readings_until);
}

/// Sets the clock to the moment at which everything of `slot` is final.
pub fn finalise(slot: SlotIndex) {
    Now::set(TestCalendar::schedule(slot).final_at);
}

/// Sets the clock to the beginning of `slot`.
pub fn begin(slot: SlotIndex) {
    Now::set(slot.0 * SLOT_LENGTH);
}

pub struct ExtBuilder {
    pub genesis: GenesisConfig<Test>,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        let meter = |account, key, number| GenesisMeter {
            account,
            key,
            connection: connection(number),
            ratings: RATINGS,
            installer: INSTALLER,
        };
        Self {
            genesis: GenesisConfig {
                meters: vec![
                    meter(ANNA, sr_key("first"), "first"),
                    meter(ANNA, ed_key("second"), "second"),
                    meter(BEN, sr_key("bens"), "bens"),
                ],
                tariff: None,
            },
        }
    }
}

impl ExtBuilder {
    pub fn build(self) -> sp_io::TestExternalities {
        Now::set(0);
        TestWindows::set(Windows::default());
        TestMembership::reset();
        for installer in [INSTALLER, SECOND_INSTALLER, THIRD_INSTALLER] {
            TestMembership::permit(installer, Role::InstallMeters);
        }
        // Everybody is an owner of one's own, unless a test says otherwise.
        for who in [INSTALLER, SECOND_INSTALLER, THIRD_INSTALLER, ANNA, BEN, CLARA, CARRIER] {
            TestMembership::set_owner(who, owner(who));
        }
        Oldest::set(None);
        Next::set(None);
        let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
        pallet_balances::GenesisConfig::<Test> {
            balances: [INSTALLER, SECOND_INSTALLER, THIRD_INSTALLER, CARRIER]
                .map(|who| (who, WEALTH))
                .to_vec(),
            ..Default::default()
        }
        .assimilate_storage(&mut storage)
        .unwrap();
        self.genesis.assimilate_storage(&mut storage).unwrap();
        let mut ext = sp_io::TestExternalities::new(storage);
        ext.execute_with(|| {
            frame_system::BlockHash::<Test>::insert(0, GENESIS);
            System::set_block_number(1);
            open_window(SLOT);
        });
        ext
    }

    #[cfg(feature = "runtime-benchmarks")]
    pub fn build_with_keystore(self) -> sp_io::TestExternalities {
        use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
        let mut ext = self.build();
        ext.register_extension(KeystoreExt::new(MemoryKeystore::new()));
        ext
    }

    /// Runs a test and checks the invariants after it.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            test();
            Metering::do_try_state().unwrap();
            check_holds();
        });
    }
}

/// What is held of each account is what its bonds say. A bond is encoded as its amount.
fn check_holds() {
    fn amount(bond: &impl Encode) -> Balance {
        Balance::decode(&mut &bond.encode()[..]).unwrap()
    }
    let of_changes = pallet_metering::ChangeBonds::<Test>::iter().map(|(id, bond)| {
        let pending = pallet_metering::PendingChanges::<Test>::get(id).unwrap();
        (pending.filed_by.account, amount(&bond))
    });
    let of_meters = pallet_metering::MeterBonds::<Test>::iter_values()
        .map(|(payer, bond)| (payer, amount(&bond)));
    let mut at_stake = BTreeMap::<AccountId, Balance>::new();
    for (payer, amount) in of_changes.chain(of_meters) {
        *at_stake.entry(payer).or_default() += amount;
    }
    for who in frame_system::Account::<Test>::iter_keys() {
        let held = Balances::balance_on_hold(&BondReason::get(), &who);
        assert_eq!(held, at_stake.remove(&who).unwrap_or_default(), "held of {who}");
    }
    assert!(at_stake.is_empty(), "nothing is held for {at_stake:?}");
}

/// Runs a test on the default community, in the reading window of `SLOT`.
pub fn run(test: impl FnOnce()) {
    ExtBuilder::default().build_and_execute(test);
}
