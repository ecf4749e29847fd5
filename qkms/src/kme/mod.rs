//! One key management entity: the links to its peers, the keys of its SAEs.
//!
//! # How a key comes to be delivered
//!
//! Alice's end of a link leads and makes blocks ([`engine`]); both ends store them in their
//! [pools](crate::pool). An SAE asks the KME of its site ([`delivery`]), which draws the key from
//! the direction that begins there and asks its peer on the [`line`](mod@line) to hold it for the
//! slaves; the peer [answers](answer). When both ends are durable the master is told. The slaves
//! fetch the key from their own KME, which asks nobody. Keys for a site that no link leads to are
//! [relayed](crate::relay).
//!
//! # When something fails
//!
//! - The peer refuses, is late or cannot be reached: the SAE is refused, the keys are given back at
//!   the peer first, then here. Until the peer can be asked they lie idle.
//! - An end, or both, stop at any moment: a key whose master may have been told is never drawn
//!   again. When they meet, the ends [agree](crate::pool) on what is free, and waste the rest.
//! - A slave that is cut off while it fetches may have lost the key: it is told once or never.
//! - The store cannot be written: the request is refused, nothing changed.

pub mod admitted;
pub mod answer;
pub mod audits;
pub mod channels;
pub mod closure;
pub mod delivery;
pub mod directory;
pub mod door;
pub mod engine;
pub mod identity;
pub mod limits;
pub mod line;
pub mod link;
pub mod maker;
pub mod meeting;
pub mod notary;
pub mod observer;
pub mod photonic;
mod purse;
pub mod runs;
pub mod seed;
pub mod service;
pub mod tap;
pub mod testing;
pub mod why;
pub mod wire;

#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use zeroize::Zeroizing;

use self::{
    answer::Answerer,
    closure::Backoff,
    directory::{Directory, Place},
    limits::Limits,
    line::{Dialer, Line},
    link::{Capacity, Link},
    maker::BlockMaker,
    notary::Notary,
    observer::Observer,
    runs::Runs,
    seed::Seed,
    service::{KmeId, SaeId},
    wire::{Ask, Hello, VERSION},
};
use crate::{
    control::{Choices, Pilot},
    metrics::LinkMetrics,
    pool::{Books, End, Store},
    records::Sealer,
    relay::{self, Relay, RelaySetup, routes::RouteError},
};

/// How often a KME lets go of what is too old.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// How long a block that has begun may take when the KME stops.
const LAST_BLOCK: Duration = Duration::from_secs(10);

/// What a request may ask for; ETSI GS QKD 014, clause 6.1. Sizes are multiples of 8, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLimits {
    /// Bits of a key if a request says nothing.
    pub key_size: u64,
    /// The least size.
    pub min_key_size: u64,
    /// The largest size.
    pub max_key_size: u64,
    /// The most keys in one request.
    pub max_key_per_request: u64,
    /// The most additional slaves.
    pub max_sae_id_count: u64,
}

/// What a link is started with.
pub struct LinkSetup {
    /// The KME at the other end.
    pub peer: KmeId,
    /// Which end this is.
    pub end: End,
    /// The SAEs of the other site.
    pub saes: Vec<SaeId>,
    /// The link's store.
    pub store: Store,
    /// Connects to the peer.
    pub dialer: Arc<dyn Dialer>,
    /// Makes blocks.
    pub maker: Box<dyn BlockMaker>,
    /// How much is kept.
    pub capacity: Capacity,
    /// How long the peer may take to answer.
    pub patience: Duration,
    /// The first tag key, the same at both ends.
    pub first_key: Option<Zeroizing<Vec<u8>>>,
    /// Where the link is counted.
    pub metrics: LinkMetrics,
    /// How long it pauses after health tests that failed.
    pub backoff: Backoff,
    /// Whether its blocks are audited.
    pub audits: bool,
    /// Chooses what blocks are made with, at Alice's end; without it they are all alike.
    pub pilot: Option<Pilot>,
    /// What may be chosen, at Bob's end.
    pub choices: Option<Choices>,
}

/// What a KME is started with.
pub struct KmeSetup {
    /// Its identity.
    pub id: KmeId,
    /// The SAEs of its site.
    pub saes: Vec<SaeId>,
    /// The store of keys of its own generator.
    pub local: Store,
    /// What requests may ask for.
    pub limits: KeyLimits,
    /// Makes everything predictable.
    pub seed: Option<Arc<Seed>>,
    /// Signs the records of blocks.
    pub sealer: Arc<Sealer>,
    /// Its links.
    pub links: Vec<LinkSetup>,
    /// What it relays with, if it is part of a route.
    pub relay: Option<RelaySetup>,
}

