//! A quantum key distribution service: from photon to delivered key.

pub mod kme;
pub mod link;
