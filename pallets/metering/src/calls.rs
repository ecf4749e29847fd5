//! What can be called.

use frame_support::pallet_macros::pallet_section;

/// Declares the calls. Those of the numbers 0 and 3 to 6 changed meters and readings at one
/// installer's word.
#[pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Submits one reading. Fails with the reason if it is refused; one that is accepted costs no fee.
        ///
        /// Origin: any signed account. The meter's signature is what counts.
        #[pallet::call_index(1)]
        #[pallet::weight((T::WeightInfo::submit_reading(), DispatchClass::Operational))]
        pub fn submit_reading(
            origin: OriginFor<T>,
            reading: SignedReading,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            Self::accept(0, &reading).map_err(Error::<T>::from)?;
            Ok(Pays::No.into())
        }

        /// Submits many readings. Each is judged alone, and what became of it is named in an event
        /// with its place in the batch. It costs no fee if some are accepted, and the others, not more of
        /// them, were brought already with the same values.
        ///
        /// Origin: any signed account.
        #[pallet::call_index(2)]
        #[pallet::weight((
            T::WeightInfo::submit_readings(readings.len() as u32),
            DispatchClass::Operational,
        ))]
        pub fn submit_readings(
            origin: OriginFor<T>,
            readings: ReadingBatch<T>,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let pays = if Self::accept_batch(&readings) { Pays::No } else { Pays::Yes };
            Ok(pays.into())
        }

        /// Sets the rule of the tariff bands of slots whose gate opens from now on. Without a rule
        /// they are off-peak.
        ///
        /// Origin: the admin origin.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::set_tariff())]
        pub fn set_tariff(origin: OriginFor<T>, rule: TariffRule) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_tariff(rule)
        }

        /// Removes from storage a meter that was taken out of service and of which no slot is
        /// kept any more. Its bond goes back to whoever filed its registration, and its keys are free.
        ///
        /// Origin: any signed account.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::remove_meter())]
        pub fn remove_meter(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove_meter(meter)
        }

        /// Files a change of a meter, or a new one. It waits for its confirmations, and reserves
        /// nothing; a bond is held until its end.
        ///
        /// Origin: an account that may install meters, and known to be of another owner than those
        /// concerned.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::propose_change())]
        pub fn propose_change(
            origin: OriginFor<T>,
            change: Change<T::AccountId>,
        ) -> DispatchResult {
            let installer = Self::ensure_installer(origin)?;
            Self::do_propose(installer, change)
        }

        /// Confirms the pending change of this number and hash. With the last confirmation that it
        /// needs it takes effect, from the first slot on whose gate has not been opened.
        ///
        /// Origin: an account of an owner concerned, or one that may install meters, and known to be
        /// of another owner than whoever filed the change and than those concerned.
        #[pallet::call_index(10)]
        #[pallet::weight(Pallet::<T>::confirm_weight())]
        pub fn confirm_change(
            origin: OriginFor<T>,
            change: ChangeId,
            hash: H256,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_confirm(who, change, hash)
        }

        /// Confirms a pending change for the second installer, or for an owner that has not answered
        /// in time; for one of them alone. For the owner of a meter whose ratings are lowered or whose
        /// service ends it need not wait.
        ///
        /// Origin: the admin origin.
        #[pallet::call_index(11)]
        #[pallet::weight(Pallet::<T>::confirm_weight())]
        pub fn confirm_change_as_council(
            origin: OriginFor<T>,
            change: ChangeId,
            hash: H256,
            stands_for: Party,
        ) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_stand_in(change, hash, stands_for)
        }

        /// Withdraws a pending change. Its bond goes back.
        ///
        /// Origin: the account that filed it.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::withdraw_change())]
        pub fn withdraw_change(origin: OriginFor<T>, change: ChangeId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw(who, change)
        }

        /// Takes a confirmation of a pending change back.
        ///
        /// Origin: an account of the owner that confirmed it; for the council's word the admin
        /// origin.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::withdraw_confirmation())]
        pub fn withdraw_confirmation(origin: OriginFor<T>, change: ChangeId) -> DispatchResult {
            let who = match T::AdminOrigin::try_origin(origin) {
                Ok(_) => None,
                Err(origin) => Some(ensure_signed(origin)?),
            };
            Self::do_withdraw_confirmation(who, change)
        }

        /// Refuses a pending change, which is its end; its bond goes back. What lowers ratings or ends
        /// a service cannot be refused.
        ///
        /// Origin: an account of an owner concerned.
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::refuse_change())]
        pub fn refuse_change(origin: OriginFor<T>, change: ChangeId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_refuse(who, change)
        }

        /// Removes a pending change that nobody can confirm any more. Its bond goes back.
        ///
        /// Origin: any signed account.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::clear_change())]
        pub fn clear_change(origin: OriginFor<T>, change: ChangeId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_clear(change)
        }

        /// Records what `meter` should have read in `slot`, beside what it signed. Nothing is settled,
        /// summed up, scored or banded by it.
        ///
        /// Origin: an account that may install meters, and known to be of another owner than the
        /// meter's in that slot; no account of its owner has recorded one for this meter and slot.
        #[pallet::call_index(16)]
        #[pallet::weight(T::WeightInfo::record_correction())]
        pub fn record_correction(
            origin: OriginFor<T>,
            meter: MeterId,
            slot: SlotIndex,
            generated: Wh,
            consumed: Wh,
        ) -> DispatchResult {
            let installer = Self::ensure_installer(origin)?;
            Self::do_record_correction(meter, slot, Flow { generated, consumed }, installer)
        }
    }
}
