//! What clients and other pallets ask.

use crate::{Books, Config, OpenBooks, Pallet, Trades};
use alloc::vec::Vec;
use qedex_primitives::{
    Balance, Bill, BillAudit, BillError, SlotIndex, TradeId, UnsettledSlots, Wh,
};

impl<T: Config> Pallet<T> {
    /// The open trades in which `who` buys or sells, by slot and number. Looks at every open trade.
    pub fn trades_of(who: &T::AccountId) -> Vec<(SlotIndex, TradeId)> {
        let mut trades = Vec::new();
        for slot in OpenBooks::<T>::get() {
            let mut of_slot: Vec<_> = Trades::<T>::iter_prefix(slot)
                .filter(|(_, trade)| trade.buyer == *who || trade.seller == *who)
                .map(|(id, _)| (slot, id))
                .collect();
            of_slot.sort_unstable();
            trades.append(&mut of_slot);
        }
        trades
    }

    /// What a complaint about an open trade would hold of its buyer, in plancks.
    pub fn bond(slot: SlotIndex, id: TradeId) -> Option<Balance> {
        Self::bond_of(&Books::<T>::get(slot)?, &Trades::<T>::get(slot, id)?)
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
