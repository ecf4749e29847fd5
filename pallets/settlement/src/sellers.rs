//! Who sells: owners, by their accounts.

use crate::{
    Book, Config, Defaults, Event, Pallet, Rules, Seller, Sellers, SellingAccount, SellingAccounts,
};
use qedex_primitives::{Membership, OwnerId, Sanctions, SlotIndex, Wh};

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
    /// a seller, is forgotten.
    pub(crate) fn leave_sale(slot: SlotIndex, who: &T::AccountId) {
        let Some(mut account) = SellingAccounts::<T>::get(slot, who) else {
            return;
        };
        account.open = account.open.saturating_sub(1);
        SellingAccounts::<T>::set(slot, who, (account.open > 0).then_some(account));
        Sellers::<T>::mutate_exists(slot, account.owner, |entry| {
            *entry = entry.take().and_then(|mut seller| {
                seller.open = seller.open.saturating_sub(1);
                (seller.open > 0).then_some(seller)
            });
        });
    }

    /// Whether a default of `who` in `slot` leads to its owner's exclusion.
    pub(crate) fn excludes(slot: SlotIndex, book: &Book, who: &T::AccountId) -> bool {
        let counted = Self::seller(slot, who).is_none_or(|(_, seller)| seller.defaulted);
        let defaults = || Defaults::<T>::get(Self::owner_of(who)).saturating_add(1);
        !counted && defaults() >= book.rules.defaults_to_exclusion
    }

    /// Counts a default once per seller and slot. Who has reached the limit is excluded.
    pub(crate) fn count_default(slot: SlotIndex, rules: &Rules, who: &T::AccountId) {
        let Some((selling, mut seller)) = Self::seller(slot, who) else {
            return;
        };
        if seller.defaulted {
            return;
        }
        seller.defaulted = true;
        Sellers::<T>::insert(slot, selling, seller);
        // Not whom the trades are entered for, which may be older than owners.
        let owner = Self::owner_of(who);
        let defaults = Defaults::<T>::get(owner).saturating_add(1);
        if defaults < rules.defaults_to_exclusion {
            Defaults::<T>::insert(owner, defaults);
            return;
        }
        Defaults::<T>::remove(owner);
        if let Err(error) = T::Sanctions::blacklist_for_default(who, rules.exclusion) {
            log::error!(target: "runtime::settlement", "an exclusion failed: {error:?}");
        }
        Self::deposit_event(Event::SellerExcluded { owner, by: who.clone() });
    }
}
