//! Who stands behind an account, and how that is settled.

use crate::{
    AccountState, AccountsOf, Approver, Config, Error, Event, NAMING_LIFE, Naming, Namings, Owned,
    Owners, Pallet, Registrar,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult},
    traits::Get,
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use qedex_primitives::{Calendar, OwnedAccount, OwnerId, PendingNaming};

impl<AccountId> Owned<AccountId> {
    /// Whether the account was shut for good.
    pub const fn is_shut(&self) -> bool {
        matches!(self.state, AccountState::Shut)
    }
}

impl<T: Config> Pallet<T> {
    /// Ensures that the registrar calls, and returns it.
    pub(crate) fn ensure_registrar(origin: OriginFor<T>) -> Result<T::AccountId, DispatchError> {
        let caller = ensure_signed(origin)?;
        ensure!(Self::is_registrar(&caller), Error::<T>::NotTheRegistrar);
        Ok(caller)
    }

    fn is_registrar(who: &T::AccountId) -> bool {
        Registrar::<T>::get().as_ref() == Some(who)
    }

    /// The record of an account that has an owner and is not shut.
    pub(crate) fn owned(account: &T::AccountId) -> Result<Owned<T::AccountId>, Error<T>> {
        let owned = Owners::<T>::get(account).ok_or(Error::<T>::NoOwner)?;
        ensure!(!owned.is_shut(), Error::<T>::AccountIsShut);
        Ok(owned)
    }

    /// Lets `registrar` name owners from now on, and nobody else.
    pub(crate) fn do_set_registrar(registrar: T::AccountId) {
        Registrar::<T>::put(&registrar);
        Self::deposit_event(Event::RegistrarSet { registrar });
    }

    /// Whether a naming has expired, or was filed by who is not the registrar any more: a
    /// registrar who is replaced must leave nothing behind that still takes effect.
    fn is_void(naming: &Naming<T::AccountId>) -> bool {
        T::Calendar::now() >= naming.expires || !Self::is_registrar(&naming.bond.payer)
    }

    /// The naming of `account` that may still take effect.
    fn naming(account: &T::AccountId) -> Result<Naming<T::AccountId>, Error<T>> {
        let naming = Namings::<T>::get(account).ok_or(Error::<T>::NoSuchNaming)?;
        ensure!(!Self::is_void(&naming), Error::<T>::NamingVoid);
        Ok(naming)
    }

    /// Files that `account` is the owner's, at the expense of `registrar`, who calls. A void naming
    /// gives way.
    pub(crate) fn do_name_owner(
        registrar: T::AccountId,
        account: T::AccountId,
        owner: OwnerId,
    ) -> DispatchResult {
        ensure!(!Owners::<T>::contains_key(&account), Error::<T>::OwnerNamedAlready);
        let accounts = AccountsOf::<T>::decode_len(owner).unwrap_or_default();
        let most = T::MaxAccountsPerOwner::get();
        ensure!(u32::try_from(accounts).is_ok_and(|n| n < most), Error::<T>::TooManyAccounts);
        let before = Namings::<T>::get(&account);
        match &before {
            Some(before) => ensure!(Self::is_void(before), Error::<T>::NamingPending),
            None => {
                let room = Namings::<T>::count() < T::MaxNamings::get();
                ensure!(room, Error::<T>::TooManyNamings);
            }
        }
        let bond = Self::take_bond(&registrar, Self::owner_bond())?;
        if let Some(before) = before {
            Self::return_bond(Some(before.bond));
            Self::deposit_event(Event::NamingEnded {
                account: account.clone(),
                owner: before.owner,
            });
        }
        let expires = T::Calendar::now().saturating_add(NAMING_LIFE);
        let naming = Naming { owner, expires, consented: false, approved: None, bond };
        Namings::<T>::insert(&account, naming);
        Self::deposit_event(Event::NamingFiled { account, owner, expires });
        Ok(())
    }

    /// `account` agrees to be the owner's: beside its others if it `joins` them, or else as its
    /// first one.
    pub(crate) fn do_consent_owner(
        account: T::AccountId,
        owner: OwnerId,
        joins: bool,
    ) -> DispatchResult {
        let mut naming = Self::naming(&account)?;
        ensure!(naming.owner == owner, Error::<T>::OtherOwnerFiled);
        let founded = AccountsOf::<T>::decode_len(owner).is_some_and(|accounts| accounts > 0);
        ensure!(joins || !founded, Error::<T>::OwnerHasAccounts);
        ensure!(!joins || founded, Error::<T>::OwnerHasNoAccounts);
        if !joins || Self::is_approved(&naming) {
            return Self::settle(account, naming);
        }
        ensure!(!naming.consented, Error::<T>::ConsentedAlready);
        naming.consented = true;
        Namings::<T>::insert(&account, naming);
        Self::deposit_event(Event::NamingConsented { account, owner });
        Ok(())
    }

    /// An account already there agrees that `account` joins it. Without an `approver` the admin
    /// origin does, where all of the owner's accounts are shut.
    pub(crate) fn do_approve_account(
        approver: Option<&T::AccountId>,
        account: T::AccountId,
    ) -> DispatchResult {
        let mut naming = Self::naming(&account)?;
        let owner = naming.owner;
        match approver {
            Some(approver) => {
                let of = Self::owned(approver)?.owner;
                ensure!(of == owner, Error::<T>::NotOfTheOwner);
            }
            None => {
                let accounts = AccountsOf::<T>::get(owner);
                ensure!(!accounts.is_empty(), Error::<T>::OwnerHasNoAccounts);
                let all_shut = accounts.iter().all(|account| Self::owned(account).is_err());
                ensure!(all_shut, Error::<T>::OwnerCanApprove);
            }
        }
        if naming.consented {
            return Self::settle(account, naming);
        }
        ensure!(!Self::is_approved(&naming), Error::<T>::ApprovedAlready);
        naming.approved = Some(approver.cloned().map_or(Approver::Admin, Approver::Account));
        Namings::<T>::insert(&account, naming);
        Self::deposit_event(Event::NamingApproved { account, owner });
        Ok(())
    }

