//! Tag keys: leased for one run of post-processing, marked before use, settled after it.
//!
//! A tag key must never be used for two messages, not even after a crash. So what a run may use is
//! *leased* out of the pools, the same ranges at both ends; before a byte of it is used, a *mark*
//! beyond that byte is durable; and what lies below the mark when an end restarts counts as spent.
//! A run that ends in order is *settled* by what it used, and the rest goes back. If the two ends
//! settled differently, the next survey drops the difference.

use zeroize::Zeroizing;

use super::{
    Books, Direction, Pool, Range, Rejection,
    error::BookError,
    ledger::Place,
    record::{BlockRecord, Lease, Purse},
};

const DIRECTIONS: [Direction; 2] = [Direction::AliceToBob, Direction::BobToAlice];

impl Books<'_> {
    /// Leases up to `bytes` of each direction for the run that makes block `block`, the oldest
    /// first. An open lease is settled by its marks before.
    ///
    /// # Errors
    ///
    /// [`Rejection::Exhausted`] if a direction has none.
    pub fn lease_tags(&mut self, block: u64, bytes: u64) -> Result<Lease, BookError> {
        let mut lease = Lease { block, ..Lease::default() };
        for direction in DIRECTIONS {
            let purse = lease.purse_mut(direction);
            let mut wanted = bytes;
            for range in self.tables.free.iter(Pool::Tags(direction))? {
                let range = range?;
                let staged =
                    self.block(range.block)?.is_some_and(|block: BlockRecord| block.staged);
                if wanted > 0 && !staged {
                    let len = range.len.min(wanted);
                    wanted -= len;
                    purse.ranges.push(Range { len, ..range });
                }
            }
            if purse.ranges.is_empty() {
                return Err(Rejection::Exhausted.into());
            }
        }
        self.join_lease(&lease)?;
        Ok(lease)
    }

    /// Leases what the other end proposes.
    ///
    /// # Errors
    ///
    /// [`Rejection::NotFree`] if a range is not free here or named twice, or a purse is marked.
    pub fn join_lease(&mut self, lease: &Lease) -> Result<(), BookError> {
        for direction in DIRECTIONS {
            let purse = lease.purse(direction);
            let mut sorted = purse.ranges.clone();
            sorted.sort_unstable();
            let overlap =
                |pair: &[Range]| matches!(pair, [a, b] if a.block == b.block && a.end() > b.offset);
            if purse.marked != 0 || sorted.windows(2).any(overlap) {
                return Err(Rejection::NotFree.into());
            }
            for range in &purse.ranges {
                if self.tables.free.around(Pool::Tags(direction), *range)?.is_none() {
                    return Err(Rejection::NotFree.into());
                }
            }
        }
        self.recover_lease()?;
        for direction in DIRECTIONS {
            for range in &lease.purse(direction).ranges {
                self.tables.free.take(Pool::Tags(direction), *range)?;
            }
        }
        self.put_lease(Some(lease))
    }

    /// The bytes of a purse, in the order of use.
    ///
    /// # Errors
    ///
    /// [`BookError::Damaged`] if there are none.
    pub fn purse_bytes(&self, purse: &Purse) -> Result<Zeroizing<Vec<u8>>, BookError> {
        let size = usize::try_from(purse.len()).map_err(|_| BookError::Damaged("lease"))?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        for range in &purse.ranges {
            bytes.extend_from_slice(&self.read(*range)?);
        }
        Ok(bytes)
    }

    /// Counts the first `to` bytes of a direction as used, whatever happens.
    ///
    /// # Errors
    ///
    /// [`Rejection::Length`] without a lease for that block of that many bytes.
    pub fn mark_tags(
        &mut self,
        block: u64,
        direction: Direction,
        to: u64,
    ) -> Result<(), BookError> {
        let lease = self.lease()?.filter(|lease| lease.block == block);
        let mut lease = lease.ok_or(Rejection::Length)?;
        let purse = lease.purse_mut(direction);
        if to > purse.len() {
            return Err(Rejection::Length.into());
        }
        purse.marked = purse.marked.max(to);
        self.put_lease(Some(&lease))
    }

    /// Ends the lease for a block: so many bytes were spent of each direction (those to Bob, those
    /// to Alice), the rest goes back. Nothing happens if that lease has ended.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn settle_lease(
        &mut self,
        block: u64,
        alice_to_bob: u64,
        bob_to_alice: u64,
    ) -> Result<(), BookError> {
        let lease = self.lease()?.filter(|lease| lease.block == block);
        let Some(lease) = lease else { return Ok(()) };
        for (direction, used) in DIRECTIONS.into_iter().zip([alice_to_bob, bob_to_alice]) {
            let mut used = used;
            for range in &lease.purse(direction).ranges {
                let spent = Range { len: range.len.min(used), ..*range };
                used -= spent.len;
                let rest = Range { offset: spent.end(), len: range.len - spent.len, ..*range };
                if spent.len > 0 {
                    self.discard(spent, Place::Tags)?;
                }
                if rest.len > 0 {
                    self.tables.free.give(Pool::Tags(direction), rest)?;
                }
            }
        }
        self.put_lease(None)
    }

    /// Ends the lease of a run that this end, or the other, has given up, by its marks.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn recover_lease(&mut self) -> Result<(), BookError> {
        match self.lease()? {
            Some(lease) => {
                self.settle_lease(lease.block, lease.alice_to_bob.marked, lease.bob_to_alice.marked)
            }
            None => Ok(()),
        }
    }
}
