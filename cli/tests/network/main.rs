//! Validators on one machine, four to six: what holds of a running network.
//!
//! How long finality takes is measured by `scripts/bench network`. Each test has a network of its own,
//! and they wait most of the time: so they run side by side.

mod credentials;
mod evidence;
mod halves;
mod meters;
mod recovery;
mod removal;
mod schedules;
mod scores;
mod support;
