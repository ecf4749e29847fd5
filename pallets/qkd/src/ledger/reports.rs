//! What is reported of links, and what follows for the ledger.

use super::types::{EndBook, KeptReport, Market, MarketLink, NotKept};
use crate::{
    AcceptedBy, Config, CurrentRules, Ends, Enrolments, Error, Event, LastReport, Links,
    MarketKeys, Pallet,
};
use alloc::collections::BTreeMap;
use frame_support::ensure;
use qedex_math::keys::share;
use qedex_primitives::{
    Calendar, EpochIndex, Membership, OwnerId,
    keys::{KeyRules, LinkReport, LinkReports, MAX_KEYS, MILLION},
    qkd::{Link, LinkId, SiteId},
};
use sp_runtime::DispatchResult;

/// What reports change, before it is stored.
struct Change {
    owner: OwnerId,
    /// At which site they were made.
    site: SiteId,
    market: Market,
    books: BTreeMap<LinkId, EndBook>,
}

impl<T: Config> Pallet<T> {
    /// Takes what `reporter` says of links for `epoch`, all of it or nothing. This is the entry for the one
    /// transaction that a worker brings in an epoch; whoever calls it has checked that the worker speaks
    /// for the account.
    ///
    /// # Errors
    /// [`WrongEpoch`](Error::WrongEpoch) unless `epoch` is under way; [`NotAReporter`](Error::NotAReporter)
    /// where the account is shut, has no owner, or no accepted and unexpired SAE; for each report
    /// [`LinkNotCounted`](Error::LinkNotCounted), [`NotAtThisLink`](Error::NotAtThisLink),
    /// [`TooManyKeys`](Error::TooManyKeys), [`MoreStoredThanMade`](Error::MoreStoredThanMade),
    /// [`InvalidQber`](Error::InvalidQber), [`ReportedAlready`](Error::ReportedAlready), by whichever account
    /// of the owner, [`MadeShrinks`](Error::MadeShrinks), or
    /// [`TooManyReporters`](Error::TooManyReporters). Nothing has changed then.
    pub fn take_reports(
        reporter: &T::AccountId,
        epoch: EpochIndex,
        reports: &LinkReports,
    ) -> DispatchResult {
        let Change { owner, site, market, books } = Self::changed_by(reporter, epoch, reports)?;
        for (link, book) in books {
            Ends::<T>::insert(link, site, book);
        }
        MarketKeys::<T>::put(market);
        LastReport::<T>::insert(owner, epoch);
        for LinkReport { link, stored, made, healthy, .. } in reports {
            Self::deposit_event(Event::LinkReported {
                link: *link,
                site,
                by: reporter.clone(),
                epoch,
                stored: *stored,
                made: *made,
                healthy: *healthy,
            });
        }
        Ok(())
    }

    /// Whether [`take_reports`](Self::take_reports) would take these, without effects.
    ///
    /// # Errors
    /// The same.
    pub fn check_reports(
        reporter: &T::AccountId,
        epoch: EpochIndex,
        reports: &LinkReports,
    ) -> DispatchResult {
        Ok(Self::look_at_reports(reporter, epoch, reports)?)
    }

    /// The same, with the error that it is.
    pub(crate) fn look_at_reports(
        reporter: &T::AccountId,
        epoch: EpochIndex,
        reports: &LinkReports,
    ) -> Result<(), Error<T>> {
        Self::changed_by(reporter, epoch, reports).map(|_| ())
    }

    /// The owner behind a reporter, and the site at which it draws keys.
    pub(crate) fn reporter(who: &T::AccountId) -> Option<(OwnerId, SiteId)> {
        let owner = T::Membership::speaks_for(who)?;
        let enrolment = Enrolments::<T>::get(AcceptedBy::<T>::get(who)?)?;
        (enrolment.expires > T::Calendar::now()).then_some((owner, enrolment.site))
    }

    fn changed_by(
        reporter: &T::AccountId,
        epoch: EpochIndex,
        reports: &LinkReports,
    ) -> Result<Change, Error<T>> {
        ensure!(epoch == Self::current_epoch(), Error::<T>::WrongEpoch);
        let (owner, site) = Self::reporter(reporter).ok_or(Error::<T>::NotAReporter)?;
        ensure!(!reports.is_empty(), Error::<T>::NothingReported);
        let rules = CurrentRules::<T>::get();
        let market = MarketKeys::<T>::get();
        let mut change = Change { owner, site, market, books: BTreeMap::new() };
        for said in reports {
            ensure!(said.made <= MAX_KEYS && said.stored <= MAX_KEYS, Error::<T>::TooManyKeys);
            ensure!(said.adds_up(), Error::<T>::MoreStoredThanMade);
            ensure!(said.qber_ppm <= MILLION, Error::<T>::InvalidQber);
            let used = change.market.used;
            let entry = change.market.link_mut(said.link).ok_or(Error::<T>::LinkNotCounted)?;
            let link = Links::<T>::get(said.link).ok_or(Error::<T>::UnknownLink)?;
            ensure!(link.sites.contains(&site), Error::<T>::NotAtThisLink);
            let book = change.books.entry(said.link);
            let book = book.or_insert_with(|| Ends::<T>::get(said.link, site));
            book.keep(KeptReport { owner, epoch, said: *said }, &rules).map_err(
                |why| match why {
                    NotKept::Twice => Error::<T>::ReportedAlready,
                    NotKept::MadeShrinks => Error::<T>::MadeShrinks,
                    NotKept::Full => Error::<T>::TooManyReporters,
                },
            )?;
            // By what its operators declare, too: an epoch may have become shorter since it was admitted.
            let mut counted = *entry;
            let declared = Self::declared(&link);
            counted.terms.most_keys_per_epoch = counted.terms.most_keys_per_epoch.min(declared);
            book.count(epoch, &rules, &counted);
            Self::credit(entry, used, &link, (site, book), &rules);
        }
        Ok(change)
    }

    /// Takes off the promises what both ends say was drawn since: the market's share of it counts for the
    /// market's trades, the rest for sessions.
    fn credit(
        entry: &mut MarketLink,
        used: u64,
        link: &Link<T::AccountId>,
        (site, book): (SiteId, &EndBook),
        rules: &KeyRules,
    ) {
        let drawn = |end: SiteId| {
            let counts =
                if end == site { book.counts } else { Ends::<T>::get(entry.link, end).counts };
            counts.map(|counts| counts.count.drawn)
        };
        let [first, second] = link.sites.map(drawn);
        let Some(drawn) = first.zip(second).map(|(first, second)| first.min(second)) else {
            return;
        };
        let since = drawn.saturating_sub(entry.drawn.unwrap_or(drawn));
        let part = share(since, rules.market_share.deconstruct());
        entry.credit = entry.credit.saturating_add(part).min(used);
        entry.drawn = Some(entry.drawn.unwrap_or(drawn).max(drawn));
    }
}
