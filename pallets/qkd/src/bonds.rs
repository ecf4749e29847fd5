//! What is at stake for what is stored, and how it goes back.

use crate::{Bonds, Config, Deposits, EnrolmentOf, Error, Item, Pallet, Profile, SessionOf};
use codec::{Encode, MaxEncodedLen};
use core::fmt::Debug;
use frame_support::traits::{Consideration, Footprint};
use qedex_primitives::qkd::{Link, SessionId, Site};
use sp_runtime::DispatchResult;

/// The footprint of an item of so many bytes that an account stores, with its key and its bond.
fn footprint<T: Config>(bytes: usize) -> Footprint {
    let bond = Item::<T::AccountId>::max_encoded_len()
        .saturating_add(T::AccountId::max_encoded_len())
        .saturating_add(T::Bond::max_encoded_len());
    Footprint::from_parts(1, bytes.saturating_add(bond))
}

impl<T: Config> Pallet<T> {
    pub(crate) fn site_footprint() -> Footprint {
        footprint::<T>(Site::<T::AccountId>::max_encoded_len())
    }

    pub(crate) fn link_footprint() -> Footprint {
        footprint::<T>(Link::<T::AccountId>::max_encoded_len())
    }

    /// Of an enrolment, which is found by its SAE and by its account as well.
    pub(crate) fn enrolment_footprint() -> Footprint {
        let sae = qedex_primitives::qkd::SaeId::max_encoded_len();
        let found = sae.saturating_add(T::AccountId::max_encoded_len());
        footprint::<T>(EnrolmentOf::<T>::max_encoded_len().saturating_add(found))
    }

    pub(crate) fn profile_footprint(profile: &Profile<T::AccountId>) -> Footprint {
        footprint::<T>(profile.encoded_size())
    }

    /// Of a session at its largest, which is listed for both ends and awaited of one of them.
    pub(crate) fn session_footprint() -> Footprint {
        let listed = T::AccountId::max_encoded_len().saturating_add(SessionId::max_encoded_len());
        let bytes = SessionOf::<T>::max_encoded_len()
            .saturating_add(listed.saturating_mul(3))
            .saturating_add(T::Deposit::max_encoded_len());
        Footprint::from_parts(1, bytes)
    }

    /// Puts a bond of `payer` on an item. Changes nothing where it fails.
    pub(crate) fn take_bond(
        item: Item<T::AccountId>,
        payer: &T::AccountId,
        footprint: Footprint,
    ) -> Result<(), Error<T>> {
        let bond = T::Bond::new(payer, footprint).map_err(|_| Error::<T>::CannotPayBond)?;
        Bonds::<T>::insert(item, (payer, bond));
        Ok(())
    }

    /// Fits the bond on what an account says of itself to what it says now.
    pub(crate) fn fit_bond(
        who: &T::AccountId,
        profile: &Profile<T::AccountId>,
    ) -> Result<(), Error<T>> {
        let item = Item::Profile(who.clone());
        let footprint = Self::profile_footprint(profile);
        let Some((payer, bond)) = Bonds::<T>::get(&item) else {
            return Self::take_bond(item, who, footprint);
        };
        let bond = bond.update(&payer, footprint).map_err(|_| Error::<T>::CannotPayBond)?;
        Bonds::<T>::insert(item, (payer, bond));
        Ok(())
    }

    /// Gives the bond on an item back to whoever paid it.
    pub(crate) fn return_bond(item: Item<T::AccountId>) {
        if let Some((payer, bond)) = Bonds::<T>::take(&item) {
            report(&payer, bond.drop(&payer));
        }
    }

    /// Gives the deposit for a session back to who asked for it.
    pub(crate) fn return_deposit(session: SessionId, payer: &T::AccountId) {
        if let Some(deposit) = Deposits::<T>::take(session) {
            report(payer, deposit.drop(payer));
        }
    }
}

/// What is removed is removed, whatever has become of what was held for it: otherwise it could not be
/// removed at all.
fn report(payer: &impl Debug, returned: DispatchResult) {
    if let Err(error) = returned {
        log::error!(target: "runtime::qkd", "nothing goes back to {payer:?}: {error:?}");
    }
}
