//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A meter was registered.
        MeterRegistered {
            /// Its number.
            meter: MeterId,
            /// Whose it is.
            owner: T::AccountId,
            /// By whom.
            installer: T::AccountId,
            /// The most that it may read in one slot, in Wh, in each direction.
            capacity: Wh,
            /// The first slot of which it takes readings.
            active_from: SlotIndex,
        },
        /// A meter got another key.
        KeyRotated {
            /// Its number.
            meter: MeterId,
            /// The key.
            key: MeterKey,
            /// By whom.
            installer: T::AccountId,
            /// The first slot of which it signs with this key.
            from: SlotIndex,
        },
        /// A meter got another owner.
        MeterTransferred {
            /// Its number.
            meter: MeterId,
            /// Whose it was.
            old_owner: T::AccountId,
            /// Whose it is.
            new_owner: T::AccountId,
            /// By whom.
            installer: T::AccountId,
            /// The first slot of which it measures the new owner's energy.
            from: SlotIndex,
        },
        /// A meter was taken out of service.
        MeterDecommissioned {
            /// Its number.
            meter: MeterId,
            /// By whom.
            installer: T::AccountId,
            /// The first slot of which it takes no reading any more.
            from: SlotIndex,
        },
        /// A meter that was out of service was removed from storage.
        MeterRemoved {
            /// Its number, which no other meter gets.
            meter: MeterId,
        },
        /// A reading counts.
        ReadingAccepted {
            /// Its place in the batch, from 0.
            index: u32,
            /// Of which meter.
            meter: MeterId,
            /// Of which slot.
            slot: SlotIndex,
            /// Energy generated, in Wh.
            generated: Wh,
            /// Energy consumed, in Wh.
            consumed: Wh,
        },
        /// A reading of a batch does not count.
        ReadingRefused {
            /// Its place in the batch, from 0.
            index: u32,
            /// Of which meter.
            meter: MeterId,
            /// Of which slot.
            slot: SlotIndex,
            /// Why not.
            error: ReadingError,
        },
        /// A batch was judged.
        BatchProcessed {
            /// How many of its readings count.
            accepted: u32,
            /// How many do not.
            refused: u32,
        },
        /// An independent installer corrected a reading.
        ReadingCorrected {
            /// Of which meter.
            meter: MeterId,
            /// Of which slot.
            slot: SlotIndex,
            /// Who corrected it.
            installer: T::AccountId,
            /// What the meter had said.
            before: Flow,
            /// What counts now.
            after: Flow,
            /// Whether the slot was frozen already: then nothing that was settled changes.
            after_freeze: bool,
        },
        /// The rule of the tariff bands of slots whose gate opens from now on was set.
        TariffSet {
            /// The rule.
            rule: TariffRule,
        },
        /// The tariff band of a slot is fixed.
        BandFixed {
            /// Of which slot.
            slot: SlotIndex,
            /// The band.
            band: Band,
            /// The mean demand that it follows, in Wh, if any was known.
            demand: Option<Wh>,
        },
        /// Old slots were removed.
        Pruned {
            /// The oldest slot that may still have something in storage.
            oldest_kept: SlotIndex,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The caller may not install meters.
        NotAnInstaller,
        /// The key is another meter's.
        KeyTaken,
        /// The capacity is zero, or over the largest that a meter can have.
        CapacityOutOfRange,
        /// The account has as many meters as it can have.
        TooManyMeters,
        /// All numbers of meters are used up.
        NumbersExhausted,
        /// There is no meter of this number.
        UnknownMeter,
        /// The meter was not active yet in this slot.
        MeterNotActive,
        /// The slot does not take readings now.
        NotInReadingWindow,
        /// A value is over the meter's capacity.
        OverCapacity,
        /// The meter has a reading of this slot already.
        AlreadyRead,
        /// The signature is not the one of the meter's key of that slot over this reading on this
        /// chain.
        BadSignature,
        /// The meter is, or was before this slot, taken out of service.
        Decommissioned,
        /// The meter changed hands or keys so recently that a slot before that is not final yet.
        PreviousAssignmentNotFinal,
        /// The meter is this account's already.
        SameOwner,
        /// The installer is, or may be, the meter's owner or installer under another name.
        NotIndependent,
        /// The reading cannot be corrected now: its slot is final.
        CorrectionsClosed,
        /// The meter has no reading of this slot, and a correction does not make one.
        NoReading,
        /// The reading was corrected before.
        AlreadyCorrected,
        /// The correction is what the reading says already.
        NothingToCorrect,
        /// The slot is frozen: a correction must neither raise what was generated nor lower what
        /// was consumed.
        RaisesFrozenSlot,
        /// The rule looks at no closed slot or at too many, or its ranges of the day overlap or are
        /// not in order.
        InvalidTariff,
        /// Everybody can sign with the key.
        WeakKey,
        /// The installer cannot pay the bond for the meter.
        CannotPayBond,
        /// The meter was not taken out of service, so it cannot be removed.
        InService,
        /// The meter cannot be removed yet: a slot of its service is still kept.
        SlotsStillKept,
    }
}
