//! What a buyer does: `qedex trade verify`, `acknowledge` and `complain`.

use crate::{
    commands::{
        Found,
        options::{Ask, Sign},
    },
    error::Error,
    output::{self, note, say},
    slots::SlotName,
    store,
};
use clap::Args;
use qedex_client::{
    Error as ChainError, amounts, calls,
    market::{Outcome, SlotEvent},
    opening::{Finding, Wanted},
    queries, settlement,
    told::trades::{advice, detail, name},
};
use serde_json::json;
use std::path::PathBuf;

/// Options of `trade verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The opening that the seller handed over.
    file: PathBuf,
    /// The trade's number within the slot.
    #[arg(long, value_name = "ID")]
    trade: u32,
    /// The delivery slot, if it is not to be taken from the file.
    #[arg(long)]
    slot: Option<SlotName>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of what a buyer signs about a trade.
#[derive(Debug, Args)]
pub struct Finish {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// The trade's number within the slot.
    #[arg(long, value_name = "ID")]
    trade: u32,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Says what an opening proves.
pub async fn verify(args: &Verify) -> Result<Found, Error> {
    let opening = store::read(&args.file)?;
    let chain = args.ask.node.connect().await?;
    let at = chain.now().await?;
    let slot = match &args.slot {
        Some(slot) => slot.to_see(&at).await?,
        None => opening.slot,
    };
    let (Some(book), Some(trade)) =
        (settlement::book(&at, slot).await?, settlement::trade(&at, slot, args.trade).await?)
    else {
        return Err(ChainError::no_such_trade(slot, args.trade).into());
    };
    let found = settlement::seller(&at, slot, trade.seller).await?;
    let (owner, seller) = found.ok_or_else(|| ChainError::no_such_trade(slot, args.trade))?;
    let wanted = Wanted {
        genesis: chain.genesis(),
        slot,
        seller: trade.seller,
        owner,
        before: trade.before.0,
        energy: trade.energy.0,
        commitment: seller.commitment,
    };
    let finding = opening.check(&at, &wanted).await?;
    let (delivered, covered) = match finding {
        Finding::Proves { delivered, covered } => (Some(delivered), covered),
        _ => (None, 0),
    };
    let full = covered >= trade.energy.0;
    let found = if full { Found::Right } else { Found::Wrong };
    let bond = settlement::bond(&at, slot, args.trade).await?;
    let times = book.terms.schedule.later(book.lost);
    if args.ask.json {
        output::json(&json!({
            "slot": slot,
            "trade": args.trade,
            "finding": name(&finding),
            "detail": detail(&finding),
            "wh": trade.energy.0,
            "before_wh": trade.before.0,
            "delivered_wh": delivered,
            "covered_wh": covered,
            "covers": full,
            "complaints_from": times.readings_until,
            "complaints_until": times.complaints_until,
            "reveals_until": times.final_at,
            "bond": bond.map(amounts::json),
        }))?;
        return Ok(found);
    }
    say!("{}", detail(&finding))?;
    say!(
        "it covers {covered} of the {} Wh of trade {} of slot {slot}; {} Wh were sold before it",
        trade.energy.0,
        args.trade,
        trade.before.0
    )?;
    if !full {
        let now = queries::time(&at).await?;
        say!("{}", advice(&finding, &times, &trade, now, bond))?;
    }
    Ok(found)
}

/// Acknowledges a trade and waits until that is final.
pub async fn acknowledge(args: &Finish) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let slot = args.slot.to_see(session.at()).await?;
    let call = calls::acknowledge(slot, args.trade);
    let (block, included) = session.call("the acknowledgement", &call, &key).await?;
    let settled = included.slot_events.iter().find_map(|(_, slot_event)| {
        let SlotEvent::Settled(id, settlement) = slot_event else {
            return None;
        };
        (*id == args.trade).then_some(settlement)
    });
    // Only a payout that failed could annul it instead.
    let settled = settled
        .filter(|settled| settled.outcome == Outcome::Acknowledged)
        .ok_or_else(|| Error::answer("the trade was not acknowledged".to_owned()))?;
    if args.by.json {
        return output::json(&json!({
            "slot": slot,
            "trade": args.trade,
            "to_seller": amounts::json(settled.to_seller),
            "deposit_back": amounts::json(settled.deposit_back),
            "block": block.number,
        }));
    }
    say!(
        "trade {} of slot {} is closed in block {}: the seller gets {} and its deposit",
        args.trade,
        slot,
        block.number,
        amounts::money(settled.to_seller)
    )?;
    Ok(())
}

/// Complains about a trade and waits until that is final.
pub async fn complain(args: &Finish) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let slot = args.slot.to_see(session.at()).await?;
    let bond = settlement::bond(session.at(), slot, args.trade).await?;
    if !args.by.json
        && let Some(bond) = bond
    {
        note!(
            "{} are held as a bond; the community fund gets them if a bill is revealed that covers \
             all that you have bought of the seller",
            amounts::money(bond)
        );
    }
    let call = calls::complain(slot, args.trade);
    let (block, included) = session.call("the complaint", &call, &key).await?;
    let complained = included.slot_events.iter().filter_map(|(_, slot_event)| match slot_event {
        SlotEvent::Complained { id, bond, due, .. } => Some((*id, *bond, *due)),
        _ => None,
    });
    let complained: Vec<_> = complained.collect();
    let (_, _, due) = *complained
        .iter()
        .find(|(id, ..)| *id == args.trade)
        .ok_or_else(|| Error::answer("no complaint was taken".to_owned()))?;
    let bond = complained.iter().map(|(_, bond, _)| bond).sum::<qedex_client::market::Plancks>();
    if args.by.json {
        return output::json(&json!({
            "slot": slot,
            "trade": args.trade,
            "trades": complained.iter().map(|(id, ..)| id).collect::<Vec<_>>(),
            "bond": amounts::json(bond),
            "due": due,
            "block": block.number,
        }));
    }
    say!(
        "the complaint stands in block {}; {} are held, and the seller's bill is due when complaints \
         have ended, within {} s",
        block.number,
        amounts::money(bond),
        due.saturating_sub(block.time) / 1_000
    )?;
    Ok(())
}
