//! The order in which an audit looks at things.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{AuditFile, Challenge, Found, Seed, Terms, picked, replay};
use crate::{
    distil::{Accounts, estimate},
    health::{Claims, Health, Measured, Monitor, Source},
    link::{AliceBlock, BobBlock},
    pool::End,
    records::{Account, Chain, EPOCH, Hash, Keys, Record, Signed, Standing},
};

/// What whoever audits knows from elsewhere. What is not known is taken from the file.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The keys that sign the link's records.
    pub keys: Option<Keys>,
    /// The root of the epoch's records, as the chain has it.
    pub root: Option<Hash>,
    /// The challenge that was drawn.
    pub challenge: Option<Challenge>,
    /// Records of the link that were told before.
    pub records: Vec<Signed>,
    /// Keys that SAEs were told.
    pub delivered: Vec<Vec<u8>>,
    /// Whether the opened block's [terms](Terms) may be looser than the defaults.
    pub loose: bool,
}

/// What a sound audit tells.
#[derive(Clone, Debug)]
pub struct Audited {
    /// The epoch.
    pub epoch: u64,
    /// The root of its records.
    pub root: Hash,
    /// How many blocks of the epoch gave a key: one of so many was picked.
    pub keyed: u64,
    /// The record of the block that was opened.
    pub record: Record,
    /// The block's books, recomputed.
    pub accounts: Accounts,
}

/// Checks a file, in the order of the module's rules: keys, records and signatures, root, challenge
/// and pick, terms, seeds, raw strings, health, messages, counts, key.
///
/// # Errors
///
/// [`Found`]: the first thing that is not as it should be.
pub fn check(file: &AuditFile, expected: &Expected) -> Result<Audited, Found> {
    let (root, record) = check_epoch(file, expected)?;
    let terms = Terms::of(record);
    if !expected.loose {
        terms.check()?;
    }
    check_seeds(file, expected)?;
    let account = &record.account;
    let strings = [
        (End::Alice, &file.alice_raw, &record.at_alice.raw),
        (End::Bob, &file.bob_raw, &record.at_bob.raw),
    ];
    for (end, raw, hash) in strings {
        if *Sha256::digest(raw) != *hash {
            return Err(Found::Raw(end));
        }
    }
    let alice = AliceBlock::decode(&file.alice_raw);
    let alice = alice.map_err(|error| Found::Unreadable(End::Alice, error))?;
    let bob = BobBlock::decode(&file.bob_raw);
    let bob = bob.map_err(|error| Found::Unreadable(End::Bob, error))?;
    check_health(record, &terms, &alice, &bob)?;
    if crate::distil::auth::digest(&file.messages) != record.transcript {
        return Err(Found::Transcript);
    }
    let params = account.params();
    let pulses = (alice.pulses, bob.pulses);
    let replay = replay(record.block, alice, bob, &params, &file.messages)?;
    differing("pulses", account.pulses, pulses.0)?;
    differing("pulses", account.pulses, pulses.1)?;
    check_account(account, &Account::new(&replay.accounts, &params))?;
    for (end, key) in [(End::Alice, &file.key_at_alice), (End::Bob, &file.key_at_bob)] {
        if **key != **replay.key {
            return Err(Found::OtherKey(end));
        }
    }
    for delivered in expected.delivered.iter().filter(|key| !key.is_empty()) {
        let mut windows = replay.key.windows(delivered.len());
        if let Some(at) = windows.position(|part| part == delivered.as_slice()) {
            return Err(Found::Delivered(at));
        }
    }
    let keyed = file.records.iter().filter(|signed| signed.record.ending == record.ending);
    let (keyed, accounts) = (keyed.count() as u64, replay.accounts);
    Ok(Audited { epoch: record.epoch, root, keyed, record: record.clone(), accounts })
}

/// Keys, records, root and pick; the record of the block that is opened.
fn check_epoch<'f>(file: &'f AuditFile, expected: &Expected) -> Result<(Hash, &'f Record), Found> {
    let keys = file.keys();
    for end in [End::Alice, End::Bob] {
        if expected.keys.is_some_and(|expected| expected.of(end) != keys.of(end)) {
            return Err(Found::Key(end));
        }
    }
    let Some(first) = file.records.first().filter(|_| file.records.len() as u64 == EPOCH) else {
        return Err(Found::Number(file.records.len()));
    };
    let chain = Chain { alice: file.alice.clone(), bob: file.bob.clone() };
    let Record { epoch, previous, block, .. } = first.record;
    let next = epoch.saturating_mul(EPOCH);
    let mut standing = match next {
        0 => chain.start(),
        _ => Standing { next, head: previous, block: block.saturating_sub(1) },
    };
    for (place, signed) in file.records.iter().enumerate() {
        standing = chain
            .follow(&standing, signed, &keys)
            .map_err(|refused| Found::Record { place, refused })?;
    }
    for known in &expected.records {
        let sequence = known.record.sequence;
        let mut same = file.records.iter().filter(|own| own.record.sequence == sequence);
        if same.any(|own| own != known) {
            return Err(Found::OtherRecord(sequence));
        }
    }
    check_neighbours(file, expected)?;
    let root = Signed::root(&file.records);
    if expected.root.is_some_and(|expected| expected != root) {
        return Err(Found::Root(root));
    }
    if expected.challenge.is_some_and(|expected| expected != file.challenge) {
        return Err(Found::Challenge);
    }
    match picked(&file.challenge, &root, &file.records) {
        Some(record) if record.block == file.block => Ok((root, record)),
        other => {
            Err(Found::NotPicked { opened: file.block, picked: other.map(|record| record.block) })
        }
    }
}

