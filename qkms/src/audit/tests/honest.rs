//! Honest blocks pass.

use super::epoch::*;
use crate::{
    audit::{AuditFile, Expected, check},
    link::Preset,
    records::Signed,
};

fn passes(blocks: &[Block]) {
    for (at, block) in blocks.iter().enumerate() {
        let file = file(blocks, at);
        let expected = Expected {
            loose: false,
            keys: Some(keys()),
            root: Some(Signed::root(&file.records)),
            challenge: Some(file.challenge),
            records: file.records.clone(),
            delivered: vec![vec![7; 32]],
        };
        let file = AuditFile::from_bytes(&file.to_bytes()).unwrap();
        let audited = check(&file, &expected).unwrap();
        let [(report, alice), _] = &block.ends;
        assert_eq!(audited.keyed, blocks.len() as u64);
        assert_eq!(audited.record.block, block.number + 1000);
        assert_eq!(audited.accounts.length.div_ceil(8), alice.key.len() as u64);
        assert_eq!(audited.accounts.parities, report.evidence.account.parities);
        assert_eq!(report.qber, Some(audited.qber()[0]));
    }
}

#[test]
fn an_audit_passes_on_every_honest_block() {
    passes(three());
}

#[test]
fn an_audit_passes_with_afterpulses_and_with_another_device() {
    // Some 1.2 million pulses a ten thousand sifted bits: more than each preset's least block.
    passes(&blocks(Preset::Lim2014, 125_000_000, 4, 4, 1));
    passes(&blocks(Preset::Gys, 95_000_000, 5, 5, 1));
}

#[test]
fn an_opening_takes_as_much_as_the_document_says() {
    let [(report, alice), (_, bob)] = &three()[0].ends;
    let clicks = report.detections as f64;
    let at = |bytes: usize| bytes as f64 / clicks;
    let (alices, bobs) = (at(alice.raw.len() + alice.messages.len()), at(bob.raw.len()));
    assert!((2.5..3.5).contains(&alices) && (1.0..1.5).contains(&bobs), "{alices} {bobs}");
}
