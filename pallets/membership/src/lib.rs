//! # Membership: who may do what
//!
//! The consortium admits people and devices by what they *are* (an attribute, such as
//! `prosumer` or `meter-installer`), and lets them act by *formulas* over those attributes (a
//! policy). No account is ever named in a policy.
//!
//! ## Rules
//!
//! - An **attribute** has a number, an issuer account, a version and a meaning in words. The
//!   admin origin registers it; its issuer alone issues credentials of it.
//! - A **credential** says that an account has an attribute until a moment. It *holds* if
//!   1. it carries the present version of its attribute,
//!   2. the present time lies before its expiry, and
//!   3. its holder is not blacklisted.
//! - **Revocation** of one holder removes the credential. Revocation of a whole attribute
//!   raises its version: every credential of it is void at once, at the cost of one write, and
//!   the issuer issues anew, in bounded batches, to those who remain. Both are open to the
//!   issuer and, should its key be lost or in wrong hands, to the admin origin.
//! - Behind each account stands one **owner**, an opaque id of the legal holder. The first
//!   credential names it. A later one that names another owner is refused, unless it replaces
//!   the only credential of the account. The owner stays known as long as any credential of the
//!   account is on record, whether that still holds or not: a lapse must not make two accounts
//!   of one person look like two persons.
//! - A **policy** is a bounded monotone formula over attributes (AND, OR, k-of-n) in postfix
//!   order, see [`qedex_math::policy`]. Its size, its depth and its attributes are checked when
//!   it is created. It never changes: a role is pointed to another policy instead.
//! - A **role** names the policy that it requires. A role without a policy is nobody's. Roles
//!   gate new business only: whoever is party to an open trade may finish it.
//! - The **blacklist** excludes an account from everything that a policy guards, for between
//!   [`MIN_EXCLUSION`] and [`MAX_EXCLUSION`]. It is lifted by time; no transaction is needed.
//!   An exclusion that follows from a default never shortens one that lasts longer; a
//!   decision of the admin origin replaces whatever stood before.
//!
//! ## For other pallets
//!
//! [`Pallet`] implements [`Membership`](qedex_primitives::Membership) and
//! [`Sanctions`](qedex_primitives::Sanctions). A check of a policy reads at most two items per
//! attribute that the policy names, and four others.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

mod access;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod genesis;
mod issuance;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use genesis::{GenesisAttribute, GenesisCredential};
pub use pallet::*;
pub use types::{
    AttributeInfo, Credential, Exclusion, ExclusionReason, Holder, LongText, ReasonText, ShortText,
};
pub use weights::WeightInfo;

use qedex_primitives::Millis;

/// The shortest exclusion: one hour.
pub const MIN_EXCLUSION: Millis = 3_600_000;

/// The longest exclusion: 31 days.
pub const MAX_EXCLUSION: Millis = 31 * 24 * 3_600_000;

