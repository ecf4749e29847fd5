//! The durable store of one link's books, and the thread that owns it.
//!
//! Operations of many requests are gathered into one transaction: while one is being synced, the
//! next gathers, and where several come together it waits for more as long as they keep coming, for a
//! time that is short beside a sync. Nothing is answered before its transaction is durable. If a transaction fails (a
//! full disk, say), each of its operations fails and the books are as they were; the database is
//! opened anew for the next one, as it refuses everything after a failed write.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use redb::{Builder, Database, DatabaseError, ReadOnlyDatabase, StorageBackend};
use tokio::sync::{oneshot, watch};

use super::{
    Books, Rejection, books::Ages, cipher::StoreKey, error::BookError, making::Summary,
    rows::Journal,
};

/// Operations that one transaction gathers at most.
const BATCH: usize = 512;
/// Of the last transaction's time, the next waits at most this part for one more operation, ...
const GAP: u32 = 8;
/// ... and at most this part for all of them.
const GATHERING: u32 = 2;
/// Bytes of the database's own cache.
const CACHE: usize = 64 << 20;

/// What a store is opened with.
#[derive(Clone)]
pub struct StoreSettings {
    /// When the books let go.
    pub ages: Ages,
    /// Bytes of a key of the default size, by which the summary counts.
    pub key_len: u64,
    /// The time in milliseconds since the Unix epoch.
    pub clock: Clock,
}

/// A clock that gives milliseconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The system's clock.
pub fn system_clock() -> Clock {
    use std::time::{SystemTime, UNIX_EPOCH};
    Arc::new(|| {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Why the store did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It was rejected before it changed anything.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The database failed, and nothing was changed.
    #[error("the key store cannot be used: {0}")]
    Failed(String),
    /// The store is closed.
    #[error("the key store is closed")]
    Closed,
}

trait Operation: Send {
    /// Runs; an error means that the transaction must be given up.
    fn run(&mut self, books: &mut Books<'_>) -> Result<(), BookError>;
    /// Answers, after the transaction is durable or has failed.
    fn answer(self: Box<Self>, failure: Option<&StoreError>);
}

struct Call<F, T> {
    work: Option<F>,
    result: Option<Result<T, Rejection>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Operation for Call<F, T>
where
    F: FnOnce(&mut Books<'_>) -> Result<T, BookError> + Send,
    T: Send,
{
    fn run(&mut self, books: &mut Books<'_>) -> Result<(), BookError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        self.result = Some(match work(books) {
            Ok(value) => Ok(value),
            Err(BookError::Rejected(rejection)) => Err(rejection),
            Err(error) => return Err(error),
        });
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<&StoreError>) {
        let result = match (failure, self.result) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(result)) => result.map_err(StoreError::Rejected),
            (None, None) => Err(StoreError::Closed),
        };
        // Whoever asked may have gone.
        let _ = self.reply.send(result);
    }
}

enum Command {
    Run(Box<dyn Operation>),
    Close(oneshot::Sender<()>),
}

type Opener = Box<dyn Fn() -> Result<Database, DatabaseError> + Send>;

/// A handle to the store; clones share it. It closes when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    commands: mpsc::Sender<Command>,
    summary: watch::Receiver<Summary>,
}

impl Store {
    /// Opens or makes the store at `path`, with its key beside it at `key_path`.
    ///
    /// # Errors
    ///
    /// A file that others than its owner may read; one that is open already, damaged, of another key file
    /// or name, or cannot be made.
    pub fn open(path: &Path, key_path: &Path, settings: StoreSettings) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.mode() & 0o077 != 0 => {
                return Err(io::Error::other("the file's mode must be 0600"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            }
            Err(error) => return Err(error),
        }
        let key = StoreKey::open(key_path)?.of_store(path.file_name().unwrap_or_default());
        let path = path.to_owned();
        let opener = move || Builder::new().set_cache_size(CACHE).create(&path);
        Self::start(Box::new(opener), key, settings)
    }

    /// Whether a store at `path` is such that it could be opened, or is missing and could be made. Changes
    /// nothing, and does not see whether it was written under this key.
    ///
    /// # Errors
    ///
    /// A file that others than its owner may read; one that is open already, or is no database.
    pub fn look(path: &Path) -> io::Result<()> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.mode() & 0o077 != 0 => {
                return Err(io::Error::other("the file's mode must be 0600"));
            }
            Ok(metadata) if metadata.len() > 0 => {}
            // Made and not written.
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        match ReadOnlyDatabase::open(path) {
            // After a crash it is repaired when it is opened.
            Ok(_) | Err(DatabaseError::RepairAborted) => Ok(()),
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                Err(io::Error::other("a service that runs has it open"))
            }
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Opens the store on backends that `make` gives: one now, one more after each failure.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn open_with_backend<B: StorageBackend>(
        make: impl Fn() -> B + Send + 'static,
        key: StoreKey,
        settings: StoreSettings,
    ) -> io::Result<Self> {
        let opener = move || Builder::new().set_cache_size(CACHE).create_with_backend(make());
        Self::start(Box::new(opener), key, settings)
    }

