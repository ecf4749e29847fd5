//! What workers bring for audits.

use super::types::{LinkBook, Post, Round, Stage};
use crate::{
    AcceptedBy, AuditBooks, Config, Enrolments, Error, Event, Links, MAX_LONGEVITY, MarketKeys,
    Pallet, Profiles, TAG_PREFIX, audits::OPEN_WITHIN, ledger::types::Market,
};
use alloc::collections::BTreeMap;
use frame_support::{
    BoundedVec,
    pallet_prelude::{
        InvalidTransaction, TransactionSource, TransactionValidityError,
        TransactionValidityWithRefund, UnknownTransaction, ValidTransaction, Weight,
    },
    traits::Get,
};
use qedex_primitives::{
    Calendar, EpochIndex, Membership, OwnerId,
    audits::{
        AuditOutcome, AuditRefusal, AuditWork, EPOCH_RECORDS, MAX_VOICES, RootPost, VerdictPost,
    },
    qkd::{LinkId, SiteId, WorkerSignature},
};
use sp_runtime::{DispatchResult, traits::Convert};

/// The error of a transaction that is refused for this.
fn refused(why: AuditRefusal) -> TransactionValidityError {
    if why.may_pass() {
        UnknownTransaction::Custom(why.code()).into()
    } else {
        InvalidTransaction::Custom(why.code()).into()
    }
}

/// Who speaks, and where.
pub(crate) struct Speaker {
    pub owner: OwnerId,
    pub site: SiteId,
}

impl<T: Config> Pallet<T> {
    /// For whom, and at which site, an account speaks in audits.
    pub(crate) fn speaker(who: &T::AccountId) -> Result<Speaker, AuditRefusal> {
        let enrolment = AcceptedBy::<T>::get(who).and_then(Enrolments::<T>::get);
        let enrolment = enrolment.ok_or(AuditRefusal::NotEnrolled)?;
        if enrolment.expires <= T::Calendar::now() {
            return Err(AuditRefusal::NotEnrolled);
        }
        let owner = T::Membership::speaks_for(who).ok_or(AuditRefusal::NoOwner)?;
        Ok(Speaker { owner, site: enrolment.site })
    }

    /// Checks that a link is one of the market's, and ends at this site.
    fn check_link(market: &Market, id: LinkId, site: SiteId) -> Result<(), AuditRefusal> {
        let counted = market.links.iter().any(|entry| entry.link == id);
        let link = Links::<T>::get(id).filter(|link| counted && link.agreed);
        let link = link.ok_or(AuditRefusal::UnknownLink)?;
        if link.sites.contains(&site) { Ok(()) } else { Err(AuditRefusal::NotAtLink) }
    }

    /// The books as this work leaves them: all of it is taken, or nothing.
    pub(crate) fn audited_by(
        who: &T::AccountId,
        epoch: EpochIndex,
        work: &AuditWork,
    ) -> Result<(OwnerId, BTreeMap<LinkId, LinkBook>), AuditRefusal> {
        let current = crate::CurrentEpoch::<T>::get().ok_or(AuditRefusal::Ahead)?.index;
        if epoch > current {
            return Err(AuditRefusal::Ahead);
        }
        if epoch < current {
            return Err(AuditRefusal::Past);
        }
        let Speaker { owner, site } = Self::speaker(who)?;
        if work.is_empty() {
            return Err(AuditRefusal::Nothing);
        }
        let mut books = BTreeMap::new();
        let market = MarketKeys::<T>::get();
        let links = work.roots.iter().map(|post| post.link);
        for link in links.chain(work.verdicts.iter().map(|verdict| verdict.link)) {
            Self::check_link(&market, link, site)?;
            if books.contains_key(&link) {
                continue;
            }
            books.insert(link, AuditBooks::<T>::get(link).unwrap_or_default());
        }
        // Verdicts first: they may make no room, but stand in older rounds than roots.
        for verdict in &work.verdicts {
            let book = books.get_mut(&verdict.link).ok_or(AuditRefusal::UnknownLink)?;
            book.judge(owner, verdict, epoch)?;
        }
        for RootPost { link, says } in &work.roots {
            let book = books.get_mut(link).ok_or(AuditRefusal::UnknownLink)?;
            book.post(Post { owner, site, says: *says, verdict: None }, epoch)?;
        }
        Ok((owner, books))
    }

