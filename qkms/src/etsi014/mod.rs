//! ETSI GS QKD 014 V1.1.1: a KME's door for the SAEs of its site.
//!
//! # Rules
//!
//! - `GET /api/v1/keys/{slave}/status`, `GET` or `POST /api/v1/keys/{slave}/enc_keys`, `GET` or
//!   `POST /api/v1/keys/{master}/dec_keys`, over HTTP/1.1 and mutual TLS 1.2 or 1.3. Any other
//!   method gets 405 and any other path 404, so `HEAD` draws no key.
//! - Who asks is read from the client's certificate ([`crate::tls::identity`]) and checked again
//!   for each request: a certificate revoked or expired on an open connection gets 401, and the
//!   connection is closed.
//! - 401 has no body. 400 and 503 have the standard's `{message, details}` with its texts; 413
//!   (body larger than allowed), 415 (no `application/json`) and 408 (body too slow) have the same
//!   form.
//! - A refused request has drawn nothing. Unknown members are ignored; known ones named twice, or
//!   of the wrong type, are refused: [`request`].
//! - The vendor extensions are [`extension`]'s.
//! - An answer with keys is wiped once it was handed to the connection; what TLS and the kernel
//!   still hold of it is theirs. No key is logged or counted but by number.

mod answer;
mod error;
pub mod extension;
mod handlers;
pub mod request;
pub mod server;

pub use answer::SOURCE_OF_LOCAL_KEYS;
pub use handlers::{Caller, router};
pub use server::{ServeError, Server, Settings};
