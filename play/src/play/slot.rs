//! One delivery slot as it is played: what is sent when, and what comes back.

use super::cast::{Cast, Member};
use crate::{
    books::SlotBooks,
    community::QuarterHour,
    keys::Leaders,
    strategy::{Cheat, Intent, Strategy},
};
use qedex_client::{
    Error, H256,
    block::Block,
    calls::{self, EncodedCall},
    grants, ledger,
    market::{NewOrder, SlotEvent},
    meter::{self, Bill},
    opening::{Finding, Opening, Wanted},
    reading_file::ReadingFile,
    session::{Session, Signed},
    settlement, terms,
};
use qedex_math::Wh;
use qedex_primitives::{MeterId, OwnerId, ReadingPayload, SignedReading, SlotIndex, SlotTimes};
use std::collections::{BTreeMap, BTreeSet};

/// Orders in one batch of the broker's. Larger books take several batches, whose order is
/// that of the broker's nonces.
const ORDERS_AT_ONCE: usize = 128;

/// A slot being played.
pub struct SlotPlay {
    /// Its books.
    pub books: SlotBooks,
    /// When its windows open and close.
    pub moments: SlotTimes,
    quarter_hour: QuarterHour,
    intents: Vec<Intent>,
    cheats: BTreeMap<usize, Cheat>,
    /// Which of the slots played it is.
    offset: usize,
    /// What those who committed can open.
    openings: BTreeMap<OwnerId, Opening>,
    /// The broker's batches on their way.
    batches: Vec<H256>,
    stage: Stage,
}

/// What was sent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing yet.
    Waiting,
    /// Orders.
    Ordered,
    /// Commitments.
    Committed,
    /// Readings and acknowledgements.
    Published,
    /// Complaints.
    Complained,
    /// The bills of those who were drawn.
    Answered,
}

impl SlotPlay {
    /// `slot` with what is to happen in it.
    pub fn new(
        slot: u64,
        moments: SlotTimes,
        quarter_hour: QuarterHour,
        intents: Vec<Intent>,
        cheats: Vec<(usize, Cheat)>,
        offset: usize,
        cast: &Cast,
    ) -> Self {
        let account = |participant: usize| Some(cast.members.get(participant)?.account);
        let books = SlotBooks {
            time: quarter_hour.time.clone(),
            slot,
            tradable: quarter_hour.tradable(),
            cheats: cheats.iter().filter_map(|(who, how)| Some((account(*who)?, *how))).collect(),
            ..SlotBooks::default()
        };
        Self {
            books,
            moments,
            quarter_hour,
            intents,
            cheats: cheats.into_iter().collect(),
            offset,
            openings: BTreeMap::new(),
            batches: Vec::new(),
            stage: Stage::Waiting,
        }
    }

