//! A slot with a large book: filled, cleared, paired and released, while bystanders send transfers.
//!
//! The chain's delivery slots are short and its windows long, so that a gate opens within a minute and
//! is open for six, and so that clearing has a quarter of an hour: with the quarter-hours of a real
//! community and the standing windows, a gate is open for 45 minutes and clearing has 30.

use crate::{
    client::{self, At, Client, Row, Signed},
    median, must,
    node::{Node, Participant, participants},
};
use anyhow::{Context, Result};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use qedex_client::calls;
use qedex_primitives::{Band, NewOrder, PriceList, PricePerKwh, Wh, Windows};
use qedex_runtime::{
    AuctionConfig, MILLI_QED,
    presets::{market_terms, price_list},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use std::{collections::HashMap, fmt, time::Duration};
use subxt::utils::H256;

/// The length of a delivery slot in milliseconds.
const SLOT_LENGTH: u64 = 60_000;

/// Gates open six minutes before they close, and that is sixteen before delivery.
const WINDOWS: Windows = Windows {
    gate_opens: 22,
    gate_closes: 16,
    commitments_until: 3,
    readings_until: 5,
    complaints_until: 9,
    final_at: 11,
};

/// The runtime lets an owner have so many orders in a slot.
const ORDERS_EACH: u32 = 8;

/// As many price levels as the runtime lets a side have.
const LEVELS: u32 = 1_000;

/// Batches that wait in the node's pool while the book is filled.
const WAITING: usize = 400;

/// Each sends one transfer a block.
const BYSTANDERS: u32 = 50;

/// Blocks of each phase that are executed again.
const EXECUTED_AGAIN: usize = 8;

/// Blocks before the gate opens, for comparison.
const QUIET: u64 = 6;

/// The corridor of the development chain, in a thousand levels, in every band.
fn terms() -> PriceList {
    let floor = 80 * MILLI_QED;
    let tick = MILLI_QED / 5;
    PriceList {
        floor: PricePerKwh(floor),
        cap: PricePerKwh(floor + tick * u128::from(LEVELS - 1)),
        tick: PricePerKwh(tick),
        ..price_list(Band::Off)
    }
}

/// What a slot is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Its gate has not opened.
    Quiet,
    /// Orders come in.
    Filling,
    /// Prices are found, and the first trades opened.
    Discovery,
    /// Trades are opened.
    Pairing,
    /// What is left in the book is given back.
    Release,
}

/// Middle and largest value.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spread {
    median: f64,
    largest: f64,
}

/// The blocks of a phase together.
#[derive(Debug, Serialize)]
pub struct Summary {
    phase: Phase,
    blocks: usize,
    placed: u32,
    trades: u32,
    closed: u32,
    weight_of_users: Spread,
    weight_of_runtime: Spread,
    authored: Spread,
    executed: Spread,
    transfers: usize,
    waited: Spread,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Figures {
    orders: u32,
    accounts: u32,
    price_levels: u32,
    slot: u64,
    /// Blocks that the chain wrote after gate closure before it wrote the one that found the prices.
    blocks_until_discovery: usize,
    /// From gate closure to the block in which the last order left the book, in seconds.
    seconds_until_matched: f64,
    trades: u32,
    transfers: Transfers,
    phases: Vec<Summary>,
    blocks: Vec<Row>,
}

/// Bystanders and what of their transfers is under way.
struct Bystanders {
    all: Vec<Participant>,
    /// The number of the best block when each was sent.
    waiting: HashMap<H256, u64>,
    transfers: Transfers,
}

/// What became of bystanders' transfers.
#[derive(Debug, Default, Serialize)]
struct Transfers {
    sent: usize,
    included: usize,
}

impl Bystanders {
    /// Lets each send one, with the nonce that the node names: whoever's last one got lost in the node's
    /// pool sends it anew.
    async fn send(&mut self, client: &Client, at: &At) -> Result<()> {
        let to = self.all.iter().cycle().skip(1);
        let calls = self.all.iter().zip(to);
        let calls = calls.map(|(from, to)| (&from.key, client::transfer(&to.key)));
        let sent = client.send_next(at, calls).await?;
        self.transfers.sent += sent.len();
        let now = at.block_number();
        self.waiting.extend(sent.into_iter().map(|hash| (hash, now)));
        Ok(())
    }