    fn start(opener: Opener, key: StoreKey, settings: StoreSettings) -> io::Result<Self> {
        let database = opener().map_err(io::Error::other)?;
        let (commands, incoming) = mpsc::channel();
        let (publish, summary) = watch::channel(Summary::default());
        let last = (0, Duration::ZERO);
        let database = Some(database);
        let mut keeper = Keeper { database, opener, key, settings, publish, journal: None, last };
        // What was held when the KME stopped may have been told, and its run of post-processing
        // may have used what it had marked.
        let mut settle = |books: &mut Books<'_>| {
            books.check_key()?;
            books.recover_lease()?;
            books.confirm_all()?;
            books.changed = true;
            Ok(())
        };
        keeper.transact(&mut settle).map_err(io::Error::other)?;
        thread::Builder::new().name("key store".into()).spawn(move || keeper.keep(&incoming))?;
        Ok(Self { commands, summary })
    }

    /// Runs `work` on the books and answers when what it changed is durable.
    ///
    /// # Errors
    ///
    /// [`StoreError::Rejected`] with what `work` said, or the store's failure; nothing was changed.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Books<'_>) -> Result<T, BookError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.begin(work).await.map_err(|_| StoreError::Closed)?
    }

    /// As [`Store::run`], for a thread that may block.
    ///
    /// # Errors
    ///
    /// As [`Store::run`].
    pub fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Books<'_>) -> Result<T, BookError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.begin(work).blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// Puts `work` into the order of operations at once and gives its answer later.
    pub fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Books<'_>) -> Result<T, BookError> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, StoreError>> {
        let (reply, answer) = oneshot::channel();
        let call = Call { work: Some(work), result: None, reply };
        // A closed store drops the call, and with it the sender of its answer.
        let _ = self.commands.send(Command::Run(Box::new(call)));
        answer
    }

    /// The ledger and fills of the last durable transaction that changed anything, and a way to
    /// wait for the next.
    pub fn summary(&self) -> watch::Receiver<Summary> {
        self.summary.clone()
    }

    /// Closes the store after what was begun. Later operations fail.
    pub async fn close(&self) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(Command::Close(reply)).is_ok() {
            let _ = done.await;
        }
    }
}

struct Keeper {
    database: Option<Database>,
    opener: Opener,
    key: StoreKey,
    settings: StoreSettings,
    publish: watch::Sender<Summary>,
    /// None after a failure: it is read again.
    journal: Option<Journal>,
    /// Operations in the last transaction, and how long it took.
    last: (usize, Duration),
}

impl Keeper {
    fn keep(mut self, incoming: &mpsc::Receiver<Command>) {
        while let Ok(first) = incoming.recv() {
            let mut batch = Vec::new();
            let mut close = None;
            let mut next = Some(first);
            let began = Instant::now();
            let (together, took) = self.last;
            while let Some(command) = next.take() {
                match command {
                    Command::Run(operation) => batch.push(operation),
                    Command::Close(reply) => close = Some(reply),
                }
                if close.is_none() && batch.len() < BATCH {
                    next = incoming.try_recv().ok();
                    if next.is_none() && together.max(batch.len()) > 1 {
                        let left = (took / GATHERING).saturating_sub(began.elapsed());
                        next = incoming.recv_timeout(left.min(took / GAP)).ok();
                    }
                }
            }
            let (together, began) = (batch.len(), Instant::now());
            self.work_off(batch);
            self.last = (together, began.elapsed());
            if let Some(reply) = close {
                drop(self);
                let _ = reply.send(());
                return;
            }
        }
    }

    fn work_off(&mut self, mut batch: Vec<Box<dyn Operation>>) {
        if batch.is_empty() {
            return;
        }
        let mut all =
            |books: &mut Books<'_>| batch.iter_mut().try_for_each(|operation| operation.run(books));
        let failure = self.transact(&mut all).err().map(|error| {
            self.database = None;
            tracing::error!(%error, "the key store failed");
            StoreError::Failed(error.to_string())
        });
        for operation in batch {
            operation.answer(failure.as_ref());
        }
    }

    fn transact(
        &mut self,
        work: &mut dyn FnMut(&mut Books<'_>) -> Result<(), BookError>,
    ) -> Result<(), BookError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => (self.opener)().map_err(|error| BookError::Database(error.into()))?,
        };
        let transaction = database.begin_write()?;
        let now = (self.settings.clock)();
        let mut journal = match self.journal.take() {
            Some(journal) => journal,
            None => Journal::load(&transaction)?,
        };
        let mut books =
            Books::open(&transaction, &mut journal, &self.key, self.settings.ages, now)?;
        work(&mut books)?;
        let summary = books.is_changed().then(|| books.summary(self.settings.key_len));
        let summary = summary.transpose()?;
        if books.close()? {
            transaction.commit()?;
        }
        self.database = Some(database);
        self.journal = Some(journal);
        if let Some(summary) = summary {
            self.publish.send_replace(summary);
        }
        Ok(())
    }
}
