//! The commands of `qkms`: options and output; the work is the library's.

pub mod agent;
pub mod audit;
pub mod demo;
pub mod pki;
pub mod plan;
pub mod records;
pub mod relay_key;
pub mod serve;
