//! Nodes of one's own: for tests and benchmarks alone, which is why everything here panics where
//! something is not as it should be.
//!
//! - [`binary`]: where the programs under test are, and how they are run;
//! - [`dev`]: a development node; [`network`]: four validators, which [`wires`] connect;
//! - [`agents`]: three nodes with agents, which can be killed; [`services`]: two key services with a link;
//! - [`chain`]: what a node tells of its chain, read without the client under test; [`calls`]: what is sent to it
//!   without that client.

pub mod agents;
pub mod binary;
pub mod calls;
pub mod chain;
pub mod dev;
pub mod network;
pub mod services;
mod spec;
pub mod wires;

pub use binary::{assert_refused, plancks, qedex, stderr};
pub use dev::Node;
pub use network::Network;