/// Why a KME cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An SAE is named at two sites, or twice.
    #[error("the SAE {0} is named twice")]
    RepeatedSae(SaeId),
    /// A route.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The store.
    #[error("the store of the link to {peer}: {source}")]
    Store {
        /// The peer.
        peer: KmeId,
        /// The cause.
        source: crate::pool::StoreError,
    },
}

/// A KME that runs.
pub struct Kme {
    pub(super) id: KmeId,
    pub(super) directory: Arc<Directory>,
    pub(super) links: Vec<Arc<Link>>,
    /// The store of keys of the own generator; its line leads nowhere.
    pub(super) local: Arc<Link>,
    pub(super) limits: KeyLimits,
    pub(super) seed: Option<Arc<Seed>>,
    pub(super) relay: Option<Arc<Relay>>,
    answerers: Vec<Arc<Answerer>>,
    tasks: Mutex<JoinSet<()>>,
    leaders: Mutex<Vec<JoinHandle<()>>>,
}

impl Kme {
    /// Starts a KME: its lines to its peers and its engines run from now on. Connections of peers
    /// have to be handed to [`Kme::answer`].
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn start(setup: KmeSetup) -> Result<Arc<Self>, StartError> {
        let mut directory = Directory::default();
        directory.put(&setup.saes, Place::Here).map_err(StartError::RepeatedSae)?;
        for (index, link) in setup.links.iter().enumerate() {
            directory.put(&link.saes, Place::Peer(index)).map_err(StartError::RepeatedSae)?;
        }
        if let Some(relay) = &setup.relay {
            relay::enter(&relay.routes, &mut directory).map_err(StartError::RepeatedSae)?;
        }
        let directory = Arc::new(directory);
        let nothing = Capacity { keys: 0, tags: 0, lease: 0 };
        let nowhere = Line::new(Duration::ZERO);
        let notary = |end, peer: &KmeId, audits| {
            Notary::new(end, &setup.id, peer, Arc::clone(&setup.sealer), audits)
        };
        let local = Link::new(
            setup.id.clone(),
            End::Alice,
            setup.local,
            nowhere,
            nothing,
            notary(End::Alice, &setup.id, false),
            Backoff::default(),
        );
        let limits = Limits {
            keys: setup.limits.max_key_per_request,
            slaves: setup.limits.max_sae_id_count.saturating_add(1),
            len: (setup.limits.min_key_size / 8, setup.limits.max_key_size / 8),
        };
        let (mut tasks, mut leaders) = (JoinSet::new(), Vec::new());
        let mut links = Vec::new();
        let mut ends = Vec::new();
        tasks.spawn(keep_house(Arc::clone(&local)));
        for (index, setup_link) in setup.links.into_iter().enumerate() {
            let peer = setup_link.peer.clone();
            if let Some(key) = setup_link.first_key {
                let import = move |books: &mut Books<'_>| books.import_tag_key(&key);
                let imported = setup_link.store.run(import).await;
                imported.map_err(|source| StartError::Store { peer: peer.clone(), source })?;
            }
            let line = Line::new(setup_link.patience);
            let (end, capacity) = (setup_link.end, setup_link.capacity);
            let (notary, backoff) = (notary(end, &peer, setup_link.audits), setup_link.backoff);
            let link = Link::new(peer, end, setup_link.store, line, capacity, notary, backoff);
            let owner = Arc::clone(&link);
            let settled = link.store.run(move |books| owner.notary.settle_audits(books)).await;
            settled.map_err(|source| StartError::Store { peer: link.peer.clone(), source })?;
            let observer = Observer::new(setup_link.metrics);
            let (runs, starts) = Runs::new();
            match end {
                End::Alice => {
                    let (maker, pilot) = (setup_link.maker, setup_link.pilot);
                    let lead = engine::lead(Arc::clone(&link), maker, pilot, observer.clone());
                    leaders.push(tokio::spawn(lead));
                    tasks.spawn(audits::watch(Arc::clone(&link)));
                }
                End::Bob => {
                    let (runs, link) = (Arc::clone(&runs), Arc::clone(&link));
                    let follow = runs.follow(link, setup_link.maker, starts, observer.clone());
                    tasks.spawn(follow);
                }
            }
            tasks.spawn(observer.watch(Arc::clone(&link)));
            tasks.spawn(keep_house(Arc::clone(&link)));
            tasks.spawn(dial(setup.id.clone(), Arc::clone(&link), setup_link.dialer));
            ends.push((index, Arc::clone(&link), runs, setup_link.choices));
            links.push(link);
        }
        let relay = setup.relay.map(|relay| {
            let (id, seed) = (setup.id.clone(), setup.seed.clone());
            Relay::new(id, relay, &links, Arc::clone(&directory), limits, seed)
        });
        let relay = relay.transpose()?;
        if let Some(relay) = &relay {
            relay.tend(&mut tasks);
        }
        let answerer = |(index, link, runs, choices)| {
            Arc::new(Answerer {
                kme: setup.id.clone(),
                link,
                index,
                directory: Arc::clone(&directory),
                limits,
                runs,
                choices,
                relay: relay.clone(),
            })
        };
        let answerers = ends.into_iter().map(answerer).collect();
        Ok(Arc::new(Self {
            id: setup.id,
            directory,
            links,
            local,
            limits: setup.limits,
            seed: setup.seed,
            relay,
            answerers,
            tasks: Mutex::new(tasks),
            leaders: Mutex::new(leaders),
        }))
    }

