//! A chain with balances and this pallet, whose clock and meters the tests set.

use crate::{Amounts, Event, Outcome, WeightInfo};
use frame_support::{
    assert_ok, derive_impl, parameter_types,
    traits::{
        ConstU32, ConstU64, ConstU128, Hooks,
        fungible::{Inspect, InspectHold},
    },
    weights::{Weight, WeightMeter},
};
pub use qedex_primitives::testing::{Now, TestMembership, owner};
use qedex_primitives::{
    Balance, Bill, BillAudit, BillError, Calendar, Deposits, EnergyLedger, EntropyDraw, Escrow,
    LeaderTerms, MarketSettlement, MeterId, MeterSignature, Millis, Moment, NewTrade, Nonce,
    OwnerId, PricePerKwh, Ratings, ReadingPayload, Sanctions, SignedReading, SlotIndex, SlotTerms,
    TradeId, Verdict, Wh,
    beacon::{BeaconSource, BeaconValue},
    testing,
};
use sp_core::H256;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, Permill};
use std::collections::{BTreeMap, BTreeSet};

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Settlement: pallet_settlement,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
    type DbWeight = frame_support::weights::constants::ParityDbWeight;
}

/// The existential deposit.
pub const ED: Balance = 1_000_000_000;
/// One token.
pub const QED: Balance = 1_000_000_000_000;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<ED>;
    type FreezeIdentifier = u8;
    type MaxFreezes = ConstU32<1>;
}

parameter_types! {
    pub static Delivered: BTreeMap<(OwnerId, SlotIndex), Wh> = BTreeMap::new();
    /// What the meters of owners say of whom some are silent.
    pub static InPart: BTreeMap<(OwnerId, SlotIndex), Wh> = BTreeMap::new();
    /// From which slot on meters are an owner's; before they are an account's.
    pub static OwnersSince: SlotIndex = SlotIndex(0);
    pub static Rated: Vec<(AccountId, AccountId, Wh, Verdict)> = vec![];
    pub static Excluded: Vec<(AccountId, Millis)> = vec![];
    pub static SanctionsFail: bool = false;
    /// The values of the beacon, and when the reveals of their epochs opened.
    pub static Beacon: Vec<(Moment, H256)> = vec![];
    /// Those of them that a block's hash gave: the others are of keys.
    pub static ByHash: BTreeSet<H256> = BTreeSet::new();
    /// The largest fee that deposits cover.
    pub static Covered: Permill = Permill::one();
    pub static Measured: bool = false;
    /// How many trades two parties make.
    pub static MaxTradesOfPair: u32 = 100;
    /// What orders leave free.
    pub static EvidenceReserve: Balance = 0;
}

/// The length of a delivery slot.
pub const SLOT_LENGTH: Millis = 12_000;

/// A clock that stands still until it is set.
pub type TestCalendar = testing::TestCalendar<SLOT_LENGTH>;

/// Knows the energies that the tests set, of all accounts of an owner together.
pub struct TestLedger;

impl EnergyLedger<AccountId> for TestLedger {
    fn delivered(account: &AccountId, slot: SlotIndex) -> Option<Wh> {
        Delivered::get().get(&(metered(slot, account), slot)).copied()
    }

    fn published(account: &AccountId, slot: SlotIndex) -> Option<Wh> {
        let in_part = || InPart::get().get(&(metered(slot, account), slot)).copied();
        Self::delivered(account, slot).or_else(in_part)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_delivered(account: &AccountId, slot: SlotIndex, energy: Wh) {
        Delivered::mutate(|all| all.insert((metered(slot, account), slot), energy));
    }
}

/// Whose the meters of an account are in a slot.
fn metered(slot: SlotIndex, account: &AccountId) -> OwnerId {
    if slot < OwnersSince::get() { owner(*account) } else { Settlement::owner_of(account) }
}

/// The meter of the owner of an account, numbered by the owner's first bytes.
fn meter_of(slot: SlotIndex, account: AccountId) -> MeterId {
    let [a, b, c, d, ..] = metered(slot, &account).0;
    MeterId(u32::from_le_bytes([a, b, c, d]))
}

impl BillAudit<AccountId> for TestLedger {
    /// A reading of this slot proves what it says; each owner has one meter, whose signature says `1`
    /// throughout.
    fn audit(account: &AccountId, slot: SlotIndex, bill: &Bill) -> Result<Wh, BillError> {
        let [reading] = &bill[..] else {
            return Err(BillError::WrongMeters);
        };
        let payload = &reading.payload;
        if payload.meter != meter_of(slot, *account) {
            return Err(BillError::WrongMeters);
        }
        if payload.slot != slot {
            return Err(BillError::WrongSlot);
        }
        if payload.generated > CAPACITY {
            return Err(BillError::OverCapacity);
        }
        if reading.signature != signature(1) {
            return Err(BillError::BadSignature);
        }
        Ok(payload.generated.saturating_sub(payload.consumed))
    }

