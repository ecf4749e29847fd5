//! The player: a real community's quarter-hours, traded on a real chain from end to end.
//!
//! Quarter-hour *k* of the data is played on the *k*-th delivery slot from the first whose gate
//! had still to open. Slots overlap: while one is delivered, later ones trade and earlier ones
//! settle. Everything waits for events and for the chain's own time in finalised blocks.
//!
//! In each slot
//! 1. the broker places everybody's orders by their grants, one forced batch of calls, so that the
//!    order of arrival is the player's own;
//! 2. private sellers commit to their meters' bills when delivery has ended;
//! 3. everybody else's meter signs a reading, published by its owner in the reading window, and some
//!    buyers acknowledge what private sellers opened to them;
//! 4. who bought from a seller that hides its bill complains;
//! 5. the chain settles.
//!
//! Where agents stand ready, participants at two sites open sessions under keys of key services first; with
//! each slot's readings the ends of each session tell each other theirs. The market does not depend on it.

mod bounds;
mod cast;
mod cost;
mod incident;
mod progress;
mod setup;
mod slot;
mod speaking;

use crate::{
    community::{Community, Start, Zone},
    error::Error,
    keys::Leaders,
    report::{Figures, KeyRun, Run},
    strategy::{Intent, Shares, Strategy},
};
use bounds::{Backing, Bounds};
use incident::{FURTHER_SLOTS, Incident, PATIENCE};
use progress::Progress;
use qedex_client::{
    At, Chain, Endpoint, beacon, ledger,
    market::{Corridor, Side},
    queries::{self, Held},
    session::Session,
    settlement,
    terms::{self, PriceList},
};
use slot::{SlotPlay, Stage};
use speaking::Speaking;
use std::path::PathBuf;

pub use cast::{Cast, Member};
pub use cost::Cost;
pub use incident::Agreement;
pub use setup::admit;

/// What is to be played.
#[derive(Clone, Debug)]
pub struct Script {
    /// The node.
    pub node: Endpoint,
    /// Where the data is, if not built in.
    pub data: Option<PathBuf>,
    /// The zone of its times, if these have none of their own.
    pub zone: Option<Zone>,
    /// The first quarter-hour, if it is not the data's own first.
    pub from: Option<Start>,
    /// How many of them.
    pub slots: usize,
    /// The seed of everybody's behaviour.
    pub seed: u64,
    /// Who is private, who cheats.
    pub shares: Shares,
    /// Where a node says which agents stand ready; without it nobody opens sessions.
    pub agents: Option<PathBuf>,
    /// Whether keys bound the market, and somebody listens on the link from which they come: in two slots more.
    /// Only where the node runs the key services of its agents.
    pub eavesdropper: bool,
}

/// Slots after its end that the chain may take to settle a slot.
const GRACE: u64 = 3;

