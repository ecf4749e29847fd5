//! The origin: keys are made, sent, and told when the target has acknowledged them.

use std::{collections::BTreeSet, sync::Arc};

use codec::{DecodeAll, Encode};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    MAX_BYTES, OVERHEAD, Order, Reach, Relay, SALT_BYTES, Void, Way,
    seal::{self, Statement},
    service::Far,
    site::{MISMATCH, Unsent},
};
use crate::{
    kme::{
        identity::ids,
        line::NoAnswer,
        service::{DeliveredKey, KmeId, Origin, Refusal},
        wire::{Ask, Why},
    },
    metrics::RelayPart,
    pool::{BookError, Books, Rejection, withdrawals::Kept},
};

/// Orders to withdraw keys that one round tries at most.
const A_ROUND: usize = 256;

/// Keys that a master of this site asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The index of the slaves' site among the far ends.
    pub far: usize,
    /// The master.
    pub master: String,
    /// The slaves.
    pub slaves: Vec<String>,
    /// How many keys.
    pub number: usize,
    /// Bytes of each.
    pub len: u64,
    /// The largest age of the blocks that pay, in milliseconds.
    pub max_age: Option<u64>,
}

impl Relay {
    /// Makes keys and has them relayed. Has to run to its end: whoever drops it loses track of keys
    /// that the target may hold.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], and then nobody is told the keys.
    pub async fn deliver(self: &Arc<Self>, wanted: Wanted) -> Result<Vec<DeliveredKey>, Refusal> {
        let far = self.fars.get(wanted.far).ok_or(Refusal::Unconfirmed)?;
        let bytes = wanted.len.saturating_mul(wanted.number as u64);
        if bytes > MAX_BYTES {
            return Err(Refusal::Number(MAX_BYTES.checked_div(wanted.len).unwrap_or(0)));
        }
        // What cannot come through would cost the first links all the same.
        let enough = |reach: &Reach| reach.bytes >= bytes.saturating_add(OVERHEAD);
        let mut reach = far.reach().filter(enough);
        if reach.is_none() && far.first.line.is_ready() {
            reach = far.ask().await;
        }
        match reach.filter(|reach| reach.way != Way::Unreachable) {
            None => return Err(Refusal::Unconfirmed),
            Some(reach) if !enough(&reach) => return Err(Refusal::Exhausted),
            Some(_) => {}
        }
        let (ids, clear) = self.make(wanted.number, wanted.len).await?;
        let order = Order {
            path: far.path.clone(),
            master: wanted.master,
            slaves: wanted.slaves,
            ids: ids.iter().map(|id| id.into_bytes()).collect(),
            len: wanted.len,
        };
        self.send_and_tell(far, order, wanted.max_age, &clear, &ids).await
    }

    async fn send_and_tell(
        self: &Arc<Self>,
        far: &Far,
        order: Order,
        max_age: Option<u64>,
        clear: &Zeroizing<Vec<u8>>,
        ids: &[Uuid],
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        let hash = seal::hash(clear);
        let signature = self.key.sign(Statement::Sent(hash), &order);
        let patience = far.first.line.patience();
        let sent = self.send(&far.first, order.clone(), max_age, signature, clear, patience).await;
        let refused = match sent {
            Ok(held) if Statement::Held(hash).holds(&order, &far.key, &held) => {
                self.metrics.relayed(RelayPart::Origin, ids.len());
                return Ok(keys(ids, clear, order.len));
            }
            Ok(_) => {
                tracing::error!(kme = %far.kme, "keys were not acknowledged: {MISMATCH}");
                Refusal::Unconfirmed
            }
            Err(Unsent::Store(error)) => {
                // Nothing has left.
                self.metrics.failed(RelayPart::Origin);
                return Err(error.into());
            }
            Err(Unsent::Peer(error)) => {
                tracing::warn!(kme = %far.kme, %error, "keys were not relayed");
                if error == NoAnswer::Refused(Why::Signature) {
                    tracing::error!(
                        kme = %far.kme,
                        "it does not know the signature of this KME, {}: is that its `relay_key` there?",
                        hex::encode(self.key.public())
                    );
                }
                match error {
                    NoAnswer::Refused(Why::Exhausted) => Refusal::Exhausted,
                    NoAnswer::Refused(Why::Age) => Refusal::MandatoryUnmet,
                    _ => Refusal::Unconfirmed,
                }
            }
        };
        self.metrics.failed(RelayPart::Origin);
        let signature = self.key.sign(Statement::Void, &order);
        let (first, void) = (order.first(), Void { order, signature });
        let keep = move |books: &mut Books<'_>| books.keep_withdrawal(first, &void.encode());
        // Without it the target holds the keys until they are too old. The master is refused anyway.
        self.store.run(keep).await.map_err(Refusal::from)?;
        let this = Arc::clone(self);
        tokio::spawn(async move { this.withdraw_all().await });
        Err(refused)
    }

