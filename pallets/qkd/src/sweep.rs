//! Spare block space clears sessions that have ended.

use crate::{Config, Pallet, Sessions, SweptTo, WeightInfo};
use frame_support::{
    traits::Get,
    weights::{Weight, WeightMeter},
};

impl<T: Config> Pallet<T> {
    /// Looks at sessions, round and round, whether they have ended, within `limit`. Returns what it took.
    pub(crate) fn sweep(limit: Weight) -> Weight {
        let mut meter = WeightMeter::with_limit(limit);
        if meter.try_consume(T::WeightInfo::sweep(0)).is_err() {
            return meter.consumed();
        }
        let before = SweptTo::<T>::get();
        let mut ids = match before {
            None => Sessions::<T>::iter_keys(),
            Some(last) => Sessions::<T>::iter_keys_from(Sessions::<T>::hashed_key_for(last)),
        };
        let one = T::WeightInfo::sweep(1).saturating_sub(T::WeightInfo::sweep(0));
        let mut last = before;
        for _ in 0..T::MaxSweptPerBlock::get() {
            if meter.try_consume(one).is_err() {
                break;
            }
            last = ids.next();
            let Some(id) = last else {
                break;
            };
            if let Some(session) = Sessions::<T>::get(id)
                && let Some(why) = Self::ended(&session)
            {
                Self::clear(id, session, why);
            }
        }
        if last != before {
            SweptTo::<T>::set(last);
        }
        meter.consumed()
    }
}
