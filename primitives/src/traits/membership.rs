//! Who may do what, and who is kept from it.

use crate::{Millis, OwnerId, PolicyId, Role};
use frame_support::dispatch::DispatchResult;

/// Access control, as other pallets see it.
pub trait Membership<AccountId> {
    /// Whether `who` holds valid credentials that satisfy `policy`, has an owner, is not shut, and
    /// its owner is not excluded by a decision.
    fn satisfies(who: &AccountId, policy: PolicyId) -> bool;

    /// Whether `who` satisfies the policy of `role`, and its owner is not excluded from that role
    /// for defaults either. A role without a policy is nobody's, and nobody without an owner has
    /// one.
    fn may(who: &AccountId, role: Role) -> bool;

    /// The owner behind `who`. Once there is one it never changes and never goes away; whoever
    /// ever acted in a role has one.
    fn owner_of(who: &AccountId) -> Option<OwnerId>;

    /// The owner for whom `who` may agree to anything or refuse it: its own, and nobody once the
    /// account is shut, because whoever has a lost key is not its owner.
    fn speaks_for(who: &AccountId) -> Option<OwnerId>;

    /// Makes `may(who, role)` true, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn grant(who: &AccountId, role: Role);

    /// Gives `who` an owner and nothing else, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn give_owner(who: &AccountId);
}

/// Exclusion from new business by other pallets' rules.
pub trait Sanctions<AccountId> {
    /// Excludes the owner of `who` from trading and selling for `duration` from now on, clamped to
    /// the permitted range; never shortens an exclusion that lasts longer. Takes no credential, and
    /// bars from no other role. Does nothing where there is no owner: no role holds there anyway.
    fn blacklist_for_default(who: &AccountId, duration: Millis) -> DispatchResult;

    /// Gives `who` an owner that is excluded for a shorter time, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn prepare_exclusion(_who: &AccountId) {}
}
