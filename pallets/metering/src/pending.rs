//! How changes wait for their confirmations.

use crate::{
    Change, ChangeBonds, ChangeId, ChangesOf, Config, Error, Event, NextChange, Pallet, Party,
    PendingChange, PendingChanges, Person, WeightInfo,
};
use codec::MaxEncodedLen;
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{Consideration, Footprint, Get},
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_primitives::{Calendar, Membership, Moment, OwnerId, Role};
use sp_core::H256;
use sp_runtime::traits::Zero;

/// The owners whom a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Concerned {
    /// The owner of the meter, or who will be that of a new one.
    pub owner: OwnerId,
    /// To whom it is transferred, if that is another owner.
    pub new_owner: Option<OwnerId>,
}

impl Concerned {
    /// Refuses an owner that is one of them.
    fn ensure_independent<T>(&self, owner: &OwnerId) -> Result<(), Error<T>> {
        let is_one = self.owner == *owner || self.new_owner.as_ref() == Some(owner);
        ensure!(!is_one, Error::<T>::NotIndependent);
        Ok(())
    }
}

impl<T: Config> Pallet<T> {
    /// What a pending change takes up: itself, its place on a list, and the record of its bond.
    pub(crate) fn change_footprint() -> Footprint {
        let change = PendingChange::<T::AccountId>::max_encoded_len();
        let id = ChangeId::max_encoded_len();
        let bond = T::Bond::max_encoded_len();
        Footprint::from_parts(1, change.saturating_add(id).saturating_add(bond))
    }

    /// What a confirmation may cost, by which whatever is changed takes effect.
    pub(crate) fn confirm_weight() -> Weight {
        T::WeightInfo::confirm_registration()
            .max(T::WeightInfo::confirm_rotation())
            .max(T::WeightInfo::confirm_transfer())
            .max(T::WeightInfo::confirm_change_as_council())
    }

    /// The moment so many slots after `moment`.
    fn slots_after(moment: Moment, slots: u64) -> Moment {
        moment.saturating_add(T::Calendar::slot_length().saturating_mul(slots))
    }

    /// From when on the council may stand for an owner that has not answered to a change filed at
    /// this moment.
    pub fn owner_answers_until(filed_at: Moment) -> Moment {
        Self::slots_after(filed_at, T::OwnerAnswers::get())
    }

    /// Files a change.
    pub(crate) fn do_propose(
        filed_by: Person<T::AccountId>,
        change: Change<T::AccountId>,
    ) -> DispatchResult {
        let concerned = Self::concerned(&change)?;
        concerned.ensure_independent::<T>(&filed_by.owner)?;
        let number = NextChange::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let id = ChangeId(number);
        ChangesOf::<T>::try_mutate(filed_by.owner, |list| list.try_push(id))
            .map_err(|_| Error::<T>::TooManyPending)?;
        let bond = T::Bond::new(&filed_by.account, Self::change_footprint())
            .map_err(|_| Error::<T>::CannotPayBond)?;

        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let hash = change.hash(genesis, id);
        let now = T::Calendar::now();
        let Concerned { owner, new_owner } = concerned;
        NextChange::<T>::put(next);
        ChangeBonds::<T>::insert(id, bond);
        Self::deposit_event(Event::ChangeProposed {
            change: id,
            hash,
            installer: filed_by.account.clone(),
            owner,
            new_owner,
        });
        PendingChanges::<T>::insert(
            id,
            PendingChange {
                change,
                hash,
                filed_by,
                filed_at: now,
                expires: Self::slots_after(now, T::ChangeLifetime::get()),
                owner,
                new_owner,
                by_owner: None,
                by_new_owner: None,
                second: None,
                council: None,
            },
        );
        Ok(())
    }

    /// The change of this number, if it is this very one, can be confirmed still, and concerns whom it
    /// did when it was filed. What an owner cannot stop concerns whoever has the meter by now: nobody
    /// dodges it by handing the meter on. Words that do not count any more are taken back.
    fn confirmable(
        id: ChangeId,
        hash: H256,
    ) -> Result<(PendingChange<T::AccountId>, Concerned), Error<T>> {
        let mut pending = PendingChanges::<T>::get(id).ok_or(Error::<T>::UnknownChange)?;
        ensure!(pending.hash == hash, Error::<T>::WrongHash);
        ensure!(T::Calendar::now() < pending.expires, Error::<T>::Expired);
        let concerned = Self::concerned(&pending.change)?;
        let filed = Concerned { owner: pending.owner, new_owner: pending.new_owner };
        if concerned != filed {
            ensure!(Self::lowers(&pending.change), Error::<T>::ChangedHands);
            concerned.ensure_independent::<T>(&pending.filed_by.owner)?;
            pending.owner = concerned.owner;
            pending.new_owner = concerned.new_owner;
        }
        Self::drop_void_words(id, &mut pending);
        Ok((pending, concerned))
    }

