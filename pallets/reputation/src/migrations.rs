//! From accounts to owners: what was known of accounts is what is known of their owners.

use crate::{Config, Counts, Experience, Memories, Memory, Pair, Pairs, Pallet, Places, Totals};
use alloc::{collections::BTreeMap, vec::Vec};
use core::marker::PhantomData;
use frame_support::{
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use qedex_math::standing::FULL;
use qedex_primitives::{Membership, OwnerId};

/// What stood where before.
pub(crate) mod v1 {
    use super::*;
    use codec::{Decode, Encode, MaxEncodedLen};
    use frame_support::{pallet_prelude::*, storage_alias};

    /// An account of the chain.
    type AccountOf<T> = <T as frame_system::Config>::AccountId;

    /// Who rated: an owner, or an account whose owner was not known.
    #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
    pub enum Rater<AccountId> {
        /// All accounts of an owner.
        Owner(OwnerId),
        /// An account.
        Account(AccountId),
    }

    /// What one rater's ratings of one ratee amounted to.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
    pub struct Pair {
        /// All of them.
        pub sum: Counts,
        /// The one of the last day: the worst.
        pub last: Counts,
        /// That day.
        pub last_day: u32,
    }

    /// The ratings of each remembered rater, by ratee and rater.
    #[storage_alias]
    pub type Pairs<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Blake2_128Concat,
        AccountOf<T>,
        Blake2_128Concat,
        Rater<AccountOf<T>>,
        Pair,
    >;

    /// Which raters of a ratee are remembered.
    #[storage_alias]
    pub type Memories<T: Config> =
        StorageMap<Pallet<T>, Blake2_128Concat, AccountOf<T>, Memory, ValueQuery>;

    /// The remembered raters by their places.
    #[storage_alias]
    pub type Places<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Blake2_128Concat,
        AccountOf<T>,
        Twox64Concat,
        u32,
        Rater<AccountOf<T>>,
    >;

    /// What all ratings of a rater weigh.
    #[storage_alias]
    pub type Experience<T: Config> =
        StorageMap<Pallet<T>, Blake2_128Concat, Rater<AccountOf<T>>, u64, ValueQuery>;

    /// What all ratings of a ratee amount to.
    #[storage_alias]
    pub type Totals<T: Config> =
        StorageMap<Pallet<T>, Blake2_128Concat, AccountOf<T>, Counts, ValueQuery>;
}

/// Version 1 rated accounts, version 2 rates owners.
///
/// - The ratings of all accounts of an owner are added up, and so are those that it gave by any of
///   them. Those between two accounts of one owner, which were not known to be one then, are gone.
/// - Of a ratee's raters as many are remembered as may be, those first that missed most. What others
///   rated, and raters of whom no owner is known, stays in its totals.
/// - What is known of an account without an owner is dropped: it is not rated any more.
///
/// Owners have to be known: it comes after the migration of membership.
pub struct ByOwner<T>(PhantomData<T>);

/// [`ByOwner`] on a chain of version 1, which it makes one of version 2. A second run does nothing.
pub type MigrateV1ToV2<T> =
    VersionedMigration<1, 2, ByOwner<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The owner behind a rater.
fn owner_of<T: Config>(rater: &v1::Rater<T::AccountId>) -> Option<OwnerId> {
    match rater {
        v1::Rater::Owner(owner) => Some(*owner),
        v1::Rater::Account(account) => T::Membership::owner_of(account),
    }
}

/// Two pairs of accounts as one of their owners.
fn merged(one: Pair, other: Pair) -> Pair {
    let kept_on = |day, pair: Pair| if pair.last_day == day { pair.kept_last } else { 0 };
    let last_day = one.last_day.max(other.last_day);
    let kept_last = kept_on(last_day, one).saturating_add(kept_on(last_day, other));
    Pair { sum: one.sum.saturating_add(other.sum), kept_last: kept_last.min(FULL), last_day }
}

/// Remembers the raters of an owner whose ratings amount to `totals`.
fn remember<T: Config>(ratee: OwnerId, totals: Counts, raters: BTreeMap<OwnerId, Pair>) {
    let mut raters: Vec<_> = raters.into_iter().collect();
    // Who missed most, and who rated last, first.
    raters.sort_by_key(|(_, pair)| core::cmp::Reverse((pair.sum.missed, pair.last_day)));
    raters.truncate(usize::try_from(T::MaxRaters::get()).unwrap_or(usize::MAX));
    let mut remembered = Counts::default();
    let mut place = 0_u32;
    for (rater, pair) in raters {
        remembered = remembered.saturating_add(pair.sum);
        Pairs::<T>::insert(ratee, rater, pair);
        Places::<T>::insert(ratee, place, rater);
        place = place.saturating_add(1);
    }
    let forgotten = totals.saturating_sub(remembered);
    Memories::<T>::insert(ratee, Memory { raters: place, hand: 0, forgotten });
    Totals::<T>::insert(ratee, totals);
}

impl<T: Config> UncheckedOnRuntimeUpgrade for ByOwner<T> {
    fn on_runtime_upgrade() -> Weight {
        // Old and new entries share their places: all old ones are taken before a new one is put.
        let pairs: Vec<_> = v1::Pairs::<T>::drain().collect();
        let places = v1::Places::<T>::drain().count();
        let memories = v1::Memories::<T>::drain().count();
        let experience: Vec<_> = v1::Experience::<T>::drain().collect();
        let accounts: Vec<_> = v1::Totals::<T>::drain().collect();
        let entries = pairs
            .len()
            .saturating_add(places)
            .saturating_add(memories)
            .saturating_add(experience.len())
            .saturating_add(accounts.len());
        let mut totals = BTreeMap::<OwnerId, Counts>::new();
        for (account, counts) in accounts {
            if let Some(owner) = T::Membership::owner_of(&account) {
                let all = totals.entry(owner).or_default();
                *all = all.saturating_add(counts);
            }
        }
        let mut raters = BTreeMap::<OwnerId, BTreeMap<OwnerId, Pair>>::new();
        let mut own = BTreeMap::<OwnerId, u64>::new();
        for (account, rater, pair) in pairs {
            let owners = (T::Membership::owner_of(&account), owner_of::<T>(&rater));
            let (Some(ratee), Some(rater)) = owners else {
                continue;
            };
            if ratee == rater {
                totals.entry(ratee).and_modify(|all| *all = all.saturating_sub(pair.sum));
                let all = own.entry(rater).or_default();
                *all = all.saturating_add(pair.sum.all());
                continue;
            }
            let v1::Pair { sum, last, last_day } = pair;
            let pair = Pair { sum, kept_last: last.kept, last_day };
            let entry = raters.entry(ratee).or_default().entry(rater).or_default();
            *entry = merged(*entry, pair);
        }
        for (ratee, counts) in totals {
            remember::<T>(ratee, counts, raters.remove(&ratee).unwrap_or_default());
        }
        for (rater, weight) in experience {
            if let Some(owner) = owner_of::<T>(&rater) {
                Experience::<T>::mutate(owner, |all| *all = all.saturating_add(weight));
            }
        }
        for (rater, weight) in own {
            Experience::<T>::mutate(rater, |all| *all = all.saturating_sub(weight));
        }
        let entries = u64::try_from(entries).unwrap_or(u64::MAX);
        // Each is read and taken, and at most its owner, its rater's and what stands there read and
        // one entry written.
        T::DbWeight::get()
            .reads_writes(entries.saturating_mul(4).saturating_add(5), entries.saturating_mul(3))
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        use codec::Encode;
        let mut missed = BTreeMap::<OwnerId, u64>::new();
        for (account, counts) in v1::Totals::<T>::iter() {
            if let Some(owner) = T::Membership::owner_of(&account) {
                let all = missed.entry(owner).or_default();
                *all = all.saturating_add(counts.missed);
            }
        }
        Ok(missed.encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(state: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        use codec::Decode;
        let missed = BTreeMap::<OwnerId, u64>::decode(&mut &state[..])
            .map_err(|_| "what held before is not told")?;
        for (owner, before) in missed {
            frame_support::ensure!(
                Totals::<T>::get(owner).missed <= before,
                "an owner has missed what none of its accounts did"
            );
        }
        Pallet::<T>::do_try_state()
    }
}
