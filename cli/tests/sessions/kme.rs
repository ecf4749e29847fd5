//! Two key services of the test's own, behind ETSI GS QKD 014 and mutual TLS, that fail when they are told
//! to. The test knows every byte of every key that they draw.

use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use qkms::{
    pki::Authority,
    tls::{self, ClientCheck, Identity, Peer},
};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// What a service does with a request instead of answering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong with this one.
    Fine,
    /// It dies before it has looked at it.
    DiesBefore,
    /// It dies when the keys are drawn, or told, and the answer is still to go.
    DiesAfter,
    /// It says nothing until whoever asks gives up.
    Silent,
    /// It waits until it is told to go on.
    Held,
    /// Half an answer, with a key in it.
    Half,
    /// An answer of another form, with a key in it.
    Misshapen,
    /// The keys under other names than they have.
    OtherName,
    /// One key less than asked for.
    TooFew,
    /// That it has no keys at the moment, code 503.
    Exhausted,
    /// The bytes of a key that it drew before, under a new name.
    Again,
}

/// A key, who drew it for whom, and to whom it was told how often.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub master: String,
    pub slave: String,
    pub bytes: Vec<u8>,
    /// How often the master was told.
    pub to_master: u32,
    /// How often the slave was told.
    pub to_slave: u32,
}

struct Inner {
    random: StdRng,
    keys: BTreeMap<String, Drawn>,
}

impl Inner {
    fn draw(&mut self, master: &str, slave: &str, bytes: Option<Vec<u8>>) -> (String, Vec<u8>) {
        let mut name = [0; 16];
        self.random.fill_bytes(&mut name);
        let name = uuid::Builder::from_random_bytes(name).into_uuid().to_string();
        let bytes = bytes.unwrap_or_else(|| {
            let mut bytes = vec![0; 32];
            self.random.fill_bytes(&mut bytes);
            bytes
        });
        let (master, slave) = (master.to_owned(), slave.to_owned());
        let drawn = Drawn { master, slave, bytes: bytes.clone(), to_master: 1, to_slave: 0 };
        self.keys.insert(name.clone(), drawn);
        (name, bytes)
    }
}

/// What both services share: the link between them.
pub struct Link(Mutex<Inner>);

