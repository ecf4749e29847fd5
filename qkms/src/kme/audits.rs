//! Audits by sacrifice: from a challenge to the file of the opened block.
//!
//! Alice's end leads. Each step is durable before the next begins, and can be done again:
//!
//! 1. A [challenge] is taken for the next epoch when both ends have the same root of it, and
//!    picks a block: first at Bob's end, which keeps the [first](Ask::Pick) one that comes and says
//!    whether it can open the block. The keys of the epoch wait on.
//! 2. Between two runs of post-processing Bob's end is asked to [open](Ask::Open) the block. It computes
//!    the pick itself, keeps it, and tells what it holds of the block.
//! 3. Alice's end writes the file and closes the epoch: what is left of the block is sacrificed, the
//!    others' keys can be drawn, and what was kept of all of them is wiped.
//! 4. Bob's end [closes](Ask::Close) it as well. If it does not hear of that, it does when the two meet.
//!
//! If either end cannot open the block, the epoch [fails](crate::pool::failing) at both in place of steps
//! 2 to 4: its keys are wasted.

use std::{sync::Arc, time::Duration};

use codec::{DecodeAll, Encode};
use zeroize::Zeroizing;

use super::{
    line::NoAnswer,
    link::Link,
    wire::{Ask, Choice, Open, Opened, Pose, Reply, Why},
};
use crate::{
    audit::{AuditFile, Challenge, Opening},
    pool::{
        BookError, Books, End, NoAudit, Rejection, StoreError,
        audits::{Auditing, Picked},
    },
    records::{EPOCH, Hash},
};

/// Bytes of an opening that one message carries at most.
const PART: usize = 4 << 20;
/// Bytes of an opening at most: more than 2^24 detections take.
const MAX_OPENING: u64 = 1 << 29;
/// The pause after an audit that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a challenge is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untaken {
    /// Challenges are taken at the other end.
    #[error("challenges are taken at Alice's end of the link")]
    End,
    /// The peer cannot say whether it has the same root.
    #[error(transparent)]
    Peer(#[from] NoAnswer),
    /// The peer has another root, or none yet.
    #[error("the two ends do not have the same root of the epoch yet")]
    Unfixed,
    /// The books refuse it, or cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a challenge for an epoch of that root, and says what it picked. The audit follows by itself.
///
/// # Errors
///
/// [`Untaken`], and nothing was picked.
pub async fn challenge(
    link: &Arc<Link>,
    epoch: u64,
    root: Hash,
    challenge: Challenge,
) -> Result<Picked, Untaken> {
    if link.end != End::Alice {
        return Err(Untaken::End);
    }
    // Refused by name here before the peer is asked.
    let look = move |books: &mut Books<'_>| {
        let auditing = books.auditing()?.ok_or(NoAudit::Off)?;
        if auditing.epoch != epoch {
            return Err(NoAudit::Epoch(auditing.epoch).into());
        }
        if auditing.picked.is_some_and(|picked| picked.challenge != challenge) {
            return Err(NoAudit::Second.into());
        }
        books.epoch_root(epoch)?.ok_or_else(|| BookError::from(NoAudit::Early))
    };
    let own = link.store.run(look).await?;
    match link.line.ask(Ask::Root(epoch)).await? {
        Reply::Root(Some(theirs)) if theirs == root && own == root => {}
        Reply::Root(_) => return Err(Untaken::Unfixed),
        _ => return Err(NoAnswer::Wrong.into()),
    }
    let (picked, _) = meet(link, Pose { epoch, root, challenge }).await?;
    tracing::info!(peer = %link.peer, epoch, block = ?picked.block, "a block is picked for an audit");
    link.picked.notify_one();
    if picked.challenge == challenge {
        Ok(picked)
    } else {
        // An earlier one has picked at Bob's end, and this end had lost it.
        Err(StoreError::from(Rejection::from(NoAudit::Second)).into())
    }
}

