//! `qedex order`

use super::{open, print_json};
use crate::{
    args::{CancelOrder, PlaceOrder, SideArg},
    chain::{calls, keys, queries},
    error::Error,
    market::{Happening, Side},
    report::qed,
};
use qedex_math::{PricePerKwh, Wh};
use serde_json::json;

/// How long an order may take into a block, in milliseconds: three blocks. A gate that closes
/// sooner is as good as closed.
const INCLUSION: u64 = 6_000;

/// Places an order and waits until it is final.
pub async fn place(args: &PlaceOrder) -> Result<(), Error> {
    let key = keys::from_suri(&args.suri)?;
    let mut session = open(&args.node).await?;
    let slot = match args.slot.slot {
        Some(slot) => slot,
        None => {
            let now = queries::time(session.at()).await?;
            queries::calendar(session.at())
                .await?
                .first_not_closed(now.saturating_add(INCLUSION))
        }
    };
    let side = match args.side {
        SideArg::Bid => Side::Bid,
        SideArg::Ask => Side::Ask,
    };
    let call = calls::place_order(slot, side, PricePerKwh(args.price), Wh(args.wh));
    let (block, included) = session.call("the order", &call, &key).await?;
    let placed = included
        .happenings
        .iter()
        .find_map(|(_, happening)| match happening {
            Happening::Placed(order) => Some(order),
            _ => None,
        });
    let order = placed.ok_or_else(|| Error::Answer("no order was placed".to_owned()))?;
    if args.json {
        return print_json(&json!({
            "slot": slot,
            "id": order.id,
            "held": serde_json::Number::from_u128(order.held),
            "block": block.number,
        }));
    }
    println!(
        "order {} of slot {slot} is placed in block {}; {} QED are held for it",
        order.id,
        block.number,
        qed(order.held, 6)
    );
    Ok(())
}

/// Cancels an order and waits until that is final.
pub async fn cancel(args: &CancelOrder) -> Result<(), Error> {
    let key = keys::from_suri(&args.suri)?;
    let mut session = open(&args.node).await?;
    let call = calls::cancel_order(args.slot, args.id);
    let (block, _) = session.call("the cancellation", &call, &key).await?;
    if args.json {
        let (slot, id) = (args.slot, args.id);
        return print_json(&json!({ "slot": slot, "id": id, "block": block.number }));
    }
    println!(
        "order {} of slot {} is cancelled in block {}",
        args.id, args.slot, block.number
    );
    Ok(())
}
