//! Worst cases of the calls, of the work of each block, and of the rotation.

use crate::{
    joining::ADMITTED_PER_VALIDATOR,
    pallet::{AccountOf, AccountsOf, KeyOf},
    *,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use frame_benchmarking::v2::*;
use frame_support::traits::{EnsureOrigin, Get, OnFinalize, OnInitialize};
use frame_system::{
    RawOrigin,
    pallet_prelude::{BlockNumberFor, HeaderFor},
};
use qedex_primitives::{Calendar, EnergyFlow, Membership, Role};
use sp_consensus_aura::Slot;
use sp_core::H256;
use sp_runtime::{
    Digest, DigestItem, RuntimeAppPublic,
    traits::{Hash, Header, OpaqueKeys, TrailingZeroInput},
    transaction_validity::TransactionSource,
};
use sp_staking::SessionIndex;

/// The slot of the benchmarked block.
const SLOT: AuraSlot = 1_000_000;

/// The delivery slot in which the benchmarked block is written.
const DELIVERY_SLOT: u64 = 1_000_000;

/// As many admitted accounts as there may be beside the present set, each with session keys, an owner and the
/// right to validate.
fn candidates<T: Config>() {
    let room = T::MaxValidators::get();
    for number in 0..room.saturating_mul(ADMITTED_PER_VALIDATOR) {
        let who: AccountOf<T> = account("candidate", number, 0);
        T::Membership::grant(&who, Role::Validate);
        Admitted::<T>::insert(&who, ());
        pallet_session::NextKeys::<T>::insert(&who, keys::<T>(number.saturating_add(room)));
    }
}

/// An Aura key whose bytes are derived from a number: nobody signs with it.
fn key<T: Config>(number: u32) -> KeyOf<T> {
    let bytes = sp_io::hashing::blake2_256(&number.to_le_bytes());
    #[allow(clippy::expect_used)]
    KeyOf::<T>::decode(&mut TrailingZeroInput::new(&bytes)).expect("any bytes are a key")
}

fn keys<T: Config>(number: u32) -> <T as pallet_session::Config>::Keys {
    let bytes = sp_io::hashing::blake2_256(&number.to_le_bytes());
    #[allow(clippy::expect_used)]
    <T as pallet_session::Config>::Keys::decode(&mut TrailingZeroInput::new(&bytes))
        .expect("any bytes are keys")
}

/// A set of `count` validators in a schedule of `slots` slots, each with session keys, an owner and
/// the right to validate.
fn set<T: Config>(count: u32, slots: u32) -> Vec<(AccountOf<T>, KeyOf<T>)> {
    let mut all: Vec<(AccountOf<T>, KeyOf<T>)> = (0..count)
        .map(|number| {
            let who: AccountOf<T> = account("validator", number, 0);
            T::Membership::grant(&who, Role::Validate);
            pallet_session::NextKeys::<T>::insert(&who, keys::<T>(number));
            // It has missed nothing, says that all is final, and is scored by its meters.
            Authored::<T>::insert(&who, slots);
            let block = BlockNumberFor::<T>::default();
            Statements::<T>::insert(&who, Statement { number: block, at: block, session: 0 });
            T::EnergyFlow::install_silent_meters(&who);
            (who, key::<T>(number))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let names: Vec<_> = all.iter().map(|(who, _)| who.clone()).collect();
    pallet_session::Validators::<T>::put(&names);
    let voters = AccountsOf::<T>::truncate_from(names);
    Voters::<T>::put(&voters);
    NextVoters::<T>::put(voters);
    CurrentRules::<T>::mutate(|rules| rules.window = T::MaxWindow::get());
    let length = T::Calendar::slot_length();
    T::Calendar::set_now(length.saturating_mul(DELIVERY_SLOT));
    SessionSlots::<T>::put(slots);
    pallet_aura::CurrentSlot::<T>::put(Slot::from(SLOT));
    let scored = all.iter().cloned().map(|(who, key)| (who, key, 1, None)).collect();
    let start = SLOT.saturating_sub(u64::from(slots)).saturating_add(1);
    let schedule = Pallet::<T>::computed(0, Some(start), Some(start), H256::repeat_byte(1), scored);
    let list = Pallet::<T>::aura_list(&schedule);
    pallet_aura::Authorities::<T>::put(frame_support::BoundedVec::truncate_from(list));
    CurrentSchedule::<T>::put(schedule);
    all
}

fn full<T: Config>() -> Vec<(AccountOf<T>, KeyOf<T>)> {
    set::<T>(T::MaxValidators::get(), <T as pallet_aura::Config>::MaxAuthorities::get())
}

/// Two sealed blocks of the benchmarked slot by its author, and who that is.
fn double_block<T: Config>() -> Option<(HeaderFor<T>, HeaderFor<T>, AccountOf<T>)> {
    let author = Pallet::<T>::author_at(SLOT)?;
    let key = KeyOf::<T>::generate_pair(None);
    CurrentSchedule::<T>::mutate(|schedule| {
        let authors = schedule.as_mut().map(|schedule| &mut schedule.authors);
        let author = authors.and_then(|all| all.iter_mut().find(|one| one.who == author));
        if let Some(author) = author {
            author.key = key.clone();
        }
    });
    let parent = <T as frame_system::Config>::Hash::default();
    frame_system::BlockHash::<T>::insert(BlockNumberFor::<T>::default(), parent);
    let sealed = |body: u8| {
        let slot = Slot::from(SLOT).encode();
        let logs = alloc::vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot)];
        let root = <T as frame_system::Config>::Hashing::hash(&[body]);
        let mut header = HeaderFor::<T>::new(1_u32.into(), root, root, parent, Digest { logs });
        let seal = key.sign(&header.hash().as_ref())?.encode();
        header.digest_mut().push(DigestItem::Seal(sp_consensus_aura::AURA_ENGINE_ID, seal));
        Some(header)
    };
    Some((sealed(1)?, sealed(2)?, author))
}

fn admin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    <T as Config>::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn set_rules() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let rules = Rules { max_run: 7, ..Rules::default() };

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, rules);

        assert_eq!(CurrentRules::<T>::get(), rules);
        Ok(())
    }

    #[benchmark]
    fn remove() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let validators = full::<T>();
        let (who, _) = validators.last().cloned().ok_or(BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone());

        assert!(Removals::<T>::contains_key(&who) && Repair::<T>::get());
        assert_eq!(RemovedOf::<T>::iter_keys().count(), 1);
        Ok(())
    }

    #[benchmark]
    fn readmit() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let validators = full::<T>();
        let (who, _) = validators.last().cloned().ok_or(BenchmarkError::Weightless)?;
        Pallet::<T>::do_remove(&who)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone());

        assert!(Forgiven::<T>::contains_key(&who));
        assert_eq!(RemovedOf::<T>::iter_keys().count(), 0);
        Ok(())
    }

    #[benchmark]
    fn reset() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let validators = full::<T>();
        for (number, (who, _)) in validators.iter().enumerate() {
            if number < validators.len() / 3 {
                Pallet::<T>::do_remove(who)?;
            } else {
                Leaving::<T>::insert(who, SessionIndex::default());
            }
        }

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin);

        assert_eq!(Removals::<T>::iter_keys().count(), 0);
        assert_eq!(RemovedOf::<T>::iter_keys().count(), 0);
        assert_eq!(Leaving::<T>::iter_keys().count(), 0);
        Ok(())
    }

    #[benchmark]
    fn leave() -> Result<(), BenchmarkError> {
        let queued: Vec<_> = full::<T>()
            .into_iter()
            .zip(0..)
            .map(|((who, _), number)| (who, keys::<T>(number)))
            .collect();
        pallet_session::QueuedKeys::<T>::put(queued);
        let who: T::AccountId = account("leaver", 0, 0);
        T::Membership::grant(&who, Role::Validate);
        pallet_session::NextKeys::<T>::insert(&who, keys::<T>(u32::MAX));
        frame_system::Pallet::<T>::inc_providers(&who);
        frame_system::Pallet::<T>::inc_consumers(&who)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert!(!pallet_session::NextKeys::<T>::contains_key(&who));
        Ok(())
    }

    #[benchmark]
    fn ask_to_leave() -> Result<(), BenchmarkError> {
        let validators = full::<T>();
        let (who, _) = validators.last().cloned().ok_or(BenchmarkError::Weightless)?;

        #[extrinsic_call]
        leave(RawOrigin::Signed(who.clone()));

        assert!(Leaving::<T>::contains_key(&who));
        Ok(())
    }

    #[benchmark]
    fn stay() {
        let who: T::AccountId = whitelisted_caller();
        Leaving::<T>::insert(&who, SessionIndex::default());

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert!(!Leaving::<T>::contains_key(&who));
    }

    #[benchmark]
    fn admit() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let who: T::AccountId = account("newcomer", 0, 0);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone());

        assert!(Admitted::<T>::contains_key(&who));
        Ok(())
    }

    #[benchmark]
    fn withdraw_admission() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        full::<T>();
        let who: T::AccountId = account("newcomer", 0, 0);
        Pallet::<T>::do_admit(who.clone())?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone());

        assert!(!Admitted::<T>::contains_key(&who));
        Ok(())
    }

    #[benchmark]
    fn state_finalised() {
        full::<T>();
        frame_system::Pallet::<T>::set_block_number(9_u32.into());

        #[extrinsic_call]
        _(RawOrigin::None, 7_u32.into());

        let author = Pallet::<T>::author_at(SLOT);
        let said = author.and_then(Statements::<T>::get);
        assert!(said.is_some_and(|said| said.number == 7_u32.into()));
    }

    #[benchmark]
    fn force_set() {
        let validators: Vec<_> = full::<T>().into_iter().map(|(who, _)| who).collect();
        for who in &validators {
            Silence::<T>::insert(who, 1);
            Probation::<T>::insert(who, 1);
        }
        frame_system::Pallet::<T>::set_block_number(9_u32.into());

        #[extrinsic_call]
        _(RawOrigin::Root, validators.clone(), 7_u32.into(), 0, 100_u32.into());

        assert_eq!(Voters::<T>::get().into_inner(), validators);
        assert_eq!(Silence::<T>::iter().count(), 0);
    }

    #[benchmark]
    fn report_double_block() -> Result<(), BenchmarkError> {
        full::<T>();
        let (first, second, author) =
            double_block::<T>().ok_or(BenchmarkError::Stop("the slot has an author"))?;

        #[extrinsic_call]
        _(RawOrigin::Authorized, first, second, author.clone());

        assert!(Removals::<T>::contains_key(&author) && Repair::<T>::get());
        Ok(())
    }

    #[benchmark]
    fn authorize_double_block() -> Result<(), BenchmarkError> {
        full::<T>();
        let (first, second, author) =
            double_block::<T>().ok_or(BenchmarkError::Stop("the slot has an author"))?;
        let source = TransactionSource::External;

        #[block]
        {
            Pallet::<T>::authorize_double_block(source, &first, &second, &author)
                .map_err(|_| BenchmarkError::Stop("it is proven"))?;
        }

        Ok(())
    }

    #[benchmark]
    fn each_block() {
        full::<T>();
        let number = BlockNumberFor::<T>::default();
        let author;

        #[block]
        {
            author = Pallet::<T>::author_at(SLOT);
            if let Some(author) = author.clone() {
                <Pallet<T> as pallet_authorship::EventHandler<_, BlockNumberFor<T>>>::note_author(
                    author,
                );
            }
            let _ = <Pallet<T> as pallet_session::ShouldEndSession<_>>::should_end_session(number);
            let _ = <Pallet<T> as OnInitialize<_>>::on_initialize(number);
            // Aura asks whether the author is disabled.
            let last = <T as pallet_aura::Config>::MaxAuthorities::get().saturating_sub(1);
            let _ = <Pallet<T> as frame_support::traits::DisabledValidators>::is_disabled(last);
            <Pallet<T> as OnFinalize<_>>::on_finalize(number);
        }

        let slots = <T as pallet_aura::Config>::MaxAuthorities::get().saturating_add(1);
        assert!(author.is_some_and(|author| Authored::<T>::get(author) == slots));
    }

    #[benchmark]
    fn repair() -> Result<(), BenchmarkError> {
        let validators = full::<T>();
        let (who, _) = validators.last().cloned().ok_or(BenchmarkError::Weightless)?;
        Pallet::<T>::do_remove(&who)?;

        #[block]
        {
            Pallet::<T>::repair();
        }

        assert!(!Repair::<T>::get());
        Ok(())
    }

    #[benchmark]
    fn rotate(
        v: Linear<1, { T::MaxValidators::get() }>,
        n: Linear<150, { <T as pallet_aura::Config>::MaxAuthorities::get() }>,
    ) {
        let validators = set::<T>(v, n);
        candidates::<T>();
        pallet_session::CurrentIndex::<T>::put(1);
        assert!(!<T as pallet_session::Config>::Keys::key_ids().is_empty());

        #[block]
        {
            Pallet::<T>::finish(0);
            let _ = Pallet::<T>::planned_set(2);
            Pallet::<T>::rotate(validators);
        }

        let schedule = CurrentSchedule::<T>::get();
        assert!(schedule.is_some_and(|s| s.since == Some(SLOT.saturating_add(1))));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::externalities(&[1, 2, 3, 4]),
        crate::mock::Test
    );
}
