//! Records of blocks, signed by both ends, and the key by which the peer signs them.
//!
//! The peer's key is the first one that it tells, for ever: whoever could change it could sign
//! other records. Records lie in a table of their own, outside of the journal, as block bytes do.

use codec::Encode;
use redb::ReadableTable;

use super::{
    Books,
    books::{NEXT_BLOCK, PEER_KEY, decode},
    error::{BookError, Rejection},
};
use crate::records::{Chain, EPOCH, Ending, Hash, Keys, PublicKey, Refused, Signed, Standing};

/// A record that was found to follow the last one; it has to be put before another is checked.
pub struct Following<'r>(&'r Signed);

impl Books<'_> {
    /// Where the chain of records stands.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn standing(&self, chain: &Chain) -> Result<Standing, BookError> {
        let Some((_, row)) = self.records.last()? else { return Ok(chain.start()) };
        let Signed { record, .. } = decode(row.value(), "record")?;
        let next = record.sequence.saturating_add(1);
        Ok(Standing { next, head: record.hash(), block: record.block })
    }

    /// At most `most` records from number `from` on.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn records(&self, from: u64, most: usize) -> Result<Vec<Signed>, BookError> {
        let rows = self.records.range(from..)?.take(most);
        rows.map(|row| decode(row?.1.value(), "record")).collect()
    }

    /// The Merkle root of an epoch; none until its last record is there.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn epoch_root(&self, epoch: u64) -> Result<Option<Hash>, BookError> {
        let Some(from) = epoch.checked_mul(EPOCH) else { return Ok(None) };
        let size = usize::try_from(EPOCH).unwrap_or(usize::MAX);
        let records = self.records(from, size)?;
        Ok((records.len() == size).then(|| Signed::root(&records)))
    }

    /// Checks that a record follows the last one.
    ///
    /// # Errors
    ///
    /// [`Rejection::Record`] says why it does not.
    pub fn follow<'r>(
        &self,
        chain: &Chain,
        signed: &'r Signed,
        keys: &Keys,
    ) -> Result<Following<'r>, BookError> {
        let standing = self.standing(chain)?;
        chain.follow(&standing, signed, keys).map_err(Rejection::Record)?;
        Ok(Following(signed))
    }

    /// Stores a record. Later blocks have higher numbers than its block has, also where the counter was
    /// restored from a backup.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn put_record(&mut self, Following(signed): Following<'_>) -> Result<(), BookError> {
        self.changed = true;
        let block = signed.record.block;
        if self.counter(NEXT_BLOCK)? < block {
            self.put_counter(NEXT_BLOCK, block)?;
        }
        self.records.insert(signed.record.sequence, signed.encode().as_slice())?;
        self.release_early(signed.record.epoch, block)
    }

    /// Stores records that the peer has kept for this end. Those that are there already are passed
    /// over; those before one that is refused stay.
    ///
    /// # Errors
    ///
    /// [`Rejection::Record`]: [`Refused::Fork`] for one that differs from the one that is there.
    pub fn take_records(
        &mut self,
        chain: &Chain,
        records: &[Signed],
        keys: &Keys,
    ) -> Result<(), BookError> {
        for signed in records {
            let known = self.records.get(signed.record.sequence)?;
            let known = known.map(|row| row.value() == signed.encode());
            match known {
                Some(true) => {}
                Some(false) => return Err(Rejection::Record(Refused::Fork).into()),
                None => {
                    let following = self.follow(chain, signed, keys)?;
                    self.put_record(following)?;
                }
            }
        }
        Ok(())
    }

    /// The key by which the peer signs; none before it has told one.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn peer_key(&self) -> Result<Option<PublicKey>, BookError> {
        self.tables.meta.get(PEER_KEY)?.map(|row| decode(&row, "peer key")).transpose()
    }

    /// The peer tells the key by which it signs.
    ///
    /// # Errors
    ///
    /// [`Rejection::Record`] with [`Refused::Key`] if it told another one before.
    pub fn meet(&mut self, key: &PublicKey) -> Result<(), BookError> {
        match self.peer_key()? {
            Some(known) if known == *key => Ok(()),
            Some(_) => Err(Rejection::Record(Refused::Key).into()),
            None => {
                self.tables.meta.insert(PEER_KEY, key.encode());
                Ok(())
            }
        }
    }

    /// Each record has its place, and names the one before; and each block that may be picked for an
    /// audit can be opened.
    pub(super) fn audit_records(&self) -> Result<(), BookError> {
        let mut last: Option<Hash> = None;
        let mut keyed = Vec::new();
        for (row, expected) in self.records.iter()?.zip(0..) {
            let (number, signed) = row?;
            let Signed { record, .. } = decode(signed.value(), "record")?;
            let follows = last.is_none_or(|last| last == record.previous);
            if number.value() != expected || record.sequence != expected || !follows {
                return Err(BookError::Damaged("records are out of their chain"));
            }
            last = Some(record.hash());
            if record.ending == Ending::Key {
                keyed.push((record.epoch, record.block));
            }
        }
        self.audit_openings(&keyed)
    }
}
