//! A chain with balances and this pallet, whose clock and owners the tests set.

use crate as pallet_reputation;
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU32, ConstU64, ConstU128},
};
pub use qedex_primitives::testing::{Now, Owners, TestMembership, owner};
use qedex_primitives::{Balance, Membership, Millis, OwnerId, PolicyId, Role, Wh, testing};
use sp_runtime::BuildStorage;
use std::collections::BTreeSet;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Reputation: pallet_reputation,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
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
}

/// The energy of a full rating.
pub const FULL_RATING: Wh = Wh(10_000);
/// The length of a day of quarter-hours.
pub const DAY: Millis = 86_400_000;

/// Quarter-hours and a clock that stands still until it is set.
pub type TestCalendar = testing::TestCalendar<900_000>;

/// How many raters of a ratee are remembered.
pub const MAX_RATERS: u32 = 8;
/// How long a trust deposit stays locked.
pub const LOCK: Millis = 300_000;

parameter_types! {
    /// Accounts without an owner.
    pub static Unowned: BTreeSet<AccountId> = BTreeSet::new();
}

/// Every account has an owner: the one that it was given, or one of its own.
pub struct Members;

impl Membership<AccountId> for Members {
    fn satisfies(who: &AccountId, policy: PolicyId) -> bool {
        TestMembership::satisfies(who, policy)
    }

    fn may(who: &AccountId, role: Role) -> bool {
        TestMembership::may(who, role)
    }

    fn owner_of(who: &AccountId) -> Option<OwnerId> {
        if Unowned::get().contains(who) {
            return None;
        }
        TestMembership::owner_of(who).or_else(|| Some(owner(*who)))
    }

    fn speaks_for(who: &AccountId) -> Option<OwnerId> {
        Self::owner_of(who)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn grant(who: &AccountId, role: Role) {
        TestMembership::grant(who, role);
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn give_owner(who: &AccountId) {
        TestMembership::give_owner(who);
    }
}

impl pallet_reputation::Config for Test {
    type AdminOrigin = frame_system::EnsureRoot<AccountId>;
    type Calendar = TestCalendar;
    type Currency = Balances;
    type DepositLock = ConstU64<LOCK>;
    type FullRating = ConstU64<{ FULL_RATING.0 }>;
    type MaxRaters = ConstU32<MAX_RATERS>;
    type Membership = Members;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}

pub const ANNA: AccountId = 10;
pub const BEN: AccountId = 11;
pub const CLARA: AccountId = 12;

/// What each of the three owns at first.
pub const FUNDS: Balance = 1_000 * QED;

/// The state at the beginning.
pub fn build() -> sp_io::TestExternalities {
    Now::set(1_000 * DAY);
    TestMembership::reset();
    Unowned::take();
    let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
    pallet_balances::GenesisConfig::<Test> {
        balances: [ANNA, BEN, CLARA].map(|who| (who, FUNDS)).to_vec(),
        ..Default::default()
    }
    .assimilate_storage(&mut storage)
    .unwrap();
    let mut externalities = sp_io::TestExternalities::new(storage);
    externalities.execute_with(|| System::set_block_number(1));
    externalities
}

/// Runs a test and checks the invariants after it.
pub fn run(test: impl FnOnce()) {
    build().execute_with(|| {
        test();
        Reputation::do_try_state().unwrap();
    });
}
