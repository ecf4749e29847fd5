//! Audits by sacrifice: one block of each epoch is opened whole, so that anybody can do all of its
//! processing again, and is never delivered.
//!
//! # Rules
//!
//! - The [records](crate::records) of an epoch have one root, the same at both ends, before a
//!   *challenge* of 32 bytes is taken for it. The challenge names that root, and there is one for an
//!   epoch. It has to be a value that neither end knew while it signed: nothing here can prove that.
//! - The challenge [picks](pick) one of the epoch's blocks that gave a key. Until then no key of the
//!   epoch is delivered to an SAE.
//! - Each end keeps what the [opening](Opening) of a block takes before it signs the block's record, so
//!   that no block can be lost between signature and pick. All of it is wiped with the pick.
//! - The [file](AuditFile) of an epoch holds its records and, of the block picked, both raw strings, all
//!   classical messages and the key of both ends. [`check`] does everything again from the raw
//!   strings and names the first thing that differs.
//!
//! `docs/qkms-entropy.md` says what an audit shows, and what it cannot.

mod check;
mod file;
mod found;
mod opening;
mod pick;
mod replay;
mod terms;

pub use check::{Audited, Expected, check};
pub use file::{AuditFile, FileError};
pub use found::{Found, Seed};
pub use opening::Opening;
pub use pick::{Challenge, pick, picked};
pub use replay::{Replay, replay};
pub use terms::Terms;

#[cfg(test)]
mod tests;
