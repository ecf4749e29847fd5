//! Who may do what, and who is kept from it.

use crate::{Millis, OwnerId, PolicyId, Role};
use frame_support::dispatch::DispatchResult;

/// Access control, as other pallets see it.
pub trait Membership<AccountId> {
    /// Whether `who` holds valid credentials that satisfy `policy` and is not blacklisted.
    fn satisfies(who: &AccountId, policy: PolicyId) -> bool;

    /// Whether `who` satisfies the policy of `role`. A role without a policy is nobody's.
    fn may(who: &AccountId, role: Role) -> bool;

    /// The owner behind `who`, if a credential on record names one, whether or not it still holds:
    /// letting a credential lapse must not make an account look like nobody's.
    fn owner_of(who: &AccountId) -> Option<OwnerId>;

    /// Makes `may(who, role)` true, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn grant(who: &AccountId, role: Role);
}

/// Exclusion from new business by other pallets' rules.
pub trait Sanctions<AccountId> {
    /// Blacklists `who` for `duration` from now on, clamped to the permitted range; never
    /// shortens an exclusion that lasts longer.
    fn blacklist_for_default(who: &AccountId, duration: Millis) -> DispatchResult;

    /// Takes from `who` the credentials that let it sell, and returns how many.
    ///
    /// These are its credentials of the attributes that the policy of [`Role::Sell`] names and
    /// that of [`Role::Trade`] does not, so that it may still buy; if it has none of them on
    /// record, those of every attribute that the policy of `Sell` names. Lapsed credentials go as
    /// well, and without a policy of `Sell` there is nothing to take. What was held for their
    /// storage goes back to whoever paid. The issuer may issue anew.
    ///
    /// Never fails. The work is bounded by the size of the largest policy: two policies are read
    /// and, for each attribute named, a credential and the hold behind it removed. A caller counts
    /// that in its weight: its benchmark calls `prepare_revocation` first.
    fn revoke_selling(who: &AccountId) -> u32;

    /// Makes [`Self::revoke_selling`] of `who` as costly as it can be, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn prepare_revocation(who: &AccountId);
}