    fn audit_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}

impl EntropyDraw for TestLedger {
    fn first_after(moment: Moment) -> Option<BeaconValue> {
        let values = Beacon::get();
        let epoch = values.iter().position(|(opened, _)| *opened > moment)?;
        Some(beacon_value(epoch))
    }

    fn best_after(moment: Moment) -> Option<BeaconValue> {
        let after = (Beacon::get().into_iter().enumerate()).filter(|(_, one)| one.0 > moment);
        let first: Vec<_> = after.take(4).map(|(epoch, _)| beacon_value(epoch)).collect();
        let of_keys = first.iter().find(|found| found.source == BeaconSource::Keys);
        of_keys.or(first.first()).copied()
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn fill(moment: Moment) {
        for n in 1..=4 {
            Beacon::mutate(|all| all.push((moment + n, H256::from_low_u64_be(n))));
        }
    }
}

fn beacon_value(epoch: usize) -> BeaconValue {
    let (_, value) = Beacon::get()[epoch];
    let by_hash = ByHash::get().contains(&value);
    let source = if by_hash { BeaconSource::BlockHash } else { BeaconSource::Keys };
    BeaconValue { epoch: epoch as u64, value, source }
}

impl Deposits for TestLedger {
    fn cover(shortfall_fee: Permill) -> bool {
        shortfall_fee <= Covered::get()
    }
}

/// The most that a meter reads.
pub const CAPACITY: Wh = Wh(1_000_000);

/// A signature that is not one: the audit of these tests looks only at this number.
pub fn signature(number: u8) -> MeterSignature {
    MeterSignature::Sr25519(sp_core::sr25519::Signature::from_raw([number; 64]))
}

/// The bill of a seller that generated `energy` in `slot`, well signed.
pub fn bill_in(slot: SlotIndex, seller: AccountId, energy: u64) -> Bill {
    Bill::truncate_from(vec![SignedReading {
        payload: ReadingPayload {
            meter: meter_of(slot, seller),
            slot,
            generated: Wh(energy),
            consumed: Wh(0),
        },
        signature: signature(1),
    }])
}

/// What hides the bills of these tests.
pub const NONCE: Nonce = [7; 32];

/// The commitment of a seller's owner to a bill of `slot`.
pub fn commitment_in(slot: SlotIndex, seller: AccountId, bill: &Bill) -> H256 {
    let owner = Settlement::owner_of(&seller);
    qedex_primitives::bill::commitment(System::block_hash(0), owner, slot, bill, &NONCE)
}

/// Writes down what it is told.
pub struct Recorder;

impl Ratings<AccountId> for Recorder {
    fn record(rater: &AccountId, ratee: &AccountId, traded: Wh, verdict: Verdict) {
        Rated::mutate(|all| all.push((*rater, *ratee, traded, verdict)));
    }
}

impl Sanctions<AccountId> for Recorder {
    fn blacklist_for_default(who: &AccountId, duration: Millis) -> DispatchResult {
        if SanctionsFail::get() {
            return Err(DispatchError::Other("the list is full"));
        }
        Excluded::mutate(|all| all.push((*who, duration)));
        Ok(())
    }
}

/// The weights that were measured for the runtime.
#[path = "../../../runtime/src/weights/settlement.rs"]
mod measured;

/// Small round weights or, if [`Measured`] is set, those of the runtime.
pub struct Weights;

macro_rules! weights {
    ($($name:ident($($n:ident)?),)*) => {
        impl WeightInfo for Weights {
            $(fn $name($($n: u32)?) -> Weight {
                if Measured::get() {
                    measured::WeightInfo::<Test>::$name($($n)?)
                } else {
                    <()>::$name($($n)?)
                }
            })*
        }
    };
}

weights! {
    commit(),
    acknowledge(),
    complain(n),
    reveal(n),
    set_rules(),
    set_paused(),
    open_trade(),
    poll(),
    visit_book(),
    freeze_trade(),
    exclude(),
    close_trade(),
}

/// How long repeat offenders are excluded.
pub const EXCLUSION: Millis = 86_400_000;
/// How many slots may have open trades.
pub const MAX_SLOTS: u32 = 4;

pub const GRID: AccountId = 100;
pub const ENTROPY: AccountId = 101;
pub const COMMUNITY: AccountId = 102;

impl pallet_settlement::Config for Test {
    type AdminOrigin = frame_system::EnsureRoot<AccountId>;
    type Audit = TestLedger;
    type Calendar = TestCalendar;
    type CommunityFund = ConstU64<COMMUNITY>;
    type Currency = Balances;
    type Deposits = TestLedger;
    type Draw = TestLedger;
    type EntropyFund = ConstU64<ENTROPY>;
    type EvidenceReserve = EvidenceReserve;
    type GridAccount = ConstU64<GRID>;
    type Ledger = TestLedger;
    type MaxSlotsInFlight = ConstU32<MAX_SLOTS>;
    type MaxTradesOfPair = MaxTradesOfPair;
    type Membership = TestMembership;
    type Ratings = Recorder;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sanctions = Recorder;
    type WeightInfo = Weights;
}

/// Two who buy and two who sell, of the twenty traders with `FUNDS` each.
pub const ANNA: AccountId = 1;
pub const BEN: AccountId = 2;
pub const SELMA: AccountId = 11;
pub const SVEN: AccountId = 12;
pub const TRADERS: core::ops::RangeInclusive<AccountId> = 1..=20;
pub const FUNDS: Balance = 1_000 * QED;

/// The slot that most tests trade in. Its orders have just been cleared when a test begins.
pub const SLOT: SlotIndex = SlotIndex(1_000);

pub const CAP: PricePerKwh = PricePerKwh(300_000_000_000);
pub const GRID_FEE: PricePerKwh = PricePerKwh(20_000_000_000);
/// What buyers pay: by 10 milliQED more per kWh than the seller and the grid get.
pub const BUYER_PRICE: PricePerKwh = PricePerKwh(200_000_000_000);
pub const SELLER_PRICE: PricePerKwh = PricePerKwh(170_000_000_000);
pub const DEPOSIT_RATE: Permill = Permill::from_percent(70);

pub fn terms(slot: SlotIndex) -> SlotTerms {
    SlotTerms {
        leader: LeaderTerms {
            floor: PricePerKwh(80_000_000_000),
            cap: CAP,
            grid_fee: GRID_FEE,
            tick: PricePerKwh(1_000_000_000),
            lot: Wh(1),
            least_order: Wh(1),
            wh_per_key: Wh(1_000),
            deposit_rate: DEPOSIT_RATE,
        },
        keys: 1_000,
        schedule: TestCalendar::schedule(slot),
    }
}

/// What a buyer has in escrow for this energy.
pub fn payment(energy: u64) -> Balance {
    BUYER_PRICE.cost_floor(Wh(energy)).unwrap()
}

/// What a seller has in escrow for this energy.
pub fn deposit(energy: u64) -> Balance {
    DEPOSIT_RATE.mul_ceil(CAP.cost_ceil(Wh(energy)).unwrap())
}

/// A trade at the usual prices.
pub fn new_trade(
    id: TradeId,
    buyer: AccountId,
    seller: AccountId,
    energy: u64,
) -> NewTrade<AccountId> {
    NewTrade {
        id,
        buyer,
        seller,
        energy: Wh(energy),
        buyer_price: BUYER_PRICE,
        seller_price: SELLER_PRICE,
        payment: payment(energy),
        deposit: deposit(energy),
        reserve: 0,
    }
}

/// Holds the money of a trade for two orders and opens the trade.
pub fn trade_in(slot: SlotIndex, id: TradeId, buyer: AccountId, seller: AccountId, energy: u64) {
    let trade = new_trade(id, buyer, seller, energy);
    assert_ok!(Settlement::hold(&buyer, trade.payment + trade.reserve));
    assert_ok!(Settlement::hold(&seller, trade.deposit));
    assert_ok!(Settlement::open_trade(slot, &terms(slot), trade));
}

/// Holds the money of a trade in `SLOT` for two orders and opens the trade.
pub fn trade(id: TradeId, buyer: AccountId, seller: AccountId, energy: u64) {
    trade_in(SLOT, id, buyer, seller, energy);
}

/// The meters of the owner of `seller` say that it delivered `energy` in `slot`.
pub fn deliver_in(slot: SlotIndex, seller: AccountId, energy: u64) {
    Delivered::mutate(|all| all.insert((metered(slot, &seller), slot), Wh(energy)));
}

/// Those meters of the owner of `seller` that are not silent say that it delivered `energy` in `slot`.
pub fn deliver_in_part(slot: SlotIndex, seller: AccountId, energy: u64) {
    InPart::mutate(|all| all.insert((metered(slot, &seller), slot), Wh(energy)));
}

/// The meters of `seller` say that it delivered `energy` in `SLOT`.
pub fn deliver(seller: AccountId, energy: u64) {
    deliver_in(SLOT, seller, energy);
}

/// Gives the pallet a block with this much weight, and returns what it used.
pub fn poll_with(limit: Weight) -> Weight {
    System::set_block_number(System::block_number() + 1);
    let mut meter = WeightMeter::with_limit(limit);
    Settlement::on_poll(System::block_number(), &mut meter);
    meter.consumed()
}

/// Gives the pallet an empty block.
pub fn poll() {
    poll_with(Weight::MAX);
}

/// Lets the chain run to `moment` with a block every half slot.
pub fn run_to(moment: Moment) {
    while Now::get() < moment {
        Now::set(moment.min(Now::get() + SLOT_LENGTH / 2));
        poll();
    }
}

/// The chain stands still until `moment`, when the next block comes.
pub fn stand_still_until(moment: Moment) {
    Now::set(moment);
    poll();
}

/// Lets the chain run to the freeze of `SLOT`.
pub fn run_to_freeze() {
    run_to(TestCalendar::schedule(SLOT).readings_until);
}

/// Lets the chain run to the end of complaints about `SLOT`.
pub fn run_to_end_of_complaints() {
    run_to(TestCalendar::schedule(SLOT).complaints_until);
}

pub fn on_hold(who: AccountId) -> Balance {
    Balances::balance_on_hold(&crate::HoldReason::Escrow.into(), &who)
}

pub fn free(who: AccountId) -> Balance {
    Balances::balance(&who)
}

pub fn total(who: AccountId) -> Balance {
    Balances::total_balance(&who)
}

/// What an event says of a settled trade.
pub type SettledTrade = (SlotIndex, TradeId, Outcome, Wh, Amounts);

/// The settled trades so far, in the order in which they were settled.
pub fn settled() -> Vec<SettledTrade> {
    let settled = |event| match event {
        Event::TradeSettled { slot, id, outcome, metered, amounts, .. } => {
            Some((slot, id, outcome, metered, amounts))
        }
        _ => None,
    };
    System::read_events_for_pallet::<Event<Test>>().into_iter().filter_map(settled).collect()
}

/// The numbers and outcomes of the settled trades so far.
pub fn outcomes() -> Vec<(TradeId, Outcome)> {
    settled().into_iter().map(|(_, id, outcome, ..)| (id, outcome)).collect()
}

/// The chain with its traders and funds, when the orders of `SLOT` have been cleared.
pub fn build() -> sp_io::TestExternalities {
    Delivered::set(BTreeMap::new());
    InPart::take();
    OwnersSince::take();
    Rated::set(vec![]);
    Excluded::set(vec![]);
    TestMembership::reset();
    SanctionsFail::set(false);
    Covered::set(Permill::one());
    Beacon::take();
    ByHash::take();
    Measured::set(false);
    EvidenceReserve::set(0);
    MaxTradesOfPair::set(100);
    let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    let funds = [GRID, ENTROPY, COMMUNITY].map(|fund| (fund, ED));
    pallet_balances::GenesisConfig::<Test> {
        balances: TRADERS.map(|who| (who, FUNDS)).chain(funds).collect(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    crate::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| {
        Now::set(TestCalendar::schedule(SLOT).gate_closes);
        poll();
        System::reset_events();
    });
    ext
}

/// Runs a test and checks after it that the books are right and that no money came or went.
pub fn build_and_execute(test: impl FnOnce()) {
    build().execute_with(|| {
        let issuance = Balances::total_issuance();
        test();
        Settlement::do_try_state().unwrap();
        assert_eq!(Balances::total_issuance(), issuance, "money was made or lost");
        let sum: Balance = frame_system::Account::<Test>::iter_values()
            .map(|account| account.data.free + account.data.reserved)
            .sum();
        assert_eq!(sum, issuance, "accounts do not add up to the issuance");
    });
}
