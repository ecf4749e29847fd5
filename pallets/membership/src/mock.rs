//! A chain with balances and this pallet, whose clock the tests set.

use crate as pallet_energy_membership;
use crate::{GenesisAccount, GenesisAttribute, GenesisConfig, GenesisCredential};
use frame_support::{
    derive_impl,
    traits::{ConstU32, ConstU128, fungible::InspectHold},
};
use frame_system::EnsureRoot;
use qedex_math::policy::PolicyNode;
pub use qedex_primitives::testing::Now;
use qedex_primitives::{AttributeId, Balance, Millis, Moment, OwnerId, PolicyId, Role, testing};
use sp_runtime::BuildStorage;

pub type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Membership: pallet_energy_membership,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

/// The existential deposit.
pub const ED: Balance = 10;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<ED>;
}

/// Quarter-hours and a clock that stands still until it is set.
pub type TestCalendar = testing::TestCalendar<900_000>;

impl pallet_energy_membership::Config for Test {
    type AdminOrigin = EnsureRoot<AccountId>;
    type Calendar = TestCalendar;
    type Currency = Balances;
    type DepositBase = ConstU128<1_000>;
    type DepositPerByte = ConstU128<1>;
    type MaxAccountsPerOwner = ConstU32<4>;
    type MaxIssueBatch = ConstU32<100>;
    type MaxNamings = ConstU32<5>;
    type MaxPolicyNodes = ConstU32<32>;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightInfo = ();
}

/// Issues `PROSUMER`, and names owners.
pub const REGISTRAR: AccountId = 1;
/// Issues `SOLAR` and `BATTERY`.
pub const INSPECTOR: AccountId = 2;
/// What the registrar and the issuer own at genesis, and nobody else.
pub const FUNDS: Balance = 1_000_000_000;
/// Has an owner, and holds `PROSUMER` from genesis on, until `EXPIRY`.
pub const ANNA: AccountId = 10;
/// Has an owner, and holds nothing.
pub const BEN: AccountId = 11;
/// Has an owner, and holds nothing.
pub const CLARA: AccountId = 12;
/// Has no owner.
pub const DORA: AccountId = 13;
/// Has no owner.
pub const EMIL: AccountId = 14;

pub const PROSUMER: AttributeId = AttributeId(0);
pub const SOLAR: AttributeId = AttributeId(1);
pub const BATTERY: AttributeId = AttributeId(2);

/// `PROSUMER`; required to trade.
pub const TRADERS: PolicyId = PolicyId(0);
/// `PROSUMER` and (`SOLAR` or `BATTERY`); required to sell.
pub const SELLERS: PolicyId = PolicyId(1);

/// When the clock starts.
pub const START: Moment = 1_000_000;
/// For how long credentials are issued at most: a week and a half.
pub const TERM: Millis = 1_000_000_000;
/// When the credentials of the tests expire.
pub const EXPIRY: Moment = START + TERM;
/// In milliseconds.
pub const DAY: Millis = 24 * 3_600_000;

pub const ANNAS_OWNER: OwnerId = OwnerId([10; 32]);
pub const BENS_OWNER: OwnerId = OwnerId([11; 32]);
pub const CLARAS_OWNER: OwnerId = OwnerId([12; 32]);
/// Has no account.
pub const NEW_OWNER: OwnerId = OwnerId([99; 32]);

pub fn attribute(id: AttributeId) -> PolicyNode<AttributeId> {
    PolicyNode::Attribute(id)
}

pub fn at_least(k: u8, of: u8) -> PolicyNode<AttributeId> {
    PolicyNode::AtLeast { k, of }
}

pub struct ExtBuilder {
    pub genesis: GenesisConfig<Test>,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        let named = |name: &str, issuer| GenesisAttribute {
            name: name.into(),
            description: format!("has {name}"),
            issuer,
            term: TERM,
        };
        let owned = |account, owner| GenesisAccount { account, owner };
        Self {
            genesis: GenesisConfig {
                attributes: vec![
                    named("prosumer", REGISTRAR),
                    named("solar", INSPECTOR),
                    named("battery", INSPECTOR),
                ],
                policies: vec![
                    vec![attribute(PROSUMER)],
                    vec![
                        attribute(PROSUMER),
                        attribute(SOLAR),
                        attribute(BATTERY),
                        at_least(1, 2),
                        at_least(2, 2),
                    ],
                ],
                roles: vec![(Role::Trade, TRADERS), (Role::Sell, SELLERS)],
                credentials: vec![GenesisCredential {
                    who: ANNA,
                    attribute: PROSUMER,
                    expires: EXPIRY,
                }],
                registrar: Some(REGISTRAR),
                accounts: vec![
                    owned(ANNA, ANNAS_OWNER),
                    owned(BEN, BENS_OWNER),
                    owned(CLARA, CLARAS_OWNER),
                ],
            },
        }
    }
}

impl ExtBuilder {
    pub fn build(self) -> sp_io::TestExternalities {
        Now::set(0);
        let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
        self.genesis.assimilate_storage(&mut storage).unwrap();
        let balances = [REGISTRAR, INSPECTOR].map(|who| (who, FUNDS)).to_vec();
        pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
            .assimilate_storage(&mut storage)
            .unwrap();
        let mut ext = sp_io::TestExternalities::new(storage);
        ext.execute_with(|| {
            System::set_block_number(1);
            Now::set(START);
        });
        ext
    }
}

/// The owner of the account with this number, where it is the only one of its owner.
pub fn owner(who: AccountId) -> OwnerId {
    testing::owner(who)
}

/// What is held of `who` for storage.
pub fn held(who: AccountId) -> Balance {
    Balances::balance_on_hold(&crate::HoldReason::Storage.into(), &who)
}
