//! The KMEs of one process as a configuration describes them: started, served, stopped.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use anyhow::{Context, bail};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use zeroize::Zeroizing;

use crate::{
    agent::Token,
    config::{Config, KmeConfig, LinkConfig},
    etsi014,
    health::Claims,
    kme::{
        Kme, KmeSetup, LinkSetup,
        channels::{Channels, Dial, Here, Listen, Meeting, There},
        closure::Backoff,
        door::{Door, Slot, TlsDialer, Wire},
        line::Dialer,
        maker::BlockMaker,
        photonic::{Alice, Bob},
        seed::Seed,
        service::KmeId,
        tap::Tap,
    },
    link::Link,
    metrics::Metrics,
    operation::{
        Operation,
        archive::{Archive, Taps},
        guard,
    },
    pool::{End, Store, StoreSettings, cipher::StoreKey, store::system_clock},
    records::{PublicKey, Sealer},
    relay::{FarSetup, RelayKey, RelaySetup, RouteSetup},
};

mod preflight;

pub use preflight::faults;

/// KMEs that run.
pub struct Deployment {
    kmes: Vec<Arc<Kme>>,
    servers: Vec<JoinHandle<()>>,
    doors: JoinSet<()>,
    stop: watch::Sender<bool>,
    metrics: Arc<Metrics>,
}

impl Deployment {
    /// Starts everything that the configuration describes. `log` is told where each part listens.
    ///
    /// # Errors
    ///
    /// The first part that cannot be started; what was started before ends with the process.
    pub async fn start(
        config: &Config,
        mut log: impl FnMut(&str, &str, std::net::SocketAddr),
    ) -> anyhow::Result<Self> {
        let metrics = Metrics::new();
        metrics.set_insecure(config.seed.is_some());
        let (stop, _) = watch::channel(false);
        let mut this = Self {
            kmes: Vec::new(),
            servers: Vec::new(),
            doors: JoinSet::new(),
            stop,
            metrics: Arc::clone(&metrics),
        };
        let slots: Vec<Slot> =
            config.kme.iter().map(|_| Arc::new(Mutex::new(Weak::new()))).collect();
        let meetings: Vec<Meeting> = config.link.iter().map(|_| Meeting::default()).collect();
        let mut taps = Taps::new();
        for (kme, slot) in config.kme.iter().zip(&slots) {
            let started = start_kme(config, kme, &slots, &meetings, &metrics, &mut taps)
                .await
                .with_context(|| format!("cannot start {}", kme.id))?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&started);
            this.kmes.push(started);
        }
        for (kme, running) in config.kme.iter().zip(this.kmes.clone()) {
            if let Some(peers) = &kme.peers {
                let door =
                    Door::bind(peers).await.with_context(|| format!("the peers of {}", kme.id))?;
                log(kme.id.as_str(), "peers", door.local_addr()?);
                this.doors.spawn(door.run(Arc::clone(&running)));
            }
            let server =
                etsi014::Server::bind(kme.etsi014.clone(), running, metrics.kme(&kme.id)).await?;
            log(kme.id.as_str(), "etsi014", server.local_addr());
            this.servers.push(tokio::spawn(server.run(this.stopped())));
        }
        if let Some(settings) = &config.operation {
            let Some(first) = config.kme.first() else { bail!("no KME to operate") };
            let path = first.store.join(guard::FILE);
            let token = Token::write(&path).with_context(|| format!("{}", path.display()))?;
            let operation = Operation::bind(settings, token).await?;
            log("all", "operation", operation.local_addr());
            let stopped = this.stopped();
            let archive = Archive::new(&this.kmes, taps);
            this.servers.push(tokio::spawn(operation.run(metrics, archive, stopped)));
        }
        Ok(this)
    }

    /// The KMEs, in the configuration's order.
    pub fn kmes(&self) -> &[Arc<Kme>] {
        &self.kmes
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Stops: requests that have begun are answered, then blocks that have begun come to their end,
    /// then the stores are closed.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for server in self.servers.drain(..) {
            if let Err(error) = server.await {
                tracing::error!(%error, "a server ended badly");
            }
        }
        // Alice's last block needs Bob's end.
        futures::future::join_all(self.kmes.iter().map(|kme| kme.wind_down())).await;
        futures::future::join_all(self.kmes.iter().map(|kme| kme.stop())).await;
        self.doors.shutdown().await;
    }

    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // A sender that is gone stops, too.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }
}

