//! Files that are not what they should be.

use super::epoch::*;
use crate::{
    audit::{AuditFile, Expected, FileError, Found, check},
    pool::End,
    records::{EPOCH, Refused},
};

fn found(file: &AuditFile) -> Found {
    check(file, &Expected::default()).unwrap_err()
}

fn refused(file: &AuditFile) -> (usize, Refused) {
    match found(file) {
        Found::Record { place, refused } => (place, refused),
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_that_was_cut_or_altered_is_refused() {
    let bytes = file(three(), 0).to_bytes();
    assert!(AuditFile::from_bytes(&bytes).is_ok());
    for cut in [0, 5, 13, 40, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = AuditFile::from_bytes(&bytes[..cut]).unwrap_err();
        assert_eq!(error, if cut < 13 { FileError::Kind } else { FileError::Altered }, "{cut}");
    }
    for at in (13..bytes.len()).step_by(bytes.len() / 50) {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        assert_eq!(AuditFile::from_bytes(&altered), Err(FileError::Altered), "{at}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(AuditFile::from_bytes(&longer), Err(FileError::Altered));
    // Something else under a right hash.
    let mut other = b"qkms/audit/1\nsomething else".to_vec();
    let sum = hash(&other);
    other.extend_from_slice(&sum);
    assert_eq!(AuditFile::from_bytes(&other), Err(FileError::Content));
}

#[test]
fn records_out_of_their_chain_are_refused_by_name() {
    let sound = file(three(), 0);
    let mut swapped = sound.clone();
    swapped.records.swap(4, 5);
    let sequence = sound.records[4].record.sequence;
    assert_eq!(
        refused(&swapped),
        (4, Refused::Sequence { expected: sequence, found: sequence + 1 })
    );
    let mut missing = sound.clone();
    missing.records.remove(9);
    assert_eq!(found(&missing), Found::Number(EPOCH as usize - 1));
    let mut unsigned = sound.clone();
    unsigned.records[7].bob[3] ^= 1;
    assert_eq!(refused(&unsigned), (7, Refused::Signature(End::Bob)));
    let mut changed = sound.clone();
    changed.records[0].record.account.parities -= 1;
    assert_eq!(refused(&changed), (0, Refused::Signature(End::Alice)));
    let mut epoch = sound.clone();
    epoch.records[3].record.epoch += 1;
    let epoch = epoch.sign();
    assert_eq!(refused(&epoch), (3, Refused::Epoch { expected: 1, found: 2 }));
    let mut previous = sound.clone();
    let record =
        crate::records::Record { previous: [3; 32], ..previous.records[20].record.clone() };
    previous.records[20] = seal(record);
    assert_eq!(refused(&previous), (20, Refused::Previous));
    let mut link = sound.clone();
    link.bob = "kme-c".into();
    assert_eq!(refused(&link), (0, Refused::Link));
    let mut version = sound;
    version.records[0].record.version = 9;
    assert_eq!(refused(&version), (0, Refused::Version(9)));
}

#[test]
fn a_file_of_another_block_is_refused() {
    let sound = file(three(), 0);
    let others = file(three(), 1);
    let picked = Some(sound.block);
    let renamed = AuditFile { block: others.block, ..sound.clone() };
    assert_eq!(found(&renamed), Found::NotPicked { opened: others.block, picked });
    let strings = AuditFile {
        alice_raw: others.alice_raw.clone(),
        bob_raw: others.bob_raw.clone(),
        messages: others.messages.clone(),
        ..sound.clone()
    };
    assert_eq!(found(&strings), Found::Raw(End::Alice));
    let messages = AuditFile { messages: others.messages, ..sound.clone() };
    assert_eq!(found(&messages), Found::Transcript);
    let key = AuditFile { key_at_bob: others.key_at_bob, ..sound };
    assert_eq!(found(&key), Found::OtherKey(End::Bob));
}

#[test]
fn what_is_known_from_elsewhere_is_held_against_the_file() {
    let file = file(three(), 2);
    let found = |expected: Expected| check(&file, &expected).unwrap_err();
    let mut keys = keys();
    keys.bob[0] ^= 1;
    assert_eq!(found(Expected { keys: Some(keys), ..Expected::default() }), Found::Key(End::Bob));
    let root = Expected { root: Some([1; 32]), ..Expected::default() };
    assert!(matches!(found(root), Found::Root(_)));
    let challenge = Expected { challenge: Some([1; 32]), ..Expected::default() };
    assert_eq!(found(challenge), Found::Challenge);
    let mut told = file.records[5].clone();
    told.alice[0] ^= 1;
    let sequence = told.record.sequence;
    let records = Expected { records: vec![told], ..Expected::default() };
    assert_eq!(found(records), Found::OtherRecord(sequence));
}

#[test]
fn a_fork_at_the_border_of_an_epoch_is_named() {
    let file = file(three(), 2);
    let (first, last) = (&file.records[0].record, &file.records[EPOCH as usize - 1].record);
    let with = |records: Vec<crate::records::Signed>| {
        check(&file, &Expected { records, ..Expected::default() }).map(|_| ())
    };
    let after = |previous| crate::records::Record {
        previous,
        sequence: last.sequence + 1,
        epoch: last.epoch + 1,
        block: last.block + 1,
        ..last.clone()
    };
    assert_eq!(with(vec![seal(after(last.hash()))]), Ok(()));
    let forked = seal(after([5; 32]));
    assert_eq!(with(vec![forked]), Err(Found::Fork(last.sequence + 1)));
    let before = crate::records::Record { sequence: first.sequence - 1, ..first.clone() };
    assert_eq!(with(vec![seal(before)]), Err(Found::Fork(first.sequence)));
    // Two files of what was told before that do not fit each other.
    let one = after(last.hash());
    let next = crate::records::Record { sequence: one.sequence + 1, ..after([6; 32]) };
    assert_eq!(with(vec![seal(one), seal(next)]), Err(Found::Fork(last.sequence + 2)));
}

#[test]
fn a_block_of_which_a_key_was_delivered_is_named() {
    let file = file(three(), 2);
    let key = file.key_at_bob[96..128].to_vec();
    let delivered = vec![vec![0; 32], vec![], key];
    let expected = Expected { delivered, ..Expected::default() };
    assert_eq!(check(&file, &expected).unwrap_err(), Found::Delivered(96));
}

#[test]
fn no_byte_can_be_altered_unnoticed_by_who_writes_the_hash_anew() {
    let sound = file(three(), 1);
    let bytes = sound.to_bytes();
    // Another challenge may pick the same block: who audits knows which one was drawn.
    let expected = Expected { challenge: Some(sound.challenge), ..Expected::default() };
    let content = bytes.len() - 32;
    let heads = 0..400;
    let tails = content - 10_000..content;
    let all = heads.step_by(7).chain((0..content).step_by(content / 60)).chain(tails.step_by(999));
    for at in all {
        let mut altered = bytes[..content].to_vec();
        altered[at] ^= 1 << (at % 8);
        let sum = hash(&altered);
        altered.extend_from_slice(&sum);
        if let Ok(file) = AuditFile::from_bytes(&altered) {
            assert!(check(&file, &expected).is_err(), "byte {at}");
        }
    }
}
