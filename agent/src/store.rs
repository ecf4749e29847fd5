//! What outlives a crash: a database in which each value is sealed.
//!
//! The folder is its owner's alone (0700); the database and the file with its key are of mode 0600. What
//! belongs together is written in one transaction, which is durable before [`Store::write`] returns. After
//! a failed one the database is opened anew: what it holds then is what counts.
//!
//! Old values stay in unused pages of the file until these are used again, sealed as they were.

use crate::{
    draw::Draw,
    letter::{Counts, LetterRecord, SpareKey},
    record::Record,
    seal::Sealer,
};
use codec::{Decode, DecodeAll, Encode};
use qedex_primitives::agent::AccountBytes;
use qkms::pool::cipher::StoreKey;
use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableDefinition};
use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
    sync::{Mutex, PoisonError},
};
use zeroize::Zeroizing;

const ROWS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("rows");

/// Bytes of the database's own cache.
const CACHE: usize = 8 << 20;

/// The store cannot be read or written. What was there is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the agent's store cannot be used: {0}")]
pub struct StoreError(String);

impl StoreError {
    pub(crate) fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

fn failed(error: impl Into<redb::Error>) -> StoreError {
    StoreError::new(error.into())
}

/// A row's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub enum Row {
    /// What holds for all sessions: [`General`].
    #[codec(index = 0)]
    General,
    /// A session, by its number in this store: [`Record`].
    #[codec(index = 1)]
    Session(u64),
    /// What was answered of an account: `q_sah::Numbers`.
    #[codec(index = 2)]
    Numbers(AccountBytes),
    /// That a key, or its name, was taken, by its fingerprint: nothing, or, for the name of the key of a
    /// letter that came, the fingerprint of that letter's envelope.
    #[codec(index = 3)]
    Used([u8; 32]),
    /// A frame that is to be delivered, by the session's number in this store and its counter.
    #[codec(index = 4)]
    Outgoing(u64, u64),
    /// A text that waits for the user, likewise.
    #[codec(index = 5)]
    Incoming(u64, u64),
    /// A letter, by its number in this store: [`LetterRecord`].
    #[codec(index = 6)]
    Letter(u64),
    /// The envelope of a letter that is to be delivered, or the text of one that came, likewise.
    #[codec(index = 7)]
    LetterBytes(u64),
    /// A key that waits for the letter or the session that it is of, by its name: [`SpareKey`].
    #[codec(index = 8)]
    Spare([u8; 16]),
    /// What is committed to in an epoch of the beacon, by its number: [`Draw`].
    #[codec(index = 9)]
    Draw(u64),
}

/// What holds for all sessions and letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct General {
    /// The chain: the hash of its first block.
    pub genesis: Option<[u8; 32]>,
    /// For whom the agent speaks, as last told.
    pub account: Option<AccountBytes>,
    /// The highest number that it gave a session.
    pub last_number: u64,
    /// The number in this store that the next session or letter gets.
    pub next: u64,
    /// Keys drawn for sessions, letters and the beacon, in all.
    pub keys: u64,
    /// Bits of them.
    pub bits: u64,
    /// Handshakes that ended in an open session, in all.
    pub finished: u64,
    /// Milliseconds that they took, in all.
    pub finished_ms: u64,
    /// How many letters there were.
    pub letters: Counts,
}

/// What is written: each row with its value, or none to remove it.
pub type Changes = Vec<(Row, Option<Zeroizing<Vec<u8>>>)>;

/// A value as it is written. It is given all its room at once: a vector that grows leaves its bytes
/// behind.
pub fn value(value: &impl Encode) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(value.encoded_size()));
    value.encode_to(&mut *bytes);
    Some(bytes)
}

type Opener = Box<dyn Fn() -> Result<Database, StoreError> + Send + Sync>;

/// The store of an agent.
pub struct Store {
    /// None after a failure.
    database: Mutex<Option<Database>>,
    opener: Opener,
    sealer: Sealer,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Store(..)")
    }
}

impl Store {
    /// Opens the store in a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// A folder or a file that others than its owner may use; a store that is open already, or is none.
    pub fn open(folder: &Path) -> io::Result<Self> {
        if !folder.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        private(folder, "the store's folder must be of mode 0700")?;
        let sealer = Sealer::new(StoreKey::open(&folder.join("agent.key"))?);
        let path = folder.join("agent.redb");
        if !path.exists() {
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            File::open(folder)?.sync_all()?;
        }
        private(&path, "the store's mode must be 0600")?;
        let opener = move || {
            let made = Database::builder().set_cache_size(CACHE).create(&path);
            made.map_err(StoreError::new)
        };
        Self::over(Box::new(opener), sealer).map_err(io::Error::other)
    }

    /// A store on whatever `opener` opens: now, and after each failure.
    pub(crate) fn over(opener: Opener, sealer: Sealer) -> Result<Self, StoreError> {
        let database = opener()?;
        Ok(Self { database: Mutex::new(Some(database)), opener, sealer })
    }

