//! Key bytes occur in answers to SAEs and nowhere else.
//!
//! The keys come from a seed, so the test knows each that was told. It looks for any eight
//! consecutive bytes of them, as they are, in hexadecimal, in base64 at each alignment, and as a
//! list of decimal numbers.

use std::{
    collections::HashSet,
    io::Write,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use qkms::{
    client::KeyRequest,
    operation::{Operation, archive::Archive},
};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::field::Field;

const WINDOW: usize = 8;

/// Every form in which a window may be written.
pub struct Needles(HashSet<Vec<u8>>);

impl Needles {
    pub fn new(keys: &[Vec<u8>]) -> Self {
        let mut needles = HashSet::new();
        for window in keys.iter().flat_map(|key| key.windows(WINDOW)) {
            needles.insert(window.to_vec());
            let hex: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
            needles.insert(hex.to_uppercase().into_bytes());
            needles.insert(hex.into_bytes());
            let list = format!("{window:?}");
            needles.insert(list.as_bytes()[1..list.len() - 1].to_vec());
            for before in 0..3 {
                // Digits that depend on the window alone, wherever it stands in a longer text.
                let shifted = [&vec![0; before], window].concat();
                let text = STANDARD.encode(&shifted);
                let first = (before * 8).div_ceil(6);
                let last = (before + WINDOW) * 8 / 6;
                needles.insert(text.as_bytes()[first..last].to_vec());
            }
        }
        Self(needles)
    }

    pub fn found_in(&self, text: &[u8]) -> Option<String> {
        let lengths: HashSet<_> = self.0.iter().map(Vec::len).collect();
        for length in lengths {
            if let Some(hit) = text.windows(length).find(|window| self.0.contains(*window)) {
                return Some(String::from_utf8_lossy(hit).into_owned());
            }
        }
        None
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
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

#[tokio::test]
async fn keys_occur_in_no_log_at_trace_level_and_on_no_page_and_in_no_error() {
    let log = Log::default();
    // Also takes what libraries log by the `log` crate.
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).init();
    let field = Field::start().await;
    let token = qkms::agent::Token::draw().unwrap();
    let settings = toml::from_str("listen = \"127.0.0.1:0\"").unwrap();
    let page = Operation::bind(&settings, token).await.unwrap();
    let page_address = page.local_addr();
    let archive = Archive::default();
    tokio::spawn(page.run(field.metrics.clone(), archive, std::future::pending()));

    let (mut alice, mut bob) = (field.connect("alice").await, field.connect("bob").await);
    let drawn = alice.get("/api/v1/keys/bob/enc_keys?number=16&size=1024").await;
    let answer = drawn.body.clone();
    let drawn = drawn.keys();
    let mut elsewhere: Vec<u8> = Vec::new();
    let ids: Vec<_> = drawn.iter().map(|(id, _)| json!({ "key_ID": id })).collect();
    let body = json!({ "key_IDs": ids }).to_string();
    // Refused, told, and refused again because it was told.
    for (slave, master) in [("dave", "alice"), ("bob", "carol"), ("bob", "alice"), ("bob", "alice")]
    {
        let mut slave = field.connect(slave).await;
        let answer = slave.post(&format!("/api/v1/keys/{master}/dec_keys"), body.clone()).await;
        if !answer.code.is_success() {
            elsewhere.extend_from_slice(&answer.body);
        }
    }
    // A client that sends a key back, in every place where a request can hold one.
    let key = &drawn[0].1;
    for body in [
        json!({ "number": key }).to_string(),
        json!({ "extension_mandatory": key }).to_string(),
        format!("{{\"key_IDs\":[{{\"key_ID\":\"{key}\"}}]}}"),
        key.clone(),
    ] {
        for method in ["enc_keys", "dec_keys"] {
            let answer = bob.post(&format!("/api/v1/keys/alice/{method}"), body.clone()).await;
            // Not known to `enc_keys`, and so ignored: that answer holds a fresh key.
            assert_eq!(answer.code.is_success(), method == "enc_keys" && body.contains("key_IDs"));
            if !answer.code.is_success() {
                elsewhere.extend_from_slice(&answer.body);
            }
        }
    }
    let client = field.client("alice");
    let keys = client.enc_keys(&"bob".parse().unwrap(), &KeyRequest::default()).await.unwrap();
    elsewhere.extend_from_slice(format!("{keys:?} {client:?}").as_bytes());

    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    for path in ["/", "/metrics", "/status.json"] {
        elsewhere.extend_from_slice(&get_plain(page_address, path).await);
    }
    let log = log.0.lock().unwrap().clone();
    assert!(log.windows(8).any(|text| text == b"answered"), "the log is there");
    assert!(log.windows(5).any(|text| text == b"TRACE"), "and at trace level");

    let needles = Needles::new(&field.link.told());
    assert!(needles.found_in(&answer).is_some(), "the search finds a key in an answer");
    assert_eq!(needles.found_in(&log), None);
    assert_eq!(needles.found_in(&elsewhere), None);
}

#[test]
fn the_search_finds_a_window_in_each_form() {
    let key: Vec<u8> = (0..32_u8).map(|i| i.wrapping_mul(37).wrapping_add(11)).collect();
    let needles = Needles::new(std::slice::from_ref(&key));
    let part = &key[5..13];
    for before in 0..4 {
        let text = [&vec![b'x'; before], part, &[7_u8; 2][..]].concat();
        assert!(needles.found_in(&text).is_some());
        assert!(needles.found_in(STANDARD.encode(&text).as_bytes()).is_some());
    }
    assert!(needles.found_in(format!("{part:02x?}").replace(", ", "").as_bytes()).is_some());
    assert!(needles.found_in(format!("{part:?}").as_bytes()).is_some());
    assert!(needles.found_in(&key[..7]).is_none());
}

pub async fn get_plain(address: std::net::SocketAddr, path: &str) -> Vec<u8> {
    use http_body_util::{BodyExt, Full};
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::builder().method(Method::GET).uri(path).header("host", "x");
    let request = request.body(Full::<bytes::Bytes>::default()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}
