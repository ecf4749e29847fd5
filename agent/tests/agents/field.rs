//! Two key services with their doors open, and agents that draw keys there.

use super::service::{Link, Site};
use bytes::Bytes;
use codec::{DecodeAll, Encode};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use qedex_agent::{Agent, Settings};
use qedex_primitives::agent::{NEWS_PATH, News, Steps, WATCHED_PATH, Watched};
use qkms::{
    client,
    etsi014::{self, Server},
    metrics::Metrics,
    pki::Authority,
    tls::Peer,
};
use serde_json::Value;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle};
use zeroize::Zeroizing;

pub struct Field {
    pub folder: TempDir,
    pub link: Arc<Link>,
    doors: Vec<SocketAddr>,
}

pub const SAES: [&str; 2] = ["alice", "bob"];

impl Field {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(folder.path(), "test", 30).unwrap();
        let link = Link::new();
        let metrics = Metrics::new();
        let mut doors = Vec::new();
        for (kme, sae) in ["kme-a", "kme-b"].into_iter().zip(SAES) {
            let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
            authority.issue(&Peer::Kme(kme.parse().unwrap()), &hosts, 30).unwrap();
            authority.issue(&Peer::Sae(sae.parse().unwrap()), &[], 30).unwrap();
            let file = |name: String| format!("{:?}", folder.path().join(name));
            let settings: etsi014::Settings = toml::from_str(&format!(
                "listen = \"127.0.0.1:0\"\ncertificate = {}\nkey = {}\nclient_ca = {}",
                file(format!("{kme}.pem").replace("kme-", "kme-kme-")),
                file(format!("{kme}.key").replace("kme-", "kme-kme-")),
                file("ca.pem".into()),
            ))
            .unwrap();
            let counts = metrics.kme(&kme.parse().unwrap());
            let site = Arc::new(Site(Arc::clone(&link)));
            let server = Server::bind(settings, site, counts).await.unwrap();
            doors.push(server.local_addr());
            tokio::spawn(server.run(std::future::pending()));
        }
        Self { folder, link, doors }
    }

    pub fn settings(&self, sae: &str) -> Settings {
        let site = SAES.iter().position(|other| *other == sae).unwrap();
        let file = |name: String| -> PathBuf { self.folder.path().join(name) };
        Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            token_file: file(format!("{sae}.token")),
            store: file(format!("{sae}.store")),
            mail: Some("127.0.0.1:0".parse().unwrap()),
            beacon: true,
            audits: None,
            sae: client::Settings {
                kme_url: format!("https://localhost:{}", self.doors[site].port()),
                certificate: file(format!("sae-{sae}.pem")),
                key: file(format!("sae-{sae}.key")),
                ca: file("ca.pem".into()),
                timeout_s: 10,
            },
        }
    }

    pub async fn agent(&self, sae: &str) -> Running {
        Running::start(self.settings(sae)).await
    }
}

/// An agent that runs.
pub struct Running {
    pub address: SocketAddr,
    pub mail: SocketAddr,
    pub token: Zeroizing<String>,
    pub worker_token: Zeroizing<String>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A request over a connection of its own.
pub async fn ask(
    address: SocketAddr,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> (StatusCode, Bytes) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let code = response.status();
    (code, response.into_body().collect().await.unwrap().to_bytes())
}

impl Running {
    pub async fn start(settings: Settings) -> Self {
        let agent = Agent::bind(settings).await.unwrap();
        let (address, mail) = (agent.local_addr(), agent.mail_addr().unwrap());
        let (token, worker_token) = (agent.token(), agent.worker_token());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(agent.run(async {
            let _ = stopped.await;
        }));
        Self { address, mail, token, worker_token, stop, task }
    }

    /// Stops it, and waits until it has.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }

    pub async fn bytes(&self, method: Method, path: &str, body: Vec<u8>) -> (StatusCode, Bytes) {
        let is_worker = path.starts_with("/v1/worker/");
        let token = if is_worker { &self.worker_token } else { &self.token };
        let token = format!("Bearer {}", **token);
        ask(self.address, Some(&token), method, path, body).await
    }

    pub async fn json(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (code, body) = self.bytes(method, path, body).await;
        (code, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
    }

    pub async fn get(&self, path: &str) -> Value {
        let (code, value) = self.json(Method::GET, path, Value::Null).await;
        assert_eq!(code, StatusCode::OK, "{value}");
        value
    }

    pub async fn watched(&self) -> Watched {
        let (code, body) = self.bytes(Method::GET, WATCHED_PATH, Vec::new()).await;
        assert_eq!(code, StatusCode::OK);
        Watched::decode_all(&mut &body[..]).unwrap()
    }

    pub async fn news(&self, news: &News) -> Steps {
        let (code, body) = self.bytes(Method::POST, NEWS_PATH, news.encode()).await;
        assert_eq!(code, StatusCode::OK, "{body:?}");
        Steps::decode_all(&mut &body[..]).unwrap()
    }
}
