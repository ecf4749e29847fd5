//! What must be true of the audits' storage after every block.

use super::types::{LinkBook, Round, Stage};
use crate::{AuditBooks, Config, CurrentEpoch, EpochValues, Links, MarketKeys, Pallet};
use alloc::collections::BTreeSet;
use frame_support::ensure;
use qedex_primitives::{
    EpochIndex,
    audits::{CLEAN_PASSES, MAX_STRIKES, OPEN_WITHIN, POST_WITHIN},
    beacon::EpochPart,
    qkd::SiteId,
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. Books are counted, and of links of the market that are on record.
    /// 2. In a round each owner has spoken once, at an end of the link. Roots are posted in the last one only,
    ///    and for no longer than that may take; there are verdicts only where a block was picked.
    /// 3. What is fixed has more than half of the voices of each end. Epochs rise, up to the last one.
    /// 4. What was fixed in an epoch of the beacon waits for its end; what was picked is what that epoch's value
    ///    picks, and is not older than verdicts may be.
    /// 5. A closed link has failed, and needs more audits that pass than have.
    pub(crate) fn try_audits() -> Result<(), TryRuntimeError> {
        let count = AuditBooks::<T>::iter_keys().count();
        ensure!(count == AuditBooks::<T>::count() as usize, "books of audits are not counted");
        let market = MarketKeys::<T>::get();
        let current = CurrentEpoch::<T>::get();
        for (id, book) in AuditBooks::<T>::iter() {
            let counted = market.links.iter().any(|entry| entry.link == id);
            ensure!(counted, "a link that is not the market's is audited");
            let sites = Links::<T>::get(id).ok_or("audits of no link")?.sites;
            let epoch = current.ok_or("an audit before there is a beacon")?;
            let mut last = None;
            for (at, round) in book.rounds.iter().enumerate() {
                let is_last = at.saturating_add(1) == book.rounds.len();
                Self::try_round(round, sites)?;
                let Some(says) = round.fixed() else {
                    ensure!(is_last, "roots are posted beside a later round");
                    let age = epoch.index.saturating_sub(round.opened);
                    ensure!(age <= POST_WITHIN, "roots are posted for too long");
                    continue;
                };
                ensure!(last.is_none_or(|last| last < says.epoch), "epochs do not rise");
                ensure!(Some(says.epoch) <= book.last, "a later epoch than the last");
                last = Some(says.epoch);
                Self::try_fixed(round, epoch.index, epoch.part)?;
            }
            Self::try_book(&book)?;
        }
        Ok(())
    }

    fn try_book(book: &LinkBook) -> Result<(), TryRuntimeError> {
        ensure!(book.strikes <= MAX_STRIKES && book.passes <= CLEAN_PASSES, "too much is counted");
        if let Some(closure) = book.closed {
            ensure!(book.strikes > 0, "a link is closed for nothing");
            ensure!(book.passes < closure.needed, "a link is closed for too long");
        }
        Ok(())
    }

    fn try_round(round: &Round, sites: [SiteId; 2]) -> Result<(), TryRuntimeError> {
        let owners: BTreeSet<_> = round.posts.iter().map(|post| post.owner).collect();
        ensure!(owners.len() == round.posts.len() && !owners.is_empty(), "an owner's second voice");
        let picked = matches!(round.stage, Stage::Picked(..));
        for post in &round.posts {
            ensure!(sites.contains(&post.site), "a voice from elsewhere");
            ensure!(picked || post.verdict.is_none(), "a verdict on nothing");
        }
        if let Some(says) = round.fixed() {
            let all = sites.iter().all(|site| round.voice(*site).says == Some(says));
            ensure!(all, "no majority has fixed this");
        }
        Ok(())
    }

    fn try_fixed(round: &Round, now: EpochIndex, part: EpochPart) -> Result<(), TryRuntimeError> {
        match round.stage {
            Stage::Posting => {}
            Stage::Fixed(_, beacon) => {
                ensure!(beacon == now && part == EpochPart::Reveal, "a root waits for no value");
            }
            Stage::Picked(says, pick) => {
                let age = now.saturating_sub(pick.beacon);
                ensure!((1..=OPEN_WITHIN).contains(&age), "a pick of another time");
                ensure!(pick.place == Self::picked(&says, pick.value), "another block is picked");
                if let Some(kept) = EpochValues::<T>::get(pick.beacon) {
                    let same = (kept.value, kept.source) == (pick.value, pick.source);
                    ensure!(same, "picked by another value");
                }
            }
        }
        Ok(())
    }
}
