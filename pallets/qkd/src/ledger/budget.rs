//! What slots are promised of the keys.

use super::types::{Market, MarketLink};
use crate::{Config, CurrentRules, Error, Event, MarketKeys, Pallet, Reservations, WeightInfo};
use frame_support::{ensure, traits::Get, weights::Weight};
use qedex_math::keys::share;
use qedex_primitives::{
    Calendar, KeyBudget, SlotIndex,
    keys::{KeyRules, Reservation},
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// The market's share of a link's keys, and what is left of it.
    pub(crate) fn left_of(market: &Market, entry: &MarketLink, rules: &KeyRules) -> (u64, u64) {
        let shared = share(Self::keys_of(entry, rules), rules.market_share.deconstruct());
        (shared, shared.saturating_sub(market.promised_of(entry)))
    }

    /// What the least of the links has left, and none without links.
    pub(crate) fn least_left(market: &Market, rules: &KeyRules) -> u64 {
        let left = market.links.iter().map(|entry| Self::left_of(market, entry, rules).1);
        left.min().unwrap_or_default()
    }

    /// Promises as many of `keys` as exist.
    fn promise(keys: u64, rules: &KeyRules) -> u64 {
        let mut market = MarketKeys::<T>::get();
        let keys = keys.min(Self::least_left(&market, rules));
        if keys == 0 {
            return 0;
        }
        let shares: alloc::vec::Vec<_> =
            market.links.iter().map(|entry| Self::left_of(&market, entry, rules).0).collect();
        for (entry, shared) in market.links.iter_mut().zip(shares) {
            entry.covered = shared;
        }
        market.promised = market.promised.saturating_add(keys);
        MarketKeys::<T>::put(market);
        keys
    }
}

impl<T: Config> KeyBudget for Pallet<T> {
    fn available() -> u64 {
        let rules = CurrentRules::<T>::get();
        if rules.bound {
            Self::least_left(&MarketKeys::<T>::get(), &rules)
        } else {
            T::Allotment::get()
        }
    }

    fn reserve(slot: SlotIndex, keys: u64) -> Result<u64, DispatchError> {
        ensure!(!Reservations::<T>::contains_key(slot), Error::<T>::AlreadyReserved);
        let opens = T::Calendar::schedule(slot).is_gate_open(T::Calendar::now());
        ensure!(opens, Error::<T>::SlotNotOpening);
        let rules = CurrentRules::<T>::get();
        let backed = rules.bound;
        let keys = if backed { Self::promise(keys, &rules) } else { keys.min(T::Allotment::get()) };
        Reservations::<T>::insert(slot, Reservation { keys, settled: false, backed });
        Self::deposit_event(Event::KeysReserved { slot, keys, backed });
        Ok(keys)
    }

    fn settle(slot: SlotIndex, used: u64) {
        let Some(before) = Reservations::<T>::get(slot) else {
            // It was opened before there was a ledger, or its gate opened without keys.
            return;
        };
        let used = used.min(before.keys);
        let returned = before.keys.saturating_sub(used);
        if before.backed {
            MarketKeys::<T>::mutate(|market| {
                if before.settled {
                    market.take_off(returned);
                } else {
                    market.promised = market.promised.saturating_sub(returned);
                    market.used = market.used.saturating_add(used);
                }
            });
        }
        let settled = Reservation { keys: used, settled: true, backed: before.backed };
        Reservations::<T>::insert(slot, settled);
        Self::deposit_event(Event::KeysSettled { slot, used, returned });
    }

    fn release(slot: SlotIndex) {
        let Some(Reservation { keys, settled, backed }) = Reservations::<T>::take(slot) else {
            return;
        };
        if backed {
            MarketKeys::<T>::mutate(|market| {
                if settled {
                    market.take_off(keys);
                } else {
                    market.promised = market.promised.saturating_sub(keys);
                }
            });
        }
        Self::deposit_event(Event::KeysReleased { slot, keys });
    }

    fn reserve_weight() -> Weight {
        T::WeightInfo::reserve_keys()
    }

    fn settle_weight() -> Weight {
        T::WeightInfo::settle_keys()
    }

    fn release_weight() -> Weight {
        T::WeightInfo::release_keys()
    }
}
