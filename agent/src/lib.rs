//! The agent of an SAE: it draws keys, opens sessions under them, and keeps both from everybody else.
//!
//! The worker of a node runs in the chain's code and can hold neither a certificate nor a key; the agent
//! can. It knows of the chain what the worker tells it ([`qedex_primitives::agent`]), asks the key service
//! by itself, runs Q-SAH ([`q_sah`]), and lets its user speak in the sessions that came of it.
//!
//! # Rules
//!
//! 1. **It never answers with a key**, nor with what follows from one, nor writes one into a log, an
//!    error or a metric. Keys and states are wiped when they are done with.
//! 2. **Everything can be asked twice**, and gives the same answer. The same message 1 gets the same
//!    message 2, and costs no second key.
//! 3. **The worker does not wait**: what the key service says comes with later news.
//! 4. **It survives a crash at any point.** A drawn key is stored before it is used, a state
//!    before its message leaves, a counter before its frame does. Keys are gone from the store's values in
//!    the transaction that has what followed from them.
//! 5. **No key is used twice**, whatever the key service says: names and bytes of keys leave their
//!    fingerprints in the store for good, some 200 bytes a key.
//! 6. **A number is judged before a key is drawn**, and requests of one account are answered in the order
//!    of their numbers.
//! 7. **A fork may take anything back.** A session is known by its messages, never by its number on the
//!    chain alone. It carries frames only while the chain says that it is open, and is wiped when it was
//!    not there, or had ended, for 64 blocks.
//! 8. **An agent serves one chain**: that of the first genesis hash it was told.
//!
//! # Settings
//!
//! ```toml
//! listen = "127.0.0.1:9015"
//! token_file = "agent.token"
//! store = "agent"
//! mail = "0.0.0.0:30340"
//! [sae]
//! kme_url = "https://kme-a.example:8443"
//! certificate = "sae-alice.pem"
//! key = "sae-alice.key"
//! ca = "ca.pem"
//! ```
//!
//! # The loopback door
//!
//! Whoever shows the token in `Authorization: Bearer TOKEN` is answered, and nobody else. The token is drawn
//! anew at each start. Bodies have at most 64 KiB.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/worker/watched`, `POST /v1/worker/news` | see [`qedex_primitives::agent`]; 409 for another chain |
//! | `POST /v1/sessions` with `{from, to, to_sae, suite, least_number, genesis, request?}` | draws keys, and says `{number, message1, key_IDs}` |
//! | `GET /v1/sessions` | all sessions, each `{number, id, role, peer, peer_sae, suite, state, sent, queued, received, unread, expires, opened_ms, reason}` |
//! | `GET /v1/sessions/{id}` | one of them |
//! | `POST /v1/sessions/{id}/send` with a text, 1 to 16,384 bytes | 200 `{counter}` if the other end's node has taken it, 202 `{counter, queued}` if it will go later |
//! | `POST /v1/sessions/{id}/receive` | `{texts: [{counter, text}]}`, up to 64, in base64; they are handed out once |
//! | `DELETE /v1/sessions/{id}` | wipes the session here; closing it on the chain is the caller's |
//! | `GET /v1/health` | the SAE, its key service, sessions by state, keys drawn, handshakes done |
//! | `GET /v1/metrics` | the same numbers for Prometheus |
//!
//! Accounts and the genesis hash are `0x` and 64 hexadecimal digits; `suite` is `hmac` or `one-time`;
//! `request`, a UUID, lets the caller ask again. `{id}` is the session's number on the chain, or
//! `asked-NUMBER` with the number that `POST /v1/sessions` gave. Errors are `{message}`: 400, 401 (no body),
//! 404, 408, 409, 413, 502 (the key service), 503 (the store).
//!
//! # The door for mail
//!
//! `POST /v1/mail/{id}` with a frame, from anybody, in plain HTTP: a frame is authentic by itself. Frames
//! leave for the address that the chain has of the other end's account, `/ip4/ADDRESS/tcp/PORT` and the
//! like. That address is the other end's choice, whatever it leads to: a frame is all that goes
//! there, and only the code of the answer counts.

mod address;
mod agent;
mod desk;
mod engine;
mod http;
mod keys;
mod post;
mod record;
mod seal;
mod serve;
mod store;

pub use agent::{Agent, AgentError, Meter, Settings};
pub use desk::Totals;
pub use store::StoreError;
