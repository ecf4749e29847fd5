//! Records of blocks: what a block was made of and what it cost, signed by both ends, so that anybody
//! may check later what was said at the time.
//!
//! # Rules
//!
//! - Each block that both ends brought to an end has a [`Record`], whether it gave a key or was
//!   discarded. Both ends compute it from their own books; they exchange what one alone knows, its
//!   health and the hash of its raw string.
//! - A record has one encoding, SCALE, and holds nothing secret. What its hashes of the raw strings
//!   and its counts of bits may say of them is counted as told to Eve, bit by bit (see
//!   [`RECORD_BITS`](crate::distil::estimate::RECORD_BITS)).
//! - It names the hash of the record before it; the first one that of the link's ends. Records are
//!   numbered from 0 without gaps, [`EPOCH`] to an epoch.
//! - Both ends sign it with Ed25519 (RFC 8032) and store it in one transaction with the block. A record
//!   that does not [follow](Chain::follow) is refused by name.
//! - The root of an epoch is the Merkle root of its signed records ([`merkle`]).
//!
//! `docs/qkms-entropy.md` says what a record shows and what it does not.

mod chain;
mod export;
pub mod merkle;
mod record;
mod seal;

pub use chain::{Chain, Refused, Standing};
pub use export::{Export, ExportError};
pub use record::{Account, Ending, Evidence, Record, Testimony};
pub use seal::{Keys, PublicKey, Sealer, Signature, Signed};

/// SHA-256.
pub type Hash = [u8; 32];

/// Records of one epoch.
pub const EPOCH: u64 = 64;

/// The version of the encoding.
pub const VERSION: u8 = 1;

#[cfg(test)]
mod tests;
