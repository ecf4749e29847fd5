//! Many connections at once.
//!
//! `QKMS_TEST_CONNECTIONS` sets how many (1,000 if it is not set; each takes two file descriptors
//! here, where both ends are one process).

use std::time::Duration;

use tokio::task::JoinSet;

use super::field::Field;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_a_thousand_connections_at_once_is_served() {
    let number: usize = std::env::var("QKMS_TEST_CONNECTIONS")
        .map_or(1_000, |text| text.parse().expect("QKMS_TEST_CONNECTIONS is a number"));
    let files = qkms::process::raise_file_limit().unwrap();
    assert!(files > 2 * number as u64 + 100, "{files} open files are too few");
    let field = Field::start_with(|settings| {
        settings.max_connections = number + 1;
        settings.handshake_s = 120;
        settings.idle_s = 300;
    })
    .await;
    let field = std::sync::Arc::new(field);
    let mut opening = JoinSet::new();
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(500));
    for _ in 0..number {
        let (field, gate) = (field.clone(), gate.clone());
        opening.spawn(async move {
            let _handshake = gate.acquire_owned().await.unwrap();
            field.connect("alice").await
        });
    }
    let mut open = opening.join_all().await;
    let count = format!("qkms_connections{{kme=\"kme-a\"}} {number}");
    assert!(field.metrics.to_text().contains(&count), "all are open at once");
    let mut asking = JoinSet::new();
    for mut connection in open.drain(..) {
        asking.spawn(async move {
            let answer = connection.get("/api/v1/keys/bob/status").await;
            (answer.code, connection)
        });
    }
    let answers = asking.join_all().await;
    assert!(answers.iter().all(|(code, _)| code.is_success()));
    assert!(field.metrics.to_text().contains(&count), "all are still open");
}

#[tokio::test]
async fn connections_above_the_limit_are_closed_and_the_others_served() {
    let field = Field::start_with(|settings| settings.max_connections = 2).await;
    let (mut first, mut second) = (field.connect("alice").await, field.connect("carol").await);
    let third = field.connect_as(0, &field.issued("sae-alice")).await;
    assert!(third.is_err());
    first.get("/api/v1/keys/bob/enc_keys").await.keys();
    second.get("/api/v1/keys/bob/enc_keys").await.keys();
    drop(first);
    let again = async {
        while field.connect_as(0, &field.issued("sae-alice")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), again).await.unwrap();
}
