//! The file of an audit: whatever it holds is refused by name or passes, and what is read is written
//! as it was. Behind the hash and the signatures, which no fuzzer gets right, the parts are tried by
//! themselves: the raw strings' encodings, and the processing of a block whose messages are anything.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qkms::{
    audit::{AuditFile, Expected, check, replay},
    distil::{Limits, Params},
    link::{AliceBlock, Basis, BobBlock, Choice, Detection, Epsilons, Preset},
};
use sha2::{Digest, Sha256};

/// Clicks of the block that is processed.
const CLICKS: u64 = 2000;

fn basis(pulse: u64) -> Basis {
    if pulse.is_multiple_of(3) { Basis::Z } else { Basis::X }
}

fn blocks() -> (AliceBlock, BobBlock) {
    let sent = |pulse| {
        let (bit, intensity) = (pulse % 5 == 0, (pulse % 3) as u8);
        Choice { pulse, basis: basis(pulse), bit, intensity }
    };
    let seen = |pulse| {
        let bit = pulse % 5 == 0 || pulse % 97 == 0;
        Detection { pulse, basis: basis(pulse), bit, double: false }
    };
    let alice = AliceBlock::new(CLICKS, (0..CLICKS).map(sent).collect()).unwrap();
    let bob = BobBlock::new(CLICKS, (0..CLICKS).map(seen).collect()).unwrap();
    (alice, bob)
}

fuzz_target!(|bytes: &[u8]| {
    let mut file = b"qkms/audit/1\n".to_vec();
    file.extend_from_slice(bytes);
    let hash = Sha256::digest(&file);
    file.extend_from_slice(&hash);
    if let Ok(read) = AuditFile::from_bytes(&file) {
        assert_eq!(read.to_bytes(), file);
        assert!(check(&read, &Expected::default()).is_err(), "nobody signed it");
    }
    if let Ok(block) = AliceBlock::decode(bytes) {
        assert_eq!(*block.encode(), bytes);
    }
    if let Ok(block) = BobBlock::decode(bytes) {
        assert_eq!(*block.encode(), bytes);
    }
    let (_, point) = Preset::Snspd.operating_points()[0];
    let limits = Limits { qber: 0.5, phase_error: 0.5 };
    let params = Params { point, epsilons: Epsilons::default(), limits };
    let (alice, bob) = blocks();
    assert!(replay(1, alice, bob, &params, bytes).is_err(), "so few detections give no key");
});
