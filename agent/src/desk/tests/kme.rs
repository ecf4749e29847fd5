//! A key service that tells each key once to each of its two ends.

use qkms::client::{Error, Key, Message};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use uuid::Uuid;
use zeroize::Zeroizing;

struct Entry {
    master: String,
    slave: String,
    bytes: Vec<u8>,
    told: bool,
}

struct Inner {
    random: ChaCha8Rng,
    keys: BTreeMap<Uuid, Entry>,
    /// Questions of slaves.
    asked: u64,
}

/// The service; clones share it.
#[derive(Clone)]
pub struct Kme(Arc<Mutex<Inner>>);

/// How the service answers wrongly.
#[derive(Clone, Copy, Debug)]
pub enum Rubbish {
    None,
    OneMore,
    Short,
    OtherId,
    SameBytes,
    Same,
}

pub fn key(id: Uuid, bytes: &[u8]) -> Key {
    Key { id, bytes: Zeroizing::new(bytes.to_vec()), local: false }
}

pub fn refused() -> Error {
    Error::Refused(Message { message: "keys are not found".into(), details: Vec::new() })
}

pub fn unavailable() -> Error {
    Error::Unavailable(Message { message: "no link".into(), details: Vec::new() })
}

impl Kme {
    pub fn new(seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self(Arc::new(Mutex::new(Inner { random, keys: BTreeMap::new(), asked: 0 })))
    }

    pub fn draw(&self, master: &str, slave: &str, number: usize) -> Vec<Key> {
        self.draw_long(master, slave, number, 32)
    }

    /// Keys of so many bytes.
    pub fn draw_long(&self, master: &str, slave: &str, number: usize, length: usize) -> Vec<Key> {
        let mut inner = self.0.lock().unwrap();
        let mut keys = Vec::new();
        for _ in 0..number {
            let mut bytes = vec![0; length];
            inner.random.fill_bytes(&mut bytes);
            let id = Uuid::from_bytes(inner.random.random());
            keys.push(key(id, &bytes));
            let (master, slave) = (master.to_owned(), slave.to_owned());
            inner.keys.insert(id, Entry { master, slave, bytes, told: false });
        }
        keys
    }

    pub fn collect(&self, slave: &str, master: &str, ids: &[Uuid]) -> Result<Vec<Key>, Error> {
        let mut inner = self.0.lock().unwrap();
        inner.asked += 1;
        let has = |id| {
            inner.keys.get(id).is_some_and(|entry: &Entry| {
                !entry.told && entry.master == master && entry.slave == slave
            })
        };
        if !ids.iter().all(has) {
            return Err(refused());
        }
        let tell = |id: &Uuid| {
            let entry = inner.keys.get_mut(id).unwrap();
            entry.told = true;
            key(*id, &entry.bytes)
        };
        Ok(ids.iter().map(tell).collect())
    }

    /// Whether the slave was told this key.
    pub fn has_told(&self, id: Uuid) -> bool {
        self.0.lock().unwrap().keys[&id].told
    }

    pub fn asked(&self) -> u64 {
        self.0.lock().unwrap().asked
    }

    /// All keys that there are.
    pub fn all(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().keys.values().map(|entry| entry.bytes.clone()).collect()
    }

    /// Makes a right answer wrong.
    pub fn spoil(&self, mut keys: Vec<Key>, how: Rubbish) -> Vec<Key> {
        let other = self.all();
        let any = Uuid::from_bytes(self.0.lock().unwrap().random.random());
        let first = &mut keys[0];
        match how {
            Rubbish::None => {}
            Rubbish::OneMore => keys.push(key(any, &[1; 32])),
            Rubbish::Short => first.bytes.truncate(31),
            Rubbish::OtherId => first.id = any,
            Rubbish::SameBytes => first.bytes = Zeroizing::new(other[0].clone()),
            Rubbish::Same if keys.len() > 1 => keys[1] = keys[0].clone(),
            Rubbish::Same => keys.clear(),
        }
        keys
    }
}
