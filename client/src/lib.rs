//! A client of the Q-EnergyDEX chain: connects, signs, sends, asks.
//!
//! No command line, no tables, no files: what uses it decides what is read and shown.
//!
//! - [`Chain`], [`session`]: a connection, and a run of transactions over it;
//! - [`calls`], [`act`], [`council`], [`grants`]: what is sent, and by whose right;
//! - [`queries`], [`books`], [`terms`], [`settlement`], [`metering`], [`membership`], [`reputation`],
//!   [`validators`], [`qkd`], [`registry`], [`ledger`]: what is asked;
//! - [`block`], [`market`]: what a block says;
//! - [`agent`], [`key_service`]: what is asked beside the chain, of who has quantum keys;
//! - [`keys`], [`meter`], [`reading_file`], [`opening`]: who signs what, and how that travels;
//! - [`amounts`], [`share`], [`formula`], [`text`], [`readable`]: how people write and read it;
//! - [`columns`], [`batch`]: how it stands in tables;
//! - [`told`]: what of it people and programs are told.

pub mod act;
pub mod agent;
pub mod amounts;
mod api;
pub mod audits;
pub mod batch;
pub mod beacon;
pub mod block;
pub mod books;
pub mod calls;
mod chain;
pub mod columns;
pub mod council;
pub mod error;
mod events;
pub mod formula;
pub mod grants;
pub mod heads;
pub mod key_service;
pub mod keys;
pub mod ledger;
pub mod market;
pub mod membership;
pub mod meter;
pub mod metering;
pub mod opening;
pub mod qkd;
pub mod queries;
pub mod readable;
pub mod reading_file;
mod reads;
pub mod registry;
pub mod reputation;
pub mod session;
pub mod settlement;
mod shapes;
pub mod share;
pub mod terms;
pub mod text;
pub mod told;
pub mod validators;

pub use chain::{At, Chain, Endpoint, H256, Head};
pub use error::{Error, Refusal};
