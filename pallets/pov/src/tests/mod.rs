//! One file a topic.

mod attribution;
mod doubles;
mod gaming;
mod joining;
mod proofs;
mod scores;
mod sequences;
mod sets;
mod stalls;
mod support;
