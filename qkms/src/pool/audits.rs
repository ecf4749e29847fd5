//! Audits by sacrifice in the books: which blocks wait, what is kept of them, and how one is opened.
//!
//! - Blocks of a link wait from their birth until their epoch is closed: nothing is drawn from them for
//!   SAEs. Tags of classical messages may be paid out of them at once, as such a key is of no use to
//!   anybody once its message has been accepted.
//! - A challenge picks for the epoch that is next, when its last record is there, once.
//! - With the close of an epoch what is left of the block picked is *sacrificed*, all that was kept of
//!   the epoch's blocks is wiped, and the others' keys can be drawn. An epoch whose block cannot be
//!   opened [fails](super::failing).
//! - Block numbers rise with those of records, so that two numbers say it all: see [`Auditing`].

use codec::{Decode, Encode};
use redb::ReadableTable;

use super::{
    Books, Direction, Pool,
    books::{AUDITING, decode},
    error::{BookError, NoAudit},
    ledger::Place,
    record::{BlockRecord, CONFIGURED, Made},
};
use crate::{
    audit::{Challenge, Opening, picked},
    records::{Chain, EPOCH, Hash, Signed},
};

/// Epochs of which the blocks may wait at once: one that is whole, and the next.
pub const WAITING_EPOCHS: u64 = 2;
/// Files of audits that are kept, the latest ones.
pub const FILES: u64 = 4;

/// Where the audits of a link stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Auditing {
    /// The next epoch to be picked from and closed.
    pub epoch: u64,
    /// Blocks up to this one do not wait.
    pub released: u64,
    /// What that epoch's challenge picked.
    pub picked: Option<Picked>,
}

/// What a challenge picked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Picked {
    /// The epoch.
    pub epoch: u64,
    /// The root of its records.
    pub root: Hash,
    /// The challenge.
    pub challenge: Challenge,
    /// The block; none if no block of the epoch gave a key.
    pub block: Option<u64>,
    /// The last block of the epoch.
    pub last: u64,
}

