//! Blocks come into the books.

use redb::ReadableTable;
use sha2::{Digest, Sha256};

use super::{
    Books, Pool, Range, Rejection, Split,
    audits::waits,
    books::{NEXT_BLOCK, NEXT_KEY},
    error::BookError,
    ledger::Ledger,
    ledger::Place,
    record::{BlockRecord, CONFIGURED, Made},
};
use crate::records::EPOCH;

/// A block to store.
pub struct NewBlock<'a> {
    /// Its number, the same at both ends.
    pub number: u64,
    /// How it came to be.
    pub made: Made,
    /// Its bits, packed; the last byte may be filled in part.
    pub bytes: &'a [u8],
    /// The number of its bits.
    pub bits: u64,
    /// How it is cut; bytes beyond are wasted.
    pub split: Split,
    /// Whether nothing is to be drawn from it until [`Books::promote`].
    pub staged: bool,
}

impl Books<'_> {
    /// A block number that was never given before, durably counted.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn next_block(&mut self) -> Result<u64, BookError> {
        let number = self.counter(NEXT_BLOCK)?.saturating_add(1);
        self.put_counter(NEXT_BLOCK, number)?;
        Ok(number)
    }

    /// Counts keys, durably; the number of the first of them.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn count_keys(&mut self, number: u64) -> Result<u64, BookError> {
        let first = self.counter(NEXT_KEY)?;
        self.put_counter(NEXT_KEY, first.saturating_add(number))?;
        Ok(first)
    }

    /// Puts a configured key into the pools of tag keys, half of it for each direction, unless that
    /// key was put in before. Both ends have to be given the same key.
    ///
    /// # Errors
    ///
    /// [`Rejection::Length`] for less than two bytes.
    pub fn import_tag_key(&mut self, key: &[u8]) -> Result<(), BookError> {
        let digest = Sha256::new_with_prefix(b"qkms/first key").chain_update(key).finalize();
        let head = digest.first_chunk::<8>().copied().unwrap_or_default();
        let number = CONFIGURED | u64::from_le_bytes(head);
        if self.block(number)?.is_some() {
            return Ok(());
        }
        let bytes = u64::try_from(key.len()).unwrap_or(u64::MAX);
        if bytes < 2 {
            return Err(Rejection::Length.into());
        }
        self.store_block(&NewBlock {
            number,
            made: Made::Configured,
            bytes: key,
            bits: bytes.saturating_mul(8),
            split: Split([bytes / 2, bytes / 2, 0, 0]),
            staged: false,
        })
    }

    /// Stores a block.
    ///
    /// # Errors
    ///
    /// [`Rejection::RepeatedBlock`], or [`Rejection::Length`] if the split is longer than the block
    /// or the block than its bytes.
    pub fn store_block(&mut self, block: &NewBlock<'_>) -> Result<(), BookError> {
        if self.block(block.number)?.is_some() {
            return Err(Rejection::RepeatedBlock.into());
        }
        let used = block.split.total();
        let bytes = usize::try_from(used).ok().and_then(|used| block.bytes.get(..used));
        let Some(bytes) = bytes.filter(|_| used <= block.bits / 8) else {
            return Err(Rejection::Length.into());
        };
        self.put_block(
            block.number,
            &BlockRecord {
                made: block.made,
                created: self.now,
                bits: block.bits,
                live: used,
                staged: block.staged,
            },
        )?;
        if used > 0 {
            self.put_bytes(block.number, bytes)?;
        }
        for (pool, range) in block.split.ranges(block.number) {
            self.tables.free.give(pool, range)?;
        }
        let kept = used.saturating_mul(8);
        self.ledger.make(kept, Place::Stored);
        self.ledger.make(block.bits.saturating_sub(kept), Place::Wasted);
        Ok(())
    }

    /// Books a block of which nothing was kept.
    ///
    /// # Errors
    ///
    /// As [`Books::store_block`].
    pub fn waste_block(&mut self, number: u64, made: Made, bits: u64) -> Result<(), BookError> {
        let split = Split::default();
        self.store_block(&NewBlock { number, made, bytes: &[], bits, split, staged: false })
    }

    /// Lets keys be drawn from blocks that were staged. Others are left as they are.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn promote(&mut self, numbers: &[u64]) -> Result<(), BookError> {
        for number in numbers {
            if let Some(mut record) = self.block(*number)?.filter(|record| record.staged) {
                record.staged = false;
                self.put_block(*number, &record)?;
            }
        }
        Ok(())
    }

    /// Wastes what is free of a block.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn drop_block(&mut self, number: u64) -> Result<(), BookError> {
        for pool in Pool::ALL {
            let ranges = self.tables.free.list(pool)?;
            for range in ranges.into_iter().filter(|range| range.block == number) {
                self.tables.free.take(pool, range)?;
                self.discard(range, Place::Wasted)?;
            }
        }
        self.promote(&[number])
    }

    /// How many keys of `len` bytes can be drawn from a pool, and how many bytes it has; staged
    /// blocks, and of keys for SAEs those that wait for their audit, are counted apart.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn fill(&self, pool: Pool, len: u64) -> Result<Fill, BookError> {
        let mut fill = Fill::default();
        let mut checked = None;
        let above = if matches!(pool, Pool::Keys(_)) { self.waits_above()? } else { None };
        let whole = if above.is_some() { self.whole_up_to()? } else { 0 };
        for range in self.tables.free.iter(pool)? {
            let range: Range = range?;
            let (block, waiting) = match checked {
                Some((block, waiting)) if block == range.block => (block, waiting),
                _ => {
                    let record = self.block(range.block)?;
                    let waiting = record
                        .is_some_and(|record| record.staged || waits(above, range.block, &record));
                    (range.block, waiting)
                }
            };
            checked = Some((block, waiting));
            if waiting {
                fill.waiting = fill.waiting.saturating_add(range.len);
                let due = if block <= whole { range.len } else { 0 };
                fill.due = fill.due.saturating_add(due);
            } else {
                fill.keys = fill.keys.saturating_add(range.len.checked_div(len).unwrap_or(0));
                fill.bytes = fill.bytes.saturating_add(range.len);
            }
        }
        Ok(fill)
    }

    /// The last block of the last epoch that is whole; 0 if none is.
    fn whole_up_to(&self) -> Result<u64, BookError> {
        let next = self.records.last()?.map_or(0, |(number, _)| number.value().saturating_add(1));
        let Some(last) = (next / EPOCH).saturating_mul(EPOCH).checked_sub(1) else { return Ok(0) };
        Ok(self.records(last, 1)?.first().map_or(0, |signed| signed.record.block))
    }

    /// What the books say at a glance.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn summary(&self, key_len: u64) -> Result<Summary, BookError> {
        let mut fills = [Fill::default(); 4];
        for (fill, pool) in fills.iter_mut().zip(Pool::ALL) {
            *fill = self.fill(pool, key_len)?;
        }
        Ok(Summary { ledger: self.ledger, fills, held: self.is_held()? })
    }
}

/// What can be drawn from a pool, and what is free in it and cannot be drawn yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fill {
    /// Keys of the size asked for that can be drawn.
    pub keys: u64,
    /// Bytes that can be drawn.
    pub bytes: u64,
    /// Bytes that cannot be drawn yet: of staged blocks, and of blocks that wait for their audit.
    pub waiting: u64,
    /// Those of the bytes that wait of which the epoch is whole: they lack nothing but a challenge.
    pub due: u64,
}

/// The ledger and the fill of the pools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// The ledger.
    pub ledger: Ledger,
    /// As many blocks wait for their audit as may: no other is begun.
    pub held: bool,
    fills: [Fill; 4],
}

impl Summary {
    /// What can be drawn from a pool.
    pub fn fill(&self, pool: Pool) -> Fill {
        Pool::ALL
            .into_iter()
            .zip(self.fills)
            .find_map(|(other, fill)| (other == pool).then_some(fill))
            .unwrap_or_default()
    }
}
