//! A community whose quarter-hours are traded on a real chain, from orders to settlement.
//!
//! - [`community`]: who takes part, and what their meters see;
//! - [`strategy`]: what they ask and bid, and how honest they are;
//! - [`mod@play`]: the player; [`sessions`]: sessions under keys of key services;
//! - [`books`], [`report`]: what happened, whether it was right, and its figures.

pub mod books;
pub mod community;
pub mod error;
pub mod keys;
pub mod play;
pub mod report;
pub mod sessions;
pub mod strategy;

pub use error::Error;
