//! Audits by sacrifice in the books.

use rand::Rng;

use super::{
    super::record::{KeyNote, KeyRecord, Side, State},
    records::{chain, keys, sealers},
    *,
};
use crate::{
    audit::Opening,
    pool::{
        NoAudit,
        audits::{Auditing, FILES, Picked},
    },
    records::{EPOCH, Ending, Evidence, Hash, Signed, Testimony},
};

/// Both ends of an audited link.
struct Audited {
    sites: [Site; 2],
    random: StdRng,
    next: u64,
}

impl Audited {
    fn new(seed: u64) -> Self {
        let (alice, bob) = pair();
        for site in [&alice, &bob] {
            site.run(|books| books.begin_audits(&chain(), None)).unwrap();
        }
        Self { sites: [alice, bob], random: StdRng::seed_from_u64(seed), next: 0 }
    }

    /// A block and its record, with a key or not, at both ends.
    fn make(&mut self, keyed: bool) {
        self.next += self.random.random_range(1..4);
        let number = self.next;
        let mut part = |most| self.random.random_range(0..most);
        let split = Split([part(60), part(60), part(600), part(600)]);
        let ending = if keyed { Ending::Key } else { Ending::Discarded("qber".into()) };
        let standing = self.sites[0].run(|books| books.standing(&chain())).unwrap();
        let none = [Testimony::default(); 2];
        let record = chain().record(&standing, number, ending, &Evidence::default(), none);
        let [alice, bob] = sealers().map(|sealer| sealer.sign(&record));
        for site in &self.sites {
            let signed = Signed { record: record.clone(), alice, bob };
            let key = block_bytes(number, split.total() as usize + 1);
            let raw = format!("{:?} saw block {number}", site.end).into_bytes();
            site.run(move |books| {
                if keyed {
                    let opening = Opening { raw, messages: Vec::new(), key: key.clone() };
                    books.keep_opening(number, &opening)?;
                    books.store_block(&NewBlock {
                        number,
                        made: Made::Link,
                        bytes: &key,
                        bits: split.total() * 8 + 5,
                        split,
                        staged: false,
                    })?;
                }
                let following = books.follow(&chain(), &signed, &keys())?;
                books.put_record(following)
            })
            .unwrap();
        }
    }

    fn fill_epoch(&mut self) {
        while self.standing(0) % EPOCH != EPOCH - 1 {
            let keyed = self.random.random_bool(0.9);
            self.make(keyed);
        }
        self.make(true);
    }

    fn standing(&self, site: usize) -> u64 {
        self.sites[site].run(|books| books.standing(&chain())).unwrap().next
    }

    fn root(&self, site: usize, epoch: u64) -> Option<Hash> {
        self.sites[site].run(move |books| books.epoch_root(epoch)).unwrap()
    }

    fn pick(&self, site: usize, epoch: u64, root: Hash, by: u8) -> Result<Picked, StoreError> {
        self.sites[site].run(move |books| books.pick(epoch, &root, &[by; 32]))
    }

    fn close(&self, site: usize, epoch: u64) -> Result<(), StoreError> {
        let file = (site == 0).then(|| vec![1, 2, 3]);
        self.sites[site].run(move |books| books.close_epoch(epoch, file.as_deref()))
    }

    fn auditing(&self, site: usize) -> Auditing {
        self.sites[site].run(|books| books.auditing()).unwrap().unwrap()
    }

    fn openings(&self, site: usize) -> Vec<u64> {
        self.sites[site].run(|books| books.openings()).unwrap()
    }

    /// Power is lost at one end.
    fn crash(&mut self, end: usize) {
        let site = &mut self.sites[end];
        let left = site.disk.after_power_loss(&mut self.random);
        site.close();
        site.disk = left;
        site.reopen();
    }

    /// Draws a key at an end and has the other accept it.
    fn deliver(&self, owner: usize) -> Result<Range, StoreError> {
        let ids = [Uuid::new_v4()];
        let drawn = draw(&self.sites[owner], &ids, 8)?;
        accept(&self.sites[1 - owner], reservation(&self.sites[owner], &drawn)).unwrap();
        self.sites[owner].run(move |books| books.confirm(&ids)).unwrap();
        Ok(drawn[0].note.range)
    }
}

