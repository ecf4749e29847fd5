//! The life of a slot: opening, price discovery, pairing, release, end. All of it is done in
//! `on_poll`, in steps that are weighed before they are taken.

use crate::{
    ClearingResult, Config, Event, InFlight, Levels, NextSlot, Order, OrderPriority, Orders,
    Pallet, Phase, Results, SlotLength, SlotRecord, Slots, StandingTerms, StandingWindows,
    WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{
    pallet_prelude::Get,
    weights::{Weight, WeightMeter},
};
use qedex_math::{
    clearing::{self, Clearing, Corridor, Level},
    deposit,
};
use qedex_primitives::{
    Calendar, KeyBudget, MarketSettlement, Moment, NewTrade, PricePerKwh, Side, SlotIndex,
    SlotTerms, TradeId, Wh,
};

/// What the two ends of the book look like while they are paired.
struct Head<AccountId> {
    key: OrderPriority,
    order: Order<AccountId>,
}

/// Whether a step was taken to its end or the weight ran out.
#[derive(PartialEq, Eq)]
enum Progress {
    Done,
    OutOfWeight,
}

impl<T: Config> Pallet<T> {
    /// The share of a block that the market may take for its own work: a quarter.
    pub(crate) fn block_share() -> Weight {
        T::BlockWeights::get().max_block.saturating_div(4)
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
        assert!(
            left.all_gte(T::WeightInfo::discover(ticks, ticks)),
            "price discovery fits into a quarter of a block"
        );
        let pairing = T::WeightInfo::pair().saturating_add(T::Settlement::open_trade_weight());
        assert!(
            left.all_gte(pairing),
            "a pairing fits into a quarter of a block"
        );
    }

    /// Does what is due, as far as the weight reaches.
    pub(crate) fn work(meter: &mut WeightMeter) {
        let limit = meter.remaining().min(Self::block_share());
        let mut share = WeightMeter::with_limit(limit);
        if share.try_consume(T::WeightInfo::poll()).is_err() {
            return;
        }
        let now = <Self as Calendar>::now();
        Self::open_due_slots(now, &mut share);
        Self::advance_slots(now, &mut share);
        meter.consume(share.consumed());
    }

    /// Opens the slots whose gate is open now, passing over those whose gate has closed while
    /// the chain stood still.
    pub(crate) fn open_due_slots(now: Moment, meter: &mut WeightMeter) {
        let Some(leader) = StandingTerms::<T>::get() else {
            return;
        };
        let windows = StandingWindows::<T>::get();
        let length = SlotLength::<T>::get();
        let Some(current) = now.checked_div(length) else {
            return;
        };
        let first_open = current
            .saturating_add(u64::from(windows.gate_closes))
            .saturating_add(1);
        let last_open = current.saturating_add(u64::from(windows.gate_opens));
        let mut slot = NextSlot::<T>::get().max(SlotIndex(first_open));
        let mut in_flight = InFlight::<T>::get();
        let before = in_flight.len();
        while slot.0 <= last_open
            && meter.can_consume(T::WeightInfo::open_slot())
            && in_flight.try_push(slot).is_ok()
        {
            meter.consume(T::WeightInfo::open_slot());
            let terms = SlotTerms {
                leader,
                keys: T::KeyBudget::available(slot),
                schedule: windows.schedule(slot, length),
            };
            Slots::<T>::insert(
                slot,
                SlotRecord {
                    terms,
                    phase: Phase::Open,
                    next_order: 0,
                    bids: 0,
                    asks: 0,
                },
            );
            Self::deposit_event(Event::SlotOpened { slot, terms });
            slot = slot.next();
        }
        if in_flight.len() > before {
            NextSlot::<T>::put(slot);
            InFlight::<T>::put(in_flight);
        }
    }

    /// Takes every slot in flight as far as it can go, the oldest first.
    pub(crate) fn advance_slots(now: Moment, meter: &mut WeightMeter) {
        let in_flight = InFlight::<T>::get();
        let mut ended = Vec::new();
        for slot in in_flight.iter() {
            if meter.try_consume(T::WeightInfo::visit_slot()).is_err() {
                break;
            }
            let Some(mut record) = Slots::<T>::get(slot) else {
                continue;
            };
            let schedule = record.terms.schedule;
            let before = record;
            if record.phase == Phase::Open && now >= schedule.gate_closes {
                Self::discover(*slot, &mut record, now, meter);
            }
            if let Phase::Pairing {
                next_trade, left, ..
            } = record.phase
                && now >= schedule.delivery_ends
            {
                // A seller could not commit in time to a trade that opens now.
                log::warn!(target: "runtime::auction", "{left:?} of {slot:?} stay unpaired");
                record.phase = Phase::Releasing { trades: next_trade };
            }
            if matches!(record.phase, Phase::Pairing { .. }) {
                Self::pair(*slot, &mut record, meter);
            }
            if matches!(record.phase, Phase::Releasing { .. }) {
                Self::release_rest(*slot, &mut record, meter);
            }
            if record.phase == Phase::Matched && now >= schedule.final_at {
                Slots::<T>::remove(slot);
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
        if meter.try_consume(weight).is_err() {
            return;
        }
        let bids = Self::drain_levels(slot, Side::Bid);
        let asks = Self::drain_levels(slot, Side::Ask);
        if now >= record.terms.schedule.delivery_starts {
            Self::deposit_event(Event::SlotAnnulled { slot });
            record.phase = Phase::Releasing { trades: 0 };
            return;
        }
        let leader = &record.terms.leader;
        let corridor = Corridor {
            floor: leader.floor,
            cap: leader.cap,
            grid_fee: leader.grid_fee,
        };
        let cap = clearing::energy_cap(record.terms.keys, leader.wh_per_key);
        let found = clearing::discover(&bids, &asks, &corridor, cap);
        let keys_used = clearing::keys_used(found.volume, leader.wh_per_key);
        T::KeyBudget::consume(slot, keys_used);
        Self::note_result(slot, record, &found, keys_used);
        record.phase = match (found.buyers_pay, found.sellers_receive) {
            (Some(buyers_pay), Some(sellers_receive)) if !found.volume.is_zero() => {
                Phase::Pairing {
                    buyers_pay,
                    sellers_receive,
                    left: found.volume,
                    next_trade: 0,
                }
            }
            _ => Phase::Releasing { trades: 0 },
        };
    }

    fn drain_levels(slot: SlotIndex, side: Side) -> Vec<Level> {
        // Collected before removal: iteration and removal do not mix.
        let levels: Vec<_> = crate::Levels::<T>::iter_prefix((slot, side)).collect();
        levels
            .into_iter()
            .map(|(key, level)| {
                Levels::<T>::remove((slot, side, key));
                Level {
                    price: key.price(side),
                    energy: level.energy,
                }
            })
            .collect()
    }

    fn note_result(slot: SlotIndex, record: &SlotRecord, found: &Clearing, keys_used: u64) {
        let result = ClearingResult {
            slot,
            volume: found.volume,
            buyers_pay: found.buyers_pay,
            sellers_receive: found.sellers_receive,
            cap_binding: found.cap_binding,
            keys_used,
            bids: record.bids,
            asks: record.asks,
        };
        Results::<T>::insert(Self::ring_index(slot), result);
        Self::deposit_event(Event::SlotCleared {
            slot,
            volume: result.volume,
            buyers_pay: result.buyers_pay,
            sellers_receive: result.sellers_receive,
            cap_binding: result.cap_binding,
            keys_used,
            bids: result.bids,
            asks: result.asks,
        });
    }

    fn ring_index(slot: SlotIndex) -> u32 {
        let index = slot.0.checked_rem(u64::from(T::ResultsKept::get()));
        index
            .and_then(|index| u32::try_from(index).ok())
            .unwrap_or_default()
    }

    /// The clearing result of `slot`, while it is kept.
    pub fn result(slot: SlotIndex) -> Option<ClearingResult> {
        Results::<T>::get(Self::ring_index(slot)).filter(|result| result.slot == slot)
    }

    /// Pairs the best bid with the best ask, again and again.
    pub(crate) fn pair(slot: SlotIndex, record: &mut SlotRecord, meter: &mut WeightMeter) {
        let Phase::Pairing {
            buyers_pay,
            sellers_receive,
            mut left,
            mut next_trade,
        } = record.phase
        else {
            return;
        };
        let step = T::WeightInfo::pair().saturating_add(T::Settlement::open_trade_weight());
        // One iterator a side for the whole page: one that began anew would have to step over
        // everything that this block has removed, each time.
        let mut bids = Self::drain(slot, Side::Bid);
        let mut asks = Self::drain(slot, Side::Ask);
        let mut bid = None;
        let mut ask = None;
        let mut progress = Progress::Done;
        while !left.is_zero() {
            if meter.try_consume(step).is_err() {
                progress = Progress::OutOfWeight;
                break;
            }
            let heads = (
                bid.take().or_else(|| bids.next()),
                ask.take().or_else(|| asks.next()),
            );
            let (mut buying, mut selling) = match heads {
                (Some(buying), Some(selling))
                    if buying.key.limit(Side::Bid) >= buyers_pay
                        && selling.key.limit(Side::Ask) <= sellers_receive =>
                {
                    (buying, selling)
                }
                // The book holds the cleared volume inside these limits by invariant. Less is
                // left only where the settlement refused a trade: its orders were closed.
                (buying, selling) => {
                    log::error!(target: "runtime::auction", "book of slot {slot:?} ran dry");
                    bid = buying;
                    ask = selling;
                    break;
                }
            };
            let energy = clearing::next_trade(buying.order.left, selling.order.left, left);
            left = left.saturating_sub(energy);
            let traded = Self::open_trade(
                slot,
                &record.terms,
                next_trade,
                (buyers_pay, sellers_receive),
                energy,
                (&mut buying.order, &mut selling.order),
            );
            if traded {
                next_trade = next_trade.saturating_add(1);
            }
            bid = Self::keep_or_close(slot, record, Side::Bid, buying, traded);
            ask = Self::keep_or_close(slot, record, Side::Ask, selling, traded);
        }
        for (side, head) in [(Side::Bid, bid), (Side::Ask, ask)] {
            if let Some(Head { key, order }) = head {
                Orders::<T>::insert((slot, side, key), order);
            }
        }
        record.phase = match progress {
            Progress::OutOfWeight => Phase::Pairing {
                buyers_pay,
                sellers_receive,
                left,
                next_trade,
            },
            Progress::Done => Phase::Releasing { trades: next_trade },
        };
    }

    /// Takes the orders of one side out of the book, best first.
    fn drain(slot: SlotIndex, side: Side) -> impl Iterator<Item = Head<T::AccountId>> {
        Orders::<T>::drain_prefix((slot, side)).map(|(key, order)| Head { key, order })
    }

    /// Opens one trade; its money leaves the two orders. Says whether it was opened: if not, the
    /// money stays with the orders and is released with them.
    fn open_trade(
        slot: SlotIndex,
        terms: &SlotTerms,
        id: TradeId,
        (buyer_price, seller_price): (PricePerKwh, PricePerKwh),
        energy: Wh,
        (bid, ask): (&mut Order<T::AccountId>, &mut Order<T::AccountId>),
    ) -> bool {
        let payment = buyer_price
            .cost_floor(energy)
            .filter(|payment| *payment <= bid.held);
        let deposit = deposit::share(ask.held, energy, ask.left);
        let (Some(payment), Some(deposit)) = (payment, deposit) else {
            log::error!(target: "runtime::auction", "trade {id} of {slot:?} exceeds its holds");
            return false;
        };
        let trade = NewTrade {
            id,
            buyer: bid.who.clone(),
            seller: ask.who.clone(),
            energy,
            buyer_price,
            seller_price,
            payment,
            deposit,
        };
        if let Err(error) = T::Settlement::open_trade(slot, terms, trade) {
            log::error!(target: "runtime::auction", "trade {id} of {slot:?} refused: {error:?}");
            return false;
        }
        bid.held = bid.held.saturating_sub(payment);
        ask.held = ask.held.saturating_sub(deposit);
        bid.left = bid.left.saturating_sub(energy);
        ask.left = ask.left.saturating_sub(energy);
        true
    }

    /// Keeps the head of one side for the next pair, or closes it when it is used up. Orders
    /// whose trade was refused are closed too: they would be refused again.
    fn keep_or_close(
        slot: SlotIndex,
        record: &mut SlotRecord,
        side: Side,
        head: Head<T::AccountId>,
        traded: bool,
    ) -> Option<Head<T::AccountId>> {
        if traded && !head.order.left.is_zero() {
            return Some(head);
        }
        Self::close(slot, record, side, head.key, head.order);
        None
    }

    /// Gives back what is left in the book.
    pub(crate) fn release_rest(slot: SlotIndex, record: &mut SlotRecord, meter: &mut WeightMeter) {
        let Phase::Releasing { trades } = record.phase else {
            return;
        };
        for side in [Side::Bid, Side::Ask] {
            let mut orders = Self::drain(slot, side);
            loop {
                if meter.try_consume(T::WeightInfo::release_order()).is_err() {
                    return;
                }
                let Some(Head { key, order }) = orders.next() else {
                    break;
                };
                Self::close(slot, record, side, key, order);
            }
        }
        record.phase = Phase::Matched;
        Self::deposit_event(Event::SlotMatched { slot, trades });
    }
}
