//! A site between, and the target: what is done with a message of the site before.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{
    ExtKeys, Order, Reach, Relay, SALT_BYTES, Void,
    seal::{self, Statement},
};
use crate::{
    kme::{
        directory::Place,
        line::NoAnswer,
        link::Link,
        wire::{Ask, Reply, Why},
    },
    metrics::RelayPart,
    pool::{BookError, Books, Rejection, StoreError},
    records::Signature,
};

/// Why a signature of the other end of a route may not hold, most often by an error that is nobody's lie.
pub(super) const MISMATCH: &str = "the signature does not hold by the `relay_key` that is configured for that \
    KME; if that is not what `qkms relay-key` prints there, it has to be corrected, and else a site between \
    has altered what passed";

/// Why keys did not come to the next site, or were not acknowledged.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsent {
    /// Nothing has left.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The next site did not acknowledge them.
    #[error(transparent)]
    Peer(#[from] NoAnswer),
}

impl Relay {
    /// Answers the KME at the other end of `link`.
    pub(crate) async fn answer(self: &Arc<Self>, link: &Arc<Link>, ask: Ask) -> Reply {
        let done = match ask {
            Ask::ExtKeys(message) => self.ext_keys(link, message).await.map(Reply::Ack),
            Ask::VoidKeys(void) => self.void(link, void).await.map(|()| Reply::Done),
            Ask::Reach(path) => self.reach(link, path).await.map(Reply::Reach),
            _ => Err(Why::Route),
        };
        done.unwrap_or_else(Reply::Refused)
    }

    async fn ext_keys(
        self: &Arc<Self>,
        link: &Arc<Link>,
        message: ExtKeys,
    ) -> Result<Signature, Why> {
        let next = self.onward(&message.order.path, link)?.cloned();
        message.check(&self.limits)?;
        let keys = message.order.ids.len();
        let (part, done) = match next {
            Some(next) => (RelayPart::Between, self.forward(link, &next, message).await),
            None => (RelayPart::Target, self.hold(link, message).await),
        };
        match &done {
            Ok(_) => self.metrics.relayed(part, keys),
            Err(why) => {
                self.metrics.failed(part);
                tracing::warn!(from = %link.peer, ?why, "keys were not relayed");
            }
        }
        done
    }

    /// Sends keys on to the next site, and waits for the target's acknowledgement.
    async fn forward(
        &self,
        link: &Arc<Link>,
        next: &Arc<Link>,
        message: ExtKeys,
    ) -> Result<Signature, Why> {
        if !next.line.is_ready() {
            return Err(Why::Onward);
        }
        let (order, max_age, signature) =
            (message.order.clone(), message.max_age, message.signature);
        let clear = take(link, message, |_, _| true).await?;
        // So that the answer comes before the site before gives up, if it comes at all.
        let patience = link.line.patience() / 2;
        let sent = self.send(next, order, max_age, signature, &clear, patience).await;
        sent.map_err(|unsent| match unsent {
            Unsent::Store(StoreError::Rejected(Rejection::Exhausted)) => Why::Exhausted,
            Unsent::Store(StoreError::Rejected(Rejection::TooOld)) => Why::Age,
            Unsent::Store(_) => Why::Store,
            Unsent::Peer(NoAnswer::Refused(why)) => why,
            Unsent::Peer(_) => Why::Onward,
        })
    }

