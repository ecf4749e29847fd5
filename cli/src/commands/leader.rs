//! `qedex leader`: by how much the aggregator lets slots trade.

use super::options::{Ask, Sign};
use crate::{
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::parse_wh,
    share::{Share, percent},
    terms::{self, KeyAdmission, Permill},
};
use qedex_math::Wh;
use serde_json::json;

/// What a leader does.
#[derive(Debug, Subcommand)]
pub enum Leader {
    /// Announces which share of the keys a slot gets that has still to open, and what a key covers, for
    /// the role aggregate. The owner behind the signer has no orders in that slot.
    Announce(Announce),
    /// Takes back what the signer, or another account of its owner, announced for a slot that has still to
    /// open.
    Withdraw(Withdraw),
    /// Shows what was announced for a slot, or who leads it and what it got.
    Show(Show),
}

/// Options of `leader announce`.
#[derive(Debug, Args)]
pub struct Announce {
    /// The delivery slot: its number, or a time such as 14:30. Its gate has not opened.
    #[arg(long)]
    slot: SlotName,
    /// The share in percent of the keys that are there when its gate opens.
    #[arg(long, value_name = "PERCENT")]
    share: Share,
    /// The energy that a key covers.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    per_key: u64,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `leader withdraw`.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The delivery slot: its number, or a time such as 14:30. Its gate has not opened.
    #[arg(long)]
    slot: SlotName,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `leader show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The delivery slot: its number, next, or a time such as 14:30; the first that has still to open, if
    /// it is not given.
    #[arg(long)]
    slot: Option<SlotName>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

impl Leader {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Announce(args) => announce(args).await,
            Self::Withdraw(args) => withdraw(args).await,
            Self::Show(args) => show(args).await,
        }
    }
}

async fn announce(args: &Announce) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let slot = args.slot.to_see(session.at()).await?;
    let share = Permill::from_parts(args.share.ppm());
    let admission = KeyAdmission { share, wh_per_key: Wh(args.per_key) };
    let call = terms::announce(slot, admission);
    let (block, _) = session.call("the announcement", &call, &key).await?;
    if args.by.json {
        return output::json(&json!({
            "slot": slot,
            "share_ppm": args.share.ppm(),
            "wh_per_key": args.per_key,
            "block": block.number,
        }));
    }
    say!(
        "slot {slot} gets {} of the keys that are there when its gate opens, each for {} Wh, as announced \
         in block {}",
        percent(args.share.ppm()),
        args.per_key,
        block.number
    )
}

async fn withdraw(args: &Withdraw) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let slot = args.slot.to_see(session.at()).await?;
    let call = terms::withdraw_announcement(slot);
    let (block, _) = session.call("the withdrawal", &call, &key).await?;
    if args.by.json {
        return output::json(&json!({ "slot": slot, "block": block.number }));
    }
    say!("slot {slot} is led by nobody, as taken back in block {}", block.number)
}

async fn show(args: &Show) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let next = terms::next_slot(&at).await?;
    let slot = match &args.slot {
        Some(name) => name.to_see(&at).await?,
        None => next,
    };
    let announced = terms::announced(&at, slot).await?;
    let keys = terms::keys(&at, slot).await?;
    let has_opened = slot < next;
    let would_get = terms::admitted(&at, keys, announced.as_ref()).await?;
    let leader = terms::leader(&at, slot).await?.map(|owner| format!("0x{}", hex::encode(owner.0)));
    let per_key = terms::terms(&at, slot).await?.map(|terms| terms.wh_per_key.0);
    if args.ask.json {
        return output::json(&json!({
            "slot": slot,
            "has_opened": has_opened,
            "announced": announced,
            "leader": leader,
            "keys_available": keys,
            "keys_if_opened_now": (!has_opened).then_some(would_get),
            "wh_per_key": per_key,
        }));
    }
    if has_opened {
        let who = leader.map_or("nobody leads it".to_owned(), |owner| format!("{owner} leads it"));
        return say!("the gate of slot {slot} has opened; {who}");
    }
    let said = match &announced {
        Some(announced) => format!(
            "{} announced {} of the keys, each for {} Wh",
            announced.by,
            percent(announced.share_ppm),
            announced.wh_per_key
        ),
        None => "nothing is announced".to_owned(),
    };
    say!("slot {slot}: {said}; of {keys} keys it would get {would_get} now")
}
