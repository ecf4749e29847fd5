//! How rounds pass with the epochs of the beacon.

use super::types::{LinkBook, Round, Stage, Tally, Voice};
use crate::{AuditBooks, Config, CurrentRules, Event, Links, Pallet, WeightInfo};
use alloc::vec::Vec;
use frame_support::weights::Weight;
use qedex_primitives::{
    BeaconSource, EpochIndex,
    audits::{
        self, AuditEpoch, AuditFailure, MAX_AUDITED_LINKS, OPEN_WITHIN, POST_WITHIN, Pick,
        Statement,
    },
    qkd::{LinkId, SiteId},
};
use sp_core::H256;
use sp_io::hashing::sha2_256;

/// What becomes of a round in which roots are posted.
enum Judged {
    /// It waits.
    Waits,
    /// Nothing: it was in vain.
    Lapses,
    /// This root is fixed.
    Fixed(Statement),
    /// It is a failure.
    Fails(AuditFailure, Option<AuditEpoch>),
}

impl<T: Config> Pallet<T> {
    /// Which of `keyed` blocks a value picks.
    pub fn picked(says: &Statement, value: H256) -> Option<u8> {
        let hash = sha2_256(&audits::picking(says.root, says.epoch, value));
        audits::place(&hash, says.keyed)
    }

    /// Changes all books, and says what that weighs.
    fn pass_books(change: impl Fn(LinkId, [SiteId; 2], &mut LinkBook)) -> Weight {
        let mut count = 0_u32;
        // There are no more: see `try_state`.
        let all: Vec<_> = AuditBooks::<T>::iter().take(MAX_AUDITED_LINKS as usize).collect();
        for (id, mut book) in all {
            count = count.saturating_add(1);
            let Some(link) = Links::<T>::get(id) else { continue };
            let before = book.clone();
            change(id, link.sites, &mut book);
            if book != before {
                AuditBooks::<T>::insert(id, book);
            }
        }
        T::WeightInfo::pass_audits(count)
    }

    /// Reveals of `now` open: roots that both ends stand for are fixed.
    pub(crate) fn fix_roots(now: EpochIndex) -> Weight {
        Self::pass_books(|id, sites, book| {
            let Some(at) = book.rounds.iter().position(|round| round.stage == Stage::Posting)
            else {
                return;
            };
            let Some(round) = book.rounds.get(at) else { return };
            match Self::judged(round, sites, book, now) {
                Judged::Waits => {}
                Judged::Lapses => {
                    book.rounds.remove(at);
                    Self::deposit_event(Event::AuditLapsed { link: id });
                }
                Judged::Fails(why, epoch) => {
                    book.rounds.remove(at);
                    if let AuditFailure::NotPosted(missing) = why {
                        let ends = sites.iter().zip(&mut book.voices);
                        ends.filter(|(site, _)| **site == missing)
                            .for_each(|(_, count)| *count = 0);
                    }
                    Self::fail_link(id, book, why, epoch, now);
                }
                Judged::Fixed(says) => {
                    book.voices = sites.map(|site| round.posts_at(site));
                    let before = book.last.replace(says.epoch);
                    let due = before.map_or(says.epoch.0, |last| last.0.saturating_add(1));
                    let skipped = says.epoch.0.saturating_sub(due);
                    if let Some(round) = book.rounds.get_mut(at) {
                        round.stage = Stage::Fixed(says, now);
                    }
                    Self::deposit_event(Event::RootFixed { link: id, says, skipped, beacon: now });
                }
            }
        })
    }

    fn judged(round: &Round, sites: [SiteId; 2], book: &LinkBook, now: EpochIndex) -> Judged {
        let voices = sites.map(|site| round.voice(site));
        let quorum = CurrentRules::<T>::get().quorum.max(1);
        let [first, second] = &voices;
        let [one, other] = {
            let ready = |voice: &Voice, before: u32| {
                voice.owners >= quorum && voice.owners.saturating_mul(2) > before
            };
            let [before_first, before_second] = book.voices;
            [ready(first, before_first), ready(second, before_second)]
        };
        let waited = now.saturating_sub(round.opened) >= POST_WITHIN;
        let known = book.voices.iter().all(|count| *count > 0);
        let [here, there] = sites;
        let missing = |site, voice: &Voice| {
            let epoch = voice.says.map(|says| says.epoch);
            Judged::Fails(AuditFailure::NotPosted(site), epoch)
        };
        match (one, other) {
            (true, true) => match (first.says, second.says) {
                (Some(ours), Some(theirs)) if ours == theirs => Judged::Fixed(ours),
                (ours, theirs) => {
                    let epoch = ours.or(theirs).map(|says| says.epoch);
                    Judged::Fails(AuditFailure::RootsDiffer, epoch)
                }
            },
            _ if !waited => Judged::Waits,
            (true, false) if known && first.says.is_some() => missing(there, first),
            (false, true) if known && second.says.is_some() => missing(here, second),
            _ => Judged::Lapses,
        }
    }

    /// An epoch of the beacon ends: its value picks, and verdicts on what an earlier one picked are counted.
    pub(crate) fn pass_audits(now: EpochIndex, value: H256, source: BeaconSource) -> Weight {
        Self::pass_books(|id, _, book| {
            let mut decided = Vec::new();
            book.rounds.retain(|round| {
                let Stage::Picked(says, pick) = round.stage else { return true };
                let over = now.saturating_sub(pick.beacon) >= OPEN_WITHIN;
                let Some(failure) = Self::decided(round, over) else { return true };
                decided.push((says.epoch, round.tally(), failure));
                false
            });
            for (epoch, tally, failure) in decided {
                Self::close_round(id, book, epoch, tally, failure, now);
            }
            for round in &mut book.rounds {
                if let Stage::Fixed(says, beacon) = round.stage {
                    let place = Self::picked(&says, value);
                    let pick = Pick { beacon, value, source, place };
                    round.stage = Stage::Picked(says, pick);
                    Self::deposit_event(Event::BlockPicked { link: id, says, pick });
                }
            }
        })
    }

    /// Whether a round is decided, and the failure if it is one.
    fn decided(round: &Round, over: bool) -> Option<Option<AuditFailure>> {
        let tally = round.tally();
        if tally.is_most(tally.failed) {
            let found = round.found().map_or(AuditFailure::Unheard, AuditFailure::Found);
            Some(Some(found))
        } else if tally.is_most(tally.passed) {
            Some(None)
        } else if !over {
            None
        } else if tally.is_most(tally.failed.saturating_add(tally.silent)) {
            Some(Some(AuditFailure::Unheard))
        } else {
            Some(None)
        }
    }

    fn close_round(
        link: LinkId,
        book: &mut LinkBook,
        epoch: AuditEpoch,
        Tally { passed, failed, silent }: Tally,
        failure: Option<AuditFailure>,
        now: EpochIndex,
    ) {
        Self::deposit_event(Event::LinkAudited { link, epoch, passed, failed, silent, failure });
        match failure {
            Some(why) => Self::fail_link(link, book, why, Some(epoch), now),
            None if book.pass() => Self::deposit_event(Event::LinkReopened { link, epoch }),
            None => {}
        }
    }

    fn fail_link(
        link: LinkId,
        book: &mut LinkBook,
        why: AuditFailure,
        epoch: Option<AuditEpoch>,
        now: EpochIndex,
    ) {
        book.fail(why, epoch, now);
        let needed = book.closed.map_or(0, |closure| closure.needed);
        Self::deposit_event(Event::LinkClosed { link, why, epoch, needed });
    }
}
