//! Deadlines: what is due, as far as the weight of a block reaches.

use crate::{
    Book, Books, Config, Decision, Event, LastSeen, LatestPause, OpenBooks, Pallet, Stage, Trade,
    Trades, WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{
    BoundedVec,
    traits::Get,
    weights::{Weight, WeightMeter},
};
use qedex_math::allotment;
use qedex_primitives::{Calendar, EnergyLedger, Moment, Seller, SlotIndex, TradeId, Wh, work};

impl<T: Config> Pallet<T> {
    /// Does what is due, within the share of a block.
    pub(crate) fn work(meter: &mut WeightMeter) {
        let limit = work::block_share(T::BlockWeights::get().max_block);
        let mut share = WeightMeter::with_limit(meter.remaining().min(limit));
        Self::work_within(&mut share);
        meter.consume(share.consumed());
    }

    fn work_within(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::poll()).is_err() {
            return;
        }
        let now = T::Calendar::now();
        let slots = Self::look(now);
        if Self::is_paused() {
            return;
        }
        let mut settled = Vec::new();
        for slot in slots {
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
    /// it, whatever weight is left for its trades, and of each block of a pause: of the one after its
    /// end as well, before which nobody could do anything.
    pub(crate) fn look(now: Moment) -> BoundedVec<SlotIndex, T::MaxSlotsInFlight> {
        let slots = OpenBooks::<T>::get();
        let last = LastSeen::<T>::get();
        LastSeen::<T>::put(now);
        let pause = LatestPause::<T>::get();
        let paused = pause.is_some_and(|pause| pause.is_on(last));
        if paused && pause.is_some_and(|pause| !pause.is_on(now)) {
            Self::deposit_event(Event::SettlementResumed);
        }
        let stood_still = now.saturating_sub(last) > T::Calendar::slot_length();
        if last > 0 && (stood_still || paused) {
            for slot in slots.iter() {
                Self::mark_interrupted(*slot, last, now, paused);
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
        if book.open > 0 && book == before {
            return false;
        }
        Self::put_book(slot, &book)
    }

    /// Stores a book or, if all of its trades are settled, ends it. Whether they are.
    pub(crate) fn put_book(slot: SlotIndex, book: &Book) -> bool {
        if book.open > 0 {
            Books::<T>::insert(slot, book);
            return false;
        }
        Books::<T>::remove(slot);
        Self::deposit_event(Event::SlotSettled { slot, trades: book.trades });
        true
    }

    /// Takes settled books off the list of open ones.
    pub(crate) fn strike_off(settled: &[SlotIndex]) {
        if !settled.is_empty() {
            OpenBooks::<T>::mutate(|slots| slots.retain(|slot| !settled.contains(slot)));
        }
    }

    /// Notes that there was no block, or a pause, between `from` and `until`. Sellers can give
    /// evidence during a pause, and buyers cannot complain: of the time for complaints and reveals
    /// a pause takes nothing, however short it is.
    fn mark_interrupted(slot: SlotIndex, from: Moment, until: Moment, paused: bool) {
        Books::<T>::mutate(slot, |entry| {
            if let Some(book) = entry {
                let schedule = book.terms.schedule;
                let begin = from.max(schedule.delivery_ends);
                let end = until.min(schedule.readings_until);
                if end.saturating_sub(begin) > T::Calendar::slot_length() {
                    book.interrupted = true;
                }
                let begin = book.clock(from).max(schedule.readings_until);
                let lost = book.clock(until).saturating_sub(begin);
                if paused || lost > T::Calendar::slot_length() {
                    book.lost = book.lost.saturating_add(lost);
                }
            }
        });
    }

    /// Takes a book through the freeze, the end of complaints and the end of reveals.
    fn advance(slot: SlotIndex, book: &mut Book, now: Moment, meter: &mut WeightMeter) {
        let schedule = book.terms.schedule;
        if let Stage::Freezing { next } = book.stage
            && now >= schedule.readings_until
        {
            let step = T::WeightInfo::freeze_trade();
            book.stage = match Self::go_through(slot, book, next, step, meter, Self::at_freeze) {
                Some(next) => Stage::Freezing { next },
                None => Stage::Closing { next: 0 },
            };
        }
        let step = T::WeightInfo::close_trade();
        if let Stage::Closing { next } = book.stage
            && book.clock(now) >= schedule.complaints_until
        {
            book.stage = match Self::go_through(slot, book, next, step, meter, Self::at_close) {
                Some(next) => Stage::Closing { next },
                None => Stage::Ending { next: 0 },
            };
        }
        if let Stage::Ending { next } = book.stage
            && book.clock(now) >= schedule.final_at
        {
            let next = Self::go_through(slot, book, next, step, meter, Self::at_close);
            book.stage = Stage::Ending { next: next.unwrap_or(book.trades) };
        }
    }

    /// Goes through the trades from number `next` on and settles those that `decide` decides, each
    /// for `step` of weight and some more where a seller is excluded. The number to go on with, if
    /// the weight did not reach to the end.
    fn go_through(
        slot: SlotIndex,
        book: &mut Book,
        mut next: TradeId,
        step: Weight,
        meter: &mut WeightMeter,
        decide: fn(SlotIndex, &Book, &Trade<T::AccountId>) -> Option<Decision>,
    ) -> Option<TradeId> {
        while next < book.trades && book.open > 0 {
            if meter.try_consume(step).is_err() {
                return Some(next);
            }
            if let Some(trade) = Trades::<T>::get(slot, next)
                && let Some(decision) = decide(slot, book, &trade)
            {
                let excludes =
                    decision == Decision::Nothing && Self::excludes(slot, book, &trade.seller);
                if excludes && meter.try_consume(T::WeightInfo::exclude()).is_err() {
                    return Some(next);
                }
                Self::settle(slot, book, next, trade, decision);
            }
            next = next.saturating_add(1);
        }
        None
    }

    /// What decides a trade when the readings window has ended. `None`: its seller has committed,
    /// and complaints decide. Without a commitment what is published decides, unless an outage may have
    /// kept the rest away.
    pub(crate) fn at_freeze(
        slot: SlotIndex,
        book: &Book,
        trade: &Trade<T::AccountId>,
    ) -> Option<Decision> {
        if let Some(delivered) = T::Ledger::delivered(&trade.seller, slot) {
            return Some(Self::metered(delivered, trade));
        }
        let committed = Self::seller(slot, &trade.seller).and_then(|(_, seller)| seller.commitment);
        match committed {
            Some(_) => None,
            None if book.interrupted => Some(Decision::Annulled),
            None => Some(match T::Ledger::published(&trade.seller, slot) {
                Some(published) => Self::metered(published, trade),
                None => Decision::Nothing,
            }),
        }
    }

    /// What decides a trade whose seller has committed, when complaints are over. `None`: the seller
    /// may still answer the one about this trade.
    pub(crate) fn at_close(
        slot: SlotIndex,
        book: &Book,
        trade: &Trade<T::AccountId>,
    ) -> Option<Decision> {
        let (_, Seller { revealed, .. }) = Self::seller(slot, &trade.seller)?;
        // Only what was revealed in time counts, so that nothing depends on how long the agenda
        // takes to come by.
        let until = match trade.complaint {
            Some(complaint) => complaint.due,
            None => book.terms.schedule.complaints_until,
        };
        if let Some(revealed) = revealed.filter(|revealed| revealed.at < until) {
            return Some(Self::metered(revealed.delivered, trade));
        }
        if trade.complaint.is_none() {
            return Some(Decision::Trusted);
        }
        (book.clock(T::Calendar::now()) >= until).then_some(Decision::Nothing)
    }

    /// What of the owner's delivery serves this trade: what its earlier ones leave.
    pub(crate) fn metered(delivered: Wh, trade: &Trade<T::AccountId>) -> Decision {
        let left = delivered.saturating_sub(trade.before);
        let (allotted, _) = allotment::allot(left, trade.energy);
        Decision::Metered(allotted)
    }
}
