//! Two KMEs on loopback with an authority, and clients that speak HTTP as they please.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use qkms::{
    client::{self, Client},
    etsi014::{Server, Settings},
    metrics::Metrics,
    pki::{Authority, Issued},
    tls::{Identity, Peer, client_config},
};
use rustls_pki_types::ServerName;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::watch, task::JoinHandle};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::memory::{Link, Memory, SITES};

pub const SEED: u64 = 20_190_212;

/// Two KMEs with their door open.
pub struct Field {
    pub folder: TempDir,
    pub link: Arc<Link>,
    pub metrics: Arc<Metrics>,
    pub doors: [SocketAddr; 2],
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Field {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with settings changed by `change`.
    pub async fn start_with(change: impl Fn(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::create(folder.path(), "test", 30).unwrap();
        for (kme, saes) in SITES {
            let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned()];
            authority.issue(&Peer::Kme(kme.parse().unwrap()), &hosts, 30).unwrap();
            for sae in saes {
                authority.issue(&Peer::Sae(sae.parse().unwrap()), &[], 30).unwrap();
            }
        }
        let link = Link::new(SEED, 10_000);
        let metrics = Metrics::new();
        let (stop, stopped) = watch::channel(false);
        let mut doors = Vec::new();
        let mut servers = Vec::new();
        for (site, (kme, _)) in SITES.iter().enumerate() {
            let mut settings = settings(folder.path(), kme);
            change(&mut settings);
            let service = Arc::new(Memory { link: Arc::clone(&link), site });
            let counts = metrics.kme(&kme.parse().unwrap());
            let server = Server::bind(settings, service, counts).await.unwrap();
            doors.push(server.local_addr());
            let mut stopped = stopped.clone();
            servers.push(tokio::spawn(server.run(async move {
                let _ = stopped.wait_for(|stopped| *stopped).await;
            })));
        }
        let doors = doors.try_into().unwrap();
        Self { folder, link, metrics, doors, stop, servers }
    }

    /// Tells both KMEs to stop and waits until they have.
    pub async fn stop(self) {
        self.stop.send(true).unwrap();
        for server in self.servers {
            server.await.unwrap();
        }
    }

    pub fn authority(&self) -> Authority {
        Authority::open(self.folder.path()).unwrap()
    }

    /// The files of a certificate of the field's authority.
    pub fn issued(&self, stem: &str) -> Issued {
        let file = |end: &str| self.folder.path().join(format!("{stem}.{end}"));
        Issued { certificate: file("pem"), key: file("key") }
    }

    fn issued_to(&self, sae: &str) -> Issued {
        self.issued(&format!("sae-{}", qkms::tls::identity::escape(sae)))
    }

    /// A connection of `sae` to the KME of its own site.
    pub async fn connect(&self, sae: &str) -> Connection {
        let site = SITES.iter().position(|(_, saes)| saes.contains(&sae)).unwrap();
        self.connect_as(site, &self.issued_to(sae)).await.unwrap()
    }

    /// A connection to a site's KME with the certificate given.
    pub async fn connect_as(&self, site: usize, issued: &Issued) -> std::io::Result<Connection> {
        Connection::new(self.tls(site, issued).await?).await
    }

    /// The bare TLS stream, handshake done.
    pub async fn tls(&self, site: usize, issued: &Issued) -> std::io::Result<TlsStream<TcpStream>> {
        let identity = Identity::from_files(&issued.certificate, &issued.key).unwrap();
        let config = client_config(&identity, &self.ca()).unwrap();
        tls_with(self.doors[site], config).await
    }

    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The library's client for `sae`.
    pub fn client(&self, sae: &str) -> Client {
        Client::new(&self.client_settings(sae)).unwrap()
    }

    pub fn client_settings(&self, sae: &str) -> client::Settings {
        let site = SITES.iter().position(|(_, saes)| saes.contains(&sae)).unwrap();
        let Issued { certificate, key } = self.issued_to(sae);
        client::Settings {
            kme_url: format!("https://localhost:{}", self.doors[site].port()),
            certificate,
            key,
            ca: self.ca(),
            timeout_s: 10,
        }
    }
}

fn settings(folder: &Path, kme: &str) -> Settings {
    let file = |name: String| format!("{:?}", folder.join(name));
    let text = format!(
        "listen = \"127.0.0.1:0\"\ncertificate = {}\nkey = {}\nclient_ca = {}\n\
         revocation_list = {}\nrevocation_check_s = 1",
        file(format!("kme-{kme}.pem")),
        file(format!("kme-{kme}.key")),
        file("ca.pem".into()),
        file("ca.crl".into()),
    );
    toml::from_str(&text).unwrap()
}

/// A TLS stream with a configuration of the caller's.
pub async fn tls_with(
    door: SocketAddr,
    config: rustls::ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(door).await?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub code: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The standard's error text; panics if the answer has not the standard's form.
    pub fn message(&self) -> String {
        let json = self.json();
        let details = json.get("details").map(|details| details.as_array().unwrap());
        assert!(details.is_none_or(|d| d.iter().all(Value::is_object)), "{json}");
        json["message"].as_str().unwrap().to_owned()
    }

    /// Identities and keys in base64 of a key container.
    pub fn keys(&self) -> Vec<(String, String)> {
        assert_eq!(self.code, StatusCode::OK, "{:?}", self.body);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let json = self.json();
        let keys = json["keys"].as_array().unwrap();
        keys.iter().map(|key| (text(&key["key_ID"]), text(&key["key"]))).collect()
    }
}

/// An HTTP/1.1 connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    pub async fn new(stream: TlsStream<TcpStream>) -> std::io::Result<Self> {
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.try_send(Method::GET, path, None, "").await.unwrap()
    }

    pub async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Answer {
        self.try_send(Method::POST, path, Some("application/json"), body).await.unwrap()
    }

    pub async fn try_send(
        &mut self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper::Error> {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.sender.ready().await?;
        let response = self.sender.send_request(request.body(Full::new(body.into())).unwrap());
        let response = tokio::time::timeout(Duration::from_secs(20), response).await.unwrap()?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { code: head.status, headers: head.headers, body })
    }

    /// Whether the server has ended the connection; waits for it a while.
    pub async fn is_closed(&mut self) -> bool {
        for _ in 0..100 {
            if self.sender.is_closed() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}
