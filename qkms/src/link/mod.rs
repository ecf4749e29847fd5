//! The link: source, fibre, detectors and eavesdroppers of decoy-state BB84, by formula and event
//! by event.

mod block;

pub use block::{AliceBlock, Basis, BobBlock, Choice, Detection, OutOfOrder};
