//! `qedex trade watch`

use crate::{commands::options::Ask, error::Error, output::say, slots::SlotName};
use clap::Args;
use qedex_client::{
    market::SlotEvent,
    queries, settlement,
    told::happened::{concerns, ends, text, value},
};
use serde_json::{Value, json};

/// Options of `trade watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// Follows this trade alone.
    #[arg(long, value_name = "ID")]
    trade: Option<u32>,
    /// Which node, and how to answer: JSON is a line for each event.
    #[command(flatten)]
    ask: Ask,
}

/// Follows a slot until it is settled.
pub async fn watch(args: &Watch) -> Result<(), Error> {
    let mut session = args.ask.node.open().await?;
    let slot = args.slot.to_see(session.at()).await?;
    settlement::ensure_to_come(session.at(), slot, args.trade).await?;
    let calendar = queries::calendar(session.at()).await?;
    let last = calendar.times(slot).final_at;
    loop {
        let block = session.next_block().await?;
        let of_slot = block
            .slot_events
            .iter()
            .filter(|(of, _)| *of == slot)
            .map(|(_, slot_event)| slot_event);
        for slot_event in of_slot {
            if !concerns(slot_event, args.trade) {
                continue;
            }
            tell(args.ask.json, slot, block.number, block.time, slot_event)?;
            if ends(slot_event, args.trade) {
                return Ok(());
            }
        }
        if block.time >= last && settlement::book(session.at(), slot).await?.is_none() {
            return Err(Error::BadInput(format!("slot {} ended without a trade", slot)));
        }
    }
}

fn tell(json: bool, slot: u64, block: u64, time: u64, slot_event: &SlotEvent) -> Result<(), Error> {
    if !json {
        return say!("block {block}: {}", text(slot_event));
    }
    let mut line = json!({ "block": block, "time": time, "slot": slot });
    if let (Value::Object(line), Value::Object(more)) = (&mut line, value(slot_event)) {
        line.extend(more);
    }
    say!("{line}")
}
