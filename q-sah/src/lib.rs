//! Q-SAH: how two ends of Q-EnergyDEX open a session under keys of a QKD service, and what they say
//! in it.
//!
//! # Rules
//!
//! 1. **Fresh keys.** A session takes keys that nothing else uses: one of 256 bits ([`Suite::Hmac`]), or
//!    four ([`Suite::OneTime`]). The caller draws them, by the names that message 1 carries. No key is
//!    used twice, and each is wiped as soon as what follows from it is computed.
//! 2. **Three messages.** A opens, B answers, A confirms.
//!
//!    - S = HKDF-Extract(SHA-256("qsah/1", genesis, A, B, SAE_A, SAE_B, kid), K); kA and kB by
//!      HKDF-Expand.
//!    - 1\. A to B: T1 = version, suite, A, B, kid, number, nA; MAC(kA, "1", T1)
//!    - 2\. B to A: T2 = nB, c = SHA-256(MAC3); MAC(kB, "2", hash(T1, T2))
//!    - 3\. A to B: MAC3 = MAC(kA, "3", hash(T1, nB))
//! 3. **Roles.** Each direction has a key of its own, each message a label, and accounts and SAEs stand
//!    in the salt: a message that is reflected, spliced or moved to another place, pair or chain fails.
//! 4. **Numbers rise.** Each session that A opens has a higher number than all before it. B keeps the
//!    highest one ([`Numbers`]): an old message 1 is refused for ever.
//! 5. **Retries change nothing.** The same message 1 gets the same message 2, and neither costs a
//!    second key. Each state can be stored between any two steps (`to_secret_bytes`).
//! 6. **A refusal changes nothing** and gives back what was handed in ([`Refused`]): a forged message
//!    costs neither a key nor a session.
//! 7. **The chain checks without keys** that both ends computed the same ([`check_confirmation`]).
//!    Nothing on chain counts because of a MAC.
//! 8. **Frames** ([`Session`]) are sealed one after the other, each direction for itself: no gap and no
//!    repetition, a new key each [`FRAMES_A_KEY`] frames, and an end after [`MAX_FRAMES`].
//! 9. **Letters** ([`seal_letter`], [`Letter`]) are one text under one fresh key, bound to both ends and
//!    to purpose, slot and trade.
//!
//! In the one-time suite nothing is derived and nothing is hashed before it is authenticated: each MAC is
//! Poly1305 over its label, the ends and the whole texts, under the key of its message. What stays
//! computational there are c and the traffic, whose secrets follow from the fourth key.
//!
//! This crate has no I/O, no clock and no generator of random numbers: nonces are the caller's. Which
//! key service is asked, and whether an SAE has expired, is the caller's and the chain's. Who has to be
//! trusted with what, the layouts by byte, and the bounds on forgery are in `docs/q-sah.md`.
//!
//! # Example
//!
//! ```
//! use q_sah::*;
//! use zeroize::Zeroizing;
//!
//! # fn main() -> Result<(), Error> {
//! let meter = End { account: AccountId([1; 32]), sae: SaeId::new("meter-1")? };
//! let broker = End { account: AccountId([2; 32]), sae: SaeId::new("broker")? };
//! let ends = Ends::new(GenesisHash([9; 32]), meter, broker)?;
//! // Each end draws the key by itself.
//! let key = || Keys::hmac(Key::new(KeyId([3; 16]), Zeroizing::new(vec![4; 32])));
//!
//! let a = Initiator::open(ends.clone(), key()?, Number(1), Nonce([5; 32]))?;
//!
//! let mut numbers = Numbers::of(ends.from().account);
//! assert_eq!(numbers.judge(&Message1::parse(a.message1())?), Ok(Verdict::New));
//! let b = Responder::answer(ends, a.message1(), key()?, Nonce([6; 32]), &mut numbers)?;
//!
//! let a = a.confirm(b.message2())?;
//! let c = Message2::parse(Suite::Hmac, b.message2())?.confirmation;
//! assert!(check_confirmation(&c, a.message3()));
//!
//! let mut b = b.finish(a.message3())?;
//! let mut a = a.into_session();
//! assert_eq!(*b.open(&a.seal(b"1200 Wh")?)?, b"1200 Wh");
//! # Ok(())
//! # }
//! ```

#![no_std]

extern crate alloc;

mod bytes;
mod ends;
mod error;
mod hash;
mod initiator;
mod key;
mod letter;
mod message;
mod numbers;
mod responder;
mod schedule;
mod session;
mod stored;

pub use ends::{AccountId, End, Ends, GenesisHash, MAX_SAE_BYTES, SaeId};
pub use error::{Error, Refused};
pub use initiator::{Confirmed, Initiator, Opened};
pub use key::{KEY_BYTES, Key, KeyId, Keys, ONE_TIME_KEYS, Suite};
pub use letter::{About, LETTER_OVERHEAD_BYTES, Letter, Purpose, Seal, Slot, Trade, seal_letter};
pub use message::{Message1, Message2, Nonce, Number, VERSION, check_confirmation};
pub use numbers::{Numbers, Verdict};
pub use responder::Responder;
pub use session::{
    FRAME_OVERHEAD_BYTES, FRAMES_A_KEY, MAX_FRAMES, MAX_TEXT_BYTES, RECEIPT_BYTES, Session,
};
