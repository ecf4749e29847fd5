//! A quantum key distribution service: from photon to delivered key.

pub mod agent;
pub mod audit;
pub mod bits;
pub mod client;
pub mod config;
pub mod control;
pub mod demo;
pub mod deployment;
pub mod distil;
pub mod etsi014;
pub mod health;
pub mod kme;
pub mod link;
pub mod metrics;
pub mod operation;
pub mod pki;
pub mod pool;
pub mod process;
pub mod records;
pub mod relay;
pub mod tls;
