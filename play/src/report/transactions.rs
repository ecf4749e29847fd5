//! What a run took of the chain.

use super::{Run, SlotBooks, share_ppm};
use qedex_client::{amounts::qed, market::Plancks};
use serde::Serialize;

/// What it took of the chain.
#[derive(Clone, Debug, Serialize)]
pub struct TransactionFigures {
    /// Signed transactions in all.
    pub signed: u64,
    /// Of them, to set the community up.
    pub setup: u64,
    /// Included but failed.
    pub failed: Vec<String>,
    /// Their fees in plancks.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub fees: Plancks,
    /// Of them, to set the community up.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub setup_fees: Plancks,
    /// What orders paid besides for the work of trades and of renewals, in plancks.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub work: Plancks,
    /// Fees without those to set up, and work, in millionths of what was saved against the grid, rounded
    /// down: what trading costs. None where nothing was saved.
    pub cost_share_ppm: Option<u64>,
}

impl TransactionFigures {
    /// Those of `run` with its `books`.
    pub(super) fn of(run: &Run, books: &[SlotBooks]) -> Self {
        let work = books.iter().map(|b| b.work).fold(0, Plancks::saturating_add);
        let saved = books.iter().map(|b| b.saving(run.floor)).fold(0, i128::saturating_add);
        let cost = run.fees.saturating_sub(run.setup_fees).saturating_add(work);
        let saved = u128::try_from(saved).ok().filter(|saved| *saved > 0);
        Self {
            signed: run.setup_transactions.saturating_add(run.play_transactions),
            setup: run.setup_transactions,
            failed: run.failed.clone(),
            fees: run.fees,
            setup_fees: run.setup_fees,
            work,
            cost_share_ppm: saved.map(|saved| share_ppm(cost, saved)),
        }
    }

    /// Rows of the table, with amounts to so many decimals.
    pub(super) fn rows(&self, decimals: u32) -> Vec<(&'static str, String)> {
        let money = |amount| format!("{} QED", qed(amount, decimals));
        let share = self.cost_share_ppm.map_or_else(
            || "-".to_owned(),
            |share| format!("{}.{:02} % of what was saved", share / 10_000, share % 10_000 / 100),
        );
        vec![
            (
                "signed transactions",
                format!("{} ({} to set up), {} failed", self.signed, self.setup, self.failed.len()),
            ),
            (
                "transaction fees",
                format!("{} ({} to set up)", money(self.fees), money(self.setup_fees)),
            ),
            ("work of trades", money(self.work)),
            ("fees of trading, and work", share),
        ]
    }
}
