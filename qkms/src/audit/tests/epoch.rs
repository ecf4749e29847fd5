//! Epochs of real blocks.

use std::sync::OnceLock;

use zeroize::Zeroizing;

use crate::{
    audit::{AuditFile, Challenge, Opening, picked},
    distil::{self, TagKeys, TagKeysSpent},
    health::{Claims, Monitor},
    kme::{
        channels::{Here, Meeting, There},
        maker::{BlockMaker, Made, Report},
        photonic::{Alice, Bob},
        seed::Seed,
    },
    link::{AliceBlock, BobBlock, Epsilons, Link, LinkParameters, Preset},
    pool::End,
    records::{Chain, EPOCH, Ending, Evidence, Hash, Keys, Record, Sealer, Signed, Testimony},
};

/// A block as both ends made it.
pub struct Block {
    pub number: u64,
    pub ends: [(Report, Opening); 2],
}

/// Tag keys of no worth that both ends have.
struct Zeros;

impl TagKeys for Zeros {
    fn take(&mut self, _: distil::Direction, n: usize) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
        Ok(Zeroizing::new(vec![0; n]))
    }
}

/// Blocks 1 to `number` of a link, each with a key.
pub fn blocks(preset: Preset, pulses: u64, photons: u8, choices: u64, number: u64) -> Vec<Block> {
    let (_, point) = preset.operating_points()[0];
    let mut device = preset.device();
    device.pulse_rate = 1e12;
    device.dead_time = 0.0;
    let parameters = LinkParameters { device, point, km: 10.0, eve: None, drift: None };
    let (epsilons, limits) = (Epsilons::default(), distil::Limits::default());
    let params = distil::Params { point, epsilons, limits };
    let meeting = Meeting::default();
    let light = Link::new(parameters, Some([photons; 32])).unwrap();
    let choices = Some(Seed::new(choices, "choices"));
    let mut alice = Alice::new(light, pulses, params, choices, Here(meeting.clone()));
    let mut bob = Bob::new(params, &Claims::new(&parameters), There(meeting));
    let made = |made| match made {
        Ok(Made::Key { bytes, report, mut opening, .. }) => {
            opening.key = bytes.to_vec();
            (report, opening)
        }
        Ok(Made::Discarded { reason, .. }) => panic!("{reason}"),
        Err(error) => panic!("{error}"),
    };
    std::thread::scope(|scope| {
        let bob = scope.spawn(move || {
            (1..=number).map(|block| made(bob.make(block, &mut Zeros))).collect::<Vec<_>>()
        });
        let alice: Vec<_> = (1..=number).map(|block| made(alice.make(block, &mut Zeros))).collect();
        let both = alice.into_iter().zip(bob.join().unwrap());
        both.zip(1..).map(|((a, b), number)| Block { number, ends: [a, b] }).collect()
    })
}

/// Three blocks that many tests look at.
pub fn three() -> &'static [Block] {
    static BLOCKS: OnceLock<Vec<Block>> = OnceLock::new();
    BLOCKS.get_or_init(|| blocks(Preset::Snspd, 3_400_000, 3, 3, 3))
}

pub fn sealers() -> [Sealer; 2] {
    [Sealer::new(&[1; 32]), Sealer::new(&[2; 32])]
}

pub fn keys() -> Keys {
    let [alice, bob] = sealers();
    Keys { alice: alice.public(), bob: bob.public() }
}

pub fn chain() -> Chain {
    Chain { alice: "kme-a".into(), bob: "kme-b".into() }
}

pub fn seal(record: Record) -> Signed {
    let [alice, bob] = sealers().map(|sealer| sealer.sign(&record));
    Signed { record, alice, bob }
}

