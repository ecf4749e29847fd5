//! How credentials come and go.

use crate::{
    AttributeInfo, Attributes, Config, Credential, Credentials, Error, Event, Owners, Pallet,
    ReissueError,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{AttributeId, Calendar, Moment};

impl<T: Config> Pallet<T> {
    /// Puts a credential on record, at the expense of the `issuer` who calls; without one the admin
    /// origin does, or the chain begins, and nobody pays. `info` is the attribute's.
    pub(crate) fn do_issue(
        attribute: AttributeId,
        info: &AttributeInfo<T::AccountId>,
        issuer: Option<&T::AccountId>,
        who: T::AccountId,
        expires: Moment,
    ) -> DispatchResult {
        let now = T::Calendar::now();
        let owner = Self::owned(&who)?.owner;
        ensure!(now < expires, Error::<T>::ExpiryNotInFuture);
        let version = info.version;
        let before = Credentials::<T>::get(&who, attribute);
        if let Some(before) = before.as_ref().filter(|before| expires < before.expires) {
            Self::count_ending(attribute, owner, before, issuer.is_some())?;
        }
        let renewed = before.is_some();
        let counts = before.as_ref().is_some_and(|before| before.version == version);
        let bond = Self::pass_bond(before.and_then(|credential| credential.bond), issuer)?;
        if !renewed {
            Attributes::<T>::mutate_extant(attribute, |info| {
                info.credentials = info.credentials.saturating_add(1);
            });
        }
        if !counts {
            Self::gain(attribute, owner, version);
        }
        Credentials::<T>::insert(&who, attribute, Credential { version, expires, bond });
        Self::deposit_event(Event::CredentialIssued { who, attribute, expires });
        Ok(())
    }

    /// Ensures that a credential of this attribute may last until `expires`.
    pub(crate) fn ensure_within_term(
        info: &AttributeInfo<T::AccountId>,
        expires: Moment,
    ) -> DispatchResult {
        let latest = T::Calendar::now().saturating_add(info.term);
        ensure!(expires <= latest, Error::<T>::BeyondTerm);
        Ok(())
    }

    /// Lifts each of these accounts' credentials to `version`, the attribute's present one, if
    /// nothing speaks against it, and says of every refused one why.
    pub(crate) fn do_reissue(
        attribute: AttributeId,
        version: u32,
        issuer: Option<&T::AccountId>,
        accounts: impl IntoIterator<Item = T::AccountId>,
    ) {
        let (mut reissued, mut refused) = (0_u32, 0_u32);
        for (index, who) in (0_u32..).zip(accounts) {
            match Self::reissue_one(attribute, version, issuer, &who) {
                Ok(expires) => {
                    reissued = reissued.saturating_add(1);
                    Self::deposit_event(Event::CredentialReissued {
                        who,
                        attribute,
                        version,
                        expires,
                    });
                }
                Err(error) => {
                    refused = refused.saturating_add(1);
                    Self::deposit_event(Event::ReissueRefused { index, who, attribute, error });
                }
            }
        }
        Self::deposit_event(Event::ReissueProcessed { attribute, reissued, refused });
    }

    /// Lifts one credential, and says when it expires. Changes nothing where it fails.
    fn reissue_one(
        attribute: AttributeId,
        version: u32,
        issuer: Option<&T::AccountId>,
        who: &T::AccountId,
    ) -> Result<Moment, ReissueError> {
        let credential =
            Credentials::<T>::get(who, attribute).ok_or(ReissueError::NoSuchCredential)?;
        let expires = credential.expires;
        ensure!(T::Calendar::now() < expires, ReissueError::Expired);
        ensure!(credential.version < version, ReissueError::NotOutdated);
        let owner = Owners::<T>::get(who).ok_or(ReissueError::NoSuchCredential)?.owner;
        let bond =
            Self::pass_bond(credential.bond, issuer).map_err(|_| ReissueError::CannotPayBond)?;
        Self::gain(attribute, owner, version);
        let credential = Credential { version, expires, bond };
        Credentials::<T>::insert(who, attribute, credential);
        Ok(expires)
    }

    /// Revokes a credential, for the issuer or the admin origin.
    pub(crate) fn do_revoke(
        who: T::AccountId,
        attribute: AttributeId,
        by_issuer: bool,
    ) -> DispatchResult {
        let credential =
            Credentials::<T>::get(&who, attribute).ok_or(Error::<T>::NoSuchCredential)?;
        if let Some(owned) = Owners::<T>::get(&who) {
            Self::count_ending(attribute, owned.owner, &credential, by_issuer)?;
        }
        Self::take_off_record(&who, attribute)?;
        Self::deposit_event(Event::CredentialRevoked { who, attribute });
        Ok(())
    }

    /// Removes a credential that has expired.
    pub(crate) fn do_remove_lapsed(who: T::AccountId, attribute: AttributeId) -> DispatchResult {
        let credential =
            Credentials::<T>::get(&who, attribute).ok_or(Error::<T>::NoSuchCredential)?;
        ensure!(T::Calendar::now() >= credential.expires, Error::<T>::NotLapsed);
        Self::take_off_record(&who, attribute)?;
        Self::deposit_event(Event::LapsedCredentialRemoved { who, attribute });
        Ok(())
    }

    /// Takes a credential off the record. What was held for it goes back.
    fn take_off_record(who: &T::AccountId, attribute: AttributeId) -> DispatchResult {
        let credential =
            Credentials::<T>::take(who, attribute).ok_or(Error::<T>::NoSuchCredential)?;
        Attributes::<T>::mutate_extant(attribute, |info| {
            info.credentials = info.credentials.saturating_sub(1);
        });
        if let Some(owned) = Owners::<T>::get(who) {
            Self::lose(attribute, owned.owner, credential.version);
        }
        Self::return_bond(credential.bond);
        Ok(())
    }
}
