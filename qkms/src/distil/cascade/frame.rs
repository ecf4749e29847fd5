//! What Bob knows of one frame: which parts have known parities, which of them are odd, and what
//! has been corrected.
//!
//! A pass of half frames sleeps until one of its halves has to be searched: until then its two
//! parities are all that has to be kept right, one bit for each such pass.

use super::shape::{EARLY, PASSES, Shape};
use core::ops::Range;

/// A set of nodes or places, packed.
struct Set(Vec<u64>);

impl Set {
    fn new(members: usize) -> Self {
        Self(vec![0; members.div_ceil(64)])
    }

    fn contains(&self, member: usize) -> bool {
        self.0.get(member / 64).is_some_and(|word| (word >> (member % 64)) & 1 == 1)
    }

    fn toggle(&mut self, member: usize) {
        if let Some(word) = self.0.get_mut(member / 64) {
            *word ^= 1 << (member % 64);
        }
    }

    /// Whether an odd number of `places` belongs to the set.
    fn parity(&self, places: Range<usize>) -> bool {
        // Members below `end` of the word that contains it.
        let below = |end: usize| {
            let word = self.0.get(end / 64).copied().unwrap_or(0);
            word & ((1 << (end % 64)) - 1)
        };
        let whole = self.0.get(places.start / 64..places.end / 64).unwrap_or_default();
        let sum = whole.iter().fold(0, |sum, word| sum ^ word);
        (sum ^ below(places.start) ^ below(places.end)).count_ones() % 2 == 1
    }
}

/// One pass over the frame.
struct Pass {
    /// Nodes whose parity at Alice is known; of two children both or none.
    known: Set,
    /// Of those, the ones at which Bob's parity differs.
    odd: Set,
    /// Places that have been corrected.
    corrected: Set,
}

impl Pass {
    fn new(shape: &Shape) -> Self {
        Self {
            known: Set::new(shape.nodes()),
            odd: Set::new(shape.nodes()),
            corrected: Set::new(shape.frame_len()),
        }
    }
}

/// An odd node that may be the smallest known one around. Orders by size, pass and node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    size: u16,
    pass: u16,
    node: u32,
}

impl Candidate {
    fn new(shape: &Shape, pass: usize, node: usize) -> Self {
        // Sizes are at most 2^14, passes 20 and nodes 2^15.
        Self { size: shape.size(node) as u16, pass: pass as u16, node: node as u32 }
    }
}

pub(super) struct Frame {
    /// The passes that are awake: the early ones from the beginning.
    passes: [Option<Pass>; PASSES],
    /// Bit p: pass p sleeps.
    sleeping: u32,
    /// Bit p: the first half of the sleeping pass p is odd.
    first_half: u32,
    /// The whole frame is odd.
    whole: bool,
    /// Looked at again before use; may hold nodes that are even by now, or have known children.
    candidates: Vec<Candidate>,
    /// Positions corrected, in order.
    corrections: Vec<u16>,
    contradicted: bool,
}

impl Frame {
    pub fn new(shape: &Shape) -> Self {
        Self {
            passes: core::array::from_fn(|pass| (pass < EARLY).then(|| Pass::new(shape))),
            sleeping: 0,
            first_half: 0,
            whole: false,
            candidates: Vec::new(),
            corrections: Vec::new(),
            contradicted: false,
        }
    }

    /// Begins an early `pass` whose blocks are odd where `odd` says so.
    pub fn begin(&mut self, shape: &Shape, pass: usize, odd: impl Iterator<Item = bool>) {
        let mut whole = false;
        for (node, odd) in shape.blocks(pass).zip(odd) {
            self.learn(shape, pass, node, odd);
            whole ^= odd;
        }
        if pass == 0 {
            self.whole ^= whole;
        }
    }

    /// Begins a later `pass`, of half frames, the first of which is odd or not.
    pub fn begin_asleep(&mut self, pass: usize, first_half_odd: bool) {
        self.sleeping |= 1 << pass;
        self.first_half |= u32::from(first_half_odd) << pass;
    }

    /// The answer for `node`, a left child: whether Alice's parity differs from that of Bob's
    /// uncorrected bits. The parity of its sibling follows.
    pub fn take(&mut self, shape: &Shape, pass: usize, node: usize, differs: bool) {
        let Some(Some(known)) = self.passes.get(pass) else { return };
        let odd = differs ^ known.corrected.parity(shape.places(node));
        self.learn(shape, pass, node, odd);
        let sibling = self.is_odd(pass, node / 2) ^ self.is_odd(pass, node);
        self.learn(shape, pass, node + 1, sibling);
    }

    fn is_odd(&self, pass: usize, node: usize) -> bool {
        matches!(self.passes.get(pass), Some(Some(pass)) if pass.odd.contains(node))
    }

    fn is_known(&self, pass: usize, node: usize) -> bool {
        matches!(self.passes.get(pass), Some(Some(pass)) if pass.known.contains(node))
    }