fn refused(error: StoreError) -> NoAudit {
    match error {
        StoreError::Rejected(Rejection::Audit(why)) => why,
        other => panic!("{other}"),
    }
}

#[test]
fn the_books_balance_with_sacrificed_blocks_after_every_step() {
    let mut run = Audited::new(5);
    let mut sacrificed = 0;
    for epoch in 0..3 {
        run.fill_epoch();
        let end = run.random.random_range(0..2);
        run.crash(end);
        for owner in 0..2 {
            // Keys of the epoch before are left; those of this one wait.
            for _ in 0..5 {
                let delivered = run.deliver(owner);
                assert_eq!(delivered.is_ok(), epoch > 0, "{delivered:?}");
                let fits = |range: Range| range.block <= run.auditing(0).released;
                assert!(delivered.is_err() || delivered.is_ok_and(fits));
            }
            assert!(run.sites[owner].free(Pool::Keys(run.sites[owner].end.outgoing())).len() > 9);
        }
        let root = run.root(0, epoch).unwrap();
        assert_eq!(run.root(1, epoch), Some(root));
        let picked = run.pick(0, epoch, root, 7).unwrap();
        run.crash(0);
        assert_eq!(run.pick(1, epoch, root, 7).unwrap(), picked, "each end comes to the same");
        run.crash(1);
        let block = picked.block.unwrap();
        let opening = run.sites[1].run(move |books| books.opening(block)).unwrap();
        assert_eq!(opening.raw, format!("Bob saw block {block}").into_bytes());
        for owner in 0..2 {
            let delivered = run.deliver(owner);
            assert_eq!(delivered.is_ok(), epoch > 0, "before the close: {delivered:?}");
        }
        run.close(0, epoch).unwrap();
        run.close(0, epoch).unwrap();
        run.crash(0);
        if epoch == 1 {
            // The ends meet before Bob's has heard of it: what Alice's has sacrificed is so here too.
            let pools = Pool::ALL.to_vec();
            let asked = run.sites[0].run(move |books| books.survey(&pools)).unwrap();
            let copy = asked.clone();
            let answer = run.sites[1].run(move |books| books.answer_survey(&copy)).unwrap();
            run.sites[0].run(move |books| books.close_survey(&asked, &answer)).unwrap();
        }
        assert!(run.openings(0).is_empty());
        assert!(run.openings(1).len() > 32);
        run.close(1, epoch).unwrap();
        run.crash(1);
        run.close(1, epoch).unwrap();
        assert!(run.openings(1).is_empty());
        let [alice, bob] = [0, 1].map(|site| run.sites[site].ledger());
        assert_eq!(alice.sacrificed, bob.sacrificed);
        assert!(alice.sacrificed > sacrificed);
        sacrificed = alice.sacrificed;
        for site in 0..2 {
            let free = Pool::ALL.into_iter().flat_map(|pool| run.sites[site].free(pool));
            assert!(free.into_iter().all(|range| range.block != block));
            assert_eq!(run.auditing(site).epoch, epoch + 1);
        }
        for owner in 0..2 {
            run.deliver(owner).unwrap();
        }
    }
    let total = run.sites[0].ledger();
    assert!(total.balances() && total.delivered > 0, "{total:?}");
}

