//! What the validators have earned.

use crate::{
    Config, CurrentRules, Pallet, Probation, Reduction, Removals, Rules, pallet::AccountOf,
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::traits::Get;
use qedex_math::score;
use qedex_primitives::{
    Band, Calendar, EnergyFlow, Membership, PricePerKwh, Prices, Role, SlotIndex, Standing, Tariff,
};

/// How many slots further back the last final slot is looked for than the present windows say:
/// older slots may have been opened under longer ones.
const SEARCH_STEPS: u64 = 16;

/// The market's grid prices off-, mid- and on-peak; only their ratios matter.
struct BandPrices {
    off: PricePerKwh,
    mid: PricePerKwh,
    on: PricePerKwh,
}

impl BandPrices {
    fn present<T: Config>() -> Self {
        let price = T::Prices::price_of;
        Self { off: price(Band::Off), mid: price(Band::Mid), on: price(Band::On) }
    }
}

impl<T: Config> Pallet<T> {
    /// The last delivery slot of which nothing changes any more.
    pub(crate) fn last_final_slot() -> Option<SlotIndex> {
        let (now, current) = (T::Calendar::now(), T::Calendar::current_slot());
        let windows = T::Calendar::schedule(current);
        let length = T::Calendar::slot_length();
        if length == 0 {
            return None;
        }
        let span = windows.final_at.saturating_sub(windows.delivery_starts).div_ceil(length);
        let newest = current.0.checked_sub(span)?;
        (newest.saturating_sub(SEARCH_STEPS)..=newest)
            .rev()
            .map(SlotIndex)
            .find(|slot| T::Calendar::schedule(*slot).final_at <= now)
    }

    /// The delivery slots that are scored, with their bands: at most [`Rules::window`] of them.
    fn window(rules: &Rules) -> Vec<(SlotIndex, Band)> {
        let Some(SlotIndex(last)) = Self::last_final_slot() else {
            return Vec::new();
        };
        (0..rules.window.min(T::MaxWindow::get()))
            .filter_map(|back| last.checked_sub(back.into()))
            .map(|slot| (SlotIndex(slot), T::Tariff::band(SlotIndex(slot))))
            .collect()
    }

    /// The mean score of `who` over `window`; slots without a meter count as 0.
    fn mean_score(who: &AccountOf<T>, window: &[(SlotIndex, Band)], prices: &BandPrices) -> u64 {
        let standing = T::Standing::of(who).deconstruct();
        let saved = |consumed, price| score::saving_score(standing, consumed, price, prices.off);
        let sum = window.iter().fold(0_u128, |sum, (slot, band)| {
            let score = T::EnergyFlow::flow(who, *slot).map_or(0, |flow| match band {
                Band::Off => score::generation_score(standing, flow.surplus),
                Band::Mid => saved(flow.consumed, prices.mid),
                Band::On => saved(flow.consumed, prices.on),
            });
            sum.saturating_add(score.into())
        });
        score::mean(sum, u32::try_from(window.len()).unwrap_or(u32::MAX))
    }

    /// The score of each of `validators`, in the order of their ids, and why it is 0 where it was
    /// reduced. `down` are those that missed too many slots.
    pub(crate) fn scored(
        mut validators: Vec<AccountOf<T>>,
        down: &[AccountOf<T>],
    ) -> Vec<(AccountOf<T>, u64, Option<Reduction>)> {
        validators.sort();
        let rules = CurrentRules::<T>::get();
        let window = Self::window(&rules);
        let prices = BandPrices::present::<T>();
        let mut owners = BTreeSet::new();
        validators
            .into_iter()
            .map(|who| {
                let owner = T::Membership::owner_of(&who);
                let reduced = if Removals::<T>::contains_key(&who) {
                    Some(Reduction::RemovalHeld)
                } else if !T::Membership::may(&who, Role::Validate) {
                    Some(Reduction::NotPermitted)
                } else if owner.is_some_and(|owner| !Self::take_seat(owner, &mut owners)) {
                    Some(Reduction::SameOwner)
                } else if Probation::<T>::contains_key(&who) {
                    Some(Reduction::Probation)
                } else if down.contains(&who) {
                    Some(Reduction::Downtime)
                } else {
                    None
                };
                let score = match reduced {
                    Some(_) => 0,
                    None => Self::mean_score(&who, &window, &prices),
                };
                (who, score, reduced)
            })
            .collect()
    }
}