/// A whole epoch: an epoch of discarded blocks before it, the blocks given, then discarded ones.
pub fn records(blocks: &[Block]) -> Vec<Signed> {
    let mut standing = chain().start();
    let mut records = Vec::new();
    for sequence in 0..2 * EPOCH {
        let block = sequence.checked_sub(EPOCH).and_then(|at| blocks.get(at as usize));
        let (number, ending, evidence, testimonies) = match block {
            Some(block) => {
                let [alice, bob] = block.ends.each_ref().map(|(report, _)| report.evidence);
                (block.number + 1000, Ending::Key, alice, [alice.own, bob.own])
            }
            None => {
                let number = if sequence < EPOCH { sequence + 1 } else { sequence + 2000 };
                let ending = Ending::Discarded("verification".into());
                (number, ending, Evidence::default(), [Testimony::default(); 2])
            }
        };
        let record = chain().record(&standing, number, ending, &evidence, testimonies);
        let signed = seal(record);
        standing = chain().follow(&standing, &signed, &keys()).unwrap();
        records.push(signed);
    }
    records.split_off(EPOCH as usize)
}

/// The file of block `at` of the blocks given, by the first challenge that picks it.
pub fn file(blocks: &[Block], at: usize) -> AuditFile {
    let records = records(blocks);
    let number = records[at].record.block;
    let challenge = challenge(&records, number);
    let [(_, alice), (_, bob)] = &blocks[at].ends;
    AuditFile {
        alice: chain().alice,
        bob: chain().bob,
        alice_key: keys().alice,
        bob_key: keys().bob,
        records,
        challenge,
        block: number,
        alice_raw: alice.raw.clone(),
        bob_raw: bob.raw.clone(),
        messages: renumbered(&alice.messages, number),
        key_at_alice: alice.key.clone(),
        key_at_bob: bob.key.clone(),
    }
    .resealed(at)
}

/// The first challenge that picks a block.
pub fn challenge(records: &[Signed], block: u64) -> Challenge {
    let root = Signed::root(records);
    let candidates = (0u64..).map(|number| {
        let mut challenge = [0; 32];
        challenge[..8].copy_from_slice(&number.to_le_bytes());
        challenge
    });
    let mut picks = candidates
        .filter(|challenge| picked(challenge, &root, records).is_some_and(|r| r.block == block));
    picks.next().unwrap()
}

/// Messages with another block's number in their headers.
fn renumbered(messages: &[u8], number: u64) -> Vec<u8> {
    let mut messages = messages.to_vec();
    let mut at = 0;
    while at < messages.len() {
        messages[at..at + 8].copy_from_slice(&number.to_le_bytes());
        let length = messages[at + 24..at + 32].try_into().unwrap();
        at += 32 + u64::from_le_bytes(length) as usize;
    }
    messages
}

impl AuditFile {
    /// As a thief who has both keys would write it: record `at` has the hashes of what the file holds,
    /// all records are signed anew in their order, and the challenge picks the same block.
    pub fn resealed(self, at: usize) -> Self {
        self.forged(at, |_| {})
    }

    /// The same, with record `at` changed at last.
    pub fn forged(mut self, at: usize, change: impl FnOnce(&mut Record)) -> Self {
        let record = &mut self.records[at].record;
        record.transcript = distil::auth::digest(&self.messages);
        record.at_alice.raw = hash(&self.alice_raw);
        record.at_bob.raw = hash(&self.bob_raw);
        let point = record.account.params().point;
        let claim = f64::from(record.at_bob.health.sources[0].claim) / 1e6;
        let claims = Claims::of(&point, 2.0 * (-claim).exp2() - 1.0);
        if let Ok(block) = AliceBlock::decode(&self.alice_raw) {
            let mut monitor = Monitor::alice(&claims);
            monitor.skip_start_up();
            record.at_alice.health = monitor.check_alice(&block);
        }
        if let Ok(block) = BobBlock::decode(&self.bob_raw) {
            let mut monitor = Monitor::bob(&claims);
            monitor.skip_start_up();
            record.at_bob.health = monitor.check_bob(&block);
        }
        change(record);
        self.sign()
    }

    /// All records signed anew in their order, and a challenge that picks the file's block.
    pub fn sign(mut self) -> Self {
        let mut previous = self.records[0].record.previous;
        for signed in &mut self.records {
            let record = Record { previous, ..signed.record.clone() };
            previous = record.hash();
            *signed = seal(record);
        }
        self.challenge = challenge(&self.records, self.block);
        self
    }
}

pub fn hash(bytes: &[u8]) -> Hash {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}

/// The ends, for tests of both.
pub const ENDS: [End; 2] = [End::Alice, End::Bob];
