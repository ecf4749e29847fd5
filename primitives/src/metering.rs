//! Meters and what they sign.

use crate::{Moment, Person, SlotIndex, Wh};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_math::score::net_export;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, H256, bounded::BoundedVec, ed25519, sr25519};

#[cfg(not(feature = "frame"))]
use native::{ed25519_verify, sr25519_verify};
// The host verifies for the runtime.
#[cfg(feature = "frame")]
use sp_io::crypto::{ed25519_verify, sr25519_verify};

/// What the host does for the runtime, done in place.
#[cfg(not(feature = "frame"))]
mod native {
    use sp_core::{Pair, ed25519, sr25519};

    pub fn sr25519_verify(
        signature: &sr25519::Signature,
        message: &[u8],
        public: &sr25519::Public,
    ) -> bool {
        sr25519::Pair::verify(signature, message, public)
    }

    pub fn ed25519_verify(
        signature: &ed25519::Signature,
        message: &[u8],
        public: &ed25519::Public,
    ) -> bool {
        ed25519::Pair::verify(signature, message, public)
    }
}

/// A registered meter.
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
pub struct MeterId(pub u32);

/// The public key by which a meter's readings are checked.
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
pub enum MeterKey {
    /// Schnorr over Ristretto, signing context `substrate`.
    Sr25519(sr25519::Public),
    /// EdDSA over Curve25519.
    Ed25519(ed25519::Public),
}

impl MeterKey {
    /// Whether the key is of small order, such as 32 zeros, so that everybody can sign with it.
    pub fn is_weak(&self) -> bool {
        // With the neutral element as its first half and zero as its second, a signature holds for
        // the keys of small order alone, whatever the message. Sr25519 marks its signatures by the
        // highest bit.
        let mut forged = [0_u8; 64];
        let forged = match self {
            Self::Sr25519(_) => {
                forged[63] = 0x80;
                MeterSignature::Sr25519(forged.into())
            }
            Self::Ed25519(_) => {
                forged[0] = 1;
                MeterSignature::Ed25519(forged.into())
            }
        };
        forged.verify(b"any", self)
    }
}

/// A meter's signature.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum MeterSignature {
    /// By an sr25519 key.
    Sr25519(sr25519::Signature),
    /// By an ed25519 key.
    Ed25519(ed25519::Signature),
}

impl MeterSignature {
    /// Whether this is `key`'s signature over `message`.
    pub fn verify(&self, message: &[u8], key: &MeterKey) -> bool {
        match (self, key) {
            (Self::Sr25519(signature), MeterKey::Sr25519(public)) => {
                sr25519_verify(signature, message, public)
            }
            (Self::Ed25519(signature), MeterKey::Ed25519(public)) => {
                ed25519_verify(signature, message, public)
            }
            _ => false,
        }
    }
}

/// What a meter signs: the SCALE encoding of `(READING_CONTEXT, genesis hash, payload)`.
pub const READING_CONTEXT: [u8; 16] = *b"qedex/reading/v1";

/// What flowed through one meter in one delivery slot.
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
pub struct ReadingPayload {
    /// The meter.
    pub meter: MeterId,
    /// The delivery slot.
    pub slot: SlotIndex,
    /// Energy generated in the slot.
    pub generated: Wh,
    /// Energy consumed in the slot.
    pub consumed: Wh,
}

impl ReadingPayload {
    /// The bytes that the meter signs: bound to this purpose and to this chain.
    pub fn signing_bytes(&self, genesis: H256) -> Vec<u8> {
        (READING_CONTEXT, genesis, self).encode()
    }
}

/// A reading with the meter's signature over
/// [`signing_bytes`](ReadingPayload::signing_bytes).
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SignedReading {
    /// What the meter says.
    pub payload: ReadingPayload,
    /// Its signature.
    pub signature: MeterSignature,
}

/// The most readings of one bill, and the most connections of one owner.
pub const MAX_BILL_READINGS: u32 = 8;

