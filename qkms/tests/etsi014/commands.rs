//! The commands `qkms pki` and `qkms agent`, as processes.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use super::field::Field;

fn qkms(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qkms")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn pki_makes_certificates_once_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let output = qkms(arguments, folder.path());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said(&["pki", "init"]), "./ca.pem\n");
    assert_eq!(said(&["pki", "sae", "alice"]), "./sae-alice.pem\n./sae-alice.key\n");
    let kme = said(&["pki", "kme", "kme-a", "--host", "localhost", "--days", "7"]);
    assert_eq!(kme, "./kme-kme-a.pem\n./kme-kme-a.key\n");
    assert_eq!(said(&["pki", "revoke", "sae-alice.pem"]), "./ca.crl\n");
    for again in [&["pki", "init"][..], &["pki", "sae", "alice"]] {
        let output = qkms(again, folder.path());
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("error: ") && text.contains("nothing is overwritten"), "{text}");
    }
}

#[test]
fn pki_refuses_what_it_does_not_understand_with_status_2() {
    let folder = tempfile::tempdir().unwrap();
    for bad in [
        &["pki", "sae", ""][..],
        &["pki", "sae", "a\nb"],
        &["pki", "sae", "a", "--days", "0"],
        &["pki", "kme", "a"],
        &["pki", "frobnicate"],
        &["agent"],
    ] {
        assert_eq!(qkms(bad, folder.path()).status.code(), Some(2), "{bad:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn the_agent_forbids_core_dumps_and_ends_when_it_is_told_to() {
    let field = Field::start().await;
    let sae = field.client_settings("alice");
    let config = field.folder.path().join("agent.toml");
    let token = field.folder.path().join("token");
    let text = format!(
        "listen = \"127.0.0.1:0\"\ntoken_file = {token:?}\n[sae]\nkme_url = {:?}\n\
         certificate = {:?}\nkey = {:?}\nca = {:?}",
        sae.kme_url, sae.certificate, sae.key, sae.ca
    );
    std::fs::write(&config, &text).unwrap();
    let mut agent = Command::new(env!("CARGO_BIN_EXE_qkms"))
        .args(["agent", "--config"])
        .arg(&config)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(agent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("agent listens on http://127.0.0.1:"), "{line}");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", agent.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    let kill = Command::new("kill").args(["-TERM", &agent.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let began = Instant::now();
    while agent.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(agent.wait().unwrap().success());

    std::fs::write(&config, format!("{text}\nunknown = 1")).unwrap();
    let output = qkms(&["agent", "--config", config.to_str().unwrap()], field.folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("unknown"));
}
