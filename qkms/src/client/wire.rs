//! The standard's JSON as a client writes and reads it.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Error, Key, KeyRequest};
use crate::{etsi014::SOURCE_OF_LOCAL_KEYS, kme::service::Figures};

/// The standard's status. Sizes are in bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the standard's names, clause 6.1")]
pub struct Status {
    #[serde(rename = "source_KME_ID")]
    pub source_kme_id: String,
    #[serde(rename = "target_KME_ID")]
    pub target_kme_id: String,
    #[serde(rename = "master_SAE_ID")]
    pub master_sae_id: String,
    #[serde(rename = "slave_SAE_ID")]
    pub slave_sae_id: String,
    pub key_size: u64,
    pub stored_key_count: u64,
    pub max_key_count: u64,
    pub max_key_per_request: u64,
    pub max_key_size: u64,
    pub min_key_size: u64,
    #[serde(rename = "max_SAE_ID_count")]
    pub max_sae_id_count: u64,
    /// What the KME adds to the standard: for a qkms `qkms_key_source`, `qkms_link`,
    /// `qkms_insecure` and, of a quantum link, `qkms_figures`.
    #[serde(default)]
    pub status_extension: Value,
}

impl Status {
    /// Whether the KME says that keys between the two come over no quantum link.
    pub fn is_local(&self) -> bool {
        says_local(&self.status_extension)
    }

    /// What the KME says of the quantum link between the two. The standard has no words for it: nothing if
    /// the KME is no qkms, or there is no such link.
    pub fn figures(&self) -> Option<Figures> {
        let figures = self.status_extension.get("qkms_figures")?;
        Figures::deserialize(figures).ok()
    }
}

fn says_local(extension: &Value) -> bool {
    extension.get("qkms_key_source").and_then(Value::as_str) == Some(SOURCE_OF_LOCAL_KEYS)
}

#[derive(Deserialize)]
struct Container<'a> {
    #[serde(borrow)]
    keys: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(rename = "key_ID")]
    id: Uuid,
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(default, rename = "key_extension")]
    extension: Value,
}

/// A key in base64: borrowed from the answer, or, where a KME has escaped a slash, a copy that is
/// wiped.
struct Text<'a>(std::borrow::Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Text<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a key in base64")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(text.into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(text.to_owned().into()))
            }
        }
        deserializer.deserialize_str(Either)
    }
}

impl Drop for Text<'_> {
    fn drop(&mut self) {
        if let std::borrow::Cow::Owned(text) = &mut self.0 {
            zeroize::Zeroize::zeroize(text);
        }
    }
}

pub(super) fn key_request(request: &KeyRequest) -> Vec<u8> {
    let mut body = json!({});
    if let Some(number) = request.number {
        body["number"] = number.into();
    }
    if let Some(size) = request.size {
        body["size"] = size.into();
    }
    if !request.additional_slaves.is_empty() {
        body["additional_slave_SAE_IDs"] = json!(request.additional_slaves);
    }
    if !request.mandatory.is_empty() {
        body["extension_mandatory"] = json!(request.mandatory);
    }
    if !request.optional.is_empty() {
        body["extension_optional"] = json!(request.optional);
    }
    body.to_string().into_bytes()
}

pub(super) fn key_ids(ids: &[Uuid]) -> Vec<u8> {
    let ids: Vec<_> = ids.iter().map(|id| json!({ "key_ID": id })).collect();
    json!({ "key_IDs": ids }).to_string().into_bytes()
}

pub(super) fn status(answer: &[u8]) -> Result<Status, Error> {
    serde_json::from_slice(answer)
        .map_err(|_| Error::Answer { code: StatusCode::OK, what: "no status" })
}

pub(super) fn keys(answer: &[u8]) -> Result<Vec<Key>, Error> {
    let wrong = |what| Error::Answer { code: StatusCode::OK, what };
    let container: Container<'_> =
        serde_json::from_slice(answer).map_err(|_| wrong("no key container"))?;
    let decode = |entry: Entry<'_>| {
        let text = entry.key.0.as_bytes();
        let mut bytes = Zeroizing::new(vec![0; text.len()]);
        let length =
            STANDARD.decode_slice(text, &mut bytes).map_err(|_| wrong("a key is not base64"))?;
        bytes.truncate(length);
        Ok(Key { id: entry.id, bytes, local: says_local(&entry.extension) })
    };
    container.keys.into_iter().map(decode).collect()
}
