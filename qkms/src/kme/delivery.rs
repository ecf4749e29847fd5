//! Keys for SAEs: the service of one KME.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Kme,
    directory::Place,
    identity::ids,
    link::Link,
    service::{
        DeliveredKey, EncRequest, KeyService, LinkState, Options, Origin, Refusal, Route, SaeId,
        Status,
    },
    wire::Ask,
};
use crate::pool::{
    BookError, Books, Rejection, StoreError,
    delivery::{Draw, Drawn},
    making::NewBlock,
    record::{KeyNote, Made, Reservation},
};
use crate::relay::Wanted;

/// A request that is sound.
struct Sound {
    number: usize,
    len: u64,
    /// Slaves of this site.
    here: Vec<String>,
    /// Slaves of the site at the other end of a link.
    there: Option<(Arc<Link>, Vec<String>)>,
    /// Slaves of the site at the far end of a route.
    far: Option<(usize, Vec<String>)>,
}

impl KeyService for Kme {
    fn status(&self, caller: &SaeId, slave: &SaeId) -> Result<Status, Refusal> {
        self.require_here(caller)?;
        if caller == slave {
            return Err(Refusal::OwnSlave);
        }
        let limits = self.limits;
        let key_bytes = limits.key_size / 8;
        let mut figures = None;
        let (target, stored, most, origin, link) = match self.find(slave)? {
            Place::Far(index) => {
                let relay = self.relay.as_ref().and_then(|relay| relay.status(index));
                let (target, reach) = relay.ok_or(Refusal::UnknownSae(slave.clone()))?;
                let (stored, most) = reach.keys(key_bytes);
                (target, stored, most, Origin::Relayed, reach.way.into())
            }
            Place::Here => {
                let most = limits.max_key_per_request;
                (&self.id, most, most, Origin::LocalGenerator, LinkState::Local)
            }
            Place::Peer(index) => {
                let link = self.links.get(index).ok_or(Refusal::UnknownSae(slave.clone()))?;
                let stored = link.summary().fill(link.outgoing()).keys;
                figures = Some(link.figures());
                (&link.peer, stored, link.capacity.keys / key_bytes, Origin::Qkd, link.state())
            }
        };
        Ok(Status {
            source_kme: self.id.clone(),
            target_kme: target.clone(),
            master: caller.clone(),
            slave: slave.clone(),
            key_size: limits.key_size,
            stored_key_count: stored,
            max_key_count: most,
            max_key_per_request: limits.max_key_per_request,
            max_key_size: limits.max_key_size,
            min_key_size: limits.min_key_size,
            max_sae_id_count: limits.max_sae_id_count,
            origin,
            link,
            insecure: self.seed.is_some(),
            figures,
        })
    }

    async fn enc_keys(
        &self,
        master: &SaeId,
        slave: &SaeId,
        request: EncRequest,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        let sound = self.check(master, slave, &request)?;
        let master = master.to_string();
        if let (Some((far, slaves)), Some(relay)) = (sound.far, self.relay.clone()) {
            if request.mandatory.route == Some(Route::Direct) {
                return Err(Refusal::MandatoryUnmet);
            }
            let (number, len) = (sound.number, sound.len);
            let max_age = request.mandatory.max_age.map(millis);
            let wanted = Wanted { far, master, slaves, number, len, max_age };
            // On a task of its own, too.
            let delivery = tokio::spawn(async move { relay.deliver(wanted).await });
            return delivery.await.unwrap_or(Err(Refusal::Stopping));
        }
        let Some((link, there)) = sound.there else {
            if request.mandatory.route == Some(Route::Direct) {
                return Err(Refusal::MandatoryUnmet);
            }
            return self.generate(master, sound.here, sound.number, sound.len).await;
        };
        let age = |options: Options| options.max_age.map(millis);
        let (must, may) = (age(request.mandatory), age(request.optional));
        let first = [must, may].into_iter().flatten().min();
        let ids = self.seed.clone();
        let draw = Draw {
            direction: link.end.outgoing(),
            master,
            slaves: sound.here,
            ids: Vec::new(),
            len: sound.len,
            max_age: first,
        };
        let order = Order { link, there, number: sound.number, draw, seed: ids };
        // On a task of its own: a client that goes away leaves no request half done.
        let delivery = tokio::spawn(async move {
            match order.clone().deliver().await {
                Err(Refusal::MandatoryUnmet) if must.is_none_or(|must| first < Some(must)) => {
                    let mut order = order;
                    order.draw.max_age = must;
                    order.deliver().await
                }
                result => result,
            }
        });
        delivery.await.unwrap_or(Err(Refusal::Stopping))
    }

