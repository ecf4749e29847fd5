//! What an agent hears of an epoch, for the beacon and for the ledger of keys, and what of its answer is brought to
//! the chain.

use super::{Client, Fault, add};
use crate::{
    AcceptedBy, Call, Commitments, Config, CurrentEpoch, CurrentRules, Ends, Enrolments, Links,
    MarketKeys, Pallet, WORKER_KEYS,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec,
    vec::Vec,
};
use frame_system::offchain::SubmitTransaction;
use qedex_primitives::{
    Calendar, EpochIndex,
    agent::{BeaconAwaits, BeaconNews, BeaconStep, LedgerNews, LinkNews, News, WorkerCounts},
    beacon::{Epoch, EpochPart, EpochWork},
    keys::{LinkReport, LinkReports},
    qkd::{LinkId, SaeId, SiteId, WorkerSignature},
};
use sp_runtime::traits::Convert;

/// The most links, and the most enrolments, that are looked at to find a peer.
const MAX_LOOKED_AT: usize = 1_024;

impl<T: Config> Pallet<T> {
    /// The epoch that is under way, as it is for this account.
    pub(super) fn beacon_news(account: &T::AccountId) -> Option<BeaconNews> {
        let epoch = CurrentEpoch::<T>::get()?;
        let entry = Commitments::<T>::get(account);
        let awaits = match (epoch.part, &entry) {
            (EpochPart::Commit, _) if Self::check_commit(account, epoch.index).is_ok() => {
                BeaconAwaits::Commitment { peer: Self::peer_for(account, epoch.index) }
            }
            (EpochPart::Reveal, Some(entry)) if entry.secret.is_none() => BeaconAwaits::Reveal,
            _ => BeaconAwaits::Nothing,
        };
        let committed = entry.map(|entry| entry.commitment);
        Some(BeaconNews { epoch: epoch.index, committed, awaits })
    }

    /// The SAE of another account with which this one may share a key that a link has made: at a site to
    /// which an agreed link leads from its own. Each epoch has another one's turn, so that one at which no key
    /// is to be had costs one epoch.
    fn peer_for(account: &T::AccountId, epoch: EpochIndex) -> Option<SaeId> {
        let own = AcceptedBy::<T>::get(account).and_then(Enrolments::<T>::get)?.site;
        let links = Links::<T>::iter_values().take(MAX_LOOKED_AT).filter(|link| link.agreed);
        let far: BTreeSet<SiteId> = links.filter_map(|link| far_end(&link.sites, own)).collect();
        let mut peers: Vec<SaeId> = Self::enrolled_at(&far).map(|(_, sae)| sae).collect();
        peers.sort();
        let turn = epoch.checked_rem(u64::try_from(peers.len()).ok()?)?;
        peers.into_iter().nth(usize::try_from(turn).ok()?)
    }

    /// The links of which a report of this account is awaited and would find room, each with the first SAE at its other end.
    pub(super) fn ledger_news(account: &T::AccountId) -> Option<LedgerNews> {
        let Epoch { index, part: EpochPart::Commit, until, .. } = CurrentEpoch::<T>::get()? else {
            return None;
        };
        let (owner, site) = Self::reporter(account)?;
        let rules = CurrentRules::<T>::get();
        let awaited = MarketKeys::<T>::get().links.into_iter().filter_map(|entry| {
            let far = far_end(&Links::<T>::get(entry.link)?.sites, site)?;
            let book = Ends::<T>::get(entry.link, site);
            let said = book.reports.iter().any(|one| one.owner == owner && one.epoch >= index);
            let awaited = !said && book.has_room(owner, index, &rules);
            awaited.then_some((entry.link, far))
        });
        let awaited: Vec<(LinkId, SiteId)> = awaited.collect();
        if awaited.is_empty() {
            return None;
        }
        let sites = awaited.iter().map(|(_, far)| *far).collect();
        let mut peers = BTreeMap::<SiteId, SaeId>::new();
        for (site, sae) in Self::enrolled_at(&sites) {
            let first = peers.entry(site).or_insert_with(|| sae.clone());
            if sae < *first {
                *first = sae;
            }
        }
        let links = awaited.into_iter().filter_map(|(link, far)| {
            let peer = peers.get(&far)?.clone();
            Some(LinkNews { link, peer })
        });
        let links: Vec<_> = links.collect();
        (!links.is_empty()).then_some(LedgerNews { epoch: index, until, links })
    }

