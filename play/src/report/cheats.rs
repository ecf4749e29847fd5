//! What cheating cost, cheat by cheat.

use super::{Run, name_of};
use crate::{books::SlotBooks, strategy::Cheat};
use qedex_client::market::Plancks;
use serde::Serialize;

/// What cheating cost.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheatFigures {
    /// Deposits lost, all in all.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub lost: Plancks,
    /// One line per cheat and slot.
    pub list: Vec<CheatLine>,
}

/// One seller's cheat in one slot.
#[derive(Clone, Debug, Serialize)]
pub struct CheatLine {
    /// Who.
    pub participant: String,
    /// Local time of the slot.
    pub time: String,
    /// How.
    pub kind: Cheat,
    /// What it had sold.
    pub sold: u64,
    /// What the meter showed of it.
    pub metered: u64,
    /// What it lost of its deposit.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub lost: Plancks,
    /// What it was not paid.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub unpaid: Plancks,
}

/// One line for each planned cheat that had sold something.
pub(super) fn figures(run: &Run, books: &[SlotBooks]) -> CheatFigures {
    let mut list = Vec::new();
    for slot in books {
        for (account, kind) in &slot.cheats {
            let mut line = CheatLine {
                participant: name_of(run, account),
                time: slot.time.clone(),
                kind: *kind,
                sold: slot.sold_by(account).0,
                metered: 0,
                lost: 0,
                unpaid: 0,
            };
            let price = slot.clearing.and_then(|c| c.sellers_receive).unwrap_or_default();
            for (trade, settled) in slot.settled().filter(|(t, _)| t.seller == *account) {
                let due = price.cost_floor(trade.energy).unwrap_or(0);
                line.metered += settled.metered.min(trade.energy).0;
                line.lost += trade.deposit.saturating_sub(settled.deposit_back);
                line.unpaid += due.saturating_sub(settled.to_seller);
            }
            if line.sold > 0 {
                list.push(line);
            }
        }
    }
    CheatFigures { lost: list.iter().map(|line| line.lost).sum(), list }
}
