//! A community whose quarter-hours are traded on a real chain, from orders to settlement.
//!
//! - [`community`]: who takes part, and what their meters see;
//! - [`strategy`]: what they ask and bid, and how honest they are;
//! - [`mod@play`]: the player;
//! - [`books`], [`report`]: what happened, whether it was right, and its figures.

pub mod books;
pub mod community;
pub mod error;
mod keys;
pub mod play;
pub mod report;
pub mod strategy;

pub use error::Error;