impl Books<'_> {
    /// Where the audits stand; none if the link is not audited.
    ///
    /// # Errors
    ///
    /// [`BookError::Damaged`].
    pub fn auditing(&self) -> Result<Option<Auditing>, BookError> {
        self.tables.meta.get(AUDITING)?.map(|row| decode(&row, "audits")).transpose()
    }

    fn put_auditing(&mut self, auditing: &Auditing) {
        self.tables.meta.insert(AUDITING, auditing.encode());
    }

    /// Begins audits with epoch `epoch`, or with the next that has no record yet; nothing changes if
    /// they have begun.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn begin_audits(
        &mut self,
        chain: &Chain,
        epoch: Option<u64>,
    ) -> Result<Auditing, BookError> {
        if let Some(auditing) = self.auditing()? {
            return Ok(auditing);
        }
        let next = self.standing(chain)?.next;
        let epoch = epoch.unwrap_or_else(|| next.div_ceil(EPOCH));
        // Blocks of that epoch wait, also where this end has their records already.
        let released = match self.records.range(..epoch.saturating_mul(EPOCH))?.next_back() {
            Some(row) => decode::<Signed>(row?.1.value(), "record")?.record.block,
            None => 0,
        };
        let auditing = Auditing { epoch, released, picked: None };
        self.put_auditing(&auditing);
        Ok(auditing)
    }

    /// Ends audits: no block waits any more, and what was kept of them is wiped.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn end_audits(&mut self) -> Result<(), BookError> {
        if self.auditing()?.is_some() {
            self.tables.meta.remove(AUDITING)?;
            self.wipe_openings(u64::MAX)?;
        }
        Ok(())
    }

    /// Blocks above this one wait; none if the link is not audited.
    pub(super) fn waits_above(&self) -> Result<Option<u64>, BookError> {
        Ok(self.auditing()?.map(|auditing| auditing.released))
    }

    /// Whether the peer may not draw from a block yet: it waits, and nothing has picked from its epoch
    /// here; or it is the one picked.
    pub(super) fn is_withheld(&self, number: u64) -> Result<bool, BookError> {
        let Some(auditing) = self.auditing()? else { return Ok(false) };
        let waits = match self.block(number)? {
            Some(record) => waits(Some(auditing.released), number, &record),
            None => false,
        };
        let spared = |picked: Picked| number <= picked.last && picked.block != Some(number);
        Ok(waits && !auditing.picked.is_some_and(spared))
    }

    /// Whether as many blocks wait as may: no other is begun.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn is_held(&self) -> Result<bool, BookError> {
        let Some(auditing) = self.auditing()? else { return Ok(false) };
        let next = self.records.last()?.map_or(0, |(number, _)| number.value().saturating_add(1));
        Ok(next >= auditing.epoch.saturating_add(WAITING_EPOCHS).saturating_mul(EPOCH))
    }

    /// Before the first audited epoch records release their blocks at once.
    pub(super) fn release_early(&mut self, epoch: u64, block: u64) -> Result<(), BookError> {
        if let Some(auditing) = self.auditing()?.filter(|auditing| epoch < auditing.epoch) {
            let released = auditing.released.max(block);
            self.put_auditing(&Auditing { released, ..auditing });
            self.wipe_openings(released)?;
        }
        Ok(())
    }

    /// Keeps what the opening of a block takes, if the link is audited.
    ///
    /// # Errors
    ///
    /// [`NoAudit::Kept`].
    pub fn keep_opening(&mut self, block: u64, opening: &Opening) -> Result<(), BookError> {
        if self.auditing()?.is_none() {
            return Ok(());
        }
        let bytes = zeroize::Zeroizing::new(opening.encode());
        match self.read_opening(block)? {
            Some(kept) if kept == bytes => Ok(()),
            Some(_) => Err(NoAudit::Kept(block).into()),
            None => self.put_opening(block, &bytes),
        }
    }

    /// Before a record is signed: what the opening of its block takes is kept, if the link is audited,
    /// now or already.
    ///
    /// # Errors
    ///
    /// [`NoAudit::Lost`] or [`NoAudit::Kept`].
    pub fn assure_opening(
        &mut self,
        block: u64,
        opening: Option<&Opening>,
    ) -> Result<(), BookError> {
        match opening {
            Some(opening) => self.keep_opening(block, opening),
            None if self.auditing()?.is_some() => self.opening(block).map(|_| ()),
            None => Ok(()),
        }
    }

    /// What is kept of a block.
    ///
    /// # Errors
    ///
    /// [`NoAudit::Lost`].
    pub fn opening(&self, block: u64) -> Result<Opening, BookError> {
        match self.read_opening(block)? {
            Some(bytes) => decode(&bytes, "opening"),
            None => Err(NoAudit::Lost(block).into()),
        }
    }

    /// A challenge picks a block of the next epoch. The same one may come again. Whether the block can be
    /// opened is [another matter](Self::unopenable).
    ///
    /// # Errors
    ///
    /// [`NoAudit`], and nothing has changed.
    pub fn pick(
        &mut self,
        epoch: u64,
        root: &Hash,
        challenge: &Challenge,
    ) -> Result<Picked, BookError> {
        let auditing = self.next_audit(epoch)?;
        match auditing.picked {
            Some(before) if before.root == *root && before.challenge == *challenge => Ok(before),
            Some(_) => Err(NoAudit::Second.into()),
            None => self.put_pick(auditing, root, challenge),
        }
    }

    /// Where the audits stand, if that epoch is the next.
    pub(super) fn next_audit(&self, epoch: u64) -> Result<Auditing, BookError> {
        let auditing = self.auditing()?.ok_or(NoAudit::Off)?;
        if epoch == auditing.epoch {
            Ok(auditing)
        } else {
            Err(NoAudit::Epoch(auditing.epoch).into())
        }
    }

    pub(super) fn put_pick(
        &mut self,
        auditing: Auditing,
        root: &Hash,
        challenge: &Challenge,
    ) -> Result<Picked, BookError> {
        let epoch = auditing.epoch;
        let Some(fixed) = self.epoch_root(epoch)? else { return Err(NoAudit::Early.into()) };
        if fixed != *root {
            return Err(NoAudit::Root.into());
        }
        let size = usize::try_from(EPOCH).unwrap_or(usize::MAX);
        let records = self.records(epoch.saturating_mul(EPOCH), size)?;
        let block = picked(challenge, root, &records).map(|record| record.block);
        let last = records.last().map_or(0, |signed| signed.record.block);
        let picked = Picked { epoch, root: *root, challenge: *challenge, block, last };
        self.put_auditing(&Auditing { picked: Some(picked), ..auditing });
        Ok(picked)
    }

    /// Refuses while a run of post-processing holds tag keys of a block that was picked.
    ///
    /// # Errors
    ///
    /// [`NoAudit::InUse`].
    pub fn unused(&self, picked: &Picked) -> Result<(), BookError> {
        let lease = self.lease()?.unwrap_or_default();
        let mut held = [Direction::AliceToBob, Direction::BobToAlice]
            .into_iter()
            .flat_map(|direction| &lease.purse(direction).ranges);
        match picked.block {
            Some(block) if held.any(|range| range.block == block) => {
                Err(NoAudit::InUse(block).into())
            }
            _ => Ok(()),
        }
    }

    /// Closes the epoch that a challenge has picked from; nothing changes if it is closed. At Alice's
    /// end `file` is what others get.
    ///
    /// # Errors
    ///
    /// [`NoAudit`], and nothing has changed.
    pub fn close_epoch(&mut self, epoch: u64, file: Option<&[u8]>) -> Result<(), BookError> {
        let auditing = self.auditing()?.ok_or(NoAudit::Off)?;
        if auditing.epoch == epoch.saturating_add(1) {
            return Ok(());
        }
        let Some(picked) = auditing.picked.filter(|picked| picked.epoch == epoch) else {
            return Err(NoAudit::Epoch(auditing.epoch).into());
        };
        self.unused(&picked)?;
        for pool in Pool::ALL {
            let ranges = self.tables.free.list(pool)?;
            for range in ranges.into_iter().filter(|range| Some(range.block) == picked.block) {
                self.tables.free.take(pool, range)?;
                self.discard(range, Place::Sacrificed)?;
            }
        }
        if let Some(file) = file {
            self.changed = true;
            self.audits.insert(epoch, file)?;
            self.audits.retain_in(..epoch.saturating_sub(FILES - 1), |_, _| false)?;
        }
        self.pass_epoch(auditing, picked.last)
    }

    /// The next epoch is over, of which `last` is the last block: none of its blocks waits any more, and
    /// what was kept of them is wiped.
    pub(super) fn pass_epoch(&mut self, auditing: Auditing, last: u64) -> Result<(), BookError> {
        self.wipe_openings(last)?;
        let next = Auditing {
            epoch: auditing.epoch.saturating_add(1),
            released: auditing.released.max(last),
            picked: None,
        };
        self.put_auditing(&next);
        Ok(())
    }

    /// The file of an audit; none if there is none, or none any more.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn audit_file(&self, epoch: u64) -> Result<Option<Vec<u8>>, BookError> {
        Ok(self.audits.get(epoch)?.map(|row| row.value().to_vec()))
    }

    /// Something is kept of each block that may be picked yet, of which these are the numbers, and of no
    /// block that was released.
    pub(super) fn audit_openings(&self, keyed: &[(u64, u64)]) -> Result<(), BookError> {
        let openings = self.openings()?;
        let Some(auditing) = self.auditing()? else {
            let none = openings.is_empty();
            return if none { Ok(()) } else { Err(BookError::Damaged("openings without audits")) };
        };
        let lacks = |(epoch, block): &(u64, u64)| {
            *epoch >= auditing.epoch && openings.binary_search(block).is_err()
        };
        if keyed.iter().any(lacks) {
            return Err(BookError::Damaged("a block that may be picked cannot be opened"));
        }
        match openings.first() {
            Some(first) if *first <= auditing.released => {
                Err(BookError::Damaged("openings of blocks that were released"))
            }
            _ => Ok(()),
        }
    }

    /// Where bits go that the other end does not hold free: those of a block that was picked are
    /// sacrificed.
    pub(super) fn place_of_lost(&self, number: u64, old: bool) -> Result<Place, BookError> {
        let picked = self.auditing()?.and_then(|auditing| auditing.picked);
        Ok(match picked.and_then(|picked| picked.block) {
            Some(block) if block == number => Place::Sacrificed,
            _ if old => Place::Expired,
            _ => Place::Wasted,
        })
    }
}

/// Whether a block waits, if those above `above` do.
pub(super) fn waits(above: Option<u64>, number: u64, record: &BlockRecord) -> bool {
    above.is_some_and(|above| number > above) && number < CONFIGURED && record.made == Made::Link
}
