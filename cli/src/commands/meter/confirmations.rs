//! `qedex meter pending`, `confirm`, `withdraw`, `refuse` and `clear`: what becomes of changes that were
//! filed.

use crate::{
    commands::options::{Administer, Ask, Sign, named},
    error::Error,
    output::{self, say},
};
use clap::{Args, builder::TypedValueParser};
use qedex_client::{
    H256,
    block::{Block, Transaction},
    metering::{self, Done, Party, party_text},
    queries,
    session::Session,
    text::parse_bytes32,
    told::meters::{waits, wanted},
};
use serde_json::json;
use subxt::tx::Payload;

/// Options of `meter pending`.
#[derive(Debug, Args)]
pub struct Waiting {
    /// This one alone.
    #[arg(long)]
    change: Option<u32>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `meter confirm`.
#[derive(Debug, Args)]
pub struct Confirm {
    /// The number of the change.
    #[arg(long)]
    change: u32,
    /// Its hash: this very change is confirmed, and no other.
    #[arg(long, value_name = "HEX", value_parser = parse_hash)]
    hash: H256,
    /// For whom the council stands.
    #[arg(long, value_parser = party())]
    stands_for: Option<Party>,
    /// Who signs.
    #[command(flatten)]
    by: Administer,
}

/// Options of `meter withdraw`.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The number of the change.
    #[arg(long)]
    change: u32,
    /// Takes one's confirmation back, and leaves the change to the others.
    #[arg(long)]
    confirmation: bool,
    /// Who signs.
    #[command(flatten)]
    by: Administer,
}

/// Options of `meter refuse` and `clear`.
#[derive(Debug, Args)]
pub struct Ended {
    /// The number of the change.
    #[arg(long)]
    change: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

fn parse_hash(text: &str) -> Result<H256, String> {
    parse_bytes32(text).map(H256)
}

/// A party to a change.
fn party() -> impl TypedValueParser<Value = Party> {
    named(&[
        ("owner", Party::Owner, "The owner of the meter, or of a new one"),
        ("new-owner", Party::NewOwner, "The owner to whom it is transferred"),
        ("second-installer", Party::SecondInstaller, "The second installer"),
    ])
}

/// Lists the changes that wait.
pub async fn pending(args: &Waiting) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let mut all = metering::pending(&at).await?;
    if let Some(number) = args.change {
        all.retain(|pending| pending.id == number);
        if all.is_empty() {
            return Err(Error::BadInput(format!("there is no pending change {number}")));
        }
    }
    if args.ask.json {
        return output::json(&all);
    }
    let now = queries::time(&at).await?;
    let mut table = output::table(["change", "what", "filed by, and its hash", "waits for"]);
    for pending in &all {
        table.add_row([
            pending.id.to_string(),
            wanted(&pending.wanted),
            format!("{}\n{:?}", pending.filed_by, pending.hash),
            waits(pending, now),
        ]);
    }
    say!("{table}")?;
    Ok(())
}

/// Confirms a change.
pub async fn confirm(args: &Confirm) -> Result<(), Error> {
    let what = "the confirmation";
    match args.stands_for {
        Some(party) if !args.by.by_signer() => {
            let call = metering::confirm_as_council(args.change, args.hash, party);
            confirm_by(args, what, &call).await
        }
        None if args.by.by_signer() => {
            confirm_by(args, what, &metering::confirm(args.change, args.hash)).await
        }
        _ => Err(Error::BadInput(
            "--stands-for says for whom the council speaks: with --council or --sudo, and with \
             these alone"
                .to_owned(),
        )),
    }
}

async fn confirm_by(args: &Confirm, what: &str, call: &impl Payload) -> Result<(), Error> {
    let mut session = args.by.open().await?;
    let Some((block, included)) = args.by.act(&mut session, what, call).await? else {
        return Ok(());
    };
    tell_confirmation(args, &session, &block, &included).await
}

/// Says what a confirmation brought about.
async fn tell_confirmation(
    args: &Confirm,
    session: &Session,
    block: &Block,
    included: &Transaction,
) -> Result<(), Error> {
    let change = args.change;
    let effect = included.meters.iter().find_map(|done| match done {
        Done::TookEffect { meter, from } => Some((*meter, *from)),
        _ => None,
    });
    if let Some((meter, from)) = effect {
        if args.by.json() {
            let done =
                json!({ "change": change, "meter": meter, "from": from, "block": block.number });
            return output::json(&done);
        }
        say!(
            "change {change} takes effect in block {}: of meter {meter}, from slot {from} on",
            block.number
        )?;
        return Ok(());
    }
    let pending = metering::pending(session.at()).await?;
    let awaits = pending
        .into_iter()
        .find(|pending| pending.id == change)
        .map(|pending| pending.awaits)
        .unwrap_or_default();
    if args.by.json() {
        return output::json(&json!({ "change": change, "awaits": awaits, "block": block.number }));
    }
    let awaits: Vec<_> = awaits.into_iter().map(party_text).collect();
    say!(
        "change {change} is confirmed in block {} and waits for {}",
        block.number,
        awaits.join(" and ")
    )?;
    Ok(())
}

/// Withdraws a change, or one's word.
pub async fn withdraw(args: &Withdraw) -> Result<(), Error> {
    if !args.confirmation && !args.by.by_signer() {
        let what = "the council has filed nothing: with --confirmation it takes its word back";
        return Err(Error::BadInput(what.to_owned()));
    }
    let mut session = args.by.open().await?;
    let done = if args.confirmation {
        let call = metering::withdraw_confirmation(args.change);
        args.by.act(&mut session, "the withdrawal", &call).await?
    } else {
        args.by.act(&mut session, "the withdrawal", &metering::withdraw(args.change)).await?
    };
    let Some((block, _)) = done else {
        return Ok(());
    };
    let what = if args.confirmation { "the confirmation is taken back" } else { "is withdrawn" };
    told(args.change, what, block.number, args.by.json())
}

/// Refuses a change.
pub async fn refuse(args: &Ended) -> Result<(), Error> {
    let (block, _) = args.by.call("the refusal", &metering::refuse(args.change)).await?;
    told(args.change, "is refused", block.number, args.by.json)
}

/// Removes an expired change.
pub async fn clear(args: &Ended) -> Result<(), Error> {
    let (block, _) = args.by.call("the removal", &metering::clear(args.change)).await?;
    told(args.change, "is removed", block.number, args.by.json)
}

fn told(change: u32, what: &str, block: u64, json: bool) -> Result<(), Error> {
    if json {
        return output::json(&json!({ "change": change, "block": block }));
    }
    say!("change {change}: {what} in block {block}")?;
    Ok(())
}
