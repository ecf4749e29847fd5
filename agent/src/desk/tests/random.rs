//! Thousands of courses of events in a random order, from seeds: news in any order, crashes at any point
//! of a write, a key service that fails, forks that take everything back.
//!
//! What holds in each of them: no key is in two sessions, each is told to B at most once, a message 1 has
//! one message 2 and a message 2 one message 3, a counter has one frame, texts come in order, and a session
//! that is open at both ends is the same one. A letter's key is no session's and no other letter's, and a
//! letter comes once, as it was written, whatever strangers bring beside it.

use super::{kme::Rubbish, *};
use qedex_primitives::qkd::WorkerStep;
use rand::{Rng, seq::IndexedRandom};
use std::collections::HashMap;

mod letters;

/// Courses of events: `QEDEX_AGENT_COURSES` (2,000).
fn courses() -> u64 {
    let set = std::env::var("QEDEX_AGENT_COURSES").ok().and_then(|text| text.parse().ok());
    set.unwrap_or(2_000)
}

/// Steps of each.
const STEPS: usize = 300;

#[derive(Default)]
struct Seen {
    /// The message 1 of each key.
    kids: HashMap<Uuid, Vec<u8>>,
    /// What answered which message.
    answers: HashMap<(WorkerStepKind, [u8; 32]), Vec<u8>>,
    /// What left under which session's name, sender and counter.
    frames: HashMap<([u8; 32], usize, u64), Vec<u8>>,
    /// What was sent and received under which session's name by whom.
    sent: HashMap<([u8; 32], usize), Vec<Vec<u8>>>,
    received: HashMap<([u8; 32], usize), Vec<Vec<u8>>>,
    letters: letters::Seen,
}

type WorkerStepKind = bool;

struct Course {
    world: World,
    random: ChaCha8Rng,
    seen: Seen,
    /// Messages 1 that are not on the chain.
    pool: Vec<Vec<u8>>,
    steps: Vec<Step>,
    jobs: [Vec<Job>; 2],
    /// Questions for letters.
    lookups: [Vec<Lookup>; 2],
    next_text: u64,
    opened: usize,
    broke: usize,
}

impl Course {
    fn new(seed: u64) -> Self {
        Self {
            world: World::new(seed),
            random: ChaCha8Rng::seed_from_u64(seed),
            seen: Seen::default(),
            pool: Vec::new(),
            steps: Vec::new(),
            jobs: [Vec::new(), Vec::new()],
            lookups: [Vec::new(), Vec::new()],
            next_text: 0,
            opened: 0,
            broke: 0,
        }
    }

    fn end(&mut self) -> usize {
        // Mostly A asks B, now and then the other way round.
        usize::from(self.random.random_ratio(1, 4))
    }

    fn any_end(&mut self) -> usize {
        self.random.random_range(0..2)
    }

    fn step(&mut self) {
        match self.random.random_range(0..112) {
            0..4 => self.wish(),
            4..12 => self.include_request(),
            12..38 => self.tell(),
            38..54 => self.include_step(),
            54..62 => self.start(),
            62..70 => self.finish_job(),
            70..72 => {
                let end = self.any_end();
                self.restart(end);
            }
            72..74 => self.break_in_a_write(),
            74..76 => self.fork(),
            76..84 => {
                let blocks = if self.random.random_ratio(1, 80) { KEPT_BLOCKS } else { 1 };
                self.world.chain.skip(blocks);
                self.world.pass(6_000 * blocks);
            }
            84..95 => (0..4).for_each(|_| self.speak()),
            95..99 => self.receive(),
            99..100 => self.lose(),
            100..103 => self.write(),
            103..107 => (0..2).for_each(|_| self.carry()),
            107..110 => (0..2).for_each(|_| self.look_up()),
            110..111 => self.forge(),
            _ => self.fetch(),
        }
    }

    fn wish(&mut self) {
        let (end, rubbish) = (self.end(), self.random.random_ratio(1, 8));
        let suite = if self.random.random() { Suite::Hmac } else { Suite::OneTime };
        let desk = self.world.desk(end);
        let Ok(Plan::Draw(place)) = desk.wish(self.world.wish(end, suite)) else { return };
        let sae = self.world.ends[end].sae;
        let mut keys = self.world.kme.draw(sae, place.peer().as_str(), place.keys());
        if rubbish {
            let how = self.rubbish();
            keys = self.world.kme.spoil(keys, how);
        }
        let Ok(asked) = self.world.desk(end).opened(&place, keys) else { return };
        for id in &asked.ids {
            let before = self.seen.kids.insert(*id, asked.message1.clone());
            assert!(before.is_none(), "a key in two sessions");
            assert!(!self.seen.letters.has(*id), "the key of a letter in a session");
        }
        self.pool.push(asked.message1);
    }