    /// Pays a link's key for a message and asks the next site to take it. What was paid is gone,
    /// whatever comes of it.
    pub(super) async fn send(
        &self,
        next: &Arc<Link>,
        order: Order,
        max_age: Option<u64>,
        signature: Signature,
        clear: &Zeroizing<Vec<u8>>,
        patience: Duration,
    ) -> Result<Signature, Unsent> {
        let (direction, bytes) = (next.end.outgoing(), order.pad_bytes());
        let owner = Arc::clone(next);
        let pay = move |books: &mut Books<'_>| {
            owner.write_many_told(books)?;
            books.draw_pad(direction, bytes, max_age)
        };
        // Durable before a byte that the pad hides leaves.
        let pad = next.store.run(pay).await?;
        let message = seal::seal(order, max_age, signature, clear, &pad);
        let message = message.ok_or_else(|| StoreError::from(Rejection::Length))?;
        let answer = timeout(patience, next.line.ask(Ask::ExtKeys(message))).await;
        let wrong = match answer.unwrap_or(Err(NoAnswer::Late)) {
            Ok(Reply::Ack(held)) => return Ok(held),
            Ok(_) => NoAnswer::Wrong,
            Err(error) => error,
        };
        // The other end may hold the pad free; if it is not told now, the next survey shows it.
        drop(next.line.put(Ask::Spent(pad.ranges)));
        Err(wrong.into())
    }

    /// Holds keys for slaves of this site.
    async fn hold(&self, link: &Arc<Link>, message: ExtKeys) -> Result<Signature, Why> {
        let order = message.order.clone();
        let (index, far) = self.origin_of(&order.path)?;
        let here = |sae: &String| self.directory.find(sae) == Some(Place::Here);
        if self.directory.find(&order.master) != Some(Place::Far(index))
            || !order.slaves.iter().all(here)
        {
            return Err(Why::Sae);
        }
        let ids = order.ids.clone();
        let known = self.store.run(move |books| books.knows_any(&ids)).await;
        if known.map_err(why)? {
            return Err(Why::Books);
        }
        let (key, signature) = (far.key, message.signature);
        let signed = move |order: &Order, clear: &[u8]| {
            Statement::Sent(seal::hash(clear)).holds(order, &key, &signature)
        };
        let clear = take(link, message, signed).await.inspect_err(|why| {
            if *why == Why::Signature {
                tracing::error!(kme = %far.kme, "keys from there are refused: {MISMATCH}");
            }
        })?;
        let hash = seal::hash(&clear);
        let held = order.clone();
        let hold = move |books: &mut Books<'_>| {
            let keys = clear.get(SALT_BYTES..).unwrap_or_default();
            books.hold_relayed(&held.master, &held.slaves, &held.ids, held.len, keys)
        };
        self.store.run(hold).await.map_err(why)?;
        Ok(self.key.sign(Statement::Held(hash), &order))
    }

    async fn void(&self, link: &Arc<Link>, void: Void) -> Result<(), Why> {
        let next = self.onward(&void.order.path, link)?;
        void.order.check(&self.limits)?;
        if let Some(next) = next {
            let patience = link.line.patience() / 2;
            let asked = timeout(patience, next.line.done(Ask::VoidKeys(void))).await;
            return match asked.unwrap_or(Err(NoAnswer::Late)) {
                Ok(()) => Ok(()),
                Err(NoAnswer::Refused(why)) => Err(why),
                Err(_) => Err(Why::Onward),
            };
        }
        let Void { order, signature } = void;
        let (_, far) = self.origin_of(&order.path)?;
        if !Statement::Void.holds(&order, &far.key, &signature) {
            tracing::error!(kme = %far.kme, "a withdrawal is refused: {MISMATCH}");
            return Err(Why::Signature);
        }
        let withdraw =
            move |books: &mut Books<'_>| books.withdraw(&order.master, &order.slaves, &order.ids);
        self.store.run(withdraw).await.map_err(why)
    }

    async fn reach(&self, link: &Arc<Link>, path: Vec<String>) -> Result<Reach, Why> {
        let Some(next) = self.onward(&path, link)? else { return Err(Why::Route) };
        let own = Reach::of(next);
        let target = path.last().is_some_and(|target| next.peer.as_str() == target);
        if target {
            return Ok(own);
        }
        let patience = link.line.patience() / 2;
        let rest = timeout(patience, next.line.ask(Ask::Reach(path))).await;
        match rest {
            Ok(Ok(Reply::Reach(rest))) => Ok(own.and(rest)),
            _ => Ok(own.and(Reach::nothing(own.capacity))),
        }
    }
}

/// Takes a message of the other end of a link: its pad is spent here and its tag holds, and `sound`
/// of order and clear text; or nothing changes.
async fn take(
    link: &Arc<Link>,
    message: ExtKeys,
    sound: impl FnOnce(&Order, &[u8]) -> bool + Send + 'static,
) -> Result<Zeroizing<Vec<u8>>, Why> {
    let theirs = link.end.peer().outgoing();
    let take = move |books: &mut Books<'_>| -> Result<_, BookError> {
        let pad = books.read_pad(theirs, &message.pad)?;
        let clear = seal::open(&message, &pad).ok_or(Rejection::Forged)?;
        if !sound(&message.order, &clear) {
            return Err(Rejection::Signature.into());
        }
        books.spend_pad(theirs, &message.pad)?;
        Ok(clear)
    };
    link.store.run(take).await.map_err(why)
}

fn why(error: StoreError) -> Why {
    match error {
        StoreError::Rejected(Rejection::Forged) => Why::Forged,
        StoreError::Rejected(Rejection::Signature) => Why::Signature,
        StoreError::Rejected(_) => Why::Books,
        StoreError::Failed(_) | StoreError::Closed => Why::Store,
    }
}
