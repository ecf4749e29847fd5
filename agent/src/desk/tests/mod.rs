//! Two desks, a chain between them, and a key service behind each.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

use super::*;
use crate::{record::OnChain, serve::Network};
use chain::{Chain, GENESIS};
use disk::Disk;
use kme::Kme;
use q_sah::{About, Purpose, Seal, Session, Slot, Suite, Trade};
use qedex_primitives::agent::{Step, Steps};
use qkms::client::{Error, Key};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

mod beacon;
mod chain;
mod disk;
mod frames;
mod handshake;
mod kme;
mod letters;
mod order;
mod random;
mod secrets;
mod strangers;

pub const ALICE: [u8; 32] = [1; 32];
pub const BOB: [u8; 32] = [2; 32];

/// One end: a desk that can stop at any moment and come up again.
pub struct End {
    pub account: AccountBytes,
    pub sae: &'static str,
    pub disk: Disk,
    pub surroundings: Surroundings,
    desk: Option<Desk>,
}

impl End {
    pub fn new(
        account: AccountBytes,
        sae: &'static str,
        clock: &Arc<AtomicU64>,
        seed: u64,
    ) -> Self {
        let random = Mutex::new(ChaCha8Rng::seed_from_u64(seed));
        let clock = Arc::clone(clock);
        let surroundings = Surroundings {
            clock: Arc::new(move || clock.load(Ordering::SeqCst)),
            random: Arc::new(move |bytes| {
                random.lock().unwrap().fill_bytes(bytes);
                Ok(())
            }),
        };
        let mut end = Self { account, sae, disk: Disk::default(), surroundings, desk: None };
        end.restart();
        end
    }

    pub fn desk(&self) -> &Desk {
        self.desk.as_ref().unwrap()
    }

    /// Stops at once, and comes up with what is on the disk.
    pub fn restart(&mut self) {
        self.restart_as(true);
    }

    /// The same, with or without a part in the beacon.
    pub fn restart_as(&mut self, commits: bool) {
        self.desk = None;
        self.disk.break_after(None);
        let sae = self.sae.parse().unwrap();
        let desk = Desk::open(sae, self.disk.store(), self.surroundings.clone()).unwrap();
        self.desk = Some(desk.committing(commits));
    }

    pub fn record(&self, name: Name) -> Record {
        self.desk().transact(|books| books.find(name).map(|(_, record)| record.clone())).unwrap()
    }

    /// All records.
    pub fn records(&self) -> Vec<Record> {
        self.desk().transact(|books| Ok(books.sessions.values().cloned().collect())).unwrap()
    }

    pub fn state(&self, name: Name) -> &'static str {
        self.desk().session(name).unwrap().state
    }
}

/// The name of a session's traffic, if it is open here.
pub fn session_name(record: &Record) -> Option<[u8; 32]> {
    match &record.state {
        State::Open(bytes) => Some(Session::from_secret_bytes(&bytes.0).unwrap().id()),
        _ => None,
    }
}

pub struct World {
    pub clock: Arc<AtomicU64>,
    pub chain: Chain,
    pub kme: Kme,
    pub ends: [End; 2],
}

pub const A: usize = 0;
pub const B: usize = 1;

impl World {
    pub fn new(seed: u64) -> Self {
        let clock = Arc::new(AtomicU64::new(1_000_000));
        let alice = End::new(ALICE, "alice", &clock, seed.wrapping_mul(2));
        let bob = End::new(BOB, "bob", &clock, seed.wrapping_mul(2) + 1);
        let chain = Chain::new(&[(ALICE, "alice"), (BOB, "bob")]);
        Self { clock, chain, kme: Kme::new(seed), ends: [alice, bob] }
    }

    pub fn desk(&self, end: usize) -> &Desk {
        self.ends[end].desk()
    }

