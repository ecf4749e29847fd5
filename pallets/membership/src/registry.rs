//! How attributes, policies and roles come and go.

use crate::{
    AttributeInfo, Attributes, Config, Error, Event, HolderCounts, LongText, MAX_POLICY_DEPTH,
    MAX_TERM, MIN_TERM, NextAttribute, NextPolicy, Pallet, Policies, PolicyBonds, PolicyOf, Roles,
    ShortText, Voidings,
};
use codec::Encode;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    traits::{EnsureOrigin, Get},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use qedex_math::policy::{self, Limits, PolicyError};
use qedex_primitives::{AttributeId, Millis, PolicyId, Role};

/// What is known of an attribute.
type AttributeInfoOf<T> = AttributeInfo<<T as frame_system::Config>::AccountId>;

impl<T: Config> Pallet<T> {
    /// Who signed, or nobody if the admin origin calls.
    pub(crate) fn ensure_admin_or_signed(
        origin: OriginFor<T>,
    ) -> Result<Option<T::AccountId>, DispatchError> {
        match T::AdminOrigin::try_origin(origin) {
            Ok(_) => Ok(None),
            Err(origin) => Ok(Some(ensure_signed(origin)?)),
        }
    }

    /// Ensures that the issuer of `attribute` calls, or the admin origin. Returns the issuer if it is
    /// that, and what is known of the attribute.
    pub(crate) fn ensure_issuer_or_admin(
        origin: OriginFor<T>,
        attribute: AttributeId,
    ) -> Result<(Option<T::AccountId>, AttributeInfoOf<T>), DispatchError> {
        let caller = Self::ensure_admin_or_signed(origin)?;
        let info = Attributes::<T>::get(attribute).ok_or(Error::<T>::UnknownAttribute)?;
        let permitted = caller.as_ref().is_none_or(|caller| *caller == info.issuer);
        ensure!(permitted, Error::<T>::NotTheIssuer);
        Ok((caller, info))
    }

    /// How large a policy may be.
    pub(crate) fn policy_limits() -> Limits {
        Limits { nodes: T::MaxPolicyNodes::get(), depth: MAX_POLICY_DEPTH }
    }

    /// Registers an attribute under the next free number.
    pub(crate) fn do_register_attribute(
        name: ShortText,
        description: LongText,
        issuer: T::AccountId,
        term: Millis,
    ) -> DispatchResult {
        ensure!((MIN_TERM..=MAX_TERM).contains(&term), Error::<T>::TermOutOfRange);
        let number = NextAttribute::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let attribute = AttributeId(number);
        NextAttribute::<T>::put(next);
        Attributes::<T>::insert(
            attribute,
            AttributeInfo {
                issuer: issuer.clone(),
                version: 0,
                credentials: 0,
                term,
                name,
                description,
            },
        );
        Self::deposit_event(Event::AttributeRegistered { attribute, issuer });
        Ok(())
    }

    /// Puts `issuer` in the place of the attribute's issuer.
    pub(crate) fn do_set_issuer(attribute: AttributeId, issuer: T::AccountId) -> DispatchResult {
        Attributes::<T>::try_mutate(attribute, |entry| {
            let info = entry.as_mut().ok_or(Error::<T>::UnknownAttribute)?;
            info.issuer = issuer.clone();
            Ok::<_, DispatchError>(())
        })?;
        Self::forget_leave(attribute);
        Self::deposit_event(Event::IssuerReplaced { attribute, issuer });
        Ok(())
    }

    /// Lets credentials of `attribute` be issued for `term` at most from now on.
    pub(crate) fn do_set_term(attribute: AttributeId, term: Millis) -> DispatchResult {
        ensure!((MIN_TERM..=MAX_TERM).contains(&term), Error::<T>::TermOutOfRange);
        Attributes::<T>::try_mutate(attribute, |entry| {
            let info = entry.as_mut().ok_or(Error::<T>::UnknownAttribute)?;
            info.term = term;
            Ok::<_, DispatchError>(())
        })?;
        Self::deposit_event(Event::TermSet { attribute, term });
        Ok(())
    }

