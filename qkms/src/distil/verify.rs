//! Verification: that both parties hold the same string after Cascade, but for probability eps_cor.
//!
//! - Alice draws a public key of two elements of GF(2^128), H and K, and tells it with the first t
//!   bits of K POLYVAL_H(string). Two different strings of L blocks of 16 bytes have different
//!   polynomials but for L keys H, and then equal tags for a share of 2^-t of the K: together at
//!   most 2^-t + L 2^-128, which does not exceed eps_cor.
//! - The tag discloses t bits. Lim's length pays lg(2/eps_cor) for them; what t exceeds that by is
//!   counted as leak.

use crate::bits::Bits;
use polyval::{
    Polyval,
    universal_hash::{KeyInit, UniversalHash},
};

/// Bytes of the public hash key.
pub const KEY_BYTES: usize = 32;

/// The tag's length t for strings of `bits` bits; `None` if no tag of up to 120 bits serves
/// `correctness`.
pub fn tag_bits(correctness: f64, bits: usize) -> Option<u32> {
    let blocks = bits.div_ceil(128) as f64;
    // The difference is exact where the sum would round the polynomial's share away.
    let left = |t: i32| correctness - 2f64.powi(-t);
    (1..=120).find(|t| blocks * 2f64.powi(-128) <= left(*t)).map(|t| t as u32)
}

/// Bits of the tag that Lim's lg(2/eps_cor) does not pay.
pub fn unpaid(correctness: f64, tag_bits: u32) -> u64 {
    (f64::from(tag_bits) - (2.0 / correctness).log2()).ceil().max(0.0) as u64
}

/// The first `tag_bits` bits of the hash of `string`, at most 128.
pub fn tag(key: &[u8; KEY_BYTES], string: &Bits, tag_bits: u32) -> u128 {
    let (h, k) = key.split_at(16);
    let (Ok(mut hash), Ok(mut factor)) = (Polyval::new_from_slice(h), Polyval::new_from_slice(k))
    else {
        return 0;
    };
    hash.update_padded(&string.to_bytes());
    factor.update(&[hash.finalize()]);
    let product = u128::from_le_bytes(factor.finalize().into());
    product & u128::MAX.checked_shr(128 - tag_bits.min(128)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