/// Has Bob's end pick, and takes the challenge by which it did: it keeps the first. Says whether both
/// ends can open the block.
async fn meet(link: &Arc<Link>, posed: Pose) -> Result<(Picked, bool), Untaken> {
    let Reply::Picked(Choice { challenge, opens }) = link.line.ask(Ask::Pick(posed)).await? else {
        return Err(NoAnswer::Wrong.into());
    };
    let Pose { epoch, root, .. } = posed;
    let adopt = move |books: &mut Books<'_>| {
        let picked = books.adopt(epoch, &root, &challenge)?;
        Ok((picked, is_openable(books, &picked)?))
    };
    let (picked, openable) = link.store.run(adopt).await?;
    Ok((picked, opens && openable))
}

fn is_openable(books: &Books<'_>, picked: &Picked) -> Result<bool, BookError> {
    let why = books.unopenable(picked)?;
    if let Some(why) = why {
        tracing::error!(epoch = picked.epoch, %why, "the block that is picked cannot be opened");
    }
    Ok(why.is_none())
}

/// Bob's end answers [`Ask::Pick`].
pub(super) fn choose(books: &mut Books<'_>, posed: &Pose) -> Result<Choice, BookError> {
    let Pose { epoch, root, challenge } = posed;
    let before = books.auditing()?.and_then(|auditing| auditing.picked);
    let picked = match before.filter(|picked| picked.epoch == *epoch && picked.root == *root) {
        Some(before) => before,
        None => books.pick(*epoch, root, challenge)?,
    };
    Ok(Choice { challenge: picked.challenge, opens: is_openable(books, &picked)? })
}

/// An epoch fails, at either end.
pub(super) fn give_up(books: &mut Books<'_>, epoch: u64) -> Result<(), BookError> {
    books.fail_epoch(epoch)?;
    tracing::error!(epoch, "the audit of an epoch failed: the keys of its blocks are wasted");
    Ok(())
}

