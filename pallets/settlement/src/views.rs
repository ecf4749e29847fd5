//! What clients and other pallets ask.

use crate::{Books, Config, OpenBooks, Pallet, Rules, Trades};
use alloc::vec::Vec;
use qedex_primitives::{
    Balance, Bill, BillAudit, BillError, Calendar, SlotIndex, TradeId, UnsettledSlots, Wh,
    settlement::{MAX_TRADES_OF_PAGE, OpenSlot, OpenTrade, Sale, TradePage},
};

impl<T: Config> Pallet<T> {
    /// The rules for a slot whose gate opens now.
    pub fn rules() -> Rules {
        Self::rules_at(T::Calendar::now())
    }

    /// The slots with open trades, at most [`Config::MaxSlotsInFlight`], in ascending order.
    pub fn open_slots() -> Vec<OpenSlot> {
        OpenBooks::<T>::get()
            .into_iter()
            .filter_map(|slot| {
                let book = Books::<T>::get(slot)?;
                Some(OpenSlot { slot, trades: book.trades, open: book.open })
            })
            .collect()
    }

    /// The slots in which `who` sells in open trades, with its owner as the seller: at most
    /// [`Config::MaxSlotsInFlight`].
    pub fn sales_of(who: &T::AccountId) -> Vec<Sale> {
        OpenBooks::<T>::get()
            .into_iter()
            .filter_map(|slot| {
                let (owner, seller) = Self::seller(slot, who)?;
                let asked = Books::<T>::get(slot)?.asks(slot, owner, &seller);
                Some(Sale { slot, owner, seller, asked })
            })
            .collect()
    }

    /// Of the `count` trades of `slot` from number `from` on, those that are open and in which `who`
    /// buys or sells. Looks at [`MAX_TRADES_OF_PAGE`] trades at most.
    pub fn trades_of(
        who: &T::AccountId,
        slot: SlotIndex,
        from: TradeId,
        count: u32,
    ) -> TradePage<T::AccountId> {
        let end = Books::<T>::get(slot).map_or(0, |book| book.trades);
        let until = from.saturating_add(count.min(MAX_TRADES_OF_PAGE)).min(end);
        let trades = (from..until)
            .filter_map(|id| Some(OpenTrade { id, trade: Trades::<T>::get(slot, id)? }))
            .filter(|OpenTrade { trade, .. }| trade.buyer == *who || trade.seller == *who)
            .collect();
        TradePage { trades, next: (until < end).then_some(until) }
    }

    /// What a complaint about the seller of an open trade would hold of the trade's buyer, for all that it has
    /// bought of it, in plancks. None where it has complained.
    pub fn bond(slot: SlotIndex, id: TradeId) -> Option<Balance> {
        let (book, trade) = (Books::<T>::get(slot)?, Trades::<T>::get(slot, id)?);
        let (owner, _) = Self::seller(slot, &trade.seller)?;
        Self::purchase_of(slot, owner, id, trade).bond(&book)
    }

    /// What `bill` proves that `seller` delivered in `slot`, as a reveal would have it.
    pub fn audit(seller: &T::AccountId, slot: SlotIndex, bill: &Bill) -> Result<Wh, BillError> {
        T::Audit::audit(seller, slot, bill)
    }
}

impl<T: Config> UnsettledSlots for Pallet<T> {
    fn oldest_unsettled() -> Option<SlotIndex> {
        OpenBooks::<T>::get().into_iter().min()
    }
}
