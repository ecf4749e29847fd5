//! A key service in memory, shared by two sites. Key bytes come from a seed, so that a test can look for
//! them where they must not be.

use qkms::kme::service::{
    DeliveredKey, EncRequest, Figures, KeyService, LinkState, Origin, Refusal, SaeId, Status,
};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use uuid::Uuid;
use zeroize::Zeroizing;

struct Promise {
    master: SaeId,
    slave: SaeId,
    key: Vec<u8>,
}

/// The link between both sites.
pub struct Link(Mutex<Inner>);

struct Inner {
    random: StdRng,
    promised: HashMap<Uuid, Promise>,
    told: Vec<Vec<u8>>,
    /// Questions of slaves.
    asked: u64,
    closed: bool,
    silent: bool,
    delay: Duration,
    figures: Option<Figures>,
    surveyed: u64,
}

impl Link {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner {
            random: StdRng::seed_from_u64(20_190_212),
            promised: HashMap::new(),
            told: Vec::new(),
            asked: 0,
            closed: false,
            silent: false,
            delay: Duration::ZERO,
            figures: None,
            surveyed: 0,
        })))
    }

    /// Every key that was told to anyone.
    pub fn told(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().told.clone()
    }

    /// How often a slave has asked for keys.
    pub fn asked(&self) -> u64 {
        self.0.lock().unwrap().asked
    }

    /// Gives no key from now on, or gives them again.
    pub fn set_closed(&self, closed: bool) {
        self.0.lock().unwrap().closed = closed;
    }

    /// Tells slaves no key from now on, or tells them again.
    pub fn set_silent(&self, silent: bool) {
        self.0.lock().unwrap().silent = silent;
    }

    /// Takes so long for each answer from now on.
    pub fn set_delay(&self, delay: Duration) {
        self.0.lock().unwrap().delay = delay;
    }

    /// Says this of the link from now on, or nothing.
    pub fn set_figures(&self, figures: Option<Figures>) {
        self.0.lock().unwrap().figures = figures;
    }

    /// How often somebody asked for a status.
    pub fn surveyed(&self) -> u64 {
        self.0.lock().unwrap().surveyed
    }

    async fn wait(&self) -> Result<(), Refusal> {
        let (closed, delay) = {
            let inner = self.0.lock().unwrap();
            (inner.closed, inner.delay)
        };
        tokio::time::sleep(delay).await;
        if closed { Err(Refusal::LinkClosed) } else { Ok(()) }
    }
}

/// The end of the link at one site.
pub struct Site(pub Arc<Link>);

fn delivered(id: Uuid, key: &[u8]) -> DeliveredKey {
    DeliveredKey { id, key: Zeroizing::new(key.to_vec()), origin: Origin::Qkd }
}

impl KeyService for Site {
    fn status(&self, caller: &SaeId, slave: &SaeId) -> Result<Status, Refusal> {
        let kme: qkms::kme::service::KmeId = "kme".parse().unwrap();
        let mut link = self.0.0.lock().unwrap();
        link.surveyed += 1;
        Ok(Status {
            source_kme: kme.clone(),
            target_kme: kme,
            master: caller.clone(),
            slave: slave.clone(),
            key_size: 256,
            stored_key_count: 1,
            max_key_count: 1,
            max_key_per_request: 128,
            max_key_size: 16_384,
            min_key_size: 64,
            max_sae_id_count: 0,
            origin: Origin::Qkd,
            link: LinkState::Open,
            insecure: true,
            figures: link.figures,
        })
    }

    async fn enc_keys(
        &self,
        master: &SaeId,
        slave: &SaeId,
        request: EncRequest,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        self.0.wait().await?;
        if slave.as_str() == "nobody" {
            return Err(Refusal::UnknownSae(slave.clone()));
        }
        let bits = request.size.unwrap();
        assert!((64..=16_384).contains(&bits));
        let mut inner = self.0.0.lock().unwrap();
        let mut keys = Vec::new();
        for _ in 0..request.number.unwrap_or(1) {
            let mut key = vec![0; bits as usize / 8];
            inner.random.fill_bytes(&mut key);
            let id = Uuid::new_v4();
            keys.push(delivered(id, &key));
            inner.told.push(key.clone());
            let (master, slave) = (master.clone(), slave.clone());
            inner.promised.insert(id, Promise { master, slave, key });
        }
        Ok(keys)
    }

    async fn dec_keys(
        &self,
        caller: &SaeId,
        master: &SaeId,
        ids: Vec<Uuid>,
    ) -> Result<Vec<DeliveredKey>, Refusal> {
        self.0.0.lock().unwrap().asked += 1;
        self.0.wait().await?;
        let mut inner = self.0.0.lock().unwrap();
        if inner.silent {
            return Err(Refusal::Exhausted);
        }
        let ours = |promise: &Promise| promise.master == *master && promise.slave == *caller;
        if !ids.iter().all(|id| inner.promised.get(id).is_some_and(ours)) {
            return Err(Refusal::KeysNotFound(ids));
        }
        let mut tell = |id: &Uuid| delivered(*id, &inner.promised.remove(id).unwrap().key);
        Ok(ids.iter().map(&mut tell).collect())
    }
}
