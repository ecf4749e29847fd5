//! Relays while the site between, or an end, is killed at random moments.
//!
//! Two masters, one at each end of a line of three, draw keys, and their slaves fetch them, while the
//! process of the site between is killed (SIGKILL) and started again, and now and then that of an
//! end. In the end no key was told to two pairs, none twice by one end, and none that a master was
//! told was lost to its slave, save where the slave itself was cut off while it fetched. The books of
//! each site are audited after each start, and each withdrawal comes to its end.
//!
//! Sites listen on sockets in a folder, so that one that comes back finds its place.
//!
//! `QKMS_TEST_RELAYS` sets the number of relays.

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

use qkms::relay::testing::Site;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Set in a process that plays a site.
const CHILD: &str = "QKMS_TEST_RELAY_CHILD";

mod site {
    //! A site in a process of its own, with a line protocol for SAEs in place of HTTP.

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
            service::{EncRequest, KeyService, KmeId, SaeId},
            testing::{self, Options},
            wire::Stream,
        },
        relay::testing::{Site, setup},
    };
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::{UnixListener, UnixStream},
    };

    struct Socket(PathBuf);

    impl Dialer for Socket {
        fn dial(&self) -> Dialing<'_> {
            Box::pin(async {
                let stream = UnixStream::connect(&self.0).await?;
                Ok(Box::new(stream) as Box<dyn Stream>)
            })
        }
    }

    /// Where `site` listens for `peer`, or for SAEs.
    fn socket(folder: &Path, site: &KmeId, peer: &str) -> PathBuf {
        folder.join(format!("{site}-{peer}"))
    }

    fn listen(path: &Path) -> UnixListener {
        // What the process of before has left.
        let _ = std::fs::remove_file(path);
        UnixListener::bind(path).unwrap()
    }

    #[tokio::main]
    pub async fn run(site: Site, folder: &Path) {
        let options = Options {
            capacity: Capacity { keys: 1 << 15, tags: 1 << 14, lease: 1 << 12 },
            block_bits: 100_003,
            patience: Duration::from_secs(2),
            ..Options::default()
        };
        let own = site.kme();
        let dialer = |peer: Site| -> Arc<dyn Dialer> {
            Arc::new(Socket(socket(folder, &peer.kme(), own.as_str())))
        };
        let setup = setup(site, &folder.join(format!("store-{own}")), &options, dialer).unwrap();
        let peers: Vec<KmeId> = setup.links.iter().map(|link| link.peer.clone()).collect();
        for link in &setup.links {
            link.store.run(|books| books.audit()).await.unwrap();
        }
        setup.relay.as_ref().unwrap().store.run(|books| books.audit()).await.unwrap();
        let doors: Vec<_> =
            peers.iter().map(|peer| listen(&socket(folder, &own, peer.as_str()))).collect();
        let kme = Kme::start(setup).await.unwrap();
        for (peer, door) in peers.into_iter().zip(doors) {
            let kme = Arc::clone(&kme);
            tokio::spawn(async move {
                loop {
                    let (stream, _) = door.accept().await.unwrap();
                    let (kme, peer) = (Arc::clone(&kme), peer.clone());
                    tokio::spawn(async move { kme.answer(&peer, Box::new(stream)).await });
                }
            });
        }
        let clients = listen(&socket(folder, &own, "saes"));
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
            ["audit"] => return audit(kme).await,
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

    /// Withdrawals that are open, then for each link the other end and what is free.
    async fn audit(kme: &Kme) -> String {
        let kept = kme.relay().unwrap().store().run(|books| {
            books.audit()?;
            books.kept_withdrawals()
        });
        let mut parts = match kept.await {
            Ok(kept) => vec![kept.len().to_string()],
            Err(error) => return format!("failed {error}\n"),
        };
        for link in kme.links() {
            let free = link.store.run(|books| {
                books.audit()?;
                let mut free = Vec::new();
                for pool in qkms::pool::Pool::ALL {
                    free.push(books.free_ranges(pool)?);
                }
                Ok(free)
            });
            match free.await {
                Ok(free) => parts.push(format!("{} {free:?}", link.line.is_ready())),
                Err(error) => return format!("failed {error}\n"),
            }
        }
        format!("books {}\n", parts.join("|"))
    }
}

/// The process of a site; not a test of its own.
#[test]
fn child() {
    let Ok(orders) = std::env::var(CHILD) else { return };
    let (site, folder) = orders.split_once(' ').unwrap();
    let site = Site::ALL.into_iter().find(|other| other.kme().as_str() == site).unwrap();
    site::run(site, Path::new(folder));
}

struct Place {
    site: Site,
    folder: PathBuf,
    process: Mutex<Option<Child>>,
}

impl Place {
    fn start(&self) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, format!("{} {}", self.site.kme(), self.folder.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        *self.process.lock().unwrap() = Some(child);
    }