    fn rubbish(&mut self) -> Rubbish {
        let all = [
            Rubbish::None,
            Rubbish::OneMore,
            Rubbish::Short,
            Rubbish::OtherId,
            Rubbish::SameBytes,
            Rubbish::Same,
        ];
        *all.choose(&mut self.random).unwrap()
    }

    fn include_request(&mut self) {
        if self.pool.is_empty() {
            return;
        }
        let which = self.random.random_range(0..self.pool.len());
        if self.world.chain.request(&self.pool[which]).is_some() {
            self.pool.swap_remove(which);
        }
    }

    /// News of any of the sessions, known ones and others, in any order.
    fn tell(&mut self) {
        let end = self.any_end();
        let account = self.world.ends[end].account;
        let mut ids = self.world.chain.awaited(account);
        ids.extend(
            self.world.desk(end).watched().map(|watched| watched.sessions).unwrap_or_default(),
        );
        ids.push(SessionId(self.random.random_range(0..8)));
        ids.sort();
        ids.dedup();
        ids.retain(|_| self.random.random_ratio(4, 5));
        for place in (1..ids.len()).rev() {
            ids.swap(place, self.random.random_range(0..=place));
        }
        ids.truncate(MAX_SESSIONS);
        let news = self.world.chain.news(account, &ids);
        let Ok(Steps { steps, .. }) = self.world.desk(end).news(&news) else { return };
        let again = self.world.desk(end).news(&news).unwrap();
        assert_eq!(again.steps, steps, "the same news bring the same steps");
        self.look_at(&steps);
        self.steps.extend(steps);
        self.look_at_sessions();
    }

    fn look_at(&mut self, steps: &[Step]) {
        for step in steps {
            let kind = step.step == WorkerStep::Accept;
            let said = self.seen.answers.entry((kind, step.answered));
            assert_eq!(*said.or_insert_with(|| step.message.clone()), step.message);
        }
    }

    fn look_at_sessions(&mut self) {
        let [a, b] = [A, B].map(|end| self.world.ends[end].records());
        for ours in &a {
            let (Some(name), Some(theirs)) =
                (session_name(ours), b.iter().find(|theirs| theirs.message1 == ours.message1))
            else {
                continue;
            };
            if let Some(theirs) = session_name(theirs) {
                assert_eq!(name, theirs, "one session");
                self.opened += 1;
            }
        }
    }

    fn include_step(&mut self) {
        if let Some(step) = self.steps.choose(&mut self.random).cloned() {
            self.world.chain.step(&step);
        }
    }

    fn start(&mut self) {
        let end = self.any_end();
        if let Ok(jobs) = self.world.desk(end).jobs() {
            let asked = |job: &Job| matches!(job.work, Work::Collect { .. });
            self.jobs[end].extend(jobs.into_iter().filter(asked));
        }
    }

    fn finish_job(&mut self) {
        let end = self.any_end();
        if self.jobs[end].is_empty() {
            return;
        }
        let which = self.random.random_range(0..self.jobs[end].len());
        let job = self.jobs[end].swap_remove(which);
        let result = match self.random.random_range(0..12) {
            0 => Err(kme::unavailable()),
            1 => Err(Error::Timeout),
            2 => Err(Error::Unauthorised),
            // Told, and lost on the way.
            3 => {
                let _ = self.world.answer(end, &job);
                Err(Error::Timeout)
            }
            4 => {
                let how = self.rubbish();
                self.world.answer(end, &job).map(|keys| self.world.kme.spoil(keys, how))
            }
            // Nobody hears it.
            5 => return,
            _ => self.world.answer(end, &job),
        };
        let _ = self.world.desk(end).collected(job.local, result);
    }

    fn restart(&mut self, end: usize) {
        self.jobs[end].clear();
        self.lookups[end].clear();
        self.world.ends[end].restart();
    }

    /// The disk breaks within the next writes, and the end comes up again with what is on it.
    fn break_in_a_write(&mut self) {
        let end = self.any_end();
        let left = self.random.random_range(0..12);
        self.world.ends[end].disk.break_after(Some(left));
        for _ in 0..3 {
            match self.random.random_range(0..7) {
                0 => self.wish(),
                1 => self.tell_quietly(end),
                2 => self.finish_job(),
                3 => self.write(),
                4 => self.carry(),
                5 => self.look_up(),
                _ => self.speak(),
            }
        }
        self.broke += 1;
        self.restart(end);
    }

    fn tell_quietly(&mut self, end: usize) {
        let account = self.world.ends[end].account;
        let ids = self.world.chain.awaited(account);
        let news = self.world.chain.news(account, &ids[..ids.len().min(MAX_SESSIONS)]);
        if let Ok(Steps { steps, .. }) = self.world.desk(end).news(&news) {
            self.look_at(&steps);
        }
    }

