//! What the off-chain worker of a node and the agent of an SAE say to each other.
//!
//! The agent holds an SAE's certificate, its keys and its sessions. The worker runs in the chain's code,
//! from block to block, remembers nothing that matters, and carries messages: it tells the agent what is
//! on the chain, and takes from it what a session waits for. **The agent never answers with a key**, and
//! everything can be asked twice.
//!
//! Over HTTP on the loopback interface, with the agent's token in the header `Authorization: Bearer`. Bodies
//! and answers are SCALE, whole and nothing behind them, and at most [`MAX_BODY_BYTES`] long.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /v1/worker/watched` | | [`Watched`] |
//! | `POST /v1/worker/news` | [`News`] | [`Steps`] |

use crate::{
    EpochIndex, Moment,
    beacon::{Commitment, Revealed},
    keys::LinkReport,
    qkd::{LinkId, MailAddress, SaeId, Session, SessionEnd, SessionId, WorkerStep},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use sp_core::H256;

/// The longest body and the longest answer, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The most sessions of one [`News`], of one [`Watched`], and of one [`Steps`].
pub const MAX_SESSIONS: usize = 32;

/// Where the worker asks.
pub const WATCHED_PATH: &str = "/v1/worker/watched";

/// Where the worker tells what is on the chain.
pub const NEWS_PATH: &str = "/v1/worker/news";

/// An account, by its 32 bytes.
pub type AccountBytes = [u8; 32];

/// How the worker of a node reaches an agent. The node writes the list of all of its agents where the
/// worker finds it, under [`AGENTS_KEY`] of the node's own off-chain storage.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct AgentDoor {
    /// As which SAE it draws keys. Whose it is, the chain says.
    pub sae: SaeId,
    /// On which port of the loopback interface it listens.
    pub port: u16,
    /// What opens it, in hexadecimal.
    pub token: Vec<u8>,
}

/// Under which key the off-chain storage has the list of [`AgentDoor`]s.
pub const AGENTS_KEY: &[u8] = b"qedex/qkd/agents";

/// What the worker of a node has done since the node's off-chain storage began, as it notes it there at the
/// end of each run, under [`COUNTS_KEY`]. Nothing depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct WorkerCounts {
    /// Runs with an agent to ask.
    pub runs: u64,
    /// Of these, those that ended before all agents were asked.
    pub cut_short: u64,
    /// Milliseconds that runs took.
    pub millis: u64,
    /// Agents that were told what is on the chain and answered as they should, once for each run.
    pub served: u64,
    /// Agents that failed, once for each run, and were left alone for a while.
    pub failed: u64,
    /// Steps that the pool has taken. Until a step is in a block it is brought again.
    pub brought: u64,
    /// Steps that the pool has not taken, as it has them already, most of all.
    pub refused: u64,
}

/// Under which key the off-chain storage has the [`WorkerCounts`].
pub const COUNTS_KEY: &[u8] = b"qedex/qkd/counts";

/// The sessions of which an agent wants to hear though the chain does not wait for its account: those for
/// which it draws keys, those that it has answered or confirmed and that are not open yet, those that are
/// open at its end, and those that are over there while the chain still has them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Watched {
    /// The sessions, at most [`MAX_SESSIONS`]; where there are more, they take turns.
    pub sessions: Vec<SessionId>,
}

/// What is on the chain, as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct News {
    /// The hash of the chain's first block.
    pub genesis: H256,
    /// The account whose SAE the agent's is.
    pub account: AccountBytes,
    /// The number of the block.
    pub block: u64,
    /// The chain's time.
    pub now: Moment,
    /// The highest number of a session that the account has asked for.
    pub last_number: u64,
    /// What waits for the account, and what the agent watches: at most [`MAX_SESSIONS`].
    pub sessions: Vec<SessionNews>,
    /// The epoch of the beacon that is under way. Of news in several parts the first one has it.
    pub beacon: Option<BeaconNews>,
    /// Which links the account is to report of, if it is. Of news in several parts the first one has it.
    pub ledger: Option<LedgerNews>,
}

/// The links of which the ledger of keys waits for a report of the account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LedgerNews {
    /// For which epoch: the one that is under way.
    pub epoch: EpochIndex,
    /// Until when, by the chain's time.
    pub until: Moment,
    /// Which links, at most [`MAX_LINK_REPORTS`](crate::keys::MAX_LINK_REPORTS): those of the market at whose end
    /// the account draws keys, and of which its owner has not reported.
    pub links: Vec<LinkNews>,
}

/// A link of which a report is awaited.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LinkNews {
    /// Which.
    pub link: LinkId,
    /// An SAE at its other end, by which the key service knows it.
    pub peer: SaeId,
}

/// The epoch of the beacon that is under way, as it is for the agent's account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BeaconNews {
    /// Its number.
    pub epoch: EpochIndex,
    /// To what the account has committed in it, as the chain has it.
    pub committed: Option<Commitment>,
    /// What the chain waits for.
    pub awaits: BeaconAwaits,
}

/// What the beacon waits for of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum BeaconAwaits {
    /// Nothing: it has done its part, or cannot any more, or not yet.
    Nothing,
    /// A commitment. It may be left out.
    Commitment {
        /// With whom the agent may share the key that goes into it: the SAE of another account, at the other
        /// end of a link. None if there is none.
        peer: Option<SaeId>,
    },
    /// What the account has committed to: reveals are open.
    Reveal,
}

/// What is on the chain of a session.
// Almost all of them are there.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum SessionNews {
    /// It is not on record, or not any more.
    Gone(SessionId),
    /// It is on record.
    Here {
        /// Its number.
        id: SessionId,
        /// What is on record, in which blocks are counted in 64 bits.
        session: Session<AccountBytes, u64>,
        /// As which SAEs both ends draw keys: first A's. None where that enrolment was removed.
        saes: [Option<SaeId>; 2],
        /// Which nodes keep the mail of both ends: first A's.
        mail: [Option<MailAddress>; 2],
        /// Why it counts no more, if it does not.
        ended: Option<SessionEnd>,
    },
}

/// What the agent says to what it was told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Steps {
    /// What the worker is to sign and to bring, at most one step of each session. A session of which there
    /// is nothing yet, because a key is on its way, stays away, and comes with the same news later.
    pub steps: Vec<Step>,
    /// What the worker is to sign and to bring for the epoch of which the agent was told, if there is
    /// something to.
    pub beacon: Option<BeaconStep>,
    /// What it reports of the links of which it was told, to be brought with the commitment. As the key service
    /// said it in this very epoch.
    pub reports: Vec<LinkReport>,
}

/// What an account says to the beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum BeaconStep {
    /// To what it commits. The same for an epoch, whenever it is asked.
    Commit(Commitment),
    /// What it had committed to. Said only while reveals are open.
    Reveal(Revealed),
}

/// A step of a session.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Step {
    /// Of which session.
    pub session: SessionId,
    /// What it is: an answer, or a confirmation.
    pub step: WorkerStep,
    /// The SHA-256 of the message that it answers: message 1, or message 2. The worker brings it only if
    /// that is what is on the chain.
    pub answered: [u8; 32],
    /// What it says: message 2, or message 3.
    pub message: Vec<u8>,
}
