//! Random runs of both ends with crashes: the books balance at both after every step.

use std::collections::HashMap;

use codec::Encode;
use rand::Rng;

use super::{super::record::KeyNote, *};

/// What a run has told: the pair, and the byte, of every byte of key.
#[derive(Default)]
struct Told {
    /// Key by the bytes of it.
    bytes: HashMap<(u64, u64), Uuid>,
    /// Ends that were told a key, with its bytes.
    keys: HashMap<Uuid, Vec<u8>>,
    masters: Vec<(Uuid, End)>,
    fetched: HashMap<Uuid, u32>,
}

impl Told {
    fn master(&mut self, drawn: &Drawn, end: End) {
        let (id, range) = (drawn.note.id(), drawn.note.range);
        for byte in range.offset..range.end() {
            let other = self.bytes.insert((range.block, byte), id);
            assert_eq!(other, None, "bits told to two pairs");
        }
        assert_eq!(
            *drawn.bytes,
            block_bytes(range.block, range.end() as usize)[range.offset as usize..],
            "a key is not what its record says"
        );
        self.keys.insert(id, drawn.bytes.to_vec());
        self.masters.push((id, end));
    }
}

struct Run {
    random: StdRng,
    sites: [Site; 2],
    next: u64,
    told: Told,
    refused: u32,
}

impl Run {
    fn new(seed: u64) -> Self {
        let (alice, bob) = pair();
        Self {
            random: StdRng::seed_from_u64(seed),
            sites: [alice, bob],
            next: 0,
            told: Told::default(),
            refused: 0,
        }
    }

    /// Stores a block at both ends; the second may miss it, or its answer may be lost.
    fn make(&mut self) {
        self.next += 1;
        let mut part = |most| self.random.random_range(0..most);
        let split = Split([part(200), part(200), part(2000), part(2000)]);
        store_block(&self.sites[0], self.next, split, true).unwrap();
        let number = self.next;
        let luck = self.random.random_range(0..10);
        if luck > 0 {
            store_block(&self.sites[1], number, split, false).unwrap();
        }
        if luck > 1 {
            self.sites[0].run(move |books| books.promote(&[number])).unwrap();
        } else {
            self.resync();
        }
    }

    /// A delivery that ends well, is refused by the other end, or is cut somewhere.
    fn deliver(&mut self) {
        let owner = self.random.random_range(0..2);
        let len = [8, 32, 32, 32, 100, 2048][self.random.random_range(0..6)];
        let ids: Vec<Uuid> = (0..self.random.random_range(1..4)).map(|_| Uuid::new_v4()).collect();
        let Ok(drawn) = draw(&self.sites[owner], &ids, len) else {
            self.refused += 1;
            return;
        };
        let note = reservation(&self.sites[owner], &drawn);
        match self.random.random_range(0..8) {
            // The owner's own commit was lost with the power, the other's was not.
            0 => {
                accept(&self.sites[1 - owner], note).unwrap();
                self.void(owner, &ids);
            }
            // The other end never heard of it.
            1 => self.void(owner, &ids),
            // Nobody knows whether the master was told: the owner stopped.
            2 => {
                self.crash(owner);
                self.resync();
            }
            3 => {
                accept(&self.sites[1 - owner], note).unwrap();
                self.crash(owner);
                self.crash(1 - owner);
                self.resync();
            }
            _ => {
                if accept(&self.sites[1 - owner], note).is_err() {
                    self.void(owner, &ids);
                    return;
                }
                let end = self.sites[owner].end;
                drawn.iter().for_each(|drawn| self.told.master(drawn, end));
                self.sites[owner].run(move |books| books.confirm(&ids)).unwrap();
            }
        }
    }

    fn void(&mut self, owner: usize, ids: &[Uuid]) {
        let before = self.sites[owner].ledger();
        let ids = ids.to_vec();
        self.sites[owner].run(move |books| books.mark_void(&ids)).unwrap();
        if self.random.random_bool(0.3) {
            self.crash(self.random.clone().random_range(0..2));
        }
        self.settle_voids(owner);
        let after = self.sites[owner].ledger();
        assert_eq!(before.made, after.made);
    }