#[test]
fn a_challenge_is_taken_for_a_fixed_root_once() {
    let mut run = Audited::new(6);
    let none = [9; 32];
    assert_eq!(refused(run.pick(0, 0, none, 1).unwrap_err()), NoAudit::Early);
    for _ in 0..EPOCH - 1 {
        run.make(true);
    }
    assert_eq!(refused(run.pick(0, 0, none, 1).unwrap_err()), NoAudit::Early, "one is missing");
    run.make(true);
    assert_eq!(refused(run.pick(0, 0, none, 1).unwrap_err()), NoAudit::Root);
    let root = run.root(0, 0).unwrap();
    assert_eq!(refused(run.pick(0, 1, root, 1).unwrap_err()), NoAudit::Epoch(0));
    assert_eq!(refused(run.close(0, 0).unwrap_err()), NoAudit::Epoch(0), "nothing is picked");
    let picked = run.pick(0, 0, root, 1).unwrap();
    assert_eq!(run.pick(0, 0, root, 1).unwrap(), picked);
    assert_eq!(refused(run.pick(0, 0, root, 2).unwrap_err()), NoAudit::Second);
    run.close(0, 0).unwrap();
    assert_eq!(refused(run.pick(0, 0, root, 1).unwrap_err()), NoAudit::Epoch(1));
    let (other, _) = pair();
    let off = other.run(move |books| books.pick(0, &root, &[1; 32])).unwrap_err();
    assert_eq!(refused(off), NoAudit::Off);
}

#[test]
fn a_block_whose_tag_keys_are_in_use_is_not_opened() {
    let mut run = Audited::new(7);
    run.fill_epoch();
    let root = run.root(1, 0).unwrap();
    let picked = run.pick(1, 0, root, 1).unwrap();
    let lease = run.sites[1].run(move |books| books.lease_tags(999_999, 1 << 20)).unwrap();
    let block = picked.block.unwrap();
    assert!(lease.alice_to_bob.ranges.iter().any(|range| range.block == block));
    let unused = run.sites[1].run(move |books| books.unused(&picked));
    assert_eq!(refused(unused.unwrap_err()), NoAudit::InUse(block));
    assert_eq!(refused(run.close(1, 0).unwrap_err()), NoAudit::InUse(block));
    let used = lease.alice_to_bob.len();
    run.sites[1].run(move |books| books.settle_lease(999_999, used, 0)).unwrap();
    run.close(1, 0).unwrap();
    let ledger = run.sites[1].ledger();
    assert!(ledger.tags == used * 8 && ledger.sacrificed > 0, "{ledger:?}");
}

#[test]
fn the_peer_cannot_draw_what_waits_or_is_picked() {
    let mut run = Audited::new(8);
    run.fill_epoch();
    let theirs = Direction::AliceToBob;
    let pool = Pool::Keys(theirs);
    let accept_of = |run: &Audited, block: u64| {
        let free = run.sites[1].free(pool);
        let range = free.iter().find(|range| range.block == block).copied().unwrap();
        let id = Uuid::new_v4().into_bytes();
        let keys = vec![KeyNote { id, range: Range { len: 1, ..range } }];
        let (master, slaves) = ("master".into(), vec!["slave".into()]);
        accept(&run.sites[1], Reservation { master, slaves, keys })
    };
    let blocks = run.openings(1);
    let (root, not_free) = (run.root(1, 0).unwrap(), StoreError::Rejected(Rejection::NotFree));
    assert_eq!(accept_of(&run, blocks[0]), Err(not_free.clone()));
    let picked = run.pick(1, 0, root, 1).unwrap().block.unwrap();
    run.make(true);
    let next = run.next;
    assert_eq!(accept_of(&run, picked), Err(not_free.clone()));
    assert_eq!(accept_of(&run, next), Err(not_free), "of the next epoch");
    let spared = blocks.into_iter().find(|block| *block != picked).unwrap();
    accept_of(&run, spared).unwrap();
}

#[test]
fn at_most_two_epochs_wait_and_the_latest_files_are_kept() {
    let mut run = Audited::new(9);
    let held = |run: &Audited| run.sites[0].store.summary().borrow().held;
    for number in 1..=2 * EPOCH {
        assert!(!held(&run), "{number}");
        run.make(true);
    }
    assert!(held(&run));
    for epoch in 0..FILES + 2 {
        let root = run.root(0, epoch).unwrap();
        run.pick(0, epoch, root, 3).unwrap();
        run.close(0, epoch).unwrap();
        assert!(!held(&run));
        run.fill_epoch();
        let waiting = run.openings(0).len() as u64;
        assert!(waiting <= 2 * EPOCH, "{waiting}");
    }
    let file = |epoch| run.sites[0].run(move |books| books.audit_file(epoch)).unwrap();
    let kept: Vec<bool> = (0..FILES + 3).map(|epoch| file(epoch).is_some()).collect();
    assert_eq!(kept, [false, false, true, true, true, true, false]);
}

