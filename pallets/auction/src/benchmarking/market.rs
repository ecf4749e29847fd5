//! The market on which the benchmarks trade.

use crate::*;
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::Get};
use qedex_primitives::{
    Balance, Calendar, ClearingResult, Escrow, LeaderTerms, Membership, Millis, OrderId,
    PricePerKwh, Role, Side, SlotIndex, SlotTerms, Wh, Windows,
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
/// More than any order here holds.
pub(super) const ENDOWMENT: Balance = 1_000_000_000_000_000;

/// Terms with as many price levels as there may be.
pub(super) fn terms<T: Config>() -> LeaderTerms {
    let levels = u128::from(T::MaxTicks::get());
    LeaderTerms {
        floor: PricePerKwh(TICK),
        cap: PricePerKwh(TICK.saturating_mul(levels)),
        grid_fee: PricePerKwh(0),
        tick: PricePerKwh(TICK),
        lot: Wh(100),
        least_order: Wh(100),
        wh_per_key: Wh(1_000),
        deposit_rate: Permill::one(),
    }
}

/// Opens the gate of `SLOT`, with as many other slots in flight as there may be.
pub(super) fn open_market<T: Config>() -> SlotRecord {
    let windows = Windows::default();
    SlotLength::<T>::put(SLOT_LENGTH);
    DefaultWindows::<T>::put(windows);
    DefaultTerms::<T>::put(terms::<T>());
    let schedule = windows.schedule(SLOT, SLOT_LENGTH);
    Pallet::<T>::set_now(schedule.gate_opens);
    let before = u64::from(T::MaxSlotsInFlight::get()).saturating_sub(1);
    let slots = (SLOT.0.saturating_sub(before)..=SLOT.0).rev().map(SlotIndex);
    InFlight::<T>::put(BoundedVec::truncate_from(slots.collect()));
    NextSlot::<T>::put(SlotIndex(SLOT.0.saturating_add(1)));
    let record = SlotRecord {
        terms: SlotTerms { leader: terms::<T>(), keys: u64::MAX, schedule },
        phase: Phase::Open,
        next_order: 0,
        bids: 0,
        asks: 0,
        renewing: 0,
    };
    Slots::<T>::insert(SLOT, record);
    record
}

/// An account that may trade on both sides and has the money for it.
pub(super) fn trader<T: Config>(number: u32) -> T::AccountId {
    let who: T::AccountId = account("trader", number, 0);
    T::Membership::grant(&who, Role::Trade);
    T::Membership::grant(&who, Role::Sell);
    T::Escrow::endow(&who, ENDOWMENT);
    who
}

/// The same, with money for so many orders and a half.
pub(super) fn poor_trader<T: Config>(orders: u32) -> T::AccountId {
    let who: T::AccountId = account("poor trader", 0, 0);
    T::Membership::grant(&who, Role::Trade);
    T::Membership::grant(&who, Role::Sell);
    let deposit = terms::<T>().cap.cost_ceil(ENERGY).unwrap_or(ENDOWMENT);
    let half = deposit.saturating_div(2);
    let all = deposit.saturating_mul(orders.into());
    T::Escrow::endow(&who, all.saturating_add(half));
    who
}

/// Results of the last slots in which the keys bound the volume.
pub(super) fn fill_results<T: Config>() {
    for back in 1..=u64::from(T::ResultsKept::get()) {
        let slot = SlotIndex(SLOT.0.saturating_sub(back));
        Results::<T>::insert(
            Pallet::<T>::ring_index(slot),
            ClearingResult {
                slot,
                volume: ENERGY,
                buyers_pay: Some(PricePerKwh(TICK)),
                sellers_receive: Some(PricePerKwh(TICK)),
                beyond_fee: PricePerKwh(0),
                cap_binding: true,
                keys_used: 1,
                keys: 1,
                bids: 1,
                asks: 1,
            },
        );
    }
}

/// A limit `ticks` worse, for the other side, than the best one.
pub(super) fn limit<T: Config>(side: Side, ticks: u32) -> PricePerKwh {
    let off = TICK.saturating_mul(u128::from(ticks));
    match side {
        Side::Bid => PricePerKwh(terms::<T>().cap.0.saturating_sub(off)),
        Side::Ask => PricePerKwh(terms::<T>().floor.0.saturating_add(off)),
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
