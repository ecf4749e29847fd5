//! What an installer asks to be changed of a meter, and who has to agree.

use crate::{MeterId, MeterKey, MeterKind, MeterRatings, Moment, OwnerId, Person};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;

// The host hashes for the runtime.
#[cfg(not(feature = "frame"))]
use sp_crypto_hashing::blake2_256;
#[cfg(feature = "frame")]
use sp_io::hashing::blake2_256;

/// What sets changes apart from everything else that is hashed.
pub const CHANGE_CONTEXT: [u8; 15] = *b"qedex/change/v1";

/// A pending change. Numbers are never used again.
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
    Serialize,
    Deserialize,
)]
pub struct ChangeId(pub u32);

/// What is to be changed.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Change<AccountId> {
    /// A meter comes into service under the next free number.
    Register {
        /// Who will answer for it; it measures the energy of this account's owner.
        account: AccountId,
        /// Its key.
        key: MeterKey,
        /// Where it sits.
        kind: MeterKind,
        /// The most that it can read in one slot.
        ratings: MeterRatings,
    },
    /// A meter signs with another key.
    RotateKey {
        /// Which.
        meter: MeterId,
        /// The key.
        key: MeterKey,
    },
    /// A meter measures the energy of somebody else.
    Transfer {
        /// Which.
        meter: MeterId,
        /// Who will answer for it.
        account: AccountId,
    },
    /// A meter can read other amounts.
    Rate {
        /// Which.
        meter: MeterId,
        /// The most that it can read in one slot.
        ratings: MeterRatings,
    },
    /// A meter leaves service for good.
    Decommission {
        /// Which.
        meter: MeterId,
    },
}

impl<AccountId> Change<AccountId> {
    /// The meter that is changed; none where one is registered.
    pub const fn meter(&self) -> Option<MeterId> {
        match self {
            Self::Register { .. } => None,
            Self::RotateKey { meter, .. }
            | Self::Transfer { meter, .. }
            | Self::Rate { meter, .. }
            | Self::Decommission { meter } => Some(*meter),
        }
    }
}

impl<AccountId: Encode> Change<AccountId> {
    /// What is confirmed: `blake2_256` of the SCALE encoding of ([`CHANGE_CONTEXT`], genesis hash,
    /// number, change).
    pub fn hash(&self, genesis: H256, id: ChangeId) -> H256 {
        blake2_256(&(CHANGE_CONTEXT, genesis, id, self).encode()).into()
    }
}

/// Whose word a change needs.
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
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The owner of the meter, or who will be that of a new one.
    Owner,
    /// The owner to whom it is transferred.
    NewOwner,
    /// An installer who is independent of the first one and of the owners.
    SecondInstaller,
}

impl Party {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Owner, Self::NewOwner, Self::SecondInstaller];
}

/// A change that waits for its confirmations. It reserves nothing.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PendingChange<AccountId> {
    /// What is to be changed.
    pub change: Change<AccountId>,
    /// What is confirmed.
    pub hash: H256,
    /// The installer who filed it.
    pub filed_by: Person<AccountId>,
    /// When it was filed, in milliseconds since the Unix epoch.
    pub filed_at: Moment,
    /// From when on nobody can confirm it any more.
    pub expires: Moment,
    /// The meter's owner when it was filed, or who will be that of a new one.
    pub owner: OwnerId,
    /// To whom it is transferred, if that is another owner.
    pub new_owner: Option<OwnerId>,
    /// By which account the owner has confirmed it.
    pub by_owner: Option<AccountId>,
    /// By which account the new owner has.
    pub by_new_owner: Option<AccountId>,
    /// The second installer, once it has confirmed it.
    pub second: Option<Person<AccountId>>,
    /// For whom the council stands, if it has confirmed it.
    pub council: Option<Party>,
}

impl<AccountId> PendingChange<AccountId> {
    /// Whether it lacks the word of `party`, and needs it.
    pub fn awaits(&self, party: Party) -> bool {
        let has_spoken = match party {
            Party::Owner => self.by_owner.is_some(),
            Party::NewOwner => self.new_owner.is_none() || self.by_new_owner.is_some(),
            Party::SecondInstaller => self.second.is_some(),
        };
        !has_spoken && self.council != Some(party)
    }

    /// Whether nobody's word is lacking.
    pub fn is_complete(&self) -> bool {
        !Party::ALL.into_iter().any(|party| self.awaits(party))
    }

    /// As which owner `owner` is concerned, if it is.
    pub fn concerns(&self, owner: &OwnerId) -> Option<Party> {
        if self.owner == *owner {
            Some(Party::Owner)
        } else {
            (self.new_owner.as_ref() == Some(owner)).then_some(Party::NewOwner)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wh;

    /// The documented encoding, byte by byte.
    #[test]
    fn a_hash_is_of_the_documented_bytes() {
        let ratings = MeterRatings { out: Wh(5), into: Wh(6) };
        let change = Change::<u64>::Rate { meter: MeterId(7), ratings };
        let mut bytes = b"qedex/change/v1".to_vec();
        bytes.extend([1; 32]);
        bytes.extend(9u32.to_le_bytes());
        bytes.push(3);
        bytes.extend(7u32.to_le_bytes());
        bytes.extend(5u64.to_le_bytes());
        bytes.extend(6u64.to_le_bytes());
        assert_eq!(change.hash(H256::repeat_byte(1), ChangeId(9)), H256(blake2_256(&bytes)));
    }

    #[test]
    fn a_hash_binds_chain_number_and_change() {
        let change = |meter| Change::<u64>::Decommission { meter: MeterId(meter) };
        let hash =
            |genesis, id, meter| change(meter).hash(H256::repeat_byte(genesis), ChangeId(id));
        let all = [hash(1, 2, 3), hash(9, 2, 3), hash(1, 9, 3), hash(1, 2, 9)];
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| other != one));
        }
    }
}
