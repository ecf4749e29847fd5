//! The market on which the benchmarks trade.

use crate::*;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{Consideration, Get},
};
use grants::Acting;
use qedex_primitives::{
    Balance, Band, Calendar, Escrow, KeyAdmission, LeaderLimits, Membership, Millis, Moment,
    OrderId, OwnerId, PriceList, PricePerKwh, Rated, Role, Side, SlotIndex, SlotTerms, Wh, Windows,
};
use sp_runtime::Permill;

/// The slot that the benchmarks trade.
pub(super) const SLOT: SlotIndex = SlotIndex(1_000_000);
/// The length of a delivery slot.
pub(super) const SLOT_LENGTH: Millis = 12_000;
/// The distance between two limits.
pub(super) const TICK: u128 = 1_000_000_000;
/// The energy of an order.
pub(super) const ENERGY: Wh = Wh(200);
/// More than any owner offers here.
const RATED: Wh = Wh(1_000_000);
/// More than any order here holds.
pub(super) const ENDOWMENT: Balance = 1_000_000_000_000_000;

/// The energy that a key covers.
const WH_PER_KEY: Wh = Wh(1_000);
/// Within what leaders choose.
pub(super) const LIMITS: LeaderLimits = LeaderLimits {
    least_share: Permill::from_percent(10),
    least_wh_per_key: WH_PER_KEY,
    most_wh_per_key: WH_PER_KEY,
};
/// What they announce.
pub(super) const ADMISSION: KeyAdmission =
    KeyAdmission { share: Permill::from_percent(50), wh_per_key: WH_PER_KEY };

/// A price list with as many price levels as there may be.
pub(super) fn list<T: Config>() -> PriceList {
    let levels = u128::from(T::MaxTicks::get());
    PriceList {
        floor: PricePerKwh(TICK),
        cap: PricePerKwh(TICK.saturating_mul(levels)),
        grid_fee: PricePerKwh(1),
        tick: PricePerKwh(TICK),
        lot: Wh(100),
        least_order: Wh(100),
        deposit_rate: Permill::one(),
    }
}

/// Opens the gate of `SLOT`, with as many other slots in flight as there may be.
pub(super) fn open_market<T: Config>() -> SlotRecord {
    let windows = Windows::default();
    SlotLength::<T>::put(SLOT_LENGTH);
    DefaultWindows::<T>::put(windows);
    for band in [Band::Off, Band::Mid, Band::On] {
        PriceLists::<T>::insert(band, list::<T>());
    }
    CurrentLimits::<T>::put(LIMITS);
    let schedule = windows.schedule(SLOT, SLOT_LENGTH);
    Pallet::<T>::set_now(schedule.gate_opens);
    let before = u64::from(T::MaxSlotsInFlight::get()).saturating_sub(1);
    let slots = (SLOT.0.saturating_sub(before)..=SLOT.0).rev().map(SlotIndex);
    InFlight::<T>::put(BoundedVec::truncate_from(slots.collect()));
    NextSlot::<T>::put(SlotIndex(SLOT.0.saturating_add(1)));
    let record = SlotRecord {
        terms: SlotTerms { leader: list::<T>().with_keys(WH_PER_KEY), keys: u64::MAX, schedule },
        phase: Phase::Open,
        next_order: 0,
        bids: 0,
        asks: 0,
        // Of nobody's here.
        leader: Some(OwnerId([255; 32])),
        renewal: Renewal::default(),
        backing: Pallet::<T>::backing(),
    };
    Slots::<T>::insert(SLOT, record);
    record
}

/// An account that may trade on both sides and has the money for it.
pub(super) fn trader<T: Config>(number: u32) -> T::AccountId {
    let who: T::AccountId = account("trader", number, 0);
    T::Membership::grant(&who, Role::Trade);
    T::Membership::grant(&who, Role::Sell);
    T::Rated::set_rated_out(&who, SLOT, RATED);
    T::Escrow::endow(&who, ENDOWMENT);
    who
}