    pub(crate) fn authorize_audits(
        _source: TransactionSource,
        who: &T::AccountId,
        epoch: &EpochIndex,
        work: &AuditWork,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        Self::audited_by(who, *epoch, work).map_err(refused)?;
        let worker = Profiles::<T>::get(who).and_then(|profile| profile.worker);
        let worker = worker.ok_or_else(|| refused(AuditRefusal::NoWorker))?;
        let account = T::AccountBytes::convert(who.clone());
        let signed = work.signing_bytes(Self::genesis(), &account, *epoch);
        if !sp_io::crypto::sr25519_verify(&signature.0, &signed, &worker.0) {
            return Err(InvalidTransaction::BadProof.into());
        }
        let valid = ValidTransaction::with_tag_prefix(TAG_PREFIX)
            .priority(T::WorkerPriority::get())
            .and_provides((account, *epoch, "audits"))
            .longevity(MAX_LONGEVITY)
            .propagate(true);
        Ok((valid.into(), Weight::zero()))
    }

    /// Takes what a worker has brought. Whether it may be taken was asked when the transaction was let in.
    pub(crate) fn do_audits(
        who: T::AccountId,
        epoch: EpochIndex,
        work: AuditWork,
    ) -> DispatchResult {
        let (owner, books) =
            Self::audited_by(&who, epoch, &work).map_err(|_| Error::<T>::NotAwaited)?;
        for (link, book) in books {
            AuditBooks::<T>::insert(link, book);
        }
        for RootPost { link, says } in work.roots {
            Self::deposit_event(Event::RootPosted { link, who: who.clone(), owner, says });
        }
        for VerdictPost { link, epoch, outcome, .. } in work.verdicts {
            let who = who.clone();
            Self::deposit_event(Event::VerdictGiven { link, who, owner, epoch, outcome });
        }
        Ok(())
    }
}

impl LinkBook {
    /// The round in which roots are posted, or a new one.
    fn posting(&mut self, now: EpochIndex) -> Result<&mut Round, AuditRefusal> {
        if !self.rounds.iter().any(|round| round.stage == Stage::Posting) {
            let posts = BoundedVec::new();
            let round = Round { opened: now, posts, stage: Stage::Posting };
            self.rounds.try_push(round).map_err(|_| AuditRefusal::TooManyRounds)?;
        }
        self.rounds.last_mut().ok_or(AuditRefusal::TooManyRounds)
    }

    /// What an owner has posted already is said before everything else.
    fn check_post(&self, post: &Post) -> Result<(), AuditRefusal> {
        let mut before = self.rounds.iter().filter_map(|round| round.post_of(&post.owner));
        if let Some(before) = before.find(|before| before.says.epoch == post.says.epoch) {
            return Err(if before.says == post.says {
                AuditRefusal::RootPosted
            } else {
                AuditRefusal::RootChanged
            });
        }
        if self.last.is_some_and(|last| post.says.epoch <= last) {
            return Err(AuditRefusal::RootFixed);
        }
        if post.says.keyed > EPOCH_RECORDS {
            return Err(AuditRefusal::TooManyKeyed);
        }
        Ok(())
    }

    /// Takes a root in `now`.
    fn post(&mut self, post: Post, now: EpochIndex) -> Result<(), AuditRefusal> {
        self.check_post(&post)?;
        let round = self.posting(now)?;
        if round.post_of(&post.owner).is_some() {
            return Err(AuditRefusal::OtherEpochPosted);
        }
        if round.posts_at(post.site) >= MAX_VOICES {
            return Err(AuditRefusal::TooManyVoices);
        }
        round.posts.try_push(post).map_err(|_| AuditRefusal::TooManyVoices)
    }

    /// Takes a verdict in `now`.
    fn judge(
        &mut self,
        owner: OwnerId,
        verdict: &VerdictPost,
        now: EpochIndex,
    ) -> Result<(), AuditRefusal> {
        let epoch = verdict.epoch;
        let of_epoch = |round: &&mut Round| round.fixed().is_some_and(|says| says.epoch == epoch);
        let Some(round) = self.rounds.iter_mut().find(of_epoch) else {
            let decided = self.last.is_some_and(|last| epoch <= last);
            return Err(if decided { AuditRefusal::TooLate } else { AuditRefusal::NotFixed });
        };
        let Stage::Picked(_, pick) = round.stage else { return Err(AuditRefusal::TooEarly) };
        if pick.place != verdict.place {
            return Err(AuditRefusal::NotPicked);
        }
        let in_last = now.saturating_sub(pick.beacon) >= OPEN_WITHIN;
        if verdict.outcome == AuditOutcome::NotOpened && !in_last {
            return Err(AuditRefusal::TooEarly);
        }
        let post = round.posts.iter_mut().find(|post| post.owner == owner);
        let post = post.ok_or(AuditRefusal::NoVoice)?;
        if post.verdict.is_some() {
            return Err(AuditRefusal::VerdictGiven);
        }
        post.verdict = Some(verdict.outcome);
        Ok(())
    }
}
