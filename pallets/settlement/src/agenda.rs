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
use qedex_primitives::{
    Calendar, EnergyLedger, EntropyDraw, Moment, SlotIndex, SlotTimes, TradeId, Wh,
    beacon::{BeaconSource, BeaconValue},
    work,
};

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

    /// The open books. The clock of every one of them is put back in the block that notices an
    /// interruption, whatever weight is left for its trades, and in each block of a pause: in the one
    /// after its end as well, before which nobody could do anything.
    pub(crate) fn look(now: Moment) -> BoundedVec<SlotIndex, T::MaxSlotsInFlight> {
        let slots = OpenBooks::<T>::get();
        let pause = LatestPause::<T>::get();
        let paused = |moment| pause.is_some_and(|pause| pause.is_on(moment));
        let last = LastSeen::<T>::get();
        if paused(last) && !paused(now) {
            Self::deposit_event(Event::SettlementResumed);
        }
        let slot_length = T::Calendar::slot_length();
        if last > 0 && (now.saturating_sub(last) > slot_length || paused(last)) {
            for slot in slots.iter() {
                Books::<T>::mutate_extant(slot, |book| Self::put_back(book, now));
            }
        }
        LastSeen::<T>::put(now);
        for slot in slots.iter() {
            Self::draw(*slot, now);
        }
        slots
    }

    /// Writes down what draws the sellers of `slot`, once it is known: the value of the first epoch whose
    /// reveals opened after the freeze, so that nobody knew it who could still publish readings. One of keys,
    /// if one comes before the end of complaints: who writes the block with which reveals open chooses its hash
    /// among many, and would never draw itself. Until then, and where none comes, a hash draws all others.
    /// Nobody is drawn where the first value comes after the end of complaints.
    fn draw(slot: SlotIndex, now: Moment) {
        let Some(mut book) = Books::<T>::get(slot).filter(|book| !book.drawn_by_keys) else {
            return;
        };
        let schedule = book.terms.schedule;
        if !schedule.is_complaint_window(book.clock(now)) {
            return;
        }
        let freeze = schedule.later(book.lost).readings_until;
        let Some(BeaconValue { epoch, value, source }) = T::Draw::best_after(freeze) else {
            return;
        };
        book.drawn_by_keys = source == BeaconSource::Keys;
        if book.draw.is_none() || book.drawn_by_keys {
            book.draw = Some(value);
            Books::<T>::insert(slot, book);
            Self::deposit_event(Event::RevealsDrawn { slot, epoch, value, source });
        }
    }

    /// Puts the clock of a book back by what is lost since the latest block. Sellers can give evidence
    /// during a pause, and buyers cannot complain: of the time for complaints and reveals a pause
    /// takes nothing, however short it is, and of the time before it takes all.
    fn put_back(book: &mut Book, now: Moment) {
        let last = LastSeen::<T>::get();
        if last == 0 {
            return;
        }
        let paused = LatestPause::<T>::get().is_some_and(|pause| pause.is_on(last));
        let missed = book.missed(last, now, T::Calendar::slot_length(), paused);
        book.lost = book.lost.saturating_add(missed);
    }

    /// The moments of a slot by its own clock, whether or not an interruption has been noted yet.
    pub(crate) fn times_of(slot: SlotIndex) -> Option<SlotTimes> {
        let mut book = Books::<T>::get(slot)?;
        Self::put_back(&mut book, T::Calendar::now());
        Some(book.terms.schedule.later(book.lost))
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

    /// Takes a book through the freeze and the end.
    fn advance(slot: SlotIndex, book: &mut Book, now: Moment, meter: &mut WeightMeter) {
        let schedule = book.terms.schedule;
        if let Stage::Freezing { next } = book.stage
            && book.clock(now) >= schedule.readings_until
        {
            let step = T::WeightInfo::freeze_trade();
            book.stage = match Self::go_through(slot, book, next, step, meter, Self::at_freeze) {
                Some(next) => Stage::Freezing { next },
                None => Stage::Ending { next: 0 },
            };
        }
        if let Stage::Ending { next } = book.stage
            && book.clock(now) >= schedule.final_at
        {
            let step = T::WeightInfo::close_trade();
            let next = Self::go_through(slot, book, next, step, meter, Self::at_end);
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
                let excludes = Self::excludes(slot, book, &trade, decision);
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
    /// and complaints decide. Without a commitment what is published decides.
    pub(crate) fn at_freeze(
        slot: SlotIndex,
        _: &Book,
        trade: &Trade<T::AccountId>,
    ) -> Option<Decision> {
        if let Some(delivered) = T::Ledger::delivered(&trade.seller, slot) {
            return Some(Decision::Metered(Self::allotted(delivered, trade)));
        }
        let committed = Self::seller(slot, &trade.seller).and_then(|(_, seller)| seller.commitment);
        if committed.is_some() {
            return None;
        }
        Some(match T::Ledger::published(&trade.seller, slot) {
            Some(published) => Decision::Metered(Self::allotted(published, trade)),
            None => Decision::Nothing,
        })
    }

    /// What decides a trade whose seller has committed, when reveals are over: one bill, or none,
    /// decides all of the seller's open trades.
    pub(crate) fn at_end(
        slot: SlotIndex,
        book: &Book,
        trade: &Trade<T::AccountId>,
    ) -> Option<Decision> {
        let (owner, seller) = Self::seller(slot, &trade.seller)?;
        let drawn = book.draws(slot, owner, &seller);
        Some(match seller.revealed {
            Some(delivered) => Decision::Billed {
                allotted: Self::allotted(delivered, trade),
                refutes: trade.complaint.is_some_and(|complaint| complaint.needs <= delivered),
            },
            // Whoever is drawn owes its bill to every buyer.
            None if drawn || trade.complaint.is_some() => Decision::Unanswered,
            None if seller.complained => Decision::Forfeited,
            None => Decision::Trusted,
        })
    }

    /// What of the owner's delivery serves this trade: what its earlier ones leave.
    fn allotted(delivered: Wh, trade: &Trade<T::AccountId>) -> Wh {
        let left = delivered.saturating_sub(trade.before);
        allotment::allot(left, trade.energy).0
    }
}
