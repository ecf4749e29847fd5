//! The door for SAEs, seen from outside: over real TLS, with an in-memory key service behind it.
//!
//! Each row of the standard's check list is a test of [`rows`].

mod agent;
mod audits;
mod bad_input;
mod certificates;
mod check;
mod clients;
mod commands;
mod connections;
mod eavesdropper;
mod field;
mod full_disk;
mod leaks;
mod memory;
mod processes;
mod rows;
mod served;
mod slow;
