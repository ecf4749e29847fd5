//! Keys between sites that no quantum link joins, relayed through the sites between them.
//!
//! # Rules
//!
//! - A [route](routes) is configured: a line of sites, each joined to the next by a link. Whoever
//!   takes part checks that the way a message names is one of its own, and that it came from the
//!   site before. There is no other way, so none is longer than configured, and none a circle.
//! - The KME of the master's site, the *origin*, draws the keys from the operating system's
//!   generator, and sends them with a salt to the next site as [`ExtKeys`], hidden by a one-time
//!   pad and proven by a one-time tag, both of that link's key ([`seal`]). A site *between* opens
//!   them and sends them on under the key of its next link. The last, the *target*, makes them
//!   durable for its slaves and answers by an acknowledgement that it signs. When the origin has it, the master is told.
//! - Each link pays `48 + 32` bytes for a request and the length of each key. What it
//!   [pays](crate::pool::Pad) is spent durably before the message leaves, and never comes back.
//! - The origin signs what it sends and the target what it acknowledges, order and keys alike, by keys
//!   that each was configured with. So no site between can put other keys in their place, invent
//!   some, or acknowledge what the target does not hold.
//! - Without an acknowledgement in time the master is refused, and the origin withdraws the keys
//!   ([`Void`], signed, durable until the target has confirmed it or the keys [have expired](crate::pool::withdrawals)).
//!   The target takes back what it told to nobody, and refuses those identities from then on, should the
//!   keys come later.
//!
//! # When a site stops
//!
//! - The target's, before it has stored the keys: nobody has them. After it: they are there when it
//!   comes back, and are delivered or withdrawn.
//! - One between: it keeps no keys that it relays but in memory. The origin has no acknowledgement,
//!   refuses, and withdraws when the way is whole again.
//! - The origin's, before it told the master: the target holds keys that nobody asks for, until they
//!   are too old. After it: the slaves fetch them.
//!
//! Every site between is a *trusted node*: it knows every key that it relays. `docs/relay.md` says
//! what is noticed of one that lies.
//!
//! The messages are modelled on the draft ETSI GS QKD 020 (`ext_keys`, acknowledgement, void). That draft
//! carries keys within a trusted node by HTTPS; here they go between sites, on the lines between KMEs.

pub mod order;
mod origin;
pub mod reach;
pub mod routes;
pub mod seal;
mod service;
mod site;
pub mod testing;

#[cfg(test)]
mod tests;

pub use order::{ExtKeys, Order, Void};
pub use origin::Wanted;
pub use reach::{Reach, Way};
pub use routes::{FarSetup, RelaySetup, RouteSetup};
pub use seal::RelayKey;
pub use service::{Relay, enter};

/// The most sites of a route.
pub const MAX_SITES: usize = 8;
/// Bytes of the salt that goes with the keys of a request.
pub const SALT_BYTES: usize = 48;
/// Bytes of key that the tag of a message uses up.
pub const TAG_KEY_BYTES: usize = 32;
/// Bytes that each link pays for a request, beside its keys.
pub const OVERHEAD: u64 = (SALT_BYTES + TAG_KEY_BYTES) as u64;
/// The most bytes of keys in one request.
pub const MAX_BYTES: u64 = 1 << 22;
