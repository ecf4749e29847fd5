//! The binary `qkms`.
fn main() {}
