//! What key services tell of the keys that they made, in numbers.
//!
//! A `qkms` tells its metrics on the loopback interface, in the OpenMetrics text format, and no key among
//! them. Whoever shows its operator's token lets somebody listen on a simulated link, and opens one that
//! she closed. A development node writes where, and the token, in the file `qkd/services.json` of the
//! chain's folder.

use crate::error::Error;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, body::Bytes, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where key services tell their metrics, and who their operator is.
pub struct KeyServices {
    status: String,
    token: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// The books of one end of a link, in secret bits since its process began; what is stored, now. What was
/// made and is none of the others lies in the pools of tag keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// That its blocks yielded.
    pub made: u64,
    /// That were told to SAEs at this end.
    pub delivered: u64,
    /// Used up as keys of tags.
    pub tags: u64,
    /// That grew too old.
    pub expired: u64,
    /// For which there was no room, or that a failure cost.
    pub wasted: u64,
    /// That are there to be drawn.
    pub stored: u64,
    /// Pulses that were sent for them.
    pub pulses: u64,
}

impl KeyServices {
    /// The services that a node describes in the file `qkd/services.json` of the chain's folder. None if
    /// `text` is no such file.
    pub fn behind(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Door {
            status: String,
            token: String,
        }
        let Door { status, token } = serde_json::from_str(text).ok()?;
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Some(Self { status, token, http })
    }

    /// The books of all ends of links, by the key service and the one at the other end.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: they do not answer, or answer something else.
    pub async fn ledgers(&self) -> Result<BTreeMap<(String, String), Ledger>, Error> {
        let (code, body) = self.ask("metrics", None).await?;
        if !code.is_success() {
            return Err(self.no_answer(&code));
        }
        let text = std::str::from_utf8(&body).map_err(|why| self.no_answer(&why))?;
        Ok(ledgers(text))
    }

    /// Lets somebody intercept and resend this share of the pulses, 0 to 1, of the simulated link of `kme`,
    /// to `peer`, from its next block on; none: nobody listens any more. Says whether it took that: photons are
    /// simulated at Alice's end, and the other one takes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: they do not answer, or refuse it.
    pub async fn listen(&self, kme: &str, peer: &str, share: Option<f64>) -> Result<bool, Error> {
        let who = share.map(|share| json!({ "intercept-resend": { "share": share } }));
        let body = json!({ "kme": kme, "peer": peer, "eavesdropper": who });
        self.took("eavesdropper", body).await
    }

    /// Opens the end at `kme` of its link to `peer`, that an eavesdropper closed. Says whether it was closed.
    ///
    /// # Errors
    ///
    /// [`Error::Agent`]: they do not answer, or refuse it.
    pub async fn open(&self, kme: &str, peer: &str) -> Result<bool, Error> {
        self.took("open", json!({ "kme": kme, "peer": peer })).await
    }

    /// Whether something was changed, or there was nothing to be changed.
    async fn took(&self, path: &str, body: Value) -> Result<bool, Error> {
        let (code, answer) = self.ask(path, Some(body)).await?;
        match code {
            StatusCode::CONFLICT => Ok(false),
            code if code.is_success() => Ok(true),
            code => Err(self.refused(code, &answer)),
        }
    }

    fn no_answer(&self, why: &dyn std::fmt::Display) -> Error {
        Error::Agent(format!("the key services at {} do not answer: {why}", self.status))
    }

    fn refused(&self, code: StatusCode, answer: &[u8]) -> Error {
        let why = String::from_utf8_lossy(answer);
        Error::Agent(format!("the key services at {} refuse it: {code} {why}", self.status))
    }

