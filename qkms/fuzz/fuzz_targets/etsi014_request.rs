//! The parser of requests of ETSI GS QKD 014: whatever a client sends, it answers and does not
//! panic, and what it takes for sound says the same again when it is written out.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qkms::{
    etsi014::request::{
        key_ids_from_json, key_ids_from_query, key_request_from_json, key_request_from_query,
        sae_id,
    },
    tls::identity::{Peer, escape},
};

fuzz_target!(|bytes: &[u8]| {
    let _ = key_request_from_json(bytes);
    if let Ok(ids) = key_ids_from_json(bytes) {
        let entries: Vec<_> = ids.iter().map(|id| format!(r#"{{"key_ID":"{id}"}}"#)).collect();
        let again = format!(r#"{{"key_IDs":[{}]}}"#, entries.join(","));
        assert_eq!(key_ids_from_json(again.as_bytes()), Ok(ids));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = key_request_from_query(text);
    let _ = key_ids_from_query(text);
    if let Ok(id) = sae_id(text) {
        assert_eq!(sae_id(&escape(id.as_str())), Ok(id));
    }
    if let Ok(Some(peer)) = Peer::from_urn(text) {
        assert_eq!(Peer::from_urn(&peer.to_urn()), Ok(Some(peer)));
    }
});
