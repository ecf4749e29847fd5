//! `qkms serve --check`: what would keep a service from starting.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use super::served::{certificates, configuration, serve};

fn check(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qkms"));
    command
        .args(["serve", "--check", "--config", "qkms.toml"])
        .current_dir(folder)
        .output()
        .unwrap()
}

#[track_caller]
fn sound(folder: &Path) {
    let output = check(folder);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "qkms.toml is sound\n");
}

/// That each fault is told, in a line of its own, and no other.
#[track_caller]
fn faulty(folder: &Path, faults: &[[&str; 2]]) {
    let output = check(folder);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("error: qkms.toml cannot be served:"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), faults.len(), "{text}");
    for [place, what] in faults {
        let told = |line: &&str| line.starts_with(&format!("  {place}: ")) && line.contains(what);
        assert!(lines.iter().any(told), "{place}: {what}: {text}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_check_finds_what_would_keep_a_service_from_starting_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    configuration(folder);
    let before = names(folder);
    sound(folder);
    assert_eq!(names(folder), before);

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let text = fs::read_to_string(folder.join("qkms.toml")).unwrap();
    fs::write(folder.join("qkms.toml"), text.replace("127.0.0.1:0", &port)).unwrap();
    let in_use = "is in use by a process that runs";
    let ports = [["kme-a, etsi014", in_use], ["kme-b, etsi014", in_use], ["operation", in_use]];
    faulty(folder, &ports);
    drop(taken);
    let twice = "is in use by another part of this file";
    faulty(folder, &[["kme-b, etsi014", twice], ["operation", twice]]);

    fs::write(folder.join("qkms.toml"), text).unwrap();
    fs::remove_file(folder.join("kme-kme-a.pem")).unwrap();
    fs::copy(folder.join("sae-bob.pem"), folder.join("kme-kme-b.pem")).unwrap();
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(folder.join("first.key"), open).unwrap();
    fs::create_dir(folder.join("store-kme-a")).unwrap();
    fs::write(folder.join("store-kme-a/record.key"), "short").unwrap();
    fs::write(folder.join("store-kme-a/local.redb"), "no database").unwrap();
    fs::write(folder.join("store-kme-b"), "").unwrap();
    let secret = fs::Permissions::from_mode(0o600);
    for name in ["store-kme-a/record.key", "store-kme-a/local.redb"] {
        fs::set_permissions(folder.join(name), secret.clone()).unwrap();
    }
    faulty(
        folder,
        &[
            ["kme-a, etsi014", "kme-kme-a.pem"],
            ["kme-b, etsi014", "kme-kme-b.pem is not a KME's certificate"],
            ["kme-a", "record.key: the file must have 32 bytes"],
            ["kme-a", "local.redb: "],
            ["kme-b", "store-kme-b is no folder"],
            ["the link from kme-a to kme-b", "first.key: the file's mode must be 0600"],
        ],
    );
}

#[test]
fn a_store_that_a_service_has_open_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    configuration(folder);
    let (mut process, _) = serve::<3>(folder, "qkms.toml");
    let held = "a service that runs has it open";
    let output = check(folder);
    process.kill().unwrap();
    process.wait().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), text.matches(held).count()), (Some(1), 4), "{text}");
    assert!(
        text.contains("store-kme-a/link-kme-b.redb: ") && text.contains("local.redb: "),
        "{text}"
    );
    // One that was killed left nothing that keeps another from starting.
    sound(folder);
}
