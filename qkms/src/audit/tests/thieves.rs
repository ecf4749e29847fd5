//! What somebody who has the keys of both ends may write, and what an audit says of it.

use super::epoch::*;
use crate::{
    audit::{AuditFile, Expected, Found, Seed, check},
    distil::wire::Message,
    health::Source,
    link::{AliceBlock, Basis, BobBlock, Choice, Preset},
    pool::End,
    records::Record,
};

fn found(file: &AuditFile) -> Found {
    let file = AuditFile::from_bytes(&file.to_bytes()).unwrap();
    check(&file, &Expected::default()).unwrap_err()
}

/// Block 1 of three.
fn sound() -> AuditFile {
    file(three(), 1)
}

fn count_of(found: Found) -> &'static str {
    match found {
        Found::Count { what, .. } => what,
        other => panic!("{other}"),
    }
}

#[test]
fn a_raw_string_that_was_not_signed_for_is_named() {
    for end in ENDS {
        let mut file = sound();
        let raw = if end == End::Alice { &mut file.alice_raw } else { &mut file.bob_raw };
        *raw.last_mut().unwrap() ^= 1;
        assert_eq!(found(&file), Found::Raw(end));
    }
}

/// The file with one of Bob's clicks read otherwise.
fn flipped_at_bob(basis: Basis) -> AuditFile {
    let mut file = sound();
    let mut block = BobBlock::decode(&file.bob_raw).unwrap();
    let kept = kept(&file, basis);
    let mut clicks = block.detections.iter_mut().filter(|click| kept.contains(&click.pulse));
    let click = clicks.nth(70).unwrap();
    click.bit = !click.bit;
    file.bob_raw = block.encode().to_vec();
    file.resealed(1)
}

/// The file with one of Alice's pulses sent otherwise.
fn flipped_at_alice(basis: Basis) -> AuditFile {
    let mut file = sound();
    let block = AliceBlock::decode(&file.alice_raw).unwrap();
    let mut log: Vec<Choice> = block.log().copied().collect();
    let kept = kept(&file, basis);
    let choice = log.iter_mut().filter(|choice| kept.contains(&choice.pulse)).nth(70).unwrap();
    choice.bit = !choice.bit;
    file.alice_raw = AliceBlock::new(block.pulses, log).unwrap().encode().to_vec();
    file.resealed(1)
}

/// Pulses that both ends had in a basis.
fn kept(file: &AuditFile, basis: Basis) -> std::collections::BTreeSet<u64> {
    let (alice, bob) =
        (AliceBlock::decode(&file.alice_raw).unwrap(), BobBlock::decode(&file.bob_raw).unwrap());
    let both = alice.log().zip(&bob.detections);
    let same = both.filter(|(sent, seen)| sent.basis == basis && seen.basis == basis);
    same.map(|(sent, _)| sent.pulse).collect()
}

#[test]
fn one_flipped_raw_bit_is_found_where_it_first_shows() {
    let place = |file: &AuditFile| match found(file) {
        Found::Differs { place, what } => (place, what),
        other => panic!("{other}"),
    };
    assert_eq!(place(&flipped_at_bob(Basis::Z)), (0, "Bob's clicks"));
    assert_eq!(place(&flipped_at_alice(Basis::Z)), (1, "Alice's sifting"));
    assert_eq!(place(&flipped_at_alice(Basis::X)), (2, "Alice's parities of all blocks"));
    // Bob's raw key shows in what he asks for, and in his errors at the latest.
    let mut x = flipped_at_bob(Basis::X);
    let (at, what) = place(&x);
    assert!(at >= 3 && (what.contains("Bob's") || what.contains("answer")), "{at} {what}");
    x.bob_raw.push(0);
    assert!(matches!(found(&x.resealed(1)), Found::Unreadable(End::Bob, _)));
}

