//! A client of ETSI GS QKD 014 V1.1.1 for SAEs, over mutual TLS.
//!
//! Any KME that follows the standard will do: what a qkms adds is optional. The KME must show a
//! certificate of the CA given, for the host in its URL. Connections are kept alive and shared;
//! a [`Client`] is cheap to clone. Keys are wiped on drop and never printed.
//!
//! A call that fails before an answer came may have drawn keys at the KME. They are lost: a KME
//! tells a key once.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    kme::service::SaeId,
    tls::{self, Identity, TlsError, identity::escape},
};

mod wire;

#[cfg(test)]
mod tests;

pub use wire::Status;

/// The largest answer that is read: 128 keys of 16 Kbit take 350 KB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// How to reach a KME, and as whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The KME: `https://HOST:PORT`.
    pub kme_url: String,
    /// The SAE's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The CAs of KMEs' certificates, PEM.
    pub ca: PathBuf,
    /// For a whole call, in seconds.
    #[serde(default = "default_timeout_s")]
    pub timeout_s: u64,
}

fn default_timeout_s() -> u64 {
    30
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The URL is not `https://HOST` or `https://HOST:PORT`.
    #[error("{0:?} is not a KME's URL (https://HOST:PORT)")]
    Url(String),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Why a call gave no answer of code 200.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 401: the KME does not know this SAE, or did not give it these keys.
    #[error("the KME says that this SAE is not authorised")]
    Unauthorised,
    /// 400: the request is refused as it is.
    #[error("the KME refuses the request: {0}")]
    Refused(Message),
    /// 503: the KME cannot serve it now.
    #[error("the KME cannot serve the request now: {0}")]
    Unavailable(Message),
    /// Another code, or an answer that is not the standard's.
    #[error("the KME's answer (code {code}) is not one of ETSI GS QKD 014: {what}")]
    Answer {
        /// The HTTP code.
        code: StatusCode,
        /// What is wrong with it.
        what: &'static str,
    },
    /// No answer within the time.
    #[error("the KME did not answer in time")]
    Timeout,
    /// The connection failed, or TLS did.
    #[error("no connection to the KME: {0}")]
    Connection(String),
}

/// The standard's error object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    /// What is wrong, in words.
    pub message: String,
    /// More about it: objects of names and values.
    #[serde(default)]
    pub details: Vec<Value>,
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        for detail in &self.details {
            write!(formatter, " {detail}")?;
        }
        Ok(())
    }
}

/// A key with its identity. Its bytes are wiped on drop and not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's identity at both ends.
    pub id: Uuid,
    /// Its bytes.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Whether the KME says that the key came over no quantum link.
    pub local: bool,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What to ask `enc_keys` for; by default one key of the KME's default size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeyRequest {
    /// How many keys.
    pub number: Option<u32>,
    /// Bits of each.
    pub size: Option<u32>,
    /// Slaves beside the one that the call names.
    pub additional_slaves: Vec<SaeId>,
    /// Options that the KME shall meet, each an object of one name and value.
    pub mandatory: Vec<Value>,
    /// Options that the KME may ignore.
    pub optional: Vec<Value>,
}

/// An SAE's connection to its KME.
#[derive(Clone)]
pub struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: Arc<str>,
    limit: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("kme_url", &self.base).finish_non_exhaustive()
    }
}

impl Client {
    /// Reads the files of `settings`; connects when first used, within a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`SetupError`].
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        let wrong = || SetupError::Url(settings.kme_url.clone());
        let base = settings.kme_url.trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| wrong())?;
        let plain = uri.path() == "/" && uri.query().is_none();
        if uri.scheme_str() != Some("https") || uri.host().is_none() || !plain {
            return Err(wrong());
        }
        let identity = Identity::from_files(&settings.certificate, &settings.key)?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(&identity, &settings.ca)?)
            .https_only()
            .enable_http1()
            .build();
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        let limit = Duration::from_secs(settings.timeout_s);
        Ok(Self { http, base: base.into(), limit })
    }

    /// What can be drawn as master for `slave`.
    ///
    /// # Errors
    ///
    /// [`enum@Error`].
    pub async fn status(&self, slave: &SaeId) -> Result<Status, Error> {
        let answer = self.call(Method::GET, slave, "status", None).await?;
        wire::status(&answer)
    }

    /// Draws keys as master, to be shared with `slave` and the additional slaves.
    ///
    /// # Errors
    ///
    /// [`enum@Error`].
    pub async fn enc_keys(&self, slave: &SaeId, request: &KeyRequest) -> Result<Vec<Key>, Error> {
        let body = wire::key_request(request);
        wire::keys(&self.call(Method::POST, slave, "enc_keys", Some(body)).await?)
    }

    /// Fetches, as slave, the keys that `master` drew, in the order of `ids`.
    ///
    /// # Errors
    ///
    /// [`enum@Error`]; [`Error::Answer`] also if the KME answers other keys.
    pub async fn dec_keys(&self, master: &SaeId, ids: &[Uuid]) -> Result<Vec<Key>, Error> {
        let body = wire::key_ids(ids);
        let keys = wire::keys(&self.call(Method::POST, master, "dec_keys", Some(body)).await?)?;
        if !keys.iter().map(|key| &key.id).eq(ids) {
            let what = "other keys than those asked for";
            return Err(Error::Answer { code: StatusCode::OK, what });
        }
        Ok(keys)
    }

    async fn call(
        &self,
        method: Method,
        sae: &SaeId,
        endpoint: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let url = format!("{}/api/v1/keys/{}/{endpoint}", self.base, escape(sae.as_str()));
        let mut request = Request::builder().method(method).uri(url);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(Full::new(body.unwrap_or_default().into()))
            .map_err(|error| Error::Connection(error.to_string()))?;
        let answer = async {
            let response = self.http.request(request).await.map_err(connection)?;
            let code = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES);
            let body =
                body.collect().await.map_err(|error| Error::Connection(error.to_string()))?;
            Ok((code, Zeroizing::new(Vec::from(body.to_bytes()))))
        };
        let (code, body) =
            tokio::time::timeout(self.limit, answer).await.map_err(|_| Error::Timeout)??;
        let message = || {
            serde_json::from_slice(&body)
                .map_err(|_| Error::Answer { code, what: "no error object" })
        };
        match code {
            StatusCode::OK => Ok(body),
            StatusCode::UNAUTHORIZED => Err(Error::Unauthorised),
            StatusCode::BAD_REQUEST => Err(Error::Refused(message()?)),
            StatusCode::SERVICE_UNAVAILABLE => Err(Error::Unavailable(message()?)),
            _ => Err(Error::Answer { code, what: "unexpected code" }),
        }
    }
}

/// hyper's errors say little on their own: the cause is in their sources.
fn connection(error: legacy::Error) -> Error {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    Error::Connection(text)
}
