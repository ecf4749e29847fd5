//! What one sees while it plays: a bar on a terminal, else a line per slot.

use super::slot::{SlotPlay, Stage};
use indicatif::{ProgressBar, ProgressStyle};
use qedex_client::{
    amounts::{kwh, qed},
    block::Block,
};
use qedex_console::note;
use std::io::IsTerminal;

/// Steps of a slot: ordered, cleared, committed, published, complained, answered, settled.
const STEPS: u64 = 7;

/// The display.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Per slot, whether its clearing and its settlement were told.
    told: Vec<(bool, bool)>,
}

impl Progress {
    /// A display for so many slots, on standard error.
    pub fn new(slots: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new((slots as u64).saturating_mul(STEPS));
            if let Ok(style) = ProgressStyle::with_template(
                "{elapsed_precise} [{bar:40}] {percent:>3} % {wide_msg}",
            ) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        Self { bar, told: vec![(false, false); slots] }
    }

    /// Says what is going on.
    pub fn say(&self, message: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(message.to_owned()),
            None => note!("{message}"),
        }
    }

    /// Shows how far the slots are.
    pub fn show(&mut self, block: &Block, slots: &[SlotPlay]) {
        let mut steps = 0_u64;
        let mut latest = None;
        for (slot, told) in slots.iter().zip(&mut self.told) {
            let books = &slot.books;
            let stage = match slot.stage() {
                Stage::Waiting => 0,
                Stage::Ordered => 1,
                Stage::Committed => 2,
                Stage::Published => 3,
                Stage::Complained => 4,
                Stage::Answered => 5,
            };
            let cleared = books.announced.is_some();
            let done = slot.is_done();
            steps = steps.saturating_add(stage + u64::from(cleared) + u64::from(done));
            if cleared {
                latest = Some(clearing_line(slot));
            }
            if self.bar.is_none() && cleared && !told.0 {
                note!("{}", clearing_line(slot));
                told.0 = true;
            }
            if self.bar.is_none() && done && !told.1 {
                note!("{} settled: {} trades", books.time, books.trades.len());
                told.1 = true;
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_position(steps);
            let latest = latest.unwrap_or_else(|| "orders are placed".to_owned());
            bar.set_message(format!("block {}: {latest}", block.number));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn clearing_line(slot: &SlotPlay) -> String {
    let books = &slot.books;
    let Some(clearing) = books.clearing else {
        return format!("{} did not clear", books.time);
    };
    let price = clearing.buyers_pay.map_or_else(|| "-".to_owned(), |price| qed(price.0, 4));
    format!(
        "{} cleared: {} orders, {} kWh at {price} QED/kWh",
        books.time,
        books.orders.len(),
        kwh(clearing.volume)
    )
}