    async fn dec_keys(
        &self,
        caller: &SaeId,
        master: &SaeId,
        ids: Vec<Uuid>,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        self.require_here(caller)?;
        let most = self.limits.max_key_per_request;
        if ids.is_empty() || !u64::try_from(ids.len()).is_ok_and(|number| number <= most) {
            return Err(Refusal::KeyIds(most));
        }
        let mut seen = BTreeSet::new();
        if let Some(id) = ids.iter().find(|id| !seen.insert(**id)) {
            return Err(Refusal::RepeatedKey(*id));
        }
        let origin_and_link = match self.directory.find(master.as_str()) {
            Some(Place::Peer(index)) => self.links.get(index).map(|link| (Origin::Qkd, link)),
            Some(Place::Here) => self.holder_of(&ids).await?,
            Some(Place::Far(_)) => {
                let relay = self.relay.as_ref().ok_or(Refusal::KeysNotFound(ids.clone()))?;
                return relay.fetch(caller.to_string(), master.to_string(), ids).await;
            }
            None => None,
        };
        let Some((origin, link)) = origin_and_link else {
            return Err(Refusal::KeysNotFound(ids));
        };
        let (caller, master, owner) = (caller.to_string(), master.to_string(), Arc::clone(link));
        let fetch = move |books: &mut Books<'_>| {
            owner.write_told(books)?;
            books.fetch(&caller, &master, &ids)
        };
        let told = link.store.run(fetch).await.map_err(Refusal::from)?;
        Ok(told.into_iter().map(|(id, key)| DeliveredKey { id, key, origin }).collect())
    }
}

impl Kme {
    fn require_here(&self, sae: &SaeId) -> Result<(), Refusal> {
        match self.directory.find(sae.as_str()) {
            Some(Place::Here) => Ok(()),
            _ => Err(Refusal::UnknownCaller),
        }
    }

    fn find(&self, sae: &SaeId) -> Result<Place, Refusal> {
        self.directory.find(sae.as_str()).ok_or_else(|| Refusal::UnknownSae(sae.clone()))
    }

    fn check(&self, master: &SaeId, slave: &SaeId, request: &EncRequest) -> Result<Sound, Refusal> {
        self.require_here(master)?;
        let limits = self.limits;
        let additional = &request.additional_slaves;
        if !u64::try_from(additional.len()).is_ok_and(|count| count <= limits.max_sae_id_count) {
            return Err(Refusal::TooManySlaves(limits.max_sae_id_count));
        }
        let (mut here, mut there, mut peer, mut far) = (Vec::new(), Vec::new(), None, None);
        let mut seen = BTreeSet::new();
        for slave in std::iter::once(slave).chain(additional) {
            if slave == master {
                return Err(Refusal::OwnSlave);
            }
            if !seen.insert(slave) {
                return Err(Refusal::RepeatedSlave(slave.clone()));
            }
            match self.find(slave)? {
                Place::Here => here.push(slave.to_string()),
                Place::Far(index) if far.is_none_or(|other| other == index) => {
                    far = Some(index);
                    there.push(slave.to_string());
                }
                Place::Peer(index) if peer.is_none_or(|other| other == index) => {
                    peer = Some(index);
                    there.push(slave.to_string());
                }
                Place::Peer(_) | Place::Far(_) => return Err(Refusal::SlavesOfManySites),
            }
        }
        if far.is_some() && (peer.is_some() || !here.is_empty()) {
            return Err(Refusal::SlavesOfManySites);
        }
        let size = request.size.unwrap_or(limits.key_size);
        if !size.is_multiple_of(8) {
            return Err(Refusal::SizeUneven);
        }
        if !(limits.min_key_size..=limits.max_key_size).contains(&size) {
            return Err(Refusal::Size { min: limits.min_key_size, max: limits.max_key_size });
        }
        let number = request.number.unwrap_or(1);
        let number = usize::try_from(number)
            .ok()
            .filter(|_| (1..=limits.max_key_per_request).contains(&number))
            .ok_or(Refusal::Number(limits.max_key_per_request))?;
        let len = size / 8;
        if let Some(far) = far {
            return Ok(Sound { number, len, here, there: None, far: Some((far, there)) });
        }
        let link = peer.and_then(|index| self.links.get(index)).cloned();
        Ok(Sound { number, len, here, there: link.map(|link| (link, there)), far: None })
    }

