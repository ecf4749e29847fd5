//! The rules of Q-SAH, each by a test of its name, and the vectors by a second implementation.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod decoders;
mod frames;
mod handshake;
mod letters;
mod oracle;
mod refusals;
mod secrets;
mod vectors;
mod world;
