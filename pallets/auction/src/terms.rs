//! What the council sets: a price list for each band, and the limits of the leader.

use crate::{Config, CurrentLimits, Error, Event, MarketTerms, Pallet, PriceLists};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
};
use qedex_primitives::{
    Balance, Band, Deposits, LeaderLimits, MarketSettlement, PriceList, PricePerKwh, Prices,
};
use sp_runtime::{PerThing, Permill, Rounding};

impl<T: Config> Pallet<T> {
    /// Whether a price list is consistent; the rules stand at [`set_terms`](Pallet::set_terms).
    pub(crate) fn check_list(list: &PriceList) -> Result<(), Error<T>> {
        let (floor, cap, tick) = (list.floor.0, list.cap.0, list.tick.0);
        let multiple = |value: u128| value.checked_rem(tick) == Some(0);
        ensure!(multiple(floor) && multiple(cap), Error::<T>::InconsistentTerms);
        ensure!(list.grid_fee.0 > 0, Error::<T>::InconsistentTerms);
        let room = floor.checked_add(list.grid_fee.0).is_some_and(|least| least < cap);
        ensure!(room, Error::<T>::InconsistentTerms);
        // Far above any price that makes sense, and small enough that a price times the largest
        // order never overflows.
        ensure!(cap <= u128::from(u64::MAX), Error::<T>::InconsistentTerms);
        let levels = cap.saturating_sub(floor).checked_div(tick).unwrap_or(u128::MAX);
        ensure!(levels < u128::from(T::MaxTicks::get()), Error::<T>::InconsistentTerms);
        let lots = list.least_order.0.checked_rem(list.lot.0);
        ensure!(lots == Some(0) && list.least_order.0 > 0, Error::<T>::InconsistentTerms);
        ensure!(list.least_order.0 <= T::MaxOrderEnergy::get(), Error::<T>::InconsistentTerms);
        let fee = T::Settlement::shortfall_fee();
        ensure!(Self::covers(list, fee), Error::<T>::InconsistentTerms);
        Ok(())
    }

    /// Whether the deposit covers the largest harm of a buyer who falls back on the grid, or a default
    /// would not be made good, and the fee for what is missing, or it would cost nothing near the cap.
    fn covers(list: &PriceList, shortfall_fee: Permill) -> bool {
        list.deposit_rate.mul_floor(list.cap.0) >= Self::needed(list, shortfall_fee)
    }

    /// What a deposit has to cover for each kWh, in plancks.
    fn needed(list: &PriceList, shortfall_fee: Permill) -> Balance {
        let cap = list.cap.0;
        let harm = cap.saturating_sub(list.floor.0).saturating_sub(list.grid_fee.0);
        harm.saturating_add(shortfall_fee.mul_ceil(cap))
    }

    /// The least deposit rate that covers harm and shortfall fee, rounded up; one if none does.
    pub(crate) fn least_deposit_rate(list: &PriceList) -> Permill {
        let needed = Self::needed(list, T::Settlement::shortfall_fee());
        Permill::from_rational_with_rounding(needed, list.cap.0, Rounding::Up)
            .unwrap_or(Permill::one())
    }

    pub(crate) fn do_set_terms(band: Band, list: PriceList) -> DispatchResult {
        Self::check_list(&list)?;
        PriceLists::<T>::insert(band, list);
        Self::deposit_event(Event::TermsSet { band, list });
        Ok(())
    }

    /// Whether the leader's limits leave it something to choose.
    pub(crate) fn check_limits(limits: &LeaderLimits) -> Result<(), Error<T>> {
        let (least, most) = (limits.least_wh_per_key, limits.most_wh_per_key);
        ensure!(!least.is_zero() && least <= most, Error::<T>::InconsistentTerms);
        Ok(())
    }

    pub(crate) fn do_set_limits(limits: LeaderLimits) -> DispatchResult {
        Self::check_limits(&limits)?;
        CurrentLimits::<T>::put(limits);
        Self::deposit_event(Event::LeaderLimitsSet { limits });
        Ok(())
    }

    /// Sets the terms of genesis.
    ///
    /// # Panics
    /// If a call would refuse them.
    pub(crate) fn build_terms(terms: &MarketTerms) {
        for (band, list) in terms.lists() {
            assert!(
                Self::check_list(&list).is_ok(),
                "the price lists at genesis must be consistent"
            );
            PriceLists::<T>::insert(band, list);
        }
        assert!(
            Self::check_limits(&terms.limits).is_ok(),
            "the leader's limits at genesis must be consistent"
        );
        CurrentLimits::<T>::put(terms.limits);
    }
}

impl<T: Config> Deposits for Pallet<T> {
    fn cover(shortfall_fee: Permill) -> bool {
        PriceLists::<T>::iter_values().all(|list| Self::covers(&list, shortfall_fee))
    }
}

impl<T: Config> Prices for Pallet<T> {
    fn price_of(band: Band) -> PricePerKwh {
        PriceLists::<T>::get(band).map_or(PricePerKwh(0), |list| list.cap)
    }
}