    /// Keys of the own generator, for SAEs of this site alone.
    async fn generate(
        &self,
        master: String,
        slaves: Vec<String>,
        number: usize,
        len: u64,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        let (seed, local) = (self.seed.clone(), Arc::clone(&self.local));
        let direction = self.local.end.outgoing();
        let make = move |books: &mut Books<'_>| {
            local.write_told(books)?;
            let ids = ids(books, seed.as_deref(), "key", number)?;
            let block = books.next_block()?;
            let total = len.saturating_mul(number as u64);
            let mut bytes = Zeroizing::new(vec![0; usize::try_from(total).unwrap_or(0)]);
            match &seed {
                Some(seed) => seed.fill("local keys", block, &mut bytes),
                None => getrandom::fill(&mut bytes)
                    .map_err(|_| BookError::Damaged("the generator failed"))?,
            }
            let mut split = crate::pool::Split::default();
            split.0[2] = total;
            books.store_block(&NewBlock {
                number: block,
                made: Made::Generator,
                bytes: &bytes,
                bits: total.saturating_mul(8),
                split,
                staged: false,
            })?;
            let draw = Draw { direction, master, slaves, ids: ids.clone(), len, max_age: None };
            let drawn = books.draw(&draw)?;
            // Both ends of these keys are this transaction.
            books.confirm(&ids)?;
            Ok(drawn)
        };
        let drawn = self.local.store.run(make).await.map_err(Refusal::from)?;
        Ok(deliver(drawn, Origin::LocalGenerator))
    }

    /// Which of this KME's stores holds the first of these keys, which a master of this site drew.
    async fn holder_of(&self, ids: &[Uuid]) -> Result<Option<(Origin, &Arc<Link>)>, Refusal> {
        let Some(first) = ids.first().copied() else { return Ok(None) };
        let local = std::iter::once((Origin::LocalGenerator, &self.local));
        for (origin, link) in local.chain(self.links.iter().map(|link| (Origin::Qkd, link))) {
            let known =
                link.store.run(move |books| books.key(first)).await.map_err(Refusal::from)?;
            if known.is_some() {
                return Ok(Some((origin, link)));
            }
        }
        Ok(None)
    }
}

/// Keys to be drawn from a link and held by its peer.
#[derive(Clone)]
struct Order {
    link: Arc<Link>,
    there: Vec<String>,
    number: usize,
    draw: Draw,
    seed: Option<Arc<super::seed::Seed>>,
}

impl Order {
    async fn deliver(self) -> Result<Vec<DeliveredKey>, Refusal> {
        let Self { link, there, number, draw, seed } = self;
        if !link.line.is_ready() {
            return Err(Refusal::Unconfirmed);
        }
        let notes = Arc::new(OnceLock::new());
        let (owner, kept) = (Arc::clone(&link), Arc::clone(&notes));
        let work = move |books: &mut Books<'_>| {
            owner.write_many_told(books)?;
            let ids = ids(books, seed.as_deref(), "key", number)?;
            let drawn = books.draw(&Draw { ids, ..draw.clone() })?;
            let keys: Vec<KeyNote> = drawn.iter().map(|drawn| drawn.note.clone()).collect();
            kept.get_or_init(|| keys.clone());
            // The peer makes it durable at the same time as this end does.
            let reservation = Reservation { master: draw.master, slaves: there, keys };
            Ok((drawn, owner.line.put(Ask::Reserve(reservation))))
        };
        let written = link.store.run(work).await;
        let notes = notes.get().cloned().unwrap_or_default();
        let ids: Vec<Uuid> = notes.iter().map(KeyNote::id).collect();
        match written {
            Ok((drawn, pending)) => match pending.done().await {
                Ok(()) => {
                    link.remember_told(&ids);
                    Ok(deliver(drawn, Origin::Qkd))
                }
                Err(error) => {
                    tracing::warn!(peer = %link.peer, %error, "keys were not confirmed");
                    drop(drawn);
                    link.store
                        .run(move |books| books.mark_void(&ids))
                        .await
                        .map_err(Refusal::from)?;
                    tokio::spawn(async move { link.settle_voids().await });
                    Err(Refusal::Unconfirmed)
                }
            },
            Err(StoreError::Rejected(Rejection::Exhausted)) if link.closed().borrow().is_some() => {
                Err(Refusal::LinkClosed)
            }
            Err(error) => {
                if !notes.is_empty() {
                    // The peer may hold what this end has not written.
                    tokio::spawn(async move { link.give_up(notes).await });
                }
                Err(error.into())
            }
        }
    }
}

fn deliver(drawn: Vec<Drawn>, origin: Origin) -> Vec<DeliveredKey> {
    drawn
        .into_iter()
        .map(|drawn| DeliveredKey { id: drawn.note.id(), key: drawn.bytes, origin })
        .collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
