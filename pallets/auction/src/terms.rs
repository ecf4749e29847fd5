//! The leader's terms: what the council allows, what aggregators announce, what a slot gets.

use crate::{
    ANNOUNCED_AHEAD, Announced, AnnouncedTerms, Config, CurrentTermsRule, DefaultTerms, Error,
    Event, NextSlot, Pallet, TermsRule,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};
use qedex_primitives::{
    Band, Calendar, LeaderTerms, Membership, PricePerKwh, Role, SlotIndex, Tariff, Wh,
};

/// How many results back the rule for the default terms looks.
const RESULTS_LOOKED_AT: u64 = 8;

impl<T: Config> Pallet<T> {
    /// Whether the leader's terms are consistent; the rules stand at
    /// [`set_terms`](Pallet::set_terms).
    pub(crate) fn check_terms(terms: &LeaderTerms) -> Result<(), Error<T>> {
        let (floor, cap, tick) = (terms.floor.0, terms.cap.0, terms.tick.0);
        let multiple = |value: u128| value.checked_rem(tick) == Some(0);
        ensure!(multiple(floor) && multiple(cap), Error::<T>::InconsistentTerms);
        let room = floor.checked_add(terms.grid_fee.0).is_some_and(|least| least < cap);
        ensure!(room, Error::<T>::InconsistentTerms);
        // Far above any price that makes sense, and small enough that a price times the largest
        // order never overflows.
        ensure!(cap <= u128::from(u64::MAX), Error::<T>::InconsistentTerms);
        let levels = cap.saturating_sub(floor).checked_div(tick).unwrap_or(u128::MAX);
        ensure!(levels < u128::from(T::MaxTicks::get()), Error::<T>::InconsistentTerms);
        let lots = terms.least_order.0.checked_rem(terms.lot.0);
        ensure!(lots == Some(0) && terms.least_order.0 > 0, Error::<T>::InconsistentTerms);
        ensure!(terms.least_order.0 <= T::MaxOrderEnergy::get(), Error::<T>::InconsistentTerms);
        ensure!(terms.wh_per_key.0 > 0, Error::<T>::InconsistentTerms);
        // The deposit must cover the largest harm of a buyer who falls back on the grid, or a
        // default would not be made good.
        let harm = cap.saturating_sub(floor).saturating_sub(terms.grid_fee.0);
        let covered = terms.deposit_rate.mul_floor(cap);
        ensure!(covered >= harm, Error::<T>::InconsistentTerms);
        Ok(())
    }

    pub(crate) fn do_announce(
        who: T::AccountId,
        slot: SlotIndex,
        terms: LeaderTerms,
    ) -> DispatchResult {
        ensure!(T::Membership::may(&who, Role::Aggregate), Error::<T>::NotPermitted);
        let next = NextSlot::<T>::get();
        ensure!(
            slot >= next && slot.0 < next.0.saturating_add(ANNOUNCED_AHEAD),
            Error::<T>::NotAhead
        );
        // The slot itself opens only in the course of the next block.
        ensure!(
            <Self as Calendar>::schedule(slot).gate_opens > <Self as Calendar>::now(),
            Error::<T>::NotAhead
        );
        Self::check_terms(&terms)?;
        let default = DefaultTerms::<T>::get().ok_or(Error::<T>::BeyondLimits)?;
        ensure!(Self::within_limits(&terms, &default), Error::<T>::BeyondLimits);
        Announced::<T>::insert(Self::announced_index(slot), AnnouncedTerms { slot, terms });
        Self::deposit_event(Event::TermsAnnounced { slot, terms, by: who });
        Ok(())
    }

    fn within_limits(terms: &LeaderTerms, default: &LeaderTerms) -> bool {
        let (highest, most) = match CurrentTermsRule::<T>::get() {
            Some(rule) => (default.cap.max(rule.mid_cap).max(rule.on_cap), rule.most_wh_per_key),
            None => (default.cap, default.wh_per_key),
        };
        terms.floor >= default.floor
            && terms.cap <= highest
            && terms.grid_fee <= default.grid_fee
            && terms.least_order <= default.least_order
            && terms.deposit_rate >= default.deposit_rate
            && terms.wh_per_key <= most
    }

    fn announced_index(slot: SlotIndex) -> u32 {
        let index = slot.0.checked_rem(ANNOUNCED_AHEAD);
        index.and_then(|index| u32::try_from(index).ok()).unwrap_or_default()
    }

    /// Whether the rule makes consistent terms of these.
    pub(crate) fn check_rule(rule: &TermsRule, terms: &LeaderTerms) -> Result<(), Error<T>> {
        for cap in [rule.mid_cap, rule.on_cap] {
            Self::check_terms(&LeaderTerms { cap, ..*terms })?;
        }
        ensure!(rule.most_wh_per_key >= terms.wh_per_key, Error::<T>::InconsistentTerms);
        Ok(())
    }

    /// The terms that `slot` gets if its gate opens now: those announced for it, or else the default
    /// ones by their rule.
    pub fn terms_of(slot: SlotIndex) -> Option<LeaderTerms> {
        let default = DefaultTerms::<T>::get()?;
        // The council's limits may have become narrower since they were announced.
        let announced = Announced::<T>::get(Self::announced_index(slot))
            .filter(|announced| announced.slot == slot)
            .map(|announced| announced.terms)
            .filter(|terms| Self::within_limits(terms, &default));
        if announced.is_some() {
            return announced;
        }
        let Some(rule) = CurrentTermsRule::<T>::get() else {
            return Some(default);
        };
        Some(LeaderTerms {
            cap: Self::grid_price(&default, &rule, slot),
            wh_per_key: Self::stretched(&default, &rule, slot),
            ..default
        })
    }

    /// The grid price of the slot's tariff band.
    fn grid_price(default: &LeaderTerms, rule: &TermsRule, slot: SlotIndex) -> PricePerKwh {
        match T::Tariff::band(slot) {
            Band::Off => default.cap,
            Band::Mid => rule.mid_cap,
            Band::On => rule.on_cap,
        }
    }

    /// The energy per key: a quarter more for each of the last results in a row in which the keys
    /// bound the volume.
    fn stretched(default: &LeaderTerms, rule: &TermsRule, slot: SlotIndex) -> Wh {
        let mut energy = default.wh_per_key;
        let known = (1..=RESULTS_LOOKED_AT)
            .filter_map(|back| Self::result(SlotIndex(slot.0.checked_sub(back)?)));
        for result in known {
            if !result.cap_binding || energy >= rule.most_wh_per_key {
                break;
            }
            energy = energy.saturating_add(Wh(energy.0.div_ceil(4)));
        }
        energy.min(rule.most_wh_per_key)
    }

    /// Removes the announced terms of a slot that has opened.
    pub(crate) fn forget_announced(slot: SlotIndex) {
        Announced::<T>::remove(Self::announced_index(slot));
    }
}
