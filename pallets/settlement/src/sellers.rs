//! Who sells: owners, by their accounts.

use crate::{
    Book, Conduct, Config, Decision, Event, Pallet, Rules, Seller, Sellers, SellingAccount,
    SellingAccounts, Trade,
};
use frame_support::BoundedVec;
use qedex_math::conduct::{self, Day, noted};
use qedex_primitives::{Membership, OwnerId, Sanctions, SlotIndex, Wh, settlement::day_of};

impl<T: Config> Pallet<T> {
    /// The owner of `who`: the account itself, if it has none on record.
    pub(crate) fn owner_of(who: &T::AccountId) -> OwnerId {
        T::Membership::owner_of(who).unwrap_or_else(|| OwnerId::of_account(who))
    }

    /// The seller behind an account that sells in `slot`.
    pub(crate) fn seller(slot: SlotIndex, who: &T::AccountId) -> Option<(OwnerId, Seller)> {
        let owner = SellingAccounts::<T>::get(slot, who)?.owner;
        Some((owner, Sellers::<T>::get(slot, owner)?))
    }

    /// Enters one more trade that `who` sells in `slot`: for whom, and what that owner sold before.
    pub(crate) fn enter_sale(slot: SlotIndex, who: &T::AccountId, energy: Wh) -> (OwnerId, Wh) {
        let mut account = SellingAccounts::<T>::get(slot, who)
            .unwrap_or_else(|| SellingAccount { owner: Self::owner_of(who), open: 0 });
        account.open = account.open.saturating_add(1);
        SellingAccounts::<T>::insert(slot, who, account);
        let before = Sellers::<T>::mutate(slot, account.owner, |entry| {
            let seller = entry.get_or_insert_default();
            let before = seller.sold;
            seller.open = seller.open.saturating_add(1);
            seller.sold = before.saturating_add(energy);
            before
        });
        (account.owner, before)
    }

    /// One trade that `who` sells in `slot` is settled. With its last one an account, and with theirs
    /// a seller, is forgotten: then it is noted how it did in the slot.
    pub(crate) fn leave_sale(slot: SlotIndex, rules: &Rules, who: &T::AccountId) {
        let Some(mut account) = SellingAccounts::<T>::get(slot, who) else {
            return;
        };
        account.open = account.open.saturating_sub(1);
        SellingAccounts::<T>::set(slot, who, (account.open > 0).then_some(account));
        let mut defaulted = None;
        Sellers::<T>::mutate_exists(slot, account.owner, |entry| {
            *entry = entry.take().and_then(|mut seller| {
                seller.open = seller.open.saturating_sub(1);
                defaulted = (seller.open == 0).then_some(seller.defaulted);
                (seller.open > 0).then_some(seller)
            });
        });
        if let Some(defaulted) = defaulted {
            Self::note_conduct(slot, rules, who, defaulted);
        }
    }

    /// Whether a trade in `slot` that ends so leads to the exclusion of its seller's owner.
    pub(crate) fn excludes(
        slot: SlotIndex,
        book: &Book,
        trade: &Trade<T::AccountId>,
        decision: Decision,
    ) -> bool {
        let who = &trade.seller;
        let last = Self::seller(slot, who).filter(|(_, seller)| seller.open == 1);
        last.is_some_and(|(_, seller)| {
            let defaulted = seller.defaulted || decision.outcome(trade.energy).0.is_default();
            let days = Conduct::<T>::get(Self::owner_of(who));
            defaulted && Self::are_too_many(&book.rules, &noted(&days, day_of(slot), true))
        })
    }

    fn are_too_many(rules: &Rules, days: &[Day]) -> bool {
        let share = rules.default_share.deconstruct();
        conduct::excludes(days, rules.defaults_to_exclusion, share)
    }

    /// Marks a seller of the slot as one that has defaulted, which counts once.
    pub(crate) fn mark_default(slot: SlotIndex, who: &T::AccountId) {
        if let Some((owner, seller)) = Self::seller(slot, who)
            && !seller.defaulted
        {
            Sellers::<T>::insert(slot, owner, Seller { defaulted: true, ..seller });
        }
    }

    /// Notes a slot in which the owner of `who` sold. Who has defaulted in it, and too often by now, is
    /// excluded.
    pub(crate) fn note_conduct(
        slot: SlotIndex,
        rules: &Rules,
        who: &T::AccountId,
        defaulted: bool,
    ) {
        // Not whom the trades are entered for, which may be older than owners.
        let owner = Self::owner_of(who);
        let days = noted(&Conduct::<T>::get(owner), day_of(slot), defaulted);
        let excludes = defaulted && Self::are_too_many(rules, &days);
        Conduct::<T>::insert(owner, BoundedVec::truncate_from(days));
        if !excludes {
            return;
        }
        if let Err(error) = T::Sanctions::blacklist_for_default(who, rules.exclusion) {
            log::error!(target: "runtime::settlement", "an exclusion failed: {error:?}");
        }
        Self::deposit_event(Event::SellerExcluded { owner, by: who.clone() });
    }
}
