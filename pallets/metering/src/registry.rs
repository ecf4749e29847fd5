//! How meters come to the chain.

use crate::{
    Config, Error, Event, GenesisConfig, MAX_CAPACITY, Meter, MeterByKey, Meters, MetersOf,
    NextMeter, Pallet,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{MeterId, MeterKey, SlotIndex, Wh};
use serde::{Deserialize, Serialize};

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
    /// Registers the meters by the same rules as the call, the installer's right excepted: at
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
                meter.installer.clone(),
                SlotIndex(0),
            )
            .unwrap_or_else(|e| panic!("genesis: meter {number}: {e:?}"));
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Registers a meter under the next free number, active from `active_from` on.
    pub(crate) fn do_register_meter(
        owner: T::AccountId,
        key: MeterKey,
        capacity: Wh,
        installer: T::AccountId,
        active_from: SlotIndex,
    ) -> DispatchResult {
        ensure!(
            !capacity.is_zero() && capacity <= MAX_CAPACITY,
            Error::<T>::CapacityOutOfRange
        );
        ensure!(!MeterByKey::<T>::contains_key(key), Error::<T>::KeyTaken);
        let number = NextMeter::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let meter = MeterId(number);
        MetersOf::<T>::try_mutate(&owner, |meters| {
            meters
                .try_push(meter)
                .map_err(|_| Error::<T>::TooManyMeters)
        })?;
        NextMeter::<T>::put(next);
        MeterByKey::<T>::insert(key, meter);
        Meters::<T>::insert(
            meter,
            Meter {
                owner: owner.clone(),
                key,
                capacity,
                installer: installer.clone(),
                active_from,
            },
        );
        Self::deposit_event(Event::MeterRegistered {
            meter,
            owner,
            installer,
            capacity,
            active_from,
        });
        Ok(())
    }
}
