//! What the test asks the agents, as their users. Every answer is kept.

use crate::{
    chain::until,
    record::{Record, Source},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, body::Bytes};
use hyper_util::rt::TokioIo;
use qedex_testnode::agents::Node;
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};
use tokio::net::TcpStream;

/// The agent of a node, wherever it listens at the moment.
pub struct Agent {
    door: PathBuf,
    record: Arc<Record>,
}

/// An HTTP request to this machine over a connection of its own; none if nobody answers.
pub async fn http(
    address: &str,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> Option<(u16, Bytes)> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", address);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Full::new(Bytes::from(body))).expect("a request");
    let response = sender.send_request(request).await.ok()?;
    let code = response.status().as_u16();
    Some((code, response.into_body().collect().await.ok()?.to_bytes()))
}

impl Agent {
    pub fn of(node: &Node, sae: &str, record: &Arc<Record>) -> Arc<Self> {
        let door = node.chain_path.join("qkd").join(format!("{sae}.json"));
        Arc::new(Self { door, record: Arc::clone(record) })
    }

    /// What it answers; none if it does not run.
    async fn try_ask(&self, method: Method, path: &str, body: Vec<u8>) -> Option<(u16, Bytes)> {
        let door: Value = serde_json::from_slice(&std::fs::read(&self.door).ok()?).ok()?;
        let (url, token) = (door["url"].as_str()?, door["token"].as_str()?);
        let address = url.trim_start_matches("http://");
        let answer = http(address, Some(token), method, path, body).await?;
        let what = format!("{} {path} {}", door["sae"], answer.0);
        self.record.keep(Source::Agents, &what, &answer.1);
        Some(answer)
    }

    /// What it answers, as soon as it runs.
    pub async fn ask(&self, method: Method, path: &str, body: &[u8]) -> (u16, Bytes) {
        until("an answer of the agent", || self.try_ask(method.clone(), path, body.to_vec())).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let (code, body) = self.ask(Method::GET, path, &[]).await;
        assert_eq!(code, 200, "{path}: {body:?}");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Its session with the number that A gave it, if it knows of one.
    pub async fn session(&self, number: u64) -> Option<Value> {
        let all = self.get("/v1/sessions").await;
        all.as_array()?.iter().find(|session| session["number"] == number).cloned()
    }

    /// Waits until its session is in one of these states.
    pub async fn await_state(&self, number: u64, states: &[&str]) -> Value {
        until(&format!("{states:?} of {number}"), || async {
            let session = self.session(number).await?;
            states.iter().any(|state| session["state"] == **state).then_some(session)
        })
        .await
    }

    /// Says something; whether the other end has taken it at once.
    pub async fn send(&self, session: u64, text: &[u8]) -> bool {
        let path = format!("/v1/sessions/{session}/send");
        let (code, body) = self.ask(Method::POST, &path, text).await;
        assert!(code == 200 || code == 202, "{body:?}");
        code == 200
    }

    /// Waits for a text, and takes it.
    pub async fn receive(&self, session: u64) -> Vec<u8> {
        let path = format!("/v1/sessions/{session}/receive");
        until("a text", || async {
            let (code, body) = self.ask(Method::POST, &path, &[]).await;
            assert_eq!(code, 200, "{body:?}");
            let received: Value = serde_json::from_slice(&body).expect("JSON");
            let text = received["texts"].as_array()?.first()?["text"].as_str()?;
            Some(STANDARD.decode(text).expect("base64"))
        })
        .await
    }
}
