//! What clients ask of the ledger.

use super::types::MarketLink;
use crate::{Config, CurrentRules, Ends, Links, MarketKeys, Pallet, Reservations};
use alloc::vec::Vec;
use qedex_primitives::{
    KeyBudget, SlotIndex,
    keys::{EndView, KeyLedger, KeyRules, LinkView, Reservation, SlotReservation},
    qkd::{Link, SiteId},
};

impl<T: Config> Pallet<T> {
    /// A link on record, once the operators of both ends stand for it.
    fn agreed(entry: &MarketLink) -> Option<Link<T::AccountId>> {
        Links::<T>::get(entry.link).filter(|link| link.agreed)
    }

    /// How many keys of a link count: the lesser of its ends, and none while its audits have closed it.
    pub(crate) fn keys_of(entry: &MarketLink, rules: &KeyRules) -> u64 {
        let now = Self::current_epoch();
        let keys = |site| Ends::<T>::get(entry.link, site).keys(now, rules, &entry.terms);
        let open = Self::agreed(entry).filter(|_| !Self::is_link_closed(entry.link));
        open.map_or(0, |link| {
            let [first, second] = link.sites.map(keys);
            first.min(second)
        })
    }

    fn end_view(entry: &MarketLink, site: SiteId, rules: &KeyRules) -> EndView {
        let now = Self::current_epoch();
        let book = Ends::<T>::get(entry.link, site);
        let said = book.said(now, rules, &entry.terms);
        let counted = book.counts.map(|counts| counts.count).unwrap_or_default();
        EndView {
            site,
            reporters: book.reporters(now, rules),
            stored: said.map_or(0, |said| said.count.stored.min(counted.stored)),
            made: counted.made,
            drawn: counted.drawn,
            healthy: said.is_some_and(|said| said.healthy),
            counted: book.counts.map(|counts| counts.epoch),
        }
    }

    /// Links, ends and promises.
    pub fn key_ledger() -> KeyLedger {
        let rules = CurrentRules::<T>::get();
        let market = MarketKeys::<T>::get();
        let view = |entry: &MarketLink| LinkView {
            link: entry.link,
            terms: entry.terms,
            ends: Links::<T>::get(entry.link)
                .map(|link| link.sites.map(|site| Self::end_view(entry, site, &rules))),
            keys: Self::keys_of(entry, &rules),
            promised: market.promised_of(entry),
            left: Self::left_of(&market, entry, &rules).1,
        };
        KeyLedger {
            epoch: Self::current_epoch(),
            rules,
            available: <Self as KeyBudget>::available(),
            promised: market.promised,
            used: market.used,
            links: market.links.iter().map(view).collect(),
        }
    }

    /// What `slot` is promised, while it is in flight.
    pub fn reservation(slot: SlotIndex) -> Option<Reservation> {
        Reservations::<T>::get(slot)
    }

    /// All slots that are promised something, in ascending order: no more than there are slots in flight.
    pub fn reservations() -> Vec<SlotReservation> {
        let all = Reservations::<T>::iter();
        let mut all: Vec<_> =
            all.map(|(slot, reservation)| SlotReservation { slot, reservation }).collect();
        all.sort_unstable_by_key(|one| one.slot);
        all
    }
}
