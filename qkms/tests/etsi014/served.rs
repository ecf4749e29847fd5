//! `qkms serve` as a process: keys from a simulated link, delivered by the standard, and the same
//! search for key bytes in all that the process writes.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use qkms::{
    client::{self, Client, KeyRequest},
    config::Config,
    distil::{Direction as Way, TagKeys, TagKeysSpent},
    health::Claims,
    kme::{
        channels::{Here, Meeting, There},
        maker::{BlockMaker, Made},
        photonic::{Alice, Bob},
        seed::Seed,
        service::SaeId,
    },
    link::Link,
    pki::Authority,
    records::Export,
    tls::Peer,
};
use zeroize::Zeroizing;

use super::leaks::{Needles, get_plain};

pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn certificates(folder: &Path) {
    let authority = Authority::create(folder, "test", 30).unwrap();
    for kme in ["kme-a", "kme-b"] {
        authority.issue(&Peer::Kme(kme.parse().unwrap()), &["localhost".into()], 30).unwrap();
    }
    for sae in ["alice", "bob", "carol"] {
        authority.issue(&Peer::Sae(sae.parse().unwrap()), &[], 30).unwrap();
    }
}

pub fn configuration(folder: &Path) {
    let mut text = "insecure = true\nseed = 7\n[operation]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for (kme, saes) in [("kme-a", "\"alice\", \"carol\""), ("kme-b", "\"bob\"")] {
        text.push_str(&format!(
            "[[kme]]\nid = \"{kme}\"\nstore = \"store-{kme}\"\nsaes = [{saes}]\n[kme.etsi014]\n\
             listen = \"127.0.0.1:0\"\ncertificate = \"kme-{kme}.pem\"\nkey = \"kme-{kme}.key\"\n\
             client_ca = \"ca.pem\"\nrevocation_list = \"ca.crl\"\n"
        ));
    }
    text.push_str(
        "[[link]]\nalice = \"kme-a\"\nbob = \"kme-b\"\npreset = \"snspd\"\nkm = 10\n\
         sifted_bits = 100000\npulse_rate = 1e8\ncapacity_bits = 65536\nfirst_key = \"first.key\"\n\
         control = { enabled = false }\n",
    );
    std::fs::write(folder.join("qkms.toml"), text).unwrap();
    first_key(folder);
}

/// The first tag key of both ends, the same on every run.
pub fn first_key(folder: &Path) {
    let first: Vec<u8> =
        (0..1 << 16).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(folder.join("first.key"), first).unwrap();
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.join("first.key"), mode).unwrap();
}

/// A process that runs the file `configuration`, and where its doors are, in the order in which it
/// tells them. It logs into a file of the same name that ends in `.log`.
pub fn serve<const DOORS: usize>(
    folder: &Path,
    configuration: &str,
) -> (Child, [SocketAddr; DOORS]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qkms"));
    command.args(["serve", "--config", configuration]);
    listen(folder, configuration, &mut command)
}

/// As [`serve`], by a command that comes to it.
pub fn listen<const DOORS: usize>(
    folder: &Path,
    configuration: &str,
    command: &mut Command,
) -> (Child, [SocketAddr; DOORS]) {
    let log = std::fs::File::create(folder.join(configuration).with_extension("log")).unwrap();
    let command = command.current_dir(folder).env("QKMS_LOG", "trace");
    let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let doors = [(); DOORS].map(|()| {
        let line = lines.next().expect("it ended before it listened").unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    });
    (process, doors)
}

pub fn client(folder: &Path, sae: &str, door: SocketAddr) -> Client {
    Client::new(&client::Settings {
        kme_url: format!("https://localhost:{}", door.port()),
        certificate: folder.join(format!("sae-{sae}.pem")),
        key: folder.join(format!("sae-{sae}.key")),
        ca: folder.join("ca.pem"),
        timeout_s: 30,
    })
    .unwrap()
}

/// Ends a process with SIGTERM, and sees that it ends well.
pub async fn terminate(process: &mut Child) {
    let stop = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(stop.success());
    let began = Instant::now();
    while process.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "it does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(process.wait().unwrap().success());
}

