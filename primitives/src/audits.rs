//! Audits on the chain: what is said of a link's records, which block a value of the beacon picks, and what
//! was found in it.
//!
//! A key service makes a record of each block, signed by both ends, and a Merkle root over each
//! [`EPOCH_RECORDS`] of them: an *audit epoch* of that link, numbered by the service from 0. It has nothing to
//! do with an epoch of the beacon, which is a time of the chain's. The two meet twice: a root is fixed on
//! the chain when reveals of an epoch of the beacon open, and the value of that epoch picks the block to be
//! opened.
//!
//! All hashes are SHA-256, so that whoever reads the chain can compute them again.

use crate::{
    BeaconSource, EpochIndex,
    qkd::{LinkId, SiteId},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{ConstU32, H256, bounded::BoundedVec};

mod news;
mod refusal;

pub use news::{AUDITS_PATH, AuditNews, Haste, LinkNews, PickNews};
pub use refusal::AuditRefusal;

/// Records of an audit epoch.
pub const EPOCH_RECORDS: u8 = 64;

/// The most links that are audited: those of the market.
pub const MAX_AUDITED_LINKS: u32 = crate::keys::MAX_MARKET_LINKS;

/// The most audit epochs of a link that are under way: one whose block is opened, and one whose root is
/// posted meanwhile.
pub const MAX_ROUNDS: u32 = 2;

/// The most owners of one end of a link who post its root.
pub const MAX_VOICES: u32 = 16;

/// The most verdicts that an account brings at once.
pub const MAX_VERDICTS: u32 = MAX_AUDITED_LINKS.saturating_mul(MAX_ROUNDS);

/// For how many further openings of reveals a round waits for who has not posted yet.
pub const POST_WITHIN: EpochIndex = 2;

/// For how many epochs of the beacon after the one whose value picked verdicts are taken. A service that has
/// not opened the block by then has failed.
pub const OPEN_WITHIN: EpochIndex = 2;

/// So many audits in a row that pass wipe what a link was charged with before.
pub const CLEAN_PASSES: u8 = 8;

/// After so many failures no further one makes a link wait longer.
pub const MAX_STRIKES: u8 = 4;

/// What sets picks apart from all other hashes. The key service uses the same.
const PICK: [u8; 17] = *b"qkms/audit/pick/1";

/// What sets a worker's signature for audits apart from all others.
const WORK: [u8; 20] = *b"qedex/qkd/audits/v1 ";

/// Bytes of what a pick is made from.
pub const PICKING_BYTES: usize = 89;

/// An audit epoch of a link: its number at the key service.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct AuditEpoch(pub u64);

/// The bytes whose SHA-256 [picks](place) a block of an audit epoch with this root: a context of 17 bytes, the
/// root, the epoch in eight bytes, little-endian, and the challenge, which is a value of the beacon. The
/// key service computes the same.
pub fn picking(root: H256, epoch: AuditEpoch, challenge: H256) -> [u8; PICKING_BYTES] {
    let mut bytes = [0; PICKING_BYTES];
    let epoch = epoch.0.to_le_bytes();
    let parts = [&PICK[..], root.as_bytes(), &epoch, challenge.as_bytes()];
    bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    bytes
}

/// Which of `keyed` blocks that hash picks, counted from 0: its first 128 bits, big-endian, modulo `keyed`.
/// None of none. Of a uniform hash each has a chance within 2^-128 of 1 / `keyed`.
pub fn place(hash: &[u8; 32], keyed: u8) -> Option<u8> {
    let number = u128::from_be_bytes(*hash.first_chunk::<16>()?);
    u8::try_from(number.checked_rem(u128::from(keyed))?).ok()
}

/// What is said of an audit epoch of a link.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Statement {
    /// Which epoch.
    pub epoch: AuditEpoch,
    /// The Merkle root of its records, signed by both ends.
    pub root: H256,
    /// How many of its blocks gave a key, at most [`EPOCH_RECORDS`]: one of so many is picked.
    pub keyed: u8,
}

/// What an account says of a link's records.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct RootPost {
    /// Of which link. At which of its ends, the account's enrolment says.
    pub link: LinkId,
    /// What.
    pub says: Statement,
}

/// What an audit found wrong first. The agent knows more and logs it; here is its kind.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum AuditFault {
    /// What the key service calls the file is none, or was cut or altered.
    #[codec(index = 0)]
    File,
    /// It is of another link, or signed by other keys than the link's.
    #[codec(index = 1)]
    Keys,
    /// Its records are not 64 in their chain, signed by both ends.
    #[codec(index = 2)]
    Records,
    /// They have another root than was fixed.
    #[codec(index = 3)]
    Root,
    /// It answers another challenge than the value of the beacon.
    #[codec(index = 4)]
    Challenge,
    /// It opens another block than the one that is picked.
    #[codec(index = 5)]
    OtherBlock,
    /// The ends allowed themselves more than the defaults do.
    #[codec(index = 6)]
    Terms,
    /// A seed served for two blocks.
    #[codec(index = 7)]
    Seed,
    /// A raw string is not the one that was signed for, or cannot be read.
    #[codec(index = 8)]
    Raw,
    /// A raw string fails a health test, or the record says otherwise of it.
    #[codec(index = 9)]
    Health,
    /// The messages are not the ones that were signed for, or not those that the raw strings give.
    #[codec(index = 10)]
    Messages,
    /// A number of the record is not what the raw strings give.
    #[codec(index = 11)]
    Count,
    /// The raw strings give no key, or another one.
    #[codec(index = 12)]
    Key,
    /// A key that was delivered is part of the block.
    #[codec(index = 13)]
    Delivered,
    /// The key service says itself that it could not open the block, or it is not audited any more.
    #[codec(index = 14)]
    GivenUp,
}

