//! What happens in a slot.

use crate::{
    amounts,
    market::{Settlement, SlotEvent, outcome_name},
    text::{account_text, owner_text},
};
use serde_json::{Value, json};

/// Whether a slot_event is about this trade, or whichever trade.
pub fn concerns(slot_event: &SlotEvent, trade: Option<u32>) -> bool {
    let Some(wanted) = trade else {
        return !matches!(slot_event, SlotEvent::Placed(_));
    };
    match slot_event {
        SlotEvent::Opened(trade) => trade.id == wanted,
        SlotEvent::Complained { id, .. } | SlotEvent::Settled(id, _) => *id == wanted,
        // They may be its seller's.
        SlotEvent::Committed { .. } | SlotEvent::Revealed { .. } => true,
        SlotEvent::Matched(trades) => *trades <= wanted,
        SlotEvent::Closed => true,
        SlotEvent::Placed(_) | SlotEvent::Cleared(_) | SlotEvent::Worked { .. } => false,
    }
}

/// Whether nothing is to come after it.
pub fn ends(slot_event: &SlotEvent, trade: Option<u32>) -> bool {
    match slot_event {
        SlotEvent::Settled(id, _) => trade == Some(*id),
        SlotEvent::Matched(trades) => trade.is_some_and(|id| *trades <= id) || *trades == 0,
        SlotEvent::Closed => true,
        _ => false,
    }
}

/// What happened, in words.
pub fn text(slot_event: &SlotEvent) -> String {
    match slot_event {
        SlotEvent::Placed(order) => format!("order {} is placed", order.id),
        SlotEvent::Cleared(clearing) => format!("cleared: {} Wh", clearing.volume.0),
        SlotEvent::Matched(trades) => format!("matched: {trades} trades"),
        SlotEvent::Opened(trade) => format!(
            "trade {} is opened: {} Wh from {} to {}",
            trade.id,
            trade.energy.0,
            account_text(trade.seller),
            account_text(trade.buyer)
        ),
        SlotEvent::Worked { who, amount, renewal } => format!(
            "{} paid {} for the {}",
            account_text(*who),
            amounts::money(*amount),
            if *renewal { "renewal of its standing order" } else { "work of a trade" }
        ),
        SlotEvent::Committed { by, .. } => format!("{} committed", account_text(*by)),
        SlotEvent::Complained { id, bond, .. } => {
            format!("trade {id} is complained about, bond {}", amounts::money(*bond))
        }
        SlotEvent::Revealed { owner, by, delivered } => format!(
            "{} revealed that {} delivered {} Wh",
            account_text(*by),
            owner_text(*owner),
            delivered.0
        ),
        SlotEvent::Settled(id, s) => format!(
            "trade {id} is settled: {}; {} to the seller, {} back to the buyer, {} compensation",
            outcome_name(s.outcome),
            amounts::money(s.to_seller),
            amounts::money(s.refund.saturating_add(s.bond_back).saturating_add(s.reserve_back)),
            amounts::money(s.compensation)
        ),
        SlotEvent::Closed => "the slot is settled".to_owned(),
    }
}

/// What happened, for programs.
pub fn value(slot_event: &SlotEvent) -> Value {
    match slot_event {
        SlotEvent::Placed(order) => json!({ "event": "placed", "order": order.id }),
        SlotEvent::Cleared(clearing) => json!({
            "event": "cleared",
            "wh": clearing.volume.0,
            "buyers_pay": clearing.buyers_pay.map(|price| amounts::json(price.0)),
            "sellers_receive": clearing.sellers_receive.map(|price| amounts::json(price.0)),
        }),
        SlotEvent::Matched(trades) => json!({ "event": "matched", "trades": trades }),
        SlotEvent::Opened(trade) => json!({
            "event": "opened",
            "trade": trade.id,
            "buyer": account_text(trade.buyer),
            "seller": account_text(trade.seller),
            "owner": owner_text(trade.owner),
            "wh": trade.energy.0,
            "payment": amounts::json(trade.payment),
            "deposit": amounts::json(trade.deposit),
            "reserve": amounts::json(trade.reserve),
        }),
        SlotEvent::Worked { who, amount, renewal } => json!({
            "event": if *renewal { "renewal-paid" } else { "work-paid" },
            "account": account_text(*who),
            "amount": amounts::json(*amount),
        }),
        SlotEvent::Committed { owner, by, commitment } => json!({
            "event": "committed",
            "owner": owner_text(*owner),
            "seller": account_text(*by),
            "commitment": format!("0x{}", hex::encode(commitment)),
        }),
        SlotEvent::Complained { id, bond, added, due } => json!({
            "event": "complained",
            "trade": id,
            "bond": amounts::json(*bond),
            "added": amounts::json(*added),
            "due": due,
        }),
        SlotEvent::Revealed { owner, by, delivered } => json!({
            "event": "revealed",
            "owner": owner_text(*owner),
            "by": account_text(*by),
            "delivered_wh": delivered.0,
        }),
        SlotEvent::Settled(id, settlement) => settled(*id, settlement),
        SlotEvent::Closed => json!({ "event": "slot-settled" }),
    }
}

fn settled(id: u32, s: &Settlement) -> Value {
    json!({
        "event": "settled",
        "trade": id,
        "outcome": outcome_name(s.outcome),
        "metered_wh": s.metered.0,
        "to_seller": amounts::json(s.to_seller),
        "to_grid": amounts::json(s.to_grid),
        "to_fund": amounts::json(s.to_entropy_fund),
        "refund": amounts::json(s.refund),
        "to_community_fund": amounts::json(s.to_community_fund),
        "compensation": amounts::json(s.compensation),
        "shortfall_fee": amounts::json(s.shortfall_fee),
        "forfeited": amounts::json(s.forfeited),
        "sellers_bond": amounts::json(s.sellers_bond),
        "deposit_back": amounts::json(s.deposit_back),
        "bond_to_community_fund": amounts::json(s.bond_to_community_fund),
        "bond_back": amounts::json(s.bond_back),
        "reserve_back": amounts::json(s.reserve_back),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_math::Wh;

    #[test]
    fn a_trade_ends_with_itself_and_a_slot_with_its_last() {
        let complained = SlotEvent::Complained { id: 3, bond: 1, added: 1, due: 2 };
        assert!(concerns(&complained, Some(3)) && concerns(&complained, None));
        assert!(!concerns(&complained, Some(4)));
        let revealed = SlotEvent::Revealed {
            owner: qedex_primitives::OwnerId([2; 32]),
            by: [1; 32],
            delivered: Wh(5),
        };
        assert!(concerns(&revealed, Some(4)) && !ends(&revealed, Some(4)));
        // Two trades have the numbers 0 and 1: a third one will never be.
        assert!(ends(&SlotEvent::Matched(2), Some(2)));
        assert!(!ends(&SlotEvent::Matched(2), Some(1)));
        assert!(!ends(&SlotEvent::Matched(2), None) && ends(&SlotEvent::Matched(0), None));
        assert!(ends(&SlotEvent::Closed, None));
    }
}
