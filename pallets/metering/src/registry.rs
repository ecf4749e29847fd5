//! How meters come to the chain, who installs them, and where they are listed.

use crate::{
    Assignment, Config, ConnectionNumber, ConnectionsOf, Error, Event, GenesisConfig, Meter,
    MeterAt, MeterByKey, MeterKind, MeterRatings, Meters, NextMeter, Pallet, Person,
};
use alloc::{vec, vec::Vec};
use frame_support::{BoundedVec, ensure, traits::Get};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use qedex_primitives::{
    Calendar, Installer, Membership, MeterId, MeterKey, OwnerId, Role, SlotIndex, UnsettledSlots,
};
use serde::{Deserialize, Serialize};
use sp_runtime::DispatchError;

/// A meter at a connection that exists from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisMeter<AccountId> {
    /// Who answers for it; it measures the energy of this account's owner.
    pub account: AccountId,
    /// Its key.
    pub key: MeterKey,
    /// The number of its connection.
    pub connection: ConnectionNumber,
    /// The most that it can read in one slot, in Wh.
    pub ratings: MeterRatings,
    /// Who installed it.
    pub installer: AccountId,
}

impl<T: Config> GenesisConfig<T> {
    /// Registers the meters by the same rules as a change, those about installers and consent
    /// excepted: at genesis there is nobody to ask yet.
    ///
    /// # Panics
    /// If a rule is broken: a chain must not start with a meter that it would refuse.
    pub(crate) fn build_meters(&self) {
        for (number, meter) in self.meters.iter().enumerate() {
            Pallet::<T>::register_at_genesis(meter)
                .unwrap_or_else(|e| panic!("genesis: meter {number}: {e:?}"));
        }
    }
}

impl<T: Config> Pallet<T> {
    fn register_at_genesis(meter: &GenesisMeter<T::AccountId>) -> Result<MeterId, DispatchError> {
        let kind = MeterKind::Connection(meter.connection.clone());
        Self::ensure_sound(&meter.key, &kind, &meter.ratings)?;
        let owner = T::Membership::owner_of(&meter.account).ok_or(Error::<T>::UnknownOwner)?;
        let installer = Installer {
            account: meter.installer.clone(),
            owner: T::Membership::owner_of(&meter.installer),
        };
        let new = Assignment {
            account: meter.account.clone(),
            owner,
            key: meter.key,
            ratings: meter.ratings,
            installer,
            second: None,
            from: SlotIndex(0),
            until: None,
        };
        Ok(Self::register(kind, new)?)
    }

    /// The installer behind the origin of a call, whose owner must be known.
    pub(crate) fn ensure_installer(
        origin: OriginFor<T>,
    ) -> Result<Person<T::AccountId>, DispatchError> {
        let account = ensure_signed(origin)?;
        ensure!(T::Membership::may(&account, Role::InstallMeters), Error::<T>::NotAnInstaller);
        let owner = T::Membership::owner_of(&account).ok_or(Error::<T>::UnknownOwner)?;
        Ok(Person { account, owner })
    }

    /// Refuses a key that a meter has or is known to have had, or with which everybody can sign.
    pub(crate) fn ensure_fresh(key: &MeterKey) -> Result<(), Error<T>> {
        ensure!(!MeterByKey::<T>::contains_key(key), Error::<T>::KeyTaken);
        ensure!(!key.is_weak(), Error::<T>::WeakKey);
        Ok(())
    }

    /// Registers a sound meter under the next free number, which it returns, where there is a place.
    pub(crate) fn register(
        kind: MeterKind,
        new: Assignment<T::AccountId>,
    ) -> Result<MeterId, Error<T>> {
        let number = NextMeter::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let id = MeterId(number);
        match &kind {
            MeterKind::Connection(number) => {
                ensure!(Self::is_free(number, new.from), Error::<T>::ConnectionTaken);
                Self::list(id, &new.owner)?;
                MeterAt::<T>::insert(number, id);
            }
            MeterKind::Behind(number) => {
                ensure!(!Self::is_free(number, new.from), Error::<T>::NoSuchConnection);
            }
        }
        NextMeter::<T>::put(next);
        Self::remember(id, new.key);
        Self::deposit_event(Event::MeterRegistered {
            meter: id,
            account: new.account.clone(),
            owner: new.owner,
            kind: kind.clone(),
            ratings: new.ratings,
            installer: new.installer.account.clone(),
            from: new.from,
        });
        // One fits.
        let assignments = BoundedVec::truncate_from(vec![new]);
        Meters::<T>::insert(id, Meter { kind, assignments });
        Ok(id)
    }

