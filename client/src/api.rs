//! The runtime's calls, events and storage as types, generated from the metadata of the
//! runtime in this repository. A test compares the two.

#![allow(missing_docs, clippy::all, clippy::pedantic)]

/// Generated from `metadata/qedex.scale`.
#[subxt::subxt(runtime_metadata_path = "metadata/qedex.scale")]
pub mod qedex {}

pub use qedex::*;
