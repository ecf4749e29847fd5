//! Products of 64-bit polynomials over GF(2): by the processor's carry-less multiplication where it
//! has one (x86-64, seen at run time: four products at a time with `vpclmulqdq`, one with
//! `pclmulqdq`), otherwise by integer products with holes. All take the same time whatever the
//! operands.

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
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("vpclmulqdq") && x86::fits(out) {
            // SAFETY: the processor has the instructions, which is all that the function asks for.
            #[allow(unsafe_code)]
            return unsafe { x86::add_product_by_eight(t, x, out) };
        }
        if has!("pclmulqdq") {
            // SAFETY: as above.
            #[allow(unsafe_code)]
            return unsafe { x86::add_product(t, x, out) };
        }
    }
    portable::add_product(t, x, out);
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use super::Wide;
    use core::arch::x86_64::{
        __m128i, __m512i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64,
        _mm_setzero_si128, _mm_unpackhi_epi64, _mm_xor_si128, _mm512_castsi512_si128,
        _mm512_clmulepi64_epi128, _mm512_extracti32x4_epi32, _mm512_set_epi64, _mm512_set1_epi64,
        _mm512_setzero_si512, _mm512_xor_si512,
    };

    /// Whether [`add_product_by_eight`] can do it.
    pub fn fits(out: &[Wide]) -> bool {
        out.len().is_multiple_of(8)
    }

    #[target_feature(enable = "pclmulqdq")]
    pub(in super::super) fn add_product(t: &[u64], x: &[u64], out: &mut [Wide]) {
        for (row, sum) in t.windows(x.len()).zip(out) {
            let mut wide = _mm_setzero_si128();
            for (a, b) in row.iter().rev().zip(x) {
                let a = _mm_cvtsi64_si128(a.cast_signed());
                let b = _mm_cvtsi64_si128(b.cast_signed());
                wide = _mm_xor_si128(wide, _mm_clmulepi64_si128::<0>(a, b));
            }
            add(sum, wide);
        }
    }

    /// For eight rows at a time. Eight words of `t` are four lanes of two: their lower halves make
    /// the even rows, their upper halves the odd ones.
    #[target_feature(enable = "avx512f,vpclmulqdq,pclmulqdq")]
    pub(in super::super) fn add_product_by_eight(t: &[u64], x: &[u64], out: &mut [Wide]) {
        for (eight, sums) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let rows = t.get(8 * eight..).unwrap_or_default();
            let mut even = _mm512_setzero_si512();
            let mut odd = _mm512_setzero_si512();
            for (words, x) in rows.windows(8).take(x.len()).zip(x.iter().rev()) {
                let &[a, b, c, d, e, f, g, h] = words else { return };
                let t = set([a, b, c, d, e, f, g, h]);
                let x = _mm512_set1_epi64(x.cast_signed());
                even = _mm512_xor_si512(even, _mm512_clmulepi64_epi128::<0x00>(t, x));
                odd = _mm512_xor_si512(odd, _mm512_clmulepi64_epi128::<0x01>(t, x));
            }
            let lanes = [
                _mm512_castsi512_si128(even),
                _mm512_castsi512_si128(odd),
                _mm512_extracti32x4_epi32::<1>(even),
                _mm512_extracti32x4_epi32::<1>(odd),
                _mm512_extracti32x4_epi32::<2>(even),
                _mm512_extracti32x4_epi32::<2>(odd),
                _mm512_extracti32x4_epi32::<3>(even),
                _mm512_extracti32x4_epi32::<3>(odd),
            ];
            for (sum, lane) in sums.iter_mut().zip(lanes) {
                add(sum, lane);
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    fn set(words: [u64; 8]) -> __m512i {
        let [a, b, c, d, e, f, g, h] = words.map(u64::cast_signed);
        _mm512_set_epi64(h, g, f, e, d, c, b, a)
    }

    #[target_feature(enable = "sse2")]
    fn add(sum: &mut Wide, lane: __m128i) {
        sum.add(Wide {
            low: _mm_cvtsi128_si64(lane).cast_unsigned(),
            high: _mm_cvtsi128_si64(_mm_unpackhi_epi64(lane, lane)).cast_unsigned(),
        });
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