async fn start_kme(
    config: &Config,
    kme: &KmeConfig,
    slots: &[Slot],
    meetings: &[Meeting],
    metrics: &Arc<Metrics>,
    taps: &mut Taps,
) -> anyhow::Result<Arc<Kme>> {
    make_folder(&kme.store).with_context(|| format!("the folder {}", kme.store.display()))?;
    let settings =
        StoreSettings { ages: kme.keys.ages(), key_len: kme.keys.size / 8, clock: system_clock() };
    let open = |name: &str| {
        let path = kme.store.join(name);
        Store::open(&path, &kme.store.join("store.key"), settings.clone())
            .with_context(|| format!("the store {}", path.display()))
    };
    let mut links = Vec::new();
    for (link, meeting) in config.link.iter().zip(meetings) {
        let Some((end, peer)) = link.end_of(&kme.id) else { continue };
        let slot = config.kme.iter().zip(slots).find(|(other, _)| other.id == *peer);
        let dialer: Arc<dyn Dialer> = match (slot, &kme.peers) {
            (Some((_, slot)), _) => Arc::new(Wire::new(kme.id.clone(), Arc::clone(slot))),
            (None, Some(peers)) => {
                let remote = config.remote.iter().find(|remote| remote.id == *peer);
                let address =
                    remote.and_then(|remote| remote.address.as_deref()).unwrap_or_default();
                Arc::new(TlsDialer::new(peers, address, peer.clone())?)
            }
            (None, None) => bail!("{} has no way to {peer}", kme.id),
        };
        let control = link.control().context("the link's control")?;
        let (choices, pilot) = control.map(|(choices, pilot, _)| (choices, pilot)).unzip();
        let tap = (end == End::Alice).then(|| Tap::new(link.eavesdropper));
        if let Some(tap) = &tap {
            taps.push((kme.id.to_string(), peer.to_string(), tap.clone()));
        }
        links.push(LinkSetup {
            peer: peer.clone(),
            end,
            saes: config.saes_of(peer).unwrap_or_default().to_vec(),
            store: open(&store_of(peer))?,
            dialer,
            maker: maker(config, link, end, slot.map(|_| meeting), tap)?,
            capacity: link.capacity(),
            patience: link.patience(),
            first_key: Some(secret(&link.first_key)?),
            metrics: metrics.link(&kme.id, peer),
            backoff: Backoff::default(),
            audits: link.audits,
            pilot,
            choices,
        });
    }
    let path = kme.store.join("record.key");
    let record_key = StoreKey::open(&path).with_context(|| format!("{}", path.display()))?;
    let setup = KmeSetup {
        id: kme.id.clone(),
        saes: kme.saes.clone(),
        local: open("local.redb")?,
        limits: kme.keys.limits(),
        seed: config.seed.map(|seed| Arc::new(Seed::new(seed, kme.id.as_str()))),
        sealer: Arc::new(Sealer::new(record_key.expose())),
        links,
        relay: relay(config, kme, &settings, metrics)?,
    };
    Ok(Kme::start(setup).await?)
}

/// The file of the store of a link to `peer`.
fn store_of(peer: &KmeId) -> String {
    format!("link-{}.redb", crate::tls::identity::escape(peer.as_str()))
}