    /// Whether no meter is in service at a connection in `slot` or later.
    fn is_free(number: &ConnectionNumber, slot: SlotIndex) -> bool {
        let present = MeterAt::<T>::get(number).and_then(Meters::<T>::get);
        present.is_none_or(|meter| {
            let until = meter.latest().and_then(|latest| latest.until);
            until.is_some_and(|until| until <= slot)
        })
    }

    /// Puts the meter at a connection on the list of `owner`, where it may be already. If the list
    /// is full, former ones that no open slot needs any more make room. Changes nothing if it fails.
    pub(crate) fn list(meter: MeterId, owner: &OwnerId) -> Result<(), Error<T>> {
        ConnectionsOf::<T>::try_mutate(owner, |list| {
            if list.contains(&meter) {
                return Ok(());
            }
            if list.is_full() {
                list.retain(|id| {
                    Meters::<T>::get(id).is_some_and(|meter| Self::concerns(&meter, owner))
                });
            }
            list.try_push(meter).map_err(|_| Error::<T>::TooManyConnections)
        })
    }

    /// Takes `id` off the list of `owner`.
    pub(crate) fn unlist(id: MeterId, owner: &OwnerId) {
        ConnectionsOf::<T>::mutate_exists(owner, |entry| {
            if let Some(list) = entry {
                list.retain(|listed| *listed != id);
                if list.is_empty() {
                    *entry = None;
                }
            }
        });
    }

    /// Whether `meter` measures the energy of `owner` in a slot that is not final, or may in one to
    /// come.
    fn concerns(meter: &Meter<T::AccountId>, owner: &OwnerId) -> bool {
        // Where the latest one is over, the earlier ones are.
        let latest = meter.assignments.iter().rev().find(|one| one.owner == *owner);
        latest.is_some_and(|assignment| !Self::is_over(assignment))
    }

    /// Whether nothing is judged any more by `assignment`: everything of its last slot is final, all slots
    /// until then are settled, and as many slots are final since as are scored. If it were forgotten
    /// earlier, so would be its silence.
    pub(crate) fn is_over(assignment: &Assignment<T::AccountId>) -> bool {
        assignment.until.is_some_and(|until| {
            let last = SlotIndex(until.0.saturating_sub(1));
            let scored = SlotIndex(last.0.saturating_add(T::Scored::get()));
            T::Calendar::now() >= T::Calendar::schedule(scored).final_at && Self::is_settled(last)
        })
    }

    /// Whether there is nothing to settle any more of `slot` and of all slots before it. Deadlines
    /// move where settlement is paused or the chain stood still, so that the calendar alone does not
    /// tell.
    pub(crate) fn is_settled(slot: SlotIndex) -> bool {
        T::Unsettled::oldest_unsettled().is_none_or(|oldest| slot < oldest)
    }

    /// The meters at the connections of the owner of `account` now or from a later slot on.
    pub fn connections_of(account: &T::AccountId) -> Vec<MeterId> {
        let Some(owner) = T::Membership::owner_of(account) else {
            return Vec::new();
        };
        let now = T::Calendar::current_slot();
        let mut meters = ConnectionsOf::<T>::get(owner).into_inner();
        meters.retain(|id| {
            Meters::<T>::get(id).is_some_and(|meter| {
                let mut of_owner = meter.assignments.iter().filter(|one| one.owner == owner);
                of_owner.any(|one| one.until.is_none_or(|until| until > now))
            })
        });
        meters
    }
}
