//! Bob's part: he asks for parities, finds his errors and corrects them.

use super::{
    Malformed, Question,
    frame::Frame,
    parities::Parities,
    responder::told_blocks,
    shape::{EARLY, PASSES, Shape},
};
use crate::{bits::Bits, distil::auth::BRIEF_TAG_BYTES};

/// What a round trip is worth in parities: the bits of key that its two tags take.
const ROUND_TRIP: f64 = 2.0 * 8.0 * BRIEF_TAG_BYTES as f64;
/// Most levels that one round trip goes down.
const DEEPEST: u32 = 6;

/// Corrects one string.
pub struct Corrector {
    shape: Shape,
    bits: Bits,
    parities: Parities,
    frames: Vec<Frame>,
    pending: Vec<Question>,
    received: u64,
    overlap: f64,
}

impl Corrector {
    /// A corrector of `bits`, which have the length of `shape`, that knows the peer's parities of
    /// all blocks as [`Responder::blocks`](super::Responder::blocks) tells them.
    pub fn new(shape: Shape, bits: Bits, blocks: &Bits) -> Result<Self, Malformed> {
        if bits.len() != shape.bits() {
            return Err(Malformed("the string does not have the length of its shape"));
        }
        let per_frame: usize = (0..PASSES).map(|pass| told_blocks(&shape, pass).len()).sum();
        if blocks.len() != per_frame * shape.frames() {
            return Err(Malformed("not as many parities as there are blocks"));
        }
        let parities = Parities::new(&shape, &bits);
        let mut told = blocks.iter();
        let mut frames = Vec::with_capacity(shape.frames());
        let mut odd = Vec::new();
        for index in 0..shape.frames() {
            let mut frame = Frame::new(&shape);
            let mut whole = false;
            for pass in 0..PASSES {
                odd.clear();
                odd.extend(told_blocks(&shape, pass).map(|node| {
                    told.next().unwrap_or_default() ^ parities.parity(&shape, index, pass, node)
                }));
                let sum = odd.iter().fold(false, |sum, odd| sum ^ odd);
                match pass {
                    0 => whole = sum,
                    _ => odd.push(whole ^ sum),
                }
                match odd.first() {
                    Some(first) if pass >= EARLY => frame.begin_asleep(pass, *first),
                    _ => frame.begin(&shape, pass, odd.iter().copied()),
                }
            }
            frames.push(frame);
        }
        // Seeking one error twice costs parities in proportion to the frames, waiting costs round
        // trips whatever their number.
        let overlap = (12.0 / shape.frames() as f64).min(2.0);
        let (pending, received) = (Vec::new(), blocks.len() as u64);
        Ok(Self { shape, bits, parities, frames, pending, received, overlap })
    }

    /// What to ask next, ascending and without repetition; nothing if no odd part is left.
    ///
    /// Where few parts are searched, more levels are asked for than one, so that the parities in
    /// vain are worth less than the round trips that they spare.
    pub fn questions(&mut self) -> &[Question] {
        self.pending.clear();
        let mut chosen = Vec::new();
        let mut ends = Vec::with_capacity(self.frames.len());
        for frame in &mut self.frames {
            frame.select(&self.shape, self.overlap, &mut chosen);
            ends.push(chosen.len());
        }
        let levels = levels_at_once(chosen.len());
        let mut start = 0;
        for (frame, end) in ends.into_iter().enumerate() {
            let first = self.pending.len();
            for (pass, node) in chosen.get(start..end).unwrap_or_default() {
                let below = (0..levels).flat_map(|level| node << level..(node + 1) << level);
                let left = below.map(|node| 2 * node);
                let asked = left.filter(|node| self.shape.may_ask(*pass, *node));
                self.pending.extend(asked.map(|node| Question {
                    frame: frame as u32,
                    pass: *pass as u8,
                    node: node as u32,
                }));
            }
            self.pending.get_mut(first..).unwrap_or_default().sort_unstable();
            start = end;
        }
        &self.pending
    }

    /// Takes the answers to the last [`questions`](Self::questions).
    pub fn answers(&mut self, answers: &Bits) -> Result<(), Malformed> {
        if answers.len() != self.pending.len() {
            return Err(Malformed("not as many answers as questions"));
        }
        self.received += answers.len() as u64;
        for (question, theirs) in self.pending.drain(..).zip(answers.iter()) {
            let (index, pass) = (question.frame as usize, usize::from(question.pass));
            let node = question.node as usize;
            let differs = theirs ^ self.parities.parity(&self.shape, index, pass, node);
            if let Some(frame) = self.frames.get_mut(index) {
                frame.take(&self.shape, pass, node, differs);
                if frame.contradicted() {
                    return Err(Malformed("parities that contradict each other"));
                }
            }
        }
        Ok(())
    }

    /// Bits corrected so far.
    pub fn errors(&self) -> u64 {
        self.frames.iter().map(|frame| frame.corrections().len() as u64).sum()
    }

    /// Parities of the peer's received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The corrected string.
    pub fn finish(mut self) -> Bits {
        for (index, frame) in self.frames.iter().enumerate() {
            for position in frame.corrections() {
                self.bits.flip(index * self.shape.frame_len() + usize::from(*position));
            }
        }
        self.bits
    }
}

/// The number of levels at which parities and round trips per level are the fewest, when `searches`
/// parts are halved: one search asks 2^k - 1 parities to go down k levels.
fn levels_at_once(searches: usize) -> u32 {
    let price = |levels: u32| {
        (searches as f64 * f64::from((1 << levels) - 1) + ROUND_TRIP) / f64::from(levels)
    };
    (1..=DEEPEST).min_by(|a, b| price(*a).total_cmp(&price(*b))).unwrap_or(1)
}
