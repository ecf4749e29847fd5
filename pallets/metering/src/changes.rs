//! What changes: how meters come into service, change keys, hands and ratings, and leave.

use crate::{
    Assignment, Change, Config, Error, Event, MAX_RATING, Meter, MeterKind, MeterRatings, Meters,
    Pallet, PendingChange, Person, pending::Concerned,
};
use alloc::vec::Vec;
use frame_support::ensure;
use qedex_primitives::{
    Calendar, Installer, Membership, MeterId, MeterKey, Opened, OwnerId, SlotIndex,
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Whom a change concerns, if nothing that can be told now speaks against it. What may have
    /// changed by then, whether a place is free, is asked when it takes effect.
    pub(crate) fn concerned(change: &Change<T::AccountId>) -> Result<Concerned, Error<T>> {
        let owner_of = |account| T::Membership::owner_of(account).ok_or(Error::<T>::UnknownOwner);
        let alone = |owner| Concerned { owner, new_owner: None };
        match change {
            Change::Register { account, key, kind, ratings } => {
                Self::ensure_sound(key, kind, ratings)?;
                Ok(alone(owner_of(account)?))
            }
            Change::RotateKey { meter, key } => {
                let latest = Self::in_service(*meter)?;
                Self::ensure_fresh(key)?;
                Ok(alone(latest.owner))
            }
            Change::Transfer { meter, account } => {
                let latest = Self::in_service(*meter)?;
                ensure!(latest.account != *account, Error::<T>::SameAccount);
                let new_owner = owner_of(account)?;
                let is_another = new_owner != latest.owner;
                Ok(Concerned { owner: latest.owner, new_owner: is_another.then_some(new_owner) })
            }
            Change::Rate { meter, ratings } => {
                let latest = Self::in_service(*meter)?;
                Self::ensure_in_range(ratings)?;
                ensure!(latest.ratings != *ratings, Error::<T>::SameRatings);
                Ok(alone(latest.owner))
            }
            Change::Decommission { meter } => Ok(alone(Self::in_service(*meter)?.owner)),
        }
    }

    /// Whether an owner cannot stop a change: it lowers ratings, or ends a service.
    pub(crate) fn lowers(change: &Change<T::AccountId>) -> bool {
        match change {
            Change::Decommission { .. } => true,
            Change::Rate { meter, ratings } => {
                Self::in_service(*meter).is_ok_and(|latest| ratings.are_within(&latest.ratings))
            }
            _ => false,
        }
    }

    /// Refuses what no new meter can have.
    pub(crate) fn ensure_sound(
        key: &MeterKey,
        kind: &MeterKind,
        ratings: &MeterRatings,
    ) -> Result<(), Error<T>> {
        Self::ensure_in_range(ratings)?;
        ensure!(kind.number().is_valid(), Error::<T>::InvalidConnectionNumber);
        Self::ensure_fresh(key)
    }

    /// Refuses ratings by which nothing can flow at all, or more than any meter reads.
    fn ensure_in_range(ratings: &MeterRatings) -> Result<(), Error<T>> {
        let is_zero = ratings.out.is_zero() && ratings.into.is_zero();
        let largest = ratings.out.max(ratings.into);
        ensure!(!is_zero && largest <= MAX_RATING, Error::<T>::RatingsOutOfRange);
        Ok(())
    }

    /// The latest assignment of a meter whose service has no end.
    fn in_service(id: MeterId) -> Result<Assignment<T::AccountId>, Error<T>> {
        let meter = Meters::<T>::get(id).ok_or(Error::<T>::UnknownMeter)?;
        let latest = meter.latest().filter(|latest| latest.until.is_none()).cloned();
        latest.ok_or(Error::<T>::Decommissioned)
    }

    /// Does what a change with all its confirmations says, and returns of which meter and from which
    /// slot on. Everything is asked again.
    pub(crate) fn take_effect(
        pending: PendingChange<T::AccountId>,
    ) -> Result<(MeterId, SlotIndex), DispatchError> {
        let PendingChange { change, filed_by, second, owner, new_owner, .. } = pending;
        let installers = (as_installer(filed_by), second.map(as_installer));
        match change {
            Change::Register { account, key, kind, ratings } => {
                let from = Self::first_unopened();
                let payer = installers.0.account.clone();
                let new = Assignment {
                    account,
                    owner,
                    key,
                    ratings,
                    installer: installers.0,
                    second: installers.1,
                    from,
                    until: None,
                };
                let id = Self::register(kind, new)?;
                Self::take_bond(id, payer)?;
                Ok((id, from))
            }
            Change::RotateKey { meter, key } => {
                let from = Self::reassign(meter, installers, |next| next.key = key)?;
                Self::remember(meter, key);
                Self::deposit_event(Event::KeyRotated { meter, key, from });
                Ok((meter, from))
            }
            Change::Transfer { meter, account } => {
                let old_account = Self::in_service(meter)?.account;
                let owner = new_owner.unwrap_or(owner);
                let from = Self::reassign(meter, installers, |next| {
                    next.account = account.clone();
                    next.owner = owner;
                })?;
                Self::deposit_event(Event::MeterTransferred {
                    meter,
                    old_account,
                    new_account: account,
                    owner,
                    from,
                });
                Ok((meter, from))
            }
            Change::Rate { meter, ratings } => {
                let from = Self::reassign(meter, installers, |next| next.ratings = ratings)?;
                Self::deposit_event(Event::MeterRated { meter, ratings, from });
                Ok((meter, from))
            }
            Change::Decommission { meter } => {
                let from = Self::end_service(meter)?;
                Self::deposit_event(Event::MeterDecommissioned { meter, from });
                Ok((meter, from))
            }
        }
    }

    /// Lets another assignment of a meter begin with the first slot whose gate has not been opened, which
    /// differs from the latest one by `change`.
    fn reassign(
        id: MeterId,
        installers: (Installer<T::AccountId>, Option<Installer<T::AccountId>>),
        change: impl FnOnce(&mut Assignment<T::AccountId>),
    ) -> Result<SlotIndex, Error<T>> {
        let mut next = Self::in_service(id)?;
        change(&mut next);
        (next.installer, next.second) = installers;
        let mut meter = Meters::<T>::get(id).ok_or(Error::<T>::UnknownMeter)?;
        let unopened = Self::first_unopened();
        let mut former = Self::cut(&mut meter, unopened, 0);
        next.from = next.from.max(unopened);
        if let Some(latest) = meter.assignments.last_mut() {
            latest.until = Some(unopened);
            next.from = unopened;
        }
        if meter.assignments.is_full() {
            let is_over = meter.assignments.first().is_some_and(Self::is_over);
            ensure!(is_over, Error::<T>::UnfinishedAssignments);
            former.push(meter.assignments.remove(0).owner);
        }
        let (owner, from) = (next.owner, next.from);
        let full = |_| Error::<T>::UnfinishedAssignments;
        meter.assignments.try_push(next).map_err(full)?;
        if meter.kind.is_connection() {
            Self::list(id, &owner)?;
        }
        Self::store(id, meter, &former);
        Ok(from)
    }

    /// Ends the service of a meter, before the first slot whose gate has not been opened.
    pub(crate) fn end_service(id: MeterId) -> Result<SlotIndex, Error<T>> {
        Self::in_service(id)?;
        let mut meter = Meters::<T>::get(id).ok_or(Error::<T>::UnknownMeter)?;
        let mut from = Self::first_unopened();
        // One that has not begun at all serves for one slot.
        let former = Self::cut(&mut meter, from, 1);
        if let Some(latest) = meter.assignments.last_mut() {
            from = from.max(latest.from.next());
            latest.until = Some(from);
        }
        Self::store(id, meter, &former);
        Ok(from)
    }

    /// Takes the latest assignments that begin with `slot` or later off a meter, down to `least`, and
    /// returns their owners. None of them has begun in a slot that is on sale, and to wait for them
    /// would let who is found out put the end off by change after change.
    fn cut(meter: &mut Meter<T::AccountId>, slot: SlotIndex, least: usize) -> Vec<OwnerId> {
        let mut owners = Vec::new();
        while meter.assignments.len() > least
            && let Some(latest) = meter.assignments.last()
            && latest.from >= slot
        {
            owners.push(latest.owner);
            let _ = meter.assignments.pop();
        }
        owners
    }

    /// Stores a meter that has lost assignments of these owners, from whose lists it goes unless they
    /// have another one.
    fn store(id: MeterId, meter: Meter<T::AccountId>, former: &[OwnerId]) {
        for owner in former {
            if meter.assignments.iter().all(|kept| kept.owner != *owner) {
                Self::unlist(id, owner);
            }
        }
        Meters::<T>::insert(id, meter);
    }

    /// The first slot whose gate has not been opened, and none whose delivery has begun: a market
    /// without terms opens no gates.
    pub(crate) fn first_unopened() -> SlotIndex {
        T::Opened::next_slot().max(T::Calendar::current_slot().next())
    }
}

fn as_installer<AccountId>(person: Person<AccountId>) -> Installer<AccountId> {
    Installer { account: person.account, owner: Some(person.owner) }
}