    /// By what bytes are known again, which tells nothing of them to who has not the store's key.
    pub fn fingerprint(&self, label: u8, bytes: &[u8]) -> [u8; 32] {
        self.sealer.fingerprint(label, bytes)
    }

    /// Runs `work` on the database, which is let go if that fails.
    fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut held = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match held.take() {
            Some(database) => database,
            None => (self.opener)()?,
        };
        let result = work(&database)?;
        *held = Some(database);
        Ok(result)
    }

    /// Writes all of it, or nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: then whether it was written is told by what is read next.
    pub fn write(&self, changes: &Changes) -> Result<(), StoreError> {
        self.with(|database| {
            let writing = database.begin_write().map_err(failed)?;
            {
                let mut rows = writing.open_table(ROWS).map_err(failed)?;
                for (row, value) in changes {
                    let name = row.encode();
                    match value {
                        Some(value) => {
                            let sealed = self.sealer.seal(&name, value).map_err(StoreError::new)?;
                            rows.insert(&name[..], &sealed[..]).map_err(failed)?;
                        }
                        None => {
                            rows.remove(&name[..]).map_err(failed)?;
                        }
                    }
                }
            }
            writing.commit().map_err(failed)
        })
    }

    /// The value of a row.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn read(&self, row: Row) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        self.with(|database| {
            let reading = database.begin_read().map_err(failed)?;
            let Some(rows) = table(&reading)? else { return Ok(None) };
            let name = row.encode();
            let sealed = rows.get(&name[..]).map_err(failed)?;
            let open = |sealed: redb::AccessGuard<'_, &[u8]>| {
                self.sealer.open_value(&name, sealed.value()).map_err(StoreError::new)
            };
            sealed.map(open).transpose()
        })
    }

    /// What holds for all sessions.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn general(&self) -> Result<General, StoreError> {
        let Some(value) = self.read(Row::General)? else { return Ok(General::default()) };
        General::decode_all(&mut &value[..]).map_err(StoreError::new)
    }

    /// All sessions by their numbers in this store.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn sessions(&self) -> Result<Vec<(u64, Record)>, StoreError> {
        self.all_of(&Row::Session(0))
    }

    /// All letters by their numbers in this store.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn letters(&self) -> Result<Vec<(u64, LetterRecord)>, StoreError> {
        self.all_of(&Row::Letter(0))
    }

    /// All keys that wait, by their names.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn spares(&self) -> Result<Vec<([u8; 16], SpareKey)>, StoreError> {
        self.all_of(&Row::Spare([0; 16]))
    }

    /// What is committed to, by the epochs of the beacon.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn draws(&self) -> Result<Vec<(u64, Draw)>, StoreError> {
        self.all_of(&Row::Draw(0))
    }

    /// All rows of a kind, each with what follows its kind in its name.
    fn all_of<N: Decode, V: Decode>(&self, kind: &Row) -> Result<Vec<(N, V)>, StoreError> {
        self.with(|database| {
            let reading = database.begin_read().map_err(failed)?;
            let Some(rows) = table(&reading)? else { return Ok(Vec::new()) };
            let kind = kind.encode().first().copied().unwrap_or_default();
            let (first, behind) = ([kind], [kind.saturating_add(1)]);
            let mut found = Vec::new();
            for row in rows.range(&first[..]..&behind[..]).map_err(failed)? {
                let (name, sealed) = row.map_err(failed)?;
                let value = self.sealer.open_value(name.value(), sealed.value());
                let value = value.map_err(StoreError::new)?;
                let name = name.value().get(1..).unwrap_or_default();
                let name = N::decode_all(&mut &*name).map_err(StoreError::new)?;
                found.push((name, V::decode_all(&mut &value[..]).map_err(StoreError::new)?));
            }
            Ok(found)
        })
    }
}

type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The rows; none if nothing was written yet.
fn table(reading: &ReadTransaction) -> Result<Option<Rows>, StoreError> {
    match reading.open_table(ROWS) {
        Ok(rows) => Ok(Some(rows)),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn private(path: &Path, wrong: &'static str) -> io::Result<()> {
    let exposed = fs::metadata(path)?.mode() & 0o077 != 0;
    if exposed { Err(io::Error::other(wrong)) } else { Ok(()) }
}

#[cfg(test)]
impl Store {
    /// Puts a sealed value where it does not belong.
    pub(crate) fn move_row(&self, from: Row, to: Row) -> Result<(), StoreError> {
        self.with(|database| {
            let writing = database.begin_write().map_err(failed)?;
            {
                let mut rows = writing.open_table(ROWS).map_err(failed)?;
                let removed = rows.remove(&from.encode()[..]).map_err(failed)?;
                let value = removed.map(|value| value.value().to_vec()).unwrap_or_default();
                rows.insert(&to.encode()[..], &value[..]).map_err(failed)?;
            }
            writing.commit().map_err(failed)
        })
    }
}