/// What a KME relays with; none if it is on no route.
fn relay(
    config: &Config,
    kme: &KmeConfig,
    settings: &StoreSettings,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Option<RelaySetup>> {
    let mut routes = Vec::new();
    for route in config.route.iter().filter(|route| route.path.contains(&kme.id)) {
        let far = match route.far_end(&kme.id) {
            Some(far) => Some(FarSetup {
                key: relay_key_of(config, far)?,
                saes: config.saes_of(far).unwrap_or_default().to_vec(),
            }),
            None => None,
        };
        routes.push(RouteSetup { path: route.path.clone(), far });
    }
    if routes.is_empty() {
        return Ok(None);
    }
    // Numbers of blocks are nonces at rest: a store beside others needs a key of its own.
    let (path, key) = (kme.store.join("relay.redb"), kme.store.join("relay-store.key"));
    let store = Store::open(&path, &key, settings.clone())
        .with_context(|| format!("the store {}", path.display()))?;
    let key = RelayKey::open(&kme.store.join(RelayKey::FILE))
        .with_context(|| format!("the key of relays of {}", kme.id))?;
    Ok(Some(RelaySetup { key, store, routes, metrics: metrics.relay(&kme.id) }))
}

/// The public key by which a KME signs what is relayed.
fn relay_key_of(config: &Config, kme: &KmeId) -> anyhow::Result<PublicKey> {
    if let Some(own) = config.kme.iter().find(|own| own.id == *kme) {
        make_folder(&own.store)?;
        let key = RelayKey::open(&own.store.join(RelayKey::FILE));
        return Ok(key.with_context(|| format!("the key of relays of {kme}"))?.public());
    }
    let remote = config.remote.iter().find(|remote| remote.id == *kme);
    let key = remote.and_then(|remote| remote.relay_key());
    key.with_context(|| format!("{kme} needs a `relay_key`"))
}

/// The maker of one end of a link; `meeting` if both ends are in this process, `tap` at Alice's.
fn maker(
    config: &Config,
    link: &LinkConfig,
    end: End,
    meeting: Option<&Meeting>,
    tap: Option<Tap>,
) -> anyhow::Result<Box<dyn BlockMaker>> {
    let name = |part: &str| format!("{part} of {} to {}", link.alice, link.bob);
    let seed = |part: &str| config.seed.map(|seed| Seed::new(seed, &name(part)));
    let alice = |channels| -> anyhow::Result<Box<dyn BlockMaker>> {
        let tap = tap.unwrap_or_default();
        let photons =
            Link::new(link.parameters(), seed("photons").map(|seed| seed.derive("link")))?;
        let alice = Alice::new(photons, link.pulses()?, link.params(), seed("choices"), channels);
        Ok(Box::new(alice.tapped(tap)))
    };
    let bob = |channels| -> Box<dyn BlockMaker> {
        let parameters = link.parameters();
        let bob = Bob::new(link.params(), &Claims::new(&parameters), channels);
        Box::new(bob.controlled(parameters))
    };
    match (end, meeting, link.quantum.zip(link.classical)) {
        (End::Alice, Some(meeting), _) => alice(Boxed(Box::new(Here(meeting.clone())))),
        (End::Bob, Some(meeting), _) => Ok(bob(Boxed(Box::new(There(meeting.clone()))))),
        (End::Alice, None, Some((quantum, classical))) => {
            alice(Boxed(Box::new(Dial { quantum, classical })))
        }
        (End::Bob, None, Some((quantum, classical))) => {
            let listen = Listen::bind(quantum, classical)
                .with_context(|| format!("cannot listen on {quantum} and {classical}"))?;
            Ok(bob(Boxed(Box::new(listen))))
        }
        (_, None, None) => bail!("the link has no channels"),
    }
}

/// Channels of either kind.
struct Boxed(Box<dyn Channels>);

impl Channels for Boxed {
    fn open(&mut self, block: u64) -> io::Result<crate::kme::channels::Opened> {
        self.0.open(block)
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Reads a file that only its owner may read.
fn secret(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.mode() & 0o077 != 0 {
        bail!("{}: the file's mode must be 0600", path.display());
    }
    Ok(Zeroizing::new(fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
}