    /// What was sent last.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether nothing of the slot is to be sent or to come.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Answered && self.books.is_done()
    }

    /// The slot and how far it is, for an error.
    pub fn describe(&self) -> String {
        let settled = self.books.settled().count();
        format!(
            "slot {} ({}): {:?}, {} orders, {settled} of {} trades settled",
            self.books.slot,
            self.books.time,
            self.stage,
            self.books.orders.len(),
            self.books.trades.len()
        )
    }

    /// Enters what happened in the slot.
    pub fn enter(&mut self, slot_event: SlotEvent) {
        self.books.enter(slot_event);
    }

    /// Enters which of the broker's orders were refused.
    pub fn note_refusals(&mut self, block: &Block) {
        for transaction in &block.transactions {
            if self.batches.contains(&transaction.hash) {
                let refused =
                    transaction.refusals.len().saturating_add(transaction.refused_orders.len());
                let refused = u32::try_from(refused).unwrap_or(u32::MAX);
                self.books.refused = self.books.refused.saturating_add(refused);
            }
        }
    }

    /// Sends what is due at `now`, the time of the latest finalised block.
    pub async fn act(
        &mut self,
        session: &mut Session,
        leaders: &Leaders,
        strategy: &Strategy,
        cast: &Cast,
        now: u64,
    ) -> Result<(), Error> {
        let moments = self.moments;
        let is_matched = self.books.announced.is_some();
        match self.stage {
            Stage::Waiting if now >= moments.gate_opens => {
                self.in_time(now, moments.gate_closes, "place its orders")?;
                self.place_orders(session, leaders, cast).await?;
                self.stage = Stage::Ordered;
            }
            Stage::Ordered if is_matched && now >= moments.delivery_ends => {
                self.in_time(now, moments.commitments_until, "commit to its bills")?;
                self.commit(session, strategy, cast).await?;
                self.stage = Stage::Committed;
            }
            Stage::Committed if now >= moments.commitments_until => {
                self.in_time(now, moments.readings_until, "publish its readings")?;
                self.publish(session, strategy, cast).await?;
                self.acknowledge(session, strategy, cast).await?;
                self.stage = Stage::Published;
            }
            Stage::Published if now >= moments.readings_until => {
                self.in_time(now, moments.complaints_until, "complain")?;
                self.complain(session, cast).await?;
                self.stage = Stage::Complained;
            }
            Stage::Complained if now >= moments.complaints_until => {
                self.answer(session, cast, now).await?;
                self.stage = Stage::Answered;
            }
            _ => {}
        }
        Ok(())
    }

    fn in_time(&self, now: u64, until: u64, what: &str) -> Result<(), Error> {
        if now < until {
            return Ok(());
        }
        Err(Error::TimedOut(format!("too late to {what}: {}", self.describe())))
    }

    async fn place_orders(
        &mut self,
        session: &mut Session,
        leaders: &Leaders,
        cast: &Cast,
    ) -> Result<(), Error> {
        let slot = self.books.slot;
        self.books.reserved = ledger::reservation(session.at(), slot).await?;
        self.books.grid_price = terms::terms(session.at(), slot).await?.map(|terms| terms.cap);
        let mut signed = Vec::new();
        for batch in self.intents.chunks(ORDERS_AT_ONCE) {
            let orders = batch
                .iter()
                .filter_map(|intent| {
                    let real = cast.members.get(intent.participant)?.account;
                    let Intent { side, limit, energy, .. } = *intent;
                    let order = NewOrder { side, limit, energy };
                    Some(grants::place_orders_for(real, slot, &[order]))
                })
                .map(|order| EncodedCall::of(session.at(), &order))
                .collect::<Result<_, _>>()?;
            let what = format!("the orders of slot {slot}");
            signed.push(session.sign(what, &calls::force_batch(orders), &leaders.broker).await?);
        }
        self.batches = signed.iter().map(Signed::hash).collect();
        session.send(signed).await
    }

    async fn commit(
        &mut self,
        session: &mut Session,
        strategy: &Strategy,
        cast: &Cast,
    ) -> Result<(), Error> {
        let genesis = session.chain().genesis();
        let mut signed = Vec::new();
        for (participant, member) in cast.members.iter().enumerate() {
            if !self.commits(participant, member, strategy) {
                continue;
            }
            let reading = self.reading(participant, member, genesis);
            let Some((reading, owner)) = reading.zip(self.books.owner_of(&member.account)) else {
                continue;
            };
            let slot = self.books.slot;
            let bill = Bill::of(vec![reading])?;
            let opening = Opening::new(genesis, owner, slot, bill)?;
            let what = format!("{}'s commitment of slot {slot}", member.name);
            let call = calls::commit(slot, opening.commitment());
            signed.push(session.sign(what, &call, &member.keys.account).await?);
            self.openings.insert(owner, opening);
        }
        session.send_all(signed).await
    }

    /// Lets buyers acknowledge who got an opening that covers their trade: before the freeze, as long as
    /// nobody can owe an answer, neither by a complaint nor by the draw.
    async fn acknowledge(
        &self,
        session: &mut Session,
        strategy: &Strategy,
        cast: &Cast,
    ) -> Result<(), Error> {
        let slot = self.books.slot;
        let mut sold = BTreeMap::<OwnerId, u64>::new();
        let mut signed = Vec::new();
        for (trade, _) in self.books.trades.values() {
            let before = sold.entry(trade.owner).or_default();
            let wanted = Wanted {
                genesis: session.chain().genesis(),
                slot,
                seller: trade.seller,
                owner: trade.owner,
                before: *before,
                energy: trade.energy.0,
                commitment: self.books.commitments.get(&trade.owner).copied().map(H256),
            };
            *before = before.saturating_add(trade.energy.0);
            let hides = self.books.cheats.get(&trade.seller) == Some(&Cheat::Hides);
            let opening = self.openings.get(&trade.owner).filter(|_| !hides);
            let members = cast.members.iter().enumerate();
            let buyer = members
                .filter(|(participant, _)| strategy.acknowledges(*participant, self.offset))
                .find(|(_, member)| member.account == trade.buyer);
            let (Some(opening), Some((_, buyer))) = (opening, buyer) else {
                continue;
            };
            match opening.check(session.at(), &wanted).await? {
                Finding::Proves { covered, .. } if covered >= trade.energy.0 => {}
                _ => continue,
            }
            let what = format!("{}'s acknowledgement in slot {slot}", buyer.name);
            let call = calls::acknowledge(slot, trade.id);
            signed.push(session.sign(what, &call, &buyer.keys.account).await?);
        }
        session.send(signed).await
    }

    /// Lets buyers complain whose sellers have opened nothing: once about each of these, for all that it sold.
    async fn complain(&self, session: &mut Session, cast: &Cast) -> Result<(), Error> {
        let slot = self.books.slot;
        let mut signed = Vec::new();
        let mut complained = BTreeSet::new();
        for (trade, _) in self.books.trades.values() {
            let hides = self.books.cheats.get(&trade.seller) == Some(&Cheat::Hides);
            let mut members = cast.members.iter();
            let buyer = members.find(|member| hides && member.account == trade.buyer);
            let Some(buyer) = buyer else {
                continue;
            };
            if !complained.insert((trade.buyer, trade.owner)) {
                continue;
            }
            let what = format!("{}'s complaint in slot {slot}", buyer.name);
            let call = calls::complain(slot, trade.id);
            signed.push(session.sign(what, &call, &buyer.keys.account).await?);
        }
        session.send(signed).await
    }

    /// Lets sellers that hide nothing reveal their bills where they are asked for: they were drawn.
    async fn answer(&self, session: &mut Session, cast: &Cast, now: u64) -> Result<(), Error> {
        let slot = self.books.slot;
        let Some(book) = settlement::book(session.at(), slot).await? else {
            return Ok(());
        };
        let mut signed = Vec::new();
        for member in &cast.members {
            if self.books.cheats.contains_key(&member.account) {
                continue;
            }
            let record = settlement::seller(session.at(), slot, member.account).await?;
            let Some((owner, seller)) = record else {
                continue;
            };
            let Some(opening) = self.openings.get(&owner) else {
                continue;
            };
            if book.asks(SlotIndex(slot), owner, &seller) && seller.revealed.is_none() {
                let what = format!("{}'s bill of slot {slot}", member.name);
                let call = calls::reveal(slot, member.account, &opening.bill, &opening.nonce);
                signed.push(session.sign(what, &call, &member.keys.account).await?);
            }
        }
        if !signed.is_empty() {
            self.in_time(now, self.moments.final_at, "reveal the bills that were asked for")?;
        }
        session.send(signed).await
    }

    async fn publish(
        &self,
        session: &mut Session,
        strategy: &Strategy,
        cast: &Cast,
    ) -> Result<(), Error> {
        let genesis = session.chain().genesis();
        let mut signed = Vec::new();
        for (participant, member) in cast.members.iter().enumerate() {
            if self.commits(participant, member, strategy) {
                continue;
            }
            let Some(reading) = self.reading(participant, member, genesis) else {
                continue;
            };
            let what = format!("{}'s reading of slot {}", member.name, self.books.slot);
            let call = calls::submit_reading(&reading);
            signed.push(session.sign(what, &call, &member.keys.account).await?);
        }
        session.send_all(signed).await
    }

    /// What `participant` tells who has a session with it: its signed reading of the slot, as it travels in
    /// files, or that there is none.
    pub fn account_of_itself(&self, participant: usize, cast: &Cast, genesis: H256) -> Vec<u8> {
        let member = cast.members.get(participant);
        let reading = member.and_then(|member| self.reading(participant, member, genesis));
        let file = reading.map(|reading| ReadingFile::of(genesis, &reading));
        let text = file.and_then(|file| serde_json::to_vec(&file).ok());
        text.unwrap_or_else(|| format!("no reading of slot {}", self.books.slot).into_bytes())
    }

    /// Whether `member` answers for this slot by a commitment: it sold, and it is private and does
    /// not cheat, or hides.
    fn commits(&self, participant: usize, member: &Member, strategy: &Strategy) -> bool {
        let commits = match self.cheats.get(&participant) {
            None => strategy.is_private(participant),
            Some(Cheat::Hides) => true,
            Some(Cheat::UnderDelivers | Cheat::StaysSilent) => false,
        };
        commits && !self.books.sold_by(&member.account).is_zero()
    }

    /// What the meter of `member` signs; nothing if it sold and stays silent.
    fn reading(&self, participant: usize, member: &Member, genesis: H256) -> Option<SignedReading> {
        let flow = self.quarter_hour.flows.get(participant)?;
        let sold = self.books.sold_by(&member.account);
        let cheat = self.cheats.get(&participant).filter(|_| !sold.is_zero());
        let generated = match cheat {
            None => flow.generated,
            Some(Cheat::UnderDelivers | Cheat::Hides) => Wh(sold.0 / 2),
            Some(Cheat::StaysSilent) => return None,
        };
        let payload = ReadingPayload {
            meter: MeterId(member.meter),
            slot: SlotIndex(self.books.slot),
            generated,
            consumed: flow.consumed,
        };
        Some(meter::sign(payload, genesis, &member.keys.meter))
    }
}
