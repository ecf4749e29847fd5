//! The part of a KME that relays.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{
    RelayKey, RelaySetup, RouteSetup,
    reach::{ASKED_EVERY, Heard, Reach, Way},
    routes::{self, RouteError},
};
use crate::{
    kme::{
        directory::{Directory, Place},
        limits::Limits,
        link::Link,
        seed::Seed,
        service::{KmeId, LinkState, SaeId},
        wire::{Ask, Reply, Why},
    },
    metrics::RelayMetrics,
    pool::{Books, End, Store, StoreError, withdrawals::Kept},
    records::PublicKey,
};

impl Reach {
    /// Of one link in the direction that begins at this end.
    pub fn of(link: &Link) -> Self {
        let way = match link.state() {
            LinkState::Open | LinkState::Local => Way::Open,
            LinkState::Closed => Way::Closed,
            LinkState::Unreachable => Way::Unreachable,
        };
        let bytes = link.summary().fill(link.outgoing()).bytes;
        let this = Self { bytes, capacity: link.capacity.keys, way };
        if link.line.is_ready() { this } else { Self::nothing(this.capacity) }
    }
}

/// A site that is reached over others.
pub(super) struct Far {
    /// Its KME.
    pub kme: KmeId,
    /// The key by which it signs.
    pub key: PublicKey,
    /// The KMEs from this one to it.
    pub path: Vec<String>,
    /// The link to the first of them.
    pub first: Arc<Link>,
    /// What the next site said of the rest of the way.
    heard: Mutex<Heard>,
}

impl Far {
    /// What the way holds, if the next site has said so of late.
    pub fn reach(&self) -> Option<Reach> {
        self.lock().fresh().map(|rest| rest.and(Reach::of(&self.first)))
    }

