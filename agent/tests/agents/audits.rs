//! Audits of a real pair of key services, by agents over their doors, and what they find in files that were
//! tampered with.

use super::field::{Running, ask};
use axum::{Router, body::Bytes, extract::State, http::Uri, response::IntoResponse, routing::get};
use codec::{DecodeAll, Encode};
use http::{Method, StatusCode};
use qedex_agent::{Settings, audits};
use qedex_primitives::{
    audits::{
        AUDITS_PATH, AuditEpoch, AuditFault, AuditNews, AuditOutcome, AuditWork, Haste, LinkNews,
        PickNews, Statement, picking, place,
    },
    qkd::LinkId,
};
use qkms::{
    audit::{AuditFile, pick},
    client,
    config::Config,
    deployment::Deployment,
    pki::Authority,
    tls::Peer,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The number of the link on the chain.
const LINK: u32 = 3;

const PATIENCE: Duration = Duration::from_secs(300);

/// Two key services in this process, with audits.
struct Pair {
    folder: TempDir,
    services: Deployment,
    doors: [SocketAddr; 2],
    page: SocketAddr,
}

fn configuration(folder: &Path) -> String {
    let file = |name: String| format!("{:?}", folder.join(name));
    let mut text = "[operation]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for (kme, sae) in [("kme-a", "alice"), ("kme-b", "bob")] {
        text.push_str(&format!(
            "[[kme]]\nid = \"{kme}\"\nstore = {}\nsaes = [\"{sae}\"]\n[kme.etsi014]\n\
             listen = \"127.0.0.1:0\"\ncertificate = {}\nkey = {}\nclient_ca = {}\n",
            file(format!("store-{kme}")),
            file(format!("kme-{kme}.pem")),
            file(format!("kme-{kme}.key")),
            file("ca.pem".into()),
        ));
    }
    text.push_str(&format!(
        "[[link]]\nalice = \"kme-a\"\nbob = \"kme-b\"\npreset = \"snspd\"\nkm = 10\n\
         sifted_bits = 100000\npulse_rate = 1e8\ncapacity_bits = 20000000\nfirst_key = {}\n\
         control = {{ enabled = false }}\naudits = true\n",
        file("first.key".into()),
    ));
    text
}

