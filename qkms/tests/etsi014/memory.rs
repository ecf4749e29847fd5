//! A key service in memory: two sites, one pool in each direction, and the standard's rules.
//!
//! It shares no code with the service that it stands in for. Key bytes come from a seed, so that a
//! test can look for them where they must not be.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use qkms::kme::service::{
    DeliveredKey, EncRequest, Figures, KeyService, KmeId, LinkState, Origin, Refusal, Route, SaeId,
    Status,
};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::Uuid;
use zeroize::Zeroizing;

pub const KEY_SIZE: u64 = 256;
pub const MAX_KEYS: u64 = 128;
pub const MAX_SLAVES: u64 = 4;

/// A site with its SAEs.
pub const SITES: [(&str, &[&str]); 2] =
    [("kme-a", &["alice", "carol"]), ("kme-b", &["bob", "dave", "we/ird é"])];

#[derive(Clone)]
struct Promise {
    master: SaeId,
    waiting: BTreeSet<SaeId>,
    named: BTreeSet<SaeId>,
    key: Vec<u8>,
    origin: Origin,
}

/// What both sites share: a link whose keys have the age `age`, and what was promised.
pub struct Link {
    state: Mutex<State>,
}

struct State {
    generator: StdRng,
    left: u64,
    age: Duration,
    promised: HashMap<Uuid, Promise>,
    refuse_with: Option<Refusal>,
    told: Vec<Vec<u8>>,
}

impl Link {
    pub fn new(seed: u64, keys: u64) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                generator: StdRng::seed_from_u64(seed),
                left: keys,
                age: Duration::from_secs(10),
                promised: HashMap::new(),
                refuse_with: None,
                told: Vec::new(),
            }),
        })
    }

    /// Keys still to be drawn.
    pub fn left(&self) -> u64 {
        self.state.lock().unwrap().left
    }

    /// What is told of the link.
    pub fn figures(&self) -> Figures {
        let state = self.state.lock().unwrap();
        let delivered_keys = state.told.len() as u64;
        Figures {
            stored_keys: state.left,
            delivered_keys,
            made_keys: state.left + delivered_keys,
            qber_ppm: Some(20_000),
            sound: state.refuse_with.is_none(),
        }
    }

    /// Every key that was told to anyone.
    pub fn told(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().told.clone()
    }

    /// How many keys wait for a slave.
    pub fn waiting(&self) -> usize {
        let state = self.state.lock().unwrap();
        state.promised.values().filter(|promise| !promise.waiting.is_empty()).count()
    }

    /// Lets all keys that wait expire.
    pub fn expire(&self) {
        self.state.lock().unwrap().promised.clear();
    }

    /// Refuses whatever asks for keys from now on.
    pub fn refuse_with(&self, refusal: Refusal) {
        self.state.lock().unwrap().refuse_with = Some(refusal);
    }
}

/// One site's end.
pub struct Memory {
    pub link: Arc<Link>,
    pub site: usize,
}

fn site_of(sae: &SaeId) -> Option<usize> {
    SITES.iter().position(|(_, saes)| saes.contains(&sae.as_str()))
}

fn kme(site: usize) -> KmeId {
    SITES[site].0.parse().unwrap()
}

impl Memory {
    fn check_caller(&self, caller: &SaeId) -> Result<(), Refusal> {
        let ours = site_of(caller) == Some(self.site);
        ours.then_some(()).ok_or(Refusal::UnknownCaller)
    }

    fn origin_of(&self, slave: &SaeId) -> Result<(usize, Origin), Refusal> {
        let site = site_of(slave).ok_or_else(|| Refusal::UnknownSae(slave.clone()))?;
        let local = site == self.site;
        Ok((site, if local { Origin::LocalGenerator } else { Origin::Qkd }))
    }
}

impl KeyService for Memory {
    fn status(&self, caller: &SaeId, slave: &SaeId) -> Result<Status, Refusal> {
        self.check_caller(caller)?;
        let (target, origin) = self.origin_of(slave)?;
        if caller == slave {
            return Err(Refusal::OwnSlave);
        }
        Ok(Status {
            source_kme: kme(self.site),
            target_kme: kme(target),
            master: caller.clone(),
            slave: slave.clone(),
            key_size: KEY_SIZE,
            stored_key_count: self.link.left(),
            max_key_count: 100_000,
            max_key_per_request: MAX_KEYS,
            max_key_size: 16_384,
            min_key_size: 64,
            max_sae_id_count: MAX_SLAVES,
            origin,
            link: if origin == Origin::Qkd { LinkState::Open } else { LinkState::Local },
            insecure: true,
            figures: (origin == Origin::Qkd).then(|| self.link.figures()),
        })
    }

