//! Control beside three others, on a link whose blocks are counts: what `qkms plan control` runs.
//!
//! # What is simulated
//!
//! - A day of requests for keys of 256 bits, to either direction alike, second by second, as Poisson's
//!   process of the [demand](day) of an energy community. Keys that are not there are not served, and
//!   not asked for again.
//! - Blocks, one after the other: each has the [counts](photons) that its pulses give on the link of that
//!   moment, and is judged and measured by the service's own estimation. What error correction takes is
//!   the device's efficiency. Tags take nothing. A block's key is there when its last pulse has been sent.
//! - Pools of both directions, the oldest key first. What they have no room for is wasted.
//! - What the service does when somebody listens: the link closes. Its operator opens it again when
//!   the eavesdropper has gone.
//!
//! Everything that is random comes from the seed: all controllers meet the same requests.

pub mod day;
pub mod photons;
pub mod plot;
pub mod pools;
pub mod rivals;
pub mod run;
pub mod scenario;

pub use day::Day;
pub use run::{Report, Setup, run};
pub use scenario::Scenario;
