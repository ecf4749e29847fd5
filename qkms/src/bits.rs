//! A packed string of secret bits.
//!
//! - Bit i is `byte[i / 8] >> (i % 8) & 1`: little-endian in bytes, and so in 64-bit words.
//! - The bits past the end in the last word are zero, always.
//! - Content is raw or secret key: [`Debug`] tells the length alone, equality takes the same time
//!   whatever the bits are, and the memory is wiped on drop and when it moves to grow.

use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// A packed bit string that is wiped on drop.
#[derive(Default)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// `len` zero bits.
    pub fn zeros(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// An empty string with room for `bits` bits, so that [`push`](Self::push) need not move it.
    pub fn with_capacity(bits: usize) -> Self {
        Self { words: Vec::with_capacity(bits.div_ceil(64)), len: 0 }
    }

    /// The first `len` bits of `bytes`; `None` if there are fewer. What follows them is ignored.
    pub fn from_bytes(bytes: &[u8], len: usize) -> Option<Self> {
        let bytes = bytes.get(..len.div_ceil(8))?;
        let words = bytes
            .chunks(8)
            .map(|chunk| chunk.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)));
        Some(Self::from_words(words.collect(), len))
    }

    /// The first `len` bits of `words`, which are cut or filled up with zeros to that length.
    pub fn from_words(mut words: Vec<u64>, len: usize) -> Self {
        for word in words.iter_mut().skip(len.div_ceil(64)) {
            word.zeroize();
        }
        let mut bits = Self { words, len };
        bits.words.resize(len.div_ceil(64), 0);
        bits.clear_tail();
        bits
    }

    fn clear_tail(&mut self) {
        let used = self.len % 64;
        if let (Some(last), 1..) = (self.words.last_mut(), used) {
            *last &= (1 << used) - 1;
        }
    }

    /// Number of bits.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no bit.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bit `index`; `None` past the end.
    pub fn get(&self, index: usize) -> Option<bool> {
        let word = self.words.get(index / 64)?;
        (index < self.len).then_some((word >> (index % 64)) & 1 == 1)
    }

    /// Inverts bit `index`. False, and nothing done, past the end.
    pub fn flip(&mut self, index: usize) -> bool {
        match self.words.get_mut(index / 64) {
            Some(word) if index < self.len => {
                *word ^= 1 << (index % 64);
                true
            }
            _ => false,
        }
    }

    /// Appends one bit.
    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            if self.words.len() == self.words.capacity() {
                self.grow();
            }
            self.words.push(0);
        }
        if let Some(last) = self.words.last_mut() {
            *last |= u64::from(bit) << (self.len % 64);
        }
        self.len += 1;
    }

    /// Moves to twice the room and wipes what is left behind, which `Vec` alone would not.
    fn grow(&mut self) {
        let mut words = Vec::with_capacity((2 * self.words.len()).max(4));
        words.extend_from_slice(&self.words);
        self.words.zeroize();
        self.words = words;
    }

    /// Bits `start .. start + len` as a string of their own; `None` past the end.
    pub fn slice(&self, start: usize, len: usize) -> Option<Self> {
        if start.checked_add(len)? > self.len {
            return None;
        }
        let (first, shift) = (start / 64, start % 64);
        let word = |index: usize| self.words.get(index).copied().unwrap_or(0);
        let words = (first..first + len.div_ceil(64)).map(|index| match shift {
            0 => word(index),
            _ => (word(index) >> shift) | (word(index + 1) << (64 - shift)),
        });
        Some(Self::from_words(words.collect(), len))
    }

    /// The bits, least index first.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        let bits = self.words.iter().flat_map(|word| (0..64).map(move |at| (word >> at) & 1 == 1));
        bits.take(self.len)
    }

    /// Number of ones.
    pub fn count_ones(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The 64-bit words, bits past the end zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The bits packed in `ceil(len / 8)` bytes, bits past the end zero.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.words.len() * 8));
        bytes.extend(self.words.iter().flat_map(|word| word.to_le_bytes()));
        bytes.truncate(self.len.div_ceil(8));
        bytes
    }
}

impl FromIterator<bool> for Bits {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let bits = bits.into_iter();
        let mut packed = Self::with_capacity(bits.size_hint().0);
        bits.for_each(|bit| packed.push(bit));
        packed
    }
}

impl Clone for Bits {
    fn clone(&self) -> Self {
        Self { words: self.words.clone(), len: self.len }
    }
}

/// In constant time for strings of one length.
impl PartialEq for Bits {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && bool::from(self.words.ct_eq(&other.words))
    }
}

impl Eq for Bits {}

impl Drop for Bits {
    fn drop(&mut self) {
        self.words.zeroize();
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bits").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
