//! So many requests answered on the development chain: from the first one sent to the clearing result
//! in a finalised block.

use crate::{
    client::{self, Client},
    median, must,
    node::{Node, participants},
};
use anyhow::{Context, Result};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use qedex_client::calls;
use qedex_primitives::{PricePerKwh, Wh};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use std::{
    fmt,
    time::{Duration, Instant},
};

/// Time for signing, in milliseconds.
const SIGNING: u64 = 3_000;

/// How one slot answered. Seconds count from the first request sent.
#[derive(Debug, Default, Serialize)]
pub struct Round {
    slot: u64,
    /// All requests are handed to the node.
    sent: f64,
    /// All are in the book of the best block,
    in_book: f64,
    /// the n-th after that which was the best when the first was sent.
    blocks_until_in_book: u64,
    /// Gate closure: nothing is decided before.
    gate_closes: f64,
    /// The result stands in the best block,
    found: f64,
    /// the n-th,
    blocks_until_found: u64,
    /// and is final.
    is_final: f64,
    /// All trades are open, and that is final.
    trades_final: f64,
    trades: u32,
}

/// How all slots answered.
#[derive(Debug, Serialize)]
pub struct Figures {
    requests: u32,
    lead_seconds: u64,
    slot_seconds: f64,
    rounds: Vec<Round>,
}

/// Lets so many accounts send one order each, `lead` seconds before gate closure, once a round.
pub async fn measure(requests: u32, rounds: u32, lead: u64) -> Result<Figures> {
    let members = participants("member", requests)?;
    eprintln!("a chain with {requests} accounts begins");
    let mut node = Node::start(&members, None)?;
    let client = Client::connect(&mut node).await?;
    let (length, opens, closes) = client.calendar().await?;
    must(
        lead * 1_000 < (opens - closes) * length,
        "the gate is not open for so long: a shorter --lead",
    )?;
    let mut draw = ChaCha8Rng::seed_from_u64(1);
    let mut figures = Figures {
        requests,
        lead_seconds: lead,
        slot_seconds: length as f64 / 1e3,
        rounds: Vec::new(),
    };
    for nonce in 0..u64::from(rounds) {
        node.check()?;
        let ready = client::clock()? + SIGNING;
        let slot = (ready + lead * 1_000).div_ceil(length) + closes;
        let closure = (slot - closes) * length;
        let at = client.now().await?;
        let signed: Vec<_> = members
            .iter()
            .map(|member| {
                let limit = u128::from(draw.random_range(80..=300_u32)) * 1_000_000_000;
                let energy = Wh(100 * draw.random_range(1..=10));
                let call = calls::place_order(slot, member.side, PricePerKwh(limit), energy);
                Client::sign(&at, &call, &member.key, nonce)
            })
            .collect::<Result<_>>()?;
        let early = (closure - lead * 1_000).checked_sub(client::clock()?);
        let early = early.context("signing takes too long here")?;
        let mut best = client.best_blocks().await?;
        let mut finalised = client.finalised_blocks().await?;
        tokio::time::sleep(Duration::from_millis(early)).await;
        // What has come meanwhile is of no interest.
        let before = loop {
            let block = Client::next(&mut best).await?;
            if block.number() + 2 > client.newest().await? {
                break block.number();
            }
        };
        let began = Instant::now();
        let mut round = Round {
            slot,
            gate_closes: (closure.saturating_sub(client::clock()?)) as f64 / 1e3,
            ..Round::default()
        };
        let elapsed = || began.elapsed().as_secs_f64();
        client.send(&signed).await?;
        round.sent = elapsed();
        let (mut placed, mut found_in, mut matched_in) = (0, None, None);
        while round.trades_final == 0.0 {
            tokio::select! {
                block = Client::next(&mut best) => {
                    let block = block?;
                    if block.number() <= before {
                        continue;
                    }
                    let row = client.read(&block.at().await?, block.hash(), slot).await?;
                    must(row.failed == 0, "an order was refused")?;
                    placed += row.placed;
                    round.trades += row.trades;
                    if placed == requests && round.in_book == 0.0 {
                        round.in_book = elapsed();
                        round.blocks_until_in_book = row.number - before;
                    }
                    if row.cleared {
                        must(placed == requests, "the gate closed on requests: a longer --lead")?;
                        round.found = elapsed();
                        round.blocks_until_found = row.number - before;
                        found_in = Some(row.number);
                    }
                    if row.matched {
                        matched_in = Some(row.number);
                    }
                }
                block = Client::next(&mut finalised) => {
                    let number = block?.number();
                    if found_in.is_some_and(|found| number >= found) && round.is_final == 0.0 {
                        round.is_final = elapsed();
                    }
                    if matched_in.is_some_and(|matched| number >= matched) {
                        round.trades_final = elapsed();
                    }
                }
            }
        }
        eprintln!("slot {slot}: the result is final after {:.1} s", round.is_final);
        figures.rounds.push(round);
    }
    Ok(figures)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} requests of as many accounts, sent {} s before gate closure; delivery slots of {} s. \
             Seconds and blocks from the first request sent.\n",
            self.requests, self.lead_seconds, self.slot_seconds
        )?;
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        table.set_header([
            "slot",
            "sent, s",
            "in the book, s",
            "blocks",
            "gate closes, s",
            "result found, s",
            "blocks",
            "result final, s",
            "trades",
            "trades final, s",
        ]);
        for round in &self.rounds {
            table.add_row([
                round.slot.to_string(),
                format!("{:.1}", round.sent),
                format!("{:.1}", round.in_book),
                round.blocks_until_in_book.to_string(),
                format!("{:.1}", round.gate_closes),
                format!("{:.1}", round.found),
                round.blocks_until_found.to_string(),
                format!("{:.1}", round.is_final),
                round.trades.to_string(),
                format!("{:.1}", round.trades_final),
            ]);
        }
        writeln!(f, "{table}")?;
        let millis = |each: &dyn Fn(&Round) -> f64| {
            let all: Vec<u64> = self.rounds.iter().map(|r| (each(r) * 1e3) as u64).collect();
            median(&all).unwrap_or_default() as f64 / 1e3
        };
        write!(
            f,
            "Median: the result is final {:.1} s after the first request and {:.1} s after gate closure.",
            millis(&|round| round.is_final),
            millis(&|round| round.is_final - round.gate_closes)
        )
    }
}
