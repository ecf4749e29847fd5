//! Nodes of one's own: for tests and benchmarks alone, which is why everything here panics where
//! something is not as it should be.
//!
//! - [`binary`]: where the programs under test are, and how they are run;
//! - [`dev`]: a development node; [`network`]: four validators, which [`wires`] connect;
//! - [`chain`]: what a node tells of its chain, read without the client under test.

pub mod binary;
pub mod chain;
pub mod dev;
pub mod network;
pub mod wires;

pub use binary::{assert_refused, plancks, qedex, stderr};
pub use dev::Node;
pub use network::Network;
