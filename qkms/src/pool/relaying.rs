//! Keys that are relayed: the pads that links pay, and the keys where their way ends.
//!
//! A *pad* is what one message of a [relay](crate::relay) takes of a link: bytes that hide it and
//! bytes that its tag uses up. Its ranges are drawn by the owner of the direction and counted as
//! spent in the transaction that draws them, which is durable before the message leaves. They never
//! come back, whatever becomes of the message: after a crash nobody knows whether it had left, and
//! of a pad that may have been used nothing may be used again. The other end spends the same ranges
//! when it takes the message, or when the owner says that it was not taken.
//!
//! Keys whose way ends here lie in a store of their own, as slaves' keys do in the store of a link;
//! those of one request are one block there. What is *withdrawn* stays known by its identity until its record is
//! forgotten, so that a message that comes after its withdrawal is refused.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Books, Direction, Pool, Range, Rejection, Split,
    audits::waits,
    error::BookError,
    ledger::Place,
    making::NewBlock,
    record::{KeyNote, KeyRecord, Made, Reservation, Side, State},
};

/// The direction under which relayed keys are booked at their target. There is no other end.
const RELAYED: Direction = Direction::AliceToBob;

/// Key of a link that one message of a relay uses up.
pub struct Pad {
    /// Where it lies, in the order of use.
    pub ranges: Vec<Range>,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Books<'_> {
    /// Spends `bytes` bytes of a direction that this end owns as a pad, the oldest first; of blocks
    /// that are at most `max_age` milliseconds old if that is given. Blocks that wait for an audit are
    /// left out.
    ///
    /// # Errors
    ///
    /// [`Rejection::Exhausted`]; [`Rejection::TooOld`] if it is the age that leaves too few.
    pub fn draw_pad(
        &mut self,
        direction: Direction,
        bytes: u64,
        max_age: Option<u64>,
    ) -> Result<Pad, BookError> {
        let pool = Pool::Keys(direction);
        let (mut ranges, mut wanted, mut passed_over) = (Vec::new(), bytes, false);
        let above = self.waits_above()?;
        for range in self.tables.free.iter(pool)? {
            if wanted == 0 {
                break;
            }
            let range = range?;
            let block = self.block(range.block)?.ok_or(BookError::Damaged("a block is missing"))?;
            let age = self.now.saturating_sub(block.created);
            if block.staged || age > self.ages.key || waits(above, range.block, &block) {
                continue;
            }
            if max_age.is_some_and(|most| age > most) {
                passed_over = true;
                continue;
            }
            let len = range.len.min(wanted);
            wanted -= len;
            ranges.push(Range { len, ..range });
        }
        if wanted > 0 || bytes == 0 {
            let why = if passed_over { Rejection::TooOld } else { Rejection::Exhausted };
            return Err(why.into());
        }
        let bytes = self.read_ranges(&ranges)?;
        self.spend_pad(direction, &ranges)?;
        Ok(Pad { ranges, bytes })
    }

    /// The bytes of a pad that the other end has drawn of the direction that it owns.
    ///
    /// # Errors
    ///
    /// [`Rejection::NotFree`] if a range is not free here, or named twice, or its block waits for an audit.
    pub fn read_pad(
        &self,
        direction: Direction,
        ranges: &[Range],
    ) -> Result<Zeroizing<Vec<u8>>, BookError> {
        let mut sorted = ranges.to_vec();
        sorted.sort_unstable();
        let overlap =
            |pair: &[Range]| matches!(pair, [a, b] if a.block == b.block && a.end() > b.offset);
        if sorted.windows(2).any(overlap) {
            return Err(Rejection::NotFree.into());
        }
        for range in ranges {
            let free = self.tables.free.around(Pool::Keys(direction), *range)?.is_some();
            if !free || self.is_withheld(range.block)? {
                return Err(Rejection::NotFree.into());
            }
        }
        self.read_ranges(ranges)
    }

    fn read_ranges(&self, ranges: &[Range]) -> Result<Zeroizing<Vec<u8>>, BookError> {
        let total = ranges.iter().fold(0, |sum: u64, range| sum.saturating_add(range.len));
        let size = usize::try_from(total).map_err(|_| BookError::Damaged("a pad"))?;
        // Exact, so that the buffer never moves and leaves a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        for range in ranges {
            bytes.extend_from_slice(&self.read(*range)?);
        }
        Ok(bytes)
    }

    /// Counts what is still free of a pad as spent. Ranges that are not free are left as they are.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn spend_pad(&mut self, direction: Direction, ranges: &[Range]) -> Result<(), BookError> {
        for range in ranges {
            if self.tables.free.take(Pool::Keys(direction), *range)? {
                self.discard(*range, Place::Relayed)?;
                self.note_pad(range.block)?;
            }
        }
        Ok(())
    }

    /// Whether one of these keys is known here, withdrawn ones too.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn knows_any(&self, ids: &[[u8; 16]]) -> Result<bool, BookError> {
        for id in ids {
            if self.has_key(Uuid::from_bytes(*id))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Holds keys whose way ends here for their slaves; `keys` are the bytes of all of them, of `len`
    /// bytes each.
    ///
    /// # Errors
    ///
    /// [`Rejection::RepeatedId`] if a key is known here, or named twice; [`Rejection::Length`] if
    /// the bytes are not as many as the keys take.
    pub fn hold_relayed(
        &mut self,
        master: &str,
        slaves: &[String],
        ids: &[[u8; 16]],
        len: u64,
        keys: &[u8],
    ) -> Result<(), BookError> {
        let total = len.saturating_mul(ids.len() as u64);
        if total == 0 || total != keys.len() as u64 {
            return Err(Rejection::Length.into());
        }
        let mut sorted = ids.to_vec();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) || self.knows_any(ids)? {
            return Err(Rejection::RepeatedId.into());
        }
        let block = self.next_block()?;
        self.store_block(&NewBlock {
            number: block,
            made: Made::Relayed,
            bytes: keys,
            bits: total.saturating_mul(8),
            split: Split([0, 0, total, 0]),
            staged: false,
        })?;
        let offsets = (0u64..).map(|number| number.saturating_mul(len));
        let keys = ids
            .iter()
            .zip(offsets)
            .map(|(id, offset)| KeyNote { id: *id, range: Range { block, offset, len } });
        let (master, slaves) = (master.to_owned(), slaves.to_owned());
        self.accept(RELAYED, &Reservation { master, slaves, keys: keys.collect() })
    }

    /// Takes back keys that are held here and were told to nobody. Those that are not known stay
    /// refused from now on, as the others do.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn withdraw(
        &mut self,
        master: &str,
        slaves: &[String],
        ids: &[[u8; 16]],
    ) -> Result<(), BookError> {
        for id in ids {
            let id = Uuid::from_bytes(*id);
            match self.key(id)? {
                None => {
                    let nothing = Range { block: 0, offset: 0, len: 0 };
                    let record = KeyRecord {
                        range: nothing,
                        direction: RELAYED,
                        side: Side::Slave,
                        state: State::Expired,
                        master: master.to_owned(),
                        slaves: slaves.to_owned(),
                        pending: Vec::new(),
                        drawn: self.now,
                    };
                    self.enter(id, &record)?;
                }
                Some(mut record) if record.state == State::Held && record.master == master => {
                    record.state = State::Expired;
                    record.pending.clear();
                    self.put_key(id, &record)?;
                    self.discard(record.range, Place::Wasted)?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