#[test]
fn a_block_of_which_a_key_was_drawn_is_not_sacrificed() {
    let mut run = Audited::new(10);
    run.make(true);
    let block = run.next;
    // As by a service that does not keep the rules: a key of a block that waits.
    let told = KeyRecord {
        range: Range { block, offset: 0, len: 8 },
        direction: Direction::AliceToBob,
        side: Side::Master,
        state: State::Told,
        master: "master".into(),
        slaves: Vec::new(),
        pending: Vec::new(),
        drawn: 0,
    };
    run.sites[0].run(move |books| books.put_key(Uuid::new_v4(), &told)).unwrap();
    for _ in 1..EPOCH {
        run.make(false);
    }
    let root = run.root(0, 0).unwrap();
    let picked = run.pick(0, 0, root, 1).unwrap();
    let why = run.sites[0].run(move |books| books.unopenable(&picked)).unwrap();
    assert_eq!(why, Some(NoAudit::Delivered(block)));
}

#[test]
fn an_epoch_that_cannot_be_opened_fails_and_wastes_its_keys_at_both_ends() {
    let mut run = Audited::new(14);
    run.fill_epoch();
    let root = run.root(0, 0).unwrap();
    let picked = run.pick(0, 0, root, 1).unwrap();
    // Bob's end lost what it kept, as by a restored backup.
    run.sites[1].lost = true;
    run.sites[1]
        .run(|books| {
            books.end_audits()?;
            books.begin_audits(&chain(), Some(0))
        })
        .unwrap();
    assert_eq!(run.auditing(1).released, 0, "blocks whose records are there wait all the same");
    assert_eq!(run.pick(1, 0, root, 1).unwrap(), picked);
    let why = |site: usize| run.sites[site].run(move |books| books.unopenable(&picked)).unwrap();
    assert_eq!([why(0), why(1)], [None, picked.block.map(NoAudit::Lost)]);
    run.crash(1);
    for site in 0..2 {
        run.sites[site].lost = false;
        run.sites[site].run(|books| books.fail_epoch(0)).unwrap();
        run.crash(site);
        run.sites[site].run(|books| books.fail_epoch(0)).unwrap();
        assert_eq!(run.sites[site].run(|books| books.failed_epochs()).unwrap(), [0]);
        assert!(run.openings(site).is_empty());
        assert_eq!(run.auditing(site).epoch, 1);
        assert!(run.deliver(site).is_err(), "nothing is delivered unaudited");
    }
    let [alice, bob] = [0, 1].map(|site| run.sites[site].ledger());
    assert!(alice.wasted == bob.wasted && alice.wasted > 64 * 8, "{alice:?}");
    run.fill_epoch();
    let root = run.root(1, 1).unwrap();
    for site in 0..2 {
        run.pick(site, 1, root, 1).unwrap();
    }
    for site in 0..2 {
        run.close(site, 1).unwrap();
        run.deliver(site).unwrap();
    }
}

#[test]
fn no_block_is_opened_of_which_a_pad_was_taken() {
    let mut run = Audited::new(15);
    run.fill_epoch();
    let root = run.root(1, 0).unwrap();
    let first = run.pick(1, 0, root, 1).unwrap();
    let other = (2..).find_map(|by| {
        let picked = run.sites[0].run(move |books| books.adopt(0, &root, &[by; 32])).unwrap();
        (picked.block != first.block).then_some((by, picked.block?))
    });
    let (by, block) = other.unwrap();
    // Spared by the first challenge, it may be drawn from; then another one takes that one's place.
    let pool = Pool::Keys(Direction::AliceToBob);
    let range = run.sites[1].free(pool).into_iter().find(|range| range.block == block).unwrap();
    run.sites[1].run(move |books| books.spend_pad(Direction::AliceToBob, &[range])).unwrap();
    let picked = run.sites[1].run(move |books| books.adopt(0, &root, &[by; 32])).unwrap();
    let why = run.sites[1].run(move |books| books.unopenable(&picked)).unwrap();
    assert_eq!(why, Some(NoAudit::Delivered(block)));
}

