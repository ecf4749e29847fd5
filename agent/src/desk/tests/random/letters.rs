//! Letters in the courses of events, and the strangers who bring them.

use super::{super::strangers::letter_from, Course, *};

/// The places of a key's name in an envelope from Alice to Bob, or the other way round.
const KID: std::ops::Range<usize> = 32 + 1 + 5 + 1 + 3 + 83..32 + 1 + 5 + 1 + 3 + 99;

#[derive(Default)]
pub struct Seen {
    /// Who was to write what under which key.
    drafts: HashMap<Uuid, (usize, Vec<u8>)>,
    /// What left under which key.
    envelopes: Vec<(usize, Uuid, Vec<u8>)>,
    /// Under which keys letters came.
    came: BTreeSet<Uuid>,
}

impl Seen {
    /// Whether the key was in a letter.
    pub fn has(&self, id: Uuid) -> bool {
        self.envelopes.iter().any(|(_, other, _)| *other == id)
    }

    pub fn came(&self) -> usize {
        self.came.len()
    }
}

impl Course {
    pub fn write(&mut self) {
        let (end, rubbish) = (self.any_end(), self.random.random_ratio(1, 8));
        let seal = if self.random.random() { Seal::Aead } else { Seal::OneTime };
        let text = format!("letter {}", self.next_text).into_bytes();
        self.next_text += 1;
        let draft = self.world.draft(end, seal, &text);
        let Ok(Writing::Draw(pen)) = self.world.desk(end).draft(draft) else { return };
        let mut keys = self.world.keys_for(end, &pen);
        if rubbish {
            let how = self.rubbish();
            keys = self.world.kme.spoil(keys, how);
        }
        if let Some(key) = keys.first() {
            self.seen.letters.drafts.insert(key.id, (end, text));
        }
        let _ = self.world.desk(end).written(&pen, keys);
    }

    /// A letter that waits goes, or one that went before goes again; perhaps somebody alters it.
    pub fn carry(&mut self) {
        let end = self.any_end();
        let Ok(letters) = self.world.desk(end).letters() else { return };
        let queued: Vec<_> =
            letters.sent.into_iter().filter(|letter| letter.state == "queued").collect();
        if self.random.random_ratio(1, 4)
            && let Some((from, id, bytes)) =
                self.seen.letters.envelopes.choose(&mut self.random).cloned()
        {
            let _ = self.knock(1 - from, id, &bytes);
            return;
        }
        let Some(letter) = queued.choose(&mut self.random).cloned() else { return };
        let Ok(Some((_, bytes))) = self.world.desk(end).letter_parcel(letter.number) else {
            return;
        };
        let known = self.seen.letters.envelopes.iter().find(|(_, id, _)| *id == letter.key);
        match known {
            Some((_, _, before)) => assert_eq!(*before, bytes, "a key for two letters"),
            None => {
                assert!(!self.seen.kids.contains_key(&letter.key), "a session's key in a letter");
                self.seen.letters.envelopes.push((end, letter.key, bytes.clone()));
            }
        }
        if self.random.random_ratio(1, 4) {
            let mut forged = bytes.clone();
            let place = self.random.random_range(0..forged.len());
            forged[place] ^= 1 << self.random.random_range(0..8);
            let id = Uuid::from_slice(&forged[KID]).unwrap();
            assert!(!self.knock(1 - end, id, &forged), "an altered letter was taken");
        }
        let taken = self.knock(1 - end, letter.key, &bytes);
        if taken && !self.random.random_ratio(1, 5) {
            let _ = self.world.desk(end).letter_delivered(letter.number);
        }
        if !taken && self.random.random_ratio(1, 10) {
            let _ = self.world.desk(end).letter_refused(letter.number, "no");
        }
    }

    /// Somebody writes the names of keys over rubbish: those of sessions that may not be on the chain yet.
    pub fn forge(&mut self) {
        let ids: Vec<Uuid> = self.seen.kids.keys().copied().collect();
        let mut ids: Vec<Uuid> = ids.into_iter().filter(|id| !self.seen.letters.has(*id)).collect();
        ids.sort();
        let Some(id) = ids.choose(&mut self.random).copied() else { return };
        let forged = letter_from(ALICE, "alice", &kme::key(id, &[1; 32]), b"rubbish");
        assert!(!self.knock(B, id, &forged), "rubbish was taken");
    }

    /// Whether it was taken, now or before.
    fn knock(&mut self, end: usize, id: Uuid, bytes: &[u8]) -> bool {
        let network = network(self.random.random_range(0..4));
        match self.world.desk(end).knock(bytes, network) {
            Ok(Knock::Taken) => true,
            Ok(Knock::Draw(lookup)) => {
                assert_eq!(lookup.id(), id);
                self.lookups[end].push(lookup);
                false
            }
            Err(_) => false,
        }
    }

    /// The key service answers a question for a letter.
    pub fn look_up(&mut self) {
        let end = self.any_end();
        if self.lookups[end].is_empty() {
            return;
        }
        let which = self.random.random_range(0..self.lookups[end].len());
        let lookup = self.lookups[end].swap_remove(which);
        let sae = self.world.ends[end].sae;
        let answer = || self.world.kme.collect(sae, lookup.peer().as_str(), &[lookup.id()]);
        let result = match self.random.random_range(0..12) {
            0 => Err(kme::unavailable()),
            // Told, and lost on the way.
            1 => {
                let _ = answer();
                Err(Error::Timeout)
            }
            2 => {
                let keys = answer();
                let how = self.rubbish();
                keys.map(|keys| self.world.kme.spoil(keys, how))
            }
            // Nobody hears it.
            3 => return,
            _ => answer(),
        };
        let _ = self.world.desk(end).looked_up(&lookup, result);
    }

    /// The users of both ends fetch letters.
    pub fn fetch(&mut self) {
        (0..2).for_each(|end| self.fetch_at(end));
    }

    fn fetch_at(&mut self, end: usize) {
        let Ok(received) = self.world.desk(end).receive_letters() else { return };
        for (come, text) in received {
            let id = Uuid::from_bytes(come.head.key);
            assert!(self.seen.letters.came.insert(id), "a letter came twice");
            let (from, sent) = &self.seen.letters.drafts[&id];
            assert_eq!((1 - end, &text[..]), (*from, &sent[..]), "another letter than was written");
            let writer = &self.world.ends[*from];
            assert_eq!((come.from, &come.from_sae[..]), (writer.account, writer.sae));
        }
    }
}
