//! Key bytes are in no answer, no file of the agent and no log.

use super::{
    field::{Field, SAES, ask},
    letters::{letter, meet},
    sessions::{finish, open},
};
use http::Method;
use std::{
    collections::HashSet,
    io::Write,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every eight bytes of the keys, as they are, in hexadecimal, and as a list of numbers.
fn needles(keys: &[Vec<u8>]) -> Vec<HashSet<Vec<u8>>> {
    let windows = || keys.iter().flat_map(|key| key.windows(8));
    let list = |window: &[u8]| format!("{window:?}").trim_matches(['[', ']']).as_bytes().to_vec();
    vec![
        windows().map(<[u8]>::to_vec).collect(),
        windows().map(|window| hex::encode(window).into_bytes()).collect(),
        windows().map(|window| hex::encode_upper(window).into_bytes()).collect(),
        windows().map(list).collect(),
    ]
}

fn holds(text: &[u8], needles: &[HashSet<Vec<u8>>]) -> bool {
    needles.iter().any(|set| {
        let lengths: HashSet<usize> = set.iter().map(Vec::len).collect();
        lengths.into_iter().any(|length| text.windows(length).any(|window| set.contains(window)))
    })
}

#[tokio::test]
async fn no_key_is_in_an_answer_a_file_or_a_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // This runtime has one thread, and the subscriber is that thread's.
    let _guard = tracing::subscriber::set_default(subscriber);
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    let mut told = Vec::new();
    let message1 = open(&alice, "one-time").await;
    told.extend(&message1);
    finish(&alice, &bob, &message1).await;
    alice.bytes(Method::POST, "/v1/sessions/7/send", b"1200 Wh".to_vec()).await;
    // Letters of both seals, and an altered one in front of each, whose key waits for the true one.
    meet(&alice, &bob).await;
    let nobody = "127.0.0.1:1".parse().unwrap();
    for seal in ["aead", "one-time"] {
        told.extend(
            alice
                .json(Method::POST, "/v1/letters", letter(bob.mail, seal))
                .await
                .1
                .to_string()
                .bytes(),
        );
        told.extend(bob.bytes(Method::POST, "/v1/letters/receive", Vec::new()).await.1);
        told.extend(
            alice
                .json(Method::POST, "/v1/letters", letter(nobody, seal))
                .await
                .1
                .to_string()
                .bytes(),
        );
    }
    let mut rubbish = vec![9; 32];
    rubbish.extend(b"\x05alice\x03bob");
    rubbish.extend([1; 200]);
    told.extend(ask(bob.mail, None, Method::POST, "/v1/letters", rubbish).await.1);
    for agent in [&alice, &bob] {
        for path in ["/v1/sessions", "/v1/letters", "/v1/health", "/v1/metrics", "/v1/sessions/7"] {
            told.extend(agent.bytes(Method::GET, path, Vec::new()).await.1);
        }
        told.extend(agent.bytes(Method::POST, "/v1/sessions/7/receive", Vec::new()).await.1);
    }
    for agent in [alice, bob] {
        agent.stop().await;
    }
    let needles = needles(&field.link.told());
    assert_eq!(field.link.told().len(), 8);
    assert!(!holds(&told, &needles), "in an answer");
    for sae in SAES {
        let store = field.folder.path().join(format!("{sae}.store"));
        for file in ["agent.redb", "agent.key"] {
            assert!(!holds(&std::fs::read(store.join(file)).unwrap(), &needles), "in {file}");
        }
    }
    let log = log.0.lock().unwrap();
    assert!(!log.is_empty());
    assert!(!holds(&log, &needles), "in the log");
}
