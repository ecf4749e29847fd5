//! The figures as a readable table.

use super::{Figures, SessionFigures};
use crate::strategy::Cheat;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use qedex_client::amounts::{kwh, qed};
use qedex_math::Wh;
use std::fmt;

/// Decimals of a price or an amount of money in the tables.
const DECIMALS: u32 = 4;

/// More cheats than this are summed up.
const CHEAT_LINES: usize = 20;

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.slot_table())?;
        writeln!(f, "{}", self.summary_table())?;
        if let Some(sessions) = &self.sessions {
            writeln!(f, "{}", session_table(sessions))?;
        }
        if !self.cheats.list.is_empty() {
            writeln!(f, "{}", self.cheat_table())?;
        }
        for (name, holds) in &self.invariants {
            writeln!(f, "{} {}", if *holds { "ok    " } else { "BROKEN" }, name.replace('_', " "))?;
        }
        Ok(())
    }
}

fn table(header: &[&str], numbers_from: usize) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(header.to_vec());
    for column in numbers_from..header.len() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn price(price: Option<u128>) -> String {
    price.map_or_else(|| "-".to_owned(), |price| qed(price, DECIMALS))
}

fn session_table(sessions: &SessionFigures) -> Table {
    let mut table = table(&["sessions under quantum keys, beside the market", ""], 1);
    for (what, value) in sessions.rows(|amount| format!("{} QED", qed(amount, DECIMALS))) {
        table.add_row(vec![what.to_owned(), value]);
    }
    table
}

impl Figures {
    fn slot_table(&self) -> Table {
        let header = [
            "delivery from",
            "orders",
            "offered kWh",
            "demanded kWh",
            "tradable kWh",
            "cleared kWh",
            "trades",
            "keys",
            "buyers pay QED/kWh",
            "sellers get QED/kWh",
        ];
        let mut table = table(&header, 1);
        for slot in &self.slots {
            table.add_row(vec![
                slot.time.replace('T', " "),
                slot.orders.to_string(),
                kwh(Wh(slot.offered)),
                kwh(Wh(slot.demanded)),
                kwh(Wh(slot.tradable)),
                kwh(Wh(slot.cleared)),
                slot.trades.to_string(),
                format!("{} of {}", slot.keys_used, slot.keys_reserved),
                price(slot.buyers_pay),
                price(slot.sellers_receive),
            ]);
        }
        table
    }

    fn summary_table(&self) -> Table {
        let mut table = table(&["the community of this run", ""], 1);
        let share = self.energy.cleared_share_ppm;
        let money = |amount| format!("{} QED", qed(amount, DECIMALS));
        let sign = if self.community_saving < 0 { "-" } else { "" };
        let (least, most) = (self.prices.grid, self.prices.grid_max);
        let grid = if least == most {
            qed(least, DECIMALS)
        } else {
            format!("{} to {}", qed(least, DECIMALS), qed(most, DECIMALS))
        };
        let rows: Vec<(&str, String)> = vec![
            ("participants", self.participants.to_string()),
            ("slots cleared", format!("{} of {}", self.slots_cleared, self.slots_requested)),
            (
                "orders",
                format!(
                    "{} ({} bids, {} asks), {} refused",
                    self.orders.placed, self.orders.bids, self.orders.asks, self.orders.refused
                ),
            ),
            (
                "cleared",
                format!(
                    "{} kWh, {}.{:02} % of what was tradable",
                    kwh(Wh(self.energy.cleared)),
                    share / 10_000,
                    share % 10_000 / 100
                ),
            ),
            (
                "grid price, feed-in price, grid fee",
                format!(
                    "{}, {}, {} QED/kWh",
                    grid,
                    qed(self.prices.feed_in, DECIMALS),
                    qed(self.prices.grid_fee, DECIMALS)
                ),
            ),
            (
                "buyers paid",
                format!(
                    "{} to {} QED/kWh",
                    price(self.prices.buyers_min),
                    price(self.prices.buyers_max)
                ),
            ),
            (
                "sellers got",
                format!(
                    "{} to {} QED/kWh",
                    price(self.prices.sellers_min),
                    price(self.prices.sellers_max)
                ),
            ),
            ("trades", self.trades.opened.to_string()),
            (
                "  kept",
                format!(
                    "{} delivered, {} acknowledged, {} trusted, {} refuted",
                    self.trades.delivered,
                    self.trades.acknowledged,
                    self.trades.trusted,
                    self.trades.refuted
                ),
            ),
            (
                "  broken",
                format!(
                    "{} short, {} concealed, {} defaulted, {} unanswered, {} forfeited",
                    self.trades.short,
                    self.trades.concealed,
                    self.trades.defaulted,
                    self.trades.unanswered,
                    self.trades.forfeited
                ),
            ),
            ("  annulled", self.trades.annulled.to_string()),
            ("money moved", money(self.money.paid)),
            ("  to sellers", money(self.money.to_sellers)),
            ("  to the grid", money(self.money.to_grid)),
            ("  to funds", money(self.money.to_funds)),
            ("refunded to buyers", money(self.money.refunded)),
            ("deposits held", money(self.deposits.held)),
            ("  returned", money(self.deposits.returned)),
            ("  paid as compensation", money(self.deposits.compensation)),
            ("  fees for what was missing", money(self.deposits.shortfall_fees)),
            ("  forfeited to funds", money(self.deposits.forfeited)),
            ("bonds of complaints held", money(self.bonds.held)),
            ("  returned", money(self.bonds.returned)),
            ("  forfeited to funds", money(self.bonds.forfeited)),
            ("lost by cheats", money(self.cheats.lost)),
            (
                "saved against the grid",
                format!("{sign}{}", money(self.community_saving.unsigned_abs())),
            ),
        ];
        let transactions = self.transactions.rows(DECIMALS);
        for (what, value) in rows.into_iter().chain(transactions).chain(self.keys.rows()) {
            table.add_row(vec![what.to_owned(), value]);
        }
        table
    }

    fn cheat_table(&self) -> Table {
        let header =
            ["cheat", "delivery from", "how", "sold kWh", "metered kWh", "lost QED", "unpaid QED"];
        let mut table = table(&header, 3);
        for line in self.cheats.list.iter().take(CHEAT_LINES) {
            let how = match line.kind {
                Cheat::UnderDelivers => "delivered half",
                Cheat::StaysSilent => "stayed silent",
                Cheat::Hides => "hid its bill",
            };
            table.add_row(vec![
                line.participant.clone(),
                line.time.replace('T', " "),
                how.to_owned(),
                kwh(Wh(line.sold)),
                kwh(Wh(line.metered)),
                qed(line.lost, DECIMALS),
                qed(line.unpaid, DECIMALS),
            ]);
        }
        let rest = self.cheats.list.len().saturating_sub(CHEAT_LINES);
        if rest > 0 {
            table.add_row(vec![format!("and {rest} more")]);
        }
        table
    }
}
