//! Rows that are ahead of their tables.
//!
//! A transaction of many requests changes a few rows for each, all over the tables: thousands of
//! pages for what fits into a handful. So it writes its changes as one row of a *journal*, and
//! keeps them in memory, where they are looked up before the tables. When there are many, a
//! transaction *folds* all of them into the tables and empties the journal. What is in memory is
//! what the journal holds, always: a store that is opened, or opened anew after a failure, reads
//! it from there. A change is durable with its transaction either way.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    ops::RangeBounds,
};

use codec::{Decode, DecodeAll, Encode};
use redb::{Key, ReadableTable, Table, TableDefinition, Value, WriteTransaction};

use super::error::BookError;

/// Rows ahead of a table at which they are folded in: some megabytes of memory, some milliseconds.
const MANY: usize = 1 << 13;

const JOURNAL: TableDefinition<u64, &[u8]> = TableDefinition::new("journal");

/// A row's key.
pub(super) trait RowKey:
    Key + for<'a> Value<SelfType<'a> = Self> + Copy + Ord + Encode + Decode + 'static
{
}
impl<K> RowKey for K where
    K: Key + for<'a> Value<SelfType<'a> = K> + Copy + Ord + Encode + Decode + 'static
{
}

/// A row's value, and how its table holds it.
pub(super) trait RowValue: Clone + Encode + Decode + 'static {
    /// The table's type.
    type Stored: Value + 'static;
    fn stored(&self) -> <Self::Stored as Value>::SelfType<'_>;
    fn from_stored(value: <Self::Stored as Value>::SelfType<'_>) -> Self;
}

impl RowValue for Vec<u8> {
    type Stored = &'static [u8];
    fn stored(&self) -> &[u8] {
        self
    }
    fn from_stored(value: &[u8]) -> Self {
        value.to_vec()
    }
}

impl RowValue for u64 {
    type Stored = Self;
    fn stored(&self) -> Self {
        *self
    }
    fn from_stored(value: Self) -> Self {
        value
    }
}

impl RowValue for () {
    type Stored = Self;
    fn stored(&self) {}
    fn from_stored((): Self) {}
}

/// Changed rows of one table; `None` stands for one that was taken out.
type Changes<K, V> = Vec<(K, Option<V>)>;

/// What is ahead of one table.
pub(super) struct Ahead<K, V> {
    /// `None` hides a row of the table that was taken out.
    rows: BTreeMap<K, Option<V>>,
    /// Keys of rows that are not in the journal yet.
    fresh: BTreeSet<K>,
}

impl<K, V> Default for Ahead<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), fresh: BTreeSet::new() }
    }
}

impl<K: RowKey, V: RowValue> Ahead<K, V> {
    /// The changes that are not in the journal yet; they are from now on.
    fn take_fresh(&mut self) -> Changes<K, V> {
        let fresh = std::mem::take(&mut self.fresh);
        fresh.into_iter().map(|key| (key, self.rows.get(&key).cloned().flatten())).collect()
    }
}

/// A table, and what is ahead of it.
pub(super) struct Rows<'t, K: RowKey, V: RowValue> {
    table: Table<'t, K, V::Stored>,
    ahead: &'t mut Ahead<K, V>,
}

impl<'t, K: RowKey, V: RowValue> Rows<'t, K, V> {
    pub fn open(
        transaction: &'t WriteTransaction,
        name: &'static str,
        ahead: &'t mut Ahead<K, V>,
    ) -> Result<Self, BookError> {
        let table = transaction.open_table(TableDefinition::<K, V::Stored>::new(name))?;
        Ok(Self { table, ahead })
    }

    pub fn get(&self, key: K) -> Result<Option<V>, BookError> {
        match self.ahead.rows.get(&key) {
            Some(row) => Ok(row.clone()),
            None => Ok(self.table.get(key)?.map(|row| V::from_stored(row.value()))),
        }
    }

    pub fn contains(&self, key: K) -> Result<bool, BookError> {
        match self.ahead.rows.get(&key) {
            Some(row) => Ok(row.is_some()),
            None => Ok(self.table.get(key)?.is_some()),
        }
    }

    pub fn insert(&mut self, key: K, value: V) {
        self.ahead.rows.insert(key, Some(value));
        self.ahead.fresh.insert(key);
    }

    pub fn remove(&mut self, key: K) -> Result<(), BookError> {
        // Where nothing is to be hidden nothing is left, or walks would pass over it for long.
        if self.table.get(key)?.is_some() {
            self.ahead.rows.insert(key, None);
        } else {
            self.ahead.rows.remove(&key);
        }
        self.ahead.fresh.insert(key);
        Ok(())
    }