fn prepare(folder: &Path) {
    let authority = Authority::create(folder, "test", 30).unwrap();
    for (kme, sae) in [("kme-a", "alice"), ("kme-b", "bob")] {
        authority.issue(&Peer::Kme(kme.parse().unwrap()), &["localhost".into()], 30).unwrap();
        authority.issue(&Peer::Sae(sae.parse().unwrap()), &[], 30).unwrap();
    }
    let first: Vec<u8> =
        (0..1_u32 << 16).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let path = folder.join("first.key");
    fs::write(&path, first).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

impl Pair {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let config =
            Config::parse(&configuration(folder.path()), &folder.path().join("qkms.toml")).unwrap();
        let (mut doors, mut page) = (Vec::new(), None);
        let started = Deployment::start(&config, |_, what, address| match what {
            "etsi014" => doors.push(address),
            "operation" => page = Some(address),
            _ => {}
        });
        let services = started.await.unwrap();
        let doors = doors.try_into().unwrap();
        Self { folder, services, doors, page: page.unwrap() }
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join("store-kme-a/operation.token")
    }

    /// The agent of an SAE, which reads files of audits at `files` if that is said.
    async fn agent(&self, site: usize, name: &str, files: Option<SocketAddr>) -> Running {
        let file = |name: String| self.folder.path().join(name);
        let (sae, kme, peer) = [("alice", "kme-a", "kme-b"), ("bob", "kme-b", "kme-a")][site];
        let link = audits::AuditedLink { link: LINK, kme: kme.into(), peer: peer.into(), files };
        let settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            token_file: file(format!("{name}.token")),
            store: file(format!("{name}.store")),
            mail: Some("127.0.0.1:0".parse().unwrap()),
            beacon: false,
            audits: Some(audits::Settings {
                page: self.page,
                token_file: (site == 0).then(|| self.token_file()),
                links: vec![link],
            }),
            sae: client::Settings {
                kme_url: format!("https://localhost:{}", self.doors[site].port()),
                certificate: file(format!("sae-{sae}.pem")),
                key: file(format!("sae-{sae}.key")),
                ca: file("ca.pem".into()),
                timeout_s: 10,
            },
        };
        Running::start(settings).await
    }

    /// What an operator hands in by itself. Tries until it is taken.
    async fn challenged(&self, says: Statement, challenge: [u8; 32]) {
        let token = fs::read_to_string(self.token_file()).unwrap();
        let body = json!({
            "kme": "kme-a",
            "peer": "kme-b",
            "epoch": says.epoch.0,
            "root": hex::encode(says.root),
            "challenge": hex::encode(challenge),
        });
        let end = Instant::now() + PATIENCE;
        loop {
            let request = handed_in(self.page, &token, &body).await;
            if request == StatusCode::OK {
                return;
            }
            assert!(Instant::now() < end, "it is not taken: {request}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Hands a challenge in, with the page's own name as host.
async fn handed_in(page: SocketAddr, token: &str, body: &Value) -> StatusCode {
    use http_body_util::Full;
    let stream = tokio::net::TcpStream::connect(page).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::builder()
        .method(Method::POST)
        .uri("/challenge")
        .header("host", page.to_string())
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    sender.send_request(request).await.unwrap().status()
}

/// What the chain says of the link.
fn news(epoch: u64, haste: Haste, last: Option<u64>, posts: bool, picks: &[PickNews]) -> AuditNews {
    let (link, last, picks) = (LinkId(LINK), last.map(AuditEpoch), picks.to_vec());
    let links = vec![LinkNews { link, last, posts, picks }];
    AuditNews { genesis: [9; 32].into(), account: [1; 32], epoch, haste, links }
}

async fn told(agent: &Running, news: &AuditNews) -> Option<AuditWork> {
    let (code, body) = agent.bytes(Method::POST, AUDITS_PATH, news.encode()).await;
    assert_eq!(code, StatusCode::OK, "{body:?}");
    Option::<AuditWork>::decode_all(&mut &body[..]).unwrap()
}

/// Tells it block after block, as a worker does, until it says something.
async fn says(agent: &Running, news: &AuditNews) -> AuditWork {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(work) = told(agent, news).await {
            return work;
        }
        assert!(Instant::now() < end, "it says nothing");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The pick of a value, as the chain computes it.
fn picked(says: Statement, value: [u8; 32]) -> PickNews {
    let hash: [u8; 32] = Sha256::digest(picking(says.root, says.epoch, value.into())).into();
    let place = place(&hash, says.keyed);
    PickNews { says, challenge: value.into(), place, awaited: true, is_last: false }
}

fn outcome(work: &AuditWork) -> AuditOutcome {
    assert_eq!(work.verdicts.len(), 1, "{work:?}");
    work.verdicts[0].outcome
}

type Forge = Arc<Mutex<Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send>>>;

/// A page that hands files of audits on as `forge` makes them.
async fn forger(page: SocketAddr, forge: Forge) -> SocketAddr {
    let handler = |State((page, forge)): State<(SocketAddr, Forge)>, uri: Uri| async move {
        let path = uri.path_and_query().unwrap().to_string();
        let (code, body) = ask(page, None, Method::GET, &path, vec![]).await;
        let forged = if code == StatusCode::OK {
            forge.lock().unwrap()(body.to_vec())
        } else {
            body.to_vec()
        };
        (code, forged).into_response()
    };
    let routes = Router::new().fallback(get(handler)).with_state((page, forge));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// A file that says something else, and whose hash is right.
fn forged(
    change: impl Fn(&mut AuditFile) + Send + 'static,
) -> Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send> {
    Box::new(move |bytes| {
        let mut file = AuditFile::from_bytes(&bytes).unwrap();
        change(&mut file);
        file.to_bytes()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_audit_real_services_and_find_what_is_forged() {
    let pair = Pair::start().await;
    let forge: Forge = Arc::new(Mutex::new(Box::new(|bytes| bytes)));
    let forging = forger(pair.page, Arc::clone(&forge)).await;
    let alice = pair.agent(0, "alice", None).await;
    let bob = pair.agent(1, "bob", None).await;

    // Both ends stand for the same root, once the epoch is whole.
    let waits = news(10, Haste::Early, None, true, &[]);
    let root = says(&alice, &waits).await;
    assert_eq!(says(&bob, &waits).await, root);
    assert_eq!(told(&alice, &waits).await, Some(root.clone()), "the same again");
    let first = root.roots[0].says;
    assert_eq!((first.epoch, root.verdicts.len()), (AuditEpoch(0), 0));

    // The chain picks by the key service's own function.
    let value = [0x5c; 32];
    let pick_of_value = picked(first, value);
    let same = pick(&value, &first.root.0, 0, first.keyed.into());
    assert_eq!(pick_of_value.place.map(u64::from), same);
    for keyed in 1..=64 {
        let hash = Sha256::digest(picking(first.root, first.epoch, value.into())).into();
        let same = pick(&value, &first.root.0, 0, u64::from(keyed));
        assert_eq!(place(&hash, keyed).map(u64::from), same);
    }

    // Alice's agent has the block opened, and both look into it.
    let to_judge = news(11, Haste::Late, Some(0), false, &[pick_of_value]);
    for agent in [&alice, &bob] {
        let work = says(agent, &to_judge).await;
        assert_eq!(outcome(&work), AuditOutcome::Passed);
        assert_eq!(work.verdicts[0].place, pick_of_value.place);
    }

    // A forged file is found, whatever it is.
    let forgeries: Vec<(Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send>, AuditFault)> = vec![
        (
            Box::new(|mut bytes| {
                bytes.truncate(bytes.len() / 2);
                bytes
            }),
            AuditFault::File,
        ),
        (forged(|file| file.alice_raw[100] ^= 1), AuditFault::Raw),
        (forged(|file| file.bob_raw[100] ^= 1), AuditFault::Raw),
        (forged(|file| file.key_at_bob[0] ^= 1), AuditFault::Key),
        (forged(|file| file.messages[200] ^= 1), AuditFault::Messages),
        (forged(|file| file.block += 1), AuditFault::OtherBlock),
        (forged(|file| file.challenge = [1; 32]), AuditFault::Challenge),
        (forged(|file| file.alice_key = file.bob_key), AuditFault::Keys),
        (forged(|file| file.records[7].record.account.detections += 1), AuditFault::Records),
        (forged(|file| file.records.truncate(63)), AuditFault::Records),
    ];
    for (number, (change, fault)) in forgeries.into_iter().enumerate() {
        *forge.lock().unwrap() = change;
        let agent = pair.agent(1, &format!("bob-{number}"), Some(forging)).await;
        let work = says(&agent, &to_judge).await;
        assert_eq!(outcome(&work), AuditOutcome::Failed(fault), "forgery {number}");
        agent.stop().await;
    }

    // The next epoch: the operator hands in what suits it, and opens another block than is picked then.
    let waits = news(12, Haste::Early, Some(0), true, &[]);
    let second = says(&alice, &waits).await.roots[0].says;
    assert_eq!(second.epoch, AuditEpoch(1));
    let own = [0x77; 32];
    pair.challenged(second, own).await;
    let other = |value: &[u8; 32]| picked(second, *value).place != picked(second, own).place;
    let value = (0..=255).map(|byte| [byte; 32]).find(other).unwrap();
    let to_judge = news(13, Haste::Late, Some(1), false, &[picked(second, value)]);
    let work = says(&bob, &to_judge).await;
    assert_eq!(outcome(&work), AuditOutcome::Failed(AuditFault::Challenge));
    // Even if it says that this was the challenge.
    *forge.lock().unwrap() = forged(move |file| file.challenge = value);
    let agent = pair.agent(1, "bob-other", Some(forging)).await;
    let work = says(&agent, &to_judge).await;
    assert_eq!(outcome(&work), AuditOutcome::Failed(AuditFault::OtherBlock));
    agent.stop().await;

    // A root that no service has, by a majority at both ends: the file shows another one.
    let lie = Statement { root: [0xee; 32].into(), ..second };
    let to_judge = news(14, Haste::Late, Some(1), false, &[picked(lie, value)]);
    assert_eq!(outcome(&says(&bob, &to_judge).await), AuditOutcome::Failed(AuditFault::Root));

    // What is not opened in time is called so.
    let never =
        PickNews { is_last: true, ..picked(Statement { epoch: AuditEpoch(9), ..second }, own) };
    let early = news(15, Haste::Late, Some(9), false, &[never]);
    assert_eq!(told(&bob, &early).await, None);
    let late = news(15, Haste::Last, Some(9), false, &[never]);
    assert_eq!(told(&bob, &late).await.map(|work| outcome(&work)), Some(AuditOutcome::NotOpened));

    alice.stop().await;
    bob.stop().await;
    pair.services.stop().await;
}

#[test]
fn settings_that_are_none_have_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audits.toml");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        audits::Settings::from_file(&path).map_err(|error| error.to_string())
    };
    let link = "[[link]]\nlink = 0\nkme = \"a\"\npeer = \"b\"\n";
    let page = "page = \"127.0.0.1:9410\"\n";
    assert_eq!(read(&format!("{page}{link}")).unwrap().links[0].link, 0);
    assert!(read(&format!("{page}{link}{link}")).unwrap_err().contains("twice"));
    let elsewhere = "page = \"10.0.0.1:9410\"\n";
    assert!(read(&format!("{elsewhere}{link}")).unwrap_err().contains("loopback"));
    let files = format!("{page}{link}files = \"10.0.0.1:1\"\n");
    assert!(read(&files).unwrap_err().contains("loopback"));
    assert!(read("other = 1").unwrap_err().contains("no configuration"));
    fs::remove_file(&path).unwrap();
    let missing = audits::Settings::from_file(&path).unwrap_err();
    assert!(missing.to_string().contains("cannot read"));
}
