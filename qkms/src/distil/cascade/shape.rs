//! How a string is cut into frames, and each frame into blocks, pass by pass. Both parties derive
//! the same shape from public values.

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use core::ops::Range;

/// Passes over each frame: three with blocks of their own sizes, then half frames, each of which
/// costs one parity and halves the chance that a pair of errors is left.
pub const PASSES: usize = 20;
/// Passes with blocks of their own sizes; the rest has half frames.
pub(super) const EARLY: usize = 3;
/// Longest frame, in bits.
pub const MAX_FRAME: usize = 1 << HEIGHT;
const HEIGHT: u32 = 14;
/// Longest string that is corrected, in bits.
pub const MAX_BITS: usize = 1 << 26;
/// Bytes of the public seed of the shuffles.
pub const SEED_BYTES: usize = 32;

/// Frames, shuffles and block sizes of one string.
///
/// Within a pass, the positions of a frame are shuffled (the first pass leaves them) to places,
/// and these are spread evenly over the leaves of a binary tree, of which there are a power of two
/// and less than twice as many as places: node 1 is the root, node v has the children 2v and
/// 2v + 1. So nodes of one level hold equally many places but for one, and only leaves may hold
/// none. The pass starts with the blocks of one level.
pub struct Shape {
    bits: usize,
    frames: usize,
    frame_len: usize,
    height: u32,
    /// Per pass: lg of the size of its blocks.
    levels: [u32; PASSES],
    /// Per pass: the position at each place, and the place of each position.
    shuffles: Vec<Shuffle>,
    /// Per position: bit p is set if it stands in the first half of pass p.
    first_halves: Vec<u32>,
}

struct Shuffle {
    position: Vec<u16>,
    place: Vec<u16>,
}

impl Shape {
    /// The shape for `bits` bits, 1 to [`MAX_BITS`], with blocks of 2^first and 2^second bits in
    /// the first two passes (cut to half a frame); `None` outside of that.
    pub fn new(bits: usize, [first, second]: [u32; 2], seed: [u8; SEED_BYTES]) -> Option<Self> {
        if bits == 0 || bits > MAX_BITS {
            return None;
        }
        let frames = bits.div_ceil(MAX_FRAME);
        let frame_len = bits.div_ceil(frames);
        let height = frame_len.next_power_of_two().ilog2().max(1);
        let mut levels = [height - 1; PASSES];
        let early = [first, second, HEIGHT - 2];
        for (level, wanted) in levels.iter_mut().zip(early) {
            // Not a leaf, which may be empty, unless the tree has no other level.
            *level = wanted.max(1).min(height - 1);
        }
        let mut random = ChaCha8Rng::from_seed(seed);
        let shuffles: Vec<_> =
            (0..PASSES).map(|pass| Shuffle::new(frame_len, pass, &mut random)).collect();
        let mut shape =
            Self { bits, frames, frame_len, height, levels, shuffles, first_halves: vec![] };
        shape.first_halves = shape.halves();
        Some(shape)
    }

    fn halves(&self) -> Vec<u32> {
        let mut halves = vec![0; self.frame_len];
        let half = self.places(2).end;
        for (pass, shuffle) in self.shuffles.iter().enumerate() {
            for position in shuffle.position.iter().take(half) {
                if let Some(halves) = halves.get_mut(usize::from(*position)) {
                    *halves |= 1 << pass;
                }
            }
        }
        halves
    }

    /// lg of the block sizes of the first two passes for an error rate `qber`: ceil(a) and
    /// ceil((a + 12)/2) with a = lg(1/qber) - 1/2 (Martinez-Mateo et al., Quantum Inf. Comput. 15,
    /// 453 (2015), their variant 7). Rates are cut to 0.1 to 25 %.
    pub fn first_levels(qber: f64) -> [u32; 2] {
        let a = -qber.clamp(1e-3, 0.25).log2() - 0.5;
        [a.ceil() as u32, ((a + 12.0) / 2.0).ceil() as u32]
    }

    /// Bits of the string.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Number of frames. The last one is filled up with zeros, fewer than there are frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Bits per frame.
    pub fn frame_len(&self) -> usize {
        self.frame_len
    }

    /// One more than the largest node.
    pub fn nodes(&self) -> usize {
        2 << self.height
    }

    /// lg of the block size of `pass`.
    pub fn level(&self, pass: usize) -> u32 {
        self.levels.get(pass).copied().unwrap_or(0)
    }

    /// The nodes at which `pass` begins; none is empty.
    pub fn blocks(&self, pass: usize) -> Range<usize> {
        let blocks = 1 << (self.height - self.level(pass));
        blocks..blocks + self.frame_len.min(blocks)
    }

    /// The places below `node`, a node of the tree.
    pub fn places(&self, node: usize) -> Range<usize> {
        let size = self.size(node);
        let first = node * size - (1 << self.height);
        let place = |leaf: usize| (leaf * self.frame_len).div_ceil(1 << self.height);
        place(first)..place(first + size)
    }

    /// Leaves below `node`.
    pub fn size(&self, node: usize) -> usize {
        1 << (self.height - node.ilog2())
    }

    /// Bit p: whether `position` stands in the first half of pass p.
    pub fn first_halves(&self, position: usize) -> u32 {
        self.first_halves.get(position).copied().unwrap_or(0)
    }

    /// The leaf of a `place`.
    pub fn leaf(&self, place: usize) -> usize {
        (1 << self.height) + (place << self.height) / self.frame_len
    }

    /// Whether `node` is a leaf: of one place or none.
    pub fn is_leaf(&self, node: usize) -> bool {
        node >= 1 << self.height
    }

    /// Whether a peer may ask for the parity of `node` in `pass`: a left child below a block, with
    /// places under itself and under its sibling.
    pub fn may_ask(&self, pass: usize, node: usize) -> bool {
        pass < PASSES
            && node < self.nodes()
            && node >= self.blocks(pass).start * 2
            && node.is_multiple_of(2)
            && !self.places(node).is_empty()
            && !self.places(node + 1).is_empty()
    }

    /// The position in its frame that stands at `place` in `pass`.
    pub fn position(&self, pass: usize, place: usize) -> usize {
        let shuffle = self.shuffles.get(pass);
        shuffle.and_then(|shuffle| shuffle.position.get(place)).map_or(0, |at| usize::from(*at))
    }

    /// The place at which `position` of a frame stands in `pass`.
    pub fn place(&self, pass: usize, position: usize) -> usize {
        let shuffle = self.shuffles.get(pass);
        shuffle.and_then(|shuffle| shuffle.place.get(position)).map_or(0, |at| usize::from(*at))
    }

    /// The positions of a frame in the order of `pass`.
    pub fn order(&self, pass: usize) -> &[u16] {
        self.shuffles.get(pass).map_or(&[], |shuffle| &shuffle.position)
    }
}

impl Shuffle {
    /// Fisher and Yates; the identity for the first pass.
    fn new(len: usize, pass: usize, random: &mut ChaCha8Rng) -> Self {
        let mut position: Vec<u16> = (0..len).map(|at| at as u16).collect();
        if pass > 0 {
            for last in (1..len).rev() {
                let chosen = (u64::from(random.next_u32()) * (last as u64 + 1)) >> 32;
                position.swap(last, chosen as usize);
            }
        }
        let mut place = vec![0; len];
        for (at, position) in position.iter().enumerate() {
            if let Some(place) = place.get_mut(usize::from(*position)) {
                *place = at as u16;
            }
        }
        Self { position, place }
    }
}
