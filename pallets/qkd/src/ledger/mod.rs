//! The ledger of keys: which keys exist, by what those say who draw them, and what of them the market is
//! promised. Its rules stand in the crate's documentation.

mod budget;
mod fund;
mod reports;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;

use crate::{Config, CurrentRules, Ends, Error, Event, Links, MarketKeys, Pallet};
use frame_support::ensure;
use qedex_math::keys::made_in;
use qedex_primitives::{
    keys::{KeyRules, LinkTerms, MILLION},
    qkd::{Link, LinkId},
};
use sp_runtime::DispatchResult;
use types::MarketLink;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_key_rules(rules: KeyRules) -> DispatchResult {
        ensure!(rules.are_valid(), Error::<T>::InvalidKeyRules);
        CurrentRules::<T>::put(rules);
        Self::deposit_event(Event::KeyRulesSet { rules });
        Ok(())
    }

    /// The most keys that a link makes in an epoch by what its operators declare.
    pub(super) fn declared(link: &Link<T::AccountId>) -> u64 {
        made_in(link.rate.0, Self::epoch_length())
    }

    /// Makes a link one of the market's, or changes as what it counts.
    pub(crate) fn do_admit_link(id: LinkId, terms: LinkTerms) -> DispatchResult {
        let link = Links::<T>::get(id).ok_or(Error::<T>::UnknownLink)?;
        ensure!(link.agreed, Error::<T>::NotAgreed);
        ensure!(terms.most_keys_per_epoch > 0, Error::<T>::InvalidLinkTerms);
        ensure!(terms.most_qber_ppm < MILLION, Error::<T>::InvalidLinkTerms);
        ensure!(terms.most_keys_per_epoch <= Self::declared(&link), Error::<T>::AboveDeclared);
        MarketKeys::<T>::try_mutate(|market| {
            if let Some(entry) = market.link_mut(id) {
                entry.terms = terms;
                return Ok(());
            }
            let entry = MarketLink {
                link: id,
                terms,
                since: Self::current_epoch(),
                drawn: None,
                credit: 0,
                covered: market.promised,
            };
            market.links.try_push(entry).map_err(|_| Error::<T>::TooManyLinks)
        })?;
        Self::deposit_event(Event::LinkAdmitted { link: id, terms });
        Ok(())
    }

    /// Takes a link out of the market, and forgets what was said of it.
    pub(crate) fn do_dismiss_link(id: LinkId) -> DispatchResult {
        MarketKeys::<T>::try_mutate(|market| {
            let before = market.links.len();
            market.links.retain(|entry| entry.link != id);
            ensure!(market.links.len() < before, Error::<T>::LinkNotCounted);
            Ok::<_, Error<T>>(())
        })?;
        // Two ends, which the link may have outlived.
        let ends: alloc::vec::Vec<_> = Ends::<T>::iter_key_prefix(id).take(2).collect();
        for site in ends {
            Ends::<T>::remove(id, site);
        }
        Self::forget_audits(id);
        Self::deposit_event(Event::LinkDismissed { link: id });
        Ok(())
    }
}