#[test]
fn audits_begin_with_a_whole_epoch_and_end_at_once() {
    let (alice, bob) = pair();
    let random = StdRng::seed_from_u64(11);
    let mut run = Audited { sites: [alice, bob], random, next: 0 };
    for _ in 0..3 {
        run.make(true);
    }
    assert!(run.openings(0).is_empty());
    for site in &run.sites {
        site.run(|books| books.begin_audits(&chain(), None)).unwrap();
    }
    assert_eq!(run.auditing(0), Auditing { epoch: 1, released: run.next, picked: None });
    run.make(true);
    assert_eq!(run.auditing(0).released, run.next, "of the epoch before the first audited one");
    run.deliver(0).unwrap();
    run.fill_epoch();
    run.make(true);
    assert!(run.auditing(0).released < run.next);
    assert!(run.openings(0).contains(&run.next));
    let stored = run.sites[0].ledger().stored;
    run.sites[0].run(|books| books.end_audits()).unwrap();
    assert!(run.openings(0).is_empty());
    assert_eq!(run.sites[0].ledger().stored, stored);
}

#[test]
fn what_is_kept_of_a_block_is_kept_once() {
    let run = Audited::new(13);
    let keep = |raw: &[u8]| {
        let opening = Opening { raw: raw.to_vec(), messages: Vec::new(), key: Vec::new() };
        run.sites[0].run(move |books| books.assure_opening(9, Some(&opening)))
    };
    let without = || run.sites[0].run(|books| books.assure_opening(9, None));
    assert_eq!(refused(without().unwrap_err()), NoAudit::Lost(9));
    keep(b"one").unwrap();
    keep(b"one").unwrap();
    without().unwrap();
    assert_eq!(refused(keep(b"other").unwrap_err()), NoAudit::Kept(9));
}

#[test]
fn an_epoch_without_any_key_is_closed_without_a_sacrifice() {
    let mut run = Audited::new(12);
    for _ in 0..EPOCH {
        run.make(false);
    }
    let root = run.root(0, 0).unwrap();
    assert_eq!(run.pick(0, 0, root, 1).unwrap().block, None);
    run.sites[0].run(|books| books.close_epoch(0, None)).unwrap();
    assert_eq!((run.auditing(0).epoch, run.sites[0].ledger().sacrificed), (1, 0));
}

#[test]
fn no_pad_is_drawn_of_a_block_that_waits() {
    let mut run = Audited::new(11);
    run.fill_epoch();
    let direction = run.sites[0].end.outgoing();
    let draw = move |books: &mut Books<'_>| books.draw_pad(direction, 16, None).map(|_| ());
    let waits = run.sites[0].run(draw).unwrap_err();
    assert!(matches!(waits, StoreError::Rejected(Rejection::Exhausted)), "{waits}");
    let root = run.root(0, 0).unwrap();
    for site in 0..2 {
        run.pick(site, 0, root, 1).unwrap();
        run.close(site, 0).unwrap();
    }
    run.sites[0].run(draw).unwrap();
}

#[test]
fn no_pad_is_taken_of_a_block_that_waits_for_the_other_end() {
    let mut run = Audited::new(16);
    run.fill_epoch();
    let theirs = Direction::AliceToBob;
    let not_free = StoreError::Rejected(Rejection::NotFree);
    let read = |run: &Audited, spared: bool, picked: Option<u64>| {
        let free = run.sites[1].free(Pool::Keys(theirs));
        let range = free.into_iter().find(|range| (Some(range.block) != picked) == spared).unwrap();
        run.sites[1].run(move |books| books.read_pad(theirs, &[range]).map(|_| ()))
    };
    assert_eq!(read(&run, true, None), Err(not_free.clone()));
    let root = run.root(1, 0).unwrap();
    let picked = run.pick(1, 0, root, 1).unwrap().block;
    assert_eq!(read(&run, false, picked), Err(not_free));
    read(&run, true, picked).unwrap();
}