    fn note(&mut self, row: &mut Row) {
        let sent = row.hashes.iter().filter_map(|hash| self.waiting.remove(hash));
        row.waited = sent.map(|sent| row.number - sent).collect();
        self.transfers.included += row.waited.len();
    }
}

/// Fills a book with so many orders, and watches until all of them have left it.
pub async fn measure(orders: u32) -> Result<Figures> {
    let accounts = orders.div_ceil(ORDERS_EACH);
    let members = participants("member", accounts)?;
    let mut everybody = participants("bystander", BYSTANDERS)?;
    everybody.extend(participants("member", accounts)?);
    let mut market = market_terms();
    (market.off, market.mid, market.on) = (terms(), terms(), terms());
    // Keys for everything.
    let per_key = Wh(1_000_000);
    (market.limits.least_wh_per_key, market.limits.most_wh_per_key) = (per_key, per_key);
    let market = serde_json::to_value(AuctionConfig {
        slot_length: SLOT_LENGTH,
        windows: WINDOWS,
        terms: Some(market),
        ..Default::default()
    })?;
    eprintln!("a chain with {accounts} accounts begins");
    let mut node = Node::start(&everybody, Some(&market))?;
    let client = Client::connect(&mut node).await?;
    let mut bystanders = Bystanders {
        all: participants("bystander", BYSTANDERS)?,
        waiting: HashMap::new(),
        transfers: Transfers::default(),
    };

    // The next gate to open, if there is time to sign and for some quiet blocks before.
    let ready = client::clock()? + 1_000 * (2 * QUIET + 4 + u64::from(orders / 5_000));
    let opens = ready.div_ceil(SLOT_LENGTH) * SLOT_LENGTH;
    let slot = opens / SLOT_LENGTH + u64::from(WINDOWS.gate_opens);
    let closes = opens + SLOT_LENGTH * u64::from(WINDOWS.gate_opens - WINDOWS.gate_closes);
    let mut batches = sign(&client.now().await?, &members, slot, orders)?;
    // The first to arrive is sent first.
    batches.reverse();

    let mut rows: Vec<Row> = Vec::new();
    let mut blocks = client.best_blocks().await?;
    let mut waiting: HashMap<H256, ()> = HashMap::new();
    loop {
        node.check()?;
        let block = Client::next(&mut blocks).await?;
        let at = block.at().await?;
        let mut row = client.read(&at, block.hash(), slot).await?;
        bystanders.note(&mut row);
        row.hashes.iter().for_each(|hash| {
            waiting.remove(hash);
        });
        must(row.failed == 0, "a transaction failed or an order was refused")?;
        let (done, time) = (row.matched, row.time);
        tell(&row, rows.len());
        if time + 2_000 * QUIET >= opens {
            rows.push(row);
        }
        if done {
            break;
        }
        bystanders.send(&client, &at).await?;
        if time >= opens && !batches.is_empty() {
            must(time < closes, "the gate closed before all orders were sent")?;
            let room = WAITING.saturating_sub(waiting.len()).min(batches.len());
            let next = batches.split_off(batches.len() - room);
            client.send(&next).await?;
            waiting.extend(next.iter().map(|signed| (signed.hash, ())));
        }
    }
    let transfers = bystanders.transfers;
    let of = (orders, accounts);
    Figures::new(&client, &node, rows, transfers, of, (slot, closes)).await
}

/// One batch of each member, in the order of sending reversed.
fn sign(at: &At, members: &[Participant], slot: u64, orders: u32) -> Result<Vec<Signed>> {
    let terms = terms();
    let mut draw = ChaCha8Rng::seed_from_u64(1);
    let mut left = orders;
    let mut batches = Vec::new();
    for member in members {
        let count = left.min(ORDERS_EACH);
        left -= count;
        let batch: Vec<NewOrder> = (0..count)
            .map(|_| NewOrder {
                side: member.side,
                limit: PricePerKwh(
                    terms.floor.0 + terms.tick.0 * u128::from(draw.random_range(0..LEVELS)),
                ),
                energy: Wh(terms.lot.0 * draw.random_range(1..=10)),
            })
            .collect();
        let call = calls::place_orders(slot, &batch);
        batches.push(Client::sign(at, &call, &member.key, 0)?);
    }
    Ok(batches)
}

fn tell(row: &Row, known: usize) {
    if known.is_multiple_of(10) || row.cleared || row.matched {
        eprintln!(
            "block {}: {} orders in the book, {} trades opened",
            row.number, row.book, row.trades
        );
    }
}

impl Figures {
    async fn new(
        client: &Client,
        node: &Node,
        mut rows: Vec<Row>,
        transfers: Transfers,
        (orders, accounts): (u32, u32),
        (slot, closes): (u64, u64),
    ) -> Result<Self> {
        let placed: u32 = rows.iter().map(|row| row.placed).sum();
        must(placed == orders, "not every order was in the book at gate closure")?;
        let found = rows.iter().position(|row| row.cleared);
        let found = found.context("no block says that prices were found")?;
        let authored = {
            // The node writes its log a little later than it publishes the block.
            tokio::time::sleep(Duration::from_secs(1)).await;
            node.authoring()?
        };
        for row in &mut rows {
            row.authored = authored.get(&row.number).copied();
        }
        let phases: Vec<Option<Phase>> =
            (0..rows.len()).map(|place| phase(&rows, place, found)).collect();
        let all = [Phase::Quiet, Phase::Filling, Phase::Discovery, Phase::Pairing, Phase::Release];
        let mut summaries = Vec::new();
        for phase in all {
            let places: Vec<usize> =
                (0..rows.len()).filter(|place| phases.get(*place) == Some(&Some(phase))).collect();
            let step = places.len().div_ceil(EXECUTED_AGAIN).max(1);
            for place in places.iter().step_by(step) {
                if let Some(row) = rows.get_mut(*place) {
                    row.executed = Some(client.execute_again(row.number).await?);
                }
            }
            let of_phase: Vec<&Row> = places.iter().filter_map(|place| rows.get(*place)).collect();
            summaries.push(Summary::of(phase, &of_phase));
        }
        let after = rows.iter().take(found).filter(|row| row.time >= closes);
        let matched = rows.last().map_or(closes, |row| row.time);
        Ok(Self {
            orders,
            accounts,
            price_levels: LEVELS,
            slot,
            blocks_until_discovery: after.count(),
            seconds_until_matched: (matched - closes) as f64 / 1e3,
            trades: rows.iter().map(|row| row.trades).sum(),
            transfers,
            phases: summaries,
            blocks: rows,
        })
    }
}

/// What the slot is doing in a block; nothing where it waits, as in a session's first block.
fn phase(rows: &[Row], place: usize, found: usize) -> Option<Phase> {
    let row = rows.get(place)?;
    let first = rows.iter().position(|row| row.placed > 0)?;
    match place {
        _ if place == found => Some(Phase::Discovery),
        _ if place < first => Some(Phase::Quiet),
        _ if row.placed > 0 => Some(Phase::Filling),
        _ if row.trades > 0 => Some(Phase::Pairing),
        _ if row.closed > 0 => Some(Phase::Release),
        _ => None,
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        // Thousandths, so that they have an order.
        let values: Vec<u64> = values.map(|value| (value * 1e3) as u64).collect();
        let back = |value: Option<u64>| value.unwrap_or_default() as f64 / 1e3;
        Self { median: back(median(&values)), largest: back(values.iter().max().copied()) }
    }
}

impl Summary {
    fn of(phase: Phase, rows: &[&Row]) -> Self {
        let waited = || rows.iter().flat_map(|row| &row.waited);
        Self {
            phase,
            blocks: rows.len(),
            placed: rows.iter().map(|row| row.placed).sum(),
            trades: rows.iter().map(|row| row.trades).sum(),
            closed: rows.iter().map(|row| row.closed).sum(),
            weight_of_users: Spread::of(rows.iter().map(|row| row.weight_of_users)),
            weight_of_runtime: Spread::of(rows.iter().map(|row| row.weight_of_runtime)),
            authored: Spread::of(rows.iter().filter_map(|row| Some(row.authored? as f64))),
            executed: Spread::of(rows.iter().filter_map(|row| row.executed)),
            transfers: waited().count(),
            waited: Spread::of(waited().map(|blocks| *blocks as f64)),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} orders of {} accounts on {} price levels. Prices were found {} blocks after the first \
             one past gate closure;\nthe last of {} trades was open, and the last order gone, {:.0} s \
             after gate closure.\n",
            self.orders,
            self.accounts,
            self.price_levels,
            self.blocks_until_discovery,
            self.trades,
            self.seconds_until_matched
        )?;
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        table.set_header([
            "phase",
            "blocks",
            "placed",
            "trades",
            "closed",
            "weight of users, ms",
            "of the runtime, ms",
            "written in, ms",
            "executed again in, ms",
            "transfers",
            "waited, blocks",
        ]);
        let spread = |spread: &Spread| format!("{:.1} ({:.1})", spread.median, spread.largest);
        for phase in &self.phases {
            table.add_row([
                format!("{:?}", phase.phase).to_lowercase(),
                phase.blocks.to_string(),
                phase.placed.to_string(),
                phase.trades.to_string(),
                phase.closed.to_string(),
                spread(&phase.weight_of_users),
                spread(&phase.weight_of_runtime),
                spread(&phase.authored),
                spread(&phase.executed),
                phase.transfers.to_string(),
                format!("{:.0} ({:.0})", phase.waited.median, phase.waited.largest),
            ]);
        }
        writeln!(f, "{table}")?;
        write!(
            f,
            "Median (largest) over the blocks of each phase. Of {} transfers {} were included by the end.",
            self.transfers.sent, self.transfers.included
        )
    }
}
