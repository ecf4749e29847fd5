//! `qedex trade watch`

use super::{money, no_such_trade, plancks};
use crate::{commands::options::Ask, error::Error, output::say};
use clap::Args;
use qedex_client::{
    At,
    market::{Happening, Settlement},
    queries, settlement,
    text::account_text,
};
use serde_json::{Value, json};

/// Options of `trade watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// The delivery slot's number.
    #[arg(long)]
    slot: u64,
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
    check(session.at(), args).await?;
    let calendar = queries::calendar(session.at()).await?;
    let last = calendar.moments(args.slot).final_at;
    loop {
        let block = session.next_block().await?;
        let of_slot = block
            .happenings
            .iter()
            .filter(|(slot, _)| *slot == args.slot)
            .map(|(_, happening)| happening);
        for happening in of_slot {
            if !concerns(happening, args.trade) {
                continue;
            }
            tell(args, block.number, block.time, happening)?;
            if ends(happening, args.trade) {
                return Ok(());
            }
        }
        if block.time >= last && settlement::book(session.at(), args.slot).await?.is_none() {
            return Err(Error::BadInput(format!("slot {} ended without a trade", args.slot)));
        }
    }
}

/// Refuses a slot or trade of which nothing is to come.
async fn check(at: &At, args: &Watch) -> Result<(), Error> {
    let now = queries::time(at).await?;
    let calendar = queries::calendar(at).await?;
    let book = settlement::book(at, args.slot).await?;
    // Trades open between the closing of the gate and the end of delivery.
    let moments = book.map_or_else(|| calendar.moments(args.slot), |book| book.moments);
    let to_come = now < moments.delivery_ends;
    if book.is_none() && !to_come {
        return Err(Error::BadInput(format!(
            "slot {} has no open trades, and gets none any more",
            args.slot
        )));
    }
    if let Some(id) = args.trade {
        let opened = book.is_some_and(|book| id < book.trades);
        let open = settlement::trade(at, args.slot, id).await?.is_some();
        if !open && (opened || !to_come) {
            return Err(no_such_trade(args.slot, id));
        }
    }
    Ok(())
}

/// Whether a happening is about this trade, or whichever trade.
fn concerns(happening: &Happening, trade: Option<u32>) -> bool {
    let Some(wanted) = trade else {
        return !matches!(happening, Happening::Placed(_));
    };
    match happening {
        Happening::Opened(trade) => trade.id == wanted,
        Happening::Complained { id, .. } | Happening::Settled(id, _) => *id == wanted,
        // They may be its seller's.
        Happening::Committed(..) | Happening::Revealed(..) => true,
        Happening::Matched(trades) => *trades <= wanted,
        Happening::Closed => true,
        Happening::Placed(_) | Happening::Cleared(_) => false,
    }
}

/// Whether nothing is to come after it.
fn ends(happening: &Happening, trade: Option<u32>) -> bool {
    match happening {
        Happening::Settled(id, _) => trade == Some(*id),
        Happening::Matched(trades) => trade.is_some_and(|id| *trades <= id) || *trades == 0,
        Happening::Closed => true,
        _ => false,
    }
}

fn tell(args: &Watch, block: u64, time: u64, happening: &Happening) -> Result<(), Error> {
    if !args.ask.json {
        return say!("block {block}: {}", text(happening));
    }
    let mut line = json!({ "block": block, "time": time, "slot": args.slot });
    if let (Value::Object(line), Value::Object(more)) = (&mut line, value(happening)) {
        line.extend(more);
    }
    say!("{line}")
}