/// Plays `script` and says how it went.
pub async fn play(script: &Script) -> Result<Figures, Error> {
    let community = Community::load(script.data.as_deref(), script.zone.as_ref())?;
    let further = if script.eavesdropper { FURTHER_SLOTS } else { 0 };
    let number = script.slots.saturating_add(further);
    let quarter_hours = community.quarter_hours(script.from.as_ref(), number)?;
    let from = quarter_hours.first().map(|quarter_hour| quarter_hour.time.clone());
    let strategy = Strategy::new(script.seed, script.shares);

    let chain = Chain::connect(&script.node).await?;
    let leaders = Leaders::of_dev_chain()?;
    let mut session = Session::open(chain).await?;
    let (corridor, lists) = corridor(session.at()).await?;
    let calendar = queries::calendar(session.at()).await?;
    let issuance = queries::total_issuance(session.at()).await?;

    let mut progress = Progress::new(number);
    progress.say(&format!("{} participants join the market", community.participants.len()));
    let cast = Cast::assemble(&community)?;
    let patience = if script.eavesdropper { PATIENCE.saturating_mul(2) } else { 0 };
    let horizon = (number as u64)
        .saturating_add(patience)
        .saturating_add(u64::from(calendar.windows.gate_opens))
        .saturating_add(u64::from(calendar.windows.final_at))
        .saturating_mul(calendar.slot_length);
    let intents: Vec<Vec<Intent>> = quarter_hours
        .iter()
        .enumerate()
        .map(|(offset, quarter_hour)| {
            let flows: Vec<_> =
                quarter_hour.flows.iter().map(|flow| (flow.generated, flow.consumed)).collect();
            strategy.orders(&corridor, &flows, offset)
        })
        .collect();
    let backing = Backing {
        offline_share: settlement::rules(session.at()).await?.offline_share,
        work: queries::trade_price(session.at())?,
    };
    let bounds = Bounds::of_all(cast.members.len(), &intents, &lists, backing);
    let cast = setup::prepare(&mut session, &leaders, cast, &bounds, horizon).await?;
    let setup_transactions = session.tally().sent;
    let speaking = match &script.agents {
        Some(folder) => {
            progress.say("participants at two sites open sessions under quantum keys");
            Some(Speaking::begin(&mut session, &leaders, &cast, folder).await?)
        }
        None => None,
    };
    let mut incident = match &script.agents {
        Some(folder) if script.eavesdropper => {
            progress.say("keys that exist bound the market");
            Some(Incident::begin(&mut session, &leaders, folder).await?)
        }
        _ => None,
    };
    let first_epoch = ledger::ledger(session.at()).await?.epoch;

    let first = calendar.first_to_open(queries::time(session.at()).await?);
    let offers: Vec<Vec<usize>> = intents.iter().map(|intents| sellers(intents)).collect();
    let cheats = strategy.cheats(&offers);
    let mut parts = quarter_hours.into_iter().zip(intents).zip(cheats).enumerate();
    let mut part_on = |slot: u64| {
        let (offset, ((quarter_hour, intents), cheats)) = parts.next()?;
        let times = calendar.times(slot);
        Some(SlotPlay::new(slot, times, quarter_hour, intents, cheats, offset, &cast))
    };
    let mut slots: Vec<SlotPlay> = (first..).take(script.slots).filter_map(&mut part_on).collect();

    while slots.iter().any(|slot| !slot.is_done())
        || incident.as_ref().is_some_and(|incident| !incident.is_over())
    {
        let block = session.next_block().await?;
        for (number, slot_event) in &block.slot_events {
            if let Some(slot) = slots.iter_mut().find(|slot| slot.books.slot == *number) {
                slot.enter(slot_event.clone());
            }
        }
        for slot in &mut slots {
            slot.note_refusals(&block);
            let before = slot.stage();
            slot.act(&mut session, &leaders, &strategy, &cast, block.time).await?;
            if let Some(speaking) = &speaking
                && before < Stage::Published
                && slot.stage() >= Stage::Published
            {
                speaking.tell(slot, &session, &cast);
            }
        }
        if let Some(incident) = &mut incident
            && let Some(turn) = incident.go_on(session.at(), &slots).await?
        {
            progress.say(turn.what);
            if turn.plays {
                slots.extend(part_on(calendar.first_to_open(block.time)));
            }
        }
        progress.show(&block, &slots);
        let last = slots.last().map_or(0, |slot| slot.moments.final_at);
        let over = incident.as_ref().is_none_or(Incident::is_over);
        let grace = if over { GRACE } else { PATIENCE };
        if block.time > last.saturating_add(grace.saturating_mul(calendar.slot_length)) {
            let open: Vec<_> =
                slots.iter().filter(|slot| !slot.is_done()).map(SlotPlay::describe).collect();
            let what = format!("not settled in time: {}", open.join("; "));
            return Err(qedex_client::Error::TimedOut(what).into());
        }
    }
    session.settle().await?;
    let sessions = match speaking {
        Some(speaking) => Some(speaking.end(&mut session).await?),
        None => None,
    };
    progress.finish();
    // What sessions cost is listed with them.
    let keys = KeyRun {
        agreement: incident.and_then(|incident| incident.agreement()),
        beacon: beacon::sources(session.at(), first_epoch).await?,
    };
    let (of_sessions, fees) =
        sessions.as_ref().map_or((0, 0), |sessions| (sessions.signed, sessions.fees));
    let of_market = session.tally().sent.saturating_sub(of_sessions);

    let mut run = Run {
        seed: script.seed,
        from: from.unwrap_or_default(),
        slots: number,
        names: cast.names(),
        floor: corridor.floor,
        grid_fee: corridor.grid_fee,
        issuance: (issuance, queries::total_issuance(session.at()).await?),
        still_held: 0,
        setup_transactions,
        play_transactions: of_market.saturating_sub(setup_transactions),
        failed: session.tally().failed.clone(),
        fees: session.tally().fees.saturating_sub(fees),
        sessions,
        keys,
    };
    for member in &cast.members {
        let held = queries::held(session.at(), member.account, Held::Market).await?;
        run.still_held = run.still_held.saturating_add(held);
    }
    let books: Vec<_> = slots.into_iter().map(|slot| slot.books).collect();
    Ok(Figures::of(&run, &books))
}

/// The corridor in which everybody orders, that of off-peak slots, and the price lists of all bands. So
/// the orders are the same whatever the bands of the slots that are played.
async fn corridor(at: &At) -> Result<(Corridor, Vec<PriceList>), Error> {
    let none =
        || qedex_client::Error::Answer("the market has no terms, so that no slot opens".into());
    let limits = terms::limits(at).await?.ok_or_else(none)?;
    let mut lists = Vec::new();
    for band in terms::BANDS {
        lists.push(terms::price_list(at, band).await?.ok_or_else(none)?);
    }
    let off = lists.first().ok_or_else(none)?;
    Ok((off.with_keys(limits.least_wh_per_key), lists))
}

fn sellers(intents: &[Intent]) -> Vec<usize> {
    let mut sellers: Vec<usize> = intents
        .iter()
        .filter(|intent| intent.side == Side::Ask)
        .map(|intent| intent.participant)
        .collect();
    sellers.sort_unstable();
    sellers
}
