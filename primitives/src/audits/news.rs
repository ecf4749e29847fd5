//! What the worker of a node and the agent of an SAE say to each other of audits.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /v1/worker/audits` | [`AuditNews`] | `Option<`[`AuditWork`](super::AuditWork)`>` |
//!
//! As with all that workers ask, everything can be asked twice. The agent says all that it has to say in an
//! epoch of the beacon at once, so that it is one transaction.

use super::{AuditEpoch, Statement};
use crate::{EpochIndex, agent::AccountBytes, qkd::LinkId};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use sp_core::H256;

/// Where the worker tells how audits stand.
pub const AUDITS_PATH: &str = "/v1/worker/audits";

/// How much of an epoch of the beacon is left for what is said in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Haste {
    /// Its first quarter: it can wait for what is not ready.
    Early,
    /// Its second quarter: roots that are said later wait for the next value.
    Late,
    /// Reveals are open.
    Last,
}

/// How the audits of an account's links stand, as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditNews {
    /// The hash of the chain's first block.
    pub genesis: H256,
    /// The account whose SAE the agent's is.
    pub account: AccountBytes,
    /// The epoch of the beacon that is under way.
    pub epoch: EpochIndex,
    /// How much of it is left.
    pub haste: Haste,
    /// The links that end at the account's site, at most [`MAX_AUDITED_LINKS`](super::MAX_AUDITED_LINKS).
    pub links: Vec<LinkNews>,
}

/// How the audits of a link stand for an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LinkNews {
    /// Which link.
    pub link: LinkId,
    /// The latest audit epoch whose root was fixed.
    pub last: Option<AuditEpoch>,
    /// Whether a root of a later one is awaited of the account.
    pub posts: bool,
    /// The blocks that are picked.
    pub picks: Vec<PickNews>,
}

/// A block that is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PickNews {
    /// Of which audit epoch and root.
    pub says: Statement,
    /// The challenge for the key service: the value of the beacon.
    pub challenge: H256,
    /// Which of the blocks that gave a key, counted from 0; none if none gave one.
    pub place: Option<u8>,
    /// Whether a verdict is awaited of the account.
    pub awaited: bool,
    /// Whether this is the last epoch of the beacon in which verdicts are taken.
    pub is_last: bool,
}