    /// Takes back the word of an owner's account that does not speak for the owner concerned any more,
    /// and that of a second installer who is of an owner concerned by now.
    fn drop_void_words(id: ChangeId, pending: &mut PendingChange<T::AccountId>) {
        let is_void = |by: &Option<T::AccountId>, owner: Option<OwnerId>| {
            by.as_ref().is_some_and(|by| T::Membership::speaks_for(by) != owner)
        };
        let withdrawn = |party| Event::ConfirmationWithdrawn { change: id, party };
        if is_void(&pending.by_owner, Some(pending.owner)) {
            pending.by_owner = None;
            Self::deposit_event(withdrawn(Party::Owner));
        }
        if is_void(&pending.by_new_owner, pending.new_owner) {
            pending.by_new_owner = None;
            Self::deposit_event(withdrawn(Party::NewOwner));
        }
        let second = pending.second.as_ref().map(|second| second.owner);
        if second.is_some_and(|owner| pending.concerns(&owner).is_some()) {
            pending.second = None;
            Self::deposit_event(withdrawn(Party::SecondInstaller));
        }
    }

    /// The owner for whom `who` agrees or refuses.
    fn spoken_for(who: &T::AccountId) -> Result<OwnerId, Error<T>> {
        T::Membership::speaks_for(who).ok_or(Error::<T>::UnknownOwner)
    }

    /// Confirms a change, as an owner concerned or as the second installer.
    pub(crate) fn do_confirm(who: T::AccountId, id: ChangeId, hash: H256) -> DispatchResult {
        let (mut pending, concerned) = Self::confirmable(id, hash)?;
        let owner = Self::spoken_for(&who)?;
        let party = match pending.concerns(&owner) {
            Some(party) => party,
            None => {
                let may = T::Membership::may(&who, Role::InstallMeters);
                ensure!(may, Error::<T>::MayNotConfirm);
                ensure!(owner != pending.filed_by.owner, Error::<T>::NotIndependent);
                Party::SecondInstaller
            }
        };
        ensure!(pending.awaits(party), Error::<T>::AlreadyConfirmed);
        match party {
            Party::Owner => pending.by_owner = Some(who.clone()),
            Party::NewOwner => pending.by_new_owner = Some(who.clone()),
            Party::SecondInstaller => {
                pending.second = Some(Person { account: who.clone(), owner });
            }
        }
        Self::deposit_event(Event::ChangeConfirmed { change: id, party, by: Some(who) });
        Self::go_on(id, pending, &concerned)
    }

    /// Lets the council stand for `party`.
    pub(crate) fn do_stand_in(id: ChangeId, hash: H256, party: Party) -> DispatchResult {
        let (mut pending, concerned) = Self::confirmable(id, hash)?;
        ensure!(pending.council.is_none(), Error::<T>::CouncilStandsAlready);
        ensure!(pending.awaits(party), Error::<T>::AlreadyConfirmed);
        ensure!(Self::may_stand_for(party, &pending), Error::<T>::OwnerMayStillAnswer);
        pending.council = Some(party);
        Self::deposit_event(Event::ChangeConfirmed { change: id, party, by: None });
        Self::go_on(id, pending, &concerned)
    }

    /// Whether the council may stand for `party` now: an owner gets its time to answer, unless the
    /// change is one that it cannot stop.
    fn may_stand_for(party: Party, pending: &PendingChange<T::AccountId>) -> bool {
        let is_late = || T::Calendar::now() >= Self::owner_answers_until(pending.filed_at);
        match party {
            Party::SecondInstaller => true,
            Party::Owner => is_late() || Self::lowers(&pending.change),
            Party::NewOwner => is_late(),
        }
    }