/// A seller's bill of one slot: one signed reading of each connection of its owner.
pub type Bill = BoundedVec<SignedReading, ConstU32<MAX_BILL_READINGS>>;

/// Why a bill does not prove anything.
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
pub enum BillError {
    /// It has not exactly one reading of each connection that the owner had in the slot.
    WrongMeters,
    /// A reading is of another slot.
    WrongSlot,
    /// A value is over what the meter is rated for.
    OverCapacity,
    /// No signature is the meter's over its reading on this chain.
    BadSignature,
}

/// What flowed in one slot, through one meter or through several.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub struct Flow {
    /// Energy generated.
    pub generated: Wh,
    /// Energy consumed.
    pub consumed: Wh,
}

impl Flow {
    /// Generation less consumption, never below zero.
    pub const fn surplus(&self) -> Wh {
        net_export(self.generated, self.consumed)
    }
}

/// What several connections say of one slot together.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub struct Totals {
    /// Energy generated.
    pub generated: Wh,
    /// Energy consumed.
    pub consumed: Wh,
    /// Generation less consumption of each connection, never below zero, summed up: own demand is
    /// served at its own connection, and at no other.
    pub surplus: Wh,
    /// How many connections have a reading.
    pub readings: u32,
}

impl Totals {
    /// These totals with one more reading.
    #[must_use]
    pub const fn with(self, reading: &Flow) -> Self {
        Self {
            generated: self.generated.saturating_add(reading.generated),
            consumed: self.consumed.saturating_add(reading.consumed),
            surplus: self.surplus.saturating_add(reading.surplus()),
            readings: self.readings.saturating_add(1),
        }
    }

    /// Generation less consumption of all of them together, never below zero: own demand is served at
    /// whichever of them.
    pub const fn netted(&self) -> Wh {
        net_export(self.generated, self.consumed)
    }

    /// These totals and those of others.
    #[must_use]
    pub const fn and(self, others: &Self) -> Self {
        Self {
            generated: self.generated.saturating_add(others.generated),
            consumed: self.consumed.saturating_add(others.consumed),
            surplus: self.surplus.saturating_add(others.surplus),
            readings: self.readings.saturating_add(others.readings),
        }
    }
}

/// What an installer says that a meter should have read. Nothing is settled, scored, summed up or
/// banded by it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Correction<AccountId> {
    /// What flowed, as the installer has it.
    pub flow: Flow,
    /// Who says so.
    pub by: Person<AccountId>,
    /// When it said so, in milliseconds since the Unix epoch.
    pub at: Moment,
}

/// What the chain holds of a meter and a slot, as clients are told of it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct MeterReading<AccountId> {
    /// Of which slot.
    pub slot: SlotIndex,
    /// What the meter signed, if its reading is on chain.
    pub flow: Option<Flow>,
    /// What installers say beside it, in the order in which they said so.
    pub corrections: Vec<Correction<AccountId>>,
}

/// The peak-to-average ratio of a day.
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
pub struct DayPar {
    /// Maximum over mean of the demand of the closed slots, in parts per million, rounded down; an
    /// unknown demand counts as zero. `None` where all are zero.
    pub ppm: Option<u64>,
    /// How many slots of the day are closed, at most 96.
    pub slots: u32,
    /// How many of them have a demand that is known.
    pub metered: u32,
}

/// Why a reading does not count.
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
pub enum ReadingError {
    /// There is no meter of this number.
    UnknownMeter,
    /// The meter was not active yet in this slot.
    MeterNotActive,
    /// The slot does not take readings now.
    NotInReadingWindow,
    /// A value is over what the meter is rated for.
    OverRating,
    /// The meter has a reading of this slot already.
    AlreadyRead,
    /// The signature is not the one of the meter's key of that slot over this reading on this
    /// chain.
    BadSignature,
    /// The meter was decommissioned before this slot.
    Decommissioned,
}
