//! How a command asks the agent of an SAE, which runs beside the user's node.

use crate::error::Error;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, Uri, body::Bytes, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::Value;
use std::{path::Path, time::Duration};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// How long an answer may take: a key service has half a minute for keys.
const PATIENCE: Duration = Duration::from_secs(40);

/// What an agent's door file says.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Door {
    /// As which SAE the agent draws keys.
    sae: String,
    /// Where it is.
    url: String,
    /// What opens it.
    token: String,
}

/// An agent.
pub struct Agent {
    door: Door,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Agent {
    /// Reads where an agent is and what opens it, from the file that its node writes.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let file = |reason| Error::File { path: path.display().to_string(), reason };
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(file)?);
        // What is wrong with it is not shown: it holds a token.
        let door = serde_json::from_str(&text)
            .map_err(|_| Error::BadInput(format!("{} is no agent's door", path.display())))?;
        Ok(Self { door, http: Client::builder(TokioExecutor::new()).build_http() })
    }

    /// As which SAE it draws keys.
    pub fn sae(&self) -> &str {
        &self.door.sae
    }

    /// Asks with `POST` and JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.ask(Method::POST, path, body.to_string().into_bytes()).await
    }

    /// Asks with `POST` and bytes.
    pub async fn post_bytes(&self, path: &str, body: Vec<u8>) -> Result<Value, Error> {
        self.ask(Method::POST, path, body).await
    }

    /// Asks with `DELETE`.
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.ask(Method::DELETE, path, Vec::new()).await
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Value, Error> {
        let no_answer = |why: &dyn std::fmt::Display| {
            Error::Agent(format!("the agent at {} does not answer: {why}", self.door.url))
        };
        let uri: Uri = format!("{}{path}", self.door.url).parse().map_err(|why| no_answer(&why))?;
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.door.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|why| no_answer(&why))?;
        let answer = async {
            let response = self.http.request(request).await.map_err(|why| no_answer(&why))?;
            let code = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            Ok::<_, Error>((code, body.map_err(|why| no_answer(&why))?.to_bytes()))
        };
        let (code, body) = tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| no_answer(&"it takes too long"))??;
        let said = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if code.is_success() {
            return Ok(said);
        }
        let why = said["message"].as_str().unwrap_or(match code {
            StatusCode::UNAUTHORIZED => "the token is an old one: the node has started again",
            _ => "it does not say why",
        });
        Err(Error::Agent(format!("the agent refuses ({}): {why}", code.as_u16())))
    }
}
