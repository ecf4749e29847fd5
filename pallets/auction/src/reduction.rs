//! The search for the two orders that hold the last watt-hour, under the rule `McAfee`.

use crate::{
    Config, Event, OrderPriority, Orders, Pallet, Phase, PricePriority, Rationed, SlotRecord,
    WeightInfo,
};
use alloc::vec::Vec;
use frame_support::weights::WeightMeter;
use qedex_math::clearing::{
    Margin,
    reduction::{self, Longer, Place},
};
use qedex_primitives::{Moment, OrderId, Side, SlotIndex};

/// The bytes of an order's arrival at the end of its key.
const ARRIVAL: usize = 4;

impl<T: Config> Pallet<T> {
    /// Looks at the orders at both margins, bids first, until those that leave are known.
    pub(crate) fn reduce_trade(
        slot: SlotIndex,
        record: &mut SlotRecord,
        now: Moment,
        meter: &mut WeightMeter,
    ) {
        let Phase::Reducing { mut bids, mut asks, mut last_bid, mut seen, cap_binding } =
            record.phase
        else {
            return;
        };
        if now >= record.terms.schedule.delivery_starts {
            Self::deposit_event(Event::SlotAnnulled { slot });
            record.phase = Phase::Releasing { trades: 0 };
            return;
        }
        let mut last_ask = None;
        if last_bid.is_none() {
            last_bid = Self::find_last(slot, Side::Bid, &mut bids, &mut seen, meter);
            if last_bid.is_some() {
                seen = None;
            }
        }
        if last_bid.is_some() {
            last_ask = Self::find_last(slot, Side::Ask, &mut asks, &mut seen, meter);
        }
        let (Some(last_bid), Some(last_ask)) = (last_bid, last_ask) else {
            record.phase = Phase::Reducing { bids, asks, last_bid, seen, cap_binding };
            return;
        };
        let (volume, longer) = reduction::volume(bids.ahead, asks.ahead);
        let prices = (!volume.is_zero()).then_some((bids.limit, asks.limit));
        Self::note_result(slot, record, volume, prices, cap_binding);
        let rationed = longer.map(|longer| {
            let (side, margin, last) = match longer {
                Longer::Bids => (Side::Bid, bids, last_bid),
                Longer::Asks => (Side::Ask, asks, last_ask),
            };
            Rationed { side, limit: margin.limit, last, next: 0 }
        });
        record.phase = match prices {
            Some((buyers_pay, sellers_receive)) => Phase::Pairing {
                buyers_pay,
                sellers_receive,
                left: volume,
                next_trade: 0,
                rationed,
            },
            None => Phase::Releasing { trades: 0 },
        };
    }

    /// Goes on through the orders at the margin, in order of arrival, to the one that holds the last
    /// watt-hour. `None` where the weight ends before.
    fn find_last(
        slot: SlotIndex,
        side: Side,
        margin: &mut Margin,
        seen: &mut Option<OrderId>,
        meter: &mut WeightMeter,
    ) -> Option<OrderId> {
        let from = Self::key_before(slot, side, margin, *seen);
        let mut orders = Orders::<T>::iter_prefix_from((slot, side), from);
        loop {
            meter.try_consume(T::WeightInfo::reduce()).ok()?;
            let Some((key, order)) = orders.next() else {
                // The levels are the sums of the orders by invariant, so that this cannot happen. If
                // it does, nobody leaves beyond those that are there.
                log::error!(target: "runtime::auction", "the margin of slot {slot:?} is not there");
                return Some(OrderId::MAX);
            };
            *seen = Some(key.id());
            if margin.pass(order.energy) == Place::Last {
                return Some(key.id());
            }
        }
    }

    /// The storage key after which the orders at the margin begin, or go on after `seen`.
    fn key_before(slot: SlotIndex, side: Side, margin: &Margin, seen: Option<OrderId>) -> Vec<u8> {
        let id = seen.unwrap_or_default();
        let priority = OrderPriority::at(PricePriority::new(side, margin.limit), id);
        let mut key = Orders::<T>::hashed_key_for((slot, side, priority));
        if seen.is_none() {
            // A prefix comes before everything that it is a prefix of.
            key.truncate(key.len().saturating_sub(ARRIVAL));
        }
        key
    }
}