    /// Rows in a range, ascending.
    pub fn range<'a>(
        &'a self,
        range: impl RangeBounds<K> + Clone + 'a,
    ) -> Result<impl Iterator<Item = Result<(K, V), BookError>> + 'a, BookError> {
        self.walk(range, false)
    }

    /// The last row of a range.
    pub fn last(&self, range: impl RangeBounds<K> + Clone) -> Result<Option<(K, V)>, BookError> {
        self.walk(range, true)?.next().transpose()
    }

    /// Rows in a range, ascending or descending.
    fn walk<'a>(
        &'a self,
        range: impl RangeBounds<K> + Clone + 'a,
        down: bool,
    ) -> Result<impl Iterator<Item = Result<(K, V), BookError>> + 'a, BookError> {
        let mut ahead = self.ahead.rows.range(range.clone());
        let mut table = self.table.range(range)?;
        let (mut new, mut old) = (None, None);
        Ok(std::iter::from_fn(move || {
            loop {
                if new.is_none() {
                    new = if down { ahead.next_back() } else { ahead.next() };
                }
                if old.is_none() {
                    old = match if down { table.next_back() } else { table.next() } {
                        Some(Ok((key, value))) => Some((key.value(), value)),
                        Some(Err(error)) => return Some(Err(error.into())),
                        None => None,
                    };
                }
                let order = match (&new, &old) {
                    (None, None) => return None,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some((new, _)), Some((old, _))) if down => old.cmp(*new),
                    (Some((new, _)), Some((old, _))) => (*new).cmp(old),
                };
                if order == Ordering::Greater {
                    let (key, value) = old.take()?;
                    return Some(Ok((key, V::from_stored(value.value()))));
                }
                if order == Ordering::Equal {
                    old = None;
                }
                if let Some((key, Some(value))) = new.take() {
                    return Some(Ok((*key, value.clone())));
                }
            }
        }))
    }

    fn is_fresh(&self) -> bool {
        !self.ahead.fresh.is_empty()
    }

    /// Puts what is ahead into the table.
    fn fold(&mut self) -> Result<(), BookError> {
        self.ahead.fresh.clear();
        for (key, value) in std::mem::take(&mut self.ahead.rows) {
            match value {
                Some(value) => drop(self.table.insert(key, value.stored())?),
                None => drop(self.table.remove(key)?),
            }
        }
        Ok(())
    }
}

/// Names the tables once: what is ahead of them, their rows in a transaction, an entry of the
/// journal.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $key:ty => $value:ty,)*) => {
        /// What is ahead of all tables: in memory what the journal holds.
        #[derive(Default)]
        pub(super) struct Journal {
            $($table: Ahead<$key, $value>,)*
            /// The number of the next entry.
            next: u64,
        }

        /// The tables within one transaction.
        pub(super) struct Tables<'t> {
            $($(#[$doc])* pub $table: Rows<'t, $key, $value>,)*
            transaction: &'t WriteTransaction,
            next: &'t mut u64,
        }

        #[derive(Encode, Decode)]
        struct Entry {
            $($table: Changes<$key, $value>,)*
        }

        impl Journal {
            /// Reads the journal.
            pub fn load(transaction: &WriteTransaction) -> Result<Self, BookError> {
                let mut this = Self::default();
                for row in transaction.open_table(JOURNAL)?.iter()? {
                    let (number, entry) = row?;
                    let entry = Entry::decode_all(&mut entry.value())
                        .map_err(|_| BookError::Damaged("the journal"))?;
                    $(this.$table.rows.extend(entry.$table);)*
                    this.next = number.value().saturating_add(1);
                }
                Ok(this)
            }
        }

        impl<'t> Tables<'t> {
            /// Opens the tables.
            pub fn open(
                transaction: &'t WriteTransaction,
                journal: &'t mut Journal,
            ) -> Result<Self, BookError> {
                let Journal { next, $($table,)* } = journal;
                Ok(Self {
                    $($table: Rows::open(transaction, stringify!($table), $table)?,)*
                    transaction,
                    next,
                })
            }

            /// Whether anything was changed.
            pub fn is_changed(&self) -> bool {
                false $(|| self.$table.is_fresh())*
            }

            /// Makes what was changed part of the transaction.
            pub fn close(mut self) -> Result<(), BookError> {
                if false $(|| self.$table.ahead.rows.len() >= MANY)* {
                    $(self.$table.fold()?;)*
                    *self.next = 0;
                    self.transaction.delete_table(JOURNAL)?;
                    return Ok(());
                }
                let entry = Entry { $($table: self.$table.ahead.take_fresh(),)* };
                let mut journal = self.transaction.open_table(JOURNAL)?;
                journal.insert(*self.next, entry.encode().as_slice())?;
                *self.next = self.next.saturating_add(1);
                Ok(())
            }
        }
    };
}

tables! {
    /// Ledger, lease and counters.
    meta: u8 => Vec<u8>,
    /// Records of blocks by their number.
    blocks: u64 => Vec<u8>,
    /// Records of keys by their identity.
    keys: u128 => Vec<u8>,
    /// When a key has to be looked at again, in milliseconds since the Unix epoch, and which.
    due: (u64, u128) => (),
    /// Keys that their master may not have been told.
    open: u128 => (),
    /// Free ranges: pool, block and offset, and their length.
    free: (u8, u64, u64) => u64,
}
