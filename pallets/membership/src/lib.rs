//! # Membership: who may do what
//!
//! The consortium admits people and devices by what they *are* (an attribute, such as
//! `prosumer` or `meter-installer`), and lets them act by *formulas* over those attributes (a
//! policy). No account is ever named in a policy.
//!
//! The crate is called `pallet-energy-membership`, because the Polkadot SDK has a `pallet-membership`:
//! a list of accounts, such as the seats of a council. The runtime calls this one `Membership`.
//!
//! ## Rules
//!
//! **Owners**
//! - Behind an account stands at most one **owner**, an opaque id of one legal person. No role holds
//!   for an account without one, and nobody issues it a credential. Everything that counts persons
//!   counts owners, whatever number of accounts they have: at most [`Config::MaxAccountsPerOwner`].
//! - *One registrar* names owners, and nobody else. The admin origin sets it. What it files is
//!   *pending*, bonded, and void after [`NAMING_LIFE`] or when it is not the registrar any more; at
//!   most [`Config::MaxNamings`] pend at a time, one for an account. The registrar withdraws one, the
//!   account refuses it, any account of the owner rejects it, and anyone clears it when it is void.
//! - It takes effect when the account consents. That says whether it founds the owner or joins
//!   accounts that are there: nobody is made to join a stranger who was quicker. To join takes the
//!   approval of an account already there as well, in whatever order, which counts until that one is
//!   shut; where all of them are, that of the admin origin, or else who lost its only key could never
//!   come back.
//! - It takes effect at once, for slots that are open as well: an account without an owner acts in no
//!   role, so that it has no orders, meters or trades that would count for somebody else.
//! - *It is final.* An account's owner never changes, and does not go with its last credential.
//! - The registrar proposes to **shut** an account and, unless it takes that back, the admin origin
//!   shuts it for good: it has no role, speaks for its owner no more, and counts among its accounts
//!   still. Open trades go on, and its money is its own.
//!
//! **Attributes and credentials**
//! - An **attribute** has a number, an issuer account, a version, a term and a meaning in words. The
//!   admin origin registers it, sets its term and may replace its issuer. It can be removed when no
//!   credential of it is on record and no role needs it.
//! - A **credential** says that an account has an attribute until a moment. It *holds* if it carries
//!   the present version of its attribute, and the present time lies before its expiry. The issuer
//!   issues and renews for at most the attribute's term, and so does the admin origin, unbonded: an
//!   issuer that is lost, or does not renew, or not all, or for minutes only, empties nothing.
//! - *Voiding an attribute* raises its version: every credential of it is void at once, at the cost of
//!   one write. Where a role needs the attribute, that takes the issuer *and* the admin origin: one
//!   asks, by the very call, and the other's call within [`VOIDING_LIFE`] does it. Where none does,
//!   either may. Then those who remain are re-issued in bounded batches, with the expiry that
//!   they have, by the issuer or, should that leave out whom it should not, by the admin origin.
//! - *Ending credentials before their time*, by revoking or by issuing anew for shorter: of an
//!   attribute that a role needs, in a day (of UTC) those of [one in twenty](qedex_math::tenure) of
//!   the owners who have held it for thirty days, and of one at least, whether those who lose it have
//!   held it for long or not: a young role is not emptied in a day either. So many may the issuer end,
//!   and as many the admin origin: neither uses up what the other has. Beyond that it takes both: the
//!   admin origin allows more ([`Pallet::allow_endings`]), and the issuer ends them within
//!   [`LEAVE_LIFE`]. What has been voided holds no more, and ends uncounted.
//! - What has expired anyone may take off the record. Until then it counts as held, also among those
//!   of whom one in twenty may lose it.
//!
//! **Policies and roles**
//! - A **policy** is a bounded monotone formula over attributes (AND, OR, k-of-n) in postfix
//!   order, see [`qedex_math::policy`]. Its size, its depth and its attributes are checked when
//!   it is created. It never changes: a role is pointed to another policy instead. Anyone may
//!   create one, because a policy does nothing until the admin origin points a role to it, and
//!   remove it again while no role requires it; the admin origin may remove any such policy.
//! - A **role** names the policy that it requires. A role without a policy is nobody's. Roles
//!   gate new business only: whoever is party to an open trade may finish it.
//!
//! **Exclusion**
//! - The **blacklist** excludes *owners*, for between [`MIN_EXCLUSION`] and [`MAX_EXCLUSION`]. It is
//!   lifted by time; the admin origin may lift it early, and when it has ended, anyone may clear it
//!   from storage. For defaults an owner is excluded from trading and selling, and from nothing else;
//!   it loses no credential, and what lasts longer stands. By a decision of the admin origin it is
//!   excluded from everything that a policy guards; a decision replaces an earlier one, and leaves
//!   what stands for defaults.
//!
//! **Storage is paid for.** [`Config::DepositBase`] and [`Config::DepositPerByte`] are held of
//! the registrar for each account that it names an owner for, for good; of the issuer for every
//! credential, and of whoever creates a policy, until the item is removed. Who issues or re-issues a
//! credential last stands for it. What the admin origin creates, and what is there at genesis,
//! carries no bond.
//!
//! ## Who may be what
//!
//! A councillor, or an account of its owner, may be registrar, issuer or installer. What takes a
//! registrar or an issuer *and* the admin origin takes two thirds of the council, of which it is one
//! vote; and two thirds could appoint another registrar or issuer at any time, so that to bar
//! councillors would bar nothing that they could do, and leave a small village without anybody for the
//! office. It does save a conspiracy one head: a council of three needs one ally instead of two.
//!
//! ## What stays open
//!
//! - *The registrar is trusted to know persons*: it can name one person under two ids, whose accounts
//!   then pass for two owners. It can take nobody's account, join nobody and shut nobody.
//! - *A council that sleeps for a whole term* lets an issuer empty a role by not renewing.
//! - *Around a midnight* an issuer can use the allowances of two days.
//! - *A policy of its own for each role* is the council's to choose: two thirds of it can empty any
//!   role by pointing it elsewhere.
//!
//! ## For other pallets
//!
//! [`Pallet`] implements [`Membership`](qedex_primitives::Membership) and
//! [`Sanctions`](qedex_primitives::Sanctions). A check of a policy reads at most two items per
//! attribute that the policy names, and five others. An [`Explanation`] says which parts of a
//! policy make it fail for an account, and why: see [`Pallet::explain_policy`].

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod access;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonds;
mod calls;
mod endings;
mod events;
mod exclusion;
mod genesis;
mod issuance;
pub mod migration;
#[cfg(test)]
mod mock;
mod owners;
mod registry;
mod storage;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use genesis::{GenesisAccount, GenesisAttribute, GenesisCredential};
pub use pallet::*;
pub use qedex_primitives::{ExclusionReason, Explanation, ReasonText};
pub use types::{
    AccountBatch, AccountState, AccountsOfOwner, Approver, Asker, AttributeInfo, Bond, Credential,
    CredentialBatch, Decision, Endings, Exclusion, HolderCount, Leave, LongText, Naming, Owned,
    PolicyOf, ReissueError, ShortText, Tenure, Voiding,
};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use qedex_primitives::{
    Millis,
    membership::{MAX_EXCLUSION, MIN_EXCLUSION},
};

