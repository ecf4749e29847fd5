//! Audits of links on the chain: records that are fixed before anybody knows which of their blocks is opened.
//!
//! A key service makes signed records of its blocks, a root over each 64 of them (an *audit epoch*, numbered by
//! the service), and opens one block of each whole when it is challenged. Here those roots are fixed, a
//! value of the [beacon](crate::beacon) is the challenge, and what was found in the opened block is counted.
//! `docs/audits.md` says what of this a chain verifies, and what nobody can.
//!
//! ## Rules
//!
//! 1. *Who speaks.* An account that has accepted an SAE which has not expired at either end of a link of the market, has
//!    a worker's key and an owner, and is not shut. An owner has one voice in a round, with whatever account.
//! 2. *Roots.* A round begins with the first root that is posted of a link. An owner posts one root in it, with the
//!    number of blocks that gave a key, and never another one. Where reveals of an epoch of the beacon open
//!    and, at each end, at least [`quorum`](qedex_primitives::keys::KeyRules::quorum) owners and more than half as many as fixed the last root
//!    have posted, the round is judged: if more than half of them at one end say what more than half at the
//!    other say, that root is *fixed*. If not, it is a failure ([`AuditFailure::RootsDiffer`]).
//! 3. An end that has not posted when reveals have opened [`POST_WITHIN`] times more, while the other one has,
//!    is a failure ([`AuditFailure::NotPosted`]); where none has, or where no root of the link was ever fixed, the
//!    round lapses.
//! 4. *The pick.* The value of that same epoch of the beacon picks the block: whoever posted knew no more of it
//!    than its own secret. Where keys give no value it is the hash of a block, and event and answer say so.
//! 5. *Verdicts.* Whoever posted in the round gives one verdict, in the [`OPEN_WITHIN`] epochs of the beacon
//!    after that. *Not opened* is said in the last of them. When one of these epochs ends and more than half of
//!    those who posted say that it failed, it is a failure ([`AuditFailure::Found`]); if more than half say
//!    that it passed, it has passed. At the last end whoever has said nothing counts against the link
//!    ([`AuditFailure::Unheard`]); at a tie it has passed.
//! 6. *A failure closes the link*: none of its keys counts ([`Pallet::is_link_closed`](crate::Pallet)). It opens
//!    again when audits of later epochs have passed: one after its first failure, twice as many in a row after each
//!    further one, [`MAX_STRIKES`] times at most; [`CLEAN_PASSES`] in a row wipe this. The council opens it at
//!    once, and begins its book anew.
//! 7. A link has [`MAX_ROUNDS`] rounds at most: the root of an epoch may be posted while the block of the one
//!    before is opened. The book of a link goes with the link, and when the council dismisses it from the market.
//! 8. Workers bring roots and verdicts together, by general transactions that cost nothing, refused for every reason
//!    of [`AuditRefusal`](qedex_primitives::audits::AuditRefusal), and only then for the signature. They cannot
//!    bring more than one root and one verdict of an owner and round.

mod council;
mod rounds;
pub(crate) mod storage;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub(crate) mod work;

pub use qedex_primitives::audits::{
    AuditFailure, CLEAN_PASSES, MAX_ROUNDS, MAX_STRIKES, OPEN_WITHIN, POST_WITHIN,
};