    pub fn pass(&self, millis: u64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn wish(&self, end: usize, suite: Suite) -> Wish {
        let (from, to) = (&self.ends[end], &self.ends[1 - end]);
        Wish {
            request: None,
            genesis: GENESIS,
            from: from.account,
            to: to.account,
            to_sae: to.sae.parse().unwrap(),
            suite,
            least_number: 0,
        }
    }

    /// The end opens a session with keys of its key service.
    pub fn open(&self, end: usize, suite: Suite) -> Asked {
        let Plan::Draw(place) = self.desk(end).wish(self.wish(end, suite)).unwrap() else {
            panic!("it was granted before")
        };
        let keys = self.kme.draw(self.ends[end].sae, place.peer().as_str(), place.keys());
        self.desk(end).opened(&place, keys).unwrap()
    }

    /// What the end is told of everything that waits for it and that it watches, as its worker does.
    pub fn news(&self, end: usize) -> Vec<Step> {
        let (desk, account) = (self.desk(end), self.ends[end].account);
        let mut ids = self.chain.awaited(account);
        ids.extend(desk.watched().unwrap().sessions);
        ids.sort();
        ids.dedup();
        let mut pages: Vec<_> = ids.chunks(MAX_SESSIONS).collect();
        if pages.is_empty() {
            pages.push(&[]);
        }
        let told = |page: &&[SessionId]| {
            let Steps { steps, .. } = desk.news(&self.chain.news(account, page)).unwrap();
            steps
        };
        pages.iter().flat_map(told).collect()
    }

    /// The answer of the key service to a job.
    pub fn answer(&self, end: usize, job: &Job) -> Result<Vec<Key>, Error> {
        let Work::Collect { peer, ids } = &job.work else { panic!("not of the key service") };
        self.kme.collect(self.ends[end].sae, peer.as_str(), ids)
    }

    /// Lets the key service answer all that is asked now; tells how many keys' requests that were.
    pub fn collect(&self, end: usize) -> usize {
        let jobs = self.desk(end).jobs().unwrap();
        let asked = jobs.iter().filter(|job| matches!(job.work, Work::Collect { .. }));
        let done = asked.map(|job| {
            let keys = self.answer(end, job);
            self.desk(end).collected(job.local, keys).unwrap();
        });
        done.count()
    }

    /// Brings the end's steps to the chain; tells how many it took.
    pub fn bring(&mut self, end: usize) -> usize {
        let steps = self.news(end);
        steps.iter().filter(|step| self.chain.step(step)).count()
    }

    /// From a request on the chain to an open session at both ends.
    pub fn finish(&mut self, from: usize, id: SessionId) {
        let to = 1 - from;
        assert_eq!(self.bring(to), 0, "its key is on the way");
        assert_eq!(self.collect(to), 1);
        assert_eq!((self.bring(to), self.bring(from)), (1, 1));
        assert_eq!((self.bring(to), self.bring(from)), (0, 0), "nothing is said twice in vain");
        for end in [from, to] {
            assert_eq!(self.ends[end].state(Name::Id(id)), "open");
        }
    }

    /// A session that is open at both ends.
    pub fn opened(&mut self, from: usize, suite: Suite) -> SessionId {
        let asked = self.open(from, suite);
        let id = self.chain.request(&asked.message1).unwrap();
        self.finish(from, id);
        id
    }

    /// Delivers one frame that waits; tells whether there was one.
    pub fn deliver(&self, from: usize, id: SessionId) -> bool {
        let desk = self.desk(from);
        let (local, _) = desk.transact(|books| Ok((books.find(Name::Id(id))?.0, ()))).unwrap();
        let Some(parcel) = desk.parcel(local).unwrap() else { return false };
        assert_eq!(parcel.session, id);
        assert_eq!(self.desk(1 - from).mail(id, &parcel.frame).unwrap(), parcel.receipt);
        desk.delivered(local, parcel.counter).unwrap();
        true
    }

    /// A letter to the other end.
    pub fn draft(&self, end: usize, seal: Seal, text: &[u8]) -> Draft {
        let (from, to) = (&self.ends[end], &self.ends[1 - end]);
        Draft {
            request: None,
            genesis: GENESIS,
            from: from.account,
            to: to.account,
            to_sae: to.sae.parse().unwrap(),
            mail: b"/ip4/127.0.0.1/tcp/30340".to_vec().try_into().unwrap(),
            about: About { purpose: Purpose(3), slot: Slot(70), trade: Trade(12) },
            seal,
            text: text.to_vec().into(),
        }
    }

    /// The end writes a letter with a key of its key service.
    pub fn write(&self, end: usize, seal: Seal, text: &[u8]) -> u64 {
        let draft = self.draft(end, seal, text);
        let Writing::Draw(pen) = self.desk(end).draft(draft).unwrap() else {
            panic!("it was written before")
        };
        self.desk(end).written(&pen, self.keys_for(end, &pen)).unwrap()
    }

    pub fn keys_for(&self, end: usize, pen: &Pen) -> Vec<Key> {
        let bytes = pen.bits() as usize / 8;
        self.kme.draw_long(self.ends[end].sae, pen.peer().as_str(), 1, bytes)
    }

    /// The envelope of a letter that waits.
    pub fn envelope(&self, end: usize, number: u64) -> Vec<u8> {
        self.desk(end).letter_parcel(number).unwrap().unwrap().1
    }

    /// A stranger of this network brings an envelope; the key service answers what it is asked.
    pub fn knock_from(&self, network: Network, end: usize, bytes: &[u8]) -> Result<(), Refusal> {
        match self.desk(end).knock(bytes, network)? {
            Knock::Taken => Ok(()),
            Knock::Draw(lookup) => {
                let sae = self.ends[end].sae;
                let keys = self.kme.collect(sae, lookup.peer().as_str(), &[lookup.id()]);
                self.desk(end).looked_up(&lookup, keys)
            }
        }
    }

    /// As above. It comes long after the one before.
    pub fn knock(&self, end: usize, bytes: &[u8]) -> Result<(), Refusal> {
        self.pass(2_000);
        self.knock_from(network(1), end, bytes)
    }

    /// The letters that wait at this end: from whom as which SAE, and their texts.
    pub fn letters(&self, end: usize) -> Vec<(AccountBytes, String, Vec<u8>)> {
        let received = self.desk(end).receive_letters().unwrap();
        let told =
            received.into_iter().map(|(come, text)| (come.from, come.from_sae, text.to_vec()));
        told.collect()
    }

    /// The texts that wait at this end, which has them then.
    pub fn texts(&self, end: usize, id: SessionId) -> Vec<Vec<u8>> {
        let received = self.desk(end).receive(Name::Id(id), 0).unwrap();
        assert_eq!(self.desk(end).receive(Name::Id(id), 0).unwrap(), received);
        if let Some((last, _)) = received.last() {
            self.desk(end).receive(Name::Id(id), last + 1).unwrap();
        }
        received.into_iter().map(|(_, text)| text.to_vec()).collect()
    }
}

/// A network of strangers.
pub fn network(number: u8) -> Network {
    Network(std::net::IpAddr::from([192, 0, 2, number]))
}

#[test]
fn the_test_chain_says_what_a_desk_reads() {
    let mut world = World::new(1);
    let asked = world.open(A, Suite::Hmac);
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    assert_eq!(world.ends[B].record(Name::Id(id)).chain, Some(OnChain::Requested));
    assert!(Uuid::from_slice(&asked.message1[66..82]).unwrap() == asked.ids[0]);
}
