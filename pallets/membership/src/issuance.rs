//! How attributes, policies, roles and credentials come and go.

use crate::{
    AttributeInfo, Attributes, Config, Credential, Credentials, Error, Event, Holder, Holders,
    LongText, MAX_POLICY_DEPTH, NextAttribute, NextPolicy, Pallet, Policies, PolicyOf, Roles,
    ShortText,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    traits::EnsureOrigin,
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use qedex_math::policy::{self, PolicyNode};
use qedex_primitives::{AttributeId, Calendar, Moment, OwnerId, PolicyId, Role};

impl<T: Config> Pallet<T> {
    /// Ensures that the issuer of `attribute` calls, and returns the attribute's version.
    pub(crate) fn ensure_issuer(
        origin: OriginFor<T>,
        attribute: AttributeId,
    ) -> Result<u32, DispatchError> {
        let caller = ensure_signed(origin)?;
        let info = Attributes::<T>::get(attribute).ok_or(Error::<T>::UnknownAttribute)?;
        ensure!(info.issuer == caller, Error::<T>::NotTheIssuer);
        Ok(info.version)
    }

    /// Ensures that the issuer of `attribute` calls, or the admin origin.
    pub(crate) fn ensure_issuer_or_admin(
        origin: OriginFor<T>,
        attribute: AttributeId,
    ) -> DispatchResult {
        match T::AdminOrigin::try_origin(origin) {
            Ok(_) => Ok(()),
            Err(origin) => Self::ensure_issuer(origin, attribute).map(drop),
        }
    }

    /// Registers an attribute under the next free number.
    pub(crate) fn do_register_attribute(
        name: ShortText,
        description: LongText,
        issuer: T::AccountId,
    ) -> DispatchResult {
        let number = NextAttribute::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let attribute = AttributeId(number);
        NextAttribute::<T>::put(next);
        Attributes::<T>::insert(
            attribute,
            AttributeInfo {
                issuer: issuer.clone(),
                version: 0,
                name,
                description,
            },
        );
        Self::deposit_event(Event::AttributeRegistered { attribute, issuer });
        Ok(())
    }

    /// Creates a policy under the next free number.
    pub(crate) fn do_create_policy(nodes: PolicyOf<T>) -> DispatchResult {
        policy::validate(&nodes, MAX_POLICY_DEPTH).map_err(Error::<T>::from)?;
        for node in &nodes {
            if let PolicyNode::Attribute(attribute) = node {
                ensure!(
                    Attributes::<T>::contains_key(attribute),
                    Error::<T>::UnknownAttribute
                );
            }
        }
        let number = NextPolicy::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let policy = PolicyId(number);
        NextPolicy::<T>::put(next);
        Policies::<T>::insert(policy, nodes);
        Self::deposit_event(Event::PolicyCreated { policy });
        Ok(())
    }

    /// Points `role` to `policy`.
    pub(crate) fn do_set_role(role: Role, policy: PolicyId) -> DispatchResult {
        ensure!(
            Policies::<T>::contains_key(policy),
            Error::<T>::UnknownPolicy
        );
        Roles::<T>::insert(role, policy);
        Self::deposit_event(Event::RoleSet { role, policy });
        Ok(())
    }

    /// Puts a credential on record. `version` is the attribute's present one.
    pub(crate) fn do_issue(
        attribute: AttributeId,
        version: u32,
        who: T::AccountId,
        expires: Moment,
        owner: OwnerId,
    ) -> DispatchResult {
        ensure!(T::Calendar::now() < expires, Error::<T>::ExpiryNotInFuture);
        let renewed = Credentials::<T>::contains_key(&who, attribute);
        let holder = match Holders::<T>::get(&who) {
            None => Holder {
                owner,
                credentials: 1,
            },
            // What is replaced does not speak for the owner any more.
            Some(Holder { credentials: 1, .. }) if renewed => Holder {
                owner,
                credentials: 1,
            },
            Some(holder) => {
                ensure!(holder.owner == owner, Error::<T>::OwnerConflict);
                let added = u32::from(!renewed);
                Holder {
                    owner,
                    credentials: holder.credentials.saturating_add(added),
                }
            }
        };
        Holders::<T>::insert(&who, holder);
        Credentials::<T>::insert(&who, attribute, Credential { version, expires });
        Self::deposit_event(Event::CredentialIssued {
            who,
            attribute,
            expires,
        });
        Ok(())
    }

    /// Takes a credential off the record, and with the last one the account's owner.
    pub(crate) fn do_revoke(who: T::AccountId, attribute: AttributeId) -> DispatchResult {
        Credentials::<T>::take(&who, attribute).ok_or(Error::<T>::NoSuchCredential)?;
        Holders::<T>::mutate_exists(&who, |entry| {
            *entry = entry.take().and_then(|holder| {
                let credentials = holder.credentials.checked_sub(1)?;
                (credentials > 0).then_some(Holder {
                    credentials,
                    ..holder
                })
            });
        });
        Self::deposit_event(Event::CredentialRevoked { who, attribute });
        Ok(())
    }

    /// Makes all credentials of `attribute` void.
    pub(crate) fn do_bump_version(attribute: AttributeId) -> DispatchResult {
        let version = Attributes::<T>::try_mutate(attribute, |entry| {
            let info = entry.as_mut().ok_or(Error::<T>::UnknownAttribute)?;
            let version = info.version.checked_add(1);
            info.version = version.ok_or(Error::<T>::NumbersExhausted)?;
            Ok::<_, DispatchError>(info.version)
        })?;
        Self::deposit_event(Event::AttributeRevoked { attribute, version });
        Ok(())
    }
}
