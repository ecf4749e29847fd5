//! What accounts say of themselves.

use crate::{Config, Error, Event, Item, Pallet, Profile, Profiles};
use frame_support::ensure;
use qedex_primitives::{
    MeterKey,
    qkd::{AcceptsFrom, MailAddress, WorkerKey},
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_worker(who: T::AccountId, key: Option<WorkerKey>) -> DispatchResult {
        if let Some(WorkerKey(key)) = key {
            // With a key of small order everybody could sign.
            ensure!(!MeterKey::Sr25519(key).is_weak(), Error::<T>::WeakKey);
        }
        Self::change_profile(&who, |profile| profile.worker = key)?;
        Self::deposit_event(Event::WorkerSet { who, key });
        Ok(())
    }

    pub(crate) fn do_set_mail(who: T::AccountId, mail: Option<MailAddress>) -> DispatchResult {
        if let Some(mail) = &mail {
            let readable = !mail.is_empty() && mail.iter().all(u8::is_ascii_graphic);
            ensure!(readable, Error::<T>::InvalidMailAddress);
        }
        Self::change_profile(&who, |profile| profile.mail = mail.clone())?;
        Self::deposit_event(Event::MailSet { who, mail });
        Ok(())
    }

    pub(crate) fn do_set_accepts(
        who: T::AccountId,
        accepts: AcceptsFrom<T::AccountId>,
    ) -> DispatchResult {
        Self::change_profile(&who, |profile| profile.accepts = accepts)?;
        Self::deposit_event(Event::AcceptsFromSet { who });
        Ok(())
    }

    /// Changes what `who` says of itself, and what is at stake for it.
    fn change_profile(
        who: &T::AccountId,
        change: impl FnOnce(&mut Profile<T::AccountId>),
    ) -> DispatchResult {
        let mut profile = Profiles::<T>::get(who).unwrap_or_default();
        change(&mut profile);
        if profile.is_empty() {
            Profiles::<T>::remove(who);
            Self::return_bond(Item::Profile(who.clone()));
        } else {
            Self::fit_bond(who, &profile)?;
            Profiles::<T>::insert(who, profile);
        }
        Ok(())
    }
}
