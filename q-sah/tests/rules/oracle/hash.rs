//! HMAC and HKDF as their RFCs print them.

use sha2::{Digest, Sha256};

pub fn sha256(text: &[u8]) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// RFC 2104.
pub fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut key = if key.len() > 64 { sha256(key) } else { key.to_vec() };
    key.resize(64, 0);
    let pad = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<_>>();
    let inner = sha256(&[pad(0x36), text.to_vec()].concat());
    sha256(&[pad(0x5c), inner].concat())
}

/// RFC 5869, section 2.2.
pub fn extract(salt: &[u8], key: &[u8]) -> Vec<u8> {
    hmac(salt, key)
}

/// RFC 5869, section 2.3.
pub fn expand(prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let (mut output, mut last, mut counter) = (vec![], vec![], 1_u8);
    while output.len() < length {
        last = hmac(prk, &[&last, info, &[counter]].concat());
        output.extend(&last);
        counter += 1;
    }
    output.truncate(length);
    output
}

#[test]
fn hmac_and_hkdf_are_those_of_the_rfcs() {
    let tag = hmac(&[0x0b; 20], b"Hi There");
    let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    assert_eq!(hex::encode(tag), expected);
    // RFC 4231, case 6: a key longer than a block.
    let tag = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
    let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
    assert_eq!(hex::encode(tag), expected);
    // RFC 5869, A.1.
    let salt: Vec<u8> = (0..=0x0c).collect();
    let info: Vec<u8> = (0xf0..=0xf9).collect();
    let output = expand(&extract(&salt, &[0x0b; 22]), &info, 42);
    let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
                    34007208d5b887185865";
    assert_eq!(hex::encode(output), expected);
}
