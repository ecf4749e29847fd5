//! What others ask the beacon.

use crate::{Attendances, Commitments, Config, CurrentEpoch, EpochValues, Pallet};
use frame_support::traits::Get;
#[cfg(feature = "runtime-benchmarks")]
use qedex_primitives::beacon::{Epoch, EpochPart};
use qedex_primitives::{
    BeaconValue, EntropyBeacon, EntropyDraw, EpochIndex, Moment,
    beacon::{Attendance, BeaconSource, DRAW_EPOCHS, EpochValue, EpochView},
};
use sp_core::H256;

impl<T: Config> Pallet<T> {
    /// The epoch that is under way, and who has committed in it, each with whether it has revealed.
    pub fn epoch() -> Option<EpochView<T::AccountId>> {
        let epoch = CurrentEpoch::<T>::get()?;
        let entries = Commitments::<T>::iter().map(|(who, entry)| (who, entry.secret.is_some()));
        Some((epoch, entries.collect()))
    }

    /// The value of an epoch that has ended, while it is kept.
    pub fn epoch_value(epoch: EpochIndex) -> Option<EpochValue> {
        EpochValues::<T>::get(epoch)
    }

    /// Who took part in an epoch that has ended, while it is kept.
    pub fn attendance(epoch: EpochIndex) -> Option<Attendance<T::AccountId>> {
        Attendances::<T>::get(epoch)
    }

    /// The epochs that have ended and are kept: the first one, and the one behind the last.
    pub(crate) fn kept_epochs() -> (EpochIndex, EpochIndex) {
        let next = Self::current_epoch();
        (next.saturating_sub(T::KeptEpochs::get().into()), next)
    }
}

impl<T: Config> EntropyBeacon for Pallet<T> {
    fn latest() -> EpochIndex {
        let (_, next) = Self::kept_epochs();
        next.saturating_sub(1)
    }

    fn value(epoch: EpochIndex) -> Option<H256> {
        EpochValues::<T>::get(epoch).map(|found| found.value)
    }
}

impl<T: Config> EntropyDraw for Pallet<T> {
    fn first_after(moment: Moment) -> Option<BeaconValue> {
        let (first, next) = Self::kept_epochs();
        let later = |epoch| EpochValues::<T>::get(epoch).filter(|found| found.opened > moment);
        // Of epochs the later ones opened later.
        let (mut low, mut high, mut found) = (first, next, None);
        while low < high {
            let middle = low.saturating_add(high.saturating_sub(low).div_euclid(2));
            match later(middle) {
                Some(value) => {
                    found = Some((middle, value));
                    high = middle;
                }
                None => low = middle.saturating_add(1),
            }
        }
        let (epoch, EpochValue { value, source, .. }) = found?;
        // What was forgotten before the first kept one may have opened after the moment as well.
        let is_first = epoch > first || first == 0;
        is_first.then_some(BeaconValue { epoch, value, source })
    }

    fn best_after(moment: Moment) -> Option<BeaconValue> {
        let first = Self::first_after(moment)?;
        if first.source == BeaconSource::Keys {
            return Some(first);
        }
        let behind = |n| first.epoch.saturating_add(n);
        let of_keys = (behind(1)..behind(DRAW_EPOCHS)).find_map(|epoch| {
            let found = EpochValues::<T>::get(epoch)?;
            let EpochValue { value, source, .. } = found;
            (source == BeaconSource::Keys).then_some(BeaconValue { epoch, value, source })
        });
        Some(of_keys.unwrap_or(first))
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn fill(moment: Moment) {
        let kept = EpochIndex::from(T::KeptEpochs::get());
        let last = kept.saturating_mul(2).saturating_sub(1);
        for epoch in kept..=last {
            let opened =
                moment.saturating_add(epoch).saturating_sub(last.saturating_sub(DRAW_EPOCHS));
            let source = if epoch == last { BeaconSource::Keys } else { BeaconSource::BlockHash };
            let value = H256::from_low_u64_be(epoch);
            EpochValues::<T>::insert(epoch, EpochValue { value, source, opened, closed: opened });
        }
        CurrentEpoch::<T>::put(Epoch {
            index: last.saturating_add(1),
            part: EpochPart::Commit,
            until: Moment::MAX,
            end: Moment::MAX,
            opened: 0,
            block: None,
        });
    }
}
