//! What stands in for other pallets in a pallet's tests: a calendar whose clock stands still until
//! it is set, and a membership that knows what it was told.
//!
//! What they are told is each thread's own, as in all tests of FRAME. Accounts are numbers.

use crate::{
    Calendar, Membership, Millis, Moment, OwnerId, PolicyId, Role, SlotIndex, SlotTimes, Windows,
};
use alloc::collections::{BTreeMap, BTreeSet};

pub use told::{Now, Owners, Permitted, ShutAccounts, TestWindows};

// The macro declares constants beside these types, and documents none of them.
#[allow(missing_docs)]
mod told {
    use super::*;

    frame_support::parameter_types! {
        /// The time of [`TestCalendar`].
        pub static Now: Moment = 0;
        /// The windows that [`TestCalendar`] gives every slot.
        pub static TestWindows: Windows = Windows::default();
        /// Who may act in which role, for [`TestMembership`].
        pub static Permitted: BTreeSet<(u64, Role)> = BTreeSet::new();
        /// The owners behind accounts, for [`TestMembership`].
        pub static Owners: BTreeMap<u64, OwnerId> = BTreeMap::new();
        /// The accounts that are shut, for [`TestMembership`].
        pub static ShutAccounts: BTreeSet<u64> = BTreeSet::new();
    }
}

/// Slots of this length in milliseconds, and a clock that stands still until it is set.
pub struct TestCalendar<const SLOT_LENGTH: Millis>;

impl<const SLOT_LENGTH: Millis> Calendar for TestCalendar<SLOT_LENGTH> {
    fn slot_length() -> Millis {
        SLOT_LENGTH
    }

    fn now() -> Moment {
        Now::get()
    }

    fn schedule(slot: SlotIndex) -> SlotTimes {
        TestWindows::get().schedule(slot, SLOT_LENGTH)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_now(moment: Moment) {
        Now::set(moment);
    }
}

/// The owner of the account with this number, where it is the only one of its owner.
pub fn owner(who: u64) -> OwnerId {
    let mut id = [0; 32];
    for (byte, part) in id.iter_mut().zip(who.to_le_bytes()) {
        *byte = part;
    }
    OwnerId(id)
}

/// Permits and knows what [`Permitted`], [`Owners`] and [`ShutAccounts`] say. Nobody satisfies a
/// policy.
pub struct TestMembership;

impl TestMembership {
    /// Nobody may do anything, no owner is known, and no account is shut.
    pub fn reset() {
        Permitted::take();
        Owners::take();
        ShutAccounts::take();
    }

    /// Lets `who` act in `role`.
    pub fn permit(who: u64, role: Role) {
        Permitted::mutate(|all| all.insert((who, role)));
    }

    /// Lets `who` act in `role` no more.
    pub fn forbid(who: u64, role: Role) {
        Permitted::mutate(|all| all.remove(&(who, role)));
    }

    /// Lets nobody act in `role`.
    pub fn forbid_all(role: Role) {
        Permitted::mutate(|all| all.retain(|(_, permitted)| *permitted != role));
    }

    /// Makes `who` an account of `owner`.
    pub fn set_owner(who: u64, owner: OwnerId) {
        Owners::mutate(|all| all.insert(who, owner));
    }

    /// Makes the owner of `who` unknown.
    pub fn forget_owner(who: u64) {
        Owners::mutate(|all| all.remove(&who));
    }

    /// Shuts `who` for good.
    pub fn shut(who: u64) {
        ShutAccounts::mutate(|all| all.insert(who));
    }
}

impl Membership<u64> for TestMembership {
    fn satisfies(_who: &u64, _policy: PolicyId) -> bool {
        false
    }

    fn may(who: &u64, role: Role) -> bool {
        Permitted::get().contains(&(*who, role)) && !ShutAccounts::get().contains(who)
    }

    fn owner_of(who: &u64) -> Option<OwnerId> {
        Owners::get().get(who).copied()
    }

    fn speaks_for(who: &u64) -> Option<OwnerId> {
        Self::owner_of(who).filter(|_| !ShutAccounts::get().contains(who))
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn grant(who: &u64, role: Role) {
        Self::permit(*who, role);
        Self::give_owner(who);
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn give_owner(who: &u64) {
        Owners::mutate(|all| *all.entry(*who).or_insert_with(|| owner(*who)));
    }
}
