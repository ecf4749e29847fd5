//! What can be called.

use frame_support::pallet_macros::pallet_section;

/// Declares the calls.
#[pallet_section]
mod calls {
    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets the rules from the next session on. Origin: the admin origin.
        #[pallet::call_index(0)]
        #[pallet::weight(WeightOf::<T>::set_rules())]
        pub fn set_rules(origin: OriginFor<T>, rules: Rules) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(
                rules.is_valid(SessionSlots::<T>::get(), T::MaxWindow::get()),
                Error::<T>::RulesOutOfRange
            );
            CurrentRules::<T>::put(rules);
            Self::deposit_event(Event::RulesSet { rules });
            Ok(())
        }

        /// Removes a validator, or keeps an account with session keys from becoming one: from Aura
        /// with this block, from GRANDPA with the next set. No other account of its owner becomes a
        /// validator before it is readmitted, and one that is leaves with the next set.
        ///
        /// Refused if more would then be gone than one of the sets of voters bears. Origin: the admin
        /// origin.
        #[pallet::call_index(1)]
        #[pallet::weight(WeightOf::<T>::remove())]
        pub fn remove(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_remove(&who)
        }

        /// Readmits a validator that was removed. It is in the set again from the session after
        /// the next on, if it still has session keys, satisfies the policy and no other account of
        /// its owner is removed; what it did until now cannot be held against it any more. Origin:
        /// the admin origin.
        #[pallet::call_index(2)]
        #[pallet::weight(WeightOf::<T>::readmit())]
        pub fn readmit(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(Self::do_readmit(&who), Error::<T>::NotRemoved);
            Ok(())
        }

        /// Readmits every validator of the present set that was removed, and cancels every leave.
        /// Origin: the admin origin.
        #[pallet::call_index(3)]
        #[pallet::weight(WeightOf::<T>::reset())]
        pub fn reset(origin: OriginFor<T>) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            for who in pallet_session::Validators::<T>::get() {
                Self::do_readmit(&who);
                Leaving::<T>::remove(&who);
            }
            Self::deposit_event(Event::Reset);
            Ok(())
        }

        /// Leaves the set of validators and purges one's session keys: at once if one is in no set,
        /// otherwise as soon as one is in none any more. Refused if more would then be gone than one of
        /// the sets of voters bears, or too few would be left. **The node has to go on voting until the
        /// set without it is final.**
        #[pallet::call_index(4)]
        #[pallet::weight(WeightOf::<T>::leave().max(WeightOf::<T>::ask_to_leave()))]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_leave(who)
        }

        /// Does not want to leave any more. It has to come before the set without one is planned.
        #[pallet::call_index(5)]
        #[pallet::weight(WeightOf::<T>::stay())]
        pub fn stay(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            ensure!(Leaving::<T>::take(&who).is_some(), Error::<T>::NotLeaving);
            Self::deposit_event(Event::LeaveCancelled { who });
            Ok(())
        }

        /// Admits an account to the set of validators: it joins as soon as it has session keys, may
        /// validate and its owner has a seat to fill. Origin: the admin origin.
        #[pallet::call_index(6)]
        #[pallet::weight(WeightOf::<T>::admit())]
        pub fn admit(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_admit(who)
        }

        /// Takes back the admission of an account that is in no set. Whoever is in one can be removed.
        /// Origin: the admin origin.
        #[pallet::call_index(7)]
        #[pallet::weight(WeightOf::<T>::withdraw_admission())]
        pub fn withdraw_admission(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_withdraw_admission(who)
        }

        /// States the last final block that the author of this block knows. Once in a block, by the
        /// author, as an inherent; a number that is not below this block's counts as the one below.
        #[pallet::call_index(8)]
        #[pallet::weight((WeightOf::<T>::state_finalised(), DispatchClass::Mandatory))]
        pub fn state_finalised(
            origin: OriginFor<T>,
            #[pallet::compact] number: BlockNumberFor<T>,
        ) -> DispatchResult {
            ensure_none(origin)?;
            Self::note_statement(number)
        }

        /// Makes these accounts the voters, and the validators of the next session, whatever the bound, a
        /// stall and probation say: the way back when so many voters are gone for good that nothing becomes
        /// final. GRANDPA's clients take the change without its being final, `delay` blocks after this
        /// one, and vote on from `last_final`, the last block that was final, which the set with the number
        /// `set_id` made so. Each account needs session keys and must not be removed; whoever was a
        /// validator and is not named has to be admitted anew. Origin: Root.
        #[pallet::call_index(9)]
        #[pallet::weight(WeightOf::<T>::force_set())]
        pub fn force_set(
            origin: OriginFor<T>,
            validators: Vec<T::AccountId>,
            last_final: BlockNumberFor<T>,
            set_id: u64,
            delay: BlockNumberFor<T>,
        ) -> DispatchResult {
            ensure_root(origin)?;
            Self::do_force_set(validators, last_final, set_id, delay)
        }

        /// Reports that `author` wrote two blocks of one slot: it is removed like whoever votes twice. Both
        /// headers are sealed by it, of the present session or the one before, and stand on blocks of this
        /// chain.
        ///
        /// Origin: authorized, by the two seals. It costs nothing; to call it by a signed transaction is
        /// refused and costs its fee.
        #[pallet::call_index(10)]
        #[pallet::weight(WeightOf::<T>::report_double_block())]
        #[pallet::authorize(Self::authorize_double_block)]
        #[pallet::weight_of_authorize(WeightOf::<T>::authorize_double_block())]
        pub fn report_double_block(
            origin: OriginFor<T>,
            first: HeaderFor<T>,
            second: HeaderFor<T>,
            author: T::AccountId,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::do_report_double_block(&first, &second, &author)
        }
    }
}
