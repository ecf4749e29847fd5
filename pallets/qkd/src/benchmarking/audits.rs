//! Books of audits, as the benchmarks find them.

use super::setup::{fund, member, operator, put_site};
use crate::{
    audits::types::{LinkBook, Post, Round, Stage},
    *,
};
use alloc::vec::Vec;
use frame_support::BoundedVec;
use qedex_primitives::{
    BeaconSource, OwnerId,
    audits::{
        AuditEpoch, AuditOutcome, AuditWork, MAX_AUDITED_LINKS, MAX_VOICES, OPEN_WITHIN, Pick,
        RootPost, Statement, VerdictPost,
    },
    beacon::EpochPart,
    keys::LinkTerms,
    qkd::{BitsPerSecond, LinkId, SiteId, WorkerSignature},
};
use sp_core::H256;
use sp_io::crypto;
use sp_runtime::{DispatchError, traits::Convert};

/// In which epoch of the beacon the benchmarks are.
pub(super) const EPOCH: u64 = 10;

/// The most that is said at once: a root and a verdict of each link.
pub(super) const MOST_SAID: u32 = MAX_AUDITED_LINKS.saturating_mul(2);

fn says(epoch: u64) -> Statement {
    Statement { epoch: AuditEpoch(epoch), root: H256::repeat_byte(1), keyed: 64 }
}

/// So many owners, of whom `first` is one, have posted at each end.
fn posts(
    sites: [SiteId; 2],
    says: Statement,
    most: u32,
    verdict: Option<AuditOutcome>,
) -> Vec<Post> {
    let at = |site: SiteId, end: u8| {
        (0..most).map(move |number| {
            let mut owner = [end; 32];
            if let [first, second, ..] = &mut owner {
                [*first, *second] = u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
            }
            Post { owner: OwnerId(owner), site, says, verdict }
        })
    };
    let [here, there] = sites;
    at(here, 1).chain(at(there, 2)).collect()
}

/// A book in which a block is picked and all but one have given their verdict, and all but one have posted the
/// next root.
pub(super) fn full_book<T: Config>(sites: [SiteId; 2], voter: Option<OwnerId>) -> LinkBook {
    let value = H256::repeat_byte(2);
    let picked = says(1);
    let pick = Pick {
        beacon: EPOCH.saturating_sub(OPEN_WITHIN),
        value,
        source: BeaconSource::Keys,
        place: Pallet::<T>::picked(&picked, value),
    };
    let mut voices = posts(sites, picked, MAX_VOICES, Some(AuditOutcome::Passed));
    if let (Some(owner), Some(post)) = (voter, voices.first_mut()) {
        post.owner = owner;
        post.verdict = None;
    }
    let mut next = posts(sites, says(2), MAX_VOICES, None);
    if voter.is_some() {
        next.remove(0);
    }
    let round =
        |stage, posts| Round { opened: EPOCH, posts: BoundedVec::truncate_from(posts), stage };
    let rounds = [round(Stage::Picked(picked, pick), voices), round(Stage::Posting, next)];
    LinkBook {
        rounds: BoundedVec::truncate_from(rounds.to_vec()),
        last: Some(AuditEpoch(1)),
        voices: [MAX_VOICES, MAX_VOICES],
        ..LinkBook::default()
    }
}

fn put_link<T: Config>(
    operator: &T::AccountId,
    sites: [SiteId; 2],
) -> Result<LinkId, DispatchError> {
    let [own, other] = sites;
    Pallet::<T>::do_register_link(operator.clone(), own, other, BitsPerSecond(u64::MAX))?;
    let link = LinkId(NextLink::<T>::get().saturating_sub(1));
    let terms = LinkTerms { most_keys_per_epoch: 1, most_qber_ppm: 110_000 };
    Pallet::<T>::do_admit_link(link, terms)?;
    Ok(link)
}

/// So many links with full books, between a site and others.
pub(super) fn put_books<T: Config>(n: u32) -> Result<Vec<LinkId>, DispatchError> {
    let operator = operator::<T>("links");
    let mut all = Vec::new();
    for _ in 0..n {
        fund::<T>(&operator);
        let sites = [put_site::<T>(&operator)?, put_site::<T>(&operator)?];
        let link = put_link::<T>(&operator, sites)?;
        AuditBooks::<T>::insert(link, full_book::<T>(sites, None));
        all.push(link);
    }
    super::epochs::put_epoch::<T>(EPOCH, EpochPart::Reveal);
    Ok(all)
}

/// Work with `n` things to say, of as many links as there can be.
pub(super) fn to_audit<T: Config>(n: u32) -> Result<(T::AccountId, Call<T>), DispatchError> {
    let (who, worker) = member::<T>("who", 0, None)?;
    let speaker = Pallet::<T>::speaker(&who).map_err(|_| DispatchError::Other("no speaker"))?;
    let operator = operator::<T>("operator");
    let mut work = AuditWork::default();
    let (mut roots, mut verdicts) = (Vec::new(), Vec::new());
    for number in 0..n.min(MAX_AUDITED_LINKS) {
        fund::<T>(&operator);
        let sites = [speaker.site, put_site::<T>(&operator)?];
        let link = put_link::<T>(&operator, sites)?;
        AuditBooks::<T>::insert(link, full_book::<T>(sites, Some(speaker.owner)));
        roots.push(RootPost { link, says: says(2) });
        if number.saturating_add(MAX_AUDITED_LINKS) < n {
            let place = Pallet::<T>::picked(&says(1), H256::repeat_byte(2));
            let outcome = AuditOutcome::Passed;
            verdicts.push(VerdictPost { link, epoch: AuditEpoch(1), place, outcome });
        }
    }
    work.roots = BoundedVec::truncate_from(roots);
    work.verdicts = BoundedVec::truncate_from(verdicts);
    super::epochs::put_epoch::<T>(EPOCH, EpochPart::Commit);
    let bytes = T::AccountBytes::convert(who.clone());
    let signed = work.signing_bytes(Pallet::<T>::genesis(), &bytes, EPOCH);
    let signature = crypto::sr25519_sign(WORKER_KEYS, &worker.0, &signed).unwrap_or_default();
    let signature = WorkerSignature(signature);
    Ok((who.clone(), Call::bring_audits { who, epoch: EPOCH, work, signature }))
}

/// Whether the owner of `who` has posted in the last round of a link.
pub(super) fn has_posted<T: Config>(who: &T::AccountId, link: LinkId) -> bool {
    let Ok(speaker) = Pallet::<T>::speaker(who) else { return false };
    let book = AuditBooks::<T>::get(link).unwrap_or_default();
    book.rounds.last().is_some_and(|round| round.post_of(&speaker.owner).is_some())
}

/// Whether the one round of a link that was picked from is over, and its audit has passed.
pub(super) fn has_passed<T: Config>(link: LinkId) -> bool {
    AuditBooks::<T>::get(link).is_some_and(|book| (book.rounds.len(), book.passes) == (1, 1))
}
