//! Deliveries while either KME or both are killed at random moments.
//!
//! Two masters, one at each end, draw keys, and their slaves fetch them, while the two processes
//! that hold the ends are killed (SIGKILL) and started again. In the end no key was told to two
//! pairs, none twice by one end, and none that a master was told was lost to its slave, save where
//! the slave itself was cut off while it fetched: a key is told once or never. The books of each
//! end are audited after each start.
//!
//! `QKMS_TEST_DELIVERIES` sets the number of deliveries.

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Set in a process that plays an end.
const CHILD: &str = "QKMS_TEST_CHILD";

mod end {
    //! One end in a process of its own, with a line protocol for SAEs in place of HTTP.

    use std::{
        io,
        path::{Path, PathBuf},
        sync::Arc,
        time::Duration,
    };

    use qkms::{
        kme::{
            Kme,
            line::{Dialer, Dialing},
            link::Capacity,
            service::{EncRequest, KeyService, SaeId},
            testing::{self, Options, SharedGenerator, kme_id},
            wire::Stream,
        },
        pool::End,
    };
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::{UnixListener, UnixStream},
    };

    struct Socket(PathBuf);

    impl Dialer for Socket {
        fn dial(&self) -> Dialing<'_> {
            Box::pin(async { Ok(Box::new(UnixStream::connect(&self.0).await?) as Box<dyn Stream>) })
        }
    }

    /// Listens where a process that was killed may have listened before.
    fn listen(path: &Path) -> UnixListener {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{error}"),
            _ => UnixListener::bind(path).unwrap(),
        }
    }

    #[tokio::main]
    pub async fn run(end: End, folder: &Path, peer: PathBuf) {
        let options = Options {
            capacity: Capacity { keys: 1 << 15, tags: 1 << 14, lease: 1 << 12 },
            block_bits: 100_003,
            patience: Duration::from_secs(1),
            ..Options::default()
        };
        let maker = Box::new(SharedGenerator::new(options.seed, options.block_bits));
        let setup =
            testing::setup(end, folder, &options, Arc::new(Socket(super::door(&peer))), maker)
                .unwrap();
        setup.links[0].store.run(|books| books.audit()).await.unwrap();
        let peers = listen(&super::door(folder));
        let clients = listen(&super::saes(folder));
        let kme = Kme::start(setup).await.unwrap();
        let accepting = Arc::clone(&kme);
        tokio::spawn(async move {
            loop {
                let (stream, _) = peers.accept().await.unwrap();
                let kme = Arc::clone(&accepting);
                let peer = kme_id(end.peer());
                tokio::spawn(async move { kme.answer(&peer, Box::new(stream)).await });
            }
        });
        loop {
            let (stream, _) = clients.accept().await.unwrap();
            tokio::spawn(serve(Arc::clone(&kme), stream));
        }
    }

    async fn serve(kme: Arc<Kme>, stream: UnixStream) -> io::Result<()> {
        let (incoming, mut outgoing) = stream.into_split();
        let mut lines = BufReader::new(incoming).lines();
        while let Some(line) = lines.next_line().await? {
            let answer = answer(&kme, &line).await;
            outgoing.write_all(answer.as_bytes()).await?;
        }
        Ok(())
    }

    async fn answer(kme: &Kme, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let id = |text: &str| -> SaeId { testing::id(text) };
        let keys = match words[..] {
            ["enc", master, slave] => {
                kme.enc_keys(&id(master), &id(slave), EncRequest::default()).await
            }
            ["dec", caller, master, key] => {
                kme.dec_keys(&id(caller), &id(master), vec![key.parse().unwrap()]).await
            }
            ["audit"] => {
                let link = &kme.links()[0];
                let free = link.store.run(|books| {
                    books.audit()?;
                    let mut free = Vec::new();
                    for pool in qkms::pool::Pool::ALL {
                        free.push(books.free_ranges(pool)?);
                    }
                    Ok(free)
                });
                return match free.await {
                    Ok(free) => format!("free {} {free:?}\n", link.line.is_ready()),
                    Err(error) => format!("failed {error}\n"),
                };
            }
            _ => panic!("{line}"),
        };
        match keys {
            Ok(keys) => {
                let hex: String = keys[0].key.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("key {} {hex}\n", keys[0].id)
            }
            Err(refusal) => format!("refused {refusal:?}\n"),
        }
    }
}

/// The process of an end; not a test of its own.
#[test]
fn child() {
    let Ok(orders) = std::env::var(CHILD) else { return };
    let words: Vec<&str> = orders.split(' ').collect();
    let [end, folder, peer] = words[..] else { panic!("{orders}") };
    let end = if end == "a" { qkms::pool::End::Alice } else { qkms::pool::End::Bob };
    end::run(end, Path::new(folder), peer.into());
}

struct Site {
    name: &'static str,
    folder: PathBuf,
    peer: PathBuf,
    process: Mutex<Option<Child>>,
}

