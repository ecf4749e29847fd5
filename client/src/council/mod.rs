//! The consortium council: who is in it, what it is asked, and what it decided.

mod acts;

pub use acts::*;

use super::{
    At, H256,
    api::{self, runtime_types as types},
    events::{Event, decode, describe},
    readable::{self, Call},
    reads::{entries, fetch},
    text::account_text,
};
use crate::{
    error::{Error, Refusal},
    market::Account,
};
use serde::Serialize;
use subxt::Metadata;
use types::pallet_collective::Votes;

/// How many ayes two thirds of `members` are, rounded up. So many make the chain's administration,
/// of which `TwoThirdsOfCouncil` of the runtime is one half and Root the other.
pub const fn two_thirds(members: u32) -> u32 {
    members.saturating_mul(2).div_ceil(3)
}

/// Those who decide.
#[derive(Clone, Debug)]
pub struct Council {
    /// The members in the order of their bytes.
    pub members: Vec<Account>,
}

impl Council {
    /// The number of members.
    pub fn seats(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    /// How many ayes a motion needs that the administration's calls are asked for in.
    pub fn threshold(&self) -> u32 {
        two_thirds(self.seats())
    }

    fn ensure_member(&self, what: &str, who: Account) -> Result<(), Error> {
        if self.members.contains(&who) {
            return Ok(());
        }
        let meaning = format!("{} is no member of the council", account_text(who));
        Err(refused(what, "NotMember", meaning))
    }
}

/// The council as it is.
pub async fn council(at: &At) -> Result<Council, Error> {
    let members = fetch(at, api::storage().council().members(), ()).await?;
    let members = members.unwrap_or_default().into_iter();
    Ok(Council { members: members.map(|member| member.0).collect() })
}

/// How a motion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MotionState {
    /// Its votes decide nothing yet.
    Open,
    /// It has its ayes: who closes it has it executed.
    Approved,
    /// It cannot get its ayes any more: who closes it has it dropped.
    Disapproved,
}

/// A motion that was not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Motion {
    /// Its number.
    pub index: u32,
    /// The hash of the encoded call.
    pub hash: H256,
    /// How many ayes it needs.
    pub threshold: u32,
    /// Who voted for it.
    pub ayes: Vec<Account>,
    /// Who voted against it.
    pub nays: Vec<Account>,
    /// The block from which on it may be closed whoever voted.
    pub end: u32,
}

impl Motion {
    fn of(hash: H256, votes: Votes<subxt::utils::AccountId32, u32>) -> Self {
        let accounts = |all: Vec<subxt::utils::AccountId32>| all.into_iter().map(|one| one.0);
        Self {
            index: votes.index,
            hash,
            threshold: votes.threshold,
            ayes: accounts(votes.ayes).collect(),
            nays: accounts(votes.nays).collect(),
            end: votes.end,
        }
    }

    /// How it stands for who closes it in `block`, by the rules of the collective pallet's `close`.
    pub fn state(&self, council: &Council, block: u64) -> MotionState {
        let count = |votes: &[Account]| u32::try_from(votes.len()).unwrap_or(u32::MAX);
        let (ayes, nays, seats) = (count(&self.ayes), count(&self.nays), council.seats());
        if ayes >= self.threshold {
            return MotionState::Approved;
        }
        if seats.saturating_sub(nays) < self.threshold {
            return MotionState::Disapproved;
        }
        // Absent votes are noes.
        if block < u64::from(self.end) { MotionState::Open } else { MotionState::Disapproved }
    }
}

/// The motions that were not closed, by number.
pub async fn motions(at: &At) -> Result<Vec<Motion>, Error> {
    let all = entries(at, api::storage().council().voting(), ()).await?;
    let mut all: Vec<_> = all.into_iter().map(|((hash,), votes)| Motion::of(hash, votes)).collect();
    all.sort_by_key(|motion| motion.index);
    Ok(all)
}

/// The motion of this number.
pub async fn motion(at: &At, what: &str, index: u32) -> Result<Motion, Error> {
    let all = motions(at).await?;
    let found = all.into_iter().find(|motion| motion.index == index);
    let missing = || format!("there is no open motion {index}");
    found.ok_or_else(|| refused(what, "ProposalMissing", missing()))
}

/// The call that a motion is about, as it is stored: encoded.
pub async fn proposal(at: &At, motion: &Motion) -> Result<Vec<u8>, Error> {
    let call = api::storage().council().proposal_of();
    let stored = at.storage().try_fetch(call, (motion.hash,)).await?;
    let none = || Error::Answer(format!("motion {} has no call", motion.index));
    Ok(stored.ok_or_else(none)?.into_bytes())
}

/// The call that a motion is about, to be read.
pub fn readable(at: &At, encoded: &[u8]) -> Result<Call, Error> {
    readable::read(encoded, at.metadata_ref())
        .map_err(|why| Error::Answer(format!("a motion's call: {why}")))
}

/// What is seen before the chain would refuse it, by the name that the chain has for it.
fn refused(what: &str, name: &str, meaning: String) -> Error {
    Error::Refused {
        what: what.to_owned(),
        refusal: Refusal { name: format!("Council::{name}"), meaning },
    }
}

/// What a transaction did in the council.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A motion is open, and has this number.
    Proposed(u32),
    /// A motion has so many ayes and nays.
    Voted(u32, u32),
    /// A call was executed, or failed.
    Executed(Option<Refusal>),
    /// A motion was dropped.
    Disapproved,
}

/// Reads what an event says of the council, and of the call with which hash.
pub(super) fn decision(
    event: &Event<'_>,
    metadata: &Metadata,
) -> Result<Option<(H256, Decision)>, Error> {
    use api::council::events::{Disapproved, Executed, Proposed, Voted};
    if let Some(proposed) = decode::<Proposed>(event)? {
        let decision = Decision::Proposed(proposed.proposal_index);
        return Ok(Some((proposed.proposal_hash, decision)));
    }
    if let Some(voted) = decode::<Voted>(event)? {
        let decision = Decision::Voted(voted.yes, voted.no);
        return Ok(Some((voted.proposal_hash, decision)));
    }
    if let Some(executed) = decode::<Executed>(event)? {
        let failure = executed.result.err();
        let failure = failure.map(|error| describe(&error, metadata));
        return Ok(Some((executed.proposal_hash, Decision::Executed(failure))));
    }
    let dropped = decode::<Disapproved>(event)?;
    Ok(dropped.map(|dropped| (dropped.proposal_hash, Decision::Disapproved)))
}

#[cfg(test)]
mod tests;
