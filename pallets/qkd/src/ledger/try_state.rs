//! What must be true of the ledger after every block.

use super::types::{EndBook, Market};
use crate::{Config, CurrentRules, Ends, MarketKeys, Pallet, Reservations, Sites, SitesOf};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::ensure;
use qedex_primitives::{Membership, SlotsInFlight};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    pub(crate) fn try_ledger() -> Result<(), TryRuntimeError> {
        ensure!(CurrentRules::<T>::get().are_valid(), "rules that make no sense");
        let market = MarketKeys::<T>::get();
        Self::try_reservations(&market)?;
        let links: BTreeSet<_> = market.links.iter().map(|entry| entry.link).collect();
        ensure!(links.len() == market.links.len(), "a link of the market twice");
        for entry in &market.links {
            ensure!(entry.credit <= market.used, "more was drawn than is used");
            ensure!(
                market.promised_of(entry) <= entry.covered,
                "more is promised of a link than it had"
            );
        }
        for (link, _, book) in Ends::<T>::iter() {
            ensure!(links.contains(&link), "reports of a link that is not the market's");
            Self::try_end(&book)?;
        }
        let mut sites = BTreeMap::<_, u32>::new();
        for site in Sites::<T>::iter_values() {
            if let Some(owner) = T::Membership::owner_of(&site.operator) {
                let count = sites.entry(owner).or_default();
                *count = count.saturating_add(1);
            }
        }
        let counted: BTreeMap<_, _> = SitesOf::<T>::iter().collect();
        ensure!(counted == sites, "owners miscount their sites");
        Ok(())
    }

    fn try_reservations(market: &Market) -> Result<(), TryRuntimeError> {
        let (mut promised, mut used) = (0_u64, 0_u64);
        for (slot, reservation) in Reservations::<T>::iter() {
            ensure!(T::Slots::is_in_flight(slot), "a reservation of a slot that is none");
            if reservation.backed {
                promised = promised.saturating_add(reservation.keys);
                if reservation.settled {
                    used = used.saturating_add(reservation.keys);
                }
            }
        }
        ensure!(promised == market.promised, "promises are not the sum of reservations");
        ensure!(used == market.used, "used keys are not those of settled slots");
        Ok(())
    }

    fn try_end(book: &EndBook) -> Result<(), TryRuntimeError> {
        let now = Self::current_epoch();
        let owners: BTreeSet<_> = book.reports.iter().map(|one| one.owner).collect();
        ensure!(owners.len() == book.reports.len(), "two reports of one owner at an end");
        for report in &book.reports {
            ensure!(report.epoch <= now, "a report of an epoch to come");
            ensure!(report.said.is_sound(), "a report that cannot be");
        }
        if let Some(counts) = book.counts {
            ensure!(counts.epoch <= now, "counted in an epoch to come");
            if let Some((epoch, before)) = counts.before {
                ensure!(epoch < counts.epoch, "counted before it was counted before");
                ensure!(before.made <= counts.count.made, "what was made in all shrinks");
                ensure!(before.drawn <= counts.count.drawn, "what was drawn in all shrinks");
            }
        }
        Ok(())
    }
}
