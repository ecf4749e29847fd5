//! An audit from outside: an epoch of a served pair, a challenge, the file, and `qkms audit`.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use qkms::{
    audit::{AuditFile, Expected, check},
    client::KeyRequest,
    kme::service::SaeId,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    leaks::get_plain,
    served::{certificates, client, configuration, serve, terminate},
};

/// Asks on the operator's page: code and body of the answer.
pub async fn ask(
    page: SocketAddr,
    token: &str,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(page).await.unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {page}\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    let code = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    (code, answer.split_off(end + 4))
}

/// Posts a challenge.
async fn post(page: SocketAddr, token: &str, body: &Value) -> (u16, String) {
    let (code, answer) = ask(page, token, "POST", "/challenge", &body.to_string()).await;
    (code, String::from_utf8(answer).unwrap())
}

/// What `/records.json` says of the audits at Alice's end.
async fn audits(page: SocketAddr) -> Value {
    let stands: Value = serde_json::from_slice(&get_plain(page, "/records.json").await).unwrap();
    assert_eq!(stands[0]["end"], "alice");
    stands[0]["audits"].clone()
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qkms"));
    command.current_dir(folder).arg("audit").args(arguments).output().unwrap()
}

#[tokio::test]
async fn one_block_of_an_epoch_is_opened_by_a_challenge_and_checked_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    configuration(folder.path());
    let file = folder.path().join("qkms.toml");
    let text = std::fs::read_to_string(&file).unwrap() + "audits = true\n";
    std::fs::write(&file, text).unwrap();
    let (mut process, [a, _, page]) = serve(folder.path(), "qkms.toml");
    let token = std::fs::read_to_string(folder.path().join("store-kme-a/operation.token")).unwrap();
    let next = audits(page).await["next"].clone();
    assert_eq!(
        next,
        json!({"epoch": 0, "released": 0, "root": null, "picked": false, "failed": []})
    );
    let challenge = |root: &str| {
        let challenge = "5c".repeat(32);
        json!({"kme": "kme-a", "peer": "kme-b", "epoch": 0, "root": root, "challenge": challenge})
    };
    let (code, why) = post(page, &token, &challenge(&"00".repeat(32))).await;
    assert_eq!(code, 409, "{why}");
    assert!(why.contains("known too early"), "{why}");
    let root = loop {
        if let Some(root) = audits(page).await["next"]["root"].as_str() {
            break root.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let (alice, id_of_bob): (_, SaeId) =
        (client(folder.path(), "alice", a), "bob".parse().unwrap());
    assert_eq!(alice.status(&id_of_bob).await.unwrap().stored_key_count, 0, "they wait");
    assert_eq!(post(page, &token, &challenge("0")).await.0, 400);
    let (code, why) = post(page, &token, &challenge(&"00".repeat(32))).await;
    assert!(code == 409 && why.contains("same root"), "{code} {why}");
    let mut elsewhere = challenge(&root);
    elsewhere["kme"] = "kme-b".into();
    elsewhere["peer"] = "kme-a".into();
    let (code, why) = post(page, &token, &elsewhere).await;
    assert!(code == 409 && why.contains("Alice's end"), "{code} {why}");
    // Bob's end may lack the last record for a moment.
    let answer = loop {
        match post(page, &token, &challenge(&root)).await {
            (200, answer) => break answer,
            (409 | 503, _) => tokio::time::sleep(Duration::from_millis(50)).await,
            (code, why) => panic!("{code} {why}"),
        }
    };
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let bytes = loop {
        match ask(page, "", "GET", "/audit?kme=kme-a&peer=kme-b&epoch=0", "").await {
            (200, bytes) => break bytes,
            (code, _) => assert_eq!(code, 404),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let file = AuditFile::from_bytes(&bytes).unwrap();
    assert_eq!(answer, json!({"epoch": 0, "block": file.block}));
    check(&file, &Expected::default()).unwrap();
    let request = KeyRequest { number: Some(40), ..KeyRequest::default() };
    let drawn = loop {
        match alice.enc_keys(&id_of_bob, &request).await {
            Ok(drawn) => break drawn,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let records = get_plain(page, "/records.json?kme=kme-a&peer=kme-b").await;
    terminate(&mut process).await;

    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let lines: Vec<String> = drawn.iter().map(|key| STANDARD.encode(&*key.bytes)).collect();
    write("audit", &bytes);
    write("records.json", &records);
    write("delivered", lines.join("\n").as_bytes());
    let drawn = "5c".repeat(32);
    let all = ["audit", "--records", "records.json", "--root", &root, "--challenge", &drawn];
    let output = run(folder.path(), &[&all[..], &["--delivered", "delivered"]].concat());
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("the audit passes"), "{text}");
    assert!(text.contains("64 records told before, 40 delivered keys"), "{text}");
    assert!(!text.contains("by the file itself"), "{text}");

    let wrong = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(wrong(&["audit", "--root", &drawn]).contains("not the one expected"));
    write("cut", &bytes[..bytes.len() / 2]);
    assert!(wrong(&["cut"]).contains("cut or altered"));
    assert!(wrong(&["records.json"]).contains("no audit file"));
    write("opened", STANDARD.encode(&file.key_at_alice[64..96]).as_bytes());
    let delivered = wrong(&["audit", "--delivered", "opened"]);
    assert!(delivered.contains("a delivered key is part of the block"), "{delivered}");
    assert_eq!(run(folder.path(), &["audit", "--root", "5"]).status.code(), Some(2));
}
