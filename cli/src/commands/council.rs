//! `qedex council`

use super::options::{self, Ask, Sign};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand, ValueEnum};
use qedex_client::{
    council::{self, Acted, Ending, Proposal},
    text::account_text,
    told::council::{Shown, ended, failure, number, texts, told},
};
use serde_json::json;

/// What to do in the council.
#[derive(Debug, Subcommand)]
pub enum Council {
    /// Lists the members, and says how many ayes two thirds of them are.
    Members(Ask),
    /// Lists the motions that were not closed, each with its call and votes.
    List(Ask),
    /// Proposes any call, as a member, to be decided by two thirds of the members. A council of one
    /// executes it at once.
    Propose(Propose),
    /// Votes on a motion, as a member; whoever proposed it votes as well. A vote may be changed.
    Vote(Vote),
    /// Closes a motion that has its ayes, which executes it, or that cannot get them or whose time is
    /// up, which drops it. Anyone may.
    Close(Close),
}

/// An encoded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded(Vec<u8>);

fn parse_call(text: &str) -> Result<Encoded, String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|e| e.to_string())?;
    if bytes.is_empty() {
        return Err("there is nothing in it".to_owned());
    }
    Ok(Encoded(bytes))
}

/// Options of `council propose`.
#[derive(Debug, Args)]
pub struct Propose {
    /// The call in hexadecimal: what Polkadot.js Apps shows as encoded call data.
    #[arg(long, value_name = "HEX", value_parser = parse_call)]
    call: Encoded,
    /// Who signs.
    #[command(flatten)]
    sign: Sign,
}

/// For or against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ballot {
    /// For it.
    Aye,
    /// Against it.
    Nay,
}

/// Options of `council vote`.
#[derive(Debug, Args)]
pub struct Vote {
    /// The motion's number.
    #[arg(long, value_name = "INDEX")]
    motion: u32,
    /// For or against.
    ballot: Ballot,
    /// Who signs.
    #[command(flatten)]
    sign: Sign,
}

/// Options of `council close`.
#[derive(Debug, Args)]
pub struct Close {
    /// The motion's number.
    #[arg(long, value_name = "INDEX")]
    motion: u32,
    /// Who signs.
    #[command(flatten)]
    sign: Sign,
}

impl Council {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Members(ask) => members(ask).await,
            Self::List(ask) => list(ask).await,
            Self::Propose(args) => propose(args).await,
            Self::Vote(args) => vote(args).await,
            Self::Close(args) => close(args).await,
        }
    }
}

async fn members(ask: &Ask) -> Result<(), Error> {
    let council = council::council(&ask.at().await?).await?;
    if ask.json {
        return output::json(&json!({
            "members": texts(&council.members),
            "threshold": council.threshold(),
        }));
    }
    for member in &council.members {
        say!("{}", account_text(*member))?;
    }
    say!("{} of {} decide", council.threshold(), number(council.members.len(), "member"))?;
    Ok(())
}

async fn list(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let council = council::council(&at).await?;
    let next = at.block_number().saturating_add(1);
    let mut all = Vec::new();
    for motion in council::motions(&at).await? {
        let encoded = council::proposal(&at, &motion).await?;
        let standing = motion.state(&council, next);
        let call = council::readable(&at, &encoded)?;
        if !ask.json {
            say!("{}", told(&motion, standing, &call, council.members.len()))?;
        }
        all.push(Shown {
            motion: motion.index,
            hash: format!("{:?}", motion.hash),
            threshold: motion.threshold,
            ayes: texts(&motion.ayes),
            nays: texts(&motion.nays),
            end: motion.end,
            standing,
            call,
            encoded: format!("0x{}", hex::encode(encoded)),
        });
    }
    if ask.json {
        return output::json(&all);
    }
    let open = number(all.len(), "open motion");
    say!("{open} in block {}", at.block_number())?;
    Ok(())
}

async fn propose(args: &Propose) -> Result<(), Error> {
    let sign = &args.sign;
    let mut session = sign.open().await?;
    let proposal = Proposal::decode(session.at(), args.call.0.clone()).await?;
    if !sign.json {
        say!("{}", proposal.call())?;
    }
    let what = "the call";
    match session.propose(what, &proposal, &sign.key()?).await? {
        Acted::Proposed(opened) => options::print_opened(what, &opened, sign.json),
        Acted::Done(done) if sign.json => output::json(&json!({
            "motion": null,
            "hash": format!("{:?}", proposal.hash()),
            "threshold": 1,
            "members": 1,
            "executed": true,
            "block": done.0.number,
        })),
        Acted::Done(done) => {
            let number = done.0.number;
            say!("the council has one member: {what} is executed in block {number}")?;
            Ok(())
        }
    }
}

async fn vote(args: &Vote) -> Result<(), Error> {
    let sign = &args.sign;
    let mut session = sign.open().await?;
    let what = "the vote";
    let motion = council::motion(session.at(), what, args.motion).await?;
    let aye = args.ballot == Ballot::Aye;
    let (block, ayes, nays) = session.vote(what, &motion, aye, &sign.key()?).await?;
    let ballot = if aye { "aye" } else { "nay" };
    if sign.json {
        return output::json(&json!({
            "motion": motion.index,
            "hash": format!("{:?}", motion.hash),
            "vote": ballot,
            "ayes": ayes,
            "nays": nays,
            "threshold": motion.threshold,
            "block": block.number,
        }));
    }
    say!(
        "{ballot} to motion {} in block {}: it has {} and {}, and needs {}",
        motion.index,
        block.number,
        number(ayes as usize, "aye"),
        number(nays as usize, "nay"),
        number(motion.threshold as usize, "aye"),
    )?;
    Ok(())
}

async fn close(args: &Close) -> Result<(), Error> {
    let sign = &args.sign;
    let mut session = sign.open().await?;
    let what = format!("motion {}", args.motion);
    let motion = council::motion(session.at(), &what, args.motion).await?;
    let closed = session.close(&what, &motion, &sign.key()?).await?;
    if sign.json {
        output::json(&ended(&motion, &closed))?;
    } else {
        let block = closed.block;
        match &closed.end {
            Ending::Executed => say!("{what} is executed in block {block}")?,
            Ending::Disapproved => say!("{what} is disapproved in block {block}")?,
            Ending::Failed(_) => say!("{what} is approved in block {block}, and failed")?,
        }
        if closed.bond_returned {
            say!("what was held of its proposer is returned")?;
        }
    }
    let what = match closed.end {
        Ending::Executed => format!("a call within {what}"),
        _ => what,
    };
    match failure(closed) {
        Some(refusal) => Err(Error::refused(what, refusal)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
