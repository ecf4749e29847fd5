//! The keys that an agent holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::{client::Key, kme::service::SaeId};

/// No more keys can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the agent holds {held} keys, {promised} more are on their way, and {most} is the most")]
pub struct Full {
    /// Keys held.
    pub held: usize,
    /// Places kept for requests under way.
    pub promised: usize,
    /// The most keys that are held.
    pub most: usize,
}

/// Keys by identity, each with the SAE that shares it. Wiped on drop.
#[derive(Debug)]
pub struct Vault {
    inner: Mutex<Inner>,
    most: usize,
}

#[derive(Debug, Default)]
struct Inner {
    keys: HashMap<Uuid, (SaeId, Key)>,
    promised: usize,
}

impl Vault {
    /// A vault that holds `most` keys.
    pub fn new(most: usize) -> Self {
        Self { inner: Mutex::default(), most }
    }

    /// Takes a key out: it is held no longer. None if it is not held, or shared with another SAE.
    pub fn take(&self, peer: &SaeId, id: Uuid) -> Option<Key> {
        let mut inner = self.lock();
        inner.keys.get(&id).filter(|(shared_with, _)| shared_with == peer)?;
        inner.keys.remove(&id).map(|(_, key)| key)
    }

    /// Wipes a key; tells whether it was held.
    pub fn forget(&self, id: Uuid) -> bool {
        self.lock().keys.remove(&id).is_some()
    }

    /// How many keys are held in all.
    pub fn held(&self) -> usize {
        self.lock().keys.len()
    }

    /// How many keys are held that `peer` shares.
    pub fn held_with(&self, peer: &SaeId) -> usize {
        self.lock().keys.values().filter(|(shared_with, _)| shared_with == peer).count()
    }

    /// Keeps `number` places free until the promise is dropped.
    pub(super) fn promise(self: &Arc<Self>, number: usize) -> Result<Promise, Full> {
        let mut inner = self.lock();
        let (held, promised) = (inner.keys.len(), inner.promised);
        let wanted = held.saturating_add(promised).saturating_add(number);
        if wanted > self.most {
            return Err(Full { held, promised, most: self.most });
        }
        inner.promised = promised.saturating_add(number);
        drop(inner);
        Ok(Promise { vault: Arc::clone(self), number })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Places kept free for keys under way.
#[derive(Debug)]
pub(super) struct Promise {
    vault: Arc<Vault>,
    number: usize,
}

impl Promise {
    /// Puts keys shared with `peer` into the places and gives the places back. Keys beyond the
    /// places promised are wiped: a KME that answers more than it was asked gains no room by it.
    pub(super) fn fulfil(self, peer: &SaeId, keys: Vec<Key>) -> Vec<Uuid> {
        let mut inner = self.vault.lock();
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys.into_iter().take(self.number) {
            ids.push(key.id);
            inner.keys.insert(key.id, (peer.clone(), key));
        }
        ids
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut inner = self.vault.lock();
        inner.promised = inner.promised.saturating_sub(self.number);
    }
}