    /// The parity of `node` became known, and differs from Bob's present one if `odd`.
    fn learn(&mut self, shape: &Shape, pass: usize, node: usize, odd: bool) {
        let Some(Some(known)) = self.passes.get_mut(pass) else { return };
        if known.known.contains(node) {
            return;
        }
        known.known.toggle(node);
        if odd {
            known.odd.toggle(node);
            if shape.is_leaf(node) {
                self.correct(shape, shape.position(pass, shape.places(node).start));
            } else {
                self.candidates.push(Candidate::new(shape, pass, node));
            }
        }
    }

    /// Corrects the bit at `position`, in every part that contains it.
    fn correct(&mut self, shape: &Shape, position: usize) {
        if matches!(&self.passes, [Some(first), ..] if first.corrected.contains(position)) {
            self.contradicted = true;
            return;
        }
        self.corrections.push(position as u16);
        self.whole ^= true;
        self.first_half ^= shape.first_halves(position);
        for (index, pass) in self.passes.iter_mut().enumerate() {
            let Some(pass) = pass else { continue };
            let place = shape.place(index, position);
            pass.corrected.toggle(place);
            let leaf = shape.leaf(place);
            let path = (0..=shape.level(index)).rev().map(|height| leaf >> height);
            let mut smallest = None;
            for node in path.take_while(|node| pass.known.contains(*node)) {
                pass.odd.toggle(node);
                smallest = Some(node);
            }
            let candidate = smallest.filter(|node| pass.odd.contains(*node));
            self.candidates.extend(candidate.map(|node| Candidate::new(shape, index, node)));
        }
    }

    /// Adds to `chosen` the odd parts to be halved now, as pass and node: the smallest ones first,
    /// and a larger one only if at most a number of `overlap` chosen parts of other passes is to
    /// be expected to seek an error inside of it.
    pub fn select(&mut self, shape: &Shape, overlap: f64, chosen: &mut Vec<(usize, usize)>) {
        let start = chosen.len();
        let room = overlap * shape.frame_len() as f64;
        loop {
            self.settle(shape);
            chosen.truncate(start);
            let mut per_pass = [0; PASSES];
            for candidate in &self.candidates {
                let (pass, node) = (usize::from(candidate.pass), candidate.node as usize);
                let total = chosen.len() - start;
                let Some(here) = per_pass.get_mut(pass) else { continue };
                if ((total - *here) * usize::from(candidate.size)) as f64 <= room {
                    *here += 1;
                    chosen.push((pass, node));
                }
            }
            let total = chosen.len() - start;
            match self.next_to_wake() {
                Some(pass) if (total * shape.frame_len() / 2) as f64 <= room => {
                    self.wake(shape, pass)
                }
                _ => return,
            }
        }
    }

    /// Keeps the candidates that are due, each once, the smallest first.
    fn settle(&mut self, shape: &Shape) {
        loop {
            let mut candidates = core::mem::take(&mut self.candidates);
            let corrections = self.corrections.len();
            candidates.sort_unstable();
            candidates.dedup();
            candidates.retain(|candidate| {
                self.is_due(shape, usize::from(candidate.pass), candidate.node as usize)
            });
            // A correction on the way changes which are odd.
            candidates.append(&mut self.candidates);
            self.candidates = candidates;
            if self.corrections.len() == corrections {
                return;
            }
        }
    }

    /// The first sleeping pass with an odd half.
    fn next_to_wake(&self) -> Option<usize> {
        let second_half = if self.whole { !self.first_half } else { self.first_half };
        let odd = self.sleeping & (self.first_half | second_half);
        (odd != 0).then(|| odd.trailing_zeros() as usize)
    }

    fn wake(&mut self, shape: &Shape, index: usize) {
        let mut pass = Pass::new(shape);
        for position in &self.corrections {
            pass.corrected.toggle(shape.place(index, usize::from(*position)));
        }
        if let Some(sleeping) = self.passes.get_mut(index) {
            *sleeping = Some(pass);
        }
        self.sleeping &= !(1 << index);
        let first = (self.first_half >> index) & 1 == 1;
        let halves = [first, first ^ self.whole];
        for (node, odd) in shape.blocks(index).zip(halves) {
            self.learn(shape, index, node, odd);
        }
    }

    /// Whether `node` is to be halved: odd, and not halved before. An odd node of a single place
    /// needs no question.
    fn is_due(&mut self, shape: &Shape, pass: usize, node: usize) -> bool {
        if !self.is_odd(pass, node) || self.is_known(pass, 2 * node) {
            return false;
        }
        if shape.is_leaf(node) {
            // Odd again after it was corrected: the parities do not belong to one string.
            self.contradicted = true;
            return false;
        }
        let [left, right] = [2 * node, 2 * node + 1].map(|child| !shape.places(child).is_empty());
        if left && right {
            return true;
        }
        self.learn(shape, pass, 2 * node, left);
        self.learn(shape, pass, 2 * node + 1, right);
        false
    }

    /// The positions of the corrected bits.
    pub fn corrections(&self) -> &[u16] {
        &self.corrections
    }

    /// Whether the parities heard cannot be those of one string.
    pub fn contradicted(&self) -> bool {
        self.contradicted
    }
}
