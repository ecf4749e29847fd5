//! Products of 64-bit polynomials over GF(2): by the processor's carry-less multiplication where it
//! has one (x86-64 with `pclmulqdq`, seen at run time), otherwise by four integer products with
//! holes. Both take the same time whatever the operands.

/// A polynomial of degree below 128.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wide {
    /// Coefficients 0 to 63.
    pub low: u64,
    /// Coefficients 64 to 127.
    pub high: u64,
}

impl Wide {
    /// Adds `other` over GF(2).
    pub fn add(&mut self, other: Self) {
        self.low ^= other.low;
        self.high ^= other.high;
    }
}

/// out_r += XOR over c of t_(columns - 1 + r - c) x_c for each row r of `out`: the schoolbook
/// product of a word Toeplitz matrix of at most [`super::product::LEAF`] rows and columns.
/// `t` has rows + columns - 1 words.
pub(super) fn add_product(t: &[u64], x: &[u64], out: &mut [Wide]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("pclmulqdq") {
        // SAFETY: the processor has the instruction, which is all that the function asks for.
        #[allow(unsafe_code)]
        unsafe {
            return x86::add_product(t, x, out);
        }
    }
    portable::add_product(t, x, out);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Wide;
    use core::arch::x86_64::{
        _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_setzero_si128,
        _mm_unpackhi_epi64, _mm_xor_si128,
    };

    #[target_feature(enable = "pclmulqdq")]
    pub(super) fn add_product(t: &[u64], x: &[u64], out: &mut [Wide]) {
        for (row, sum) in t.windows(x.len()).zip(out) {
            let mut wide = _mm_setzero_si128();
            for (a, b) in row.iter().rev().zip(x) {
                let a = _mm_cvtsi64_si128(a.cast_signed());
                let b = _mm_cvtsi64_si128(b.cast_signed());
                wide = _mm_xor_si128(wide, _mm_clmulepi64_si128::<0>(a, b));
            }
            sum.add(Wide {
                low: _mm_cvtsi128_si64(wide).cast_unsigned(),
                high: _mm_cvtsi128_si64(_mm_unpackhi_epi64(wide, wide)).cast_unsigned(),
            });
        }
    }
}

pub(super) mod portable {
    use super::Wide;

    pub(in super::super) fn add_product(t: &[u64], x: &[u64], out: &mut [Wide]) {
        for (row, sum) in t.windows(x.len()).zip(out) {
            for (a, b) in row.iter().rev().zip(x) {
                sum.add(multiply(*a, *b));
            }
        }
    }

    /// a b over GF(2).
    fn multiply(a: u64, b: u64) -> Wide {
        let (low, high) = (half_product(a, b as u32), half_product(a, (b >> 32) as u32));
        let product = low ^ (high << 32);
        Wide { low: product as u64, high: (product >> 64) as u64 }
    }

    /// Each operand is split into four with every fourth bit only, so that a place of an integer
    /// product sums at most eight ones and its carries stay in the three bits of hole above it.
    fn half_product(a: u64, b: u32) -> u128 {
        const EVERY_FOURTH: u128 = 0x1111_1111_1111_1111_1111_1111_1111_1111;
        let part = |value: u64, k: u32| u128::from(value) & (EVERY_FOURTH << k);
        (0..4u32).fold(0, |product, k| {
            let terms = (0..4u32).map(|i| part(a, i) * part(u64::from(b), (4 + k - i) % 4));
            product | (terms.fold(0, |sum, term| sum ^ term) & (EVERY_FOURTH << k))
        })
    }
}
