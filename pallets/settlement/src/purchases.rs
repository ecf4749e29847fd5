//! What a buyer has bought of a seller in a slot: what one complaint is about.

use crate::{Book, Complaint, Config, Error, Pallet, Purchases, SellingAccounts, Trade, Trades};
use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
use qedex_math::deposit;
use qedex_primitives::{Balance, OwnerId, SlotIndex, TradeId, Wh};

/// An open trade with its number.
type Numbered<T> = (TradeId, Trade<<T as frame_system::Config>::AccountId>);

/// The trades of a buyer with a seller that it has not complained about, in the order of their numbers.
pub(crate) struct Purchase<T: Config>(Vec<Numbered<T>>);

impl<T: Config> Pallet<T> {
    /// Enters one more trade in which `buyer` buys of `owner`. One beyond the most that orders can make of a
    /// pair is not entered: a complaint about it is about it alone.
    pub(crate) fn enter_purchase(
        slot: SlotIndex,
        buyer: &T::AccountId,
        owner: OwnerId,
        id: TradeId,
    ) {
        Purchases::<T>::mutate(slot, (buyer, owner), |ids| {
            if ids.try_push(id).is_err() {
                log::warn!(target: "runtime::settlement", "trade {id} of {slot:?} stands alone");
            }
        });
    }

    /// A trade is settled: nobody complains about it any more.
    pub(crate) fn leave_purchase(slot: SlotIndex, trade: &Trade<T::AccountId>, id: TradeId) {
        let Some(account) = SellingAccounts::<T>::get(slot, &trade.seller) else {
            return;
        };
        Purchases::<T>::mutate_exists(slot, (&trade.buyer, account.owner), |entry| {
            *entry = entry.take().and_then(|mut ids| {
                ids.retain(|other| *other != id);
                (!ids.is_empty()).then_some(ids)
            });
        });
    }

    /// What a complaint about trade `id` is about: all open trades of its buyer with its seller.
    pub(crate) fn purchase_of(
        slot: SlotIndex,
        owner: OwnerId,
        id: TradeId,
        trade: Trade<T::AccountId>,
    ) -> Purchase<T> {
        let ids = Purchases::<T>::get(slot, (&trade.buyer, owner));
        if !ids.contains(&id) {
            return Purchase(alloc::vec![(id, trade)]);
        }
        let open = |id| Some((id, Trades::<T>::get(slot, id)?));
        let all = ids.into_iter().filter_map(open);
        Purchase(all.filter(|(_, trade)| trade.complaint.is_none()).collect())
    }
}

impl<T: Config> Purchase<T> {
    /// The number of its trades.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn sum(&self, of: impl Fn(&Trade<T::AccountId>) -> Balance) -> Option<Balance> {
        self.0.iter().try_fold(0, |sum: Balance, (_, trade)| sum.checked_add(of(trade)))
    }

    /// What is held of the buyer for the complaint, in plancks: the bond of one trade of all the energy.
    /// `None` where it cannot be computed.
    pub(crate) fn bond(&self, book: &Book) -> Option<Balance> {
        let terms = &book.terms.leader;
        // All trades of a slot have one price.
        let price = self.0.iter().map(|(_, trade)| trade.buyer_price).max()?;
        deposit::trade_bond(
            book.rules.offline_share.deconstruct(),
            (price, self.sum(|trade| trade.payment)?),
            (terms.deposit_rate.deconstruct(), terms.cap),
            self.sum(|trade| trade.deposit)?,
        )
    }

    /// Makes the complaint: its bond is taken from what the bids have set aside, and what is not, from the
    /// free balance of the buyer. Each trade has the part of it that its energy is of all.
    ///
    /// The trades, each with what was added for it: the first one has all of that.
    pub(crate) fn complain(
        self,
        book: &Book,
        buyer: &T::AccountId,
    ) -> Result<Vec<(Numbered<T>, Balance)>, DispatchError> {
        let bond = self.bond(book).ok_or(Error::<T>::Overflow)?;
        let reserved = self.sum(|trade| trade.reserve).ok_or(Error::<T>::Overflow)?;
        let mut added = bond.saturating_sub(reserved);
        if added > 0 {
            T::Currency::hold(&Pallet::<T>::reason(), buyer, added)?;
        }
        let needs = self.0.iter().map(|(_, trade)| trade.before.saturating_add(trade.energy));
        let needs = needs.max().unwrap_or_default();
        let mut energy =
            self.0.iter().fold(Wh::ZERO, |sum, (_, trade)| sum.saturating_add(trade.energy));
        let mut unpaid = bond.saturating_sub(added);
        let mut undivided = bond;
        let mut all = Vec::new();
        for (id, mut trade) in self.0 {
            let paid = trade.reserve.min(unpaid);
            trade.reserve = trade.reserve.saturating_sub(paid);
            unpaid = unpaid.saturating_sub(paid);
            // The last one has what is left.
            let part = deposit::share(undivided, trade.energy, energy).unwrap_or(undivided);
            undivided = undivided.saturating_sub(part);
            energy = energy.saturating_sub(trade.energy);
            trade.complaint =
                Some(Complaint { bond: part, needs, due: book.terms.schedule.final_at });
            all.push(((id, trade), core::mem::take(&mut added)));
        }
        Ok(all)
    }
}
