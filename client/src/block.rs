//! What a block says, in this program's own types.

use super::{
    At, H256, api,
    council::{self, Decision},
    events::{Event, decode, describe},
    membership::{self, Change},
    metering,
    qkd::{self, SessionEvent},
    shapes::EventShapes,
};
use crate::{
    error::{Error, Refusal},
    market::{Account, Clearing, NewOrder, PlacedOrder, Plancks, Settlement, SlotEvent, Trade},
};
use qedex_primitives::qkd::SessionId;
use subxt::{Metadata, events::Phase};

/// A finalised block.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its time in milliseconds since the Unix epoch.
    pub time: u64,
    /// Its transactions in order, inherents among them.
    pub transactions: Vec<Transaction>,
    /// What happened to delivery slots, in order.
    pub slot_events: Vec<(u64, SlotEvent)>,
    /// What happened to sessions under keys of key services, in order.
    pub session_events: Vec<(SessionId, SessionEvent)>,
}

/// What became of a transaction.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// The hash of its bytes.
    pub hash: H256,
    /// Why it failed, if it did.
    pub failure: Option<Refusal>,
    /// Why calls within it failed, though it did not.
    pub refusals: Vec<Refusal>,
    /// Who paid the fee, and how much.
    pub fee: Option<(Account, Plancks)>,
    /// Orders of a batch that were refused, though it did not fail, and why.
    pub refused_orders: Vec<(NewOrder, Refusal)>,
    /// What it did to delivery slots.
    pub slot_events: Vec<(u64, SlotEvent)>,
    /// What became of readings it carried: meter, slot, and why one was refused.
    pub readings: Vec<(u32, u64, Option<String>)>,
    /// What it did to meters, to their pending changes, and beside readings.
    pub meters: Vec<metering::Done>,
    /// Its events of another shape than this program knows, by pallet and name.
    pub unread: Vec<String>,
    /// What it did to memberships.
    pub changes: Vec<Change>,
    /// What it did in the council, and to the call with which hash.
    pub decisions: Vec<(H256, Decision)>,
    /// Whether its fee was withdrawn: what it reports comes after that.
    has_begun: bool,
}

impl Block {
    /// Reads the block after which `at` is the state. `hashes` are its transactions'.
    pub(super) async fn read(
        at: &At,
        hashes: Vec<H256>,
        shapes: &EventShapes,
    ) -> Result<Self, Error> {
        let time = super::queries::time(at).await?;
        let mut block = Self {
            number: at.block_number(),
            time,
            transactions: hashes
                .into_iter()
                .map(|hash| Transaction { hash, ..Transaction::default() })
                .collect(),
            slot_events: Vec::new(),
            session_events: Vec::new(),
        };
        let events = at.events().fetch().await?;
        for event in events.iter() {
            let event = event?;
            block.note_beginning(&event);
            if shapes.differs(event.pallet_name(), event.event_name()) {
                block.note_unread(&event);
            } else {
                block.note(&event, at.metadata_ref())?;
            }
        }
        Ok(block)
    }

    /// Notes that a transaction did something that cannot be read.
    fn note_unread(&mut self, event: &Event<'_>) {
        if let Some(transaction) = self.transaction_of(event) {
            let name = format!("{}.{}", event.pallet_name(), event.event_name());
            transaction.unread.push(name);
        }
    }

    /// A transaction begins with the withdrawal of its fee. What was reported under its number before
    /// that the chain did by itself, at the beginning of the block: it is nobody's.
    fn note_beginning(&mut self, event: &Event<'_>) {
        if (event.pallet_name(), event.event_name()) == ("Balances", "Withdraw")
            && let Some(transaction) = self.transaction_of(event)
        {
            transaction.begin();
        }
    }

    fn transaction_of(&mut self, event: &Event<'_>) -> Option<&mut Transaction> {
        let Phase::ApplyExtrinsic(index) = event.phase() else {
            return None;
        };
        self.transactions.get_mut(usize::try_from(index).ok()?)
    }

