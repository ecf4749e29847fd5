//! Cascade: the receiver's raw key is made equal to the sender's by parities that he asks for
//! (Brassard and Salvail 1993), in the variant of Martinez-Mateo, Pacher, Peev, Ciurana and Martin
//! (2015), over frames of up to 2^14 bits.
//!
//! - Passes: blocks of 2^ceil(a), 2^ceil((a + 12)/2), 2^12 bits, then half a frame 17 times (11 in the paper: a
//!   further pass costs one parity per frame, a block that fails costs them all),
//!   a = lg(1/Q) - 1/2 with Q the error rate that this block showed in Z. Each pass but the first
//!   shuffles the frame.
//! - Alice tells the parity of every block of every pass once, at the beginning: all of them are
//!   asked for in any case. From the second pass on the last block's follows from the others, as
//!   the whole frame's is known.
//! - Where the parities of a block differ, Bob halves it: he asks for the left half's, the right
//!   half's follows. A corrected bit inverts the parity of each part that contains it, in every
//!   pass; whichever part is odd now is halved further from the smallest part whose parity is
//!   known, so that nothing is asked twice.
//! - All frames of a string advance together and each round trip carries every question that can
//!   be asked at that moment, because a round trip costs two authentication tags.
//!
//! Alice's parities are the ones that are counted. Bob's messages, which name the parts that he
//! asks for, are a function of them and of the error pattern; how the latter is accounted is told
//! in [`estimate`](super::estimate).

mod corrector;
mod frame;
mod parities;
mod responder;
mod shape;

pub use corrector::Corrector;
pub use responder::Responder;
pub use shape::{MAX_BITS, PASSES, SEED_BYTES, Shape};

/// One parity that Bob asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Question {
    /// Number of the frame.
    pub frame: u32,
    /// Number of the pass.
    pub pass: u8,
    /// The node of the pass's tree.
    pub node: u32,
}

/// What an honest peer does not send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(super) &'static str);

#[cfg(test)]
mod tests;
