//! A disk without room, for `qkms serve` as a process.

use std::process::{Child, Command};

use qkms::{
    client::{Error, KeyRequest},
    kme::service::SaeId,
};
use rlimit::Resource;

use super::served::{PATIENCE, await_keys, certificates, client, configuration, listen, terminate};

/// Lets the process write files no further than `bytes`: what it writes beyond fails as on a full
/// disk, its log as well.
fn limit_files(process: &Child, bytes: u64) {
    let id = i32::try_from(process.id()).unwrap();
    rlimit::prlimit(id, Resource::FSIZE, Some((bytes, u64::MAX)), None).unwrap();
}

#[tokio::test]
async fn a_full_disk_is_503_draws_nothing_and_is_over_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    configuration(folder);
    // Ignored, so that a write fails in place of ending the process.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" serve --config qkms.toml"]);
    command.arg(env!("CARGO_BIN_EXE_qkms"));
    let (mut process, [a, b, _]) = listen(folder, "qkms.toml", &mut command);
    let (alice, bob) = (client(folder, "alice", a), client(folder, "bob", b));
    let carol = client(folder, "carol", a);
    let [master, slave]: [SaeId; 2] = ["alice", "bob"].map(|id| id.parse().unwrap());
    await_keys(&alice, &slave, 20).await;
    let shared = KeyRequest {
        number: Some(2),
        additional_slaves: vec!["carol".parse().unwrap()],
        ..KeyRequest::default()
    };
    let request = KeyRequest { number: Some(2), ..KeyRequest::default() };
    let before = alice.enc_keys(&slave, &shared).await.unwrap();
    let named: Vec<_> = before.iter().map(|key| key.id).collect();

    limit_files(&process, 0);
    for _ in 0..3 {
        let refused = alice.enc_keys(&slave, &request).await.unwrap_err();
        assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
        for slave in [&bob, &carol] {
            let refused = slave.dec_keys(&master, &named).await.unwrap_err();
            assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
        }
    }
    alice.status(&slave).await.unwrap();

    limit_files(&process, u64::MAX);
    let began = std::time::Instant::now();
    let after = loop {
        // The ends may have to agree anew first.
        match alice.enc_keys(&slave, &request).await {
            Ok(keys) => break keys,
            Err(refused) => assert!(began.elapsed() < PATIENCE, "{refused:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    for slave in [&bob, &carol] {
        let told = slave.dec_keys(&master, &named).await.unwrap();
        assert_eq!(told, before, "they were neither lost nor told");
    }
    let named: Vec<_> = after.iter().map(|key| key.id).collect();
    assert_eq!(bob.dec_keys(&master, &named).await.unwrap(), after);
    assert!(before.iter().all(|one| after.iter().all(|other| one.bytes != other.bytes)));
    terminate(&mut process).await;
}