/// Makes the audits of a link whose Alice this is, for ever.
pub(super) async fn watch(link: Arc<Link>) {
    let mut ready = link.line.ready();
    loop {
        if ready.wait_for(|ready| *ready).await.is_err() {
            return;
        }
        match settle(&link).await {
            Ok(()) => link.picked.notified().await,
            Err(error) => {
                tracing::warn!(peer = %link.peer, %error, "an audit has to wait");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Makes the audit of the block that is picked, if one is.
pub(super) async fn settle(link: &Arc<Link>) -> Result<(), Untaken> {
    // Between two runs: none holds tag keys of the block here.
    let _quiet = link.run.lock().await;
    let auditing = link.store.run(|books| books.auditing()).await?;
    let Some(picked) = auditing.and_then(|auditing| auditing.picked) else { return Ok(()) };
    let Picked { epoch, root, challenge, .. } = picked;
    let (picked, opens) = meet(link, Pose { epoch, root, challenge }).await?;
    let told = if opens {
        let theirs = collect(link, &picked).await?;
        close(link, picked, theirs).await?;
        link.line.done(Ask::Close(epoch)).await
    } else {
        link.store.run(move |books| give_up(books, epoch)).await?;
        link.line.done(Ask::Fail(epoch)).await
    };
    if told.is_err() {
        // Whether Bob's end has heard of it is unknown: they agree anew on a new connection.
        link.line.hang_up();
    }
    Ok(told?)
}

/// What Bob's end holds of the block that is picked; nothing if no block is.
pub(super) async fn collect(link: &Arc<Link>, picked: &Picked) -> Result<Opening, Untaken> {
    let Picked { epoch, root, challenge, .. } = *picked;
    let mut bytes = Zeroizing::new(Vec::new());
    loop {
        let offset = bytes.len() as u64;
        let open = Open { epoch, root, challenge, offset };
        let Reply::Opened(opened) = link.line.ask(Ask::Open(open)).await? else {
            return Err(NoAnswer::Wrong.into());
        };
        let Opened { total, part } = &opened;
        bytes.extend_from_slice(part);
        let so_far = bytes.len() as u64;
        if so_far > *total || *total > MAX_OPENING || (part.is_empty() && so_far < *total) {
            return Err(NoAnswer::Wrong.into());
        }
        if so_far == *total {
            break;
        }
    }
    let opening = Opening::decode_all(&mut bytes.as_slice());
    Ok(opening.map_err(|_| NoAnswer::Wrong)?)
}

/// Writes the file and closes the epoch at Alice's end.
pub(super) async fn close(
    link: &Arc<Link>,
    picked: Picked,
    theirs: Opening,
) -> Result<(), StoreError> {
    let owner = Arc::clone(link);
    let work = move |books: &mut Books<'_>| {
        // A lease that no run holds any more.
        books.recover_lease()?;
        let file = match picked.block {
            Some(block) => Some(file(&owner, books, &picked, block, theirs)?.to_bytes()),
            None => None,
        };
        books.close_epoch(picked.epoch, file.as_deref())
    };
    link.store.run(work).await
}

fn file(
    link: &Link,
    books: &Books<'_>,
    picked: &Picked,
    block: u64,
    mut theirs: Opening,
) -> Result<AuditFile, BookError> {
    let keys = link.notary.known_keys(books)?;
    let size = usize::try_from(EPOCH).unwrap_or(usize::MAX);
    let records = books.records(picked.epoch.saturating_mul(EPOCH), size)?;
    let mut own = books.opening(block)?;
    let chain = link.notary.chain();
    Ok(AuditFile {
        alice: chain.alice.clone(),
        bob: chain.bob.clone(),
        alice_key: keys.alice,
        bob_key: keys.bob,
        records,
        challenge: picked.challenge,
        block,
        alice_raw: std::mem::take(&mut own.raw),
        bob_raw: std::mem::take(&mut theirs.raw),
        messages: std::mem::take(&mut own.messages),
        key_at_alice: std::mem::take(&mut own.key),
        key_at_bob: std::mem::take(&mut theirs.key),
    })
}

/// Bob's end answers [`Ask::Open`].
pub(super) fn open(books: &mut Books<'_>, asked: &Open) -> Result<Opened, BookError> {
    let Open { epoch, root, challenge, offset } = asked;
    let picked = books.pick(*epoch, root, challenge)?;
    books.unused(&picked)?;
    if let Some(why) = books.unopenable(&picked)? {
        return Err(why.into());
    }
    let opening = match picked.block {
        Some(block) => books.opening(block)?,
        None => Opening::default(),
    };
    let bytes = Zeroizing::new(opening.encode());
    let from = usize::try_from(*offset).unwrap_or(usize::MAX).min(bytes.len());
    let to = from.saturating_add(PART).min(bytes.len());
    let part = bytes.get(from..to).unwrap_or_default().to_vec();
    Ok(Opened { total: bytes.len() as u64, part })
}

/// The ends meet: they are at the same epoch, or Bob's has not heard that the last one is closed, or
/// failed. At Alice's end, with the epochs of both.
pub(super) async fn agree(
    link: &Arc<Link>,
    own: Option<u64>,
    theirs: Option<u64>,
) -> Result<(), NoAnswer> {
    match (own, theirs) {
        (own, theirs) if own == theirs => Ok(()),
        (Some(own), Some(theirs)) if own == theirs.saturating_add(1) => {
            let failed = link.store.run(|books| books.failed_epochs()).await;
            let failed = failed.map_err(|_| NoAnswer::Down)?.contains(&theirs);
            link.line.done(if failed { Ask::Fail(theirs) } else { Ask::Close(theirs) }).await
        }
        _ => {
            tracing::error!(peer = %link.peer, ?own, ?theirs, "the audits do not agree");
            Err(NoAnswer::Refused(Why::Audit))
        }
    }
}

/// What is told of a link's audits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Where they stand.
    pub auditing: Auditing,
    /// The root of the next epoch, if it is whole: it waits for a challenge, or has one.
    pub root: Option<Hash>,
    /// The latest epochs that failed: no block of them could be opened, and their keys were wasted.
    pub failed: Vec<u64>,
}

/// Where the audits of a link stand; none if it is not audited.
///
/// # Errors
///
/// [`BookError::Database`] or [`BookError::Damaged`].
pub fn stand(books: &Books<'_>) -> Result<Option<Stand>, BookError> {
    let Some(auditing) = books.auditing()? else { return Ok(None) };
    let (root, failed) = (books.epoch_root(auditing.epoch)?, books.failed_epochs()?);
    Ok(Some(Stand { auditing, root, failed }))
}
