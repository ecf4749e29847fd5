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
//! - An **attribute** has a number, an issuer account, a version and a meaning in words. The
//!   admin origin registers it and may replace its issuer; its issuer alone issues credentials of
//!   it. It can be removed when no credential of it is on record and no role needs it.
//! - A **credential** says that an account has an attribute until a moment. It *holds* if
//!   1. it carries the present version of its attribute,
//!   2. the present time lies before its expiry, and
//!   3. its holder is not blacklisted.
//! - **Revocation** of one holder removes the credential. Revocation of a whole attribute
//!   raises its version: every credential of it is void at once, at the cost of one write, and
//!   the issuer re-issues, in bounded batches, to those who remain: that lifts an outdated
//!   credential to the present version and leaves its expiry and owner as they were. Revocation
//!   is open to the issuer and, should its key be lost or in wrong hands, to the admin origin.
//! - Behind each account stands one **owner**, an opaque id of the legal holder. The first
//!   credential names it. A later one that names another owner is refused, unless it replaces
//!   the only credential of the account. The owner stays known as long as any credential of the
//!   account is on record, whether that still holds or not: a lapse must not make two accounts
//!   of one person look like two persons. Anyone may remove a credential, but only when it
//!   expired [`LAPSE_GRACE`] ago: longer than any trade lives.
//! - A **policy** is a bounded monotone formula over attributes (AND, OR, k-of-n) in postfix
//!   order, see [`qedex_math::policy`]. Its size, its depth and its attributes are checked when
//!   it is created. It never changes: a role is pointed to another policy instead. Anyone may
//!   create one, because a policy does nothing until the admin origin points a role to it, and
//!   remove it again while no role requires it; the admin origin may remove any such policy.
//! - A **role** names the policy that it requires. A role without a policy is nobody's. Roles
//!   gate new business only: whoever is party to an open trade may finish it.
//! - **Storage is paid for.** [`Config::DepositBase`] and [`Config::DepositPerByte`] are held of
//!   the issuer for every credential and of whoever creates a policy, and go back to the payer
//!   when the item is removed. Who issues or re-issues a credential last stands for it. What the
//!   admin origin creates, and what is there at genesis, carries no bond.
//! - The **blacklist** excludes an account from everything that a policy guards, for between
//!   [`MIN_EXCLUSION`] and [`MAX_EXCLUSION`]. It is lifted by time; no transaction is needed, but
//!   the admin origin may lift it early. When it has ended, anyone may clear it from storage.
//!   An exclusion that follows from a default never shortens one that lasts longer; a
//!   decision of the admin origin replaces whatever stood before.
//!
//! ## For other pallets
//!
//! [`Pallet`] implements [`Membership`](qedex_primitives::Membership) and
//! [`Sanctions`](qedex_primitives::Sanctions). A check of a policy reads at most two items per
//! attribute that the policy names, and four others. An [`Explanation`] says which parts of a
//! policy make it fail for an account, and why: see [`Pallet::explain_policy`].

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod access;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonds;
mod events;
mod genesis;
mod issuance;
#[cfg(test)]
mod mock;
mod registry;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use genesis::{GenesisAttribute, GenesisCredential};
pub use pallet::*;
pub use qedex_primitives::{ExclusionReason, Explanation, ReasonText};
pub use types::{
    AccountBatch, AttributeInfo, Bond, Credential, CredentialBatch, Exclusion, Holder, LongText,
    PolicyOf, ReissueError, ShortText,
};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use qedex_primitives::{
    Millis,
    membership::{MAX_EXCLUSION, MIN_EXCLUSION},
};

/// How long after its expiry a credential stays on record at least: 31 days. Until then the owner
/// behind its holder stays known, which ratings of the holder's last trades ask for.
pub const LAPSE_GRACE: Millis = 31 * 24 * 3_600_000;

