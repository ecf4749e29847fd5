//! One key management entity.

pub mod service;
