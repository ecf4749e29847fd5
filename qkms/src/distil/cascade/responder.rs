//! Alice's part: she tells parities and counts them.

use super::{
    Malformed, Question,
    parities::Parities,
    shape::{PASSES, Shape},
};
use crate::bits::Bits;

/// Answers for the parities of one string.
pub struct Responder {
    shape: Shape,
    parities: Parities,
    disclosed: u64,
    most: u64,
}

impl Responder {
    /// A responder for `bits`, which have the length of `shape`, that tells at most `most`
    /// parities.
    pub fn new(shape: Shape, bits: &Bits, most: u64) -> Result<Self, Malformed> {
        if bits.len() != shape.bits() {
            return Err(Malformed("the string does not have the length of its shape"));
        }
        let parities = Parities::new(&shape, bits);
        Ok(Self { shape, parities, disclosed: 0, most })
    }

    /// The parities of all blocks, frame by frame and pass by pass, without those that follow from
    /// others.
    pub fn blocks(&mut self) -> Result<Bits, Malformed> {
        let mut told = Bits::default();
        for frame in 0..self.shape.frames() {
            for pass in 0..PASSES {
                for node in told_blocks(&self.shape, pass) {
                    told.push(self.parities.parity(&self.shape, frame, pass, node));
                }
            }
        }
        self.count(told.len())?;
        Ok(told)
    }

    /// The parities asked for, in the order of the questions.
    pub fn answer(&mut self, questions: &[Question]) -> Result<Bits, Malformed> {
        self.count(questions.len())?;
        let answers = questions.iter().map(|question| {
            let (frame, pass) = (question.frame as usize, usize::from(question.pass));
            let node = question.node as usize;
            if frame >= self.shape.frames() || !self.shape.may_ask(pass, node) {
                return Err(Malformed("a parity that is nobody's to ask for"));
            }
            Ok(self.parities.parity(&self.shape, frame, pass, node))
        });
        answers.collect()
    }

    /// Parities told so far.
    pub fn disclosed(&self) -> u64 {
        self.disclosed
    }

    fn count(&mut self, more: usize) -> Result<(), Malformed> {
        let disclosed = self.disclosed + more as u64;
        if disclosed > self.most {
            return Err(Malformed("more parities than any correction takes"));
        }
        self.disclosed = disclosed;
        Ok(())
    }
}

/// The blocks of `pass` whose parities are told: from the second pass on all but the last.
pub(super) fn told_blocks(shape: &Shape, pass: usize) -> core::ops::Range<usize> {
    let blocks = shape.blocks(pass);
    match pass {
        0 => blocks,
        _ => blocks.start..blocks.end - 1,
    }
}
