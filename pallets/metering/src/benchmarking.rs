//! Worst cases of the calls and of pruning.

use crate::*;
use alloc::vec::Vec;
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::Get};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use qedex_primitives::{
    Calendar, Membership, MeterId, MeterKey, MeterSignature, ReadingPayload, Role, SlotIndex,
};
use sp_core::{crypto::KeyTypeId, sr25519};
use sp_io::{crypto, hashing::blake2_256};
use sp_runtime::traits::Zero;

/// The kind under which the keystore keeps the meters' keys.
const METER_KEYS: KeyTypeId = KeyTypeId(*b"metr");

/// The slot that the benchmarks read.
const SLOT: SlotIndex = SlotIndex(1_000_000);

/// Puts a meter into storage, however many its owner may have.
fn put_meter<T: Config>(owner: &T::AccountId, key: MeterKey) -> MeterId {
    let id = MeterId(NextMeter::<T>::mutate(|next| {
        let id = *next;
        *next = next.saturating_add(1);
        id
    }));
    MeterByKey::<T>::insert(key, id);
    MetersOf::<T>::mutate(owner, |meters| {
        let _ = meters.try_push(id);
    });
    Meters::<T>::insert(
        id,
        Meter {
            owner: owner.clone(),
            key,
            capacity: MAX_CAPACITY,
            installer: owner.clone(),
            active_from: SlotIndex(0),
        },
    );
    id
}

/// Makes `delivered(account, slot)` be `energy` at the greatest cost: over as many meters as
/// an account can have.
pub(crate) fn deliver_worst_case<T: Config>(account: &T::AccountId, slot: SlotIndex, energy: Wh) {
    let installed = MetersOf::<T>::decode_len(account).unwrap_or(0) as u32;
    for number in installed..T::MaxMetersPerAccount::get() {
        let seed = (account, number).using_encoded(blake2_256);
        put_meter::<T>(account, MeterKey::Sr25519(sr25519::Public::from_raw(seed)));
    }
    AccountTotals::<T>::insert(
        slot,
        account,
        Totals {
            generated: energy,
            consumed: Wh::ZERO,
            readings: Pallet::<T>::active_meters(account, slot),
        },
    );
}

/// A valid reading of a new meter of a new account. Opens the reading window.
///
/// # Panics
/// Without a keystore, which the benchmark tools provide.
fn signed_reading<T: Config>(number: u32) -> SignedReading {
    let key = crypto::sr25519_generate(METER_KEYS, None);
    let owner: T::AccountId = account("owner", number, 0);
    let payload = ReadingPayload {
        meter: put_meter::<T>(&owner, MeterKey::Sr25519(key)),
        slot: SLOT,
        generated: MAX_CAPACITY,
        consumed: MAX_CAPACITY,
    };
    let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
    let signature = crypto::sr25519_sign(METER_KEYS, &key, &payload.signing_bytes(genesis));
    T::Calendar::set_now(T::Calendar::schedule(SLOT).commitments_until);
    SignedReading {
        payload,
        signature: MeterSignature::Sr25519(signature.unwrap_or_default()),
    }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_meter() {
        let installer: T::AccountId = whitelisted_caller();
        T::Membership::grant(&installer, Role::InstallMeters);
        let owner: T::AccountId = account("owner", 0, 0);
        for number in 1..T::MaxMetersPerAccount::get() {
            let seed = number.using_encoded(blake2_256);
            put_meter::<T>(&owner, MeterKey::Sr25519(sr25519::Public::from_raw(seed)));
        }
        let key = MeterKey::Sr25519(sr25519::Public::from_raw([0; 32]));

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), owner, key, MAX_CAPACITY);

        assert!(MeterByKey::<T>::contains_key(key));
    }

    #[benchmark]
    fn submit_reading() {
        let caller: T::AccountId = whitelisted_caller();
        let reading = signed_reading::<T>(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), reading);

        assert_eq!(SlotTotals::<T>::get(SLOT).map(|t| t.readings), Some(1));
    }

    #[benchmark]
    fn submit_readings(n: Linear<1, { T::MaxBatch::get() }>) {
        let caller: T::AccountId = whitelisted_caller();
        let readings: Vec<_> = (0..n).map(signed_reading::<T>).collect();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller),
            BoundedVec::truncate_from(readings),
        );

        assert_eq!(SlotTotals::<T>::get(SLOT).map(|t| t.readings), Some(n));
    }

    #[benchmark]
    fn prune(n: Linear<0, { T::MaxPrunedPerBlock::get() }>) {
        let owner: T::AccountId = account("owner", 0, 0);
        for slot in (0..u64::from(n / 3)).map(SlotIndex) {
            let reading = Reading {
                generated: Wh(1),
                consumed: Wh(1),
            };
            let totals = Totals::default().with(&reading);
            Readings::<T>::insert(slot, MeterId(0), reading);
            AccountTotals::<T>::insert(slot, &owner, totals);
            SlotTotals::<T>::insert(slot, totals);
        }
        OldestKept::<T>::put(SlotIndex(0));
        T::Calendar::set_now(T::Calendar::schedule(SLOT).final_at);
        let pruned;

        #[block]
        {
            pruned = Pallet::<T>::prune(n);
        }

        assert_eq!(pruned, n);
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::ExtBuilder::default().build_with_keystore(),
        crate::mock::Test
    );
}
