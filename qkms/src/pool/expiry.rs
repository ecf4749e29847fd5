//! Keys grow old.
//!
//! The owner of a direction decides when a range that nobody drew is too old, and tells the other
//! end (*retires* it). A key that was drawn is the slaves' end's to expire, the same time after it
//! was drawn there. Tag keys do not expire: without them no block can be made.

use uuid::Uuid;

use super::{
    Books, Direction, Pool, Range,
    error::BookError,
    ledger::Place,
    record::{Side, State},
};

/// Keys that one transaction lets go at most.
const PER_TRANSACTION: usize = 4096;

impl Books<'_> {
    /// Expires what is too old of the direction that this end owns, and keys that their slaves did
    /// not fetch in time; forgets the records of old keys. Returns the ranges to retire.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn expire(&mut self, owned: Direction) -> Result<Vec<Range>, BookError> {
        self.expire_drawn()?;
        let pool = Pool::Keys(owned);
        let mut old = Vec::new();
        for range in self.tables.free.iter(pool)? {
            let range = range?;
            if !self.is_old(range.block)? {
                break;
            }
            old.push(range);
        }
        for range in &old {
            self.tables.free.take(pool, *range)?;
            self.discard(*range, Place::Expired)?;
        }
        Ok(old)
    }

    /// The owner of a direction let go of these ranges; those that are not free here are left as
    /// they are.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn retire(&mut self, direction: Direction, ranges: &[Range]) -> Result<(), BookError> {
        for range in ranges {
            if self.tables.free.take(Pool::Keys(direction), *range)? {
                self.discard(*range, Place::Expired)?;
            }
        }
        Ok(())
    }

    /// Whether a block is older than a key may be.
    pub(super) fn is_old(&self, block: u64) -> Result<bool, BookError> {
        let record = self.block(block)?.ok_or(BookError::Damaged("a block is missing"))?;
        Ok(self.now.saturating_sub(record.created) > self.ages.key)
    }

    fn expire_drawn(&mut self) -> Result<(), BookError> {
        let due = self
            .tables
            .due
            .range(..(self.now, 0))?
            .take(PER_TRANSACTION)
            .map(|row| Ok(row?.0))
            .collect::<Result<Vec<_>, BookError>>()?;
        for (time, number) in due {
            self.tables.due.remove((time, number))?;
            let id = Uuid::from_u128(number);
            let Some(mut record) = self.key(id)? else { continue };
            let unsettled = record.side == Side::Master && record.state == State::Held
                || record.state == State::Voiding;
            if unsettled {
                self.tables.due.insert((self.now.saturating_add(self.ages.key.max(1)), number), ());
                continue;
            }
            if self.now >= record.drawn.saturating_add(self.ages.record)
                && record.pending.is_empty()
            {
                self.remove_key(id)?;
                continue;
            }
            if !record.pending.is_empty() {
                record.pending.clear();
                if record.state == State::Held {
                    record.state = State::Expired;
                    self.ledger.shift(record.range.bits(), Place::Stored, Place::Expired);
                }
                self.put_key(id, &record)?;
                self.release(record.range)?;
            }
            let forget = record.drawn.saturating_add(self.ages.record);
            self.tables.due.insert((forget.max(self.now.saturating_add(1)), number), ());
        }
        Ok(())
    }
}
