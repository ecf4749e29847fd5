//! Two KMEs in one process without a network and without a quantum link, for tests.
//!
//! The bits come from a generator that both ends share, through the same seam as those of a link;
//! everything behind it is what `qkms serve` runs.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use zeroize::Zeroizing;

use super::{
    KeyLimits, Kme, KmeSetup, LinkSetup,
    closure::Backoff,
    door::Wire,
    line::Dialer,
    link::Capacity,
    maker::{BlockMaker, Made, MakeError, Report},
    seed::Seed,
    service::{KmeId, SaeId},
};
use crate::{
    audit::Opening,
    control::{Choices, Pilot},
    distil::auth::{Direction, TagKeys},
    metrics::Metrics,
    pool::{
        End, Store, StoreSettings,
        books::Ages,
        cipher::StoreKey,
        store::{Clock, system_clock},
    },
    records::Sealer,
};

/// The identity of the KME at an end.
pub fn kme_id(end: End) -> KmeId {
    id(match end {
        End::Alice => "kme-a",
        End::Bob => "kme-b",
    })
}

/// An identity from a text that is one.
///
/// # Panics
///
/// For a text that is none.
pub fn id<T: TryFrom<String>>(text: &str) -> T {
    match T::try_from(text.to_owned()) {
        Ok(id) => id,
        Err(_) => panic!("{text} is no identity"),
    }
}

/// What the pair is made with.
#[derive(Clone)]
pub struct Options {
    /// The SAEs at Alice's end and at Bob's.
    pub saes: [Vec<SaeId>; 2],
    /// What requests may ask for.
    pub limits: KeyLimits,
    /// How much each link keeps.
    pub capacity: Capacity,
    /// The largest age of a key.
    pub max_age: Duration,
    /// How long a KME waits for the other.
    pub patience: Duration,
    /// Bits of each block.
    pub block_bits: u64,
    /// Makes blocks, identities and local keys repeatable.
    pub seed: u64,
    /// The time.
    pub clock: Clock,
    /// How long a link pauses after health tests that failed.
    pub backoff: Backoff,
    /// Whether blocks are audited, at Alice's end and at Bob's.
    pub audits: [bool; 2],
    /// Control at Alice's end.
    pub pilot: Option<Pilot>,
    /// What Bob's end admits.
    pub choices: Option<Choices>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            saes: [
                vec![id("sae-a1"), id("sae-a2"), id("sae-a3")],
                vec![id("sae-b1"), id("sae-b2"), id("sae-b3")],
            ],
            limits: KeyLimits {
                key_size: 256,
                min_key_size: 64,
                max_key_size: 16_384,
                max_key_per_request: 128,
                max_sae_id_count: 8,
            },
            capacity: Capacity { keys: 1 << 20, tags: 1 << 14, lease: 1 << 12 },
            max_age: Duration::from_secs(3600),
            patience: Duration::from_secs(5),
            block_bits: 1_000_003,
            seed: 1,
            clock: system_clock(),
            backoff: Backoff::default(),
            audits: [false; 2],
            pilot: None,
            choices: None,
        }
    }
}

/// Makes the same blocks at both ends, and uses tag keys as post-processing does.
pub struct SharedGenerator {
    seed: Seed,
    bits: u64,
}

impl SharedGenerator {
    /// Blocks of `bits` bits from a seed.
    pub fn new(seed: u64, bits: u64) -> Self {
        Self { seed: Seed::new(seed, "blocks"), bits }
    }
}

impl BlockMaker for SharedGenerator {
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError> {
        for direction in [Direction::AliceToBob, Direction::BobToAlice] {
            keys.take(direction, 200).map_err(MakeError::new)?;
        }
        let size = usize::try_from(self.bits.div_ceil(8)).map_err(MakeError::new)?;
        let mut bytes = Zeroizing::new(vec![0; size]);
        self.seed.fill("block", block, &mut bytes);
        let raw = format!("what an end saw of block {block}").into_bytes();
        let opening = Opening { raw, messages: Vec::new(), key: Vec::new() };
        Ok(Made::Key { bytes, bits: self.bits, report: Report::default(), opening })
    }
}

