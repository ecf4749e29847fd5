//! Worst cases of the calls and of pruning.

use crate::*;
use alloc::vec::Vec;
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{Consideration, EnsureOrigin, Get},
    weights::WeightMeter,
};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use qedex_primitives::{
    Band, BillAudit, Calendar, DayRange, Flow, Membership, MeterId, MeterKey, MeterSignature,
    ReadingPayload, Role, SlotIndex,
    tariff::{MAX_LOOK_BACK, MAX_MID_RANGES},
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
    Pallet::<T>::remember(id, key);
    MetersOf::<T>::mutate(owner, |meters| {
        let _ = meters.try_push(id);
    });
    let installer = Installer { account: account("first installer", 0, 0), owner: None };
    Meters::<T>::insert(
        id,
        Meter {
            capacity: MAX_CAPACITY,
            registered_by: installer.clone(),
            current: Assignment {
                owner: owner.clone(),
                key,
                installer,
                from: SlotIndex(0),
                until: None,
            },
            previous: None,
        },
    );
    id
}

/// An installer, at the greatest cost of finding out that it is one.
fn installer<T: Config>() -> T::AccountId {
    let installer: T::AccountId = whitelisted_caller();
    T::Membership::grant(&installer, Role::InstallMeters);
    installer
}

/// Gives a meter as many more keys as are remembered; the first ones are forgotten.
fn fill_keys<T: Config>(id: MeterId) {
    let present = Meters::<T>::get(id).map(|meter| meter.current.key);
    for number in 0..MAX_KEYS {
        Pallet::<T>::remember(id, fresh_key(number.saturating_add(1_000)));
    }
    if let Some(key) = present {
        Pallet::<T>::remember(id, key);
    }
}

/// A key that no meter has.
fn fresh_key(number: u32) -> MeterKey {
    let seed = ("fresh", number).using_encoded(blake2_256);
    MeterKey::Sr25519(sr25519::Public::from_raw(seed))
}

/// A key that no meter has and with which a meter could sign.
fn sound_key() -> MeterKey {
    MeterKey::Sr25519(crypto::sr25519_generate(METER_KEYS, None))
}

/// A meter of an account that has as many as it can have.
fn crowded_meter<T: Config>(owner: &T::AccountId) -> MeterId {
    for number in 1..T::MaxMetersPerAccount::get() {
        put_meter::<T>(owner, fresh_key(number));
    }
    put_meter::<T>(owner, fresh_key(0))
}

/// Fills the list of an account, so that all of it must be looked at to find room: its meters are over,
/// each since two slots of its own.
fn fill_list<T: Config>(owner: &T::AccountId) {
    crowded_meter::<T>(owner);
    T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_starts);
    let mut until = SlotIndex(1);
    for over in MetersOf::<T>::get(owner) {
        Meters::<T>::mutate(over, |entry| {
            if let Some(meter) = entry {
                let mut previous = meter.current.clone();
                previous.until = Some(until);
                meter.previous = Some(previous);
                meter.current.from = until;
                until = until.next();
                meter.current.until = Some(until);
                until = until.next();
            }
        });
    }
}

/// Gives a meter a previous assignment of a third account, which is over.
fn give_history<T: Config>(id: MeterId) {
    let former: T::AccountId = account("former owner", 0, 0);
    for number in 1..T::MaxMetersPerAccount::get() {
        put_meter::<T>(&former, fresh_key(number.saturating_add(100)));
    }
    MetersOf::<T>::mutate(&former, |meters| {
        let _ = meters.try_push(id);
    });
    Meters::<T>::mutate(id, |entry| {
        if let Some(meter) = entry {
            let mut previous = meter.current.clone();
            previous.owner = former;
            previous.until = Some(SlotIndex(1));
            meter.current.from = SlotIndex(1);
            meter.previous = Some(previous);
        }
    });
    T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_starts);
}

/// A rule of the bands that looks at as many slots as it can.
fn widest_rule() -> TariffRule {
    TariffRule {
        threshold: Wh(1),
        look_back: MAX_LOOK_BACK,
        mid: BoundedVec::truncate_from(
            (0..MAX_MID_RANGES as u8)
                .map(|n| DayRange { from: n, until: n.saturating_add(1) })
                .collect(),
        ),
    }
}

/// Fills the day of `slot`, all but the slot itself, and the day before it.
fn fill_days<T: Config>(slot: SlotIndex) {
    use qedex_math::tariff::{SLOTS_PER_DAY, day_of, slot_of_day};
    for place in 0..SLOTS_PER_DAY {
        let day = day_of(slot.0);
        for day in [day.saturating_sub(1), day] {
            if (day, place) != (day_of(slot.0), u64::from(slot_of_day(slot.0))) {
                DayLoads::<T>::mutate(day, |load| {
                    let _ = load.try_insert(place as u8, Some(Wh(1)));
                });
            }
        }
    }
    OldestDay::<T>::put(0);
}

