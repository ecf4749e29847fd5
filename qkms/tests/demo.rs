//! `qkms demo`: a line of three that somebody sets up with one command, over its real doors.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use qkms::{
    client::{Client, KeyRequest, Settings},
    kme::service::SaeId,
};

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn demo(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qkms"));
    command.arg("demo").arg(folder).args(["--sifted-bits", "100000"]).args(more);
    if !more.contains(&"--port") {
        command.args(["--port", "0"]);
    }
    command
}

#[tokio::test]
async fn a_line_of_three_relays_keys_to_clients() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("line");
    let child = demo(&place, &[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut served = Served(child);
    let mut doors = HashMap::new();
    let lines = BufReader::new(served.0.stdout.take().unwrap()).lines();
    for line in lines.map(Result::unwrap) {
        if let Some((kme, address)) = line.split_once(" etsi014 listens on ") {
            doors.insert(kme.to_owned(), address.rsplit_once(':').unwrap().1.to_owned());
        }
        if doors.len() == 3 {
            break;
        }
    }
    let client = |site: usize| {
        Client::new(&Settings {
            kme_url: format!("https://localhost:{}", doors[&format!("kme-{site}")]),
            certificate: place.join(format!("sae-sae-{site}.pem")),
            key: place.join(format!("sae-sae-{site}.key")),
            ca: place.join("ca.pem"),
            timeout_s: 30,
        })
        .unwrap()
    };
    let (first, last) = (client(1), client(3));
    let sae = |site: usize| format!("sae-{site}").parse::<SaeId>().unwrap();
    let request = KeyRequest { number: Some(2), ..KeyRequest::default() };
    // Until both links have made a block there is no key.
    let until = Instant::now() + Duration::from_secs(300);
    let keys = loop {
        match first.enc_keys(&sae(3), &request).await {
            Ok(keys) => break keys,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    let told = last.dec_keys(&sae(1), &ids).await.unwrap();
    assert_eq!(told.len(), 2);
    assert!(
        keys.iter().zip(&told).all(|(one, other)| one.id == other.id && one.bytes == other.bytes)
    );
    assert!(last.dec_keys(&sae(1), &ids).await.is_err());
}

#[test]
fn a_folder_is_set_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("line");
    let run = || demo(&place, &["--sites", "5", "--dry"]).output().unwrap();
    let first = run();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let text = std::fs::read_to_string(place.join("qkms.toml")).unwrap();
    assert_eq!(text.matches("[[link]]").count(), 4);
    // Each site to each that it has no link to: 10 pairs, less 4.
    assert_eq!(text.matches("[[route]]").count(), 6);
    let key = std::fs::read(place.join("ca.key")).unwrap();
    assert!(run().status.success());
    assert_eq!(std::fs::read(place.join("ca.key")).unwrap(), key);
    // The commands that it would print are those of another line.
    let refused = |place: &Path, more: &[&str], why: &str| {
        let other = demo(place, more).output().unwrap();
        let said = String::from_utf8_lossy(&other.stderr).into_owned();
        assert!(!other.status.success() && said.contains(why), "{said}");
        assert!(other.stdout.is_empty());
    };
    refused(&place, &["--sites", "4", "--dry"], "is not what these options make");
    refused(&place.join("more"), &["--port", "65533", "--dry"], "ports end at 65535");
    let check = Command::new(env!("CARGO_BIN_EXE_qkms"))
        .args(["serve", "--check", "--config"])
        .arg(place.join("qkms.toml"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    // The key of a KME that has not run yet can be told to others.
    std::fs::create_dir(place.join("store-1")).unwrap();
    let told = || {
        let told = Command::new(env!("CARGO_BIN_EXE_qkms"))
            .arg("relay-key")
            .arg(place.join("store-1"))
            .output()
            .unwrap();
        (String::from_utf8(told.stdout).unwrap(), String::from_utf8(told.stderr).unwrap())
    };
    let (key, made) = told();
    assert_eq!(key.trim().len(), 64);
    assert!(made.starts_with("made ") && made.contains("relay.key"), "{made}");
    assert_eq!(told(), (key, String::new()));
}
