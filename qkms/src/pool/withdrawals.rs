//! Orders to withdraw relayed keys, until the target has confirmed them or they are too old.
//!
//! An order saves room at the target, and nothing else: the master of its keys was refused, so nobody asks
//! for them, and the target lets them go by age as all keys that nobody fetches. So it is safe to drop one
//! that is as old as keys may be: what it names has expired by then at each site that lets go after the same
//! time, and where it is kept for longer it lies there, told to nobody, until that site lets go.
//! A site between that swallows all orders would fill the origin's store otherwise.

use redb::{ReadableTable, ReadableTableMetadata};
use uuid::Uuid;

use super::{Books, error::BookError};

/// The most orders that are kept; the oldest is dropped for one more.
pub const MOST_WITHDRAWALS: u64 = 4096;

/// When an order was kept, in milliseconds since the Unix epoch, and the identity of its first key.
pub type Kept = (u64, Uuid);

impl Books<'_> {
    /// Keeps an order to withdraw keys until [`Self::forget_withdrawal`], or until it is dropped: because it
    /// is too old, or for one more than [`MOST_WITHDRAWALS`].
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn keep_withdrawal(&mut self, first: Uuid, order: &[u8]) -> Result<(), BookError> {
        self.changed = true;
        self.withdrawals.insert((self.now, first.as_u128()), order)?;
        while self.withdrawals.len()? > MOST_WITHDRAWALS {
            self.withdrawals.pop_first()?;
        }
        Ok(())
    }

    /// The orders to withdraw that are not confirmed, the oldest first, `most` at most: those that were
    /// kept after `after`, then the ones up to it.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn kept_withdrawals(
        &self,
        after: Option<Kept>,
        most: usize,
    ) -> Result<Vec<(Kept, Vec<u8>)>, BookError> {
        let after = after.map_or((0, 0), |(time, first)| (time, first.as_u128()));
        let later = self
            .withdrawals
            .range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded))?;
        let rows = later.chain(self.withdrawals.range(..=after)?).take(most).map(|row| {
            let (kept, order) = row?;
            let (time, first) = kept.value();
            Ok(((time, Uuid::from_u128(first)), order.value().to_vec()))
        });
        rows.collect()
    }

    /// The target has confirmed an order to withdraw.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn forget_withdrawal(&mut self, (time, first): Kept) -> Result<(), BookError> {
        self.changed |= self.withdrawals.remove((time, first.as_u128()))?.is_some();
        Ok(())
    }

    /// Drops the orders that are older than a key may be, and returns how many.
    ///
    /// # Errors
    ///
    /// [`BookError::Database`].
    pub fn drop_old_withdrawals(&mut self) -> Result<u64, BookError> {
        let oldest = self.now.saturating_sub(self.ages.key);
        let before = self.withdrawals.len()?;
        self.withdrawals.retain_in(..(oldest, 0), |_, _| false)?;
        let dropped = before.saturating_sub(self.withdrawals.len()?);
        self.changed |= dropped > 0;
        Ok(dropped)
    }
}