    /// Removes an attribute of which no credential is on record and which no role needs.
    pub(crate) fn do_remove_attribute(attribute: AttributeId) -> DispatchResult {
        let info = Attributes::<T>::get(attribute).ok_or(Error::<T>::UnknownAttribute)?;
        ensure!(info.credentials == 0, Error::<T>::AttributeInUse);
        ensure!(!Self::is_needed(attribute), Error::<T>::AttributeInUse);
        Attributes::<T>::remove(attribute);
        HolderCounts::<T>::remove(attribute);
        Voidings::<T>::remove(attribute);
        Self::deposit_event(Event::AttributeRemoved { attribute });
        Ok(())
    }

    /// Ensures that every attribute that a policy names is registered.
    fn ensure_registered(nodes: &PolicyOf<T>) -> DispatchResult {
        let registered = |attribute: &AttributeId| Attributes::<T>::contains_key(attribute);
        ensure!(Self::attributes_of(nodes).iter().all(registered), Error::<T>::UnknownAttribute);
        Ok(())
    }

    /// Creates a policy under the next free number, at the expense of `payer` if there is one.
    pub(crate) fn do_create_policy(
        nodes: PolicyOf<T>,
        payer: Option<T::AccountId>,
    ) -> DispatchResult {
        policy::validate(&nodes, Self::policy_limits()).map_err(Error::<T>::from)?;
        Self::ensure_registered(&nodes)?;
        let number = NextPolicy::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let policy = PolicyId(number);
        let bond = match payer {
            Some(payer) => {
                let amount = Self::bond_for(nodes.encoded_size());
                Some(Self::take_bond(&payer, amount)?)
            }
            None => None,
        };
        NextPolicy::<T>::put(next);
        Policies::<T>::insert(policy, nodes);
        if let Some(bond) = &bond {
            PolicyBonds::<T>::insert(policy, bond);
        }
        Self::deposit_event(Event::PolicyCreated { policy, bond });
        Ok(())
    }

    /// Removes a policy that no role requires, for its creator or, without a `caller`, for the
    /// admin origin.
    pub(crate) fn do_remove_policy(
        policy: PolicyId,
        caller: Option<&T::AccountId>,
    ) -> DispatchResult {
        ensure!(Policies::<T>::contains_key(policy), Error::<T>::UnknownPolicy);
        let bond = PolicyBonds::<T>::get(policy);
        let creator = bond.as_ref().map(|bond| &bond.payer);
        ensure!(caller.is_none() || caller == creator, Error::<T>::NotTheCreator);
        let required = Role::ALL.into_iter().any(|role| Roles::<T>::get(role) == Some(policy));
        ensure!(!required, Error::<T>::PolicyInUse);
        Policies::<T>::remove(policy);
        PolicyBonds::<T>::remove(policy);
        Self::return_bond(bond);
        Self::deposit_event(Event::PolicyRemoved { policy });
        Ok(())
    }

    /// Points `role` to `policy`.
    pub(crate) fn do_set_role(role: Role, policy: PolicyId) -> DispatchResult {
        let nodes = Policies::<T>::get(policy).ok_or(Error::<T>::UnknownPolicy)?;
        Self::ensure_registered(&nodes)?;
        Roles::<T>::insert(role, policy);
        Self::deposit_event(Event::RoleSet { role, policy });
        Ok(())
    }
}

impl<T> From<PolicyError> for Error<T> {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::TooLarge => Self::PolicyTooLarge,
            PolicyError::Empty => Self::PolicyEmpty,
            PolicyError::BadThreshold => Self::PolicyBadThreshold,
            PolicyError::Underflow => Self::PolicyMissingParts,
            PolicyError::Leftover => Self::PolicyLeavesParts,
            PolicyError::TooDeep => Self::PolicyTooDeep,
        }
    }
}