/// Lets the demands of the slots before `slot` not be noted yet, as after an outage.
fn forget_demands<T: Config>(slot: SlotIndex) {
    use qedex_math::tariff::{day_of, slot_of_day};
    for back in 0..32 {
        let slot = slot.0.saturating_sub(back);
        DayLoads::<T>::mutate(day_of(slot), |load| load.remove(&slot_of_day(slot)));
        SlotTotals::<T>::insert(SlotIndex(slot), Totals::default());
    }
}

/// Gives an account as many meters as it can have, of which none has a reading.
pub(crate) fn install_silent_meters<T: Config>(account: &T::AccountId) {
    let installed = MetersOf::<T>::decode_len(account).unwrap_or(0) as u32;
    for number in installed..T::MaxMetersPerAccount::get() {
        let seed = (account, number).using_encoded(blake2_256);
        put_meter::<T>(account, MeterKey::Sr25519(sr25519::Public::from_raw(seed)));
    }
}

/// Makes `delivered(account, slot)` be `energy` at the greatest cost: over as many meters as
/// an account can have.
pub(crate) fn deliver_worst_case<T: Config>(account: &T::AccountId, slot: SlotIndex, energy: Wh) {
    install_silent_meters::<T>(account);
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
    reading_of::<T>(&account("owner", number, 0))
}