    fn settle_voids(&mut self, owner: usize) {
        let direction = self.sites[owner].end.outgoing();
        let notes: Vec<KeyNote> = self.sites[owner].run(|books| books.voids()).unwrap();
        let asked = notes.clone();
        let free = self.sites[1 - owner].run(move |books| books.void(direction, &asked)).unwrap();
        for (note, free) in notes.into_iter().zip(free) {
            self.sites[owner].run(move |books| books.settle_void(note.id(), free)).unwrap();
        }
    }

    /// A slave fetches a key that its master was told.
    fn fetch(&mut self) {
        if self.told.masters.is_empty() {
            return;
        }
        // Mostly one of the latest keys: older ones have been fetched or have expired.
        let recent = self.told.masters.len().min(16);
        let back = self.random.random_range(1..=recent);
        let (id, end) = self.told.masters[self.told.masters.len() - back];
        let slave_site = usize::from(end == End::Alice);
        let master = format!("master at {end:?}");
        let found = self.sites[slave_site].run(move |books| books.fetch("slave", &master, &[id]));
        match found {
            Ok(keys) => {
                assert_eq!(*keys[0].1, self.told.keys[&id], "the two ends hold different keys");
                *self.told.fetched.entry(id).or_default() += 1;
                assert_eq!(self.told.fetched[&id], 1, "told twice by one end");
                let record = self.sites[slave_site].run(move |books| books.key(id)).unwrap();
                let range = record.unwrap().range;
                let bytes = block_bytes(range.block, range.end() as usize);
                assert_eq!(bytes[range.offset as usize..], self.told.keys[&id]);
            }
            Err(error) => assert!(matches!(error, StoreError::Rejected(Rejection::NotFound(_)))),
        }
    }

    fn tags(&mut self) {
        let number = self.next;
        let wanted = self.random.random_range(1..300);
        let lease = self.sites[0].run(move |books| books.lease_tags(number, wanted));
        let Ok(lease) = lease else { return };
        let copy = lease.clone();
        if self.sites[1].run(move |books| books.join_lease(&copy)).is_err() {
            self.resync();
            return;
        }
        let lens = [lease.alice_to_bob.len(), lease.bob_to_alice.len()];
        for end in 0..2 {
            let [to_bob, to_alice] = lens.map(|len| self.random.random_range(0..=len));
            self.sites[end]
                .run(move |books| {
                    books.mark_tags(number, Direction::AliceToBob, to_bob)?;
                    books.mark_tags(number, Direction::BobToAlice, to_alice)
                })
                .unwrap();
        }
        if self.random.random_bool(0.2) {
            self.crash(0);
            self.resync();
            return;
        }
        let [to_bob, to_alice] = lens.map(|len| self.random.random_range(0..=len));
        for site in &self.sites {
            site.run(move |books| books.settle_lease(number, to_bob, to_alice)).unwrap();
        }
    }

    /// A pad, whose message is taken by the other end, or not, or cut somewhere.
    fn relay(&mut self) {
        let owner = self.random.random_range(0..2);
        let direction = self.sites[owner].end.outgoing();
        let wanted = self.random.random_range(1..300);
        let drawn = self.sites[owner].run(move |books| books.draw_pad(direction, wanted, None));
        let Ok(Pad { ranges, bytes }) = drawn else { return };
        // A message under it may be out from now on.
        let message = Uuid::new_v4();
        let mut expected = Vec::new();
        for range in &ranges {
            let block = block_bytes(range.block, range.end() as usize);
            expected.extend_from_slice(&block[range.offset as usize..]);
            for byte in range.offset..range.end() {
                let other = self.told.bytes.insert((range.block, byte), message);
                assert_eq!(other, None, "a pad under which something else went");
            }
        }
        assert_eq!(*bytes, expected);
        match self.random.random_range(0..6) {
            0 => {
                self.crash(owner);
                self.resync();
            }
            // The owner says that it was not taken.
            1 => {
                self.sites[1 - owner].run(move |books| books.spend_pad(direction, &ranges)).unwrap()
            }
            luck => {
                let taken = self.sites[1 - owner].run(move |books| {
                    let bytes = books.read_pad(direction, &ranges)?;
                    books.spend_pad(direction, &ranges)?;
                    let again = books.read_pad(direction, &ranges);
                    assert!(matches!(again, Err(BookError::Rejected(Rejection::NotFree))));
                    Ok(bytes)
                });
                match taken {
                    Ok(taken) => assert_eq!(*taken, expected, "the ends hold different pads"),
                    Err(_) => self.resync(),
                }
                if luck == 2 {
                    self.crash(1 - owner);
                    self.resync();
                }
            }
        }
    }