    /// Asks the next site.
    pub async fn ask(&self) -> Option<Reach> {
        if let Ok(Reply::Reach(rest)) = self.first.line.ask(Ask::Reach(self.path.clone())).await {
            *self.lock() = Heard::now(rest);
        }
        self.reach()
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a KME has and does as origin, between, and as target of routes.
pub struct Relay {
    pub(super) id: KmeId,
    pub(super) key: RelayKey,
    pub(super) store: Store,
    pub(super) links: Vec<Arc<Link>>,
    pub(super) directory: Arc<Directory>,
    pub(super) limits: Limits,
    pub(super) seed: Option<Arc<Seed>>,
    pub(super) metrics: RelayMetrics,
    pub(super) fars: Vec<Far>,
    /// One withdraws at a time; the last order that was tried.
    pub(super) withdrawing: tokio::sync::Mutex<Option<Kept>>,
    routes: Vec<Vec<String>>,
}

/// Puts the SAEs of the sites at the far ends into a KME's directory.
///
/// # Errors
///
/// An SAE that is somewhere already.
pub fn enter(routes: &[RouteSetup], directory: &mut Directory) -> Result<(), SaeId> {
    let fars = routes.iter().filter_map(|route| route.far.as_ref());
    fars.enumerate().try_for_each(|(index, far)| directory.put(&far.saes, Place::Far(index)))
}

impl Relay {
    /// What `setup` says, for the KME `id` with these links. Its SAEs have to be [entered](enter)
    /// into the directory before.
    ///
    /// # Errors
    ///
    /// [`RouteError`].
    pub fn new(
        id: KmeId,
        setup: RelaySetup,
        links: &[Arc<Link>],
        directory: Arc<Directory>,
        limits: Limits,
        seed: Option<Arc<Seed>>,
    ) -> Result<Arc<Self>, RouteError> {
        let RelaySetup { key, store, routes, metrics } = setup;
        let (mut fars, mut paths) = (Vec::<Far>::new(), Vec::new());
        for RouteSetup { mut path, far } in routes {
            routes::check(&path)?;
            let neighbours = routes::neighbours(&path, &id)
                .ok_or_else(|| RouteError::Elsewhere(id.clone()))?
                .map(Option::<&KmeId>::cloned);
            let mut first = None;
            for kme in neighbours.iter().flatten() {
                let link = links.iter().find(|link| link.peer == *kme);
                first = Some(link.ok_or_else(|| RouteError::NoLink(kme.clone()))?);
            }
            if neighbours[0].is_some() && neighbours[1].is_none() {
                path.reverse();
            }
            let strings: Vec<String> = path.iter().map(ToString::to_string).collect();
            let is_end = neighbours.iter().any(Option::is_none);
            match (far, path.pop(), first) {
                (Some(far), Some(kme), Some(first)) if is_end => {
                    if fars.iter().any(|far| far.kme == kme)
                        || links.iter().any(|link| link.peer == kme)
                    {
                        return Err(RouteError::Second(kme));
                    }
                    let (path, first) = (strings.clone(), Arc::clone(first));
                    let heard = Mutex::default();
                    fars.push(Far { kme, key: far.key, path, first, heard });
                }
                (None, _, Some(_)) if !is_end => {}
                _ => return Err(RouteError::Far),
            }
            paths.push(strings);
        }
        let links = links.to_vec();
        let withdrawing = tokio::sync::Mutex::default();
        Ok(Arc::new(Self {
            id,
            key,
            store,
            links,
            directory,
            limits,
            seed,
            metrics,
            fars,
            withdrawing,
            routes: paths,
        }))
    }

    /// The store of keys whose way ends here.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The KME at the far end of a route, and what the way to it holds; nothing while the next site
    /// has not said so of late.
    pub fn status(&self, far: usize) -> Option<(&KmeId, Reach)> {
        let far = self.fars.get(far)?;
        let capacity = far.first.capacity.keys;
        Some((&far.kme, far.reach().unwrap_or(Reach::nothing(capacity))))
    }

    /// Looks after the store, withdrawals, and what is known of the ways; each apart from the others, so
    /// that none waits for a site that another one asks.
    pub(crate) fn tend(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        let this = Arc::clone(self);
        tasks.spawn(async move { this.keep_house().await });
        let this = Arc::clone(self);
        tasks.spawn(async move { this.keep_withdrawing().await });
        for index in 0..self.fars.len() {
            let this = Arc::clone(self);
            tasks.spawn(async move { this.keep_reach(index).await });
        }
    }

    async fn keep_house(&self) {
        let mut tick = tokio::time::interval(ASKED_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let let_go = |books: &mut Books<'_>| {
                books.expire(End::Alice.outgoing())?;
                books.drop_old_withdrawals()
            };
            match self.store.run(let_go).await {
                Ok(0) => {}
                Ok(dropped) => {
                    tracing::warn!(dropped, "keys were not withdrawn before they were too old");
                }
                Err(StoreError::Closed) => return,
                Err(error) => tracing::warn!(%error, "could not let go of old relayed keys"),
            }
        }
    }

    async fn keep_withdrawing(&self) {
        let mut tick = tokio::time::interval(ASKED_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.withdraw_all().await;
        }
    }

    async fn keep_reach(&self, index: usize) {
        let Some(far) = self.fars.get(index) else { return };
        let mut tick = tokio::time::interval(ASKED_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if far.first.line.is_ready() {
                far.ask().await;
            }
        }
    }

    /// The link on which a way that came in over `link` goes on; none if it ends here.
    ///
    /// # Errors
    ///
    /// [`Why::Route`] for a way that is none of this KME's, or that did not come from the site
    /// before.
    pub(super) fn onward(&self, path: &[String], link: &Link) -> Result<Option<&Arc<Link>>, Why> {
        let known = self
            .routes
            .iter()
            .any(|route| route.as_slice() == path || route.iter().rev().eq(path.iter()));
        let own = self.id.to_string();
        let Some([Some(before), after]) = routes::neighbours(path, &own).filter(|_| known) else {
            return Err(Why::Route);
        };
        if *before != link.peer.as_str() {
            return Err(Why::Route);
        }
        let Some(after) = after else { return Ok(None) };
        let next = self.links.iter().find(|link| link.peer.as_str() == after);
        next.map(Some).ok_or(Why::Route)
    }

    /// The far end of this KME from which a way comes.
    pub(super) fn origin_of(&self, path: &[String]) -> Result<(usize, &Far), Why> {
        let mut fars = self.fars.iter().enumerate();
        fars.find(|(_, far)| far.path.iter().rev().eq(path.iter())).ok_or(Why::Route)
    }
}
