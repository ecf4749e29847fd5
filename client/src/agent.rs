//! The agent of an SAE, which runs beside its user's node, as its user asks it.
//!
//! What an agent is, and what it answers: the crate `qedex-agent`, and `docs/sessions.md`.

use crate::{H256, error::Error, market::Account};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, Uri, body::Bytes, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{fmt, time::Duration};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// How long an answer may take: a key service has half a minute for keys.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the file says that a node writes for each of its agents.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Door {
    sae: String,
    url: String,
    token: String,
    mail: Option<String>,
    site: Option<String>,
    worker: Option<String>,
}

/// By what both ends of a session make sure of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// HMAC-SHA-256 with HKDF: one key of 256 bits.
    Hmac,
    /// One-time Poly1305: four keys of 256 bits.
    OneTime,
}

impl Suite {
    /// As agents call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::OneTime => "one-time",
        }
    }

    /// How many keys of 256 bits a session takes.
    pub const fn keys(self) -> u64 {
        match self {
            Self::Hmac => 1,
            Self::OneTime => 4,
        }
    }
}

/// Whom an agent is to ask for a session.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The account of the agent's SAE.
    pub from: Account,
    /// The other end.
    pub to: Account,
    /// As which SAE the other end draws keys.
    pub to_sae: &'a str,
    /// In which suite.
    pub suite: Suite,
    /// The highest number of a session that the account has asked for on the chain.
    pub last_number: u64,
    /// The hash of the chain's first block.
    pub genesis: H256,
}

/// What an agent has made of a wish: keys are drawn, and message 1 waits to be put on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The number of the session in its messages.
    pub number: u64,
    /// Message 1.
    pub message1: Vec<u8>,
    /// The names of the keys that the session takes.
    pub key_ids: Vec<String>,
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The counter of its frame.
    pub counter: u64,
    /// How many frames of the session wait to be delivered, this one among them; zero if it was.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub queued: u64,
}

// Serde asks by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A text that the other end of a session has sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// The counter of its frame.
    pub counter: u64,
    /// What it says.
    #[serde(rename = "text", serialize_with = "in_base64")]
    pub bytes: Vec<u8>,
}

fn in_base64<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&BASE64_STANDARD.encode(bytes))
}

/// An agent.
pub struct Agent {
    door: Door,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl fmt::Debug for Agent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Agent").field("sae", &self.door.sae).finish_non_exhaustive()
    }
}

fn rubbish() -> Error {
    Error::Agent("the agent answers what it should not".to_owned())
}

fn in_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn of_hex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

impl Agent {
    /// The agent behind the door that its node describes in the file `qkd/SAE.json` of the chain's folder.
    /// None if `text` is no such file; why is not told, because it may hold a token.
    pub fn behind(text: &str) -> Option<Self> {
        let door = serde_json::from_str(text).ok()?;
        // A connection for each request: one that was kept might be closed by the agent as the next begins.
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Some(Self { door, http })
    }

    /// As which SAE it draws keys.
    pub fn sae(&self) -> &str {
        &self.door.sae
    }

    /// Where it takes frames, as accounts register it on the chain; none if it takes none, or its node
    /// does not know.
    pub fn mail(&self) -> Option<&str> {
        self.door.mail.as_deref()
    }

    /// At which site its key service is, by the site's name; none unless its node runs the service.
    pub fn site(&self) -> Option<&str> {
        self.door.site.as_deref()
    }

    /// With which key its node's worker signs; none unless the node made it.
    pub fn worker(&self) -> Option<[u8; 32]> {
        of_hex(self.door.worker.as_deref()?)?.try_into().ok()
    }

    /// Has it draw the keys of a session, and make message 1.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer, or refuses, because its key service has no keys or for
    /// another reason that it says.
    pub async fn ask(&self, wish: &Wish<'_>) -> Result<Asked, Error> {
        #[derive(Deserialize)]
        struct Answer {
            number: u64,
            message1: String,
            #[serde(rename = "key_IDs")]
            key_ids: Vec<String>,
        }
        let body = json!({
            "from": in_hex(&wish.from),
            "to": in_hex(&wish.to),
            "to_sae": wish.to_sae,
            "suite": wish.suite.name(),
            "least_number": wish.last_number,
            "genesis": in_hex(&wish.genesis.0),
        });
        let body = body.to_string().into_bytes();
        let Answer { number, message1, key_ids } =
            self.request(Method::POST, "/v1/sessions", body).await?;
        let message1 = of_hex(&message1).ok_or_else(rubbish)?;
        Ok(Asked { number, message1, key_ids })
    }

    /// Says something in a session, which has this number on the chain: 1 to 16,384 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer, or refuses, because the session is not open or for another
    /// reason that it says.
    pub async fn send(&self, session: u64, text: Vec<u8>) -> Result<Sent, Error> {
        self.request(Method::POST, &format!("/v1/sessions/{session}/send"), text).await
    }