/// Waits until `master` may draw `number` keys for `slave`; what the KME then says of them.
pub async fn await_keys(master: &Client, slave: &SaeId, number: u64) -> client::Status {
    let began = Instant::now();
    loop {
        let status = master.status(slave).await.unwrap();
        if status.stored_key_count >= number {
            return status;
        }
        assert!(began.elapsed() < PATIENCE, "{status:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Makes the first `number` blocks of the configured link once more: the seed tells all their bits.
fn replay(folder: &Path, number: u64) -> Vec<Vec<u8>> {
    struct Zeros;
    impl TagKeys for Zeros {
        fn take(&mut self, _: Way, bytes: usize) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
            Ok(Zeroizing::new(vec![0; bytes]))
        }
    }
    let config = Config::read(&folder.join("qkms.toml")).unwrap();
    let (link, params) = (&config.link[0], config.link[0].params());
    let seed = |part| Seed::new(config.seed.unwrap(), &format!("{part} of kme-a to kme-b"));
    let photons = Link::new(link.parameters(), Some(seed("photons").derive("link"))).unwrap();
    let meeting = Meeting::default();
    let (pulses, choices) = (link.pulses().unwrap(), Some(seed("choices")));
    let mut alice = Alice::new(photons, pulses, params, choices, Here(meeting.clone()));
    let claims = Claims::new(&link.parameters());
    let mut bob = Bob::new(params, &claims, There(meeting));
    std::thread::scope(|scope| {
        scope.spawn(move || (1..=number).for_each(|block| drop(bob.make(block, &mut Zeros))));
        let secret = |block| match alice.make(block, &mut Zeros) {
            Ok(Made::Key { bytes, .. }) => Some(bytes.to_vec()),
            _ => None,
        };
        (1..=number).filter_map(secret).collect()
    })
}

#[tokio::test]
async fn a_served_pair_delivers_keys_and_writes_none_of_their_bytes_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    configuration(folder.path());
    // Where kme-a, kme-b and the operator's page listen.
    let (mut process, [a, b, operation]) = serve(folder.path(), "qkms.toml");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);

    let (alice, bob) = (client(folder.path(), "alice", a), client(folder.path(), "bob", b));
    let (id_of_alice, id_of_bob): (SaeId, SaeId) =
        ("alice".parse().unwrap(), "bob".parse().unwrap());
    let status = await_keys(&alice, &id_of_bob, 20).await;
    assert_eq!(status.status_extension["qkms_insecure"], true);
    assert!(!status.is_local());

    let request = KeyRequest { number: Some(20), ..KeyRequest::default() };
    let drawn = alice.enc_keys(&id_of_bob, &request).await.unwrap();
    let ids: Vec<_> = drawn.iter().take(10).map(|key| key.id).collect();
    assert_eq!(bob.dec_keys(&id_of_alice, &ids).await.unwrap(), drawn[..10]);
    let refused = bob.dec_keys(&id_of_alice, &ids).await.unwrap_err();
    let unmet = KeyRequest { number: Some(1 << 40), ..KeyRequest::default() };
    let unmet = alice.enc_keys(&id_of_bob, &unmet).await.unwrap_err();

    let json = get_plain(operation, "/status.json").await;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["insecure"], true, "a seed is configured");
    let mut written = Vec::new();
    let export = get_plain(operation, "/records.json?kme=kme-a&peer=kme-b").await;
    let export: Export = serde_json::from_slice(&export).unwrap();
    let records = export.check().unwrap();
    let account = &records[0].record.account;
    assert!(account.length > 0 && account.pulses > account.detections, "{account:?}");
    assert!(records[0].record.at_bob.health.is_sound());
    for path in
        ["/", "/metrics", "/status.json", "/records.json", "/records.json?kme=kme-a&peer=kme-b"]
    {
        written.extend_from_slice(&get_plain(operation, path).await);
    }
    assert!(written.windows(22).any(|text| text == b"qkms_key_made_bits_tot"));
    terminate(&mut process).await;

    let log = std::fs::read(folder.path().join("qkms.log")).unwrap();
    assert!(log.windows(5).any(|text| text == b"TRACE") || log.windows(5).any(|t| t == b"DEBUG"));
    written
        .extend_from_slice(format!("{refused} {refused:?} {unmet} {unmet:?} {drawn:?}").as_bytes());
    // Not only what was told: all bits of the first blocks, and the first tag key.
    let mut keys = replay(folder.path(), 2);
    let told = &*drawn[0].bytes;
    assert!(keys.iter().any(|block| block.windows(told.len()).any(|key| key == told)));
    keys.extend(drawn.iter().map(|key| key.bytes.to_vec()));
    keys.push(std::fs::read(folder.path().join("first.key")).unwrap());
    let needles = Needles::new(&keys);
    assert_eq!(needles.found_in(&written), None);
    assert_eq!(needles.found_in(&log), None);
    for store in ["store-kme-a", "store-kme-b"] {
        for file in std::fs::read_dir(folder.path().join(store)).unwrap() {
            let path = file.unwrap().path();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
            assert_eq!(
                needles.found_in(&std::fs::read(&path).unwrap()),
                None,
                "{}",
                path.display()
            );
        }
    }
}