    /// Its identity.
    pub fn id(&self) -> &KmeId {
        &self.id
    }

    /// Its links.
    pub fn links(&self) -> &[Arc<Link>] {
        &self.links
    }

    /// The store of keys of its own generator.
    pub fn local(&self) -> &Store {
        &self.local.store
    }

    /// What it relays with, if it is part of a route.
    pub fn relay(&self) -> Option<&Arc<Relay>> {
        self.relay.as_ref()
    }

    /// Answers a connection of a peer that has proven to be `peer`, until it ends.
    ///
    /// # Errors
    ///
    /// The stream's; `PermissionDenied` for a KME that is no peer.
    pub async fn answer(&self, peer: &KmeId, stream: Box<dyn wire::Stream>) -> io::Result<()> {
        let found = self.answerers.iter().find(|answerer| answerer.link.peer == *peer);
        match found {
            Some(answerer) => Arc::clone(answerer).serve(stream).await,
            None => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// Begins no block any more, and lets the one that has begun come to its end, for a few seconds.
    pub async fn wind_down(&self) {
        for link in &self.links {
            link.stop();
        }
        let leaders =
            std::mem::take(&mut *self.leaders.lock().unwrap_or_else(PoisonError::into_inner));
        for mut leader in leaders {
            if timeout(LAST_BLOCK, &mut leader).await.is_err() {
                leader.abort();
            }
        }
    }

    /// [Winds down](Self::wind_down) and closes the stores. Later requests are refused.
    pub async fn stop(&self) {
        self.wind_down().await;
        let mut tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        for link in self.links.iter().chain([&self.local]) {
            link.line.hang_up();
            let owner = Arc::clone(link);
            let last = link.store.run(move |books| owner.write_told(books)).await;
            if let Err(error) = last {
                tracing::warn!(%error, "the last records were not written");
            }
            link.store.close().await;
        }
        if let Some(relay) = &self.relay {
            relay.store().close().await;
        }
    }
}

/// Keeps the line to the peer.
async fn dial(kme: KmeId, link: Arc<Link>, dialer: Arc<dyn Dialer>) {
    let own = Hello { version: VERSION, kme: kme.to_string(), end: link.end };
    let peer = Hello { version: VERSION, kme: link.peer.to_string(), end: link.end.peer() };
    let line = link.line.clone();
    line.run(dialer, own, peer, || link.agree()).await;
}

/// Writes what was confirmed and lets go of what is too old, for ever.
async fn keep_house(link: Arc<Link>) {
    let mut tick = tokio::time::interval(HOUSEKEEPING);
    loop {
        tick.tick().await;
        let owner = Arc::clone(&link);
        let work = move |books: &mut Books<'_>| {
            owner.write_told(books)?;
            books.expire(owner.end.outgoing())
        };
        match link.store.run(work).await {
            Ok(old) if !old.is_empty() && link.line.is_ready() => {
                if let Err(error) = link.line.done(Ask::Retire(old)).await {
                    tracing::debug!(%error, "the peer KME was not told what is too old");
                }
                let _ = link.settle_voids().await;
            }
            Ok(_) => {}
            Err(crate::pool::StoreError::Closed) => return,
            Err(error) => tracing::warn!(%error, "could not let go of old keys"),
        }
    }
}
