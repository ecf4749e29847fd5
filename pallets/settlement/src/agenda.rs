//! Deadlines: what is due, as far as the weight of a block reaches.

use crate::{
    Book, Books, Config, Event, LastSeen, OpenBooks, Pallet, Sellers, Stage, Trade, Trades,
    WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{BoundedVec, traits::Get, weights::WeightMeter};
use qedex_math::{allotment, outcome::Evidence};
use qedex_primitives::{Calendar, EnergyLedger, Moment, SlotIndex, TradeId};

impl<T: Config> Pallet<T> {
    /// Does what is due, in at most a quarter of a block.
    pub(crate) fn work(meter: &mut WeightMeter) {
        let quarter = T::BlockWeights::get().max_block.saturating_div(4);
        let mut share = WeightMeter::with_limit(meter.remaining().min(quarter));
        Self::work_within(&mut share);
        meter.consume(share.consumed());
    }

    fn work_within(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::poll()).is_err() {
            return;
        }
        let now = T::Calendar::now();
        let mut settled = Vec::new();
        for slot in Self::look(now) {
            if meter.try_consume(T::WeightInfo::visit_book()).is_err() {
                break;
            }
            if Self::visit(slot, now, meter) {
                settled.push(slot);
            }
        }
        Self::strike_off(&settled);
    }

    /// The open books. Every one of them is told of an interruption in the block that notices
    /// it, whatever weight is left for its trades.
    pub(crate) fn look(now: Moment) -> BoundedVec<SlotIndex, T::MaxSlotsInFlight> {
        let slots = OpenBooks::<T>::get();
        if let Some((from, until)) = Self::interruption(now) {
            for slot in slots.iter() {
                Self::mark_interrupted(*slot, from, until);
            }
        }
        slots
    }

    /// Takes a book as far as the weight reaches. Whether all of its trades are settled.
    pub(crate) fn visit(slot: SlotIndex, now: Moment, meter: &mut WeightMeter) -> bool {
        let Some(mut book) = Books::<T>::get(slot) else {
            return true;
        };
        let before = book;
        Self::advance(slot, &mut book, now, meter);
        if book.open == 0 {
            Books::<T>::remove(slot);
            Self::deposit_event(Event::SlotSettled {
                slot,
                trades: book.trades,
            });
            return true;
        }
        if book != before {
            Books::<T>::insert(slot, book);
        }
        false
    }

    /// Takes settled books off the list of open ones.
    pub(crate) fn strike_off(settled: &[SlotIndex]) {
        if !settled.is_empty() {
            OpenBooks::<T>::mutate(|slots| slots.retain(|slot| !settled.contains(slot)));
        }
    }

    /// The time over which the chain stood still before this block, if that was longer than a
    /// slot.
    fn interruption(now: Moment) -> Option<(Moment, Moment)> {
        let last = LastSeen::<T>::get();
        LastSeen::<T>::put(now);
        let gap = now.saturating_sub(last);
        (last > 0 && gap > T::Calendar::slot_length()).then_some((last, now))
    }

    fn mark_interrupted(slot: SlotIndex, from: Moment, until: Moment) {
        Books::<T>::mutate(slot, |entry| {
            if let Some(book) = entry {
                let schedule = book.terms.schedule;
                let begin = from.max(schedule.delivery_ends);
                let end = until.min(schedule.readings_until);
                if end.saturating_sub(begin) > T::Calendar::slot_length() {
                    book.interrupted = true;
                }
            }
        });
    }

    /// Takes a book through the freeze and through the end of complaints.
    fn advance(slot: SlotIndex, book: &mut Book, now: Moment, meter: &mut WeightMeter) {
        let schedule = book.terms.schedule;
        if let Stage::Freezing { mut next } = book.stage
            && now >= schedule.readings_until
        {
            while next < book.trades && book.open > 0 {
                if meter.try_consume(T::WeightInfo::freeze_trade()).is_err() {
                    book.stage = Stage::Freezing { next };
                    return;
                }
                Self::freeze(slot, book, next);
                next = next.saturating_add(1);
            }
            book.stage = Stage::Closing { next: 0 };
        }
        if let Stage::Closing { mut next } = book.stage
            && now >= schedule.complaints_until
        {
            while next < book.trades && book.open > 0 {
                if meter.try_consume(T::WeightInfo::close_trade()).is_err() {
                    book.stage = Stage::Closing { next };
                    return;
                }
                Self::close(slot, book, next);
                next = next.saturating_add(1);
            }
            book.stage = Stage::Closing { next };
        }
    }

    /// Settles trade `id` at the freeze, unless complaints decide.
    pub(crate) fn freeze(slot: SlotIndex, book: &mut Book, id: TradeId) {
        if let Some(trade) = Trades::<T>::get(slot, id)
            && let Some(evidence) = Self::evidence_at_freeze(slot, book, &trade)
        {
            Self::settle(slot, book, id, trade, evidence);
        }
    }

    /// Settles trade `id` at the end of complaints, of which there were none.
    pub(crate) fn close(slot: SlotIndex, book: &mut Book, id: TradeId) {
        if let Some(trade) = Trades::<T>::get(slot, id) {
            Self::settle(slot, book, id, trade, Some(Evidence::Trusted));
        }
    }

    /// What is known of a trade when the readings window has ended. `None`: the seller has
    /// committed, and complaints decide. `Some(None)`: nothing is known, and that is the chain's
    /// fault.
    fn evidence_at_freeze(
        slot: SlotIndex,
        book: &Book,
        trade: &Trade<T::AccountId>,
    ) -> Option<Option<Evidence>> {
        let mut seller = Sellers::<T>::get(slot, &trade.seller).unwrap_or_default();
        match T::Ledger::delivered(&trade.seller, slot) {
            Some(delivered) => {
                let left = delivered.saturating_sub(seller.allotted);
                let (allotted, _) = allotment::allot(left, trade.energy);
                seller.allotted = seller.allotted.saturating_add(allotted);
                Sellers::<T>::insert(slot, &trade.seller, seller);
                Some(Some(Evidence::Metered(allotted)))
            }
            None if seller.commitment.is_some() => None,
            None if book.interrupted => Some(None),
            None => Some(Some(Evidence::Nothing)),
        }
    }
}
