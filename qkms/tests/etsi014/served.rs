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
    kme::service::SaeId,
    pki::Authority,
    tls::Peer,
};

use super::leaks::{Needles, get_plain};

const PATIENCE: Duration = Duration::from_secs(60);

fn certificates(folder: &Path) {
    let authority = Authority::create(folder, "test", 30).unwrap();
    for kme in ["kme-a", "kme-b"] {
        authority.issue(&Peer::Kme(kme.parse().unwrap()), &["localhost".into()], 30).unwrap();
    }
    for sae in ["alice", "bob"] {
        authority.issue(&Peer::Sae(sae.parse().unwrap()), &[], 30).unwrap();
    }
}

fn configuration(folder: &Path) {
    let mut text = "insecure = true\nseed = 7\n[operation]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for (kme, sae) in [("kme-a", "alice"), ("kme-b", "bob")] {
        text.push_str(&format!(
            "[[kme]]\nid = \"{kme}\"\nstore = \"store-{kme}\"\nsaes = [\"{sae}\"]\n[kme.etsi014]\n\
             listen = \"127.0.0.1:0\"\ncertificate = \"kme-{kme}.pem\"\nkey = \"kme-{kme}.key\"\n\
             client_ca = \"ca.pem\"\nrevocation_list = \"ca.crl\"\n"
        ));
    }
    text.push_str(
        "[[link]]\nalice = \"kme-a\"\nbob = \"kme-b\"\npreset = \"snspd\"\nkm = 10\n\
         sifted_bits = 100000\npulse_rate = 1e8\ncapacity_bits = 65536\nfirst_key = \"first.key\"\n",
    );
    std::fs::write(folder.join("qkms.toml"), text).unwrap();
    let first: Vec<u8> =
        (0..1 << 16).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(folder.join("first.key"), first).unwrap();
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.join("first.key"), mode).unwrap();
}

/// The process, and where its three doors are: kme-a's, kme-b's, the operator's.
fn serve(folder: &Path) -> (Child, [SocketAddr; 3]) {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_qkms"))
        .args(["serve", "--config", "qkms.toml"])
        .current_dir(folder)
        .env("QKMS_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let doors = [(); 3].map(|()| {
        let line = lines.next().expect("it ended before it listened").unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    });
    (process, doors)
}

fn client(folder: &Path, sae: &str, door: SocketAddr) -> Client {
    Client::new(&client::Settings {
        kme_url: format!("https://localhost:{}", door.port()),
        certificate: folder.join(format!("sae-{sae}.pem")),
        key: folder.join(format!("sae-{sae}.key")),
        ca: folder.join("ca.pem"),
        timeout_s: 30,
    })
    .unwrap()
}

#[tokio::test]
async fn a_served_pair_delivers_keys_and_writes_none_of_their_bytes_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    configuration(folder.path());
    let (mut process, [a, b, operation]) = serve(folder.path());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);

    let (alice, bob) = (client(folder.path(), "alice", a), client(folder.path(), "bob", b));
    let (id_of_alice, id_of_bob): (SaeId, SaeId) =
        ("alice".parse().unwrap(), "bob".parse().unwrap());
    let began = Instant::now();
    let status = loop {
        let status = alice.status(&id_of_bob).await.unwrap();
        if status.stored_key_count >= 20 {
            break status;
        }
        assert!(began.elapsed() < PATIENCE, "{status:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(status.status_extension["qkms_insecure"], true);
    assert!(!status.is_local());

    let request = KeyRequest { number: Some(20), ..KeyRequest::default() };
    let drawn = alice.enc_keys(&id_of_bob, &request).await.unwrap();
    let ids: Vec<_> = drawn.iter().take(10).map(|key| key.id).collect();
    assert_eq!(bob.dec_keys(&id_of_alice, &ids).await.unwrap(), drawn[..10]);
    assert!(bob.dec_keys(&id_of_alice, &ids).await.is_err());

    let mut written = Vec::new();
    for path in ["/", "/metrics", "/status.json"] {
        written.extend_from_slice(&get_plain(operation, path).await);
    }
    assert!(written.windows(22).any(|text| text == b"qkms_key_made_bits_tot"));
    let stop = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(stop.success());
    let began = Instant::now();
    while process.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "it does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(process.wait().unwrap().success());

    let log = std::fs::read(folder.path().join("log")).unwrap();
    assert!(log.windows(5).any(|text| text == b"TRACE") || log.windows(5).any(|t| t == b"DEBUG"));
    let keys: Vec<_> = drawn.iter().map(|key| key.bytes.to_vec()).collect();
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
