mod audits;
mod conservation;
mod disk;
mod power;
mod records;
mod rules;
mod withdrawals;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use self::disk::Disk;
use super::{
    books::{Ages, Books},
    cipher::StoreKey,
    delivery::{Draw, Drawn},
    error::BookError,
    making::NewBlock,
    record::{Made, Reservation},
    store::{Store, StoreError, StoreSettings},
    *,
};

/// An hour in milliseconds.
const HOUR: u64 = 3_600_000;

/// One end on a disk of its own, with a clock that the test moves.
struct Site {
    end: End,
    disk: Disk,
    folder: tempfile::TempDir,
    clock: Arc<AtomicU64>,
    store: Store,
    /// It lost what it kept of blocks that may be picked, as its test wanted it.
    lost: bool,
}

impl Site {
    fn new(end: End, clock: &Arc<AtomicU64>) -> Self {
        let disk = Disk::default();
        let folder = tempfile::tempdir().unwrap();
        let store = open(&disk, &folder, clock).unwrap();
        Self { end, disk, folder, clock: clock.clone(), store, lost: false }
    }

    /// Runs, and audits what is to be committed.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Books<'_>) -> Result<T, BookError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let lost = self.lost;
        self.store.run_blocking(move |books| {
            let result = work(books);
            balance(books, lost).and(result)
        })
    }

    fn audit(&self) {
        let lost = self.lost;
        self.store.run_blocking(move |books| balance(books, lost)).unwrap();
    }

    fn free(&self, pool: Pool) -> Vec<Range> {
        self.store.run_blocking(move |books| books.free_ranges(pool)).unwrap()
    }

    fn ledger(&self) -> Ledger {
        self.store.run_blocking(|books| Ok(books.ledger())).unwrap()
    }

    fn close(&self) {
        futures::executor::block_on(self.store.close());
    }

    /// Opens the store again from what the disk holds.
    fn reopen(&mut self) {
        self.close();
        self.store = open(&self.disk, &self.folder, &self.clock).unwrap();
        self.audit();
    }
}

/// Audits books, which say so if they lost what is kept of blocks that may be picked, and nothing else.
fn balance(books: &Books<'_>, lost: bool) -> Result<(), BookError> {
    const LOST: &str = "a block that may be picked cannot be opened";
    match books.audit() {
        Err(BookError::Damaged(LOST)) if lost => Ok(()),
        Ok(()) if lost => panic!("the audit sees no loss"),
        audited => audited,
    }
}

fn open(disk: &Disk, folder: &tempfile::TempDir, clock: &Arc<AtomicU64>) -> std::io::Result<Store> {
    let (disk, clock) = (disk.clone(), clock.clone());
    let settings = StoreSettings {
        ages: Ages { key: HOUR, record: 3 * HOUR },
        key_len: 32,
        clock: Arc::new(move || clock.load(Ordering::SeqCst)),
    };
    let key = StoreKey::open(&folder.path().join("key"))?;
    Store::open_with_backend(move || disk.clone(), key, settings)
}

fn pair() -> (Site, Site) {
    let clock = Arc::new(AtomicU64::new(1_000_000_000));
    (Site::new(End::Alice, &clock), Site::new(End::Bob, &clock))
}

/// The bytes of block `number` in tests.
fn block_bytes(number: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    StdRng::seed_from_u64(number).fill_bytes(&mut bytes);
    bytes
}

fn store_block(site: &Site, number: u64, split: Split, staged: bool) -> Result<(), StoreError> {
    let bytes = block_bytes(number, split.total() as usize + 1);
    site.run(move |books| {
        books.store_block(&NewBlock {
            number,
            made: Made::Link,
            bytes: &bytes,
            bits: split.total() * 8 + 5,
            split,
            staged,
        })
    })
}

fn draw_of(site: &Site, ids: &[Uuid], len: u64) -> Draw {
    Draw {
        direction: site.end.outgoing(),
        master: format!("master at {:?}", site.end),
        slaves: Vec::new(),
        ids: ids.to_vec(),
        len,
        max_age: None,
    }
}

fn draw(site: &Site, ids: &[Uuid], len: u64) -> Result<Vec<Drawn>, StoreError> {
    let draw = draw_of(site, ids, len);
    site.run(move |books| books.draw(&draw))
}

fn reservation(site: &Site, drawn: &[Drawn]) -> Reservation {
    Reservation {
        master: format!("master at {:?}", site.end),
        slaves: vec!["slave".into()],
        keys: drawn.iter().map(|drawn| drawn.note.clone()).collect(),
    }
}

fn accept(site: &Site, reservation: Reservation) -> Result<(), StoreError> {
    let direction = site.end.peer().outgoing();
    site.run(move |books| books.accept(direction, &reservation))
}
