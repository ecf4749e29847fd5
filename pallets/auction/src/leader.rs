//! The leader leads by quantity: what it announces, and what a slot gets of it.

use crate::{
    ANNOUNCED_AHEAD, Announcements, Announcers, Config, CurrentLimits, DefaultWindows, Error,
    Event, Pallet, PriceLists, Slots,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{
    Announcement, Calendar, KeyAdmission, KeyBudget, LeaderLimits, LeaderTerms, Leadership,
    Membership, Opened, OwnerId, Role, SlotIndex, Tariff,
};

/// What a slot gets that opens now.
pub(crate) struct Opening {
    /// Its prices, and the energy per key.
    pub terms: LeaderTerms,
    /// How many keys it is to be promised.
    pub keys: u64,
    /// Who leads it.
    pub leader: Option<OwnerId>,
}

impl<T: Config> Leadership for Pallet<T> {
    fn has_led(owner: &OwnerId) -> bool {
        Announcers::<T>::contains_key(owner)
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_announce(
        who: T::AccountId,
        slot: SlotIndex,
        admission: KeyAdmission,
    ) -> DispatchResult {
        ensure!(T::Membership::may(&who, Role::Aggregate), Error::<T>::NotPermitted);
        let owner = T::Membership::owner_of(&who).ok_or(Error::<T>::NotPermitted)?;
        let next = <Self as Opened>::next_slot();
        ensure!(
            slot >= next && slot.0 < next.0.saturating_add(ANNOUNCED_AHEAD),
            Error::<T>::NotAhead
        );
        // The slot itself opens only in the course of the next block.
        ensure!(
            <Self as Calendar>::schedule(slot).gate_opens > <Self as Calendar>::now(),
            Error::<T>::NotAhead
        );
        let limits = CurrentLimits::<T>::get().ok_or(Error::<T>::BeyondLimits)?;
        ensure!(limits.allow(&admission), Error::<T>::BeyondLimits);
        // Who leads a slot must not be let out of it by a colleague's word.
        let other = Self::leadership(slot, &limits).is_some_and(|(leader, _)| leader != owner);
        ensure!(!other, Error::<T>::LedByAnother);
        let announcement = Announcement { slot, by: who.clone(), admission };
        Announcements::<T>::insert(Self::announced_index(slot), announcement);
        Announcers::<T>::insert(owner, ());
        Self::deposit_event(Event::Announced { slot, admission, by: who });
        Ok(())
    }

    pub(crate) fn do_withdraw_announcement(who: T::AccountId, slot: SlotIndex) -> DispatchResult {
        let announced = Self::announcement(slot).ok_or(Error::<T>::NotAnnounced)?;
        ensure!(
            <Self as Calendar>::schedule(slot).gate_opens > <Self as Calendar>::now(),
            Error::<T>::NotAhead
        );
        let owner = T::Membership::owner_of(&announced.by);
        let is_its_own =
            announced.by == who || (owner.is_some() && owner == T::Membership::owner_of(&who));
        ensure!(is_its_own, Error::<T>::NotYourAnnouncement);
        Self::forget_announced(slot);
        Self::deposit_event(Event::AnnouncementWithdrawn { slot, by: who });
        Ok(())
    }

    /// What was announced for `slot`, whether or not it would hold.
    pub fn announcement(slot: SlotIndex) -> Option<Announcement<T::AccountId>> {
        Announcements::<T>::get(Self::announced_index(slot))
            .filter(|announced| announced.slot == slot)
    }

    /// The owner that leads `slot`, which is in flight.
    pub fn leader(slot: SlotIndex) -> Option<OwnerId> {
        Slots::<T>::get(slot)?.leader
    }

    /// Who leads `slot` and how, if what was announced fits the limits now and its author still has
    /// the role.
    fn leadership(slot: SlotIndex, limits: &LeaderLimits) -> Option<(OwnerId, KeyAdmission)> {
        let announced = Self::announcement(slot)?;
        let holds = limits.allow(&announced.admission)
            && T::Membership::may(&announced.by, Role::Aggregate);
        let owner = T::Membership::owner_of(&announced.by)?;
        holds.then_some((owner, announced.admission))
    }

    /// What `slot` gets if its gate opens now; none where the council has not set it.
    pub(crate) fn opening_of(slot: SlotIndex) -> Option<Opening> {
        let limits = CurrentLimits::<T>::get()?;
        let list = PriceLists::<T>::get(T::Tariff::band(slot))?;
        let available = T::KeyBudget::available();
        let opening = match Self::leadership(slot, &limits) {
            Some((owner, admission)) => Opening {
                terms: list.with_keys(admission.wh_per_key),
                keys: limits.keys_admitted(available, &admission),
                leader: Some(owner),
            },
            None => Opening {
                terms: list.with_keys(limits.least_wh_per_key),
                keys: limits.keys_by_default(available, Self::open_at_once()),
                leader: None,
            },
        };
        Some(opening)
    }

    /// How many slots are open at the same time, by the windows of slots that open now.
    fn open_at_once() -> u64 {
        let windows = DefaultWindows::<T>::get();
        u64::from(windows.gate_opens.saturating_sub(windows.gate_closes)).max(1)
    }

    pub(crate) fn announced_index(slot: SlotIndex) -> u32 {
        let index = slot.0.checked_rem(ANNOUNCED_AHEAD);
        index.and_then(|index| u32::try_from(index).ok()).unwrap_or_default()
    }

    /// Removes what was announced for a slot.
    pub(crate) fn forget_announced(slot: SlotIndex) {
        Announcements::<T>::remove(Self::announced_index(slot));
    }
}