    /// Lets a change take effect if nobody's word is lacking, and keeps it otherwise.
    fn go_on(
        id: ChangeId,
        pending: PendingChange<T::AccountId>,
        concerned: &Concerned,
    ) -> DispatchResult {
        if !pending.is_complete() {
            PendingChanges::<T>::insert(id, pending);
            return Ok(());
        }
        for installer in core::iter::once(&pending.filed_by).chain(pending.second.as_ref()) {
            let may = T::Membership::may(&installer.account, Role::InstallMeters);
            ensure!(may, Error::<T>::NotAnInstaller);
            let owner = T::Membership::owner_of(&installer.account);
            ensure!(owner == Some(installer.owner), Error::<T>::NotIndependent);
            concerned.ensure_independent::<T>(&installer.owner)?;
        }
        // What lowered the ratings when the council stood for the owner may raise them by now.
        if let Some(party) = pending.council {
            ensure!(Self::may_stand_for(party, &pending), Error::<T>::OwnerMayStillAnswer);
        }
        Self::end(id, &pending)?;
        let (meter, from) = Self::take_effect(pending)?;
        Self::deposit_event(Event::ChangeTookEffect { change: id, meter, from });
        Ok(())
    }

    /// Forgets a change and gives its bond back.
    fn end(id: ChangeId, pending: &PendingChange<T::AccountId>) -> DispatchResult {
        PendingChanges::<T>::remove(id);
        ChangesOf::<T>::mutate_exists(pending.filed_by.owner, |entry| {
            if let Some(list) = entry {
                list.retain(|listed| *listed != id);
                if list.is_empty() {
                    *entry = None;
                }
            }
        });
        match ChangeBonds::<T>::take(id) {
            Some(bond) => bond.drop(&pending.filed_by.account),
            None => Ok(()),
        }
    }

    /// Withdraws a change, as who filed it.
    pub(crate) fn do_withdraw(who: T::AccountId, id: ChangeId) -> DispatchResult {
        let pending = PendingChanges::<T>::get(id).ok_or(Error::<T>::UnknownChange)?;
        ensure!(pending.filed_by.account == who, Error::<T>::NotFiledByCaller);
        Self::end(id, &pending)?;
        Self::deposit_event(Event::ChangeWithdrawn { change: id });
        Ok(())
    }

    /// Takes a confirmation back: the council's, or that of the owner of `who`.
    pub(crate) fn do_withdraw_confirmation(
        who: Option<T::AccountId>,
        id: ChangeId,
    ) -> DispatchResult {
        let mut pending = PendingChanges::<T>::get(id).ok_or(Error::<T>::UnknownChange)?;
        let withdrawn = match who {
            None => pending.council.take(),
            Some(who) => {
                let owner = Self::spoken_for(&who)?;
                match pending.concerns(&owner) {
                    Some(Party::Owner) => pending.by_owner.take().map(|_| Party::Owner),
                    Some(_) => pending.by_new_owner.take().map(|_| Party::NewOwner),
                    None if pending.second.as_ref().is_some_and(|second| second.owner == owner) => {
                        pending.second.take().map(|_| Party::SecondInstaller)
                    }
                    None => None,
                }
            }
        };
        let party = withdrawn.ok_or(Error::<T>::NotConfirmedByCaller)?;
        PendingChanges::<T>::insert(id, pending);
        Self::deposit_event(Event::ConfirmationWithdrawn { change: id, party });
        Ok(())
    }

    /// Refuses a change, as an owner concerned.
    pub(crate) fn do_refuse(who: T::AccountId, id: ChangeId) -> DispatchResult {
        let pending = PendingChanges::<T>::get(id).ok_or(Error::<T>::UnknownChange)?;
        let owner = Self::spoken_for(&who)?;
        ensure!(pending.concerns(&owner).is_some(), Error::<T>::NotConcerned);
        ensure!(!Self::lowers(&pending.change), Error::<T>::CannotBeRefused);
        Self::end(id, &pending)?;
        Self::deposit_event(Event::ChangeRefused { change: id, by: who });
        Ok(())
    }

    /// Removes a change that has expired.
    pub(crate) fn do_clear(id: ChangeId) -> DispatchResult {
        let pending = PendingChanges::<T>::get(id).ok_or(Error::<T>::UnknownChange)?;
        ensure!(T::Calendar::now() >= pending.expires, Error::<T>::NotExpired);
        Self::end(id, &pending)?;
        Self::deposit_event(Event::ChangeExpired { change: id });
        Ok(())
    }
}