#[test]
fn a_forged_count_is_named() {
    let forged = |change: &dyn Fn(&mut Record)| found(&sound().forged(1, change));
    let count = |change: &dyn Fn(&mut Record)| count_of(forged(change));
    assert_eq!(count(&|record| record.account.pulses += 1), "pulses");
    assert_eq!(count(&|record| record.account.detections -= 1), "detections");
    assert_eq!(count(&|record| record.account.n_x[0] += 1), "sifted detections in X");
    assert_eq!(count(&|record| record.account.n_z.swap(0, 1)), "sifted detections in Z");
    assert_eq!(count(&|record| record.account.m_z[1] -= 1), "errors in Z");
    assert_eq!(count(&|record| record.account.m_x = Some([0; 3])), "errors in X");
    assert_eq!(count(&|record| record.account.m_x = None), "errors in X");
    assert_eq!(
        count(&|record| record.account.verification_bits -= 1),
        "bits of the verification tag"
    );
    assert_eq!(count(&|record| record.account.tag_bits -= 8), "bits that tags took");
    assert_eq!(count(&|record| record.account.length += 1), "bits of the key");
    assert_eq!(count(&|record| record.account.seeds[2][9] ^= 1), "seeds");
    let health = |end, source| Found::Health(end, source);
    let told = forged(&|record| record.at_bob.health.sources[0].most_common -= 1);
    assert_eq!(told, health(End::Bob, Source::Bit));
    let told = forged(&|record| record.at_alice.health.sources[2].samples += 1);
    assert_eq!(told, health(End::Alice, Source::Intensity));
    let told = forged(&|record| record.at_alice.health.sources[1].claim /= 2);
    assert_eq!(told, health(End::Alice, Source::Basis));
}

#[test]
fn parameters_that_the_block_was_not_made_by_are_found() {
    // Another operating point gives another bound, and so another length or claim.
    let point = |record: &mut Record| record.account.probabilities.swap(0, 1);
    assert!(matches!(found(&sound().forged(1, point)), Found::Health(End::Alice, _)));
    let epsilon = |record: &mut Record| record.account.secrecy = 1e-12f64.to_bits();
    assert!(matches!(found(&sound().forged(1, epsilon)), Found::Differs { .. }));
    let limit = |record: &mut Record| record.account.qber_limit = 1e-3f64.to_bits();
    assert!(matches!(found(&sound().forged(1, limit)), Found::NoKey(_)));
    let nonsense = |record: &mut Record| record.account.q_x = f64::NAN.to_bits();
    found(&sound().forged(1, nonsense));
}

#[test]
fn a_shorter_disclosure_is_named() {
    let fewer = sound().forged(1, |record| {
        record.account.parities -= 100;
        record.account.leak -= 100;
        record.account.length += 100;
    });
    assert_eq!(count_of(found(&fewer)), "parities told");
    let leak = sound().forged(1, |record| record.account.leak -= 1);
    assert_eq!(count_of(found(&leak)), "bits reckoned as told");
    // One answer of Alice's left out of the messages, with the questions for it.
    let told = messages(&sound());
    let is = |kind: fn(&Message) -> bool| {
        move |(_, message): &(u64, Vec<u8>)| kind(&Message::decode(message).unwrap())
    };
    let ask = told.iter().position(is(|message| matches!(message, Message::Ask(_)))).unwrap();
    let mut shorter = told.clone();
    shorter.drain(ask..ask + 2);
    let file = AuditFile { messages: written(sound().block, &shorter), ..sound() }.resealed(1);
    assert!(matches!(found(&file), Found::Differs { place, .. } if place >= ask));
}

/// Messages with their directions.
fn messages(file: &AuditFile) -> Vec<(u64, Vec<u8>)> {
    let mut rest = file.messages.as_slice();
    let mut told = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<32>() {
        let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
        let (message, after) = after.split_at(word(24) as usize);
        told.push((word(8), message.to_vec()));
        rest = after;
    }
    told
}

fn written(block: u64, told: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut next) = (Vec::new(), [0u64; 2]);
    for (direction, message) in told {
        let number = &mut next[*direction as usize];
        for word in [block, *direction, *number, message.len() as u64] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend_from_slice(message);
        *number += 1;
    }
    bytes
}

#[test]
fn altered_messages_are_named() {
    let with = |told: &[(u64, Vec<u8>)]| {
        AuditFile { messages: written(sound().block, told), ..sound() }.resealed(1)
    };
    let told = messages(&sound());
    assert!(check(&with(&told), &Expected::default()).is_ok());
    let unsigned = AuditFile { messages: vec![], ..sound() };
    assert_eq!(found(&unsigned), Found::Transcript);
    let last = told.len() - 1;
    let cut = found(&with(&told[..last]));
    assert_eq!(cut, Found::Differs { place: last, what: "which is missing" });
    let twice = [told.as_slice(), &told[last..]].concat();
    let what = "Bob's acceptance";
    assert_eq!(found(&with(&twice)), Found::Differs { place: last + 1, what });
    let mut unreadable = told.clone();
    unreadable[2].1.clear();
    assert_eq!(found(&with(&unreadable)), Found::Message(2));
    let mut other = sound();
    other.messages[8] = 2;
    assert_eq!(found(&other.resealed(1)), Found::Message(0), "of no direction");
    let mut other = sound();
    other.messages[0] ^= 1;
    assert_eq!(found(&other.resealed(1)), Found::Message(0), "of another block");
}

