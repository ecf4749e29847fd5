//! Q-SAH a second time: slow, plain, with nothing of the crate's in it, and of others' nothing but
//! SHA-256 and big integers.

pub mod cipher;
pub mod hash;
pub mod protocol;
