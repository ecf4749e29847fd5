//! The ledger of keys and the entropy beacon on real nodes: reporters that lie, nodes that are killed between
//! any two steps of the beacon, and a validator that leaves reveals out.
//!
//! One development node has the lies and the kills in one life, epoch by epoch; four validators have the other
//! fault. What each brings about is in `docs/keys.md` and `docs/beacon.md`.

mod audit;
mod censor;
mod chain;
mod kills;
mod liars;
mod life;
mod sight;
mod step;