/// The same, with money for so many orders and a half.
pub(super) fn poor_trader<T: Config>(orders: u32) -> T::AccountId {
    let who: T::AccountId = account("poor trader", 0, 0);
    T::Membership::grant(&who, Role::Trade);
    T::Membership::grant(&who, Role::Sell);
    T::Rated::set_rated_out(&who, SLOT, RATED);
    let NewOrder { side, limit, energy } = new_order::<T>(Side::Ask, 0);
    let terms = list::<T>().with_keys(WH_PER_KEY);
    let hold = Pallet::<T>::required_hold(&terms, &Pallet::<T>::backing(), side, limit, energy);
    let hold = hold.map_or(ENDOWMENT, |(_, hold)| hold);
    // What orders leave free is less than that.
    let half = hold.saturating_div(2);
    let all = hold.saturating_mul(orders.into());
    T::Escrow::endow(&who, all.saturating_add(half));
    who
}

/// A limit `ticks` worse, for the other side, than the best one.
pub(super) fn limit<T: Config>(side: Side, ticks: u32) -> PricePerKwh {
    let off = TICK.saturating_mul(u128::from(ticks));
    match side {
        Side::Bid => PricePerKwh(list::<T>().cap.0.saturating_sub(off)),
        Side::Ask => PricePerKwh(list::<T>().floor.0.saturating_add(off)),
    }
}

/// Places an order of a new trader.
pub(super) fn place<T: Config>(
    number: u32,
    side: Side,
    ticks: u32,
) -> Result<(T::AccountId, OrderId), BenchmarkError> {
    let who = trader::<T>(number);
    let id = record::<T>()?.next_order;
    Pallet::<T>::do_place(who.clone(), SLOT, new_order::<T>(side, ticks))?;
    Ok((who, id))
}

/// A grant without bounds that matter here.
pub(super) fn boundless() -> Grant {
    Grant {
        buy_up_to: Some(PricePerKwh(u128::MAX)),
        sell_from: Some(PricePerKwh(0)),
        expires: Moment::MAX,
        budget: Balance::MAX,
    }
}

/// A broker that may act for others.
pub(super) fn broker<T: Config>(number: u32) -> T::AccountId {
    let who: T::AccountId = account("broker", number, 0);
    T::Membership::grant(&who, Role::Broker);
    who
}

/// Lets `broker` act for `who`.
pub(super) fn grant_to<T: Config>(
    who: &T::AccountId,
    broker: &T::AccountId,
) -> Result<(), BenchmarkError> {
    T::GrantBond::ensure_successful(who, Pallet::<T>::grant_footprint());
    Pallet::<T>::do_grant(who.clone(), broker.clone(), boundless())?;
    Ok(())
}

/// Places an order of a new trader by a broker of its own.
pub(super) fn place_for<T: Config>(
    number: u32,
    side: Side,
    ticks: u32,
) -> Result<(T::AccountId, T::AccountId, OrderId), BenchmarkError> {
    let (who, broker) = (trader::<T>(number), broker::<T>(number));
    grant_to::<T>(&who, &broker)?;
    let id = record::<T>()?.next_order;
    let acting: Acting<T::AccountId> = Pallet::<T>::acting_for(broker.clone(), who.clone())?;
    Pallet::<T>::do_place_all(&acting, SLOT, &[new_order::<T>(side, ticks)])?;
    Ok((who, broker, id))
}

pub(super) fn new_order<T: Config>(side: Side, ticks: u32) -> NewOrder {
    NewOrder { side, limit: limit::<T>(side, ticks), energy: ENERGY }
}

/// The standing order of a new trader.
pub(super) fn stand<T: Config>(number: u32) -> Result<T::AccountId, BenchmarkError> {
    let who = trader::<T>(number);
    Pallet::<T>::do_set_standing(who.clone(), new_order::<T>(Side::Ask, 0))?;
    Ok(who)
}

pub(super) fn record<T: Config>() -> Result<SlotRecord, BenchmarkError> {
    Slots::<T>::get(SLOT).ok_or(BenchmarkError::Stop("the slot is open"))
}
