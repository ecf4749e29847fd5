//! Open trades, and what an opening proves of one.

use crate::{
    amounts,
    market::Plancks,
    opening::Finding,
    settlement::{self, Seller, Trade},
    text::account_text,
};
use qedex_primitives::SlotTimes;
use serde_json::{Value, json};

/// Where a trade stands, and until when.
pub fn stands(
    moments: &SlotTimes,
    lost: u64,
    asked: bool,
    seller: &Seller,
    trade: &Trade,
    now: u64,
) -> (&'static str, u64) {
    // What is due after delivery waits for as long as the chain stood still.
    let moments = moments.later(lost);
    if now < moments.delivery_starts {
        ("before delivery", moments.delivery_starts)
    } else if now < moments.delivery_ends {
        ("delivery", moments.delivery_ends)
    } else if now < moments.commitments_until {
        ("commitments", moments.commitments_until)
    } else if now < moments.readings_until {
        ("readings", moments.readings_until)
    } else if now < moments.complaints_until {
        let stands = if trade.complaint.is_some() { "complained" } else { "complaints" };
        (stands, moments.complaints_until)
    } else if seller.revealed.is_some() {
        ("revealed", moments.final_at)
    } else if asked {
        ("answer", moments.final_at)
    } else {
        ("trusted", moments.final_at)
    }
}

/// A trade with all that is shown about it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The trade.
    pub trade: Trade,
    /// Where it stands.
    pub stands: &'static str,
    /// Until when, in milliseconds since the Unix epoch.
    pub until: u64,
    /// Whether the seller's bill is asked for, by a complaint or the draw.
    pub asked: bool,
    /// What its seller has done.
    pub seller: Seller,
    /// What a complaint would hold, as long as there is none.
    pub bond: Option<Plancks>,
}

impl Line {
    /// It, for programs.
    pub fn json(&self) -> Value {
        let (Trade { slot, id, .. }, trade) = (&self.trade, &self.trade.of);
        json!({
            "slot": slot,
            "trade": id,
            "buyer": account_text(self.trade.buyer),
            "seller": account_text(self.trade.seller),
            "wh": trade.energy.0,
            "before_wh": trade.before.0,
            "buyer_price": amounts::json(trade.buyer_price.0),
            "seller_price": amounts::json(trade.seller_price.0),
            "payment": amounts::json(self.trade.payment),
            "deposit": amounts::json(self.trade.deposit),
            "stands": self.stands,
            "until": self.until,
            "commitment": self.seller.commitment.map(|hash| format!("{hash:?}")),
            "revealed_wh": self.seller.revealed,
            "seller_asked": self.asked,
            "complaint": self.trade.complaint.map(|complaint| json!({
                "bond": amounts::json(complaint.bond),
                "due": complaint.due,
            })),
            "bond": self.bond.map(amounts::json),
        })
    }
}

/// The name of a finding, for programs.
pub const fn name(finding: &Finding) -> &'static str {
    match finding {
        Finding::Proves { .. } => "as-committed",
        Finding::NotOfTheTrade(_) => "not-of-the-trade",
        Finding::NoCommitment => "no-commitment",
        Finding::NotAsCommitted => "not-as-committed",
        Finding::BadBill(_) => "bad-bill",
    }
}

/// What was found, in words.
pub fn detail(finding: &Finding) -> String {
    match finding {
        Finding::Proves { delivered, .. } => format!(
            "the opening is what the seller committed to; its meters show {delivered} Wh delivered"
        ),
        Finding::NotOfTheTrade(what) => format!("the opening does not match: {what}"),
        Finding::NoCommitment => "the seller has not committed".to_owned(),
        Finding::NotAsCommitted => {
            "the opening does not match: it is not what the seller committed to".to_owned()
        }
        Finding::BadBill(refusal) => {
            format!("the seller committed to a bill that proves nothing: {refusal}")
        }
    }
}

/// What a buyer may do whose trade is not covered.
pub fn advice(
    finding: &Finding,
    times: &SlotTimes,
    trade: &settlement::Trade,
    now: u64,
    bond: Option<Plancks>,
) -> String {
    if let Finding::NotOfTheTrade(_) = finding {
        return "this is not the opening of the trade: look for the right file, or ask the seller \
                for it, before you complain"
            .to_owned();
    }
    if trade.complaint.is_some() {
        let wait = times.complaints_until.saturating_sub(now) / 1_000;
        let left = times.final_at.saturating_sub(now) / 1_000;
        return format!(
            "you have complained: the seller's bill is revealed from {wait} s from now on, before \
             {left} s have passed, or it loses all"
        );
    }
    if *finding == Finding::NoCommitment {
        return "without commitment and readings the seller defaults by itself: there is nothing \
                to complain of"
            .to_owned();
    }
    let (from, until) = (times.readings_until, times.complaints_until);
    if now >= until {
        return "it is too late to complain".to_owned();
    }
    let bond = bond.map_or_else(String::new, |bond| {
        format!(
            ", with a bond of {} that comes back unless a bill is revealed that covers the trade",
            amounts::money(bond)
        )
    });
    let wait = from.saturating_sub(now) / 1_000;
    let left = until.saturating_sub(now) / 1_000;
    format!(
        "complain (qedex trade complain) from {wait} s from now on, before {left} s have passed{bond}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settlement::Complaint;
    use qedex_primitives::{PricePerKwh, Wh};

    #[test]
    fn where_a_trade_stands_follows_the_slot_s_clock() {
        let moments = SlotTimes {
            gate_opens: 60,
            gate_closes: 90,
            delivery_starts: 100,
            delivery_ends: 110,
            commitments_until: 130,
            readings_until: 150,
            complaints_until: 190,
            final_at: 210,
        };
        let trade = |complaint| Trade {
            slot: 10,
            id: 0,
            of: qedex_primitives::Trade {
                buyer: [1; 32],
                seller: [2; 32],
                energy: Wh(1),
                buyer_price: PricePerKwh(1),
                seller_price: PricePerKwh(1),
                payment: 1,
                deposit: 1,
                reserve: 0,
                before: Wh(0),
                complaint,
            },
        };
        let look = |asked, seller: &Seller, trade: &Trade, now| {
            stands(&moments, 7, asked, seller, trade, now)
        };
        let at = |now| look(false, &Seller::default(), &trade(None), now);
        assert_eq!(at(99), ("before delivery", 100));
        assert_eq!(at(100), ("delivery", 110));
        assert_eq!(at(110), ("commitments", 137));
        assert_eq!(at(137), ("readings", 157));
        assert_eq!(at(157), ("complaints", 197));
        assert_eq!(at(197), ("trusted", 217));
        let complained = trade(Some(Complaint { bond: 1, needs: Wh(1), due: 210 }));
        let seller = Seller { complained: true, ..Seller::default() };
        assert_eq!(look(true, &seller, &complained, 160), ("complained", 197));
        // Another buyer's complaint asks for the same bill, and so does the draw.
        for trade in [&complained, &trade(None)] {
            assert_eq!(look(true, &seller, trade, 197), ("answer", 217));
            let revealed = Seller { revealed: Some(Wh(1)), ..seller };
            assert_eq!(look(true, &revealed, trade, 197), ("revealed", 217));
        }
    }
}
