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
    free::Free,
    ledger::{Ledger, Place},
    record::{BlockRecord, KeyRecord, Lease, Side, State},
};

type Bytes = &'static [u8];

const META: TableDefinition<&str, Bytes> = TableDefinition::new("meta");
const BLOCKS: TableDefinition<u64, Bytes> = TableDefinition::new("blocks");
const BYTES: TableDefinition<u64, Bytes> = TableDefinition::new("bytes");
const KEYS: TableDefinition<u128, Bytes> = TableDefinition::new("keys");
const DUE: TableDefinition<(u64, u128), ()> = TableDefinition::new("due");
const OPEN: TableDefinition<u128, ()> = TableDefinition::new("open");

const LEDGER: &str = "ledger";
const LEASE: &str = "lease";
pub(super) const NEXT_BLOCK: &str = "next block";
pub(super) const NEXT_KEY: &str = "next key";

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
    pub(super) free: Free<'t>,
    meta: Table<'t, &'static str, Bytes>,
    blocks: Table<'t, u64, Bytes>,
    bytes: Table<'t, u64, Bytes>,
    keys: Table<'t, u128, Bytes>,
    pub(super) due: Table<'t, (u64, u128), ()>,
    pub(super) open: Table<'t, u128, ()>,
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
        cipher: &'t StoreKey,
        ages: Ages,
        now: u64,
    ) -> Result<Self, BookError> {
        let meta = transaction.open_table(META)?;
        let ledger = match meta.get(LEDGER)? {
            Some(row) => decode(row.value(), "ledger")?,
            None => Ledger::default(),
        };
        Ok(Self {
            free: Free::open(transaction)?,
            meta,
            blocks: transaction.open_table(BLOCKS)?,
            bytes: transaction.open_table(BYTES)?,
            keys: transaction.open_table(KEYS)?,
            due: transaction.open_table(DUE)?,
            open: transaction.open_table(OPEN)?,
            ledger,
            cipher,
            ages,
            now,
            changed: false,
        })
    }

    /// Writes what is kept outside of the tables. Returns whether there is anything to commit.
    pub(super) fn close(mut self) -> Result<bool, BookError> {
        if self.changed {
            self.meta.insert(LEDGER, self.ledger.encode().as_slice())?;
        }
        Ok(self.changed)
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
        self.free.list(pool)
    }

    /// A block's record.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn block(&self, number: u64) -> Result<Option<BlockRecord>, BookError> {
        self.blocks.get(number)?.map(|row| decode(row.value(), "block")).transpose()
    }

    /// A key's record: from it to its block, and to its bits in there.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn key(&self, id: Uuid) -> Result<Option<KeyRecord>, BookError> {
        self.keys.get(id.as_u128())?.map(|row| decode(row.value(), "key")).transpose()
    }

    /// All key records; for tests and audits.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`] or [`BookError::Damaged`].
    pub fn keys(&self) -> Result<Vec<(Uuid, KeyRecord)>, BookError> {
        self.keys
            .iter()?
            .map(|row| {
                let (id, record) = row?;
                Ok((Uuid::from_u128(id.value()), decode(record.value(), "key")?))
            })
            .collect()
    }

    /// Counts again what is stored, from the tables alone, and compares it with the ledger; that no
    /// two things refer to the same bits; and that each block's bytes are kept while something
    /// refers to them. Costs a walk over all records.
    ///
    /// # Errors
    ///
    /// [`BookError::Damaged`] names the first thing that does not agree.
    pub fn audit(&self) -> Result<(), BookError> {
        let mut claims = BTreeSet::new();
        let mut stored = 0u64;
        let mut claim = |range: Range, counts: bool| {
            stored += if counts { range.bits() } else { 0 };
            if claims.insert(range) { Ok(()) } else { Err(BookError::Damaged("two claims")) }
        };
        for pool in Pool::ALL {
            self.free.list(pool)?.into_iter().try_for_each(|range| claim(range, true))?;
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
        for row in self.blocks.iter()? {
            let (number, record) = row?;
            let record: BlockRecord = decode(record.value(), "block")?;
            let claimed = live.remove(&number.value()).unwrap_or(0);
            if record.live != claimed {
                return Err(BookError::Damaged("a block's live bytes differ from its claims"));
            }
            if self.bytes.get(number.value())?.is_some() != (claimed > 0) {
                return Err(BookError::Damaged("bytes of a block that nothing refers to, or none"));
            }
        }
        if live.is_empty() { Ok(()) } else { Err(BookError::Damaged("claims without a block")) }
    }

    pub(super) fn put_block(&mut self, number: u64, record: &BlockRecord) -> Result<(), BookError> {
        self.changed = true;
        self.blocks.insert(number, record.encode().as_slice())?;
        Ok(())
    }

    pub(super) fn put_key(&mut self, id: Uuid, record: &KeyRecord) -> Result<(), BookError> {
        self.changed = true;
        self.keys.insert(id.as_u128(), record.encode().as_slice())?;
        Ok(())
    }

    pub(super) fn remove_key(&mut self, id: Uuid) -> Result<(), BookError> {
        self.changed = true;
        self.keys.remove(id.as_u128())?;
        Ok(())
    }

    pub(super) fn has_key(&self, id: Uuid) -> Result<bool, BookError> {
        Ok(self.keys.get(id.as_u128())?.is_some())
    }

    /// The open lease of tag keys.
    pub(crate) fn lease(&self) -> Result<Option<Lease>, BookError> {
        self.meta.get(LEASE)?.map(|row| decode(row.value(), "lease")).transpose()
    }

    pub(super) fn put_lease(&mut self, lease: Option<&Lease>) -> Result<(), BookError> {
        self.changed = true;
        match lease {
            Some(lease) => self.meta.insert(LEASE, lease.encode().as_slice())?,
            None => self.meta.remove(LEASE)?,
        };
        Ok(())
    }

    pub(super) fn counter(&self, name: &'static str) -> Result<u64, BookError> {
        self.meta.get(name)?.map_or(Ok(0), |row| decode(row.value(), "counter"))
    }

    pub(super) fn put_counter(&mut self, name: &'static str, to: u64) -> Result<(), BookError> {
        self.changed = true;
        self.meta.insert(name, to.encode().as_slice())?;
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
        let mut record =
            self.block(range.block)?.ok_or(BookError::Damaged("a block is missing"))?;
        record.live = record.live.saturating_sub(range.len);
        if record.live == 0 {
            self.bytes.remove(range.block)?;
        }
        self.put_block(range.block, &record)
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
