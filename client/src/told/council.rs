//! The council's motions.

use crate::{
    council::{Closed, Ending, Motion, MotionState},
    error::Refusal,
    market::Account,
    readable::Call,
    text::account_text,
};
use serde::Serialize;
use serde_json::{Value, json};

/// A motion with the call that it is about.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its number.
    pub motion: u32,
    /// Its hash.
    pub hash: String,
    /// How many ayes it needs.
    pub threshold: u32,
    /// Who is for it.
    pub ayes: Vec<String>,
    /// Who is against it.
    pub nays: Vec<String>,
    /// Until which block votes count.
    pub end: u32,
    /// Where it stands.
    pub standing: MotionState,
    /// Its call.
    pub call: Call,
    /// The same as bytes in hexadecimal.
    pub encoded: String,
}

/// Accounts as people read them.
pub fn texts(accounts: &[Account]) -> Vec<String> {
    accounts.iter().copied().map(account_text).collect()
}

/// A number of things by their name.
pub fn number(count: usize, name: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}

/// A motion for people.
pub fn told(motion: &Motion, standing: MotionState, call: &Call, members: usize) -> String {
    let votes = |accounts: &[Account], name| {
        let who = if accounts.is_empty() {
            String::new()
        } else {
            format!(" ({})", texts(accounts).join(", "))
        };
        format!("{}{who}", number(accounts.len(), name))
    };
    let standing = match standing {
        MotionState::Open => format!("open until block {}", motion.end),
        MotionState::Approved => "approved: whoever closes it has it executed".to_owned(),
        MotionState::Disapproved => "disapproved: whoever closes it has it dropped".to_owned(),
    };
    format!(
        "motion {} ({:?})\n  {call}\n  {}, {}; {} of {} are needed\n  {standing}",
        motion.index,
        motion.hash,
        votes(&motion.ayes, "aye"),
        votes(&motion.nays, "nay"),
        number(motion.threshold as usize, "aye"),
        number(members, "member"),
    )
}

/// What became of a motion, for programs.
pub fn ended(motion: &Motion, closed: &Closed) -> Value {
    let (outcome, error) = match &closed.end {
        Ending::Executed => ("executed", None),
        Ending::Failed(refusal) => ("failed", Some(refusal)),
        Ending::Disapproved => ("disapproved", None),
    };
    json!({
        "motion": motion.index,
        "hash": format!("{:?}", motion.hash),
        "outcome": outcome,
        "error": error,
        "refused_within": closed.refusals,
        "bond_returned": closed.bond_returned,
        "block": closed.block,
    })
}

/// Why a motion did not do what it was meant to, though it was approved: itself or a call within it.
pub fn failure(closed: Closed) -> Option<Refusal> {
    match closed.end {
        Ending::Failed(refusal) => Some(refusal),
        Ending::Executed => closed.refusals.into_iter().next(),
        Ending::Disapproved => None,
    }
}