impl Site {
    fn start(&self) {
        let orders = format!("{} {} {}", self.name, self.folder.display(), self.peer.display());
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, orders)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        *self.process.lock().unwrap() = Some(child);
    }

    /// Kills the process; panics if it had ended by itself, which a failed audit makes it do.
    fn kill(&self) {
        let mut child = self.process.lock().unwrap().take().unwrap();
        assert!(child.try_wait().unwrap().is_none(), "the end {} has ended by itself", self.name);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(child) = self.process.lock().unwrap().as_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks an end, on a connection of its own.
fn ask(site: &Site, question: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(saes(&site.folder))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    writeln!(stream, "{question}")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer.ends_with('\n') {
        Ok(answer.trim_end().to_owned())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

#[derive(Default)]
struct Told {
    keys: HashMap<String, String>,
    cut_off: usize,
    refused: usize,
}

/// What has been done: keys delivered, and ends killed.
#[derive(Default)]
struct Done {
    deliveries: AtomicUsize,
    kills: AtomicUsize,
}

impl Done {
    /// Whether enough keys were delivered, with enough kills among them, however fast the machine is.
    fn is_enough(&self, wanted: usize) -> bool {
        self.deliveries.load(Ordering::SeqCst) >= wanted && self.kills.load(Ordering::SeqCst) > 3
    }
}

/// Delivers keys from a master at `from` to a slave at `to` until enough are.
fn deliver(from: &Site, to: &Site, names: [&str; 2], done: &Done, wanted: usize) -> Told {
    let [master, slave] = names;
    let mut told = Told::default();
    let until = Instant::now() + Duration::from_secs(600);
    while !done.is_enough(wanted) {
        assert!(Instant::now() < until, "deliveries do not get on: {} refused", told.refused);
        let answer = ask(from, &format!("enc {master} {slave}")).unwrap_or_default();
        let Some((id, key)) = answer.strip_prefix("key ").and_then(|key| key.split_once(' '))
        else {
            told.refused += 1;
            thread::yield_now();
            continue;
        };
        let question = format!("dec {slave} {master} {id}");
        let mut cut = false;
        loop {
            assert!(Instant::now() < until, "a key cannot be fetched");
            match ask(to, &question) {
                Ok(fetched) if fetched == answer => break,
                Ok(fetched) if fetched.starts_with("refused KeysNotFound") => {
                    assert!(cut, "{id} was told to its master and is lost to its slave");
                    told.cut_off += 1;
                    break;
                }
                Ok(fetched) => assert!(fetched.starts_with("refused"), "another key for {id}"),
                // Refused connections reached nobody; others may have been told.
                Err(error) => {
                    use io::ErrorKind::{ConnectionRefused, NotFound};
                    cut |= ![ConnectionRefused, NotFound].contains(&error.kind());
                }
            }
        }
        if let Ok(again) = ask(to, &question) {
            assert!(again.starts_with("refused"), "{id} was told twice by one end");
        }
        assert_eq!(told.keys.insert(id.to_owned(), key.to_owned()), None, "an identity twice");
        done.deliveries.fetch_add(1, Ordering::SeqCst);
    }
    told
}

/// Where the end in a folder listens for its peer. A path is nobody else's, as a port would be.
fn door(folder: &Path) -> PathBuf {
    folder.join("door")
}

/// Where it listens for SAEs.
fn saes(folder: &Path) -> PathBuf {
    folder.join("saes")
}

#[test]
fn a_key_is_delivered_once_or_never_whoever_is_killed() {
    let wanted =
        std::env::var("QKMS_TEST_DELIVERIES").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        place
    };
    let [a, b] = [place("a"), place("b")];
    let site = |name, folder: &Path, peer: &Path| Site {
        name,
        folder: folder.to_owned(),
        peer: peer.to_owned(),
        process: Mutex::new(None),
    };
    let sites = [site("a", &a, &b), site("b", &b, &a)];
    sites.iter().for_each(Site::start);
    let (done, over) = (Done::default(), AtomicBool::new(false));
    let told = thread::scope(|scope| {
        let [a, b] = &sites;
        let masters = [
            scope.spawn(|| deliver(a, b, ["sae-a1", "sae-b1"], &done, wanted)),
            scope.spawn(|| deliver(b, a, ["sae-b2", "sae-a2"], &done, wanted)),
        ];
        let killer = scope.spawn(|| {
            let mut random = StdRng::seed_from_u64(3);
            let deliveries = || done.deliveries.load(Ordering::SeqCst);
            while !over.load(Ordering::SeqCst) {
                // After some more deliveries, so that there is progress however slow the machine
                // is, and then at any moment of the next ones: no event is awaited there.
                let next = deliveries() + random.random_range(1..12);
                while deliveries() < next && !over.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(1));
                }
                thread::sleep(Duration::from_micros(random.random_range(0..30_000)));
                let victims = match random.random_range(0..3) {
                    0 => &sites[..1],
                    1 => &sites[1..],
                    _ => &sites[..],
                };
                victims.iter().for_each(Site::kill);
                victims.iter().for_each(Site::start);
                done.kills.fetch_add(victims.len(), Ordering::SeqCst);
            }
        });
        let told = masters.map(|master| master.join());
        over.store(true, Ordering::SeqCst);
        killer.join().unwrap();
        told.map(Result::unwrap)
    });
    let kills = done.kills.into_inner();
    // Both up, agreed, and nothing being made: the ends hold the same ranges free.
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let free = [&sites[0], &sites[1]].map(|site| ask(site, "audit").unwrap_or_default());
        assert!(free.iter().all(|free| !free.starts_with("failed")), "{free:?}");
        if free[0] == free[1] && free[0].starts_with("free true") {
            break;
        }
        assert!(Instant::now() < until, "the ends do not agree: {free:#?}");
        thread::yield_now();
    }
    let all: Vec<&String> = told.iter().flat_map(|told| told.keys.values()).collect();
    let different: HashSet<&String> = all.iter().copied().collect();
    assert_eq!(all.len(), different.len(), "a key was told to two pairs");
    assert!(all.len() >= wanted && kills > 3, "{} deliveries, {kills} kills", all.len());
    let [one, other] = told;
    println!(
        "{} and {} deliveries, {kills} kills, {} requests refused, {} slaves cut off",
        one.keys.len(),
        other.keys.len(),
        one.refused + other.refused,
        one.cut_off + other.cut_off
    );
}
