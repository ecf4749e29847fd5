//! What is held for the storage that accounts cause.

use crate::{Bond, Config, Credential, Error, HoldReason, Owned, Pallet, Tenure};
use codec::MaxEncodedLen;
use frame_support::traits::{Get, fungible::MutateHold, tokens::Precision};
use qedex_primitives::Balance;

impl<T: Config> Pallet<T> {
    /// What is held for an item of so many bytes.
    pub(crate) fn bond_for(bytes: usize) -> Balance {
        let bytes = Balance::try_from(bytes).unwrap_or(Balance::MAX);
        T::DepositPerByte::get().saturating_mul(bytes).saturating_add(T::DepositBase::get())
    }

    /// What is held for a credential, and with it for the tenure of its holder's owner.
    pub(crate) fn credential_bond() -> Balance {
        let credential = Credential::<T::AccountId>::max_encoded_len();
        Self::bond_for(credential.saturating_add(Tenure::max_encoded_len()))
    }

    /// What is held for the naming of an account's owner, and then for good for the record of it,
    /// with its place among the owner's accounts.
    pub(crate) fn owner_bond() -> Balance {
        let record = Owned::<T::AccountId>::max_encoded_len();
        Self::bond_for(record.saturating_add(T::AccountId::max_encoded_len()))
    }

    /// Holds `amount` of `payer`. Changes nothing where it fails.
    pub(crate) fn take_bond(
        payer: &T::AccountId,
        amount: Balance,
    ) -> Result<Bond<T::AccountId>, Error<T>> {
        T::Currency::hold(&HoldReason::Storage.into(), payer, amount)
            .map_err(|_| Error::<T>::CannotPayBond)?;
        Ok(Bond { payer: payer.clone(), amount })
    }

    /// Lets `payer` stand for a credential for which `bond` was held so far. Without a payer, as
    /// at genesis or when the admin origin issues, all stays as it is. Changes nothing where it fails.
    pub(crate) fn pass_bond(
        bond: Option<Bond<T::AccountId>>,
        payer: Option<&T::AccountId>,
    ) -> Result<Option<Bond<T::AccountId>>, Error<T>> {
        let Some(payer) = payer else {
            return Ok(bond);
        };
        if bond.as_ref().is_some_and(|bond| bond.payer == *payer) {
            return Ok(bond);
        }
        let passed = Self::take_bond(payer, Self::credential_bond())?;
        Self::return_bond(bond);
        Ok(Some(passed))
    }

    /// Releases what was held.
    pub(crate) fn return_bond(bond: Option<Bond<T::AccountId>>) {
        let Some(Bond { payer, amount }) = bond else {
            return;
        };
        let reason = HoldReason::Storage.into();
        let released = T::Currency::release(&reason, &payer, amount, Precision::BestEffort);
        if released != Ok(amount) {
            log::error!(
                target: "runtime::membership",
                "{amount} should be held of {payer:?}: {released:?}",
            );
        }
    }
}