impl Link {
    pub fn new() -> Arc<Self> {
        let random = StdRng::seed_from_u64(20_190_212);
        Arc::new(Self(Mutex::new(Inner { random, keys: BTreeMap::new() })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nobody panics meanwhile")
    }

    /// Every key that was drawn, by its name.
    pub fn keys(&self) -> BTreeMap<String, Drawn> {
        self.inner().keys.clone()
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// Fresh keys.
    Enc,
    /// Keys by their names.
    Dec,
}

/// A door of a key service, which is shut until it is opened.
pub struct Door {
    port: u16,
    link: Arc<Link>,
    acceptor: TlsAcceptor,
    plans: Mutex<BTreeMap<Asked, VecDeque<Fault>>>,
    /// The faults that it has committed, in their order.
    committed: watch::Sender<Vec<(Asked, Fault)>>,
    /// How many of those who asked went away without an answer.
    given_up: watch::Sender<usize>,
    /// How many of those that are held may go on.
    released: watch::Sender<usize>,
    open: Mutex<JoinSet<()>>,
}

/// That somebody waits; it counts if it never comes to an answer.
struct Waiting<'a>(Option<&'a watch::Sender<usize>>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(given_up) = self.0 {
            given_up.send_modify(|count| *count += 1);
        }
    }
}

/// The connection ends here.
#[derive(Debug, thiserror::Error)]
#[error("the key service died")]
struct Died;

type Answer = Result<Response<Full<Bytes>>, Died>;

fn answer(code: StatusCode, body: impl Into<Bytes>) -> Answer {
    let response = Response::builder().status(code).header("content-type", "application/json");
    Ok(response.body(Full::new(body.into())).expect("an answer"))
}

fn refusal(code: StatusCode, why: &str) -> Answer {
    answer(code, json!({ "message": why }).to_string())
}

fn container(keys: &[(String, Vec<u8>)]) -> String {
    let entry = |(name, bytes): &(String, Vec<u8>)| json!({ "key_ID": name, "key": STANDARD.encode(bytes) });
    json!({ "keys": keys.iter().map(entry).collect::<Vec<_>>() }).to_string()
}

impl Door {
    /// A door of the service `kme` at a port of this machine. It is shut.
    pub fn new(link: &Arc<Link>, folder: &Path, kme: &str, port: u16) -> Arc<Self> {
        let file = |ending: &str| -> PathBuf { folder.join(format!("kme-{kme}.{ending}")) };
        let identity = Identity::from_files(&file("pem"), &file("key")).expect("a certificate");
        let clients = ClientCheck::open(&folder.join("ca.pem"), None).expect("an authority");
        let config = tls::server_config(&identity, clients).expect("they belong together");
        Arc::new(Self {
            port,
            link: Arc::clone(link),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            plans: Mutex::default(),
            committed: watch::Sender::default(),
            given_up: watch::Sender::default(),
            released: watch::Sender::default(),
            open: Mutex::default(),
        })
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Opens it.
    pub async fn open(self: &Arc<Self>) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("a free port");
        let door = Arc::clone(self);
        let mut open = self.open.lock().expect("nobody panics meanwhile");
        assert!(open.is_empty(), "it is open");
        open.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => {
                        connections.spawn(Arc::clone(&door).serve(stream));
                    }
                    Some(_) = connections.join_next(), if !connections.is_empty() => {}
                }
            }
        });
    }

    /// What it does with the next requests of this kind, one after the other. Later ones are answered.
    pub fn plan(&self, asked: Asked, faults: &[Fault]) {
        let mut plans = self.plans.lock().expect("nobody panics meanwhile");
        let plan = plans.entry(asked).or_default();
        assert!(plan.is_empty(), "{plan:?} was planned and has not come");
        plan.extend(faults);
    }

    /// Waits until it has begun to commit a fault so many times.
    pub async fn committed(&self, asked: Asked, fault: Fault, times: usize) {
        let count = |all: &Vec<(Asked, Fault)>| {
            all.iter().filter(|one| **one == (asked, fault)).count() >= times
        };
        within(60, self.committed.subscribe().wait_for(count)).await.expect("the door is here");
    }

    /// Waits until so many have gone away without an answer.
    pub async fn gave_up(&self, times: usize) {
        let enough = |count: &usize| *count >= times;
        within(60, self.given_up.subscribe().wait_for(enough)).await.expect("the door is here");
    }

    /// Lets the one that has been held longest go on.
    pub fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let Ok(stream) = self.acceptor.accept(stream).await else { return };
        let chain = stream.get_ref().1.peer_certificates().expect("a client has a certificate");
        let Ok(Peer::Sae(caller)) = tls::peer_of(&chain[0]) else { return };
        let caller = caller.as_str().to_owned();
        let service = service_fn(|request: Request<Incoming>| {
            let (door, caller) = (Arc::clone(&self), caller.clone());
            async move { door.take(&caller, request).await }
        });
        // A connection that ends in the middle is what is wanted here.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn take(&self, caller: &str, request: Request<Incoming>) -> Answer {
        let path = request.uri().path().to_owned();
        let mut parts = path.trim_start_matches("/api/v1/keys/").split('/');
        let (peer, what) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let asked = match what {
            "enc_keys" => Asked::Enc,
            "dec_keys" => Asked::Dec,
            _ => return refusal(StatusCode::NOT_FOUND, "no such thing"),
        };
        let body = request.into_body().collect().await.map_err(|_| Died)?.to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let fault = {
            let mut plans = self.plans.lock().expect("nobody panics meanwhile");
            plans.get_mut(&asked).and_then(VecDeque::pop_front).unwrap_or(Fault::Fine)
        };
        self.committed.send_modify(|all| all.push((asked, fault)));
        let mut waiting = Waiting(Some(&self.given_up));
        match fault {
            Fault::Silent => std::future::pending().await,
            Fault::Held => {
                let mut released = self.released.subscribe();
                let _ = released.wait_for(|count| *count > 0).await;
                self.released.send_modify(|count| *count -= 1);
            }
            _ => {}
        }
        waiting.0 = None;
        match fault {
            Fault::DiesBefore => return Err(Died),
            Fault::Exhausted => {
                return refusal(StatusCode::SERVICE_UNAVAILABLE, "not enough keys are left");
            }
            _ => {}
        }
        let keys = match asked {
            Asked::Enc => self.enc(caller, peer, &body, fault),
            Asked::Dec => match self.dec(caller, peer, &body) {
                Some(keys) => keys,
                None => return refusal(StatusCode::BAD_REQUEST, "one or more keys are not found"),
            },
        };
        self.tell(keys, fault)
    }

    fn enc(&self, caller: &str, peer: &str, body: &Value, fault: Fault) -> Vec<(String, Vec<u8>)> {
        assert_eq!(body["size"], 256);
        let mut link = self.link.inner();
        let used = || link.keys.values().find(|key| key.master == caller && key.to_slave > 0);
        let used = (fault == Fault::Again).then(|| used().expect("one was used").bytes.clone());
        let number = body["number"].as_u64().unwrap_or(1);
        (0..number).map(|_| link.draw(caller, peer, used.clone())).collect()
    }

    /// The keys of these names, unless one of them was told already, or is another pair's.
    fn dec(&self, caller: &str, peer: &str, body: &Value) -> Option<Vec<(String, Vec<u8>)>> {
        let names = body["key_IDs"].as_array()?.iter().map(|entry| entry["key_ID"].as_str());
        let names: Vec<&str> = names.collect::<Option<_>>()?;
        let mut link = self.link.inner();
        let waits = |name: &&str| {
            link.keys
                .get(*name)
                .is_some_and(|key| key.master == peer && key.slave == caller && key.to_slave == 0)
        };
        if !names.iter().all(waits) {
            return None;
        }
        let mut tell = |name: &str| {
            let key = link.keys.get_mut(name)?;
            key.to_slave += 1;
            Some((name.to_owned(), key.bytes.clone()))
        };
        names.into_iter().map(&mut tell).collect()
    }

    fn tell(&self, mut keys: Vec<(String, Vec<u8>)>, fault: Fault) -> Answer {
        match fault {
            Fault::DiesAfter => return Err(Died),
            Fault::Half => {
                let whole = container(&keys);
                return answer(StatusCode::OK, whole[..whole.len() - 4].to_owned());
            }
            Fault::Misshapen => {
                let (_, bytes) = keys.first().expect("a key was asked for");
                return answer(
                    StatusCode::OK,
                    json!({ "keys": STANDARD.encode(bytes) }).to_string(),
                );
            }
            Fault::OtherName => {
                for (name, _) in &mut keys {
                    *name = uuid::Uuid::new_v4().to_string();
                }
            }
            Fault::TooFew => {
                keys.pop();
            }
            _ => {}
        }
        answer(StatusCode::OK, container(&keys))
    }
}

/// Makes an authority in a folder, with certificates of these services and SAEs.
pub fn certify(folder: &Path, kmes: &[&str], saes: &[&str]) {
    let authority = Authority::create(folder, "test", 30).expect("an authority");
    for kme in kmes {
        let hosts = ["localhost".to_owned()];
        let kme = Peer::Kme(kme.parse().expect("an identity"));
        authority.issue(&kme, &hosts, 30).expect("a certificate");
    }
    for sae in saes {
        let sae = Peer::Sae(sae.parse().expect("an identity"));
        authority.issue(&sae, &[], 30).expect("a certificate");
    }
}

/// What comes within so many seconds.
pub async fn within<T>(seconds: u64, what: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(Duration::from_secs(seconds), what).await;
    waited.expect("it takes too long")
}