    async fn enc_keys(
        &self,
        master: &SaeId,
        slave: &SaeId,
        request: EncRequest,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        self.check_caller(master)?;
        let (site, origin) = self.origin_of(slave)?;
        let number = request.number.unwrap_or(1);
        let size = request.size.unwrap_or(KEY_SIZE);
        if !(1..=MAX_KEYS).contains(&number) {
            return Err(Refusal::Number(MAX_KEYS));
        }
        if !size.is_multiple_of(8) {
            return Err(Refusal::SizeUneven);
        }
        if !(64..=16_384).contains(&size) {
            return Err(Refusal::Size { min: 64, max: 16_384 });
        }
        if request.additional_slaves.len() as u64 > MAX_SLAVES {
            return Err(Refusal::TooManySlaves(MAX_SLAVES));
        }
        let mut named = BTreeSet::from([slave.clone()]);
        for more in request.additional_slaves {
            if site_of(&more).ok_or_else(|| Refusal::UnknownSae(more.clone()))? != site {
                return Err(Refusal::SlavesOfManySites);
            }
            if !named.insert(more.clone()) {
                return Err(Refusal::RepeatedSlave(more));
            }
        }
        if named.contains(master) {
            return Err(Refusal::OwnSlave);
        }
        if request.mandatory.route == Some(Route::Direct) && origin != Origin::Qkd {
            return Err(Refusal::MandatoryUnmet);
        }
        let mut state = self.link.state.lock().unwrap();
        if request.mandatory.max_age.is_some_and(|most| most < state.age) {
            return Err(Refusal::MandatoryUnmet);
        }
        if let Some(refusal) = &state.refuse_with {
            return Err(refusal.clone());
        }
        if state.left < number {
            return Err(Refusal::Exhausted);
        }
        state.left -= number;
        let mut keys = Vec::new();
        for _ in 0..number {
            let mut key = vec![0; size as usize / 8];
            state.generator.fill_bytes(&mut key);
            let id = Uuid::new_v4();
            state.told.push(key.clone());
            let master = master.clone();
            let promise =
                Promise { master, waiting: named.clone(), named: named.clone(), key, origin };
            keys.push(DeliveredKey { id, key: Zeroizing::new(promise.key.clone()), origin });
            state.promised.insert(id, promise);
        }
        Ok(keys)
    }

    async fn dec_keys(
        &self,
        caller: &SaeId,
        master: &SaeId,
        ids: Vec<Uuid>,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        self.check_caller(caller)?;
        if ids.is_empty() || ids.len() as u64 > MAX_KEYS {
            return Err(Refusal::KeyIds(MAX_KEYS));
        }
        let mut once = BTreeSet::new();
        if let Some(id) = ids.iter().find(|id| !once.insert(**id)) {
            return Err(Refusal::RepeatedKey(*id));
        }
        let mut state = self.link.state.lock().unwrap();
        let promise =
            |id: &Uuid| state.promised.get(id).filter(|promise| promise.master == *master).cloned();
        let found: Vec<_> = ids.iter().map(|id| (*id, promise(id))).collect();
        if found.iter().flat_map(|(_, promise)| promise).any(|p| !p.named.contains(caller)) {
            return Err(Refusal::NotNamed);
        }
        let waits = |promise: &Option<Promise>| {
            promise.as_ref().is_some_and(|promise| promise.waiting.contains(caller))
        };
        let missing: Vec<_> =
            found.iter().filter(|(_, promise)| !waits(promise)).map(|(id, _)| *id).collect();
        if !missing.is_empty() {
            return Err(Refusal::KeysNotFound(missing));
        }
        let mut keys = Vec::new();
        for id in ids {
            let promise = state.promised.get_mut(&id).unwrap();
            promise.waiting.remove(caller);
            let (key, origin) = (promise.key.clone(), promise.origin);
            keys.push(DeliveredKey { id, key: Zeroizing::new(key), origin });
        }
        Ok(keys)
    }
}
