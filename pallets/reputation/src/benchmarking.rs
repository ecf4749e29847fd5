//! Worst cases of the calls, and of a rating that other pallets record.

use crate::*;
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::traits::{
    EnsureOrigin, Get,
    fungible::{Inspect, Mutate},
};
use frame_system::RawOrigin;
use qedex_primitives::{Balance, Calendar, OwnerId};
use sp_io::hashing::blake2_256;
use sp_runtime::Permill;

/// A rater of its own for each number.
fn rater(number: u32) -> OwnerId {
    OwnerId(("rater", number).using_encoded(blake2_256))
}

/// Gives `ratee` as many raters as are remembered, none of whom has rated today, so that the next new
/// one looks at most of them and replaces one.
pub(crate) fn fill<T: Config>(ratee: OwnerId) {
    let rating = Counts { kept: 500_000, missed: 500_000 };
    let mut all = Counts::default();
    for place in 0..T::MaxRaters::get() {
        let rater = rater(place);
        let yesterday = Pallet::<T>::today().wrapping_sub(1);
        let pair = Pair { sum: rating, kept_last: rating.kept, last_day: yesterday };
        Pairs::<T>::insert(ratee, rater, pair);
        Places::<T>::insert(ratee, place, rater);
        Experience::<T>::insert(rater, rating.all());
        all = all.saturating_add(rating);
    }
    Totals::<T>::insert(ratee, all);
    let memory = Memory { raters: T::MaxRaters::get(), ..Memory::default() };
    Memories::<T>::insert(ratee, memory);
}

/// An account with some hundred times the least balance.
fn wealthy<T: Config>() -> (T::AccountId, Balance)
where
    T::Currency: Mutate<T::AccountId>,
{
    let who: T::AccountId = whitelisted_caller();
    let least = <T::Currency as Inspect<T::AccountId>>::minimum_balance().max(1);
    let amount = least.saturating_mul(100);
    let _ = <T::Currency as Mutate<T::AccountId>>::mint_into(&who, amount.saturating_mul(3));
    (who, amount)
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn set_parameters() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let parameters =
            Parameters { least_to_sell: Permill::from_percent(30), ..Parameters::default() };

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, parameters);

        assert_eq!(StandingParameters::<T>::get(), parameters);
        Ok(())
    }

    #[benchmark]
    fn lock_deposit() -> Result<(), BenchmarkError> {
        let (who, amount) = wealthy::<T>();
        Pallet::<T>::lock_deposit(RawOrigin::Signed(who.clone()).into(), amount)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), amount);

        let deposit = TrustDeposits::<T>::get(&who);
        assert_eq!(deposit.map(|deposit| deposit.amount), Some(amount.saturating_mul(2)));
        Ok(())
    }

    #[benchmark]
    fn unlock_deposit() -> Result<(), BenchmarkError> {
        let (who, amount) = wealthy::<T>();
        Pallet::<T>::lock_deposit(RawOrigin::Signed(who.clone()).into(), amount)?;
        let now = T::Calendar::now();
        T::Calendar::set_now(now.saturating_add(T::DepositLock::get()));

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert!(TrustDeposits::<T>::get(&who).is_none());
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::build(), crate::mock::Test);
}
