//! SHA-256, HMAC and the two steps of HKDF, none of which can fail here.

use crate::key::Secret;
use hmac::{Hmac, Mac, digest::generic_array::GenericArray};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a hash.
pub(crate) const HASH_BYTES: usize = 32;

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; HASH_BYTES] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// HMAC-SHA-256 of the parts, one after the other, under a key of 32 bytes.
///
/// The key is filled up with zeros to the block of the hash, as HMAC does itself (RFC 2104, step 1):
/// this way it takes no slice of an unknown length.
fn hmac(key: &[u8; HASH_BYTES], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0_u8; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(GenericArray::from_slice(&*block));
    parts.iter().for_each(|part| mac.update(part));
    mac
}

/// HMAC-SHA-256 as a tag, which is public.
pub(crate) fn hmac_tag(key: &Secret, parts: &[&[u8]]) -> [u8; HASH_BYTES] {
    hmac(key.bytes(), parts).finalize().into_bytes().into()
}

/// HMAC-SHA-256 as a secret.
fn hmac_secret(key: &[u8; HASH_BYTES], parts: &[&[u8]]) -> Secret {
    let mut output = hmac(key, parts).finalize().into_bytes();
    let mut secret = Secret::zero();
    secret.bytes_mut().copy_from_slice(&output);
    output.as_mut_slice().zeroize();
    secret
}

/// HKDF-Extract (RFC 5869, section 2.2).
pub(crate) fn extract(salt: &[u8; HASH_BYTES], key: &Secret) -> Secret {
    hmac_secret(salt, &[key.bytes()])
}

/// HKDF-Expand to 32 bytes (RFC 5869, section 2.3): that is its first block, T(1).
/// `info` is a label and what follows it.
pub(crate) fn expand(key: &Secret, label: &[u8], rest: &[u8]) -> Secret {
    hmac_secret(key.bytes(), &[label, rest, &[1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// RFC 4231, case 1, its key filled up with zeros: they do not change an HMAC.
    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let mut key = Secret::zero();
        key.bytes_mut()[..20].fill(0x0b);
        let tag = hmac_tag(&key, &[b"Hi ", b"There"]);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex::encode(tag), expected);
    }

    /// RFC 5869, A.1, from the pseudorandom key on: the first 32 of its 42 bytes.
    #[test]
    fn expansion_is_that_of_rfc_5869() {
        let key = "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5";
        let key = Secret::of(&hex::decode(key).unwrap()).unwrap();
        let info = hex::decode("f0f1f2f3f4f5f6f7f8f9").unwrap();
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        assert_eq!(hex::encode(expand(&key, &info, &[]).bytes()), expected);
        assert_eq!(hex::encode(expand(&key, &info[..3], &info[3..]).bytes()), expected);
    }
    proptest! {
        /// The crate `hkdf` does the same, with errors that cannot occur here.
        #[test]
        fn both_steps_are_those_of_the_crate_hkdf(salt: [u8; 32], key: [u8; 32], info: Vec<u8>) {
            let (root, theirs) = hkdf::Hkdf::<Sha256>::extract(Some(&salt), &key);
            let ours = extract(&salt, &Secret::of(&key).unwrap());
            prop_assert_eq!(ours.bytes().as_slice(), root.as_slice());
            let mut expected = [0; 32];
            theirs.expand(&info, &mut expected).unwrap();
            let expanded = expand(&ours, &info, &[]);
            prop_assert_eq!(expanded.bytes(), &expected);
        }
    }
}
