//! The entropy beacon on real nodes, with a validator that leaves reveals out.
//!
//! What each fault brings about is in `docs/beacon.md`.

mod audit;
mod censor;
mod chain;
