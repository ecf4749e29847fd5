//! Pairing filled orders into trades, and releasing what is left.

use crate::{Config, Event, Order, OrderPriority, Orders, Pallet, Phase, SlotRecord, WeightInfo};
use frame_support::weights::WeightMeter;
use qedex_math::{clearing, deposit};
use qedex_primitives::{
    Balance, Escrow, MarketSettlement, NewTrade, PricePerKwh, Side, SlotIndex, TradeId, Wh,
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
    /// Pairs the best bid with the best ask, again and again.
    pub(crate) fn pair(slot: SlotIndex, record: &mut SlotRecord, meter: &mut WeightMeter) {
        let Phase::Pairing { buyers_pay, sellers_receive, mut left, mut next_trade } = record.phase
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
        let mut refused = Wh(0);
        while !left.is_zero() {
            if meter.try_consume(step).is_err() {
                progress = Progress::OutOfWeight;
                break;
            }
            let heads = (bid.take().or_else(|| bids.next()), ask.take().or_else(|| asks.next()));
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
                record,
                next_trade,
                (buyers_pay, sellers_receive),
                energy,
                (&mut buying, &mut selling),
            );
            if traded {
                let orders = (&mut buying.order, &mut selling.order);
                Self::pay_for_work(slot, record, left, orders);
            }
            if traded {
                next_trade = next_trade.saturating_add(1);
            } else {
                refused = refused.saturating_add(energy);
            }
            bid = Self::keep_or_close(slot, record, Side::Bid, buying, traded);
            ask = Self::keep_or_close(slot, record, Side::Ask, selling, traded);
        }
        for (side, head) in [(Side::Bid, bid), (Side::Ask, ask)] {
            if let Some(Head { key, order }) = head {
                Orders::<T>::insert((slot, side, key), order);
            }
        }
        let unpaired = left.saturating_add(refused);
        if progress == Progress::Done && !unpaired.is_zero() {
            // Where the weight does not suffice, they come back when the slot is final. So do those of what
            // an earlier block was refused.
            Self::settle_unpaired(slot, record, unpaired, meter);
        }
        record.phase = match progress {
            Progress::OutOfWeight => {
                Phase::Pairing { buyers_pay, sellers_receive, left, next_trade }
            }
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
        record: &SlotRecord,
        id: TradeId,
        (buyer_price, seller_price): (PricePerKwh, PricePerKwh),
        energy: Wh,
        (buying, selling): (&mut Head<T::AccountId>, &mut Head<T::AccountId>),
    ) -> bool {
        let (limit, bid) = (buying.key.limit(Side::Bid), &mut buying.order);
        let ask = &mut selling.order;
        let work = record.backing.work;
        let for_bid = bid.held.saturating_sub(work);
        let payment = buyer_price.cost_floor(energy).filter(|payment| *payment <= for_bid);
        let deposit = deposit::share(ask.held.saturating_sub(work), energy, ask.left);
        let (Some(payment), Some(deposit)) = (payment, deposit) else {
            log::error!(target: "runtime::auction", "trade {id} of {slot:?} exceeds its holds");
            return false;
        };
        let rest = bid.left.saturating_sub(energy);
        let to_spare = for_bid.saturating_sub(payment);
        let reserve =
            Self::reserve(record, (buyer_price, payment), deposit, (limit, rest), to_spare);
        let trade = NewTrade {
            id,
            buyer: bid.who.clone(),
            seller: ask.who.clone(),
            energy,
            buyer_price,
            seller_price,
            payment,
            deposit,
            reserve,
        };
        if let Err(error) = T::Settlement::open_trade(slot, &record.terms, trade) {
            log::error!(target: "runtime::auction", "trade {id} of {slot:?} refused: {error:?}");
            return false;
        }
        bid.held = bid.held.saturating_sub(payment).saturating_sub(reserve);
        ask.held = ask.held.saturating_sub(deposit);
        bid.left = bid.left.saturating_sub(energy);
        ask.left = ask.left.saturating_sub(energy);
        true
    }

    /// What a trade takes of its bid for the bond of a complaint: the bond, as far as what is left `to_spare`
    /// of the bid reaches. The `rest` of the bid keeps its own part, so that small trades before it do not
    /// use that up.
    fn reserve(
        record: &SlotRecord,
        (buyer_price, payment): (PricePerKwh, Balance),
        deposit: Balance,
        (limit, rest): (PricePerKwh, Wh),
        to_spare: Balance,
    ) -> Balance {
        let terms = &record.terms.leader;
        let share = record.backing.offline_share.deconstruct();
        let deposits = (terms.deposit_rate.deconstruct(), terms.cap);
        let bond = deposit::trade_bond(share, (buyer_price, payment), deposits, deposit);
        let kept = deposit::bond_in_proportion(share, limit, deposits, rest).unwrap_or_default();
        let kept = kept.saturating_add(deposit::bid_hold(limit, rest).unwrap_or_default());
        bond.unwrap_or_default().min(to_spare.saturating_sub(kept))
    }

    /// Takes the price of a trade's work from the order that it has used up, or from the bid where those are
    /// both, or neither because it was the last trade. So no order pays twice: a sweep has fewer trades than
    /// orders.
    pub(crate) fn pay_for_work(
        slot: SlotIndex,
        record: &SlotRecord,
        left: Wh,
        (bid, ask): (&mut Order<T::AccountId>, &mut Order<T::AccountId>),
    ) {
        let payer = match (bid.left.is_zero(), ask.left.is_zero()) {
            (true, _) => bid,
            (false, true) => ask,
            (false, false) if left.is_zero() => bid,
            (false, false) => return,
        };
        let amount = record.backing.work.min(payer.held);
        if amount == 0 {
            return;
        }
        match T::Escrow::take(&payer.who, amount) {
            Ok(()) => {
                payer.held = payer.held.saturating_sub(amount);
                Self::deposit_event(Event::WorkPaid { slot, who: payer.who.clone(), amount });
            }
            // It holds it, so this cannot happen; if it does, the trade must not fail.
            Err(error) => log::error!(target: "runtime::auction", "work is not paid: {error:?}"),
        }
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
