//! Agents as they run: real doors, real TLS to two key services.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod audits;
mod beacon;
mod doors;
mod field;
mod leaks;
mod ledger;
mod letters;
mod service;
mod sessions;
