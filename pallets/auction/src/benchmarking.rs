//! Worst cases of the calls and of the steps of a slot's life.

mod market;

use crate::*;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{Consideration, EnsureOrigin, Get},
    weights::WeightMeter,
};
use frame_system::RawOrigin;
use market::*;
use qedex_primitives::{Announcement, Band, Membership, Role, Side, SlotIndex, Wh, Windows};

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn place_order() -> Result<(), BenchmarkError> {
        open_market::<T>();
        // There is an order of the same account, at another price.
        let (who, id) = place::<T>(0, Side::Ask, 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who), SLOT, Side::Ask, limit::<T>(Side::Ask, 1), ENERGY);

        assert!(OrderKeys::<T>::contains_key(SLOT, id.saturating_add(1)));
        Ok(())
    }

    #[benchmark]
    fn amend_order() -> Result<(), BenchmarkError> {
        open_market::<T>();
        let (who, id) = place::<T>(0, Side::Ask, 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who), SLOT, id, limit::<T>(Side::Ask, 1), ENERGY);

        assert!(!OrderKeys::<T>::contains_key(SLOT, id));
        assert!(OrderKeys::<T>::contains_key(SLOT, id.saturating_add(1)));
        Ok(())
    }

    #[benchmark]
    fn cancel_order() -> Result<(), BenchmarkError> {
        open_market::<T>();
        let (who, id) = place::<T>(0, Side::Ask, 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who), SLOT, id);

        assert!(!OrderKeys::<T>::contains_key(SLOT, id));
        Ok(())
    }

    #[benchmark]
    fn set_terms() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        let list = list::<T>();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, Band::Mid, list);

        assert_eq!(PriceLists::<T>::get(Band::Mid), Some(list));
        Ok(())
    }

    #[benchmark]
    fn set_windows() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
        open_market::<T>();
        // Both marks move.
        NextSlot::<T>::put(SlotIndex(0));
        OverUntil::<T>::put(SlotIndex(0));
        let windows = Windows::default();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, windows);

        assert_eq!(DefaultWindows::<T>::get(), windows);
        Ok(())
    }

    #[benchmark]
    fn poll() {
        open_market::<T>();
        // Both marks move.
        NextSlot::<T>::put(SlotIndex(0));
        OverUntil::<T>::put(SlotIndex(0));
        // Nothing but the look itself fits.
        let mut meter = WeightMeter::with_limit(T::WeightInfo::poll());

        #[block]
        {
            Pallet::<T>::work(&mut meter);
        }

        assert!(Slots::<T>::contains_key(SLOT));
    }

    /// A leader has announced it.
    #[benchmark]
    fn open_slot() -> Result<(), BenchmarkError> {
        let schedule = open_market::<T>().terms.schedule;
        let by: T::AccountId = account("aggregator", 0, 0);
        T::Membership::grant(&by, Role::Aggregate);
        let announcement = Announcement { slot: SLOT, by, admission: ADMISSION };
        Announcements::<T>::insert(Pallet::<T>::announced_index(SLOT), announcement);
        Slots::<T>::remove(SLOT);
        NextSlot::<T>::put(SLOT);
        InFlight::<T>::mutate(|slots| slots.retain(|slot| *slot != SLOT));
        let mut meter = WeightMeter::new();

        #[block]
        {
            Pallet::<T>::open_due_slots(schedule.gate_opens, &mut meter);
        }

        assert!(record::<T>()?.leader.is_some());
        Ok(())
    }

    #[benchmark]
    fn visit_slot() {
        let mut record = open_market::<T>();
        record.phase = Phase::Matched;
        let end = record.terms.schedule.final_at;
        Slots::<T>::insert(SLOT, record);
        // The slot is the first in flight, and the others have to wait.
        let mut meter = WeightMeter::with_limit(T::WeightInfo::visit_slot());

        #[block]
        {
            Pallet::<T>::advance_slots(end, &mut meter);
        }

        assert!(!Slots::<T>::contains_key(SLOT));
    }

    /// The most steps: every level of the shorter side crosses.
    #[benchmark]
    fn discover(b: Linear<1, { T::MaxTicks::get() }>, a: Linear<1, { T::MaxTicks::get() }>) {
        let mut record = open_market::<T>();
        (record.bids, record.asks) = (b, a);
        for (side, levels) in [(Side::Bid, b), (Side::Ask, a)] {
            for ticks in 0..levels {
                let price = PricePriority::new(side, limit::<T>(side, ticks));
                Levels::<T>::insert((SLOT, side, price), PriceLevel { energy: ENERGY, orders: 1 });
            }
        }
        let now = record.terms.schedule.gate_closes;
        let mut meter = WeightMeter::new();

        #[block]
        {
            Pallet::<T>::discover(SLOT, &mut record, now, &mut meter);
        }

        assert_ne!(record.phase, Phase::Open);
        assert_eq!(Levels::<T>::iter_prefix((SLOT, Side::Bid)).count(), 0);
    }

    /// The most of both ways in which a step may end. Both orders were placed by a grant. The bid does not hold
    /// what the trade would cost, so that the trade, which the settlement weighs itself, is not opened, and both
    /// orders are closed. And an order that a trade has used up pays for its work.
    #[benchmark]
    fn pair() -> Result<(), BenchmarkError> {
        open_market::<T>();
        let (_, _, bid) = place_for::<T>(0, Side::Bid, 0)?;
        place_for::<T>(1, Side::Ask, 0)?;
        let key = OrderPriority::new(Side::Bid, limit::<T>(Side::Bid, 0), bid);
        Orders::<T>::mutate((SLOT, Side::Bid, key), |order| {
            if let Some(order) = order {
                order.held = 1;
            }
        });
        let mut record = record::<T>()?;
        let work = record.backing.work;
        let used_up = |who: T::AccountId| -> Result<_, BenchmarkError> {
            let owner = T::Membership::owner_of(&who).ok_or("the trader has an owner")?;
            let left = Wh(0);
            Ok(Order { who, owner, broker: None, energy: ENERGY, left, held: work })
        };
        let (buyer, seller) = (place::<T>(2, Side::Bid, 1)?.0, trader::<T>(3));
        let (mut buying, mut selling) = (used_up(buyer)?, used_up(seller)?);
        record.phase = Phase::Pairing {
            buyers_pay: limit::<T>(Side::Bid, 0),
            sellers_receive: limit::<T>(Side::Ask, 0),
            left: ENERGY,
            next_trade: 0,
        };
        let mut meter = WeightMeter::new();

        #[block]
        {
            Pallet::<T>::pay_for_work(SLOT, &record, Wh(0), (&mut buying, &mut selling));
            Pallet::<T>::pair(SLOT, &mut record, &mut meter);
        }

        assert_eq!(record.phase, Phase::Releasing { trades: 0 });
        assert_eq!((record.bids, record.asks), (0, 0));
        assert_eq!((buying.held, selling.held), (0, work));
        Ok(())
    }

    #[benchmark]
    fn release_order() -> Result<(), BenchmarkError> {
        open_market::<T>();
        place_for::<T>(0, Side::Ask, 0)?;
        let mut record = record::<T>()?;
        record.phase = Phase::Releasing { trades: 0 };
        let mut meter = WeightMeter::new();

        #[block]
        {
            Pallet::<T>::release_rest(SLOT, &mut record, &mut meter);
        }

        assert_eq!((record.phase, record.asks), (Phase::Matched, 0));
        Ok(())
    }

    /// Every order is of another price than the book has, and all of one account, which may have one
    /// more than it can pay for: all others are looked at as far as to their price level.
    #[benchmark]
    fn place_orders(n: Linear<1, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
        open_market::<T>();
        let paid = T::MaxOrdersPerAccount::get().saturating_sub(1);
        let who = poor_trader::<T>(paid);
        let orders: alloc::vec::Vec<_> =
            (0..n).map(|ticks| new_order::<T>(Side::Ask, ticks)).collect();
        let orders = BoundedVec::truncate_from(orders);

        #[extrinsic_call]
        _(RawOrigin::Signed(who), SLOT, orders);

        assert_eq!(record::<T>()?.next_order, n.min(paid));
        Ok(())
    }

    /// It fits the list of the last band alone.
    #[benchmark]
    fn set_standing_order() {
        open_market::<T>();
        let mut coarse = list::<T>();
        coarse.least_order = ENERGY.saturating_add(ENERGY);
        for band in [Band::Off, Band::Mid] {
            PriceLists::<T>::insert(band, coarse);
        }
        let who = trader::<T>(0);
        let order = new_order::<T>(Side::Ask, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), order);

        assert!(StandingOrders::<T>::contains_key(&who));
    }

    #[benchmark]
    fn end_standing_order() -> Result<(), BenchmarkError> {
        open_market::<T>();
        let who = stand::<T>(0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert!(StandingOrders::<T>::get(&who).is_some_and(|standing| standing.ended));
        Ok(())
    }

    /// It has announced for the slot before.
    #[benchmark]
    fn announce() {
        open_market::<T>();
        let who: T::AccountId = account("aggregator", 0, 0);
        T::Membership::grant(&who, Role::Aggregate);
        let slot = NextSlot::<T>::get();
        let announcement = Announcement { slot, by: who.clone(), admission: ADMISSION };
        Announcements::<T>::insert(Pallet::<T>::announced_index(slot), announcement);

        #[extrinsic_call]
        _(RawOrigin::Signed(who), slot, ADMISSION);

        assert_eq!(Announcements::<T>::iter().count(), 1);
    }

    /// The most of both ways: another account than announced it asks, for which both owners are looked
    /// up, and then the one that did.
    #[benchmark]
    fn withdraw_announcement() {
        open_market::<T>();
        let by: T::AccountId = account("aggregator", 0, 0);
        T::Membership::grant(&by, Role::Aggregate);
        let slot = NextSlot::<T>::get();
        let announcement = Announcement { slot, by: by.clone(), admission: ADMISSION };
        Announcements::<T>::insert(Pallet::<T>::announced_index(slot), announcement);
        let other: T::AccountId = account("aggregator", 1, 0);
        T::Membership::grant(&other, Role::Aggregate);

        #[block]
        {
            assert!(Pallet::<T>::do_withdraw_announcement(other, slot).is_err());
            assert!(Pallet::<T>::do_withdraw_announcement(by, slot).is_ok());
        }

        assert_eq!(Announcements::<T>::iter().count(), 0);
    }

    #[benchmark]
    fn set_leader_limits() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, LIMITS);

        assert_eq!(CurrentLimits::<T>::get(), Some(LIMITS));
        Ok(())
    }

    #[benchmark]
    fn grant() {
        open_market::<T>();
        let (who, broker) = (trader::<T>(0), broker::<T>(0));
        T::GrantBond::ensure_successful(&who, Pallet::<T>::grant_footprint());

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), broker.clone(), boundless());

        assert!(Grants::<T>::contains_key(who, broker));
    }

    #[benchmark]
    fn revoke_grant() -> Result<(), BenchmarkError> {
        open_market::<T>();
        let (who, broker) = (trader::<T>(0), broker::<T>(0));
        grant_to::<T>(&who, &broker)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), broker.clone());

        assert!(!Grants::<T>::contains_key(who, broker));
        Ok(())
    }

    /// As `place_orders`, by a grant that bounds nothing before the funds do.
    #[benchmark]
    fn place_orders_for(n: Linear<1, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
        open_market::<T>();
        let paid = T::MaxOrdersPerAccount::get().saturating_sub(1);
        // The bond of the grant does not come out of what is there for orders.
        let (who, broker) = (poor_trader::<T>(paid), broker::<T>(0));
        grant_to::<T>(&who, &broker)?;
        let orders: alloc::vec::Vec<_> =
            (0..n).map(|ticks| new_order::<T>(Side::Ask, ticks)).collect();
        let orders = BoundedVec::truncate_from(orders);

        #[extrinsic_call]
        _(RawOrigin::Signed(broker), who, SLOT, orders);

        assert_eq!(record::<T>()?.next_order, n.min(paid));
        Ok(())
    }

    #[benchmark]
    fn amend_order_for() -> Result<(), BenchmarkError> {
        open_market::<T>();
        let (who, broker, id) = place_for::<T>(0, Side::Ask, 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(broker), who, SLOT, id, limit::<T>(Side::Ask, 1), ENERGY);

        assert!(OrderKeys::<T>::contains_key(SLOT, id.saturating_add(1)));
        Ok(())
    }

    #[benchmark]
    fn cancel_order_for() -> Result<(), BenchmarkError> {
        open_market::<T>();
        let (who, broker, id) = place_for::<T>(0, Side::Ask, 0)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(broker), who, SLOT, id);

        assert!(!OrderKeys::<T>::contains_key(SLOT, id));
        Ok(())
    }

    /// The most of all ways in which a renewal may end: an order that is placed, one whose hold is compared
    /// with those of all bands, and a standing order that ends.
    #[benchmark]
    fn renew() -> Result<(), BenchmarkError> {
        let mut record = open_market::<T>();
        let who = stand::<T>(0)?;
        stand::<T>(1)?;
        // As if it had been set before the slot opened.
        StandingOrders::<T>::mutate(&who, |entry| {
            if let Some(standing) = entry {
                standing.renewed = SlotIndex(0);
            }
        });
        record.renewal = Renewal { left: 1, at: 0, downwards: false, skipped: 0 };
        let order = new_order::<T>(Side::Ask, 0);
        let mut meter = WeightMeter::new();

        #[block]
        {
            Pallet::<T>::renew(SLOT, &mut record, &mut meter);
            assert!(Pallet::<T>::holds_least(&record.terms.leader, &record.backing, order));
            Pallet::<T>::remove_standing(&who);
        }

        assert_eq!((record.renewal.left, record.asks), (0, 1));
        assert!(!StandingOrders::<T>::contains_key(&who));
        Ok(())
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::ExtBuilder::default().build(),
        crate::mock::Test
    );
}
