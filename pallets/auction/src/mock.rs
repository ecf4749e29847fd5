//! A chain with this pallet alone. The tests set its clock, its members, its keys and its limits;
//! the escrow and the settlement keep books that the tests read.

mod builder;

use crate as pallet_auction;
use crate::{GenesisConfig, MarketTerms, NextSlot, Slots};
pub use builder::{ExtBuilder, run};
use frame_support::{
    Twox64Concat, derive_impl, ensure,
    pallet_prelude::ValueQuery,
    parameter_types,
    storage::{storage_prefix, unhashed},
    traits::{Hooks, Time},
    weights::{Weight, WeightMeter},
};
use frame_system::EnsureRoot;
use qedex_primitives::{
    Admission, Balance, Band, Calendar, Escrow, KeyBudget, LeaderLimits, LeaderTerms,
    MarketSettlement, Membership, Millis, Moment, NewTrade, OwnerId, PriceList, PricePerKwh, Rated,
    SlotIndex, SlotTerms, SlotTimes, Tariff, Wh, Windows,
};
pub use qedex_primitives::{
    Role,
    testing::{Owners, Permitted, TestMembership, owner},
};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, Permill};
use std::collections::BTreeMap;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Auction: pallet_auction,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
}

parameter_types! {
    pub static BandOfAll: Band = Band::Off;
    pub static Ratings: BTreeMap<OwnerId, u64> = BTreeMap::new();
    pub static MaxGrants: u32 = 2;
    pub static MaxPrincipals: u32 = 3;
    pub static MaxBatch: u32 = 10;
    pub static MaxStandingOrders: u32 = 20;
    pub static Distrusted: Vec<(AccountId, Role)> = Vec::new();
    pub static Keys: u64 = 0;
    pub static KeysUsed: Vec<(SlotIndex, u64)> = Vec::new();
    pub static KeysPromised: BTreeMap<SlotIndex, u64> = BTreeMap::new();
    pub static KeyWeight: Weight = Weight::zero();
    pub static KeysRefused: bool = false;
    pub static EscrowRefuses: bool = false;
    pub static RefusedBuyers: Vec<AccountId> = Vec::new();
    pub static ShortfallFee: Permill = Permill::zero();
    pub static OfflineShare: Permill = Permill::zero();
    pub static TradePrice: Balance = 0;
    pub static RenewalPrice: Balance = 0;
    /// What was paid for work.
    pub static WorkPaid: Vec<(AccountId, Balance)> = Vec::new();
    /// The moments of slots by clocks of their own.
    pub static Clocks: BTreeMap<SlotIndex, SlotTimes> = BTreeMap::new();
    pub static Trades: Vec<Trade> = Vec::new();
    pub static TradeWeight: Weight = STEP;
    pub static MaxTicks: u32 = 1_000;
    pub static MaxOrdersPerSlot: u32 = 64;
    pub static MaxOrdersPerAccount: u32 = 3;
    pub static MaxOrderEnergy: u64 = 1_000_000;
    pub static MaxSlotsInFlight: u32 = 20;
    pub static ResultsKept: u32 = 8;
}

/// What each step weighs in these tests.
pub const STEP: Weight = Weight::from_parts(1_000, 0);

/// A trade as the settlement got it.
pub type Trade = (SlotIndex, NewTrade<AccountId>);

/// Admits everybody whom no test distrusts.
pub struct Members;

impl Admission<AccountId> for Members {
    fn admits(who: &AccountId, role: Role) -> bool {
        !Distrusted::get().contains(&(*who, role))
    }
}

/// Connections that let out what the tests say, and anything where they say nothing.
pub struct Connections;

impl Rated<AccountId> for Connections {
    fn rated_out(account: &AccountId, _slot: SlotIndex) -> Wh {
        let rated =
            TestMembership::owner_of(account).and_then(|owner| Ratings::get().get(&owner).copied());
        Wh(rated.unwrap_or(u64::MAX))
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_rated_out(account: &AccountId, _slot: SlotIndex, energy: Wh) {
        if let Some(owner) = TestMembership::owner_of(account) {
            Ratings::mutate(|all| all.insert(owner, energy.0));
        }
    }
}

/// Money that is free, held for orders and held for trades.
pub struct Books;

/// In storage, so that a call that fails leaves them as they were.
#[frame_support::storage_alias]
pub type Free = StorageMap<Books, Twox64Concat, AccountId, Balance, ValueQuery>;

#[frame_support::storage_alias]
pub type ForOrders = StorageMap<Books, Twox64Concat, AccountId, Balance, ValueQuery>;

#[frame_support::storage_alias]
pub type ForTrades = StorageMap<Books, Twox64Concat, AccountId, Balance, ValueQuery>;

impl Books {
    fn unbook(who: AccountId, amount: Balance) -> DispatchResult {
        ForOrders::try_mutate(who, |held| {
            *held = held.checked_sub(amount).ok_or(DispatchError::Other("escrow too small"))?;
            Ok(())
        })
    }
}

impl Escrow<AccountId> for Books {
    fn hold(who: &AccountId, amount: Balance) -> DispatchResult {
        ensure!(!EscrowRefuses::get(), "refused");
        Free::try_mutate(who, |free| {
            *free = free.checked_sub(amount).ok_or(DispatchError::Other("no funds"))?;
            ForOrders::mutate(who, |held| *held += amount);
            Ok(())
        })
    }

