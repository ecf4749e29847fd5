//! Worst cases of the calls and of pruning.

mod setup;

pub(crate) use setup::{connect_silently, deliver_worst_case};

use crate::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{Consideration, EnsureOrigin, Get},
    weights::WeightMeter,
};
use frame_system::RawOrigin;
use qedex_primitives::{Band, BillAudit, Calendar, MeterId, SlotIndex};
use setup::*;

#[benchmarks]
mod benchmarks {
    use super::*;

    /// A meter with as many keys and assignments as are kept, whose owner has as many connections as
    /// it can have.
    fn old_meter<T: Config>() -> (MeterId, T::AccountId) {
        let owner: T::AccountId = account("owner", 0, 0);
        let id = crowded_meter::<T>(&owner);
        give_history::<T>(id);
        fill_keys::<T>(id);
        (id, owner)
    }

    #[benchmark]
    fn propose_change() {
        let installer = installer::<T>("installer");
        let (meter, _) = old_meter::<T>();
        let new_owner: T::AccountId = account("new owner", 0, 0);
        owner_of::<T>(&new_owner);
        let change = Change::Transfer { meter, account: new_owner };
        ChangesOf::<T>::mutate(owner_of::<T>(&installer), |list| {
            for number in 1..T::MaxPendingPerInstaller::get() {
                let _ = list.try_push(ChangeId(number));
            }
        });

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), change);

        assert!(PendingChanges::<T>::contains_key(ChangeId(0)));
    }

    #[benchmark]
    fn confirm_registration() {
        let (first, second) = (installer::<T>("installer"), installer::<T>("second"));
        let owner: T::AccountId = account("owner", 0, 0);
        fill_list::<T>(&owner);
        // A former meter was at the same connection.
        let kind = MeterKind::Connection(connection(0));
        let key = sound_key();
        let change =
            Change::Register { account: owner.clone(), key, kind, ratings: setup::RATINGS };
        let (id, hash) = put_change::<T>(&first, change);
        confirm_by_owners::<T>(id, &[&owner]);

        #[extrinsic_call]
        confirm_change(RawOrigin::Signed(second), id, hash);

        let meter = MeterByKey::<T>::get(key);
        assert!(meter.is_some_and(MeterBonds::<T>::contains_key));
    }

    #[benchmark]
    fn confirm_rotation() {
        let (first, second) = (installer::<T>("installer"), installer::<T>("second"));
        let (meter, owner) = old_meter::<T>();
        let key = sound_key();
        let (id, hash) = put_change::<T>(&first, Change::RotateKey { meter, key });
        confirm_by_owners::<T>(id, &[&owner]);

        #[extrinsic_call]
        confirm_change(RawOrigin::Signed(second), id, hash);

        assert_eq!(MeterByKey::<T>::get(key), Some(meter));
    }

    /// A transfer that lacks the word of the second installer alone.
    fn ready_transfer<T: Config>() -> (ChangeId, sp_core::H256, T::AccountId, MeterId) {
        let first = installer::<T>("installer");
        let (meter, owner) = old_meter::<T>();
        let new_owner: T::AccountId = account("new owner", 0, 0);
        fill_list::<T>(&new_owner);
        let change = Change::Transfer { meter, account: new_owner.clone() };
        let (id, hash) = put_change::<T>(&first, change);
        confirm_by_owners::<T>(id, &[&owner, &new_owner]);
        (id, hash, new_owner, meter)
    }

    #[benchmark]
    fn confirm_transfer() {
        let second = installer::<T>("second");
        let (id, hash, new_owner, meter) = ready_transfer::<T>();

        #[extrinsic_call]
        confirm_change(RawOrigin::Signed(second), id, hash);

        assert!(ConnectionsOf::<T>::get(owner_of::<T>(&new_owner)).contains(&meter));
    }

    #[benchmark]
    fn confirm_change_as_council() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let (id, hash, new_owner, meter) = ready_transfer::<T>();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, id, hash, Party::SecondInstaller);

        assert!(ConnectionsOf::<T>::get(owner_of::<T>(&new_owner)).contains(&meter));
        Ok(())
    }

    #[benchmark]
    fn withdraw_change() {
        let installer = installer::<T>("installer");
        let (meter, _) = old_meter::<T>();
        let (id, _) = put_change::<T>(&installer, Change::Decommission { meter });

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), id);

        assert!(!PendingChanges::<T>::contains_key(id));
    }

    #[benchmark]
    fn withdraw_confirmation() {
        let (first, second) = (installer::<T>("installer"), installer::<T>("second"));
        let (meter, _) = old_meter::<T>();
        let (id, hash) = put_change::<T>(&first, Change::Decommission { meter });
        assert!(Pallet::<T>::do_confirm(second.clone(), id, hash).is_ok());

        #[extrinsic_call]
        _(RawOrigin::Signed(second), id);

        assert!(PendingChanges::<T>::get(id).is_some_and(|pending| pending.second.is_none()));
    }

    #[benchmark]
    fn refuse_change() {
        let first = installer::<T>("installer");
        let (meter, owner) = old_meter::<T>();
        let ratings = MeterRatings { out: MAX_RATING, into: Wh(1) };
        Meters::<T>::mutate(meter, |entry| {
            if let Some(one) = entry.as_mut().and_then(|meter| meter.assignments.last_mut()) {
                one.ratings = ratings;
            }
        });
        let change = Change::Rate { meter, ratings: setup::RATINGS };
        let (id, _) = put_change::<T>(&first, change);

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), id);

        assert!(!PendingChanges::<T>::contains_key(id));
    }

    #[benchmark]
    fn clear_change() {
        let first = installer::<T>("installer");
        let (meter, _) = old_meter::<T>();
        let (id, _) = put_change::<T>(&first, Change::Decommission { meter });
        let expires = PendingChanges::<T>::get(id).map(|pending| pending.expires);
        T::Calendar::set_now(expires.unwrap_or_default());

        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()), id);

        assert!(!PendingChanges::<T>::contains_key(id));
    }

    #[benchmark]
    fn remove_meter() -> Result<(), BenchmarkError> {
        let (id, _) = old_meter::<T>();
        let payer = installer::<T>("installer");
        let bond = T::Bond::new(&payer, Pallet::<T>::footprint())?;
        MeterBonds::<T>::insert(id, (payer, bond));
        // Each of its assignments was another owner's, with a list that is full.
        Meters::<T>::mutate(id, |entry| {
            let Some(meter) = entry else { return };
            for (number, one) in (0_u32..).zip(meter.assignments.iter_mut()) {
                let owner = qedex_primitives::OwnerId([number as u8; 32]);
                one.owner = owner;
                one.until = Some(one.from.next());
                ConnectionsOf::<T>::mutate(owner, |list| {
                    let mut other = 1_000_000_u32;
                    while list.len().saturating_add(1) < T::MaxConnectionsPerOwner::get() as usize {
                        let _ = list.try_push(MeterId(other));
                        other = other.saturating_add(1);
                    }
                    let _ = list.try_push(id);
                });
            }
        });
        OldestKept::<T>::put(SlotIndex(u64::from(MAX_ASSIGNMENTS)));

        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()), id);

        assert!(!Meters::<T>::contains_key(id) && !MeterBonds::<T>::contains_key(id));
        assert!(!KeysOf::<T>::contains_key(id));
        Ok(())
    }

    #[benchmark]
    fn record_correction() {
        let installer = installer::<T>("installer");
        let owner: T::AccountId = account("owner", 0, 0);
        let signed = reading_of::<T>(&owner);
        let id = signed.payload.meter;
        assert!(Pallet::<T>::accept(0, &signed).is_ok());
        give_history::<T>(id);
        Corrections::<T>::insert(SLOT, id, corrections::<T>(&owner));
        T::Calendar::set_now(T::Calendar::schedule(SLOT).readings_until);

        #[extrinsic_call]
        _(RawOrigin::Signed(installer), id, SLOT, Wh::ZERO, MAX_RATING);

        assert_eq!(Corrections::<T>::get(SLOT, id).len() as u32, MAX_CORRECTIONS);
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
    fn audit(n: Linear<1, { T::MaxConnectionsPerOwner::get() }>) {
        let owner: T::AccountId = account("owner", 0, 0);
        let readings: Vec<_> = (0..n).map(|_| reading_of::<T>(&owner)).collect();
        for signed in &readings {
            assert!(Pallet::<T>::accept(0, signed).is_ok());
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
