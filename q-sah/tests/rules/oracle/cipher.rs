//! ChaCha20, Poly1305 and their AEAD as RFC 8439 prints them.

use num_bigint::BigUint;

fn quarter_round(state: &mut [u32; 16], [a, b, c, d]: [usize; 4]) {
    for (to, with, turned, by) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        state[to] = state[to].wrapping_add(state[with]);
        state[turned] = (state[turned] ^ state[to]).rotate_left(by);
    }
}

fn chacha20_block(key: &[u8], counter: u32, nonce: &[u8]) -> Vec<u8> {
    let mut state = [0_u32; 16];
    let constants = b"expand 32-byte k".to_vec();
    let bytes = [constants, key.to_vec(), counter.to_le_bytes().to_vec(), nonce.to_vec()].concat();
    for (word, bytes) in state.iter_mut().zip(bytes.chunks(4)) {
        *word = u32::from_le_bytes(bytes.try_into().unwrap());
    }
    let first = state;
    for _ in 0..10 {
        for column in 0..4 {
            quarter_round(&mut state, [0, 4, 8, 12].map(|row| row + column));
        }
        for shift in 0..4 {
            let place = |row: usize| 4 * row + (shift + row) % 4;
            quarter_round(&mut state, [0, 1, 2, 3].map(place));
        }
    }
    state.iter().zip(first).flat_map(|(a, b)| a.wrapping_add(b).to_le_bytes()).collect()
}

fn chacha20(key: &[u8], counter: u32, nonce: &[u8], text: &[u8]) -> Vec<u8> {
    let blocks = (counter..).zip(text.chunks(64));
    let cipher = blocks.flat_map(|(counter, chunk)| {
        let stream = chacha20_block(key, counter, nonce);
        chunk.iter().zip(stream).map(|(a, b)| a ^ b).collect::<Vec<_>>()
    });
    cipher.collect()
}

/// Evaluates the text's polynomial over the integers modulo 2^130 - 5.
pub fn poly1305(key: &[u8], text: &[u8]) -> Vec<u8> {
    let prime = (BigUint::from(1_u8) << 130) - 5_u8;
    let clamp = BigUint::parse_bytes(b"0ffffffc0ffffffc0ffffffc0fffffff", 16).unwrap();
    let r = BigUint::from_bytes_le(&key[..16]) & clamp;
    let s = BigUint::from_bytes_le(&key[16..32]);
    let mut sum = BigUint::default();
    for block in text.chunks(16) {
        let block = [block, &[1]].concat();
        sum = (sum + BigUint::from_bytes_le(&block)) * &r % &prime;
    }
    let mut tag = (sum + s).to_bytes_le();
    tag.resize(16, 0);
    tag
}

/// The text enciphered, then the tag.
pub fn aead(key: &[u8], nonce: &[u8], associated: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |bytes: &[u8]| vec![0; bytes.len().next_multiple_of(16) - bytes.len()];
    let length = |bytes: &[u8]| (bytes.len() as u64).to_le_bytes().to_vec();
    let sealed = chacha20(key, 1, nonce, text);
    let covered = [
        associated.to_vec(),
        pad(associated),
        sealed.clone(),
        pad(&sealed),
        length(associated),
        length(&sealed),
    ];
    let tag = poly1305(&chacha20_block(key, 0, nonce)[..32], &covered.concat());
    [sealed, tag].concat()
}

#[test]
fn ciphers_are_those_of_rfc_8439() {
    // Section 2.5.2.
    let key = "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b";
    let tag = poly1305(&hex::decode(key).unwrap(), b"Cryptographic Forum Research Group");
    assert_eq!(hex::encode(tag), "a8061dc1305136c6c22b8baf0c0127a9");
    // Section 2.8.2.
    let key: Vec<u8> = (0x80..0xa0).collect();
    let nonce = hex::decode("070000004041424344454647").unwrap();
    let associated = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
    let text = b"Ladies and Gentlemen of the class of '99: \
                 If I could offer you only one tip for the future, sunscreen would be it.";
    let sealed = aead(&key, &nonce, &associated, text);
    assert_eq!(hex::encode(&sealed[..16]), "d31a8d34648e60db7b86afbc53ef7ec2");
    assert_eq!(hex::encode(&sealed[114..]), "1ae10b594f09e26a7e902ecbd0600691");
}
