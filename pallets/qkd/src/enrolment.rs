//! Who draws keys as which SAE.

use crate::{
    AcceptedBy, Config, EnrolmentOf, EnrolmentOfSae, Enrolments, Error, Event, Item, NextEnrolment,
    Pallet,
};
use frame_support::{ensure, traits::Get};
use qedex_primitives::{
    Calendar, Moment,
    qkd::{Enrolment, EnrolmentId, SaeId, SiteId},
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    pub(crate) fn enrolment(id: EnrolmentId) -> Result<EnrolmentOf<T>, Error<T>> {
        Enrolments::<T>::get(id).ok_or(Error::<T>::UnknownEnrolment)
    }

    /// Refuses an expiry that has passed or lies too far ahead.
    fn ensure_term(expires: Moment) -> Result<(), Error<T>> {
        let now = T::Calendar::now();
        ensure!(expires > now, Error::<T>::ExpiryPassed);
        ensure!(expires <= now.saturating_add(T::MaxSaeTerm::get()), Error::<T>::ExpiryTooFar);
        Ok(())
    }

    pub(crate) fn do_enrol(
        operator: T::AccountId,
        site: SiteId,
        sae: SaeId,
        account: T::AccountId,
        expires: Moment,
    ) -> DispatchResult {
        Self::ensure_term(expires)?;
        Self::put_enrolment(operator, site, sae, account, expires)
    }

    /// Enrols an SAE until whatever moment.
    pub(crate) fn put_enrolment(
        operator: T::AccountId,
        site: SiteId,
        sae: SaeId,
        account: T::AccountId,
        expires: Moment,
    ) -> DispatchResult {
        Self::own_site(&operator, site)?;
        let text = core::str::from_utf8(&sae).map_err(|_| Error::<T>::InvalidSaeId)?;
        q_sah::SaeId::new(text).map_err(|_| Error::<T>::InvalidSaeId)?;
        ensure!(!EnrolmentOfSae::<T>::contains_key(&sae), Error::<T>::SaeEnrolled);
        let number = NextEnrolment::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let enrolment = EnrolmentId(number);
        let footprint = Self::enrolment_footprint();
        Self::take_bond(Item::Enrolment(enrolment), &operator, footprint)?;
        NextEnrolment::<T>::put(next);
        Self::count(site, |site| site.saes = site.saes.saturating_add(1));
        EnrolmentOfSae::<T>::insert(&sae, enrolment);
        let event = Event::SaeEnrolled {
            enrolment,
            sae: sae.clone(),
            account: account.clone(),
            site,
            expires,
        };
        let record = Enrolment { sae, site, account, expires, accepted: false };
        Enrolments::<T>::insert(enrolment, record);
        Self::deposit_event(event);
        Ok(())
    }

    pub(crate) fn do_accept_sae(who: T::AccountId, id: EnrolmentId) -> DispatchResult {
        let mut enrolment = Self::enrolment(id)?;
        ensure!(enrolment.account == who, Error::<T>::NotEnrolledForYou);
        ensure!(!enrolment.accepted, Error::<T>::SaeAccepted);
        ensure!(enrolment.expires > T::Calendar::now(), Error::<T>::SaeExpired);
        ensure!(!AcceptedBy::<T>::contains_key(&who), Error::<T>::HasAnotherSae);
        enrolment.accepted = true;
        Enrolments::<T>::insert(id, enrolment);
        AcceptedBy::<T>::insert(&who, id);
        Self::deposit_event(Event::SaeAccepted { enrolment: id, account: who });
        Ok(())
    }

    pub(crate) fn do_renew_sae(
        operator: T::AccountId,
        id: EnrolmentId,
        expires: Moment,
    ) -> DispatchResult {
        let mut enrolment = Self::enrolment(id)?;
        Self::own_site(&operator, enrolment.site)?;
        ensure!(expires > enrolment.expires, Error::<T>::NotLater);
        Self::ensure_term(expires)?;
        enrolment.expires = expires;
        Enrolments::<T>::insert(id, enrolment);
        Self::deposit_event(Event::SaeRenewed { enrolment: id, expires });
        Ok(())
    }

    /// Removes an enrolment: for the admin origin without `who`, for the operator and the account, and for
    /// anyone once it has expired.
    pub(crate) fn do_remove_sae(who: Option<T::AccountId>, id: EnrolmentId) -> DispatchResult {
        let enrolment = Self::enrolment(id)?;
        if let Some(who) = who {
            let concerned = enrolment.account == who || Self::runs(&who, enrolment.site);
            let expired = enrolment.expires <= T::Calendar::now();
            ensure!(concerned || expired, Error::<T>::MayNotRemove);
        }
        Enrolments::<T>::remove(id);
        EnrolmentOfSae::<T>::remove(&enrolment.sae);
        if enrolment.accepted {
            AcceptedBy::<T>::remove(&enrolment.account);
        }
        Self::count(enrolment.site, |site| site.saes = site.saes.saturating_sub(1));
        Self::return_bond(Item::Enrolment(id));
        let Enrolment { sae, account, .. } = enrolment;
        Self::deposit_event(Event::SaeRemoved { enrolment: id, sae, account });
        Ok(())
    }
}
