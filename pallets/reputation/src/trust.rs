//! Pairwise trust, what it is computed with, and the deposits that it counts.

use crate::{
    Config, Error, Event, HoldReason, MAX_DECAY, Pairs, Pallet, Parameters, StandingParameters,
    TrustDeposit, TrustDeposits,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    traits::{Get, fungible::MutateHold, tokens::Precision},
};
use qedex_math::trust::{self, Rater, Trust};
use qedex_primitives::{Balance, Calendar, Membership};
use sp_runtime::{DispatchResult, Permill};

impl<T: Config> Pallet<T> {
    /// How much the owner of `rater` trusts that of `ratee`, and in the deposit of `ratee`.
    pub fn trust_of(rater: &T::AccountId, ratee: &T::AccountId) -> Trust {
        let parameters = StandingParameters::<T>::get();
        let deposit = Self::deposit_ppm_of(ratee);
        let rater = T::Membership::owner_of(rater);
        let ratee = T::Membership::owner_of(ratee);
        let pair = rater.zip(ratee).and_then(|(rater, ratee)| Pairs::<T>::get(ratee, rater));
        let own = pair.unwrap_or_default().sum;
        let others: Vec<Rater> = ratee
            .into_iter()
            .flat_map(Self::remembered)
            .filter(|other| Some(other.rater) != rater)
            .map(|other| Rater {
                ratings: other.ratings.into(),
                experience: other.experience.into(),
            })
            .collect();
        let (weights, decay) = (&parameters.weights, parameters.decay);
        // The weights are checked before they are stored.
        trust::trust(weights, decay, own.into(), &others, deposit).unwrap_or_default()
    }

    /// The trust deposit of `who` over the reference deposit.
    pub fn deposit_ppm_of(who: &T::AccountId) -> u32 {
        let reference = StandingParameters::<T>::get().reference_deposit;
        TrustDeposits::<T>::get(who)
            .map_or(0, |deposit| trust::deposit_ppm(deposit.amount, reference))
    }

    /// Whether trust can be computed with `parameters`, and newcomers enter the market.
    pub(crate) fn check(parameters: &Parameters) -> Result<(), Error<T>> {
        ensure!(parameters.weights.is_valid(), Error::<T>::WeightsDoNotSumToOne);
        ensure!(parameters.decay <= MAX_DECAY, Error::<T>::DecayTooLarge);
        ensure!(parameters.reference_deposit > 0, Error::<T>::NoReferenceDeposit);
        let most = Permill::from_percent(50);
        ensure!(
            parameters.least_to_trade <= most && parameters.least_to_sell <= most,
            Error::<T>::LeastStandingTooHigh
        );
        Ok(())
    }

    /// Locks money of `who`.
    pub(crate) fn do_lock(who: T::AccountId, amount: Balance) -> DispatchResult {
        ensure!(amount > 0, Error::<T>::NothingToLock);
        let before = TrustDeposits::<T>::get(&who).map_or(0, |deposit| deposit.amount);
        let all = before.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        T::Currency::hold(&HoldReason::TrustDeposit.into(), &who, amount)?;
        let until = T::Calendar::now().saturating_add(T::DepositLock::get());
        TrustDeposits::<T>::insert(&who, TrustDeposit { amount: all, locked_until: until });
        Self::deposit_event(Event::DepositLocked { who, amount: all, until });
        Ok(())
    }

    /// Gives `who` its deposit back.
    pub(crate) fn do_unlock(who: T::AccountId) -> DispatchResult {
        let deposit = TrustDeposits::<T>::get(&who).ok_or(Error::<T>::NoDeposit)?;
        ensure!(T::Calendar::now() >= deposit.locked_until, Error::<T>::StillLocked);
        let amount = deposit.amount;
        let reason = HoldReason::TrustDeposit.into();
        T::Currency::release(&reason, &who, amount, Precision::Exact)?;
        TrustDeposits::<T>::remove(&who);
        Self::deposit_event(Event::DepositUnlocked { who, amount });
        Ok(())
    }
}
