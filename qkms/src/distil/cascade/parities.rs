//! Parities of any node of any frame in constant time: 64 frames stand side by side in the bits of
//! one word, and the words are summed up along each pass's order.

use super::shape::{PASSES, Shape};
use crate::bits::Bits;
use zeroize::Zeroize;

const LANES: usize = 64;

/// Running sums over GF(2), per group of 64 frames and pass: `sums[g][p][i]` has in bit f the
/// parity of the first i places of frame 64 g + f.
pub(super) struct Parities {
    groups: Vec<Vec<Vec<u64>>>,
}

impl Parities {
    pub fn new(shape: &Shape, bits: &Bits) -> Self {
        let groups = (0..shape.frames()).step_by(LANES).map(|first| {
            let mut lanes = side_by_side(shape, bits, first);
            let sums = (0..PASSES).map(|pass| running_sums(&lanes, shape.order(pass))).collect();
            lanes.zeroize();
            sums
        });
        Self { groups: groups.collect() }
    }

    /// The parity of `node` in `pass` of `frame`.
    pub fn parity(&self, shape: &Shape, frame: usize, pass: usize, node: usize) -> bool {
        let places = shape.places(node);
        let sums = self.groups.get(frame / LANES).and_then(|group| group.get(pass));
        let sum = |place: usize| sums.and_then(|sums| sums.get(place)).copied().unwrap_or(0);
        ((sum(places.start) ^ sum(places.end)) >> (frame % LANES)) & 1 == 1
    }
}

impl Drop for Parities {
    fn drop(&mut self) {
        self.groups.zeroize();
    }
}

fn running_sums(lanes: &[u64], order: &[u16]) -> Vec<u64> {
    let mut sums = Vec::with_capacity(order.len() + 1);
    let mut sum = 0;
    sums.push(sum);
    for position in order {
        sum ^= lanes.get(usize::from(*position)).copied().unwrap_or(0);
        sums.push(sum);
    }
    sums
}

/// Word j holds in bit f bit j of frame first + f.
fn side_by_side(shape: &Shape, bits: &Bits, first: usize) -> Vec<u64> {
    let words = bits.words();
    let word = |index: usize| words.get(index).copied().unwrap_or(0);
    let mut lanes = Vec::with_capacity(shape.frame_len().next_multiple_of(LANES));
    for start in (0..shape.frame_len()).step_by(LANES) {
        let mut square: [u64; LANES] = core::array::from_fn(|lane| {
            let at = (first + lane) * shape.frame_len() + start;
            match at % 64 {
                0 => word(at / 64),
                shift => (word(at / 64) >> shift) | (word(at / 64 + 1) << (64 - shift)),
            }
        });
        transpose(&mut square);
        lanes.extend_from_slice(&square);
        square.zeroize();
    }
    lanes.truncate(shape.frame_len());
    lanes
}

/// Transposes a square of 64 by 64 bits, quadrant by quadrant (Hacker's Delight, 7-3).
fn transpose(square: &mut [u64; LANES]) {
    let mut size = 32;
    let mut mask = u64::MAX >> 32;
    while size > 0 {
        for pair in square.chunks_exact_mut(2 * size) {
            let (upper, lower) = pair.split_at_mut(size);
            for (a, b) in upper.iter_mut().zip(lower) {
                let swapped = ((*a >> size) ^ *b) & mask;
                *a ^= swapped << size;
                *b ^= swapped;
            }
        }
        size /= 2;
        mask ^= mask << size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn the_parity_of_a_node_is_the_sum_of_its_bits(
            words in prop::collection::vec(any::<u64>(), 1..1200), cut in 0usize..64, seed: [u8; 32],
        ) {
            let len = words.len() * 64 - cut;
            let bits = Bits::from_words(words, len);
            let shape = Shape::new(len, [5, 9], seed).unwrap();
            let parities = Parities::new(&shape, &bits);
            for frame in 0..shape.frames() {
                for pass in 0..PASSES {
                    for node in shape.blocks(pass).chain((2..shape.nodes()).step_by(97)) {
                        let sum = shape.places(node).filter(|place| {
                            let at = frame * shape.frame_len() + shape.position(pass, *place);
                            bits.get(at) == Some(true)
                        });
                        let odd = sum.count() % 2 == 1;
                        prop_assert_eq!(parities.parity(&shape, frame, pass, node), odd);
                    }
                }
            }
        }
    }
}