    /// Identities, and salt and keys in one buffer.
    async fn make(
        &self,
        number: usize,
        len: u64,
    ) -> Result<(Vec<Uuid>, Zeroizing<Vec<u8>>), Refusal> {
        let bytes = len.saturating_mul(number as u64).saturating_add(SALT_BYTES as u64);
        let mut clear = Zeroizing::new(vec![0; usize::try_from(bytes).unwrap_or(0)]);
        let Some(seed) = self.seed.clone() else {
            let failed = |_| Refusal::Store;
            getrandom::fill(&mut clear).map_err(failed)?;
            return Ok(((0..number).map(|_| Uuid::now_v7()).collect(), clear));
        };
        let owner = Arc::clone(&seed);
        let number = move |books: &mut Books<'_>| -> Result<_, BookError> {
            // Counts on, so that no seed fills two requests alike.
            let block = books.next_block()?;
            Ok((block, ids(books, Some(&owner), "relayed key", number)?))
        };
        let (block, ids) = self.store.run(number).await.map_err(Refusal::from)?;
        seed.fill("relayed keys", block, &mut clear);
        Ok((ids, clear))
    }

    /// Tells the targets which keys they must not tell, [`A_ROUND`] orders at most, and returns how many it
    /// has tried; none while another round is under way. A site that does not answer in time is not asked
    /// again in the same round, and the next round begins behind the last order that was tried.
    pub(super) async fn withdraw_all(&self) -> Option<usize> {
        let mut last = self.withdrawing.try_lock().ok()?;
        let after = *last;
        let kept = match self.store.run(move |books| books.kept_withdrawals(after, A_ROUND)).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::debug!(%error, "withdrawals cannot be read");
                return Some(0);
            }
        };
        let (mut silent, mut tried) = (BTreeSet::<&KmeId>::new(), 0usize);
        for (kept, row) in kept {
            let Ok(void) = Void::decode_all(&mut &*row) else {
                tracing::error!("a withdrawal cannot be read; it is dropped when it is too old");
                continue;
            };
            // A route that is configured no more leads nowhere; the target lets go by age.
            let far = self.fars.iter().find(|far| far.path == void.order.path);
            let is_silent =
                |far: &Far| silent.contains(&far.first.peer) || silent.contains(&far.kme);
            if far.is_some_and(is_silent) {
                continue;
            }
            *last = Some(kept);
            tried = tried.saturating_add(1);
            if let Err(error) = self.withdraw(kept, far, void).await {
                tracing::debug!(%error, "relayed keys are not withdrawn yet");
                // One that refuses may have another way on for other keys.
                let refused = matches!(error, Unsent::Peer(NoAnswer::Refused(_)));
                silent.extend(far.map(|far| if refused { &far.kme } else { &far.first.peer }));
            }
        }
        Some(tried)
    }

    async fn withdraw(&self, kept: Kept, far: Option<&Far>, void: Void) -> Result<(), Unsent> {
        if let Some(far) = far {
            match far.first.line.done(Ask::VoidKeys(void)).await {
                Ok(()) => {}
                // It will not be taken another time either.
                Err(NoAnswer::Refused(why @ (Why::Route | Why::Limits | Why::Signature))) => {
                    tracing::error!(kme = %far.kme, ?why, "keys cannot be withdrawn");
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.store.run(move |books| books.forget_withdrawal(kept)).await?;
        Ok(())
    }

    /// Tells a slave of this site keys whose way has ended here.
    pub(crate) async fn fetch(
        &self,
        caller: String,
        master: String,
        ids: Vec<Uuid>,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        let fetch = move |books: &mut Books<'_>| books.fetch(&caller, &master, &ids);
        let told = self.store.run(fetch).await.map_err(Refusal::from)?;
        let origin = Origin::Relayed;
        Ok(told.into_iter().map(|(id, key)| DeliveredKey { id, key, origin }).collect())
    }
}

/// The keys that follow the salt.
fn keys(ids: &[Uuid], clear: &[u8], len: u64) -> Vec<DeliveredKey> {
    let len = usize::try_from(len).unwrap_or(usize::MAX).max(1);
    let keys = clear.get(SALT_BYTES..).unwrap_or_default().chunks_exact(len);
    let told = ids.iter().zip(keys);
    told.map(|(id, key)| DeliveredKey {
        id: *id,
        key: Zeroizing::new(key.to_vec()),
        origin: Origin::Relayed,
    })
    .collect()
}

impl From<Rejection> for Unsent {
    fn from(rejection: Rejection) -> Self {
        Self::Store(rejection.into())
    }
}