    /// The last blocks are gone. What they had of requests may come again, in another order.
    fn fork(&mut self) {
        let before = self.requests();
        let back = self.random.random_range(1..8);
        self.world.chain.fork(back);
        let kept = self.requests();
        for message1 in before.into_iter().filter(|message1| !kept.contains(message1)) {
            if self.random.random_ratio(2, 3) {
                self.pool.push(message1);
            }
        }
    }

    fn requests(&self) -> Vec<Vec<u8>> {
        let known = self.seen.kids.values();
        let mut all: Vec<_> = known.filter(|it| self.world.chain.has(it)).cloned().collect();
        all.sort();
        all.dedup();
        all
    }

    /// An end says something in a session, or a frame that waits is delivered.
    fn speak(&mut self) {
        let end = self.any_end();
        let now = self.world.clock.load(Ordering::SeqCst);
        let open = |record: &&Record| record.is_open(now);
        let records =
            match self.world.desk(end).transact(|books| {
                Ok(books.sessions.values().filter(open).cloned().collect::<Vec<_>>())
            }) {
                Ok(records) => records,
                Err(_) => return,
            };
        let Some(record) = records.choose(&mut self.random) else { return };
        let (Some(name), Some(id)) = (session_name(record), record.id) else { return };
        if self.random.random() {
            let text = format!("text {}", self.next_text).into_bytes();
            self.next_text += 1;
            if let Ok((_, counter)) = self.world.desk(end).seal(Name::Id(id), &text) {
                let sent = self.seen.sent.entry((name, end)).or_default();
                // What failed to be stored may have been stored all the same.
                sent.resize(counter as usize, Vec::new());
                sent.push(text);
            }
            return;
        }
        let desk = self.world.desk(end);
        let Ok(local) = desk.transact(|books| Ok(books.find(Name::Id(id))?.0)) else { return };
        let Ok(Some(parcel)) = desk.parcel(local) else { return };
        let key = (name, end, parcel.counter);
        let frame = self.seen.frames.entry(key).or_insert_with(|| parcel.frame.clone());
        assert_eq!(*frame, parcel.frame, "a counter for two frames");
        let taken = self.world.desk(1 - end).mail(id, &parcel.frame);
        if let Ok(receipt) = taken {
            assert_eq!(receipt, parcel.receipt, "another end's answer");
            if self.random.random_ratio(1, 5) {
                return;
            }
            let _ = self.world.desk(end).delivered(local, parcel.counter);
        }
    }

    fn receive(&mut self) {
        let end = self.any_end();
        for record in self.world.ends[end].records() {
            let (Some(name), Some(id)) = (session_name(&record), record.id) else { continue };
            let received = self.seen.received.entry((name, end)).or_default();
            let has = received.len() as u64;
            let Ok(texts) = self.world.desk(end).receive(Name::Id(id), has) else { continue };
            for (counter, text) in texts {
                assert_eq!(counter, received.len() as u64, "a gap, or a text twice");
                received.push(text.to_vec());
            }
            let sent = self.seen.sent.get(&(name, 1 - end)).map_or(&[][..], Vec::as_slice);
            for (place, text) in received.iter().enumerate() {
                let said = sent.get(place).expect("a text that nobody sent");
                assert!(said.is_empty() || said == text, "another text than was sent");
            }
        }
    }

    /// A session ends on the chain, or here.
    fn lose(&mut self) {
        let ids = self.world.chain.ids();
        let Some(id) = ids.choose(&mut self.random).copied() else { return };
        match self.random.random_range(0..3) {
            0 => self.world.chain.remove(id),
            1 => self.world.chain.end(id),
            _ => {
                let end = self.any_end();
                let _ = self.world.desk(end).close(Name::Id(id));
            }
        }
    }
}

/// A course, to its end: whether a session was open at both ends, texts that came, writes that broke, and
/// letters that came.
fn run(seed: u64) -> [usize; 4] {
    let mut course = Course::new(seed);
    for _ in 0..STEPS {
        course.step();
    }
    let texts = course.seen.received.values().map(Vec::len).sum();
    [usize::from(course.opened > 0), texts, course.broke, course.seen.letters.came()]
}

#[test]
fn no_course_of_events_uses_a_key_or_a_counter_twice_or_opens_two_sessions_from_one() {
    let courses = courses();
    let next = AtomicU64::new(0);
    let [opened, texts, broke, letters] = std::thread::scope(|scope| {
        let work = || {
            let mut all = [0; 4];
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= courses {
                    return all;
                }
                let more = run(seed);
                all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
            }
        };
        let threads = [(); 2].map(|()| scope.spawn(work));
        let [mut all, more] = threads.map(|thread| thread.join().unwrap());
        all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
        all
    });
    // That they come this far is what makes them say something.
    let courses = courses as usize;
    assert!(opened >= courses / 4, "{opened} of {courses} had an open session");
    assert!(texts >= courses / 4 && broke >= courses, "{texts} texts, {broke} broken writes");
    assert!(letters >= courses, "{letters} letters");
}
