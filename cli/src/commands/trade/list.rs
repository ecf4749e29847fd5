//! `qedex trade list`

use crate::{
    accounts::parse_account,
    commands::options::Ask,
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::Args;
use qedex_client::{
    At,
    amounts::{self, qed},
    keys,
    market::{Account, Plancks},
    queries,
    settlement::{self, Seller, Trade},
    text::account_text,
};
use qedex_primitives::{SlotIndex, SlotTimes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Options of `trade list`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("whose").args(["account", "suri"]).multiple(false)))]
#[command(group(clap::ArgGroup::new("which").args(["account", "suri", "slot"]).required(true).multiple(true)))]
pub struct List {
    /// Those in which this account buys or sells.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    account: Option<Account>,
    /// Those in which the account of this secret URI buys or sells.
    #[arg(long)]
    suri: Option<String>,
    /// Those of this delivery slot: its number, or a time such as 14:30.
    #[arg(long)]
    slot: Option<SlotName>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Where a trade stands, and until when.
fn stands(
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
struct Line {
    trade: Trade,
    stands: &'static str,
    until: u64,
    /// Whether the seller's bill is asked for, by a complaint or the draw.
    asked: bool,
    seller: Seller,
    /// What a complaint would hold, as long as there is none.
    bond: Option<Plancks>,
}

impl Line {
    fn json(&self) -> Value {
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

async fn look(at: &At, args: &List) -> Result<Vec<Trade>, Error> {
    let account = match (&args.suri, args.account) {
        (Some(suri), _) => Some(keys::account_of(&keys::from_suri(suri)?)),
        (None, account) => account,
    };
    let slot = match &args.slot {
        Some(slot) => Some(slot.to_see(at).await?),
        None => None,
    };
    Ok(match (account, slot) {
        (None, None) => Vec::new(),
        (None, Some(slot)) => settlement::trades_in(at, slot).await?,
        (Some(account), slot) => settlement::trades_of(at, account, slot).await?,
    })
}

/// Lists open trades.
pub async fn list(args: &List) -> Result<(), Error> {
    if let Some(suri) = &args.suri {
        keys::from_suri(suri)?;
    }
    let at = args.ask.at().await?;
    let now = queries::time(&at).await?;
    let mut books = BTreeMap::new();
    let mut sellers = BTreeMap::new();
    let mut lines = Vec::new();
    for trade in look(&at, args).await? {
        let slot = trade.slot;
        if let std::collections::btree_map::Entry::Vacant(entry) = books.entry(slot) {
            entry.insert(settlement::book(&at, slot).await?);
        }
        let Some(Some(book)) = books.get(&slot).cloned() else {
            continue;
        };
        let key = (slot, trade.seller);
        if let std::collections::btree_map::Entry::Vacant(entry) = sellers.entry(key) {
            let seller = settlement::seller(&at, slot, trade.seller).await?;
            let asked = seller
                .as_ref()
                .is_some_and(|(owner, seller)| book.asks(SlotIndex(slot), *owner, seller));
            entry.insert((asked, seller.map(|(_, seller)| seller).unwrap_or_default()));
        }
        let (asked, seller) = sellers.get(&key).cloned().unwrap_or_default();
        let bond = match trade.complaint {
            None => settlement::bond(&at, slot, trade.id).await?,
            Some(_) => None,
        };
        let (stands, until) = stands(&book.terms.schedule, book.lost, asked, &seller, &trade, now);
        lines.push(Line { trade, stands, until, asked, seller, bond });
    }
    if args.ask.json {
        return output::json(&lines.iter().map(Line::json).collect::<Vec<_>>());
    }
    say!("{}", table(&lines, now))?;
    Ok(())
}

fn table(lines: &[Line], now: u64) -> String {
    if lines.is_empty() {
        return "no open trades".to_owned();
    }
    let mut table = output::table(vec![
        "slot",
        "trade",
        "Wh",
        "sold before",
        "buyer pays",
        "seller gets",
        "payment",
        "deposit",
        "stands at",
        "bond",
        "buyer, seller",
    ]);
    for line in lines {
        let trade = &line.trade;
        let bond = match (trade.complaint, line.bond) {
            (Some(complaint), _) => format!("{} held", amounts::money(complaint.bond)),
            (None, Some(bond)) => amounts::money(bond),
            (None, None) => "-".to_owned(),
        };
        let left = line.until.saturating_sub(now) / 1_000;
        let committed = match line.seller.commitment {
            Some(_) => "committed",
            None => "not committed",
        };
        table.add_row(vec![
            trade.slot.to_string(),
            trade.id.to_string(),
            trade.energy.0.to_string(),
            trade.before.0.to_string(),
            qed(trade.buyer_price.0, 4),
            qed(trade.seller_price.0, 4),
            amounts::money(trade.payment),
            amounts::money(trade.deposit),
            format!("{} for {left} s, {committed}", line.stands),
            bond,
            format!("{}\n{}", account_text(trade.buyer), account_text(trade.seller)),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_client::settlement::Complaint;
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
