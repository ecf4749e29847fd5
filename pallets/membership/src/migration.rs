//! How what is stored was brought from one layout to the next.

use crate::{
    AccountState, AccountsOf, AttributeInfo, Attributes, Config, Credentials, Decision, Exclusions,
    HolderCounts, MAX_TERM, MIN_TERM, Owned, Owners, Pallet, Tenure, Tenures,
};
use frame_support::{
    migrations::VersionedMigration, traits::UncheckedOnRuntimeUpgrade, weights::Weight,
};
use qedex_primitives::{AttributeId, Calendar, ExclusionReason, Moment};
use sp_runtime::traits::Get;

/// Version 1 to 2: owners are named, and count.
///
/// - Every account with a credential on record keeps the owner it had, for good and at nobody's
///   expense. The list of an owner's accounts takes as many as there is room; those beyond keep
///   their owner, but no further one can join. An account whose last credential was gone had no
///   owner any more, and has none: the registrar names it.
/// - An account's exclusion is its owner's: of several the longest counts, apart for defaults and by
///   decision. That of an account without an owner goes: no role holds for it.
/// - Credentials stay as they are. All of them count as held for long. An attribute's term is what is
///   left of its longest credential, within the permitted range.
/// - Nobody is registrar until the admin origin sets one.
///
/// All of it happens in one block, which reads and writes each of these items a few times: it is meant
/// for hundreds of accounts, and holds for thousands.
pub type V1ToV2<T> =
    VersionedMigration<1, 2, OwnersAreNamed<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The layout of version 1, as far as it differs.
pub(crate) mod v1 {
    use crate::{Config, LongText, Pallet, ShortText};
    use codec::{Decode, Encode};
    use frame_support::{Blake2_128Concat, Twox64Concat, storage_alias};
    use qedex_primitives::{AttributeId, ExclusionReason, Moment, OwnerId};

    /// The owner of an account that had credentials on record.
    #[derive(Encode, Decode)]
    pub struct Holder {
        pub owner: OwnerId,
        pub credentials: u32,
    }

    /// The exclusion of an account.
    #[derive(Encode, Decode)]
    pub struct Exclusion {
        pub reason: ExclusionReason,
        pub until: Moment,
    }

    /// An attribute.
    #[derive(Encode, Decode)]
    pub struct AttributeInfo<AccountId> {
        pub issuer: AccountId,
        pub version: u32,
        pub credentials: u32,
        pub name: ShortText,
        pub description: LongText,
    }

    #[storage_alias]
    pub type Holders<T: Config> =
        StorageMap<Pallet<T>, Blake2_128Concat, <T as frame_system::Config>::AccountId, Holder>;

    #[storage_alias]
    pub type Blacklist<T: Config> =
        StorageMap<Pallet<T>, Blake2_128Concat, <T as frame_system::Config>::AccountId, Exclusion>;

    #[storage_alias]
    pub type Attributes<T: Config> = StorageMap<
        Pallet<T>,
        Twox64Concat,
        AttributeId,
        AttributeInfo<<T as frame_system::Config>::AccountId>,
    >;
}

/// [`V1ToV2`] without its look at the version.
pub struct OwnersAreNamed<T>(core::marker::PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for OwnersAreNamed<T> {
    fn on_runtime_upgrade() -> Weight {
        let mut entries = 0_u64;
        for (account, holder) in v1::Holders::<T>::drain() {
            entries = entries.saturating_add(1);
            put_account::<T>(account, holder);
        }
        for (account, exclusion) in v1::Blacklist::<T>::drain() {
            entries = entries.saturating_add(1);
            put_exclusion::<T>(&account, exclusion);
        }
        Attributes::<T>::translate::<v1::AttributeInfo<T::AccountId>, _>(|_, info| {
            entries = entries.saturating_add(1);
            let v1::AttributeInfo { issuer, version, credentials, name, description } = info;
            Some(AttributeInfo { issuer, version, credentials, term: MIN_TERM, name, description })
        });
        let now = T::Calendar::now();
        for (account, attribute, credential) in Credentials::<T>::iter() {
            entries = entries.saturating_add(1);
            lengthen_term::<T>(attribute, credential.expires.saturating_sub(now));
            count::<T>(&account, attribute, credential.version);
        }
        // An entry takes at most two reads and two writes in each of three maps.
        T::DbWeight::get().reads_writes(6, 6).saturating_mul(entries)
    }
}

fn put_account<T: Config>(account: T::AccountId, holder: v1::Holder) {
    let owner = holder.owner;
    let listed = AccountsOf::<T>::try_mutate(owner, |accounts| accounts.try_push(account.clone()));
    if listed.is_err() {
        log::warn!(
            target: "runtime::membership",
            "{account:?} is beyond the accounts of {owner:?} that can be listed",
        );
    }
    Owners::<T>::insert(account, Owned { owner, state: AccountState::Open, bond: None });
}

fn put_exclusion<T: Config>(account: &T::AccountId, exclusion: v1::Exclusion) {
    let v1::Exclusion { reason, until } = exclusion;
    let Some(Owned { owner, .. }) = Owners::<T>::get(account) else {
        return;
    };
    Exclusions::<T>::mutate(owner, |entry| {
        let of_owner = entry.get_or_insert_default();
        match reason {
            ExclusionReason::Defaulted => {
                of_owner.defaulted_until = of_owner.defaulted_until.max(Some(until));
            }
            ExclusionReason::Decided(reason) => {
                let longer = of_owner.decided.as_ref().is_none_or(|before| before.until < until);
                if longer {
                    of_owner.decided = Some(Decision { reason, until });
                }
            }
        }
    });
}

fn lengthen_term<T: Config>(attribute: AttributeId, left: Moment) {
    Attributes::<T>::mutate_extant(attribute, |info| {
        info.term = info.term.max(left).min(MAX_TERM);
    });
}

/// Counts one credential of this version among those of the account's owner.
fn count<T: Config>(account: &T::AccountId, attribute: AttributeId, version: u32) {
    let (Some(Owned { owner, .. }), Some(info)) =
        (Owners::<T>::get(account), Attributes::<T>::get(attribute))
    else {
        return;
    };
    let before = Tenures::<T>::get(attribute, owner);
    let latest = before.map_or(0, |tenure| tenure.version);
    let accounts = match before {
        Some(tenure) if version == latest => tenure.accounts.saturating_add(1),
        Some(_) if version < latest => return,
        _ => 1,
    };
    // Its first one of the version that holds.
    if accounts == 1 && version == info.version {
        let today = Pallet::<T>::today();
        HolderCounts::<T>::mutate(attribute, |count| count.tally.resume(0, today));
    }
    let tenure = Tenure { version, accounts, established_on: 0, ended_on: None };
    Tenures::<T>::insert(attribute, owner, tenure);
}