    /// Code and body of the answer.
    async fn ask(&self, path: &str, posted: Option<Value>) -> Result<(StatusCode, Bytes), Error> {
        let request = Request::builder().uri(format!("{}/{path}", self.status));
        let request = match posted {
            None => request.body(Full::default()),
            Some(body) => request
                .method(Method::POST)
                .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
                .header(header::CONTENT_TYPE, "application/json")
                .body(Full::from(body.to_string())),
        };
        let request = request.map_err(|why| self.no_answer(&why))?;
        let answer = async {
            let response = self.http.request(request).await.map_err(|why| self.no_answer(&why))?;
            let code = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            Ok((code, body.map_err(|why| self.no_answer(&why))?.to_bytes()))
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| self.no_answer(&"it takes too long"))?
    }
}

/// The books that are in a text of metrics. What it says besides is passed over.
fn ledgers(text: &str) -> BTreeMap<(String, String), Ledger> {
    let mut all: BTreeMap<(String, String), Ledger> = BTreeMap::new();
    for line in text.lines() {
        let Some((name, labels, value)) = sample(line) else { continue };
        let label =
            |wanted: &str| labels.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let Some(end) = label("kme").zip(label("peer")) else { continue };
        let ledger = all.entry((end.0.to_owned(), end.1.to_owned())).or_default();
        let place = match (name, label("cause")) {
            ("qkms_key_made_bits_total", _) => &mut ledger.made,
            ("qkms_key_spent_bits_total", Some("delivered")) => &mut ledger.delivered,
            ("qkms_key_spent_bits_total", Some("tags")) => &mut ledger.tags,
            ("qkms_key_spent_bits_total", Some("expired")) => &mut ledger.expired,
            ("qkms_key_spent_bits_total", Some("wasted")) => &mut ledger.wasted,
            // Of both directions.
            ("qkms_pool_stored_bits", _) => &mut ledger.stored,
            ("qkms_pulses_total", _) => &mut ledger.pulses,
            _ => continue,
        };
        *place = place.saturating_add(value);
    }
    all
}

/// The labels of a sample, with their values.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// A line `name{label="value",...} number`. Names of key services have no quotation marks.
fn sample(line: &str) -> Option<(&str, Labels<'_>, u64)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.rsplit_once('}')?;
    let labels = labels.split("\",").filter_map(|label| {
        let (name, value) = label.split_once("=\"")?;
        Some((name, value.trim_end_matches('"')))
    });
    Some((name, labels.collect(), value.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_books_of_each_end_are_read_and_the_rest_is_passed_over() {
        let text = r#"# HELP qkms_key_made_bits Secret bits that blocks yielded.
# TYPE qkms_key_made_bits counter
qkms_key_made_bits_total{kme="west",peer="east"} 1000
qkms_key_made_bits_total{kme="east",peer="west"} 900
qkms_key_spent_bits_total{kme="west",peer="east",cause="delivered"} 256
qkms_key_spent_bits_total{kme="west",peer="east",cause="tags"} 100
qkms_key_spent_bits_total{cause="wasted",kme="west",peer="east"} 44
qkms_pool_stored_bits{kme="west",peer="east",direction="outgoing"} 512
qkms_pool_stored_bits{kme="west",peer="east",direction="incoming"} 88
qkms_link_qber{kme="west",peer="east"} 0.0101
qkms_connections{kme="west"} 7
qkms_insecure 0
# EOF
"#;
        let all = ledgers(text);
        let of = |kme: &str, peer: &str| all[&(kme.to_owned(), peer.to_owned())];
        let west = Ledger {
            made: 1_000,
            delivered: 256,
            tags: 100,
            expired: 0,
            wasted: 44,
            stored: 600,
            pulses: 0,
        };
        assert_eq!(of("west", "east"), west);
        assert_eq!(of("east", "west"), Ledger { made: 900, ..Ledger::default() });
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_file_of_another_kind_says_nothing_of_key_services() {
        assert!(KeyServices::behind(r#"{"status":"http://127.0.0.1:1","token":"t"}"#).is_some());
        for wrong in
            ["", "{}", r#"{"status":"http://127.0.0.1:1"}"#, r#"{"sae":"s","url":"u","token":"t"}"#]
        {
            assert!(KeyServices::behind(wrong).is_none(), "{wrong}");
        }
    }
}