    /// Kills the process; panics if it had ended by itself, which a failed audit makes it do.
    fn kill(&self) {
        let mut child = self.process.lock().unwrap().take().unwrap();
        assert!(child.try_wait().unwrap().is_none(), "{:?} has ended by itself", self.site);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it, on a connection of its own.
    fn ask(&self, question: &str) -> io::Result<String> {
        let mut stream =
            UnixStream::connect(self.folder.join(format!("{}-saes", self.site.kme())))?;
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

    /// What its books say, once they can be asked.
    fn books(&self) -> Vec<String> {
        let answer = self.ask("audit").unwrap_or_default();
        assert!(!answer.starts_with("failed"), "{:?}: {answer}", self.site);
        let books = answer.strip_prefix("books ").unwrap_or_default();
        books.split('|').map(str::to_owned).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(child) = self.process.lock().unwrap().as_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[derive(Default)]
struct Told {
    keys: HashMap<String, String>,
    cut_off: usize,
    refused: usize,
}

/// Has keys relayed from a master at `from` to a slave at `to` until enough are.
fn deliver(from: &Place, to: &Place, names: [&str; 2], done: &AtomicUsize, wanted: usize) -> Told {
    let [master, slave] = names;
    let mut told = Told::default();
    let until = Instant::now() + Duration::from_secs(900);
    while done.load(Ordering::SeqCst) < wanted {
        assert!(Instant::now() < until, "relays do not get on: {} refused", told.refused);
        let answer = from.ask(&format!("enc {master} {slave}")).unwrap_or_default();
        let Some((id, key)) = answer.strip_prefix("key ").and_then(|key| key.split_once(' '))
        else {
            told.refused += 1;
            thread::sleep(Duration::from_millis(1));
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
                    thread::sleep(Duration::from_millis(1));
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

#[test]
fn a_key_is_relayed_once_or_never_whoever_is_killed() {
    let wanted =
        std::env::var("QKMS_TEST_RELAYS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let folder = tempfile::tempdir().unwrap();
    let places = Site::ALL.map(|site| Place {
        site,
        folder: folder.path().to_owned(),
        process: Mutex::new(None),
    });
    places.iter().for_each(Place::start);
    let [a, m, c] = &places;
    let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (told, kills) = thread::scope(|scope| {
        let masters = [
            scope.spawn(|| deliver(a, c, ["sae-a1", "sae-c1"], &done, wanted)),
            scope.spawn(|| deliver(c, a, ["sae-c2", "sae-a2"], &done, wanted)),
        ];
        let killer = scope.spawn(|| {
            let mut random = StdRng::seed_from_u64(5);
            let mut kills = [0; 3];
            while !over.load(Ordering::SeqCst) {
                // After some more relays, so that there is progress however slow the machine is,
                // and then at any moment of the next ones: no event is awaited there.
                let next = done.load(Ordering::SeqCst) + random.random_range(1..8);
                while done.load(Ordering::SeqCst) < next && !over.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(1));
                }
                thread::sleep(Duration::from_micros(random.random_range(0..30_000)));
                let victim = match random.random_range(0..6) {
                    0 => 0,
                    1 => 2,
                    _ => 1,
                };
                places[victim].kill();
                places[victim].start();
                kills[victim] += 1;
            }
            kills
        });
        let told = masters.map(|master| master.join());
        over.store(true, Ordering::SeqCst);
        let kills = killer.join().unwrap();
        (told.map(Result::unwrap), kills)
    });
    // All up, agreed, and nothing withdrawn or made: the ends of each link hold the same free.
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let books = [a, m, c].map(Place::books);
        let [at_a, at_m, at_c] = &books;
        if let ([kept_a, a_to_m], [_, m_to_a, m_to_c], [kept_c, c_to_m]) =
            (&at_a[..], &at_m[..], &at_c[..])
        {
            let agreed = a_to_m == m_to_a && m_to_c == c_to_m;
            let whole = a_to_m.starts_with("true") && c_to_m.starts_with("true");
            if agreed && whole && kept_a == "0" && kept_c == "0" {
                break;
            }
        }
        assert!(Instant::now() < until, "the sites do not agree: {books:#?}");
        thread::sleep(Duration::from_millis(5));
    }
    let all: Vec<&String> = told.iter().flat_map(|told| told.keys.values()).collect();
    let different: HashSet<&String> = all.iter().copied().collect();
    assert_eq!(all.len(), different.len(), "a key was told to two pairs");
    assert!(all.len() >= wanted && kills[1] > 2, "{} relays, {kills:?} kills", all.len());
    let [one, other] = told;
    println!(
        "{} and {} relays, kills of A, M, C {kills:?}, {} requests refused, {} slaves cut off",
        one.keys.len(),
        other.keys.len(),
        one.refused + other.refused,
        one.cut_off + other.cut_off
    );
}
