//! The books of one end within one transaction of the store.

use std::collections::BTreeSet;

use codec::{Decode, DecodeAll, Encode};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Pool, Range,
    cipher::StoreKey,
    error::BookError,
    ledger::{Ledger, Place},
    record::{BlockRecord, KeyRecord, Lease, Side, State},
    rows::{Journal, Tables},
};

/// Bytes of blocks, encrypted: few and large, so that none of them goes through the journal.
const BYTES: TableDefinition<u64, &[u8]> = TableDefinition::new("bytes");

/// Signed records of blocks by their number: written once, and never taken out.
const RECORDS: TableDefinition<u64, &[u8]> = TableDefinition::new("records");

/// What is kept of blocks until their epoch is closed, encrypted.
const OPENINGS: TableDefinition<u64, &[u8]> = TableDefinition::new("openings");

/// Files of audits by their epoch.
const AUDITS: TableDefinition<u64, &[u8]> = TableDefinition::new("audits");

/// Orders to withdraw relayed keys that the target has not confirmed, by the time when they were kept and
/// the first key's identity.
const WITHDRAWALS: TableDefinition<(u64, u128), &[u8]> = TableDefinition::new("withdrawals by age");

const LEDGER: u8 = 0;
const LEASE: u8 = 1;
pub(super) const NEXT_BLOCK: u8 = 2;
pub(super) const NEXT_KEY: u8 = 3;
pub(super) const PEER_KEY: u8 = 4;
pub(super) const AUDITING: u8 = 5;
const KEY_CHECK: u8 = 6;
pub(super) const FAILED: u8 = 7;
pub(super) const PADDED: u8 = 8;

/// Ages after which the books let go, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Ages {
    /// The largest age of a key that nobody drew, and the time that slaves have to fetch one.
    pub key: u64,
    /// How long the record of a key is kept after it was drawn; at least `key`.
    pub record: u64,
}

/// The open tables of one write transaction, with the rules by which they change.
///
/// A method checks everything before it changes anything: [`BookError::Rejected`] leaves the books
/// as they were, any other error means that the transaction must not be committed.
pub struct Books<'t> {
    pub(super) tables: Tables<'t>,
    bytes: Table<'t, u64, &'static [u8]>,
    pub(super) records: Table<'t, u64, &'static [u8]>,
    openings: Table<'t, u64, &'static [u8]>,
    pub(super) audits: Table<'t, u64, &'static [u8]>,
    pub(super) withdrawals: Table<'t, (u64, u128), &'static [u8]>,
    pub(super) ledger: Ledger,
    cipher: &'t StoreKey,
    pub(super) ages: Ages,
    pub(super) now: u64,
    pub(super) changed: bool,
}