/// What was told before names, and is named by, what it adjoins: all of one chain, in the file or not.
fn check_neighbours(file: &AuditFile, expected: &Expected) -> Result<(), Found> {
    let all = || file.records.iter().chain(&expected.records).map(|signed| &signed.record);
    let mut known = BTreeMap::new();
    for record in all() {
        let hash = record.hash();
        // Two files of what was told before may overlap.
        if known.insert(record.sequence, hash).is_some_and(|before| before != hash) {
            return Err(Found::OtherRecord(record.sequence));
        }
    }
    for record in all() {
        let before = record.sequence.checked_sub(1).and_then(|before| known.get(&before));
        if before.is_some_and(|before| *before != record.previous) {
            return Err(Found::Fork(record.sequence));
        }
    }
    Ok(())
}

/// No seed served for two blocks of all that are known.
fn check_seeds(file: &AuditFile, expected: &Expected) -> Result<(), Found> {
    let all = file.records.iter().chain(&expected.records).map(|signed| &signed.record);
    let records: BTreeMap<u64, &Record> = all.map(|record| (record.sequence, record)).collect();
    let mut used = BTreeMap::new();
    for (sequence, record) in records {
        for (place, (seed, bytes)) in Seed::ALL.into_iter().zip(record.account.seeds).enumerate() {
            // A block that was discarded did not come to all of them.
            if bytes == [0; 32] {
                continue;
            }
            if let Some(before) = used.insert((place, bytes), sequence) {
                return Err(Found::ReusedSeed { seed, sequence, before });
            }
        }
    }
    Ok(())
}

/// The health tests once more. Their claims follow from the operating point, but for the detectors'
/// afterpulses: these are taken from the record.
fn check_health(
    record: &Record,
    terms: &Terms,
    alice: &AliceBlock,
    bob: &BobBlock,
) -> Result<(), Found> {
    let at_bob = &record.at_bob.health;
    let claims = Claims::of(&record.account.params().point, terms.afterpulse);
    let (mut sent, mut read) = (Monitor::alice(&claims), Monitor::bob(&claims));
    sent.skip_start_up();
    read.skip_start_up();
    let ends = [
        (End::Alice, &record.at_alice.health, sent.check_alice(alice)),
        (End::Bob, at_bob, read.check_bob(bob)),
    ];
    for (end, told, found) in ends {
        if let Some(failure) = found.failure {
            return Err(Found::Sick(end, failure));
        }
        for (told, found) in told.sources.iter().zip(&found.sources) {
            if !is_same(end, told, found) {
                return Err(Found::Health(end, found.source));
            }
        }
        if !Health::is_sound(told) {
            return Err(Found::Health(end, Source::Bit));
        }
    }
    Ok(())
}

/// Whether a record says of a source what was found. The claim of detectors is the record's own, and so
/// may differ by its rounding.
fn is_same(end: End, told: &Measured, found: &Measured) -> bool {
    let own = end == End::Bob && found.source != Source::Basis;
    let claim = told.claim == found.claim || own && told.claim.abs_diff(found.claim) <= 1;
    let counts = (told.source, told.samples, told.most_common);
    claim && counts == (found.source, found.samples, found.most_common)
}

fn differing<T: PartialEq + core::fmt::Debug>(
    what: &'static str,
    recorded: T,
    found: T,
) -> Result<(), Found> {
    if recorded == found {
        return Ok(());
    }
    let (recorded, found) = (format!("{recorded:?}"), format!("{found:?}"));
    Err(Found::Count { what, recorded, found })
}

/// The numbers of a record against those recomputed, in the order in which they came to be.
fn check_account(recorded: &Account, found: &Account) -> Result<(), Found> {
    differing("detections", recorded.detections, found.detections)?;
    differing("sifted detections in X", recorded.n_x, found.n_x)?;
    differing("sifted detections in Z", recorded.n_z, found.n_z)?;
    differing("errors in Z", recorded.m_z, found.m_z)?;
    differing("errors in X", recorded.m_x, found.m_x)?;
    differing("parities told", recorded.parities, found.parities)?;
    differing("bits of the verification tag", recorded.verification_bits, found.verification_bits)?;
    differing("bits reckoned as told", recorded.leak, found.leak)?;
    differing("bits that tags took", recorded.tag_bits, found.tag_bits)?;
    differing("bits of the key", recorded.length, found.length)?;
    differing("seeds", recorded.seeds.map(hex::encode), found.seeds.map(hex::encode))?;
    // What is left are the parameters, by which the rest was recomputed.
    differing("parameters", *recorded == *found, true)
}

impl Audited {
    /// The share of errors in X, and in Z.
    pub fn qber(&self) -> [f64; 2] {
        let counts = &self.accounts.counts;
        let sum = |counts: &[u64; 3]| counts.iter().sum::<u64>();
        let (errors, sifted) = (self.accounts.errors().unwrap_or(0), sum(&counts.n_x));
        let x = if sifted == 0 { 0.0 } else { errors as f64 / sifted as f64 };
        [x, estimate::qber_z(counts)]
    }
}