    /// Whether it was agreed for the owner's others by who speaks for the owner still.
    fn is_approved(naming: &Naming<T::AccountId>) -> bool {
        match &naming.approved {
            Some(Approver::Account(approver)) => {
                Self::owned(approver).is_ok_and(|owned| owned.owner == naming.owner)
            }
            Some(Approver::Admin) => true,
            None => false,
        }
    }

    /// The account is the owner's from now on. What was held for the naming is held for that.
    fn settle(account: T::AccountId, naming: Naming<T::AccountId>) -> DispatchResult {
        let Naming { owner, bond, .. } = naming;
        Self::put_account(account.clone(), owner, Some(bond))?;
        Namings::<T>::remove(&account);
        Self::deposit_event(Event::OwnerNamed { account, owner });
        Ok(())
    }

    /// Puts an account among the owner's.
    pub(crate) fn put_account(
        account: T::AccountId,
        owner: OwnerId,
        bond: Option<crate::Bond<T::AccountId>>,
    ) -> Result<(), Error<T>> {
        AccountsOf::<T>::try_mutate(owner, |accounts| accounts.try_push(account.clone()))
            .map_err(|_| Error::<T>::TooManyAccounts)?;
        Owners::<T>::insert(account, Owned { owner, state: AccountState::Open, bond });
        Ok(())
    }

    /// Ends a pending naming, and gives back what was held for it.
    pub(crate) fn do_end_naming(caller: &T::AccountId, account: T::AccountId) -> DispatchResult {
        let naming = Namings::<T>::get(&account).ok_or(Error::<T>::NoSuchNaming)?;
        let its_own = *caller == account || *caller == naming.bond.payer;
        let concerned = || Self::owned(caller).is_ok_and(|caller| caller.owner == naming.owner);
        ensure!(its_own || Self::is_void(&naming) || concerned(), Error::<T>::NotYourNaming);
        Namings::<T>::remove(&account);
        Self::return_bond(Some(naming.bond));
        Self::deposit_event(Event::NamingEnded { account, owner: naming.owner });
        Ok(())
    }

    /// The registrar proposes to shut `account`.
    pub(crate) fn do_propose_shutting(
        registrar: T::AccountId,
        account: T::AccountId,
    ) -> DispatchResult {
        let owned = Self::owned(&account)?;
        let state = AccountState::ShuttingProposed(registrar);
        ensure!(owned.state != state, Error::<T>::ShuttingPending);
        Owners::<T>::insert(&account, Owned { state, ..owned });
        Self::deposit_event(Event::ShuttingProposed { account });
        Ok(())
    }

    /// The registrar takes back what it, or its predecessor, has proposed.
    pub(crate) fn do_withdraw_shutting(account: T::AccountId) -> DispatchResult {
        let owned = Self::owned(&account)?;
        let proposed = matches!(owned.state, AccountState::ShuttingProposed(_));
        ensure!(proposed, Error::<T>::ShuttingNotProposed);
        Owners::<T>::insert(&account, Owned { state: AccountState::Open, ..owned });
        Self::deposit_event(Event::ShuttingWithdrawn { account });
        Ok(())
    }

    /// Shuts `account` for good, if the present registrar proposes it.
    pub(crate) fn do_shut_account(account: T::AccountId) -> DispatchResult {
        let owned = Self::owned(&account)?;
        let proposed = match &owned.state {
            AccountState::ShuttingProposed(registrar) => Self::is_registrar(registrar),
            AccountState::Open | AccountState::Shut => false,
        };
        ensure!(proposed, Error::<T>::ShuttingNotProposed);
        let owner = owned.owner;
        Owners::<T>::insert(&account, Owned { state: AccountState::Shut, ..owned });
        Self::deposit_event(Event::AccountShut { account, owner });
        Ok(())
    }

    /// The accounts of `owner`, in the order in which they came, shut ones among them.
    pub fn accounts_of(owner: OwnerId) -> Vec<OwnedAccount<T::AccountId>> {
        let accounts = AccountsOf::<T>::get(owner).into_iter();
        accounts
            .map(|account| OwnedAccount { shut: Self::owned(&account).is_err(), account })
            .collect()
    }

    /// The naming of the owner of `account` that is pending, if one is.
    pub fn pending_naming(account: &T::AccountId) -> Option<PendingNaming<T::AccountId>> {
        Namings::<T>::get(account).map(|naming| Self::told(account.clone(), &naming))
    }

    /// All namings that are pending.
    pub fn pending_namings() -> Vec<PendingNaming<T::AccountId>> {
        Namings::<T>::iter().map(|(account, naming)| Self::told(account, &naming)).collect()
    }

    fn told(account: T::AccountId, naming: &Naming<T::AccountId>) -> PendingNaming<T::AccountId> {
        PendingNaming {
            account,
            owner: naming.owner,
            expires: naming.expires,
            consented: naming.consented,
            approved: Self::is_approved(naming),
            void: Self::is_void(naming),
        }
    }
}
