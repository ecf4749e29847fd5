//! Audits that cannot be made, in the books.
//!
//! - An end that lost what it kept of the block picked, or that spent key of it, cannot open it. The
//!   epoch *fails* then, at both ends: the keys of all its blocks are wasted, as none may be
//!   delivered unaudited, and the next epoch goes on. Tag keys do not wait, and stay.
//! - Epochs that failed are written down, and told to whoever asks.

use std::collections::BTreeSet;

use codec::Encode;

use super::{
    Books, Direction, Pool, Rejection,
    audits::Picked,
    books::{FAILED, PADDED, decode},
    error::{BookError, NoAudit},
    ledger::Place,
    record::{CONFIGURED, Made},
};
use crate::{
    audit::Challenge,
    records::{EPOCH, Hash},
};

/// Epochs that failed of which the numbers are kept, the latest ones.
pub const FAILURES: usize = 64;

impl Books<'_> {
    /// Takes the challenge that the other end has picked by, in place of another one of this end.
    ///
    /// # Errors
    ///
    /// [`NoAudit`], and nothing has changed.
    pub fn adopt(
        &mut self,
        epoch: u64,
        root: &Hash,
        challenge: &Challenge,
    ) -> Result<Picked, BookError> {
        let auditing = self.next_audit(epoch)?;
        match auditing.picked {
            Some(before) if before.root == *root && before.challenge == *challenge => Ok(before),
            _ => self.put_pick(auditing, root, challenge),
        }
    }

    /// Why the block that was picked cannot be opened here; none if it can.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn unopenable(&self, picked: &Picked) -> Result<Option<NoAudit>, BookError> {
        let Some(block) = picked.block else { return Ok(None) };
        let drawn = self.keys()?.iter().any(|(_, key)| key.range.block == block);
        if drawn || self.padded()?.contains(&block) {
            return Ok(Some(NoAudit::Delivered(block)));
        }
        match self.opening(block) {
            Ok(_) => Ok(None),
            Err(BookError::Rejected(Rejection::Audit(why))) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }

    /// The next epoch cannot be audited: the keys of its blocks are wasted. Nothing changes if the epoch
    /// is over.
    ///
    /// # Errors
    ///
    /// [`NoAudit`], and nothing has changed.
    pub fn fail_epoch(&mut self, epoch: u64) -> Result<(), BookError> {
        let auditing = self.auditing()?.ok_or(NoAudit::Off)?;
        if auditing.epoch == epoch.saturating_add(1) {
            return Ok(());
        }
        let auditing = self.next_audit(epoch)?;
        if self.epoch_root(epoch)?.is_none() {
            return Err(NoAudit::Early.into());
        }
        let size = usize::try_from(EPOCH).unwrap_or(usize::MAX);
        let records = self.records(epoch.saturating_mul(EPOCH), size)?;
        let blocks: BTreeSet<u64> = records.iter().map(|signed| signed.record.block).collect();
        for direction in [Direction::AliceToBob, Direction::BobToAlice] {
            let pool = Pool::Keys(direction);
            for range in self.tables.free.list(pool)? {
                let number = range.block;
                if number < CONFIGURED
                    && blocks.contains(&number)
                    && self.block(number)?.is_some_and(|block| block.made == Made::Link)
                {
                    self.tables.free.take(pool, range)?;
                    self.discard(range, Place::Wasted)?;
                }
            }
        }
        let mut failed = self.failed_epochs()?;
        failed.push(epoch);
        let old = failed.len().saturating_sub(FAILURES);
        self.tables.meta.insert(FAILED, failed.split_off(old).encode());
        self.pass_epoch(auditing, blocks.last().copied().unwrap_or(0))
    }

    /// The latest epochs that failed.
    ///
    /// # Errors
    ///
    /// [`BookError::Damaged`].
    pub fn failed_epochs(&self) -> Result<Vec<u64>, BookError> {
        self.tables.meta.get(FAILED)?.map_or(Ok(Vec::new()), |row| decode(&row, "failed epochs"))
    }

    /// Blocks that are not released yet and of which pads were spent.
    fn padded(&self) -> Result<Vec<u64>, BookError> {
        self.tables.meta.get(PADDED)?.map_or(Ok(Vec::new()), |row| decode(&row, "padded blocks"))
    }

    /// A pad of a block was spent: while it is not released, it is not opened.
    pub(super) fn note_pad(&mut self, block: u64) -> Result<(), BookError> {
        let Some(auditing) = self.auditing()? else { return Ok(()) };
        let mut padded = self.padded()?;
        if block > auditing.released && block < CONFIGURED && !padded.contains(&block) {
            padded.retain(|padded| *padded > auditing.released);
            padded.push(block);
            self.tables.meta.insert(PADDED, padded.encode());
        }
        Ok(())
    }
}