    fn release(who: &AccountId, amount: Balance) -> DispatchResult {
        Self::unbook(*who, amount)?;
        Free::mutate(who, |free| *free += amount);
        Ok(())
    }

    fn take(who: &AccountId, amount: Balance) -> DispatchResult {
        Self::unbook(*who, amount)?;
        WorkPaid::mutate(|all| all.push((*who, amount)));
        Ok(())
    }

    fn charge(who: &AccountId, amount: Balance) -> DispatchResult {
        Free::try_mutate(who, |free| {
            *free = free.checked_sub(amount).ok_or(DispatchError::Other("no funds"))?;
            WorkPaid::mutate(|all| all.push((*who, amount)));
            Ok(())
        })
    }

    fn held_for_orders(who: &AccountId) -> Balance {
        ForOrders::get(who)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn endow(who: &AccountId, amount: Balance) {
        Free::insert(who, amount);
    }
}

impl MarketSettlement<AccountId> for Books {
    fn open_trade(
        slot: SlotIndex,
        _terms: &SlotTerms,
        trade: NewTrade<AccountId>,
    ) -> Result<(), DispatchError> {
        ensure!(!RefusedBuyers::get().contains(&trade.buyer), "refused");
        Self::unbook(trade.buyer, trade.payment + trade.reserve)?;
        Self::unbook(trade.seller, trade.deposit)?;
        ForTrades::mutate(trade.buyer, |held| *held += trade.payment + trade.reserve);
        ForTrades::mutate(trade.seller, |held| *held += trade.deposit);
        Trades::mutate(|trades| trades.push((slot, trade)));
        Ok(())
    }

    fn open_trade_weight() -> Weight {
        TradeWeight::get()
    }

    fn shortfall_fee() -> Permill {
        ShortfallFee::get()
    }

    fn offline_share() -> Permill {
        OfflineShare::get()
    }

    fn times(slot: SlotIndex) -> Option<SlotTimes> {
        Clocks::get().get(&slot).copied()
    }
}

/// As many keys as the tests say.
pub struct KeyPool;

impl KeyBudget for KeyPool {
    fn available() -> u64 {
        Keys::get()
    }

    fn reserve(slot: SlotIndex, keys: u64) -> Result<u64, DispatchError> {
        ensure!(!KeysRefused::get(), "refused");
        ensure!(!KeysPromised::get().contains_key(&slot), "promised twice");
        let keys = keys.min(Keys::get());
        KeysPromised::mutate(|promised| promised.insert(slot, keys));
        Ok(keys)
    }

    fn settle(slot: SlotIndex, used: u64) {
        KeysPromised::mutate(|promised| {
            if let Some(promised) = promised.get_mut(&slot) {
                assert!(used <= *promised, "more is used than was promised");
                *promised = used;
            }
        });
        KeysUsed::mutate(|all| all.push((slot, used)));
    }

    fn release(slot: SlotIndex) {
        KeysPromised::mutate(|promised| promised.remove(&slot));
    }

    fn reserve_weight() -> Weight {
        KeyWeight::get()
    }

    fn settle_weight() -> Weight {
        KeyWeight::get()
    }

    fn release_weight() -> Weight {
        KeyWeight::get()
    }
}

/// The band that the tests say, for every slot.
pub struct Bands;

impl Tariff for Bands {
    fn band(_slot: SlotIndex) -> Band {
        BandOfAll::get()
    }
}

/// A clock that stands still until it is set. It is kept where the timestamp pallet keeps its
/// own, because benchmarks set that.
pub struct Clock;

impl Clock {
    fn key() -> [u8; 32] {
        storage_prefix(b"Timestamp", b"Now")
    }

    pub fn set(moment: Moment) {
        unhashed::put(&Self::key(), &moment);
    }
}

impl Time for Clock {
    type Moment = Moment;

