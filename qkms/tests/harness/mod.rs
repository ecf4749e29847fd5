//! KMEs in processes of their own, which tests kill and ask by lines on sockets in place of HTTP.
//!
//! Sockets lie in a test's folder: a path is nobody else's, as a port would be, and who comes back finds
//! its place.

pub mod kme;

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead, BufReader, Write},
    ops::Range,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Set in a process that plays a KME, to what it plays.
const CHILD: &str = "QKMS_TEST_CHILD";

/// What this process is to play, if it was started by a [`Player`].
pub fn orders() -> Option<String> {
    std::env::var(CHILD).ok()
}

/// A process that plays a KME: the test `child` of the same binary, with orders.
pub struct Player {
    /// Who it is.
    pub name: String,
    orders: String,
    saes: PathBuf,
    process: Mutex<Option<Child>>,
}

impl Player {
    /// One that is not started; it will listen for SAEs at `saes`.
    pub fn new(name: &str, orders: String, saes: PathBuf) -> Self {
        Self { name: name.to_owned(), orders, saes, process: Mutex::new(None) }
    }

    pub fn start(&self) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, &self.orders)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        *self.process.lock().unwrap() = Some(child);
    }

    /// Kills the process; panics if it had ended by itself, which a failed audit makes it do.
    pub fn kill(&self) {
        let mut child = self.process.lock().unwrap().take().unwrap();
        assert!(child.try_wait().unwrap().is_none(), "{} has ended by itself", self.name);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it, on a connection of its own.
    fn ask(&self, question: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.saes)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        writeln!(stream, "{question}")?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        if answer.ends_with('\n') {
            Ok(answer.trim_end().to_owned())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// What its books say, once they can be asked: how many withdrawals are open, then for each link whether
    /// its line is ready, and what is free.
    pub fn books(&self) -> Vec<String> {
        let answer = self.ask("audit").unwrap_or_default();
        assert!(!answer.starts_with("failed"), "{}: {answer}", self.name);
        let books = answer.strip_prefix("books ").unwrap_or_default();
        books.split('|').map(str::to_owned).collect()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if let Some(child) = self.process.lock().unwrap().as_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What one master was told.
#[derive(Default)]
pub struct Told {
    /// Keys by their identities, each fetched by its slave.
    pub keys: HashMap<String, String>,
    /// Keys that a slave lost because it was cut off.
    pub cut_off: usize,
    /// Requests of the master's that were refused or not answered.
    pub refused: usize,
}

/// Draws keys for a master at `from` and has its slave at `to` fetch them until there are enough. Counts them
/// in `done`.
pub fn deliver(
    from: &Player,
    to: &Player,
    [master, slave]: [&str; 2],
    done: &AtomicUsize,
    enough: impl Fn() -> bool,
) -> Told {
    let mut told = Told::default();
    let until = Instant::now() + Duration::from_secs(900);
    let pause = || thread::sleep(Duration::from_millis(1));
    while !enough() {
        assert!(Instant::now() < until, "deliveries do not get on: {} refused", told.refused);
        let answer = from.ask(&format!("enc {master} {slave}")).unwrap_or_default();
        let Some((id, key)) = answer.strip_prefix("key ").and_then(|key| key.split_once(' '))
        else {
            told.refused += 1;
            pause();
            continue;
        };
        let question = format!("dec {slave} {master} {id}");
        let mut cut = false;
        loop {
            assert!(Instant::now() < until, "a key cannot be fetched");
            match to.ask(&question) {
                Ok(fetched) if fetched == answer => break,
                Ok(fetched) if fetched.starts_with("refused KeysNotFound") => {
                    assert!(cut, "{id} was told to its master and is lost to its slave");
                    told.cut_off += 1;
                    break;
                }
                Ok(fetched) => assert!(fetched.starts_with("refused"), "another key for {id}"),
                // Who was not connected reached nobody; others may have been told.
                Err(error) => {
                    let unreached = [io::ErrorKind::ConnectionRefused, io::ErrorKind::NotFound];
                    cut |= !unreached.contains(&error.kind());
                    pause();
                }
            }
        }
        if let Ok(again) = to.ask(&question) {
            assert!(again.starts_with("refused"), "{id} was told twice by one end");
        }
        assert_eq!(told.keys.insert(id.to_owned(), key.to_owned()), None, "an identity twice");
        done.fetch_add(1, Ordering::SeqCst);
    }
    told
}

/// Strikes after `apart` more deliveries each time, until it is over.
pub fn strike_now_and_then(
    seed: u64,
    apart: Range<usize>,
    done: &AtomicUsize,
    over: &AtomicBool,
    mut strike: impl FnMut(&mut StdRng),
) {
    let mut random = StdRng::seed_from_u64(seed);
    let deliveries = || done.load(Ordering::SeqCst);
    while !over.load(Ordering::SeqCst) {
        // After some more deliveries, so that there is progress however slow the machine is, and then
        // at any moment of the next ones: no event is awaited there.
        let next = deliveries() + random.random_range(apart.clone());
        while deliveries() < next && !over.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(random.random_range(0..30_000)));
        strike(&mut random);
    }
}

/// Waits until the books of all are such that `agree` says so, with everything up and nothing being made.
pub fn await_agreement(players: &[Player], agree: impl Fn(&[Vec<String>]) -> bool) {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let books: Vec<_> = players.iter().map(Player::books).collect();
        if agree(&books) {
            return;
        }
        assert!(Instant::now() < until, "they do not agree: {books:#?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Sees that no key was told to two pairs, and says what was. Returns the number of keys.
pub fn all_different(told: &[Told; 2], kills: &str) -> usize {
    let all: Vec<&String> = told.iter().flat_map(|told| told.keys.values()).collect();
    let different: HashSet<&String> = all.iter().copied().collect();
    assert_eq!(all.len(), different.len(), "a key was told to two pairs");
    let [one, other] = told;
    println!(
        "{} and {} deliveries, {kills} kills, {} requests refused, {} slaves cut off",
        one.keys.len(),
        other.keys.len(),
        one.refused + other.refused,
        one.cut_off + other.cut_off
    );
    all.len()
}
