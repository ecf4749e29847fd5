//! What an agent hears of audits, and what of its answer is brought to the chain.

use super::{Client, Fault, add, door::Ask};
use crate::{
    AuditBooks, Call, Config, CurrentEpoch, Links, MarketKeys, Pallet, WORKER_KEYS,
    audits::{
        OPEN_WITHIN,
        types::{LinkBook, Stage},
        work::Speaker,
    },
};
use alloc::vec::Vec;
use codec::Encode;
use frame_system::offchain::SubmitTransaction;
use qedex_primitives::{
    Calendar, OwnerId,
    agent::WorkerCounts,
    audits::{
        AUDITS_PATH, AuditNews, AuditWork, Haste, LinkNews, MAX_ROUNDS, MAX_VOICES, PickNews,
    },
    beacon::{Epoch, EpochPart},
    qkd::{LinkId, SiteId, WorkerSignature},
};
use sp_runtime::{offchain::Timestamp, traits::Convert};

impl<T: Config> Pallet<T> {
    /// Tells an agent how audits stand, if something is awaited, and brings what it says. One that knows no
    /// audits has nothing to say.
    pub(super) fn exchange_audits(
        client: &Client<T>,
        end: Timestamp,
        counts: &mut WorkerCounts,
    ) -> Result<(), Fault> {
        let Some(news) = Self::audit_news(&client.account) else { return Ok(()) };
        let said = match client.door.post::<Option<AuditWork>>(AUDITS_PATH, news.encode(), end) {
            Err(Fault::Code(404)) => None,
            said => said?,
        };
        match said {
            Some(work) => Self::bring_audit_work(client, &news, work, counts),
            None => Ok(()),
        }
    }

    /// How the audits of an account's links stand; nothing if nothing is awaited of it, or of its service.
    fn audit_news(account: &T::AccountId) -> Option<AuditNews> {
        let epoch = CurrentEpoch::<T>::get()?;
        let Speaker { owner, site } = Self::speaker(account).ok()?;
        let market = MarketKeys::<T>::get();
        let of_site = market.links.iter().map(|entry| entry.link).filter(|id| {
            Links::<T>::get(id).is_some_and(|link| link.agreed && link.sites.contains(&site))
        });
        let links: Vec<LinkNews> = of_site
            .map(|id| Self::link_news(id, &epoch, &owner, site))
            .filter(|news| news.posts || !news.picks.is_empty())
            .collect();
        if links.is_empty() {
            return None;
        }
        Some(AuditNews {
            genesis: Self::genesis(),
            account: T::AccountBytes::convert(account.clone()),
            epoch: epoch.index,
            haste: Self::haste(&epoch),
            links,
        })
    }

    fn haste(epoch: &Epoch) -> Haste {
        let quarter = Self::epoch_length().div_euclid(4);
        let left = epoch.until.saturating_sub(T::Calendar::now());
        match epoch.part {
            EpochPart::Reveal => Haste::Last,
            EpochPart::Commit if left <= quarter => Haste::Late,
            EpochPart::Commit => Haste::Early,
        }
    }

    fn link_news(link: LinkId, epoch: &Epoch, owner: &OwnerId, site: SiteId) -> LinkNews {
        let book = AuditBooks::<T>::get(link).unwrap_or_default();
        let picks = book.rounds.iter().filter_map(|round| {
            let Stage::Picked(says, pick) = round.stage else { return None };
            let is_last = epoch.index.saturating_sub(pick.beacon) >= OPEN_WITHIN;
            let awaited = round.post_of(owner).is_some_and(|post| post.verdict.is_none());
            let (challenge, place) = (pick.value, pick.place);
            Some(PickNews { says, challenge, place, awaited, is_last })
        });
        let picks = picks.collect();
        LinkNews { link, last: book.last, posts: book.awaits_root(owner, site), picks }
    }

    /// Brings what an agent says, if the chain would take it now.
    fn bring_audit_work(
        client: &Client<T>,
        news: &AuditNews,
        work: AuditWork,
        counts: &mut WorkerCounts,
    ) -> Result<(), Fault> {
        let epoch = news.epoch;
        Self::audited_by(&client.account, epoch, &work).map_err(|_| Fault::Foreign)?;
        let signed = work.signing_bytes(news.genesis, &news.account, epoch);
        let signature = sp_io::crypto::sr25519_sign(WORKER_KEYS, &client.key.0, &signed)
            .ok_or(Fault::NoSignature)?;
        let (who, signature) = (client.account.clone(), WorkerSignature(signature));
        let call = Call::bring_audits { who, epoch, work, signature };
        let transaction = T::create_authorized_transaction(call.into());
        // The pool refuses what it has already, and what the chain has meanwhile.
        match SubmitTransaction::<T, Call<T>>::submit_transaction(transaction) {
            Ok(()) => add(&mut counts.brought),
            Err(()) => {
                add(&mut counts.refused);
                log::debug!(target: "runtime::qkd", "the pool takes no audits of epoch {epoch}");
            }
        }
        Ok(())
    }
}

impl LinkBook {
    /// Whether an owner may post a root now, at this end.
    fn awaits_root(&self, owner: &OwnerId, site: SiteId) -> bool {
        match self.rounds.iter().find(|round| round.stage == Stage::Posting) {
            Some(round) => round.post_of(owner).is_none() && round.posts_at(site) < MAX_VOICES,
            None => self.rounds.len() < MAX_ROUNDS as usize,
        }
    }
}
