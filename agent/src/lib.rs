//! The agent of an SAE: it draws keys, opens sessions under them, and keeps both from everybody else.
//!
//! The worker of a node runs in the chain's code and can hold neither a certificate nor a key; the agent
//! can. It knows of the chain what the worker tells it ([`qedex_primitives::agent`]), asks the key service
//! by itself, runs Q-SAH ([`q_sah`]), lets its user speak in the sessions that came of it, and sends and takes
//! letters, each under a key of its own.
//!
//! # Rules
//!
//! 1. **It never answers with a key**, nor with what follows from one, nor writes one into a log, an
//!    error or a metric. Keys and states are wiped when they are done with.
//! 2. **What the worker asks can be asked twice**, and gives the same answer, and so can a wish with a UUID.
//!    The same message 1 gets the same message 2, and costs no second key. A text is handed out until the
//!    user says that it has it; one whose sending was not answered may have been sent.
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
//! 8. **An agent serves one chain**: that of the first genesis hash its worker told it.
//! 9. **Its store is never put back.** A store of an earlier day does not know what was sealed since: it would
//!    seal other texts under the same keys and nonces, and answer again. After a loss of the disk, and
//!    wherever a machine is set back, remove the store instead; sessions are lost then, and no key is.
//! 10. **Who brings a letter is a stranger.** Nothing is asked of the key service for what cannot be a letter
//!     to this account and SAE, for what has no place, and for more than so many a minute that were not
//!     authentic; only authentic letters are kept. A key that was told for one that is not is kept for a day:
//!     the true letter finds it, or the session that it is of.
//! 11. **What it commits to in the beacon it keeps to itself** until the chain takes reveals of that very epoch
//!     and has that very commitment. It makes one secret of an epoch, of a fresh key and of what the operating
//!     system draws, and wipes it when the epoch is long over.
//! 12. **What it reports of links its key service has said**, in the very epoch; where the service says nothing,
//!     or what cannot be, nothing is reported.
//! 13. **Audits it makes by itself**, where its operator names links: it [checks](audits) each block that its key
//!     service opens, and takes nobody's word for it.
//!
//! # The loopback door
//!
//! Whoever shows the token in `Authorization: Bearer TOKEN` is answered, and nobody else. There are two,
//! drawn anew at each start: the worker's, which opens `/v1/worker/` and nothing else, since it lies in the
//! node's off-chain storage; and the user's, in a file of mode 0600, which opens everything else. Bodies have
//! at most 64 KiB.
//!
//! | request | answer |
//! |---|---|
//! | `GET /v1/worker/watched`, `POST /v1/worker/news` | see [`qedex_primitives::agent`]; 409 for another chain |
//! | `POST /v1/worker/audits` | see [`qedex_primitives::audits`]; 409 for another chain |
//! | `POST /v1/sessions` with `{from, to, to_sae, suite, least_number, genesis, request?}` | draws keys, and says `{number, message1, key_IDs}` |
//! | `GET /v1/sessions` | all sessions, each `{number, id, role, peer, peer_sae, suite, state, sent, queued, received, unread, expires, opened_ms, reason}` |
//! | `GET /v1/sessions/{id}` | one of them |
//! | `POST /v1/sessions/{id}/send` with a text, 1 to 16,384 bytes | 200 `{counter}` if the other end has it, 202 `{counter, queued}` if it will go later, 409 if the session has ended before |
//! | `POST /v1/sessions/{id}/receive` with `{has}`, or nothing | `{texts: [{counter, text}]}`, up to 64, in base64; those below `has` are forgotten first, the others come again until then |
//! | `DELETE /v1/sessions/{id}` | wipes the session here; closing it on the chain is the caller's |
//! | `POST /v1/letters` with `{from, to, to_sae, mail, genesis, purpose, slot, trade, seal, text, request?}` | draws a key, writes the letter, and says `{number, key_ID, state, reason}`: 200 if the reader's node has taken it, 202 if it goes later, 502 if it was given up |
//! | `GET /v1/letters` | `{sent, received: {waiting, in_all}}`, each sent one `{number, to, to_sae, purpose, slot, trade, seal, key_ID, written_ms, state, reason}`, its state `queued`, `delivered` or `given-up` |
//! | `POST /v1/letters/receive` | `{letters: [{from, from_sae, purpose, slot, trade, seal, key_ID, text}]}`, up to 64 and a MiB; they are handed out once |
//! | `GET /v1/health` | the SAE, its key service, sessions by state, keys drawn, handshakes done, letters |
//! | `GET /v1/metrics` | the same numbers for Prometheus |
//!
//! Accounts and the genesis hash are `0x` and 64 hexadecimal digits; `suite` is `hmac` or `one-time`;
//! `request`, a UUID, lets the caller ask again. `{id}` is the session's number on the chain, or
//! `asked-NUMBER` with the number that `POST /v1/sessions` gave. `seal` is `aead` or `one-time`, `purpose` a
//! number up to 255, `text` 1 to 16,384 bytes in base64, and `mail` where the chain says that the reader's mail is
//! kept. At most 64 letters to a reader wait, and 1,024 in all; they go one at a time for each reader, and are
//! given up after a day. The last 1,024 that wait no more are listed. Errors are `{message}`: 400, 401 (no body),
//! 404, 408, 409, 413, 502 (the key service), 503 (the store).
//!
//! # The door for mail
//!
//! `POST /v1/mail/{id}` with a frame and `POST /v1/letters` with a letter in its envelope, from anybody, in
//! plain HTTP: both are authentic by themselves. The envelope is the genesis hash, the writer's SAE, the
//! reader's SAE, each behind its length in a byte, and the letter. Both leave for the address that the chain
//! has of the other end's account, `/ip4/ADDRESS/tcp/PORT` and the like. That address is the other end's
//! choice, whatever it leads to: what is sealed is all that goes there, and of the answer no more than the
//! code and 32 bytes are read. A frame is forgotten when its receipt is answered, which nobody but the other
//! end can say; a letter, when a node says 204.
//!
//! | code | of a letter |
//! |---|---|
//! | 204 | it was taken, now or before |
//! | 400 | it is no envelope, or no letter of a known version and seal, or not authentic |
//! | 403 | the key service tells no key of the name in it: made up, of another pair, told before |
//! | 404 | nobody reads here as this account and SAE |
//! | 409 | the agent serves another chain; the key was used before, or is a session's |
//! | 413, 408 | it is longer than any envelope, or came too slowly |
//! | 429 | too many letters came that are not authentic: 30 a minute of a network and 300 in all, 2 and 8 at once |
//! | 503 | no place: 64 letters or a MiB of this SAE's wait, or 1,024 letters in all; the key service is silent, or is being asked for this key; the agent has not heard from its chain |
//!
//! After 408, 429 and all codes from 500 on the writer's agent keeps the letter and brings it again; after the
//! others it gives it up. **The key proves that the writer holds the SAE, and nothing else**: that the account
//! in the letter is the one that draws keys as this SAE the chain alone says, to who fetches the letter.

mod address;
mod agent;
pub mod audits;
mod desk;
mod draw;
mod engine;
mod http;
mod keys;
mod letter;
mod post;
mod record;
mod seal;
mod serve;
mod store;

pub use agent::{Agent, AgentError, Meter, Settings};
pub use desk::Totals;
pub use letter::Counts as LetterCounts;
pub use store::StoreError;
