//! What a message hides and proves.

use proptest::prelude::*;

use super::*;
use crate::{
    pool::{Pad, Range},
    relay::seal::{Statement, hash, open, seal},
};

fn pad(len: usize, byte: u8) -> Pad {
    let bytes = (0..len).map(|place| (place as u8).wrapping_mul(31) ^ byte).collect::<Vec<_>>();
    let ranges = vec![Range { block: 1, offset: 0, len: len as u64 }];
    Pad { ranges, bytes: bytes.into() }
}

fn sealed(clear: &[u8], pad: &Pad) -> ExtKeys {
    seal(order(), None, [7; 64], clear, pad).unwrap()
}

#[test]
fn the_pad_alone_opens_a_message() {
    let clear = [5; SALT_BYTES + 32];
    let pad = pad(clear.len() + TAG_KEY_BYTES, 1);
    let message = sealed(&clear, &pad);
    assert_eq!(*open(&message, &pad.bytes).unwrap(), clear);
    assert!(open(&message, &self::pad(pad.bytes.len(), 2).bytes).is_none());
    for len in [0, 31, pad.bytes.len() - 1] {
        assert!(open(&message, &pad.bytes[..len]).is_none());
    }
    assert!(seal(order(), None, [7; 64], &clear, &self::pad(clear.len(), 1)).is_none());
    // The same keys under another pad have nothing in common with it: one-time pad.
    let other = sealed(&clear, &self::pad(pad.bytes.len(), 2));
    let difference = message.sealed.iter().zip(&other.sealed).map(|(a, b)| a ^ b);
    assert!(
        difference.eq(pad.bytes[..clear.len()]
            .iter()
            .zip(&self::pad(pad.bytes.len(), 2).bytes[..clear.len()])
            .map(|(a, b)| a ^ b))
    );
}

proptest! {
    #[test]
    fn any_bit_that_is_altered_fails_the_tag(bit in 0usize..8 * 300, tag_bit in 0usize..128) {
        use codec::{DecodeAll, Encode};
        let clear = [5; SALT_BYTES + 32];
        let pad = pad(clear.len() + TAG_KEY_BYTES, 1);
        let message = sealed(&clear, &pad);
        let mut bytes = message.encode();
        let bit = bit % (8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(altered) = ExtKeys::decode_all(&mut bytes.as_slice()) {
            prop_assert!(open(&altered, &pad.bytes).is_none());
        }
        let mut altered = message;
        altered.tag[tag_bit / 8] ^= 1 << (tag_bit % 8);
        prop_assert!(open(&altered, &pad.bytes).is_none());
    }
}

#[test]
fn a_statement_holds_for_its_order_keys_and_signer_alone() {
    let (key, other) = (RelayKey::new(&[1; 32]), RelayKey::new(&[2; 32]));
    let (sound, keys) = (order(), hash(&[1; 80]));
    let signature = key.sign(Statement::Held(keys), &sound);
    assert!(Statement::Held(keys).holds(&sound, &key.public(), &signature));
    assert!(!Statement::Held(keys).holds(&sound, &other.public(), &signature));
    assert!(!Statement::Sent(keys).holds(&sound, &key.public(), &signature));
    assert!(!Statement::Void.holds(&sound, &key.public(), &signature));
    assert!(!Statement::Held(hash(&[2; 80])).holds(&sound, &key.public(), &signature));
    assert!(!Statement::Held(keys).holds(&sound, &[255; 32], &signature));
    for order in [
        Order { master: "sae-a2".into(), ..sound.clone() },
        Order { slaves: vec!["sae-c2".into()], ..sound.clone() },
        Order { ids: vec![[0; 16]], ..sound.clone() },
        Order { path: path().into_iter().rev().collect(), ..sound.clone() },
        Order { len: 16, ..sound.clone() },
    ] {
        assert!(!Statement::Held(keys).holds(&order, &key.public(), &signature), "{order:?}");
    }
}