/// How an audit ended, by one account's word.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum AuditOutcome {
    /// The opened block was processed again, and everything is as it should be.
    Passed,
    /// Something is not.
    Failed(AuditFault),
    /// The key service has not opened the block. Taken in the last epoch of the beacon in which verdicts are.
    NotOpened,
}

/// What an account found in a block that was picked.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct VerdictPost {
    /// Of which link.
    pub link: LinkId,
    /// Of which audit epoch.
    pub epoch: AuditEpoch,
    /// Which of the blocks that gave a key had to be opened, counted from 0; none if none gave one.
    pub place: Option<u8>,
    /// What was found.
    pub outcome: AuditOutcome,
}

/// What the worker of an account brings for audits.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct AuditWork {
    /// Roots of epochs that are whole.
    pub roots: BoundedVec<RootPost, ConstU32<MAX_AUDITED_LINKS>>,
    /// Verdicts on blocks that were picked.
    pub verdicts: BoundedVec<VerdictPost, ConstU32<MAX_VERDICTS>>,
}

impl AuditWork {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.verdicts.is_empty()
    }

    /// How many things it says.
    pub fn count(&self) -> u32 {
        let count = self.roots.len().saturating_add(self.verdicts.len());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The bytes that the worker of `account` signs in `epoch` of the beacon, on the chain that began with
    /// `genesis`: a context of 20 bytes, the genesis hash, the account, the epoch, and the work, all in SCALE.
    pub fn signing_bytes(&self, genesis: H256, account: &[u8; 32], epoch: EpochIndex) -> Vec<u8> {
        (WORK, genesis, account, epoch, self).encode()
    }
}

/// By what a block was picked, and which.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Pick {
    /// The epoch of the beacon.
    pub beacon: EpochIndex,
    /// Its value: the challenge for the key service.
    pub value: H256,
    /// Where it comes from.
    pub source: BeaconSource,
    /// Which of the blocks that gave a key, counted from 0; none if none gave one.
    pub place: Option<u8>,
}

/// Why an audit epoch of a link is a failure.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum AuditFailure {
    /// The two ends do not stand for the same root: more than half of the owners at each would have to.
    RootsDiffer,
    /// One end has posted no root, and the other one has.
    NotPosted(SiteId),
    /// More than half of the owners say that the audit failed. The outcome that most of them name.
    Found(AuditOutcome),
    /// Without those who have said nothing there is no majority for the link.
    Unheard,
}

/// That a link is closed by its audits.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Closure {
    /// Why, by the latest failure.
    pub why: AuditFailure,
    /// Which audit epoch failed; none where the ends did not name the same one.
    pub epoch: Option<AuditEpoch>,
    /// The epoch of the beacon in which it was closed.
    pub since: EpochIndex,
    /// How many audits in a row have to pass for it to open again.
    pub needed: u8,
}

/// Where an audit epoch of a link stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RoundView {
    /// What was fixed; nothing while roots are posted.
    pub fixed: Option<Statement>,
    /// How many owners have posted, at each end.
    pub posts: [u32; 2],
    /// Which block was picked, once one is.
    pub pick: Option<Pick>,
    /// How many say that it passed, and how many that it failed or was not opened.
    pub verdicts: [u32; 2],
}

/// Where the audits of a link stand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct LinkAudits {
    /// The latest audit epoch whose root was fixed.
    pub last: Option<AuditEpoch>,
    /// Audits that passed in a row.
    pub passes: u8,
    /// Why none of its keys counts, if none does.
    pub closed: Option<Closure>,
    /// What is under way, the older first.
    pub rounds: Vec<RoundView>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_crypto_hashing::sha2_256;

    const GOLDEN_HASH: [u8; 16] = 0xafa62a3c04c8ea16cad841f973e55b8f_u128.to_be_bytes();
    const GOLDEN_PLACES: [(u8, u8); 4] = [(1, 0), (2, 1), (63, 11), (64, 15)];

    /// Computed once with Python's hashlib: the key service's tests of the agent hold the same function
    /// against its own.
    #[test]
    fn a_pick_is_the_first_128_bits_modulo_the_blocks() {
        let (root, challenge) = (H256::repeat_byte(0x11), H256::repeat_byte(0x22));
        let hash = sha2_256(&picking(root, AuditEpoch(7), challenge));
        assert_eq!(hash[..16], GOLDEN_HASH);
        for (keyed, place_of_so_many) in GOLDEN_PLACES {
            assert_eq!(place(&hash, keyed), Some(place_of_so_many));
        }
        assert_eq!(place(&hash, 0), None);
    }
}