/// How deep a policy may be nested. An attribute alone has depth 1.
pub const MAX_POLICY_DEPTH: u8 = 8;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use qedex_math::policy::{PolicyError, PolicyNode};
    use qedex_primitives::{AttributeId, Calendar, Moment, OwnerId, PolicyId, Role};

    /// A policy as it is stored: its nodes in postfix order.
    pub type PolicyOf<T> = BoundedVec<PolicyNode<AttributeId>, <T as Config>::MaxPolicyNodes>;

    /// Credentials to issue at once: who gets one, when it expires, and who owns the account.
    pub type CredentialBatch<T> = BoundedVec<
        (<T as frame_system::Config>::AccountId, Moment, OwnerId),
        <T as Config>::MaxIssueBatch,
    >;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who registers attributes, creates policies, sets roles and excludes accounts.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The chain's time, against which expiries and exclusions are held.
        type Calendar: Calendar;

        /// The most nodes of a policy. At least 1.
        #[pallet::constant]
        type MaxPolicyNodes: Get<u32>;

        /// The most credentials of one batch. At least 1.
        #[pallet::constant]
        type MaxIssueBatch: Get<u32>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
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
    pub type Credentials<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, AttributeId, Credential>;

    /// The owner behind each account that has a credential on record, and how many it has.
    #[pallet::storage]
    pub type Holders<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Holder>;

    /// The policies, by their number.
    #[pallet::storage]
    pub type Policies<T: Config> = StorageMap<_, Twox64Concat, PolicyId, PolicyOf<T>>;

    /// The number that the next policy gets.
    #[pallet::storage]
    pub type NextPolicy<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The policy that each role requires.
    #[pallet::storage]
    pub type Roles<T: Config> = StorageMap<_, Twox64Concat, Role, PolicyId>;

    /// The latest exclusion of an account. It counts until its end and is ignored from then on.
    #[pallet::storage]
    pub type Blacklist<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Exclusion>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An attribute was registered.
        AttributeRegistered {
            /// Its number.
            attribute: AttributeId,
            /// Who issues credentials of it.
            issuer: T::AccountId,
        },
        /// All credentials of an attribute became void.
        AttributeRevoked {
            /// Which.
            attribute: AttributeId,
            /// The version that credentials must carry from now on.
            version: u32,
        },
        /// A policy was created.
        PolicyCreated {
            /// Its number.
            policy: PolicyId,
        },
        /// A role requires another policy from now on.
        RoleSet {
            /// Which role.
            role: Role,
            /// Which policy.
            policy: PolicyId,
        },
        /// A credential was issued, or renewed.
        CredentialIssued {
            /// To whom.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
            /// From when on it does not hold any more, in milliseconds since the Unix epoch.
            expires: Moment,
        },
        /// A credential was removed.
        CredentialRevoked {
            /// From whom.
            who: T::AccountId,
            /// Of which attribute.
            attribute: AttributeId,
        },
        /// An account was excluded.
        Blacklisted {
            /// Which.
            who: T::AccountId,
            /// Until when, in milliseconds since the Unix epoch.
            until: Moment,
            /// Why.
            reason: ExclusionReason,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// There is no attribute of this number.
        UnknownAttribute,
        /// There is no policy of this number.
        UnknownPolicy,
        /// Only the attribute's issuer may do this.
        NotTheIssuer,
        /// The expiry does not lie in the future.
        ExpiryNotInFuture,
        /// The account has no credential of this attribute on record.
        NoSuchCredential,
        /// Another credential of the account names another owner.
        OwnerConflict,
        /// An exclusion lasts from one hour to 31 days.
        ExclusionOutOfRange,
        /// All numbers of this kind are used up.
        NumbersExhausted,
        /// The policy has no nodes.
        PolicyEmpty,
        /// The policy is nested too deeply.
        PolicyTooDeep,
        /// A threshold of the policy is zero, or larger than the number of its parts.
        PolicyBadThreshold,
        /// A threshold of the policy asks for more parts than stand before it.
        PolicyMissingParts,
        /// The policy leaves parts over that no threshold takes.
        PolicyLeavesParts,
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
            assert!(
                T::MaxIssueBatch::get() >= 1,
                "a batch needs room for at least one credential"
            );
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
        /// most the permitted depth. Origin: the admin origin.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::create_policy(nodes.len() as u32))]
        pub fn create_policy(origin: OriginFor<T>, nodes: PolicyOf<T>) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_create_policy(nodes)
        }

        /// Makes `role` require `policy` from now on. Origin: the admin origin.
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
        /// Origin: the attribute's issuer.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::issue())]
        pub fn issue(
            origin: OriginFor<T>,
            who: T::AccountId,
            attribute: AttributeId,
            expires: Moment,
            owner: OwnerId,
        ) -> DispatchResult {
            let version = Self::ensure_issuer(origin, attribute)?;
            Self::do_issue(attribute, version, who, expires, owner)
        }

        /// Issues or renews many credentials of one attribute: all of them or, if one is
        /// refused, none.
        ///
        /// Origin: the attribute's issuer.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::issue_batch(credentials.len() as u32))]
        pub fn issue_batch(
            origin: OriginFor<T>,
            attribute: AttributeId,
            credentials: CredentialBatch<T>,
        ) -> DispatchResult {
            let version = Self::ensure_issuer(origin, attribute)?;
            for (who, expires, owner) in credentials {
                Self::do_issue(attribute, version, who, expires, owner)?;
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
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// Whether `who` satisfies `policy` now.
        pub fn satisfies(who: T::AccountId, policy: PolicyId) -> bool {
            Self::satisfies_policy(&who, policy)
        }

        /// Whether `who` may act in `role` now.
        pub fn may(who: T::AccountId, role: Role) -> bool {
            Self::may_act(&who, role)
        }
    }

    impl<T> From<PolicyError> for Error<T> {
        fn from(error: PolicyError) -> Self {
            match error {
                PolicyError::Empty => Self::PolicyEmpty,
                PolicyError::BadThreshold => Self::PolicyBadThreshold,
                PolicyError::Underflow => Self::PolicyMissingParts,
                PolicyError::Leftover => Self::PolicyLeavesParts,
                PolicyError::TooDeep => Self::PolicyTooDeep,
            }
        }
    }
}
