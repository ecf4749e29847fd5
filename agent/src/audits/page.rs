//! The page of a key service for its operators, as an auditor reads it.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use qkms::records::Export;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use zeroize::Zeroizing;

/// For a whole question: a file of an audit may have some megabytes.
const LIMIT: Duration = Duration::from_secs(60);

/// The longest answer, in bytes: the largest blocks' files are shorter.
const MAX_BYTES: usize = 256 << 20;

/// Why a page does not answer.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It cannot be reached.
    #[error("the key service's page cannot be reached: {0}")]
    Connection(String),
    /// It took too long.
    #[error("the key service's page did not answer in time")]
    Timeout,
    /// It answers something else than was asked.
    #[error("the key service's page answers with code {}", .0.as_u16())]
    Code(StatusCode),
    /// The answer is not what it should be.
    #[error("the key service's page answers what cannot be read: {0}")]
    Content(String),
    /// The token cannot be read.
    #[error("the token of the key service's page cannot be read: {0}")]
    Token(std::io::Error),
}

/// Where a link end stands.
#[derive(Clone, Debug, Deserialize)]
pub struct Stand {
    /// The KME at this end.
    pub kme: String,
    /// The KME at the other end.
    pub peer: String,
    /// `alice` or `bob`.
    pub end: String,
    /// The number of the next record.
    pub next: u64,
    /// Where its audits stand.
    pub audits: Audits,
}

/// Where audits stand.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audits {
    /// The link is not audited.
    None,
    /// It is.
    Next {
        /// The next epoch.
        epoch: u64,
        /// The latest epochs of which the block picked could not be opened.
        failed: Vec<u64>,
    },
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is.
    pub address: SocketAddr,
    /// Where its token is, if challenges are handed in there.
    pub token_file: Option<PathBuf>,
}

impl Page {
    /// Where all link ends stand.
    pub async fn stands(&self) -> Result<Vec<Stand>, PageError> {
        self.json("/records.json").await
    }

    /// Records of a link end from this number on, an epoch's at most.
    pub async fn records(&self, kme: &str, peer: &str, from: u64) -> Result<Export, PageError> {
        self.json(&format!("/records.json?kme={}&peer={}&from={from}", name(kme), name(peer))).await
    }

    /// The file of an audit; none if there is none, or not yet.
    pub async fn file(
        &self,
        kme: &str,
        peer: &str,
        epoch: u64,
    ) -> Result<Option<Bytes>, PageError> {
        let path = format!("/audit?kme={}&peer={}&epoch={epoch}", name(kme), name(peer));
        match self.ask(Method::GET, &path, None).await? {
            (StatusCode::OK, body) => Ok(Some(body)),
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (code, _) => Err(PageError::Code(code)),
        }
    }

    /// Hands a challenge in. Says whether it was taken.
    pub async fn challenge(
        &self,
        [kme, peer]: [&str; 2],
        epoch: u64,
        root: [u8; 32],
        challenge: [u8; 32],
    ) -> Result<bool, PageError> {
        let body = json!({
            "kme": kme,
            "peer": peer,
            "epoch": epoch,
            "root": hex::encode(root),
            "challenge": hex::encode(challenge),
        });
        match self.ask(Method::POST, "/challenge", Some(body.to_string())).await? {
            (StatusCode::OK, _) => Ok(true),
            (StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE, why) => {
                tracing::debug!(epoch, why = %String::from_utf8_lossy(&why), "a challenge waits");
                Ok(false)
            }
            (code, _) => Err(PageError::Code(code)),
        }
    }

    async fn json<A: DeserializeOwned>(&self, path: &str) -> Result<A, PageError> {
        match self.ask(Method::GET, path, None).await? {
            (StatusCode::OK, body) => {
                serde_json::from_slice(&body).map_err(|error| PageError::Content(error.to_string()))
            }
            (code, _) => Err(PageError::Code(code)),
        }
    }

    /// The token is read each time: the service draws a new one when it starts.
    fn token(&self) -> Result<Option<Zeroizing<String>>, PageError> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(PageError::Token)?);
        Ok(Some(Zeroizing::new(format!("Bearer {}", text.trim()))))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<(StatusCode, Bytes), PageError> {
        let answer = timeout(LIMIT, self.exchange(method, path, body)).await;
        answer.map_err(|_| PageError::Timeout)?
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<(StatusCode, Bytes), PageError> {
        let wrong = |error: &dyn std::error::Error| PageError::Connection(error.to_string());
        let stream = TcpStream::connect(self.address).await.map_err(|error| wrong(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| wrong(&error))?;
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json");
        if method == Method::POST
            && let Some(token) = self.token()?
        {
            request = request.header(header::AUTHORIZATION, token.as_str());
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request = request.body(body).map_err(|error| wrong(&error))?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(|error| wrong(&error))?;
            let code = response.status();
            let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
            let body = body.map_err(|error| PageError::Content(error.to_string()))?;
            Ok((code, body.to_bytes()))
        };
        tokio::pin!(answer);
        tokio::pin!(connection);
        // If the connection ends before, the answer is here, or none comes.
        tokio::select! {
            answer = &mut answer => answer,
            _ = &mut connection => answer.await,
        }
    }
}

/// A name as part of a query: what is neither a letter nor a digit is escaped.
fn name(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