    fn note(&mut self, event: &Event<'_>, metadata: &Metadata) -> Result<(), Error> {
        let slot_event = match event.pallet_name() {
            "Auction" => auction(event)?,
            "Settlement" => settlement(event)?,
            _ => None,
        };
        if let Some(slot_event) = &slot_event {
            self.slot_events.push(slot_event.clone());
        }
        if event.pallet_name() == "Qkd" {
            self.session_events.extend(qkd::session_event(event)?);
        }
        let Some(transaction) = self.transaction_of(event) else {
            return Ok(());
        };
        transaction.slot_events.extend(slot_event);
        match event.pallet_name() {
            "System" | "Utility" | "Proxy" | "Sudo" | "Whitelist" => {
                transaction.note_failure(event, metadata)?;
            }
            "Council" => {
                let decision = council::decision(event, metadata)?;
                transaction.decisions.extend(decision);
            }
            "TransactionPayment" => {
                use api::transaction_payment::events::TransactionFeePaid as Paid;
                if let Some(paid) = decode::<Paid>(event)? {
                    transaction.fee = Some((paid.who.0, paid.actual_fee));
                }
            }
            "Auction" => transaction.note_refused_order(event, metadata)?,
            "Metering" => {
                transaction.note_reading(event)?;
                transaction.meters.extend(metering::done(event)?);
            }
            "Membership" => transaction.changes.extend(membership::change(event)?),
            _ => {}
        }
        Ok(())
    }
}

impl Transaction {
    /// Forgets what was reported before the transaction began.
    fn begin(&mut self) {
        if !self.has_begun {
            *self = Self { hash: self.hash, has_begun: true, ..Self::default() };
        }
    }

    /// What it did in the council to the call with this hash.
    pub fn decided(&self, hash: H256) -> impl Iterator<Item = &Decision> {
        let all = self.decisions.iter();
        all.filter(move |(of, _)| *of == hash).map(|(_, decision)| decision)
    }

    fn note_failure(&mut self, event: &Event<'_>, metadata: &Metadata) -> Result<(), Error> {
        use api::{
            proxy::events::ProxyExecuted,
            sudo::events::Sudid,
            system::events::ExtrinsicFailed,
            utility::events::{BatchInterrupted, ItemFailed},
            whitelist::events::WhitelistedCallDispatched,
        };
        if let Some(failed) = decode::<ExtrinsicFailed>(event)? {
            self.failure = Some(describe(&failed.dispatch_error, metadata));
        } else if let Some(failed) = decode::<ItemFailed>(event)? {
            self.refusals.push(describe(&failed.error, metadata));
        } else if let Some(executed) = decode::<ProxyExecuted>(event)?
            && let Err(error) = &executed.result
        {
            self.refusals.push(describe(error, metadata));
        } else if let Some(done) = decode::<Sudid>(event)?
            && let Err(error) = &done.sudo_result
        {
            self.refusals.push(describe(error, metadata));
        } else if let Some(stopped) = decode::<BatchInterrupted>(event)? {
            self.refusals.push(describe(&stopped.error, metadata));
        } else if let Some(done) = decode::<WhitelistedCallDispatched>(event)?
            && let Err(error) = &done.result
        {
            self.refusals.push(describe(&error.error, metadata));
        }
        Ok(())
    }

    fn note_refused_order(&mut self, event: &Event<'_>, metadata: &Metadata) -> Result<(), Error> {
        use api::auction::events::OrderRefused;
        if let Some(refused) = decode::<OrderRefused>(event)? {
            self.refused_orders.push((refused.order.0, describe(&refused.error, metadata)));
        }
        Ok(())
    }