    /// What the other end has said in a session, from the text of counter `has` on: at most 64 texts, in
    /// order. The agent forgets those before, and hands the others out again until then.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer, or refuses.
    pub async fn receive(&self, session: u64, has: u64) -> Result<Vec<Text>, Error> {
        #[derive(Deserialize)]
        struct Frame {
            counter: u64,
            text: String,
        }
        #[derive(Deserialize)]
        struct Answer {
            texts: Vec<Frame>,
        }
        let path = format!("/v1/sessions/{session}/receive");
        let body = json!({ "has": has }).to_string().into_bytes();
        let Answer { texts } = self.request(Method::POST, &path, body).await?;
        let read = |Frame { counter, text }| {
            let bytes = BASE64_STANDARD.decode(text).map_err(|_| rubbish())?;
            Ok(Text { counter, bytes })
        };
        texts.into_iter().map(read).collect()
    }

    /// Has it write a letter, and deliver it if that can be done soon: `from`, `to`, `to_sae`, `mail`, `genesis`,
    /// `purpose`, `slot`, `trade`, `seal`, `text` and, to ask again, `request`. It says what became of it.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer, or refuses.
    pub async fn write_letter(&self, letter: &Value) -> Result<Value, Error> {
        self.request(Method::POST, "/v1/letters", letter.to_string().into_bytes()).await
    }

    /// The letters that it has written, and how many have come.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer.
    pub async fn letters(&self) -> Result<Value, Error> {
        self.request(Method::GET, "/v1/letters", Vec::new()).await
    }

    /// The letters that have come and were not handed out yet.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer.
    pub async fn receive_letters(&self) -> Result<Value, Error> {
        self.request(Method::POST, "/v1/letters/receive", Vec::new()).await
    }

    /// Wipes what it has of a session. To close it on the chain is another matter.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer, or refuses.
    pub async fn wipe(&self, session: u64) -> Result<(), Error> {
        let path = format!("/v1/sessions/{session}");
        self.request::<Value>(Method::DELETE, &path, Vec::new()).await.map(|_| ())
    }

    /// How many keys it has drawn since its store was made.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: it does not answer.
    pub async fn keys_drawn(&self) -> Result<u64, Error> {
        #[derive(Deserialize)]
        struct Health {
            keys_drawn: u64,
        }
        let health: Health = self.request(Method::GET, "/v1/health", Vec::new()).await?;
        Ok(health.keys_drawn)
    }

    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<T, Error> {
        let no_answer = |why: &dyn fmt::Display| {
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
        if code.is_success() {
            // What says nothing says null.
            let said: &[u8] = if body.is_empty() { b"null" } else { &body };
            return serde_json::from_slice(said).map_err(|_| rubbish());
        }
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let why = said.get("message").and_then(Value::as_str).unwrap_or(match code {
            StatusCode::UNAUTHORIZED => "the token is an old one: the node has started again",
            _ => "it does not say why",
        });
        Err(Error::Agent(format!("the agent refuses ({}): {why}", code.as_u16())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_says_what_its_node_knows_and_nothing_unknown() {
        let least = r#"{"sae":"sae-dave","url":"http://127.0.0.1:1","token":"00"}"#;
        let agent = Agent::behind(least).unwrap();
        assert_eq!((agent.sae(), agent.mail(), agent.site()), ("sae-dave", None, None));
        assert_eq!(agent.worker(), None);
        let worker = hex::encode([7; 32]);
        let all = format!(
            r#"{{"sae":"s","url":"u","token":"00","mail":"/ip4/127.0.0.1/tcp/2","site":"west","worker":"0x{worker}"}}"#
        );
        let agent = Agent::behind(&all).unwrap();
        assert_eq!((agent.mail(), agent.site()), (Some("/ip4/127.0.0.1/tcp/2"), Some("west")));
        assert_eq!(agent.worker(), Some([7; 32]));
        for wrong in ["", "{}", r#"{"status":"http://127.0.0.1:1"}"#, &all.replace("mail", "male")]
        {
            assert!(Agent::behind(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn no_token_is_shown() {
        let door = r#"{"sae":"sae-dave","url":"http://127.0.0.1:1","token":"c0ffee"}"#;
        assert!(!format!("{:?}", Agent::behind(door).unwrap()).contains("c0ffee"));
    }

    #[test]
    fn texts_and_what_became_of_them_are_json_as_the_agent_writes_it() {
        let text = Text { counter: 3, bytes: b"1200 Wh".to_vec() };
        let written = serde_json::to_value(&text).unwrap();
        assert_eq!(written, json!({ "counter": 3, "text": "MTIwMCBXaA==" }));
        let sent = |text| serde_json::from_str::<Sent>(text).unwrap();
        let (taken, waits) = (sent(r#"{"counter":1}"#), sent(r#"{"counter":1,"queued":2}"#));
        assert_eq!((taken.queued, waits.queued), (0, 2));
        assert_eq!(serde_json::to_string(&taken).unwrap(), r#"{"counter":1}"#);
    }
}