/// How deep a policy may be nested. An attribute alone has depth 1.
pub const MAX_POLICY_DEPTH: u8 = 8;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(events::events)]
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
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The chain's token.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason, Balance = Balance>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// Who registers attributes, replaces issuers, sets roles and excludes accounts.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The chain's time, against which expiries and exclusions are held.
        type Calendar: Calendar;

        /// The most nodes of a policy. At least 1.
        #[pallet::constant]
        type MaxPolicyNodes: Get<u32>;

        /// The most credentials of one batch. At least 1.
        #[pallet::constant]
        type MaxIssueBatch: Get<u32>;

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
        /// For the storage of credentials and policies.
        #[codec(index = 0)]
        Storage,
    }

    /// The attributes of the community, by their number.
    #[pallet::storage]
    pub type Attributes<T: Config> =
        StorageMap<_, Twox64Concat, AttributeId, AttributeInfo<T::AccountId>>;

    /// The number that the next attribute gets.
    #[pallet::storage]
    pub type NextAttribute<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The credentials on record, by holder and attribute. Whether one holds follows from the
    /// attribute's version, the time and the blacklist.
    #[pallet::storage]
    pub type Credentials<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Twox64Concat,
        AttributeId,
        Credential<T::AccountId>,
    >;

    /// The owner behind each account that has a credential on record, and how many it has.
    #[pallet::storage]
    pub type Holders<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Holder>;

    /// The policies, by their number.
    #[pallet::storage]
    pub type Policies<T: Config> = StorageMap<_, Twox64Concat, PolicyId, PolicyOf<T>>;

    /// What is held for each policy that somebody paid for, and of whom.
    #[pallet::storage]
    pub type PolicyBonds<T: Config> = StorageMap<_, Twox64Concat, PolicyId, Bond<T::AccountId>>;

    /// The number that the next policy gets.
    #[pallet::storage]
    pub type NextPolicy<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The policy that each role requires.
    #[pallet::storage]
    pub type Roles<T: Config> = StorageMap<_, Twox64Concat, Role, PolicyId>;

    /// The latest exclusion of an account. It counts until its end and is ignored from then on.
    #[pallet::storage]
    pub type Blacklist<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Exclusion>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The attributes, numbered in this order from 0.
        pub attributes: Vec<GenesisAttribute<T::AccountId>>,
        /// The policies, numbered in this order from 0, each in postfix order.
        pub policies: Vec<Vec<PolicyNode<AttributeId>>>,
        /// The policy of each role.
        pub roles: Vec<(Role, PolicyId)>,
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

        /// How long after its expiry a credential stays on record at least, in milliseconds.
        fn lapse_grace() -> Millis {
            LAPSE_GRACE
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
            assert!(T::DepositBase::get() > 0, "storage that costs nothing is not bounded");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers an attribute, to be issued by `issuer`. It gets the next free number.
        ///
        /// `name` and `description` are UTF-8 text for people. Origin: the admin origin.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_attribute())]
        pub fn register_attribute(
            origin: OriginFor<T>,
            name: ShortText,
            description: LongText,
            issuer: T::AccountId,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_register_attribute(name, description, issuer)
        }

        /// Creates a policy from its nodes in postfix order. It gets the next free number.
        ///
        /// Refused unless the nodes form exactly one formula, over registered attributes, of at
        /// most the permitted size and depth. Origin: the admin origin, or anyone, who pays a bond
        /// while the policy exists.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::create_policy(nodes.len() as u32))]
        pub fn create_policy(origin: OriginFor<T>, nodes: PolicyOf<T>) -> DispatchResult {
            let payer = Self::ensure_admin_or_signed(origin)?;
            Self::do_create_policy(nodes, payer)
        }

        /// Makes `role` require `policy` from now on.
        ///
        /// Refused if an attribute that the policy names is not registered any more. Origin: the
        /// admin origin.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_role())]
        pub fn set_role(origin: OriginFor<T>, role: Role, policy: PolicyId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_role(role, policy)
        }

        /// Excludes `who` for `duration` milliseconds from now on, in place of whatever
        /// exclusion stood before.
        ///
        /// Refused outside one hour to 31 days. Origin: the admin origin.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::blacklist())]
        pub fn blacklist(
            origin: OriginFor<T>,
            who: T::AccountId,
            reason: ReasonText,
            duration: Millis,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(
                (MIN_EXCLUSION..=MAX_EXCLUSION).contains(&duration),
                Error::<T>::ExclusionOutOfRange
            );
            Self::exclude(who, ExclusionReason::Decided(reason), duration);
            Ok(())
        }

        /// Issues or renews the credential of `attribute` for `who`, who belongs to `owner`,
        /// until `expires` (milliseconds since the Unix epoch).
        ///
        /// Origin: the attribute's issuer, who pays a bond while the credential is on record.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::issue())]
        pub fn issue(
            origin: OriginFor<T>,
            who: T::AccountId,
            attribute: AttributeId,
            expires: Moment,
            owner: OwnerId,
        ) -> DispatchResult {
            let (issuer, version) = Self::ensure_issuer(origin, attribute)?;
            Self::do_issue(attribute, version, Some(&issuer), who, expires, owner)
        }

        /// Issues or renews many credentials of one attribute: all of them or, if one is
        /// refused, none.
        ///
        /// Origin: the attribute's issuer, who pays a bond for each while it is on record.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::issue_batch(credentials.len() as u32))]
        pub fn issue_batch(
            origin: OriginFor<T>,
            attribute: AttributeId,
            credentials: CredentialBatch<T>,
        ) -> DispatchResult {
            let (issuer, version) = Self::ensure_issuer(origin, attribute)?;
            for (who, expires, owner) in credentials {
                Self::do_issue(attribute, version, Some(&issuer), who, expires, owner)?;
            }
            Ok(())
        }

        /// Removes the credential of `attribute` from `who`, whether it still holds or not.
        ///
        /// Origin: the attribute's issuer, or the admin origin.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::revoke())]
        pub fn revoke(
            origin: OriginFor<T>,
            who: T::AccountId,
            attribute: AttributeId,
        ) -> DispatchResult {
            Self::ensure_issuer_or_admin(origin, attribute)?;
            Self::do_revoke(who, attribute)
        }

        /// Raises the version of `attribute`: every credential of it is void at once.
        ///
        /// Origin: the attribute's issuer, or the admin origin.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::bump_version())]
        pub fn bump_version(origin: OriginFor<T>, attribute: AttributeId) -> DispatchResult {
            Self::ensure_issuer_or_admin(origin, attribute)?;
            Self::do_bump_version(attribute)
        }

        /// Lets `issuer` issue the credentials of `attribute` from now on, and nobody else.
        /// Credentials on record stay as they are. Origin: the admin origin.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::set_issuer())]
        pub fn set_issuer(
            origin: OriginFor<T>,
            attribute: AttributeId,
            issuer: T::AccountId,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_issuer(attribute, issuer)
        }

        /// Removes `attribute`. Its number is never used again.
        ///
        /// Refused while a credential of it is on record or a role's policy names it. Origin: the
        /// admin origin.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::remove_attribute())]
        pub fn remove_attribute(origin: OriginFor<T>, attribute: AttributeId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_remove_attribute(attribute)
        }

        /// Removes `policy` and returns its bond. Its number is never used again.
        ///
        /// Refused while a role requires it. Origin: whoever paid for it, or the admin origin.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::remove_policy())]
        pub fn remove_policy(origin: OriginFor<T>, policy: PolicyId) -> DispatchResult {
            let caller = Self::ensure_admin_or_signed(origin)?;
            Self::do_remove_policy(policy, caller.as_ref())
        }

        /// Lifts the credentials of `attribute` of these accounts to its present version, with the
        /// expiry and the owner that they have.
        ///
        /// Each is judged alone: one that was revoked, has expired or is up to date is refused,
        /// as an event says, and the others count. Origin: the attribute's issuer, to whom the
        /// bonds pass that another account paid.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::reissue(accounts.len() as u32))]
        pub fn reissue(
            origin: OriginFor<T>,
            attribute: AttributeId,
            accounts: AccountBatch<T>,
        ) -> DispatchResult {
            let (issuer, version) = Self::ensure_issuer(origin, attribute)?;
            Self::do_reissue(attribute, version, &issuer, accounts);
            Ok(())
        }

        /// Removes the credential of `attribute` from `who` when it lapsed long ago, and returns
        /// its bond. Origin: anyone.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::remove_lapsed())]
        pub fn remove_lapsed(
            origin: OriginFor<T>,
            who: T::AccountId,
            attribute: AttributeId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove_lapsed(who, attribute)
        }

        /// Takes `who` off the blacklist.
        ///
        /// Origin: the admin origin at any time; anyone when the exclusion has ended.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::lift_exclusion())]
        pub fn lift_exclusion(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            let early = Self::ensure_admin_or_signed(origin)?.is_none();
            Self::do_lift_exclusion(who, early)
        }
    }
}
