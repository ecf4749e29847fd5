//! What one end keeps of a block until its epoch is picked.

use codec::{Decode, Encode};
use zeroize::Zeroize;

/// What one end needs to open a block. Secret, and wiped on drop, until the block is picked.
#[derive(Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Opening {
    /// Its raw string: [Alice's log](crate::link::AliceBlock::encode), or
    /// [Bob's clicks](crate::link::BobBlock::encode).
    pub raw: Vec<u8>,
    /// All classical messages, each after its header; see
    /// [`into_messages`](crate::distil::Channel::into_messages). Only Alice's end keeps them.
    pub messages: Vec<u8>,
    /// The block's key, packed.
    pub key: Vec<u8>,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.raw.zeroize();
        self.key.zeroize();
    }
}

impl core::fmt::Debug for Opening {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opening").finish_non_exhaustive()
    }
}