impl<'t> Books<'t> {
    /// Opens the tables; `now` is the time in milliseconds since the Unix epoch.
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        journal: &'t mut Journal,
        cipher: &'t StoreKey,
        ages: Ages,
        now: u64,
    ) -> Result<Self, BookError> {
        let tables = Tables::open(transaction, journal)?;
        let ledger = match tables.meta.get(LEDGER)? {
            Some(row) => Ledger::from_row(&row).ok_or(BookError::Damaged("ledger"))?,
            None => Ledger::default(),
        };
        Ok(Self {
            tables,
            bytes: transaction.open_table(BYTES)?,
            records: transaction.open_table(RECORDS)?,
            openings: transaction.open_table(OPENINGS)?,
            audits: transaction.open_table(AUDITS)?,
            withdrawals: transaction.open_table(WITHDRAWALS)?,
            ledger,
            cipher,
            ages,
            now,
            changed: false,
        })
    }

    /// Whether there is anything to commit.
    pub(super) fn is_changed(&self) -> bool {
        self.changed || self.tables.is_changed()
    }

    /// Writes what is kept outside of the tables. Returns whether there is anything to commit.
    pub(super) fn close(mut self) -> Result<bool, BookError> {
        let changed = self.is_changed();
        if changed {
            self.tables.meta.insert(LEDGER, self.ledger.encode());
            self.tables.close()?;
        }
        Ok(changed)
    }

    /// The ledger as it stands.
    pub fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// The free ranges of a pool, ascending, those of staged blocks too.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn free_ranges(&self, pool: Pool) -> Result<Vec<Range>, BookError> {
        self.tables.free.list(pool)
    }

    /// A block's record.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn block(&self, number: u64) -> Result<Option<BlockRecord>, BookError> {
        self.tables.blocks.get(number)?.map(|row| decode(&row, "block")).transpose()
    }

    /// A key's record: from it to its block, and to its bits in there.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn key(&self, id: Uuid) -> Result<Option<KeyRecord>, BookError> {
        self.tables.keys.get(id.as_u128())?.map(|row| decode(&row, "key")).transpose()
    }

    /// All key records; for tests and audits.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn keys(&self) -> Result<Vec<(Uuid, KeyRecord)>, BookError> {
        self.tables
            .keys
            .range(..)?
            .map(|row| {
                let (id, record) = row?;
                Ok((Uuid::from_u128(id), decode(&record, "key")?))
            })
            .collect()
    }

    /// Counts again what is stored, from the tables alone, and compares it with the ledger; that no
    /// two things refer to the same bits; and that each block's bytes are kept while something
    /// refers to them; and that the records of blocks are a chain. Costs a walk over all records.
    ///
    /// # Errors
    ///
    /// [`BookError::Damaged`] names the first thing that does not agree.
    pub fn audit(&self) -> Result<(), BookError> {
        self.audit_records()?;
        let mut claims = BTreeSet::new();
        let mut stored = 0u64;
        let mut claim = |range: Range, counts: bool| {
            stored += if counts { range.bits() } else { 0 };
            if claims.insert(range) { Ok(()) } else { Err(BookError::Damaged("two claims")) }
        };
        for pool in Pool::ALL {
            self.tables.free.list(pool)?.into_iter().try_for_each(|range| claim(range, true))?;
        }
        let lease = self.lease()?.unwrap_or_default();
        for purse in [&lease.alice_to_bob, &lease.bob_to_alice] {
            purse.ranges.iter().try_for_each(|range| claim(*range, true))?;
        }
        for (_, key) in self.keys()? {
            let stored = matches!(
                (key.side, key.state),
                (Side::Slave, State::Held) | (Side::Master, State::Voiding)
            );
            let refers = stored
                || matches!((key.side, key.state), (Side::Master, State::Held))
                || key.state == State::Told && !key.pending.is_empty();
            if refers {
                claim(key.range, stored)?;
            }
        }
        if stored != self.ledger.stored {
            return Err(BookError::Damaged("stored bits differ from the ledger"));
        }
        if !self.ledger.balances() {
            return Err(BookError::Damaged("the ledger does not balance"));
        }
        let mut live = std::collections::BTreeMap::<u64, u64>::new();
        let mut last: Option<Range> = None;
        for range in claims {
            if last.is_some_and(|last| last.block == range.block && last.end() > range.offset) {
                return Err(BookError::Damaged("claims overlap"));
            }
            *live.entry(range.block).or_default() += range.len;
            last = Some(range);
        }
        for row in self.tables.blocks.range(..)? {
            let (number, record) = row?;
            let record: BlockRecord = decode(&record, "block")?;
            let claimed = live.remove(&number).unwrap_or(0);
            if record.live != claimed {
                return Err(BookError::Damaged("a block's live bytes differ from its claims"));
            }
            if self.bytes.get(number)?.is_some() != (claimed > 0) {
                return Err(BookError::Damaged("bytes of a block that nothing refers to, or none"));
            }
        }
        if live.is_empty() { Ok(()) } else { Err(BookError::Damaged("claims without a block")) }
    }

    pub(super) fn put_block(&mut self, number: u64, record: &BlockRecord) -> Result<(), BookError> {
        self.tables.blocks.insert(number, record.encode());
        Ok(())
    }

    pub(super) fn put_key(&mut self, id: Uuid, record: &KeyRecord) -> Result<(), BookError> {
        self.tables.keys.insert(id.as_u128(), record.encode());
        Ok(())
    }

    pub(super) fn remove_key(&mut self, id: Uuid) -> Result<(), BookError> {
        self.tables.keys.remove(id.as_u128())
    }

    pub(super) fn has_key(&self, id: Uuid) -> Result<bool, BookError> {
        self.tables.keys.contains(id.as_u128())
    }

    /// The open lease of tag keys.
    pub(crate) fn lease(&self) -> Result<Option<Lease>, BookError> {
        self.tables.meta.get(LEASE)?.map(|row| decode(&row, "lease")).transpose()
    }

    pub(super) fn put_lease(&mut self, lease: Option<&Lease>) -> Result<(), BookError> {
        match lease {
            Some(lease) => self.tables.meta.insert(LEASE, lease.encode()),
            None => self.tables.meta.remove(LEASE)?,
        }
        Ok(())
    }

    /// That the bytes in these books are encrypted under the key that is given; books without any bytes
    /// take it.
    pub(super) fn check_key(&mut self) -> Result<(), BookError> {
        let check = self.cipher.check();
        match self.tables.meta.get(KEY_CHECK)? {
            Some(row) if row == check => Ok(()),
            None if self.ledger == Ledger::default() => {
                self.tables.meta.insert(KEY_CHECK, check.to_vec());
                Ok(())
            }
            _ => Err(super::Rejection::OtherKey.into()),
        }
    }

    pub(super) fn counter(&self, name: u8) -> Result<u64, BookError> {
        self.tables.meta.get(name)?.map_or(Ok(0), |row| decode(&row, "counter"))
    }

    pub(super) fn put_counter(&mut self, name: u8, to: u64) -> Result<(), BookError> {
        self.tables.meta.insert(name, to.encode());
        Ok(())
    }

    /// Stores the bytes of a block, encrypted.
    pub(super) fn put_bytes(&mut self, number: u64, bytes: &[u8]) -> Result<(), BookError> {
        self.changed = true;
        let mut row = self.bytes.insert_reserve(number, bytes.len())?;
        let row = row.as_mut();
        let mut sealed = bytes.to_vec();
        self.cipher.apply(number, 0, &mut sealed);
        row.copy_from_slice(&sealed);
        Ok(())
    }

    /// Stores what is kept of a block, encrypted.
    pub(super) fn put_opening(&mut self, number: u64, bytes: &[u8]) -> Result<(), BookError> {
        self.changed = true;
        let mut row = self.openings.insert_reserve(number, bytes.len())?;
        let row = row.as_mut();
        let mut sealed = bytes.to_vec();
        self.cipher.apply_opening(number, &mut sealed);
        row.copy_from_slice(&sealed);
        Ok(())
    }

    /// What is kept of a block.
    pub(super) fn read_opening(
        &self,
        number: u64,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, BookError> {
        let Some(row) = self.openings.get(number)? else { return Ok(None) };
        let mut bytes = Zeroizing::new(row.value().to_vec());
        self.cipher.apply_opening(number, &mut bytes);
        Ok(Some(bytes))
    }

    /// Removes what is kept of blocks up to `last`.
    pub(super) fn wipe_openings(&mut self, last: u64) -> Result<(), BookError> {
        self.changed = true;
        Ok(self.openings.retain_in(..=last, |_, _| false)?)
    }

    /// The blocks of which anything is kept.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn openings(&self) -> Result<Vec<u64>, BookError> {
        self.openings.iter()?.map(|row| Ok(row?.0.value())).collect()
    }

    /// The bytes of a range.
    pub(super) fn read(&self, range: Range) -> Result<Zeroizing<Vec<u8>>, BookError> {
        const LOST: BookError = BookError::Damaged("bytes of a block are missing");
        let row = self.bytes.get(range.block)?.ok_or(LOST)?;
        let start = usize::try_from(range.offset).map_err(|_| LOST)?;
        let end = usize::try_from(range.end()).map_err(|_| LOST)?;
        let mut bytes = Zeroizing::new(row.value().get(start..end).ok_or(LOST)?.to_vec());
        self.cipher.apply(range.block, range.offset, &mut bytes);
        Ok(bytes)
    }

    /// Nothing refers to the range any more; the last range of a block takes its bytes with it.
    pub(super) fn release(&mut self, range: Range) -> Result<(), BookError> {
        self.release_bytes(range.block, range.len)
    }

    /// As [`Self::release`], for ranges of a block that come to `len` bytes.
    pub(super) fn release_bytes(&mut self, block: u64, len: u64) -> Result<(), BookError> {
        let mut record = self.block(block)?.ok_or(BookError::Damaged("a block is missing"))?;
        record.live = record.live.saturating_sub(len);
        if record.live == 0 {
            self.bytes.remove(block)?;
        }
        self.put_block(block, &record)
    }

    /// Takes a range that is in no pool any more out of what is stored.
    pub(super) fn discard(&mut self, range: Range, to: Place) -> Result<(), BookError> {
        self.ledger.shift(range.bits(), Place::Stored, to);
        self.release(range)
    }
}

/// Decodes a record whole.
pub(super) fn decode<T: Decode>(mut row: &[u8], what: &'static str) -> Result<T, BookError> {
    T::decode_all(&mut row).map_err(|_| BookError::Damaged(what))
}
