//! How credentials come and go.

use crate::{
    Attributes, Config, Credential, Credentials, Error, Event, Holder, Holders, LAPSE_GRACE,
    Pallet, ReissueError,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{AttributeId, Calendar, Moment, OwnerId};

impl<T: Config> Pallet<T> {
    /// Puts a credential on record, at the expense of `payer` if there is one. `version` is the
    /// attribute's present one.
    pub(crate) fn do_issue(
        attribute: AttributeId,
        version: u32,
        payer: Option<&T::AccountId>,
        who: T::AccountId,
        expires: Moment,
        owner: OwnerId,
    ) -> DispatchResult {
        ensure!(T::Calendar::now() < expires, Error::<T>::ExpiryNotInFuture);
        let before = Credentials::<T>::get(&who, attribute);
        let renewed = before.is_some();
        let holder = match Holders::<T>::get(&who) {
            None => Holder { owner, credentials: 1 },
            // What is replaced does not speak for the owner any more.
            Some(Holder { credentials: 1, .. }) if renewed => Holder { owner, credentials: 1 },
            Some(holder) => {
                ensure!(holder.owner == owner, Error::<T>::OwnerConflict);
                let added = u32::from(!renewed);
                Holder { owner, credentials: holder.credentials.saturating_add(added) }
            }
        };
        let bond = Self::pass_bond(before.and_then(|credential| credential.bond), payer)?;
        if !renewed {
            Attributes::<T>::mutate_extant(attribute, |info| {
                info.credentials = info.credentials.saturating_add(1);
            });
        }
        Holders::<T>::insert(&who, holder);
        let credential = Credential { version, expires, bond };
        Credentials::<T>::insert(&who, attribute, credential);
        Self::deposit_event(Event::CredentialIssued { who, attribute, expires });
        Ok(())
    }

    /// Lifts each of these accounts' credentials to `version`, the attribute's present one, if
    /// nothing speaks against it, and says of every refused one why.
    pub(crate) fn do_reissue(
        attribute: AttributeId,
        version: u32,
        issuer: &T::AccountId,
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
        issuer: &T::AccountId,
        who: &T::AccountId,
    ) -> Result<Moment, ReissueError> {
        let credential =
            Credentials::<T>::get(who, attribute).ok_or(ReissueError::NoSuchCredential)?;
        let expires = credential.expires;
        ensure!(T::Calendar::now() < expires, ReissueError::Expired);
        ensure!(credential.version < version, ReissueError::NotOutdated);
        let bond = Self::pass_bond(credential.bond, Some(issuer))
            .map_err(|_| ReissueError::CannotPayBond)?;
        let credential = Credential { version, expires, bond };
        Credentials::<T>::insert(who, attribute, credential);
        Ok(expires)
    }

    /// Revokes a credential.
    pub(crate) fn do_revoke(who: T::AccountId, attribute: AttributeId) -> DispatchResult {
        Self::take_off_record(&who, attribute)?;
        Self::deposit_event(Event::CredentialRevoked { who, attribute });
        Ok(())
    }

    /// Removes a credential that lapsed long ago.
    pub(crate) fn do_remove_lapsed(who: T::AccountId, attribute: AttributeId) -> DispatchResult {
        let credential =
            Credentials::<T>::get(&who, attribute).ok_or(Error::<T>::NoSuchCredential)?;
        let kept_until = credential.expires.saturating_add(LAPSE_GRACE);
        ensure!(T::Calendar::now() >= kept_until, Error::<T>::NotLongLapsed);
        Self::take_off_record(&who, attribute)?;
        Self::deposit_event(Event::LapsedCredentialRemoved { who, attribute });
        Ok(())
    }

    /// Takes a credential off the record, and with the last one the account's owner. What was held
    /// for it goes back.
    fn take_off_record(who: &T::AccountId, attribute: AttributeId) -> DispatchResult {
        let credential =
            Credentials::<T>::take(who, attribute).ok_or(Error::<T>::NoSuchCredential)?;
        Self::return_bond(credential.bond);
        Attributes::<T>::mutate_extant(attribute, |info| {
            info.credentials = info.credentials.saturating_sub(1);
        });
        Holders::<T>::mutate_exists(who, |entry| {
            *entry = entry.take().and_then(|holder| {
                let credentials = holder.credentials.checked_sub(1)?;
                (credentials > 0).then_some(Holder { credentials, ..holder })
            });
        });
        Ok(())
    }
}
