//! How a reading is judged and counted.

use crate::{
    Agenda, Config, DayLoads, Error, Event, Meters, OldestKept, OwnerTotals, Pallet, ReadingError,
    Readings, SignedReading, SlotTotals,
};
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_math::tariff::{day_of, slot_of_day};
use qedex_primitives::{Calendar, Flow, MeterKey, SlotIndex};
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// The oldest slot that is kept whatever happens. Only slots before it are ever removed,
    /// and only slots from it on take readings, so that a removed reading cannot come again.
    pub(crate) fn horizon() -> SlotIndex {
        let current = T::Calendar::current_slot();
        SlotIndex(current.0.saturating_sub(T::Retention::get()))
    }

    /// Whether `slot` takes readings now. What was closed once takes none any more, whatever windows
    /// it would have by now: its demand is noted, and its trades are settled by what was known.
    fn takes_readings(slot: SlotIndex) -> bool {
        slot >= Self::horizon()
            && T::Calendar::schedule(slot).is_reading_window(T::Calendar::now())
            && !Self::is_closed(slot)
    }

    /// Whether `slot` was closed. One from before the first block, whose readings may still be
    /// carried to the chain, lies before those to come and never was.
    fn is_closed(slot: SlotIndex) -> bool {
        let has_passed = Agenda::<T>::get().is_some_and(|agenda| slot < agenda.close);
        has_passed && DayLoads::<T>::get(day_of(slot.0)).contains_key(&slot_of_day(slot.0))
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

        ensure!(Self::takes_readings(slot), ReadingError::NotInReadingWindow);
        let meter = Meters::<T>::get(id).ok_or(ReadingError::UnknownMeter)?;
        let assignment = meter.assignment(slot)?;
        let is_possible = assignment.ratings.admit(payload.generated, payload.consumed);
        ensure!(is_possible, ReadingError::OverRating);
        ensure!(!Readings::<T>::contains_key(slot, id), ReadingError::AlreadyRead);
        ensure!(Self::is_signed_by(signed, &assignment.key), ReadingError::BadSignature);

        let reading = Flow { generated: payload.generated, consumed: payload.consumed };
        Readings::<T>::insert(slot, id, reading);
        Self::note_kept(slot);
        if meter.kind.is_connection() {
            OwnerTotals::<T>::mutate(slot, assignment.owner, |entry| {
                *entry = Some(entry.unwrap_or_default().with(&reading));
            });
            SlotTotals::<T>::mutate(slot, |entry| {
                *entry = Some(entry.unwrap_or_default().with(&reading));
            });
        }
        Self::deposit_event(Event::ReadingAccepted {
            index,
            meter: id,
            slot,
            generated: reading.generated,
            consumed: reading.consumed,
        });
        Ok(())
    }

    /// Judges each reading alone and says of each refused one why. Whether the batch earns its fee back:
    /// some are accepted, and the others are on the chain already with the same values, not more of these
    /// than of those.
    ///
    /// Else whoever carries many readings would pay for all of them if somebody brought one of them first;
    /// and with no bound on them one new reading would carry any number of old ones for nothing.
    pub(crate) fn accept_batch(readings: &[SignedReading]) -> bool {
        let (mut accepted, mut refused, mut known) = (0u32, 0u32, 0u32);
        for (index, reading) in (0u32..).zip(readings) {
            match Self::accept(index, reading) {
                Ok(()) => accepted = accepted.saturating_add(1),
                Err(error) => {
                    refused = refused.saturating_add(1);
                    if error == ReadingError::AlreadyRead && Self::says_the_same(reading) {
                        known = known.saturating_add(1);
                    }
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
        accepted > 0 && refused == known && known <= accepted
    }

    /// Whether the reading of this meter and slot that is on the chain has these values.
    fn says_the_same(signed: &SignedReading) -> bool {
        let payload = &signed.payload;
        let says = Flow { generated: payload.generated, consumed: payload.consumed };
        Readings::<T>::get(payload.slot, payload.meter) == Some(says)
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
            ReadingError::OverRating => Self::OverRating,
            ReadingError::AlreadyRead => Self::AlreadyRead,
            ReadingError::BadSignature => Self::BadSignature,
            ReadingError::Decommissioned => Self::Decommissioned,
        }
    }
}