    fn note_reading(&mut self, event: &Event<'_>) -> Result<(), Error> {
        use api::metering::events::{ReadingAccepted, ReadingRefused};
        if let Some(accepted) = decode::<ReadingAccepted>(event)? {
            self.readings.push((accepted.meter.0.0, accepted.slot.0.0, None));
        } else if let Some(refused) = decode::<ReadingRefused>(event)? {
            let why = format!("{:?}", refused.error.0);
            self.readings.push((refused.meter.0.0, refused.slot.0.0, Some(why)));
        }
        Ok(())
    }
}

fn auction(event: &Event<'_>) -> Result<Option<(u64, SlotEvent)>, Error> {
    use api::auction::events::{OrderPlaced, RenewalPaid, SlotCleared, SlotMatched, WorkPaid};
    if let Some(placed) = decode::<OrderPlaced>(event)? {
        let order = PlacedOrder {
            id: placed.id,
            who: placed.who.0,
            side: placed.side.0,
            limit: placed.limit.0,
            energy: placed.energy.0,
            held: placed.held,
        };
        return Ok(Some((placed.slot.0.0, SlotEvent::Placed(order))));
    }
    if let Some(cleared) = decode::<SlotCleared>(event)? {
        let clearing = Clearing {
            volume: cleared.volume.0,
            buyers_pay: cleared.buyers_pay.map(|price| price.0),
            sellers_receive: cleared.sellers_receive.map(|price| price.0),
            cap_binding: cleared.cap_binding,
            keys_used: cleared.keys_used,
        };
        return Ok(Some((cleared.slot.0.0, SlotEvent::Cleared(clearing))));
    }
    if let Some(WorkPaid { slot, who, amount }) = decode(event)? {
        let worked = SlotEvent::Worked { who: who.0, amount, renewal: false };
        return Ok(Some((slot.0.0, worked)));
    }
    if let Some(RenewalPaid { slot, who, amount }) = decode(event)? {
        let worked = SlotEvent::Worked { who: who.0, amount, renewal: true };
        return Ok(Some((slot.0.0, worked)));
    }
    let matched = decode::<SlotMatched>(event)?;
    Ok(matched.map(|matched| (matched.slot.0.0, SlotEvent::Matched(matched.trades))))
}

fn settlement(event: &Event<'_>) -> Result<Option<(u64, SlotEvent)>, Error> {
    use api::settlement::events::{
        Committed, Complained, Revealed, SlotSettled, TradeOpened, TradeSettled,
    };
    if let Some(opened) = decode::<TradeOpened>(event)? {
        let trade = Trade {
            id: opened.id,
            buyer: opened.buyer.0,
            seller: opened.seller.0,
            owner: opened.owner.0,
            energy: opened.energy.0,
            payment: opened.payment,
            deposit: opened.deposit,
            reserve: opened.reserve,
        };
        return Ok(Some((opened.slot.0.0, SlotEvent::Opened(trade))));
    }
    if let Some(committed) = decode::<Committed>(event)? {
        let Committed { slot, owner, by, commitment } = committed;
        let slot_event =
            SlotEvent::Committed { owner: owner.0, by: by.0, commitment: commitment.0 };
        return Ok(Some((slot.0.0, slot_event)));
    }
    if let Some(complained) = decode::<Complained>(event)? {
        let Complained { slot, id, bond, added, due, .. } = complained;
        return Ok(Some((slot.0.0, SlotEvent::Complained { id, bond, added, due })));
    }
    if let Some(revealed) = decode::<Revealed>(event)? {
        let delivered = revealed.delivered.0;
        let slot_event =
            SlotEvent::Revealed { owner: revealed.owner.0, by: revealed.by.0, delivered };
        return Ok(Some((revealed.slot.0.0, slot_event)));
    }
    if let Some(settled) = decode::<TradeSettled>(event)? {
        let settlement = Settlement {
            outcome: settled.outcome.0,
            metered: settled.metered.0,
            amounts: settled.amounts.0,
        };
        return Ok(Some((settled.slot.0.0, SlotEvent::Settled(settled.id, settlement))));
    }
    Ok(decode::<SlotSettled>(event)?.map(|settled| (settled.slot.0.0, SlotEvent::Closed)))
}
