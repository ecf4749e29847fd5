//! The entropy beacon: a random value per epoch, of what owners commit to and then reveal.
//!
//! It is part of this pallet and not one of its own, because it lives on what stands here: who draws keys,
//! with which key its worker signs, and the worker itself. A worker brings one transaction for each half of
//! an epoch, with all that it has to say once in it: in a pallet apart that transaction would have to be two,
//! or the call of one pallet be made by another.
//!
//! ## Rules
//!
//! 1. An *epoch* takes [`Config::EpochLength`], at most two delivery slots. It ends at a multiple of its
//!    length since the Unix epoch. In its first half commitments are taken, in its second half reveals. Halves
//!    and epochs end with the first block whose parent's time has come to that, at most one a block. Where the
//!    chain stood still, reveals still have half a length of time.
//! 2. *An account commits* if it has accepted an SAE that has not expired, has a worker's key and an owner,
//!    is not shut, and its owner is not barred. *An owner commits once*, by whichever account, and at most
//!    [`MAX_REVEALERS`] owners do.
//! 3. *It reveals* what it had committed to. Nothing else is asked then: whoever loses its SAE between both
//!    halves can still reveal.
//! 4. *The value* is a hash over chain, value before, epoch, and what was revealed, in the order of accounts.
//!    If fewer than [`MIN_OWNERS`] owners revealed, there is none from keys, and [`Config::Fallback`] takes
//!    its place. What is said of a value says [which](qedex_primitives::BeaconSource) it is.
//! 5. *A withheld reveal* is one miss of its owner ([`Config::Misses`]), and bars it from the next
//!    [`Config::BarredEpochs`] epochs, if the second half spanned f + 1 authors ([`Config::Authors`]) in blocks
//!    behind the one with which reveals opened: a worker sees that block first. If it did not, it may be that
//!    those who wrote the blocks left the reveal out, and nobody is to blame.
//! 6. Values, and who took part, are kept for [`Config::KeptEpochs`] epochs.
//! 7. Workers bring both as they bring the steps of sessions: by general transactions that cost nothing, one
//!    of each for an account and epoch, refused for every reason of
//!    [`EpochRefusal`](qedex_primitives::beacon::EpochRefusal), and only then for the signature.
//!
//! What w owners in league can do, who may know a value how long before others, and what is not proven, is said
//! in `docs/beacon.md`.
//!
//! [`Config::Authors`]: crate::Config::Authors
//! [`Config::BarredEpochs`]: crate::Config::BarredEpochs
//! [`Config::EpochLength`]: crate::Config::EpochLength
//! [`Config::Fallback`]: crate::Config::Fallback
//! [`Config::KeptEpochs`]: crate::Config::KeptEpochs
//! [`Config::Misses`]: crate::Config::Misses

mod epochs;
pub(crate) mod storage;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod values;
mod work;

pub use qedex_primitives::beacon::{MAX_REVEALERS, MIN_OWNERS};
