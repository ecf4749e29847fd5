//! Privacy amplification by a Toeplitz matrix over GF(2).
//!
//! - y_i = XOR over j of t_(i-j+n-1) x_j for 0 <= i < m, 0 <= j < n, with a uniformly random seed
//!   t of n + m - 1 bits: coefficients n-1 .. n+m-2 of the product t(z) x(z). Two different x
//!   collide for a share of 2^-m of the seeds, so that the leftover hash lemma holds (Krawczyk 1994;
//!   Lim et al. 2014, section III).
//! - All arithmetic is exact. Words of 64 coefficients are multiplied without carries, so no
//!   rounding has to be bounded, as it would for a Fourier transform over floating point.
//!
//! **How.** With both strings cut into words, y is again a Toeplitz matrix times a vector, now of
//! words: A_k = XOR over i + j = k of t_j x_i, each product 127 bits wide. A square of 2h words
//! costs three squares of h (Karatsuba's identity for Toeplitz matrices, Winograd 1980):
//!
//! ```text
//! | T1 T0 | |x0|   | P + (T0 + T1) x1 |
//! | T2 T1 | |x1| = | P + (T1 + T2) x0 |   with P = T1 (x0 + x1)
//! ```
//!
//! so that n = m costs n^1.585 word products; an m x n matrix is a row of squares of m words. No
//! step depends on a secret bit but through arithmetic.

mod product;
mod word;

use crate::bits::Bits;
use zeroize::Zeroize;

/// The `output_bits` bits that the Toeplitz matrix of `seed` makes of `input`.
///
/// `None` unless `seed` has `input.len() + output_bits - 1` bits and both lengths are positive.
pub fn hash(seed: &Bits, input: &Bits, output_bits: usize) -> Option<Bits> {
    let (n, m) = (input.len(), output_bits);
    if n == 0 || m == 0 || seed.len() != n.checked_add(m)?.checked_sub(1)? {
        return None;
    }
    // The input becomes `columns` whole words, so output bit i is coefficient n - 1 + i. The seed
    // moves up until coefficient n - 1 is the first of a word: word `columns` of the product.
    let columns = n.div_ceil(64);
    let rows = m.div_ceil(64);
    let shift = 64 * columns - (n - 1);
    // Row r of the word matrix is A_(columns - 1 + r); one row more than the output's words, as
    // each needs the high half of the row before.
    let height = rows + 1;
    let seed = shifted(seed.words(), shift, columns + height - 1);
    let mut wide = vec![word::Wide::default(); height];
    product::toeplitz(&seed, input.words(), &mut wide);
    let words = wide.windows(2).map(|pair| match pair {
        [before, at] => at.low ^ before.high,
        _ => 0,
    });
    let output = Bits::from_words(words.collect(), m);
    wide.iter_mut().for_each(|value| (value.low, value.high).zeroize());
    Some(output)
}

/// `words` times z^shift, 1 <= shift <= 64, cut or filled up to `len` words.
fn shifted(words: &[u64], shift: usize, len: usize) -> Vec<u64> {
    let at = |index: usize| words.get(index).copied().unwrap_or(0);
    let carried = |index: usize| index.checked_sub(1).map_or(0, at);
    let word = |index: usize| match shift {
        64 => carried(index),
        _ => (at(index) << shift) | (carried(index) >> (64 - shift)),
    };
    (0..len).map(word).collect()
}

#[cfg(test)]
mod tests;