    fn age(&mut self) {
        self.sites[0].clock.fetch_add(self.random.random_range(0..HOUR / 2), Ordering::SeqCst);
        for owner in 0..2 {
            let direction = self.sites[owner].end.outgoing();
            let ranges = self.sites[owner].run(move |books| books.expire(direction)).unwrap();
            if self.random.random_bool(0.8) {
                self.sites[1 - owner].run(move |books| books.retire(direction, &ranges)).unwrap();
            }
        }
    }

    /// Power is lost at one end, before its store is closed.
    fn crash(&mut self, end: usize) {
        let site = &mut self.sites[end];
        let left = site.disk.after_power_loss(&mut self.random);
        site.close();
        site.disk = left;
        site.reopen();
    }

    /// What the two ends do whenever they meet again.
    fn resync(&mut self) {
        // Either may come first.
        let first = self.random.random_range(0..2);
        for owner in [first, 1 - first] {
            self.settle_voids(owner);
            let keys = Pool::Keys(self.sites[owner].end.outgoing());
            let pools = if owner == 0 {
                vec![keys, Pool::Tags(Direction::AliceToBob), Pool::Tags(Direction::BobToAlice)]
            } else {
                vec![keys]
            };
            let asked = self.sites[owner].run(move |books| books.survey(&pools)).unwrap();
            let copy = asked.clone();
            let answer =
                self.sites[1 - owner].run(move |books| books.answer_survey(&copy)).unwrap();
            self.sites[owner].run(move |books| books.close_survey(&asked, &answer)).unwrap();
        }
        for pool in Pool::ALL {
            assert_eq!(self.sites[0].free(pool), self.sites[1].free(pool), "{pool:?} differs");
        }
    }
}

#[test]
fn the_books_balance_at_both_ends_after_every_step_of_a_random_run() {
    let steps: u32 =
        std::env::var("QKMS_TEST_STEPS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let mut run = Run::new(7);
    for _ in 0..steps {
        match run.random.random_range(0..22) {
            0 | 1 => run.make(),
            2..=10 => run.deliver(),
            11..=15 => run.fetch(),
            16 => run.tags(),
            17 => run.age(),
            18 => run.resync(),
            19 | 20 => run.relay(),
            _ => {
                let end = run.random.random_range(0..2);
                run.crash(end);
                run.resync();
            }
        }
    }
    let total = run.sites[0].ledger();
    assert!(run.told.masters.len() as u32 > steps / 10, "{} keys", run.told.masters.len());
    assert!(run.told.fetched.len() as u32 > steps / 20, "{} fetched", run.told.fetched.len());
    for place in [total.delivered, total.tags, total.expired, total.wasted, total.relayed] {
        assert!(place > 0, "the run left out a place: {total:?}");
    }
}

#[test]
fn a_ledger_of_before_relays_is_read() {
    let row = [63u64, 1, 2, 4, 8, 48].encode();
    let ledger = Ledger::from_row(&row).unwrap();
    assert_eq!((ledger.made, ledger.wasted, ledger.relayed), (63, 48, 0));
    assert!(ledger.balances());
    assert_eq!(Ledger::from_row(&ledger.encode()), Some(ledger));
    for cut in [0, 40, 47, 49, 57] {
        assert_eq!(Ledger::from_row(&[0; 64][..cut]), None);
    }
}
