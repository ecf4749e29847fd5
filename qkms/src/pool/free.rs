//! Free ranges of the pools, as a table ordered by pool, block and offset.
//!
//! Neighbouring ranges of a pool are kept as one, so that two ends that gave and took in different
//! orders hold the same rows.

use super::{Pool, Range, error::BookError, rows::Rows};

/// Free ranges: pool, block and offset, and their length.
pub(super) type Free<'t> = Rows<'t, (u8, u64, u64), u64>;

impl Free<'_> {
    /// The rows of a pool, ascending: the oldest block first.
    pub fn iter(
        &self,
        pool: Pool,
    ) -> Result<impl Iterator<Item = Result<Range, BookError>>, BookError> {
        let code = pool.code();
        let rows = self.range((code, 0, 0)..=(code, u64::MAX, u64::MAX))?;
        Ok(rows.map(|row| {
            let ((_, block, offset), len) = row?;
            Ok(Range { block, offset, len })
        }))
    }

    pub fn list(&self, pool: Pool) -> Result<Vec<Range>, BookError> {
        self.iter(pool)?.collect()
    }

    /// The row that holds the range whole.
    pub fn around(&self, pool: Pool, range: Range) -> Result<Option<Range>, BookError> {
        if range.len == 0 || range.offset.checked_add(range.len).is_none() {
            return Ok(None);
        }
        let row = self.before(pool, range.block, range.offset)?;
        Ok(row.filter(|row| row.end() >= range.end()))
    }

    /// Takes out a range; false, and nothing changed, if it is not free whole.
    pub fn take(&mut self, pool: Pool, range: Range) -> Result<bool, BookError> {
        let Some(row) = self.around(pool, range)? else { return Ok(false) };
        let code = pool.code();
        if row.offset < range.offset {
            self.insert((code, row.block, row.offset), range.offset - row.offset);
        } else {
            self.remove((code, row.block, row.offset))?;
        }
        if range.end() < row.end() {
            self.insert((code, row.block, range.end()), row.end() - range.end());
        }
        Ok(true)
    }

    /// Puts in a range, of which no part may be in.
    pub fn give(&mut self, pool: Pool, range: Range) -> Result<(), BookError> {
        let code = pool.code();
        let mut whole = range;
        if let Some(row) = self.before(pool, range.block, range.offset)?
            && row.end() == range.offset
        {
            whole = Range { len: row.len.saturating_add(range.len), ..row };
        }
        if let Some(len) = self.get((code, range.block, range.end()))? {
            self.remove((code, range.block, range.end()))?;
            whole.len = whole.len.saturating_add(len);
        }
        self.insert((code, whole.block, whole.offset), whole.len);
        Ok(())
    }

    fn before(&self, pool: Pool, block: u64, offset: u64) -> Result<Option<Range>, BookError> {
        let code = pool.code();
        let row = self.last((code, block, 0)..=(code, block, offset))?;
        Ok(row.map(|((_, block, offset), len)| Range { block, offset, len }))
    }
}

/// What of `mine` is in none of `theirs`. Both ascend, and neither overlaps itself.
pub(super) fn subtract(mine: &[Range], theirs: &[Range]) -> Vec<Range> {
    let mut rest = Vec::new();
    let mut theirs = theirs.iter().peekable();
    for range in mine {
        let mut left = *range;
        while left.len > 0 {
            while theirs
                .next_if(|other| (other.block, other.end()) <= (left.block, left.offset))
                .is_some()
            {}
            let Some(other) = theirs
                .peek()
                .filter(|other| other.block == left.block && other.offset < left.end())
            else {
                rest.push(left);
                break;
            };
            if other.offset > left.offset {
                rest.push(Range { len: other.offset - left.offset, ..left });
            }
            let from = other.end().clamp(left.offset, left.end());
            left = Range { offset: from, len: left.end() - from, ..left };
        }
    }
    rest
}