fn text(happening: &Happening) -> String {
    match happening {
        Happening::Placed(order) => format!("order {} is placed", order.id),
        Happening::Cleared(clearing) => format!("cleared: {} Wh", clearing.volume.0),
        Happening::Matched(trades) => format!("matched: {trades} trades"),
        Happening::Opened(trade) => format!(
            "trade {} is opened: {} Wh from {} to {}",
            trade.id,
            trade.energy.0,
            account_text(trade.seller),
            account_text(trade.buyer)
        ),
        Happening::Committed(seller, _) => format!("{} committed", account_text(*seller)),
        Happening::Complained { id, bond, .. } => {
            format!("trade {id} is complained about, bond {}", money(*bond))
        }
        Happening::Revealed(seller, delivered) => {
            format!("{} revealed {} Wh", account_text(*seller), delivered.0)
        }
        Happening::Settled(id, s) => format!(
            "trade {id} is settled: {}; {} to the seller, {} back to the buyer, {} compensation",
            s.outcome.name(),
            money(s.to_seller.saturating_add(s.bond_to_seller)),
            money(s.refund.saturating_add(s.bond_back)),
            money(s.compensation)
        ),
        Happening::Closed => "the slot is settled".to_owned(),
    }
}

fn value(happening: &Happening) -> Value {
    match happening {
        Happening::Placed(order) => json!({ "event": "placed", "order": order.id }),
        Happening::Cleared(clearing) => json!({
            "event": "cleared",
            "wh": clearing.volume.0,
            "buyers_pay": clearing.buyers_pay.map(|price| plancks(price.0)),
            "sellers_receive": clearing.sellers_receive.map(|price| plancks(price.0)),
        }),
        Happening::Matched(trades) => json!({ "event": "matched", "trades": trades }),
        Happening::Opened(trade) => json!({
            "event": "opened",
            "trade": trade.id,
            "buyer": account_text(trade.buyer),
            "seller": account_text(trade.seller),
            "wh": trade.energy.0,
            "payment": plancks(trade.payment),
            "deposit": plancks(trade.deposit),
        }),
        Happening::Committed(seller, commitment) => json!({
            "event": "committed",
            "seller": account_text(*seller),
            "commitment": format!("0x{}", hex::encode(commitment)),
        }),
        Happening::Complained { id, bond, due } => json!({
            "event": "complained",
            "trade": id,
            "bond": plancks(*bond),
            "due": due,
        }),
        Happening::Revealed(seller, delivered) => json!({
            "event": "revealed",
            "seller": account_text(*seller),
            "delivered_wh": delivered.0,
        }),
        Happening::Settled(id, settlement) => settled(*id, settlement),
        Happening::Closed => json!({ "event": "slot-settled" }),
    }
}

fn settled(id: u32, s: &Settlement) -> Value {
    json!({
        "event": "settled",
        "trade": id,
        "outcome": s.outcome.name(),
        "metered_wh": s.metered.0,
        "to_seller": plancks(s.to_seller),
        "to_grid": plancks(s.to_grid),
        "to_fund": plancks(s.to_fund),
        "refund": plancks(s.refund),
        "compensation": plancks(s.compensation),
        "forfeited": plancks(s.forfeited),
        "deposit_back": plancks(s.deposit_back),
        "bond_to_seller": plancks(s.bond_to_seller),
        "bond_back": plancks(s.bond_back),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_math::Wh;

    #[test]
    fn a_trade_ends_with_itself_and_a_slot_with_its_last() {
        let complained = Happening::Complained { id: 3, bond: 1, due: 2 };
        assert!(concerns(&complained, Some(3)) && concerns(&complained, None));
        assert!(!concerns(&complained, Some(4)));
        let revealed = Happening::Revealed([1; 32], Wh(5));
        assert!(concerns(&revealed, Some(4)) && !ends(&revealed, Some(4)));
        // Two trades have the numbers 0 and 1: a third one will never be.
        assert!(ends(&Happening::Matched(2), Some(2)));
        assert!(!ends(&Happening::Matched(2), Some(1)));
        assert!(!ends(&Happening::Matched(2), None) && ends(&Happening::Matched(0), None));
        assert!(ends(&Happening::Closed, None));
    }
}
