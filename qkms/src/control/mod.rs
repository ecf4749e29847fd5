//! Rate-adaptive control: which operating point and which pulse rate each block of a link is made with.
//!
//! # Rules
//!
//! - What control returns is a [`Setting`]: a block's size with the intensities, probabilities and basis
//!   bias that belong to it, its pulses and their rate. There is no member for anything else: abort
//!   limits, epsilons, cut-offs of health tests and audits stay what the configuration says, and a
//!   configuration that names one of them below `control` is refused.
//! - Aims, in this order: never trade health for rate; keep the fill between two marks under the demand
//!   measured; spend the fewest pulses.
//! - Alice's end decides and says so when a block begins; Bob's end refuses what is not among the
//!   [`Choices`] of its own configuration.
//!
//! # The law
//!
//! A block of `l` bits that takes `T` seconds under a demand of `w` bits a second adds `l - w T` to the
//! pool. With `e` what the fill lacks of the target, and `S` the sum of the `e` of all blocks so far, the
//! [`Law`] asks each block to add `u = K e + I S`: so the block is to take `T = (l - u)/w`. That is
//! feed-forward of the demand with a proportional and an integral correction. `T` is kept between what
//! the pulse rates allow, what the pool lasts for, and the longest block; the rate follows from `T` and
//! the dead time of the detectors ([`Point::rate`]). Of the points the one that spends the fewest pulses a bit is
//! taken. Below the low mark the rate is the largest there is; above the high mark none is begun.
//!
//! [`stability`] says for which `K` and `I` the loop is stable, and by which margin; a configuration
//! outside of that region is refused. `docs/control.md` has the proof and the comparison with other
//! controllers that [`trial`] computes.
//!
//! Fills are in bits, times in seconds, pulse rates in pulses a second, demand in bits a second.

pub mod demand;
pub mod law;
pub mod pilot;
pub mod points;
pub mod setting;
pub mod settings;
pub mod stability;
pub mod trial;

pub use law::{Law, Marks};
pub use pilot::{Decision, Outcome, Pilot, View};
pub use points::{Choices, Point};
pub use setting::{Setting, SettingError};
pub use settings::Settings;
pub use stability::{Gains, Proof, Unstable};

#[cfg(test)]
mod tests;
