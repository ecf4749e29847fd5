//! Reading requests: paths, query strings and JSON bodies, as bytes that anyone may have written.
//!
//! - A path segment is percent-decoded once; it must then be an identity of 1 to 128 bytes of UTF-8
//!   without control characters. An escaped slash belongs to the identity.
//! - In a query, `number`, `size` and `key_ID` count; other names are ignored; a name that counts
//!   stands there once at most.
//! - In a body, the members of the standard count; others are ignored whatever they hold. A member
//!   that counts stands there once at most, and is of its type: numbers are non-negative integers.
//!   `null` stands for a member left out. Values nest at most 127 deep where they are kept.
//! - Whether a number or size is in range is the key service's to say.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::extension::{Extensions, Unsupported};
use crate::kme::service::{EncRequest, SaeId};

#[cfg(test)]
mod tests;

/// Why a request cannot be read.
#[derive(Debug, PartialEq)]
pub enum BadRequest {
    /// It is malformed; the text says where, and repeats at most a name of the standard's.
    Malformed(String),
    /// It demands options that this KME does not support.
    Unsupported(Vec<Value>),
}

/// The identity in a path segment.
///
/// # Errors
///
/// [`BadRequest::Malformed`].
pub fn sae_id(segment: &str) -> Result<SaeId, BadRequest> {
    let text = percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| malformed("the SAE ID in the path is not UTF-8"))?;
    SaeId::from_str(&text).map_err(|invalid| malformed(format_args!("SAE ID: {invalid}")))
}

/// A request for keys from the query string of a `GET`.
///
/// # Errors
///
/// [`BadRequest::Malformed`].
pub fn key_request_from_query(query: &str) -> Result<EncRequest, BadRequest> {
    let [number, size] = parameters(query, ["number", "size"])?;
    Ok(EncRequest {
        number: number.map(|text| integer("number", &text)).transpose()?,
        size: size.map(|text| integer("size", &text)).transpose()?,
        ..EncRequest::default()
    })
}

/// A request for keys from the body of a `POST`.
///
/// # Errors
///
/// [`BadRequest`].
pub fn key_request_from_json(body: &[u8]) -> Result<EncRequest, BadRequest> {
    let body: KeyRequest = object(body)?;
    let additional_slaves = body.additional_slaves.unwrap_or_default();
    let mandatory = body.extension_mandatory.unwrap_or_default().mandatory();
    Ok(EncRequest {
        number: body.number,
        size: body.size,
        additional_slaves,
        mandatory: mandatory.map_err(|Unsupported(options)| BadRequest::Unsupported(options))?,
        optional: body.extension_optional.unwrap_or_default().optional(),
    })
}

/// The key that the query string of a `GET` names.
///
/// # Errors
///
/// [`BadRequest::Malformed`] also if none is named.
pub fn key_ids_from_query(query: &str) -> Result<Vec<Uuid>, BadRequest> {
    let [id] = parameters(query, ["key_ID"])?;
    let id = id.ok_or_else(|| malformed("key_ID is missing"))?;
    Ok(vec![Uuid::from_str(&id).map_err(|_| malformed("key_ID is not a UUID"))?])
}

/// The keys that the body of a `POST` names.
///
/// # Errors
///
/// [`BadRequest::Malformed`].
pub fn key_ids_from_json(body: &[u8]) -> Result<Vec<Uuid>, BadRequest> {
    let body: KeyIds = object(body)?;
    Ok(body.key_ids.into_iter().map(|key| key.key_id).collect())
}

#[derive(Deserialize)]
struct KeyRequest {
    number: Option<u64>,
    size: Option<u64>,
    #[serde(rename = "additional_slave_SAE_IDs")]
    additional_slaves: Option<Vec<SaeId>>,
    extension_mandatory: Option<Extensions>,
    extension_optional: Option<Extensions>,
}

#[derive(Deserialize)]
struct KeyIds {
    #[serde(rename = "key_IDs")]
    key_ids: Vec<KeyIdEntry>,
}

#[derive(Deserialize)]
struct KeyIdEntry {
    #[serde(rename = "key_ID")]
    key_id: Uuid,
}

/// Reads one JSON object. Arrays, which serde would take for structures, are refused.
fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, BadRequest> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(malformed("the body is not a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        // serde_json's own text may repeat the client's values: say where, and what kind.
        let kind = match error.classify() {
            serde_json::error::Category::Data => "a member has the wrong type or stands twice",
            _ => "the body is not JSON",
        };
        malformed(format_args!("{kind}, line {} column {}", error.line(), error.column()))
    })
}

/// The values of `names` in a query string, each of which may stand there once.
fn parameters<const N: usize>(
    query: &str,
    names: [&str; N],
) -> Result<[Option<String>; N], BadRequest> {
    let mut values = [const { None }; N];
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        for (wanted, slot) in names.iter().zip(values.iter_mut()) {
            if percent_decode_str(name).decode_utf8().is_ok_and(|name| name == *wanted) {
                let value = percent_decode_str(value)
                    .decode_utf8()
                    .map_err(|_| malformed(format_args!("{wanted} is not UTF-8")))?;
                if slot.replace(value.into_owned()).is_some() {
                    return Err(malformed(format_args!("{wanted} stands twice")));
                }
            }
        }
    }
    Ok(values)
}

fn integer(name: &str, text: &str) -> Result<u64, BadRequest> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.ok_or_else(|| malformed(format_args!("{name} is not an integer in range")))
}

fn malformed(what: impl ToString) -> BadRequest {
    BadRequest::Malformed(what.to_string())
}