    fn now() -> Moment {
        unhashed::get_or_default(&Self::key())
    }
}

impl pallet_auction::Config for Test {
    type AdminOrigin = EnsureRoot<AccountId>;
    type Membership = TestMembership;
    type Admission = Members;
    type Escrow = Books;
    type GrantBond = ();
    type Rated = Connections;
    type Settlement = Books;
    type KeyBudget = KeyPool;
    type Tariff = Bands;
    type Time = Clock;
    type TradePrice = TradePrice;
    type RenewalPrice = RenewalPrice;
    type MaxTicks = MaxTicks;
    type MaxOrdersPerSlot = MaxOrdersPerSlot;
    type MaxOrdersPerAccount = MaxOrdersPerAccount;
    type MaxBatch = MaxBatch;
    type MaxGrants = MaxGrants;
    type MaxPrincipals = MaxPrincipals;
    type MaxStandingOrders = MaxStandingOrders;
    type MaxOrderEnergy = MaxOrderEnergy;
    type MaxSlotsInFlight = MaxSlotsInFlight;
    type ResultsKept = ResultsKept;
    type WeightInfo = ();
}

/// The length of a delivery slot: 15 minutes.
pub const SLOT_LENGTH: Millis = 900_000;
/// The slot that the tests trade. Its gate has just opened, and it is the first to be opened.
pub const SLOT: SlotIndex = SlotIndex(1_000);
/// Accounts that may buy and sell.
pub const MEMBERS: core::ops::RangeInclusive<AccountId> = 1..=10;
/// May buy and not sell.
pub const CONSUMER: AccountId = 11;
/// May do neither.
pub const STRANGER: AccountId = 12;
/// May do both and has no money.
pub const PAUPER: AccountId = 13;
/// May lead and nothing else.
pub const AGGREGATOR: AccountId = 14;
/// May act for others and nothing else.
pub const BROKER: AccountId = 15;
/// What everybody but the pauper owns: 1000 QED.
pub const ENDOWMENT: Balance = 1_000_000 * MILLI;
/// A thousandth of a QED, in plancks.
pub const MILLI: Balance = 1_000_000_000;

/// A price in thousandths of a QED per kWh.
pub const fn price(mills: u128) -> PricePerKwh {
    PricePerKwh(mills * MILLI)
}

/// Corridor from 0.080 to 0.300 QED, fee 0.020, tick 0.001; lots of 100 Wh; a key a kWh.
pub const TERMS: LeaderTerms = LeaderTerms {
    floor: price(80),
    cap: price(300),
    grid_fee: price(20),
    tick: price(1),
    lot: Wh(100),
    least_order: Wh(200),
    wh_per_key: Wh(1_000),
    deposit_rate: Permill::from_percent(70),
};

/// The price list of these.
pub const LIST: PriceList = list_of(TERMS);

/// The price list of terms.
pub const fn list_of(terms: LeaderTerms) -> PriceList {
    let LeaderTerms { floor, cap, grid_fee, tick, lot, least_order, deposit_rate, .. } = terms;
    PriceList { floor, cap, grid_fee, tick, lot, least_order, deposit_rate }
}

/// The same terms in each band, and all keys for each slot.
pub fn market(terms: LeaderTerms) -> MarketTerms {
    let list = list_of(terms);
    MarketTerms {
        off: list,
        mid: list,
        on: list,
        limits: LeaderLimits {
            least_share: Permill::one(),
            least_wh_per_key: terms.wh_per_key,
            most_wh_per_key: terms.wh_per_key,
        },
    }
}

/// Lets the members buy and sell, the consumer buy, and the pauper both.
pub fn permit_members() {
    for who in MEMBERS.chain([PAUPER]) {
        TestMembership::permit(who, Role::Trade);
        TestMembership::permit(who, Role::Sell);
    }
    TestMembership::permit(CONSUMER, Role::Trade);
    for who in 1..=BROKER {
        TestMembership::set_owner(who, owner(who));
    }
}

/// The schedule of `slot` by the pallet.
pub fn schedule(slot: SlotIndex) -> SlotTimes {
    <Auction as Calendar>::schedule(slot)
}

/// Gives the pallet all of a block.
pub fn poll() -> Weight {
    poll_within(Weight::MAX)
}

/// Gives the pallet this much of a block, checks the invariants and returns what it used.
pub fn poll_within(limit: Weight) -> Weight {
    let mut meter = WeightMeter::with_limit(limit);
    Auction::on_poll(1, &mut meter);
    Auction::do_try_state().unwrap();
    let promised = KeysPromised::get();
    assert!(promised.keys().all(Slots::<Test>::contains_key), "keys are promised to no slot");
    meter.consumed()
}

/// Sets the clock and gives the pallet a block.
pub fn poll_at(moment: Moment) {
    Clock::set(moment);
    poll();
}
