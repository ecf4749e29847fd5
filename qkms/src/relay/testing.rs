//! A line of three KMEs without quantum links, for tests: [`kme::testing`](crate::kme::testing)
//! between A and M, and between M and C.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use zeroize::Zeroizing;

use super::{FarSetup, RelayKey, RelaySetup, RouteSetup};
use crate::{
    kme::{
        Kme, KmeSetup, LinkSetup,
        door::{Slot, Wire},
        line::Dialer,
        seed::Seed,
        service::{KmeId, SaeId},
        testing::{Options, SharedGenerator, id},
    },
    metrics::Metrics,
    pool::{End, Store, StoreSettings, books::Ages, cipher::StoreKey},
    records::Sealer,
};

/// A site of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// One end.
    A,
    /// The middle.
    M,
    /// The other end.
    C,
}

impl Site {
    /// In their order.
    pub const ALL: [Self; 3] = [Self::A, Self::M, Self::C];

    /// The identity of its KME.
    pub fn kme(self) -> KmeId {
        id(match self {
            Self::A => "kme-a",
            Self::M => "kme-m",
            Self::C => "kme-c",
        })
    }

    /// Its SAEs.
    pub fn saes(self) -> Vec<SaeId> {
        let letter = match self {
            Self::A => 'a',
            Self::M => 'm',
            Self::C => 'c',
        };
        [1, 2].map(|number| id(&format!("sae-{letter}{number}"))).to_vec()
    }

    fn key(self) -> RelayKey {
        RelayKey::new(&[self as u8 + 1; 32])
    }
}

/// What the KME of a site is started with; its stores in `folder`. `dialer` connects to another site.
///
/// # Errors
///
/// The stores'.
pub fn setup(
    site: Site,
    folder: &Path,
    options: &Options,
    dialer: impl Fn(Site) -> Arc<dyn Dialer>,
) -> io::Result<KmeSetup> {
    std::fs::create_dir_all(folder)?;
    let age = u64::try_from(options.max_age.as_millis()).unwrap_or(u64::MAX);
    let settings = StoreSettings {
        ages: Ages { key: age, record: age.saturating_mul(24) },
        key_len: options.limits.key_size / 8,
        clock: options.clock.clone(),
    };
    let open = |name: &str| {
        let key = folder.join(format!("{name}.key"));
        Store::open(&folder.join(format!("{name}.redb")), &key, settings.clone())
    };
    let metrics = Metrics::new();
    let mut links = Vec::new();
    for (number, ends) in [[Site::A, Site::M], [Site::M, Site::C]].into_iter().enumerate() {
        let (end, peer) = match ends {
            [alice, bob] if alice == site => (End::Alice, bob),
            [alice, bob] if bob == site => (End::Bob, alice),
            _ => continue,
        };
        let seed = options.seed.wrapping_mul(2).wrapping_add(number as u64);
        let mut first_key = Zeroizing::new(vec![0; 1 << 16]);
        Seed::new(seed, "first key").fill("tags", 0, &mut first_key);
        links.push(LinkSetup {
            peer: peer.kme(),
            end,
            saes: peer.saes(),
            store: open(&format!("link-{}", peer.kme()))?,
            dialer: dialer(peer),
            maker: Box::new(SharedGenerator::new(seed, options.block_bits)),
            capacity: options.capacity,
            patience: options.patience,
            first_key: Some(first_key),
            metrics: metrics.link(&site.kme(), &peer.kme()),
            backoff: options.backoff,
            audits: options.audits[usize::from(end == End::Bob)],
            pilot: options.pilot.clone(),
            choices: options.choices.clone(),
        });
    }
    let far = match site {
        Site::A => Some(Site::C),
        Site::M => None,
        Site::C => Some(Site::A),
    };
    let far = far.map(|far| FarSetup { key: far.key().public(), saes: far.saes() });
    Ok(KmeSetup {
        id: site.kme(),
        saes: site.saes(),
        local: open("local")?,
        limits: options.limits,
        seed: None,
        sealer: Arc::new(Sealer::new(StoreKey::open(&folder.join("record.key"))?.expose())),
        links,
        relay: Some(RelaySetup {
            key: site.key(),
            store: open("relay")?,
            routes: vec![RouteSetup { path: Site::ALL.map(Site::kme).to_vec(), far }],
            metrics: metrics.relay(&site.kme()),
        }),
    })
}

/// The three KMEs in one process.
pub struct Line {
    /// In the order of [`Site::ALL`].
    pub kmes: [Arc<Kme>; 3],
}

impl Line {
    /// Starts them with their stores below `folder` and waits until all pools hold keys. `wrap` may
    /// come between a site and another that it dials.
    ///
    /// # Errors
    ///
    /// The stores'.
    pub async fn start(
        folder: &Path,
        options: &Options,
        wrap: impl Fn(Site, Site, Arc<dyn Dialer>) -> Arc<dyn Dialer>,
    ) -> io::Result<Self> {
        let slots: [Slot; 3] = std::array::from_fn(|_| Arc::new(Mutex::new(Weak::new())));
        let mut kmes = Vec::new();
        for site in Site::ALL {
            let place = folder.join(site.kme().as_str());
            let dialer = |peer: Site| {
                let slot = Arc::clone(&slots[peer as usize]);
                wrap(site, peer, Arc::new(Wire::new(site.kme(), slot)))
            };
            let setup = setup(site, &place, options, dialer)?;
            kmes.push(Kme::start(setup).await.map_err(io::Error::other)?);
        }
        for (slot, kme) in slots.iter().zip(&kmes) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(kme);
        }
        let kmes = kmes.try_into().map_err(|_| io::Error::other("three KMEs were started"))?;
        let this = Self { kmes };
        for link in this.kmes.iter().flat_map(|kme| kme.links()) {
            link.line.ready().wait_for(|ready| *ready).await.map_err(io::Error::other)?;
            let filled = |summary: &crate::pool::making::Summary| {
                summary.fill(link.outgoing()).bytes > 0 && summary.fill(link.incoming()).bytes > 0
            };
            link.changes().wait_for(filled).await.map_err(io::Error::other)?;
        }
        Ok(this)
    }

    /// The KME of a site.
    pub fn kme(&self, site: Site) -> &Arc<Kme> {
        &self.kmes[site as usize]
    }
}
