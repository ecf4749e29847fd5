//! The invariants of settlement.

use crate::{
    Books, Config, LatestPause, MAX_PAUSE, OpenBooks, OrderEscrow, Pallet, Purchases, RuleChanges,
    Sellers, SellingAccounts, Trades,
};
use alloc::collections::BTreeMap;
use codec::Encode;
use frame_support::{ensure, traits::fungible::InspectHold};
use qedex_primitives::{Balance, SlotIndex, TradeId, Wh};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// 1. the open books are those that have a record, in ascending order, each once, and each
    ///    has as many open trades as it says, and at least one;
    /// 2. a selling account's record says the number of its open trades, its owner's that of all its
    ///    accounts, and there is no record without; what an owner sold before a trade is at least
    ///    what its open trades with lower numbers say, by whichever account, and what it sold in all
    ///    at least what is before its last and that one itself;
    /// 3. a complaint is about a seller that has committed, and its record says that somebody has
    ///    complained; whose bill is revealed had been asked for it, by a complaint or the draw;
    /// 4. the purchases on record are open trades by buyer and seller, in ascending order, and none without;
    ///    a trade that is not among them came after all of its pair that are;
    /// 5. what is held of an account is what is booked for its orders, the payments of the trades
    ///    in which it buys, the bonds of its complaints, and the deposits of the trades in which it
    ///    sells; nothing otherwise;
    /// 6. the rules on record are valid, in ascending order of their beginning, and there are some;
    /// 7. the latest pause is not longer than it may be.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let changes = RuleChanges::<T>::get();
        ensure!(
            !changes.is_empty()
                && changes.is_sorted_by(|a, b| a.0 < b.0)
                && changes.iter().all(|(_, rules)| rules.is_valid()),
            "rules on record are not valid"
        );
        ensure!(
            LatestPause::<T>::get().is_none_or(|pause| {
                pause.since <= pause.until && pause.until.saturating_sub(pause.since) <= MAX_PAUSE
            }),
            "a pause is too long"
        );
        let open = OpenBooks::<T>::get();
        ensure!(open.is_sorted_by(|a, b| a < b), "open books are out of order");
        ensure!(Books::<T>::iter_keys().count() == open.len(), "open books and records differ");
        let mut held = BTreeMap::<_, Balance>::new();
        let mut justify = |who: &T::AccountId, amount: Balance| {
            let entry = held.entry(who.encode()).or_default();
            *entry = entry.saturating_add(amount);
        };
        let mut sellers = BTreeMap::<_, u32>::new();
        let mut accounts = BTreeMap::<_, u32>::new();
        let mut sold = BTreeMap::<(SlotIndex, _), BTreeMap<TradeId, (Wh, Wh)>>::new();
        let mut books = BTreeMap::<_, u32>::new();
        for (slot, id, trade) in Trades::<T>::iter() {
            let book = Books::<T>::get(slot).ok_or("a trade without a book")?;
            ensure!(id < book.trades, "a trade beyond its book");
            justify(&trade.buyer, trade.payment.saturating_add(trade.reserve));
            justify(&trade.seller, trade.deposit);
            let (owner, seller) =
                Self::seller(slot, &trade.seller).ok_or("a trade without a seller")?;
            let listed = Purchases::<T>::get(slot, (&trade.buyer, owner));
            ensure!(
                listed.contains(&id) || listed.iter().all(|other| *other < id),
                "a trade is left out of what its buyer has bought"
            );
            let of_owner = sold.entry((slot, owner)).or_default();
            of_owner.insert(id, (trade.before, trade.energy));
            if let Some(complaint) = trade.complaint {
                justify(&trade.buyer, complaint.bond);
                ensure!(
                    seller.commitment.is_some() && seller.complained,
                    "a complaint that cannot be answered"
                );
            }
            let count = sellers.entry((slot, owner)).or_default();
            *count = count.saturating_add(1);
            let count = accounts.entry((slot, trade.seller.encode())).or_default();
            *count = count.saturating_add(1);
            let count = books.entry(slot).or_default();
            *count = count.saturating_add(1);
        }
        for (slot, (buyer, owner), ids) in Purchases::<T>::iter() {
            let is_of_pair = |id: &TradeId| {
                Trades::<T>::get(slot, id).is_some_and(|trade| {
                    let seller = Self::seller(slot, &trade.seller).map(|(owner, _)| owner);
                    trade.buyer == buyer && seller == Some(owner)
                })
            };
            ensure!(
                !ids.is_empty() && ids.is_sorted_by(|a, b| a < b) && ids.iter().all(is_of_pair),
                "purchases are not the trades of a pair"
            );
        }
        for slot in open {
            let book = Books::<T>::get(slot).ok_or("an open book without a record")?;
            ensure!(book.open > 0, "an open book without trades");
            ensure!(books.get(&slot) == Some(&book.open), "a book miscounts its trades");
        }
        ensure!(Sellers::<T>::iter().count() == sellers.len(), "a seller without trades");
        ensure!(
            SellingAccounts::<T>::iter().count() == accounts.len(),
            "a selling account without trades"
        );
        for (slot, who, account) in SellingAccounts::<T>::iter() {
            ensure!(
                accounts.get(&(slot, who.encode())) == Some(&account.open),
                "a selling account's trades are miscounted"
            );
        }
        for (slot, owner, seller) in Sellers::<T>::iter() {
            ensure!(
                sellers.get(&(slot, owner)) == Some(&seller.open),
                "a seller's trades are miscounted"
            );
            let trades = sold.remove(&(slot, owner)).unwrap_or_default();
            let served = trades.values().try_fold(Wh::ZERO, |served, (before, energy)| {
                (served <= *before).then(|| before.saturating_add(*energy))
            });
            ensure!(
                served.is_some_and(|served| served <= seller.sold),
                "energy is sold twice by one owner"
            );
            let book = Books::<T>::get(slot).ok_or("a seller without a book")?;
            ensure!(
                seller.revealed.is_none() || book.asks(slot, owner, &seller),
                "a bill that nobody asked for"
            );
        }
        for (who, amount) in OrderEscrow::<T>::iter() {
            ensure!(amount > 0, "an empty escrow is kept");
            justify(&who, amount);
        }
        // Every account, not only those of orders and trades, lest a hold is left behind.
        for who in frame_system::Account::<T>::iter_keys() {
            let justified = held.remove(&who.encode()).unwrap_or_default();
            ensure!(
                T::Currency::balance_on_hold(&Self::reason(), &who) == justified,
                "what is held is not what orders and trades justify"
            );
        }
        ensure!(held.values().all(|amount| *amount == 0), "money of an account that is gone");
        Ok(())
    }
}