/// The same of a new meter of this account.
fn reading_of<T: Config>(owner: &T::AccountId) -> SignedReading {
    let key = crypto::sr25519_generate(METER_KEYS, None);
    let payload = ReadingPayload {
        meter: put_meter::<T>(owner, MeterKey::Sr25519(key)),
        slot: SLOT,
        generated: MAX_CAPACITY,
        consumed: MAX_CAPACITY,
    };
    let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
    let signature = crypto::sr25519_sign(METER_KEYS, &key, &payload.signing_bytes(genesis));
    T::Calendar::set_now(T::Calendar::schedule(SLOT).commitments_until);
    SignedReading { payload, signature: MeterSignature::Sr25519(signature.unwrap_or_default()) }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_meter() {
        let installer = installer::<T>();
        let owner: T::AccountId = account("owner", 0, 0);
        fill_list::<T>(&owner);
        T::Membership::grant(&owner, Role::InstallMeters);
        T::MeterBond::ensure_successful(&installer, Pallet::<T>::footprint());
        let key = sound_key();

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), owner, key, MAX_CAPACITY);

        let id = MeterByKey::<T>::get(key);
        assert!(id.is_some_and(MeterBonds::<T>::contains_key));
    }

    #[benchmark]
    fn rotate_key() {
        let installer = installer::<T>();
        let owner: T::AccountId = account("owner", 0, 0);
        T::Membership::grant(&owner, Role::InstallMeters);
        let id = crowded_meter::<T>(&owner);
        give_history::<T>(id);
        fill_keys::<T>(id);
        let key = sound_key();

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), id, key);

        assert_eq!(MeterByKey::<T>::get(key), Some(id));
    }

    #[benchmark]
    fn transfer_meter() {
        let installer = installer::<T>();
        let id = crowded_meter::<T>(&account("owner", 0, 0));
        give_history::<T>(id);
        let new_owner: T::AccountId = account("new owner", 0, 0);
        T::Membership::grant(&new_owner, Role::InstallMeters);
        fill_list::<T>(&new_owner);

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), id, new_owner.clone());

        assert!(MetersOf::<T>::get(new_owner).contains(&id));
    }

    #[benchmark]
    fn decommission_meter() {
        let installer = installer::<T>();
        let id = crowded_meter::<T>(&account("owner", 0, 0));
        give_history::<T>(id);

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), id);

        assert!(Meters::<T>::get(id).is_some_and(|meter| meter.current.until.is_some()));
    }

    #[benchmark]
    fn remove_meter() -> Result<(), BenchmarkError> {
        let id = crowded_meter::<T>(&account("owner", 0, 0));
        give_history::<T>(id);
        fill_keys::<T>(id);
        let payer: T::AccountId = account("payer", 0, 0);
        T::MeterBond::ensure_successful(&payer, Pallet::<T>::footprint());
        let bond = T::MeterBond::new(&payer, Pallet::<T>::footprint())?;
        MeterBonds::<T>::insert(id, (payer, bond));
        Meters::<T>::mutate(id, |entry| {
            if let Some(meter) = entry {
                meter.current.until = Some(SlotIndex(2));
            }
        });
        OldestKept::<T>::put(SlotIndex(2));

        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()), id);

        assert!(!Meters::<T>::contains_key(id) && !MeterBonds::<T>::contains_key(id));
        assert!(!KeysOf::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn correct_reading() {
        let installer = installer::<T>();
        let owner: T::AccountId = account("owner", 0, 0);
        // Whose owner is known, because it has a credential.
        T::Membership::grant(&owner, Role::InstallMeters);
        let signed = reading_of::<T>(&owner);
        let id = signed.payload.meter;
        let accepted = Pallet::<T>::accept(0, &signed);
        assert!(accepted.is_ok());
        let registrar: T::AccountId = account("registrar", 0, 0);
        T::Membership::grant(&registrar, Role::InstallMeters);
        Meters::<T>::mutate(id, |entry| {
            if let Some(meter) = entry {
                meter.registered_by.account = registrar;
            }
        });
        fill_days::<T>(SLOT);
        T::Calendar::set_now(T::Calendar::schedule(SLOT).readings_until);

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), id, SLOT, Wh::ZERO, MAX_CAPACITY);

        assert!(Corrections::<T>::contains_key(SLOT, id));
    }

    #[benchmark]
    fn set_tariff() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let rule = widest_rule();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, rule.clone());

        assert_eq!(CurrentTariff::<T>::get(), Some(rule));
        Ok(())
    }

    #[benchmark]
    fn audit(n: Linear<1, { T::MaxMetersPerAccount::get() }>) {
        let owner: T::AccountId = account("owner", 0, 0);
        let readings: Vec<_> = (0..n).map(|_| reading_of::<T>(&owner)).collect();
        for signed in &readings {
            assert!(Pallet::<T>::accept(0, signed).is_ok());
            Corrections::<T>::insert(
                SLOT,
                signed.payload.meter,
                Correction {
                    original: Flow { generated: MAX_CAPACITY, consumed: Wh::ZERO },
                    installer: owner.clone(),
                    after_freeze: true,
                },
            );
        }
        let bill = BoundedVec::truncate_from(readings);
        let proven;

        #[block]
        {
            proven = <Pallet<T> as BillAudit<T::AccountId>>::audit(&owner, SLOT, &bill);
        }

        assert!(proven.is_ok());
    }

    #[benchmark]
    fn poll() {
        T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_starts);
        // Everything is due, of which nothing else fits; what is not kept any more is passed over.
        let long_ago = Progress { close: SlotIndex(0), band: SlotIndex(0) };
        Agenda::<T>::put(long_ago);
        let mut meter = WeightMeter::with_limit(T::WeightInfo::poll());

        #[block]
        {
            Pallet::<T>::work(&mut meter);
        }

        assert_eq!(Bands::<T>::iter().count(), 0);
        assert_ne!(Agenda::<T>::get(), Some(long_ago));
    }

    #[benchmark]
    fn close_slot() {
        T::Calendar::set_now(T::Calendar::schedule(SLOT).readings_until);
        fill_days::<T>(SLOT);
        SlotTotals::<T>::insert(SLOT, Totals::default());
        let frozen;

        #[block]
        {
            frozen = T::Calendar::now() >= T::Calendar::schedule(SLOT).readings_until;
            Pallet::<T>::close(SLOT);
            // The first slot of a day, which has less to decode, looks at the oldest day and sets it.
            let oldest = OldestDay::<T>::get();
            OldestDay::<T>::set(oldest);
        }

        assert!(frozen);
        assert_eq!(Pallet::<T>::demand(SLOT), Some(Wh::ZERO));
    }

    #[benchmark]
    fn fix_band() {
        T::Calendar::set_now(T::Calendar::schedule(SLOT).delivery_starts);
        CurrentTariff::<T>::put(widest_rule());
        fill_days::<T>(SLOT);
        forget_demands::<T>(SLOT);
        let opened;

        #[block]
        {
            opened = T::Calendar::now() >= T::Calendar::schedule(SLOT).gate_opens;
            Pallet::<T>::fix_band(SLOT);
        }

        assert!(opened && Bands::<T>::contains_key(SLOT));
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
        _(RawOrigin::Signed(caller), BoundedVec::truncate_from(readings));

        assert_eq!(SlotTotals::<T>::get(SLOT).map(|t| t.readings), Some(n));
    }

    /// The dearest items: slots without readings, of which every kind of item is looked for in vain.
    #[benchmark]
    fn prune(n: Linear<0, { T::MaxPrunedPerBlock::get() }>) {
        for slot in (0..u64::from(n)).map(SlotIndex) {
            SlotTotals::<T>::insert(slot, Totals::default());
            Bands::<T>::insert(slot, Band::Off);
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
