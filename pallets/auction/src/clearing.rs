//! The life of a slot: opening, price discovery, end. All of it is done in `on_poll`, in steps that
//! are weighed before they are taken. Pairing and release stand in `pairing`, the renewal of standing
//! orders in `standing`.

use crate::{
    Backing, Config, CurrentLimits, DefaultWindows, Event, InFlight, Levels, NextSlot, Pallet,
    Phase, Results, SlotLength, SlotRecord, Slots, WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{
    pallet_prelude::Get,
    weights::{Weight, WeightMeter},
};
use qedex_math::clearing::{self, Corridor, Level};
use qedex_primitives::{
    Calendar, ClearingResult, KeyBudget, MarketSettlement, Moment, PricePerKwh, Side, SlotIndex,
    SlotTerms, Wh, Windows, work,
};

impl<T: Config> Pallet<T> {
    /// The share of a block that the market may take for its own work.
    pub(crate) fn block_share() -> Weight {
        work::block_share(T::BlockWeights::get().max_block)
    }

    /// Checks that the bounds of the configuration leave a market.
    ///
    /// # Panics
    /// If they do not. For the integrity test only.
    pub(crate) fn check_bounds() {
        assert!(T::MaxTicks::get() >= 2, "a corridor needs two price levels");
        assert!(T::MaxOrdersPerSlot::get() > 0, "a book takes at least one order");
        assert!(T::MaxOrdersPerAccount::get() > 0, "an account may place at least one order");
        assert!(T::MaxGrants::get() > 0, "an account may give a grant");
        assert!(T::MaxPrincipals::get() > 0, "a broker may act for somebody");
        assert!(T::MaxBatch::get() > 0, "a batch takes at least one order");
        assert!(T::MaxOrderEnergy::get() > 0, "an order has some energy");
        assert!(T::ResultsKept::get() > 0, "at least one result is kept");
        assert!(
            Self::windows_are_valid(&Windows::default()),
            "the default windows fit into the slots in flight"
        );
    }

    /// Checks that the heaviest steps fit into what the looks at all slots leave of the share of a
    /// block, or a slot would never be cleared.
    ///
    /// # Panics
    /// If they do not. For the integrity test only.
    pub(crate) fn check_step_weights() {
        let looks = T::WeightInfo::visit_slot()
            .saturating_mul(u64::from(T::MaxSlotsInFlight::get()))
            .saturating_add(T::WeightInfo::poll());
        let left = Self::block_share().saturating_sub(looks);
        let ticks = T::MaxTicks::get();
        let pairing = T::WeightInfo::pair().saturating_add(T::Settlement::open_trade_weight());
        assert!(left.all_gte(pairing), "a pairing fits into a quarter of a block");
        let settling =
            T::WeightInfo::discover(ticks, ticks).saturating_add(T::KeyBudget::settle_weight());
        for (step, what) in [
            (Self::open_weight(), "an opening"),
            (settling, "price discovery"),
            (T::KeyBudget::release_weight(), "a release of keys"),
            (T::WeightInfo::renew(), "a renewal"),
            (T::WeightInfo::release_order(), "a release"),
        ] {
            assert!(left.all_gte(step), "{what} fits into a quarter of a block");
        }
    }

    /// Of opening a slot and promising it keys.
    fn open_weight() -> Weight {
        T::WeightInfo::open_slot().saturating_add(T::KeyBudget::reserve_weight())
    }

    /// Does what is due, as far as the weight reaches.
    pub(crate) fn work(meter: &mut WeightMeter) {
        let limit = meter.remaining().min(Self::block_share());
        let mut share = WeightMeter::with_limit(limit);
        if share.try_consume(T::WeightInfo::poll()).is_err() {
            return;
        }
        let now = <Self as Calendar>::now();
        Self::note_time(now);
        Self::open_due_slots(now, &mut share);
        Self::advance_slots(now, &mut share);
        meter.consume(share.consumed());
    }

    /// Opens the slots whose gate is open now, passing over those whose gate has closed while
    /// the chain stood still.
    pub(crate) fn open_due_slots(now: Moment, meter: &mut WeightMeter) {
        if !CurrentLimits::<T>::exists() {
            return;
        }
        let windows = DefaultWindows::<T>::get();
        let length = SlotLength::<T>::get();
        let Some(current) = now.checked_div(length) else {
            return;
        };
        let last_open = current.saturating_add(u64::from(windows.gate_opens));
        let mut slot = NextSlot::<T>::get();
        let mut in_flight = InFlight::<T>::get();
        let before = in_flight.len();
        while slot.0 <= last_open
            && meter.can_consume(Self::open_weight())
            && in_flight.try_push(slot).is_ok()
        {
            meter.consume(Self::open_weight());
            let Some(opening) = Self::opening_of(slot) else {
                in_flight.pop();
                break;
            };
            Self::forget_announced(slot);
            let terms = SlotTerms {
                leader: opening.terms,
                keys: Self::promised(slot, opening.keys),
                schedule: windows.schedule(slot, length),
            };
            let leader = opening.leader;
            Slots::<T>::insert(
                slot,
                SlotRecord {
                    terms,
                    phase: Phase::Open,
                    next_order: 0,
                    bids: 0,
                    asks: 0,
                    leader,
                    renewal: Self::next_renewal(),
                    backing: Self::backing(),
                },
            );
            Self::deposit_event(Event::SlotOpened { slot, terms, leader });
            slot = slot.next();
        }
        if in_flight.len() > before {
            NextSlot::<T>::put(slot);
            InFlight::<T>::put(in_flight);
        }
    }

    /// What orders hold beside payments and deposits in a slot whose gate opens now.
    pub(crate) fn backing() -> Backing {
        Backing { offline_share: T::Settlement::offline_share(), work: T::TradePrice::get() }
    }

    /// How many of `keys` a slot is promised whose gate opens. Without any it goes its way without trades.
    fn promised(slot: SlotIndex, keys: u64) -> u64 {
        T::KeyBudget::reserve(slot, keys).unwrap_or_else(|error| {
            log::error!(target: "runtime::auction", "{slot:?} is promised no keys: {error:?}");
            0
        })
    }

    /// Takes every slot in flight as far as it can go, the oldest first.
    pub(crate) fn advance_slots(now: Moment, meter: &mut WeightMeter) {
        let in_flight = InFlight::<T>::get();
        let mut ended = Vec::new();
        // One slot after the other, so that nobody loses a turn when indices change.
        let mut may_renew = true;
        for slot in in_flight.iter() {
            if meter.try_consume(T::WeightInfo::visit_slot()).is_err() {
                break;
            }
            let Some(mut record) = Slots::<T>::get(slot) else {
                continue;
            };
            let schedule = record.terms.schedule;
            let before = record;
            if record.phase == Phase::Open && now < schedule.gate_closes && may_renew {
                Self::renew(*slot, &mut record, meter);
                may_renew = record.renewal.left == 0;
            }
            if record.phase == Phase::Open && now >= schedule.gate_closes {
                Self::discover(*slot, &mut record, now, meter);
            }
            if let Phase::Pairing { next_trade, left, .. } = record.phase
                && now >= schedule.delivery_ends
            {
                // A seller could not commit in time to a trade that opens now.
                log::warn!(target: "runtime::auction", "{left:?} of {slot:?} stay unpaired");
                if !Self::settle_unpaired(*slot, &record, left, meter) {
                    break;
                }
                record.phase = Phase::Releasing { trades: next_trade };
            }
            if matches!(record.phase, Phase::Pairing { .. }) {
                Self::pair(*slot, &mut record, meter);
            }
            if matches!(record.phase, Phase::Releasing { .. }) {
                Self::release_rest(*slot, &mut record, meter);
            }
            if record.phase == Phase::Matched
                && now >= schedule.final_at
                && meter.try_consume(T::KeyBudget::release_weight()).is_ok()
            {
                T::KeyBudget::release(*slot);
                Slots::<T>::remove(slot);
                Self::note_over(*slot);
                Self::deposit_event(Event::SlotFinal { slot: *slot });
                ended.push(*slot);
            } else if record != before {
                Slots::<T>::insert(slot, record);
            }
        }
        if !ended.is_empty() {
            InFlight::<T>::mutate(|slots| slots.retain(|slot| !ended.contains(slot)));
        }
    }

    /// Finds the prices of a slot whose gate has closed.
    pub(crate) fn discover(
        slot: SlotIndex,
        record: &mut SlotRecord,
        now: Moment,
        meter: &mut WeightMeter,
    ) {
        // No side has more price levels than orders, nor more than the terms allow.
        let ticks = T::MaxTicks::get();
        let weight = T::WeightInfo::discover(record.bids.min(ticks), record.asks.min(ticks));
        let weight = weight.saturating_add(T::KeyBudget::settle_weight());
        if meter.try_consume(weight).is_err() {
            return;
        }
        let bids = Self::drain_levels(slot, Side::Bid);
        let asks = Self::drain_levels(slot, Side::Ask);
        if now >= record.terms.schedule.delivery_starts {
            T::KeyBudget::settle(slot, 0);
            Self::deposit_event(Event::SlotAnnulled { slot });
            record.phase = Phase::Releasing { trades: 0 };
            return;
        }
        let leader = &record.terms.leader;
        let corridor = Corridor { floor: leader.floor, cap: leader.cap, grid_fee: leader.grid_fee };
        let cap = clearing::energy_cap(record.terms.keys, leader.wh_per_key);
        let found = clearing::discover(&bids, &asks, &corridor, cap);
        Self::note_result(slot, record, &found);
        record.phase = match found.buyers_pay.zip(found.sellers_receive) {
            Some((buyers_pay, sellers_receive)) => {
                Phase::Pairing { buyers_pay, sellers_receive, left: found.volume, next_trade: 0 }
            }
            None => Phase::Releasing { trades: 0 },
        };
    }

    /// Gives back the keys of what stays unpaired; says whether the weight sufficed.
    pub(crate) fn settle_unpaired(
        slot: SlotIndex,
        record: &SlotRecord,
        left: Wh,
        meter: &mut WeightMeter,
    ) -> bool {
        if meter.try_consume(T::KeyBudget::settle_weight()).is_err() {
            return false;
        }
        if let Some(result) = Self::result(slot) {
            let traded = result.volume.saturating_sub(left);
            let used = clearing::keys_used(traded, record.terms.leader.wh_per_key);
            T::KeyBudget::settle(slot, used);
        }
        true
    }

    fn drain_levels(slot: SlotIndex, side: Side) -> Vec<Level> {
        // Collected before removal: iteration and removal do not mix.
        let levels: Vec<_> = Levels::<T>::iter_prefix((slot, side)).collect();
        levels
            .into_iter()
            .map(|(key, level)| {
                Levels::<T>::remove((slot, side, key));
                Level { price: key.price(side), energy: level.energy }
            })
            .collect()
    }

    /// Settles the keys of the volume and keeps the result.
    fn note_result(slot: SlotIndex, record: &SlotRecord, found: &clearing::Clearing) {
        let clearing::Clearing { volume, buyers_pay, sellers_receive, cap_binding, .. } = *found;
        let leader = &record.terms.leader;
        let keys_used = clearing::keys_used(volume, leader.wh_per_key);
        T::KeyBudget::settle(slot, keys_used);
        let prices = buyers_pay.zip(sellers_receive);
        let beyond_fee = prices.map_or(PricePerKwh(0), |(buyers_pay, sellers_receive)| {
            buyers_pay.saturating_sub(sellers_receive).saturating_sub(leader.grid_fee)
        });
        let result = ClearingResult {
            slot,
            volume,
            buyers_pay,
            sellers_receive,
            beyond_fee,
            cap_binding,
            keys_used,
            keys: record.terms.keys,
            bids: record.bids,
            asks: record.asks,
        };
        Results::<T>::insert(Self::ring_index(slot), result);
        Self::deposit_event(Event::SlotCleared {
            slot,
            volume,
            buyers_pay,
            sellers_receive,
            cap_binding,
            beyond_fee,
            keys_used,
            bids: result.bids,
            asks: result.asks,
        });
    }

    pub(crate) fn ring_index(slot: SlotIndex) -> u32 {
        let index = slot.0.checked_rem(u64::from(T::ResultsKept::get()));
        index.and_then(|index| u32::try_from(index).ok()).unwrap_or_default()
    }

    /// The clearing result of `slot`, while it is kept.
    pub fn result(slot: SlotIndex) -> Option<ClearingResult> {
        Results::<T>::get(Self::ring_index(slot)).filter(|result| result.slot == slot)
    }
}
