//! What a record says.

use codec::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::Hash;
use crate::{
    distil::{Accounts, Limits, Params},
    health::Health,
    link::{Epsilons, OperatingPoint},
};

/// A block as both ends saw it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Record {
    /// [`VERSION`](super::VERSION).
    pub version: u8,
    /// The KME at the transmitter.
    pub alice: String,
    /// The KME at the receiver.
    pub bob: String,
    /// Its number among the link's records, from 0.
    pub sequence: u64,
    /// Its epoch: `sequence` over [`EPOCH`](super::EPOCH).
    pub epoch: u64,
    /// The hash of the record before.
    pub previous: Hash,
    /// The block's number. Numbers rise, but a block that was not finished has no record.
    pub block: u64,
    /// What became of it.
    pub ending: Ending,
    /// Counts and cost, the same at both ends.
    pub account: Account,
    /// SHA-256 of all classical messages of the block.
    pub transcript: Hash,
    /// What Alice's end alone knew.
    pub at_alice: Testimony,
    /// What Bob's end alone knew.
    pub at_bob: Testimony,
}

impl Record {
    /// Its hash: what the next record names.
    pub fn hash(&self) -> Hash {
        let hash = Sha256::new_with_prefix(b"qkms/record/1").chain_update(self.encode());
        hash.finalize().into()
    }
}

/// What became of a block.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Ending {
    /// Both ends have the same key, as long as the account says.
    Key,
    /// There is none; the fixed word says why.
    Discarded(String),
}

/// Counts and cost of a block. Numbers with a fraction are the bits of an IEEE 754 double, so that a
/// record has one encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Account {
    /// Pulses sent.
    pub pulses: u64,
    /// Clicks at Bob, whatever the bases.
    pub detections: u64,
    /// Sifted detections in X by intensity.
    pub n_x: [u64; 3],
    /// Sifted detections in Z by intensity.
    pub n_z: [u64; 3],
    /// Errors in Z by intensity.
    pub m_z: [u64; 3],
    /// Errors in X by intensity; none if it did not come to their correction.
    pub m_x: Option<[u64; 3]>,
    /// Parities that Alice told.
    pub parities: u64,
    /// Bits of the verification tag.
    pub verification_bits: u32,
    /// Bits reckoned as told, see [`Accounts::leak`].
    pub leak: u64,
    /// Bits of key that tags took.
    pub tag_bits: u64,
    /// Bits of the key; 0 if there is none.
    pub length: u64,
    /// The seeds, see [`Accounts::seeds`]: none serves for two blocks.
    pub seeds: [Hash; 3],
    /// The largest QBER that gives a key, a double.
    pub qber_limit: u64,
    /// The largest bound on the phase error rate that gives one, a double.
    pub phase_limit: u64,
    /// The failure probability of secrecy, a double.
    pub secrecy: u64,
    /// That of correctness, a double.
    pub correctness: u64,
    /// q_x, the probability of basis X, a double.
    pub q_x: u64,
    /// The probability of each intensity, doubles.
    pub probabilities: [u64; 3],
    /// Mean photons of each intensity, doubles.
    pub intensities: [u64; 3],
}

impl Account {
    /// The books of a block that was made by `params`.
    pub fn new(accounts: &Accounts, params: &Params) -> Self {
        let counts = &accounts.counts;
        Self {
            pulses: accounts.pulses,
            detections: accounts.detections,
            n_x: counts.n_x,
            n_z: counts.n_z,
            m_z: counts.m_z,
            m_x: counts.m_x,
            parities: accounts.parities,
            verification_bits: accounts.verification_bits,
            leak: accounts.leak,
            tag_bits: accounts.tag_bits,
            length: accounts.length,
            seeds: accounts.seeds,
            qber_limit: params.limits.qber.to_bits(),
            phase_limit: params.limits.phase_error.to_bits(),
            secrecy: accounts.epsilons.secrecy.to_bits(),
            correctness: accounts.epsilons.correctness.to_bits(),
            q_x: params.point.q_x.to_bits(),
            probabilities: params.point.probabilities.map(f64::to_bits),
            intensities: params.point.intensities.map(f64::to_bits),
        }
    }

    /// The parameters that it names.
    pub fn params(&self) -> Params {
        Params {
            point: OperatingPoint {
                q_x: f64::from_bits(self.q_x),
                probabilities: self.probabilities.map(f64::from_bits),
                intensities: self.intensities.map(f64::from_bits),
            },
            epsilons: Epsilons {
                secrecy: f64::from_bits(self.secrecy),
                correctness: f64::from_bits(self.correctness),
            },
            limits: Limits {
                qber: f64::from_bits(self.qber_limit),
                phase_error: f64::from_bits(self.phase_limit),
            },
        }
    }
}

/// What one end alone knows of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Testimony {
    /// The health of its noise sources.
    pub health: Health,
    /// SHA-256 of its raw string: [Alice's log](crate::link::AliceBlock::encode), or
    /// [Bob's clicks](crate::link::BobBlock::encode).
    pub raw: Hash,
}

impl Testimony {
    /// Of an end of this health that holds `raw`, the encoding of its raw string.
    pub fn new(health: Health, raw: &[u8]) -> Self {
        Self { health, raw: Sha256::digest(raw).into() }
    }
}

/// What an end brings to a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Evidence {
    /// Its books; the peer's are the same.
    pub account: Account,
    /// The hash of the messages; at the peer's end the same.
    pub transcript: Hash,
    /// What it alone knows.
    pub own: Testimony,
}