#[test]
fn a_reused_seed_is_named() {
    // Two blocks that were processed by the rules, but with the same random choices.
    let [first, second] =
        [11, 12].map(|photons| blocks(Preset::Snspd, 3_400_000, photons, 3, 1).pop().unwrap());
    let pair = [first, Block { number: 2, ..second }];
    let file = file(&pair, 1);
    let sequence = file.records[1].record.sequence;
    let reused = Found::ReusedSeed { seed: Seed::Shuffles, sequence, before: sequence - 1 };
    assert_eq!(found(&file), reused);
    // Of the Toeplitz matrix alone, and in a record that was told before.
    let seed = sound().records[1].record.account.seeds[2];
    let mut file = sound();
    file.records[2].record.account.seeds[2] = seed;
    let (seed, sequence) = (Seed::Toeplitz, file.records[2].record.sequence);
    let reused = Found::ReusedSeed { seed, sequence, before: sequence - 1 };
    assert_eq!(found(&file.resealed(1)), reused);
    let mut before = sound().records[0].clone();
    before.record.sequence = 3;
    let expected = Expected { records: vec![before], ..Expected::default() };
    let told = check(&sound(), &expected).unwrap_err();
    assert!(matches!(told, Found::ReusedSeed { before: 3, .. }), "{told}");
}

#[test]
fn another_key_is_named_at_its_end() {
    for end in ENDS {
        let changes: [fn(&mut Vec<u8>); 3] =
            [|key| key[5] ^= 4, |key| key.truncate(9), |key| key.push(0)];
        for change in changes {
            let mut file = sound();
            let key = if end == End::Alice { &mut file.key_at_alice } else { &mut file.key_at_bob };
            change(key);
            assert_eq!(found(&file), Found::OtherKey(end));
        }
    }
    let mut both = sound();
    (both.key_at_alice[0], both.key_at_bob[0]) = (both.key_at_alice[0] ^ 1, both.key_at_bob[0] ^ 1);
    assert_eq!(found(&both), Found::OtherKey(End::Alice));
}

#[test]
fn a_sick_source_is_named_though_its_record_says_that_it_is_well() {
    let mut file = sound();
    let mut block = BobBlock::decode(&file.bob_raw).unwrap();
    block
        .detections
        .iter_mut()
        .take(100)
        .for_each(|click| (click.bit, click.double) = (true, false));
    file.bob_raw = block.encode().to_vec();
    let well = sound().records[1].record.at_bob.health;
    let file = file.forged(1, |record| record.at_bob.health = well);
    assert!(matches!(found(&file), Found::Sick(End::Bob, failure) if failure.samples <= 100));
}

#[test]
fn terms_beyond_the_defaults_are_named_unless_they_are_allowed() {
    let sound = file(three(), 0);
    let bits = f64::to_bits;
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Record));
    let cases: [Case<'_>; 5] = [
        ("epsilon of secrecy", &|record| record.account.secrecy = bits(0.01)),
        ("epsilon of correctness", &|record| record.account.correctness = bits(f64::NAN)),
        ("limit of the QBER", &|record| record.account.qber_limit = bits(0.3)),
        ("limit of the phase error", &|record| record.account.phase_limit = bits(0.4)),
        ("chance of an afterpulse", &|record| record.at_bob.health.sources[0].claim = 600_000),
    ];
    for (name, change) in cases {
        let loose = sound.clone().forged(0, change);
        let found = check(&loose, &Expected::default()).unwrap_err();
        assert!(matches!(found, Found::Loose { what, .. } if what == name), "{name}: {found}");
        let expected = Expected { loose: true, ..Expected::default() };
        let found = check(&loose, &expected).err();
        assert!(!matches!(found, Some(Found::Loose { .. })), "{name}: {found:?}");
    }
}
