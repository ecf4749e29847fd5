//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An installer filed a change.
        ChangeProposed {
            /// Its number.
            change: ChangeId,
            /// What is confirmed.
            hash: H256,
            /// Who filed it.
            installer: T::AccountId,
            /// Whose word it needs beside a second installer's.
            owner: OwnerId,
            /// To whom a meter is transferred, if that is another owner.
            new_owner: Option<OwnerId>,
        },
        /// A pending change was confirmed.
        ChangeConfirmed {
            /// Its number.
            change: ChangeId,
            /// Whose word this was.
            party: Party,
            /// Who gave it; the council if nobody.
            by: Option<T::AccountId>,
        },
        /// A confirmation of a pending change was taken back, or does not count any more: its account was
        /// shut, the meter has another owner, or the second installer is that owner's.
        ConfirmationWithdrawn {
            /// Its number.
            change: ChangeId,
            /// Whose word is lacking again.
            party: Party,
        },
        /// A pending change was withdrawn by who filed it.
        ChangeWithdrawn {
            /// Its number.
            change: ChangeId,
        },
        /// A pending change was refused by an owner concerned.
        ChangeRefused {
            /// Its number.
            change: ChangeId,
            /// By whom.
            by: T::AccountId,
        },
        /// A change that nobody can confirm any more was removed.
        ChangeExpired {
            /// Its number.
            change: ChangeId,
        },
        /// A change has all its confirmations and takes effect.
        ChangeTookEffect {
            /// Its number.
            change: ChangeId,
            /// The meter that is changed.
            meter: MeterId,
            /// The first slot of which it counts.
            from: SlotIndex,
        },
        /// A meter was registered.
        MeterRegistered {
            /// Its number.
            meter: MeterId,
            /// Who answers for it.
            account: T::AccountId,
            /// Whose energy it measures.
            owner: OwnerId,
            /// Where it sits.
            kind: MeterKind,
            /// The most that it can read in one slot.
            ratings: MeterRatings,
            /// Who asked for it.
            installer: T::AccountId,
            /// The first slot of which it takes readings.
            from: SlotIndex,
        },
        /// A meter got another key.
        KeyRotated {
            /// Its number.
            meter: MeterId,
            /// The key.
            key: MeterKey,
            /// The first slot of which it signs with this key.
            from: SlotIndex,
        },
        /// A meter got another owner, or another account answers for it.
        MeterTransferred {
            /// Its number.
            meter: MeterId,
            /// Who answered for it.
            old_account: T::AccountId,
            /// Who answers for it.
            new_account: T::AccountId,
            /// Whose energy it measures.
            owner: OwnerId,
            /// The first slot of which it measures the new owner's energy.
            from: SlotIndex,
        },
        /// A meter got other ratings.
        MeterRated {
            /// Its number.
            meter: MeterId,
            /// The most that it can read in one slot.
            ratings: MeterRatings,
            /// The first slot of which they hold.
            from: SlotIndex,
        },
        /// A meter was taken out of service.
        MeterDecommissioned {
            /// Its number.
            meter: MeterId,
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
        /// An independent installer said what a meter should have read.
        CorrectionRecorded {
            /// Of which meter.
            meter: MeterId,
            /// Of which slot.
            slot: SlotIndex,
            /// Who said so.
            installer: T::AccountId,
            /// What the meter had signed, if its reading is on chain.
            signed: Option<Flow>,
            /// What the installer says.
            flow: Flow,
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
        /// The caller, or an installer of the change, may not install meters.
        NotAnInstaller,
        /// The key is another meter's, or was this one's.
        KeyTaken,
        /// Everybody can sign with the key.
        WeakKey,
        /// A rating is over the largest that a meter can have, or both are zero.
        RatingsOutOfRange,
        /// A connection's number has 1 to 33 printable characters, and no spaces.
        InvalidConnectionNumber,
        /// Another meter is in service at the connection.
        ConnectionTaken,
        /// No meter is in service at the connection behind which this one is to sit.
        NoSuchConnection,
        /// The owner has as many connections, over all its accounts, as one bill can have readings.
        TooManyConnections,
        /// All numbers of meters, or of changes, are used up.
        NumbersExhausted,
        /// There is no meter of this number.
        UnknownMeter,
        /// The meter was not active yet in this slot.
        MeterNotActive,
        /// The slot does not take readings now.
        NotInReadingWindow,
        /// A value is over what the meter is rated for.
        OverRating,
        /// The meter has a reading of this slot already.
        AlreadyRead,
        /// The signature is not the one of the meter's key of that slot over this reading on this
        /// chain.
        BadSignature,
        /// The meter is, or was before this slot, taken out of service.
        Decommissioned,
        /// The meter has as many assignments as are kept, and of each a slot is not final or not
        /// settled yet.
        UnfinishedAssignments,
        /// The account answers for the meter already.
        SameAccount,
        /// The ratings are what the meter has already.
        SameRatings,
        /// The account has no owner that is known, or was shut and speaks for nobody.
        UnknownOwner,
        /// An installer who filed this change does not confirm it, nor does one of the same owner; and
        /// neither is of an owner concerned.
        NotIndependent,
        /// The installers of this owner have as many changes pending as they can have.
        TooManyPending,
        /// There is no pending change of this number, or not any more.
        UnknownChange,
        /// The pending change is another one than was confirmed.
        WrongHash,
        /// Nobody can confirm the change any more.
        Expired,
        /// The change can still be confirmed.
        NotExpired,
        /// The meter has another owner than when the change was filed, and the change neither lowers its
        /// ratings nor ends its service.
        ChangedHands,
        /// The caller is neither of an owner concerned, nor may it install meters.
        MayNotConfirm,
        /// It was confirmed for this party already, or needs no word of it.
        AlreadyConfirmed,
        /// The council stands for somebody already, and stands for one alone.
        CouncilStandsAlready,
        /// The owner has not had its time to answer yet.
        OwnerMayStillAnswer,
        /// The caller did not file the change.
        NotFiledByCaller,
        /// The caller has not confirmed the change.
        NotConfirmedByCaller,
        /// The caller is not of an owner concerned.
        NotConcerned,
        /// What lowers ratings or ends a service cannot be refused.
        CannotBeRefused,
        /// The slot is not delivered yet, or is not kept any more.
        SlotNotKept,
        /// What is recorded is what the meter has signed.
        NothingToCorrect,
        /// An installer of this owner has recorded a correction already.
        AlreadyRecorded,
        /// There are as many corrections of this meter and slot as are kept.
        TooManyCorrections,
        /// The rule looks at no closed slot or at too many, or its ranges of the day overlap or are
        /// not in order.
        InvalidTariff,
        /// The installer cannot pay the bond for the change, or for the meter.
        CannotPayBond,
        /// The meter was not taken out of service, so it cannot be removed.
        InService,
        /// The meter cannot be removed yet: a slot of its service is still kept.
        SlotsStillKept,
    }
}
