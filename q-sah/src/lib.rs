//! Q-SAH: how two ends of Q-EnergyDEX open a session under keys of a QKD service, and what they say
//! in it.

#![no_std]

extern crate alloc;

mod bytes;
mod ends;
mod error;
mod hash;
mod key;
mod letter;
mod message;
mod numbers;
mod schedule;
mod session;
mod stored;

pub use ends::{AccountId, End, Ends, GenesisHash, MAX_SAE_BYTES, SaeId};
pub use error::{Error, Refused};
pub use key::{KEY_BYTES, Key, KeyId, Keys, ONE_TIME_KEYS, Suite};
pub use letter::{About, LETTER_OVERHEAD_BYTES, Letter, Purpose, Seal, Slot, Trade, seal_letter};
pub use message::{Message1, Message2, Nonce, Number, VERSION, check_confirmation};
pub use numbers::{Numbers, Verdict};
pub use session::{FRAME_OVERHEAD_BYTES, FRAMES_A_KEY, MAX_FRAMES, MAX_TEXT_BYTES, Session};
