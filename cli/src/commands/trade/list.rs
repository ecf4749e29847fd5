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
    amounts::{self, in_qed},
    keys,
    market::Account,
    queries,
    settlement::{self, Trade},
    text::account_text,
    told::trades::{Line, stands},
};
use qedex_primitives::SlotIndex;
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
            in_qed(trade.buyer_price.0),
            in_qed(trade.seller_price.0),
            amounts::money(trade.payment),
            amounts::money(trade.deposit),
            format!("{} for {left} s, {committed}", line.stands),
            bond,
            format!("{}\n{}", account_text(trade.buyer), account_text(trade.seller)),
        ]);
    }
    table.to_string()
}
