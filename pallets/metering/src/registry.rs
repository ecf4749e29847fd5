//! How meters come to the chain, and who may touch them.

use crate::{
    Assignment, Config, Error, Event, GenesisConfig, Installer, MAX_CAPACITY, Meter, MeterByKey,
    Meters, MetersOf, NextMeter, Pallet,
};
use alloc::vec::Vec;
use frame_support::ensure;
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use qedex_primitives::{
    Calendar, Membership, MeterId, MeterKey, Role, SlotIndex, UnsettledSlots, Wh,
};
use serde::{Deserialize, Serialize};
use sp_runtime::DispatchError;

/// A meter that exists from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisMeter<AccountId> {
    /// Whose it is.
    pub owner: AccountId,
    /// Its key.
    pub key: MeterKey,
    /// The most that it may read in one slot, in Wh, in each direction.
    pub capacity: Wh,
    /// Who installed it.
    pub installer: AccountId,
}

impl<T: Config> GenesisConfig<T> {
    /// Registers the meters by the same rules as the call, those about the installer excepted: at
    /// genesis there is nobody to ask yet.
    ///
    /// # Panics
    /// If a rule is broken: a chain must not start with a meter that it would refuse.
    pub(crate) fn build_meters(&self) {
        for (number, meter) in self.meters.iter().enumerate() {
            Pallet::<T>::do_register_meter(
                meter.owner.clone(),
                meter.key,
                meter.capacity,
                Pallet::<T>::installer(meter.installer.clone()),
                SlotIndex(0),
            )
            .unwrap_or_else(|e| panic!("genesis: meter {number}: {e:?}"));
        }
    }
}

impl<T: Config> Pallet<T> {
    /// The installer behind the origin of a call.
    pub(crate) fn ensure_installer(
        origin: OriginFor<T>,
    ) -> Result<Installer<T::AccountId>, DispatchError> {
        let account = ensure_signed(origin)?;
        ensure!(T::Membership::may(&account, Role::InstallMeters), Error::<T>::NotAnInstaller);
        Ok(Self::installer(account))
    }

    /// The account with the owner behind it, as known now.
    fn installer(account: T::AccountId) -> Installer<T::AccountId> {
        let owner = T::Membership::owner_of(&account);
        Installer { account, owner }
    }

    /// Refuses two accounts that are one, or known to be of one owner.
    pub(crate) fn ensure_independent(
        one: &T::AccountId,
        other: &T::AccountId,
    ) -> Result<(), Error<T>> {
        let owner = T::Membership::owner_of(one);
        let of_one_owner = owner.is_some() && owner == T::Membership::owner_of(other);
        ensure!(one != other && !of_one_owner, Error::<T>::NotIndependent);
        Ok(())
    }

    /// Refuses an installer and an owner who are not known to be two. Who takes no part in the
    /// community yet, and so has no owner that is known, has nothing to meter yet either.
    pub(crate) fn ensure_known_independent(
        installer: &Installer<T::AccountId>,
        owner: &T::AccountId,
    ) -> Result<(), Error<T>> {
        let is_known = installer.owner.is_some() && T::Membership::owner_of(owner).is_some();
        ensure!(is_known, Error::<T>::NotIndependent);
        Self::ensure_independent(&installer.account, owner)
    }

    /// Refuses a key that a meter has or is known to have had, or with which everybody can sign.
    pub(crate) fn ensure_fresh(key: &MeterKey) -> Result<(), Error<T>> {
        ensure!(!MeterByKey::<T>::contains_key(key), Error::<T>::KeyTaken);
        ensure!(!key.is_weak(), Error::<T>::WeakKey);
        Ok(())
    }

    /// Registers a meter under the next free number, which it returns, active from `active_from` on.
    pub(crate) fn do_register_meter(
        owner: T::AccountId,
        key: MeterKey,
        capacity: Wh,
        installer: Installer<T::AccountId>,
        active_from: SlotIndex,
    ) -> Result<MeterId, DispatchError> {
        ensure!(!capacity.is_zero() && capacity <= MAX_CAPACITY, Error::<T>::CapacityOutOfRange);
        Self::ensure_fresh(&key)?;
        let number = NextMeter::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let meter = MeterId(number);
        Self::list(meter, &owner)?;
        NextMeter::<T>::put(next);
        Self::remember(meter, key);
        Meters::<T>::insert(
            meter,
            Meter {
                capacity,
                registered_by: installer.clone(),
                current: Assignment {
                    owner: owner.clone(),
                    key,
                    installer: installer.clone(),
                    from: active_from,
                    until: None,
                },
                previous: None,
            },
        );
        Self::deposit_event(Event::MeterRegistered {
            meter,
            owner,
            installer: installer.account,
            capacity,
            active_from,
        });
        Ok(meter)
    }

    /// Puts `meter` on the list of `account`, where it may be already. If the list is full, former
    /// meters that no open slot needs any more make room. Changes nothing if it fails.
    pub(crate) fn list(meter: MeterId, account: &T::AccountId) -> Result<(), Error<T>> {
        MetersOf::<T>::try_mutate(account, |list| {
            if list.contains(&meter) {
                return Ok(());
            }
            if list.is_full() {
                list.retain(|id| {
                    Meters::<T>::get(id).is_some_and(|meter| Self::concerns(&meter, account))
                });
            }
            list.try_push(meter).map_err(|_| Error::<T>::TooManyMeters)
        })
    }

    /// Whether `meter` measures the energy of `account` in a slot that is not final, or may in one
    /// to come.
    fn concerns(meter: &Meter<T::AccountId>, account: &T::AccountId) -> bool {
        core::iter::once(&meter.current)
            .chain(meter.previous.as_ref())
            .any(|assignment| assignment.owner == *account && !Self::is_over(assignment))
    }

    /// Whether everything of the last slot of `assignment` is final, and all slots until then are
    /// settled.
    pub(crate) fn is_over(assignment: &Assignment<T::AccountId>) -> bool {
        assignment.until.is_some_and(|until| {
            let last = SlotIndex(until.0.saturating_sub(1));
            T::Calendar::now() >= T::Calendar::schedule(last).final_at && Self::is_settled(last)
        })
    }

    /// Whether there is nothing to settle any more of `slot` and of all slots before it. Deadlines
    /// move where settlement is paused or the chain stood still, so that the calendar alone does not
    /// tell.
    pub(crate) fn is_settled(slot: SlotIndex) -> bool {
        T::Unsettled::oldest_unsettled().is_none_or(|oldest| slot < oldest)
    }

    /// The meters that measure the energy of `account` now or from a later slot on.
    pub fn meters_of(account: &T::AccountId) -> Vec<MeterId> {
        let now = T::Calendar::current_slot();
        let mut meters = MetersOf::<T>::get(account).into_inner();
        meters.retain(|id| {
            Meters::<T>::get(id).is_some_and(|meter| {
                core::iter::once(&meter.current)
                    .chain(meter.previous.as_ref())
                    .any(|a| a.owner == *account && a.until.is_none_or(|until| until > now))
            })
        });
        meters
    }
}
