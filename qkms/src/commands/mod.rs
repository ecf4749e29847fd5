//! The commands of `qkms`: options and output; the work is the library's.

pub mod plan;