/// How long a naming waits for those whom it concerns: a week.
pub const NAMING_LIFE: Millis = 7 * 24 * 3_600_000;

/// How long a request to void an attribute waits for the other half: a week, within which a motion of
/// the council has its end.
pub const VOIDING_LIFE: Millis = NAMING_LIFE;

/// How long an issuer may use what it was allowed to end beyond a day's allowance: a week.
pub const LEAVE_LIFE: Millis = NAMING_LIFE;

/// The shortest term of an attribute: a day.
pub const MIN_TERM: Millis = 24 * 3_600_000;

/// The longest term of an attribute: 36,500 days, a hundred years.
pub const MAX_TERM: Millis = 36_500 * MIN_TERM;

/// How deep a policy may be nested. An attribute alone has depth 1.
pub const MAX_POLICY_DEPTH: u8 = 8;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(storage::storage)]
#[import_section(events::events)]
#[import_section(calls::calls)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
    use frame_system::pallet_prelude::*;
    use qedex_math::policy::PolicyNode;
    use qedex_primitives::{AttributeId, Balance, Calendar, Moment, OwnerId, PolicyId, Role};

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The chain's token.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason, Balance = Balance>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// Who appoints the registrar and issuers, registers attributes, sets roles and excludes
        /// owners.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The chain's time, against which expiries and exclusions are held.
        type Calendar: Calendar;

        /// The most nodes of a policy. At least 1.
        #[pallet::constant]
        type MaxPolicyNodes: Get<u32>;

        /// The most credentials of one batch. At least 1.
        #[pallet::constant]
        type MaxIssueBatch: Get<u32>;

        /// The most accounts of an owner. At least 1.
        #[pallet::constant]
        type MaxAccountsPerOwner: Get<u32>;

        /// The most namings of owners that pend at a time. At least 1.
        #[pallet::constant]
        type MaxNamings: Get<u32>;

        /// What is held for a stored item, in plancks. Not zero: it is what bounds their number.
        #[pallet::constant]
        type DepositBase: Get<Balance>;

        /// What is held besides for each byte of a stored item, in plancks.
        #[pallet::constant]
        type DepositPerByte: Get<Balance>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Why membership holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For the storage of owners, credentials and policies.
        #[codec(index = 0)]
        Storage,
    }

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The attributes, numbered in this order from 0.
        pub attributes: Vec<GenesisAttribute<T::AccountId>>,
        /// The policies, numbered in this order from 0, each in postfix order.
        pub policies: Vec<Vec<PolicyNode<AttributeId>>>,
        /// The policy of each role.
        pub roles: Vec<(Role, PolicyId)>,
        /// Who names owners.
        pub registrar: Option<T::AccountId>,
        /// The first accounts that have an owner.
        pub accounts: Vec<GenesisAccount<T::AccountId>>,
        /// The first credentials.
        pub credentials: Vec<GenesisCredential<T::AccountId>>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            self.build_membership();
        }
    }

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// The shortest exclusion in milliseconds.
        fn min_exclusion() -> Millis {
            MIN_EXCLUSION
        }

        /// The longest exclusion in milliseconds.
        fn max_exclusion() -> Millis {
            MAX_EXCLUSION
        }

        /// How long a naming waits for those whom it concerns, in milliseconds.
        fn naming_life() -> Millis {
            NAMING_LIFE
        }

        /// How deep a policy may be nested.
        fn max_policy_depth() -> u8 {
            MAX_POLICY_DEPTH
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                T::MaxPolicyNodes::get() >= 1,
                "a policy needs room for at least one attribute"
            );
            assert!(T::MaxIssueBatch::get() >= 1, "a batch needs room for at least one credential");
            assert!(T::MaxAccountsPerOwner::get() >= 1, "an owner needs room for one account");
            assert!(T::MaxNamings::get() >= 1, "there must be room for one naming");
            assert!(T::DepositBase::get() > 0, "storage that costs nothing is not bounded");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }
}
