//! Which block a challenge picks.

use sha2::{Digest, Sha256};

use crate::records::{Ending, Hash, Record, Signed};

/// A value that nobody knew while the epoch's records were signed.
pub type Challenge = [u8; 32];

/// The place, below `among`, that a challenge picks in an epoch of that root; none of none.
///
/// It is the first 128 bits of SHA-256 of `qkms/audit/pick/1`, root, epoch and challenge, as a number,
/// modulo `among`. For a uniform challenge each of n places has a chance within 2^-128 of 1/n, if
/// SHA-256 is taken as random. Whoever may choose among k challenges has a chance of at most k/n to
/// spare a place.
pub fn pick(challenge: &Challenge, root: &Hash, epoch: u64, among: u64) -> Option<u64> {
    let hash = Sha256::new_with_prefix(b"qkms/audit/pick/1")
        .chain_update(root)
        .chain_update(epoch.to_le_bytes())
        .chain_update(challenge)
        .finalize();
    let number = u128::from_be_bytes(*hash.first_chunk::<16>()?);
    u64::try_from(number.checked_rem(u128::from(among))?).ok()
}

/// The record that a challenge picks among those of an epoch: one of the blocks that gave a key. None
/// if no block did.
pub fn picked<'r>(challenge: &Challenge, root: &Hash, records: &'r [Signed]) -> Option<&'r Record> {
    let epoch = records.first()?.record.epoch;
    let keyed = || records.iter().filter(|signed| signed.record.ending == Ending::Key);
    let place = pick(challenge, root, epoch, keyed().count() as u64)?;
    keyed().nth(usize::try_from(place).ok()?).map(|signed| &signed.record)
}
