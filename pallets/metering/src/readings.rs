//! How a reading is judged and counted.

use crate::{
    AccountTotals, Config, Error, Event, Meters, OldestKept, Pallet, ReadingError, Readings,
    SignedReading, SlotTotals,
};
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_primitives::{Calendar, Flow, MeterKey, SlotIndex};
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// The oldest slot that is kept whatever happens. Only slots before it are ever removed,
    /// and only slots from it on take readings, so that a removed reading cannot come again.
    pub(crate) fn horizon() -> SlotIndex {
        let current = T::Calendar::current_slot();
        SlotIndex(current.0.saturating_sub(T::Retention::get()))
    }

    /// Whether `key` signed this reading on this chain.
    pub(crate) fn is_signed_by(signed: &SignedReading, key: &MeterKey) -> bool {
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let message = signed.payload.signing_bytes(genesis);
        signed.signature.verify(&message, key)
    }

    /// Judges one reading, the `index`-th of its batch, and, if nothing speaks against it, counts
    /// it. Changes nothing otherwise.
    pub(crate) fn accept(index: u32, signed: &SignedReading) -> Result<(), ReadingError> {
        let payload = &signed.payload;
        let (slot, id) = (payload.slot, payload.meter);

        ensure!(
            slot >= Self::horizon()
                && T::Calendar::schedule(slot).is_reading_window(T::Calendar::now()),
            ReadingError::NotInReadingWindow
        );
        let meter = Meters::<T>::get(id).ok_or(ReadingError::UnknownMeter)?;
        let assignment = meter.assignment(slot)?;
        ensure!(
            payload.generated <= meter.capacity && payload.consumed <= meter.capacity,
            ReadingError::OverCapacity
        );
        ensure!(!Readings::<T>::contains_key(slot, id), ReadingError::AlreadyRead);
        ensure!(Self::is_signed_by(signed, &assignment.key), ReadingError::BadSignature);

        let reading = Flow { generated: payload.generated, consumed: payload.consumed };
        Readings::<T>::insert(slot, id, reading);
        AccountTotals::<T>::mutate(slot, &assignment.owner, |entry| {
            *entry = Some(entry.unwrap_or_default().with(&reading));
        });
        SlotTotals::<T>::mutate(slot, |entry| {
            if entry.is_none() {
                Self::note_kept(slot);
            }
            *entry = Some(entry.unwrap_or_default().with(&reading));
        });
        Self::deposit_event(Event::ReadingAccepted {
            index,
            meter: id,
            slot,
            generated: reading.generated,
            consumed: reading.consumed,
        });
        Ok(())
    }

    /// Judges each reading alone and says of each refused one why.
    pub(crate) fn accept_batch(readings: &[SignedReading]) {
        let (mut accepted, mut refused) = (0u32, 0u32);
        for (index, reading) in (0u32..).zip(readings) {
            match Self::accept(index, reading) {
                Ok(()) => accepted = accepted.saturating_add(1),
                Err(error) => {
                    refused = refused.saturating_add(1);
                    Self::deposit_event(Event::ReadingRefused {
                        index,
                        meter: reading.payload.meter,
                        slot: reading.payload.slot,
                        error,
                    });
                }
            }
        }
        Self::deposit_event(Event::BatchProcessed { accepted, refused });
    }

    /// Keeps the pointer for pruning at or before the oldest slot in storage.
    pub(crate) fn note_kept(slot: SlotIndex) {
        if OldestKept::<T>::get().is_none_or(|oldest| slot < oldest) {
            OldestKept::<T>::put(slot);
        }
    }
}

impl<T> From<ReadingError> for Error<T> {
    fn from(error: ReadingError) -> Self {
        match error {
            ReadingError::UnknownMeter => Self::UnknownMeter,
            ReadingError::MeterNotActive => Self::MeterNotActive,
            ReadingError::NotInReadingWindow => Self::NotInReadingWindow,
            ReadingError::OverCapacity => Self::OverCapacity,
            ReadingError::AlreadyRead => Self::AlreadyRead,
            ReadingError::BadSignature => Self::BadSignature,
            ReadingError::Decommissioned => Self::Decommissioned,
        }
    }
}