    /// The SAEs at these sites that accounts have accepted and that have not expired, as far as is looked.
    fn enrolled_at(sites: &BTreeSet<SiteId>) -> impl Iterator<Item = (SiteId, SaeId)> {
        let now = T::Calendar::now();
        Enrolments::<T>::iter_values()
            .take(MAX_LOOKED_AT)
            .filter(move |one| one.accepted && one.expires > now && sites.contains(&one.site))
            .map(|one| (one.site, one.sae))
    }

    /// Brings what an agent says for the epoch to the chain, if it is what the chain waits for: of the first half
    /// all in one transaction.
    pub(super) fn bring_epoch_work(
        client: &Client<T>,
        news: &News,
        said: Option<BeaconStep>,
        reports: Vec<LinkReport>,
        counts: &mut WorkerCounts,
    ) -> Result<(), Fault> {
        let reported = !reports.is_empty();
        let reports = Self::acceptable(&client.account, news.ledger.as_ref(), reports)?;
        let Some(BeaconNews { epoch, committed, awaits }) = &news.beacon else {
            return if said.is_none() && !reported { Ok(()) } else { Err(Fault::Foreign) };
        };
        let work = match (said, awaits) {
            (None, _) if reports.is_empty() => return Ok(()),
            (None, _) => EpochWork::Commit { commitment: None, reports },
            (Some(BeaconStep::Commit(commitment)), BeaconAwaits::Commitment { .. }) => {
                EpochWork::Commit { commitment: Some(commitment), reports }
            }
            (Some(BeaconStep::Reveal(secret)), BeaconAwaits::Reveal)
                if !reported
                    && *committed
                        == Some(Self::commitment_of(&client.account, *epoch, &secret)) =>
            {
                EpochWork::Reveal { secret }
            }
            _ => return Err(Fault::Foreign),
        };
        let account = T::AccountBytes::convert(client.account.clone());
        let signed = work.signing_bytes(Self::genesis(), &account, *epoch);
        let signature = sp_io::crypto::sr25519_sign(WORKER_KEYS, &client.key.0, &signed)
            .ok_or(Fault::NoSignature)?;
        let (part, signature) = (work.part(), WorkerSignature(signature));
        let call =
            Call::bring_epoch { who: client.account.clone(), epoch: *epoch, work, signature };
        let transaction = T::create_authorized_transaction(call.into());
        // The pool refuses what it has already, and what the chain has meanwhile.
        match SubmitTransaction::<T, Call<T>>::submit_transaction(transaction) {
            Ok(()) => add(&mut counts.brought),
            Err(()) => {
                add(&mut counts.refused);
                log::debug!(target: "runtime::qkd", "the pool takes no {part:?} of epoch {epoch}");
            }
        }
        Ok(())
    }

    /// The reports that the ledger takes, of those that were asked for. One that it does not take keeps no other
    /// one, and no commitment, away.
    fn acceptable(
        account: &T::AccountId,
        told: Option<&LedgerNews>,
        reports: Vec<LinkReport>,
    ) -> Result<LinkReports, Fault> {
        let mut taken = LinkReports::new();
        for report in reports {
            let told = told.ok_or(Fault::Foreign)?;
            if !told.links.iter().any(|asked| asked.link == report.link) {
                return Err(Fault::Foreign);
            }
            if taken.iter().any(|other| other.link == report.link) {
                return Err(Fault::Rubbish);
            }
            let one = LinkReports::truncate_from(vec![report]);
            match Self::check_reports(account, told.epoch, &one) {
                Ok(()) => taken.try_push(report).map_err(|_| Fault::Rubbish)?,
                Err(why) => {
                    let link = report.link.0;
                    log::warn!(target: "runtime::qkd", "no report of link {link}: {why:?}");
                }
            }
        }
        Ok(taken)
    }
}

/// The other end of a link that ends at `site`.
fn far_end(sites: &[SiteId; 2], site: SiteId) -> Option<SiteId> {
    match *sites {
        [one, other] if one == site => Some(other),
        [one, other] if other == site => Some(one),
        _ => None,
    }
}