/// One end of the pair in `folder`, which talks to its peer through `dialer`.
///
/// # Errors
///
/// The stores'.
pub fn setup(
    end: End,
    folder: &Path,
    options: &Options,
    dialer: Arc<dyn Dialer>,
    maker: Box<dyn BlockMaker>,
) -> io::Result<KmeSetup> {
    std::fs::create_dir_all(folder)?;
    let age = u64::try_from(options.max_age.as_millis()).unwrap_or(u64::MAX);
    let settings = StoreSettings {
        ages: Ages { key: age, record: age.saturating_mul(24) },
        key_len: options.limits.key_size / 8,
        clock: options.clock.clone(),
    };
    let key = folder.join("store.key");
    let open = |name| Store::open(&folder.join(name), &key, settings.clone());
    let [alice, bob] = options.saes.clone();
    let (here, there) = match end {
        End::Alice => (alice, bob),
        End::Bob => (bob, alice),
    };
    let (own, peer) = (kme_id(end), kme_id(end.peer()));
    let mut first_key = Zeroizing::new(vec![0; 1 << 16]);
    Seed::new(options.seed, "first key").fill("tags", 0, &mut first_key);
    Ok(KmeSetup {
        id: own.clone(),
        saes: here,
        local: open("local.redb")?,
        limits: options.limits,
        seed: None,
        sealer: Arc::new(Sealer::new(StoreKey::open(&folder.join("record.key"))?.expose())),
        links: vec![LinkSetup {
            peer: peer.clone(),
            end,
            saes: there,
            store: open("link.redb")?,
            dialer,
            maker,
            capacity: options.capacity,
            patience: options.patience,
            first_key: Some(first_key),
            metrics: Metrics::new().link(&own, &peer),
            backoff: options.backoff,
            audits: options.audits[usize::from(end == End::Bob)],
            pilot: options.pilot.clone(),
            choices: options.choices.clone(),
        }],
        relay: None,
    })
}

/// Two KMEs, Alice's end first.
pub struct Pair {
    /// The KMEs.
    pub kmes: [Arc<Kme>; 2],
}

impl Pair {
    /// Starts a pair with its stores in `folder`, one below the name of each KME, and waits until
    /// both ends agree and both pools hold keys, unless the link is audited.
    ///
    /// # Errors
    ///
    /// The stores'.
    pub async fn start(folder: &Path, options: &Options) -> io::Result<Self> {
        let maker = || -> Box<dyn BlockMaker> {
            Box::new(SharedGenerator::new(options.seed, options.block_bits))
        };
        Self::start_with(folder, options, [maker(), maker()]).await
    }

    /// As [`Pair::start`], with makers for Alice's end and Bob's.
    ///
    /// # Errors
    ///
    /// The stores'.
    pub async fn start_with(
        folder: &Path,
        options: &Options,
        makers: [Box<dyn BlockMaker>; 2],
    ) -> io::Result<Self> {
        let slots = [Arc::new(Mutex::new(Weak::new())), Arc::new(Mutex::new(Weak::new()))];
        let mut kmes = Vec::new();
        let ends = [(End::Alice, &slots[1]), (End::Bob, &slots[0])];
        for ((end, peer_slot), maker) in ends.into_iter().zip(makers) {
            let wire = Arc::new(Wire::new(kme_id(end), Arc::clone(peer_slot)));
            let place = folder.join(kme_id(end).as_str());
            let setup = setup(end, &place, options, wire, maker)?;
            kmes.push(Kme::start(setup).await.map_err(io::Error::other)?);
        }
        for (slot, kme) in slots.iter().zip(&kmes) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(kme);
        }
        let kmes: [Arc<Kme>; 2] =
            kmes.try_into().map_err(|_| io::Error::other("two KMEs were started"))?;
        let pair = Self { kmes };
        // Keys of an audited link wait for a challenge.
        if options.audits == [false; 2] {
            pair.filled().await?;
        }
        Ok(pair)
    }

    /// Waits until both ends agree and both pools hold keys.
    ///
    /// # Errors
    ///
    /// The reason for which the link was closed.
    pub async fn filled(&self) -> io::Result<()> {
        for link in self.kmes.iter().flat_map(|kme| kme.links()) {
            link.line.ready().wait_for(|ready| *ready).await.map_err(io::Error::other)?;
            let filled = |summary: &crate::pool::making::Summary| {
                summary.fill(link.outgoing()).bytes > 0 && summary.fill(link.incoming()).bytes > 0
            };
            let (mut changes, mut closed) = (link.changes(), link.closed());
            tokio::select! {
                biased;
                filled = changes.wait_for(filled) => drop(filled.map_err(io::Error::other)?),
                reason = closed.wait_for(Option::is_some) => {
                    let closed = reason.map_err(io::Error::other)?.clone();
                    let reason = closed.map(|closed| closed.reason).unwrap_or_default();
                    return Err(io::Error::other(format!("the quantum link is closed: {reason}")));
                }
            }
        }
        Ok(())
    }

    /// Stops both in order.
    pub async fn stop(&self) {
        for kme in &self.kmes {
            kme.stop().await;
        }
    }
}
