//! The messages of one block, as bytes.
//!
//! - One byte tells the kind, its topmost bit whether the message is
//!   [brief](super::auth::BRIEF). Whole numbers are little-endian; a *varint* has seven bits per
//!   byte, least first, the topmost bit of a byte telling that another one follows.
//! - Bit strings are packed as [`Bits`] says, bits past the end zero. A message has no bytes
//!   beyond its end.
//! - Reading takes memory in proportion to the message, whatever lengths it claims.

use super::{
    auth::BRIEF,
    cascade::{Question, SEED_BYTES},
    outcome::Reason,
    verify,
};
use crate::{bits::Bits, link::Basis};

/// Most detections that a block may announce.
pub const MAX_DETECTIONS: usize = 1 << 24;

/// What an honest peer does not send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(super) &'static str);

/// A click as Bob announces it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Announced {
    /// Number of the pulse.
    pub pulse: u64,
    /// The basis of Bob's measurement.
    pub basis: Basis,
    /// The bit read in Z, which is never key; `false` in X.
    pub z_bit: bool,
}

/// One classical message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// Bob: what he saw, ascending in the pulse.
    Detections {
        /// Pulses by his clock.
        pulses: u64,
        /// His clicks.
        clicks: Vec<Announced>,
    },
    /// Alice: what of it is kept.
    Sifted {
        /// Per click: both chose one basis.
        kept: Bits,
        /// Per click kept: bit 0 of the intensity's index.
        intensity_low: Bits,
        /// Per click kept: bit 1 of it.
        intensity_high: Bits,
        /// Per click kept in Z: the bit sent.
        z_bits: Bits,
    },
    /// Alice: how frames are cut and shuffled, and the parities of all blocks.
    Blocks {
        /// lg of the block sizes of the first two passes.
        levels: [u8; 2],
        /// Seed of the shuffles.
        seed: [u8; SEED_BYTES],
        /// The parities.
        parities: Bits,
    },
    /// Bob: the parities that he needs, ascending.
    Ask(Vec<Question>),
    /// Alice: those parities.
    Answer(Bits),
    /// Bob: he found all errors, so many per intensity.
    Corrected([u64; 3]),
    /// Alice: verification and privacy amplification.
    Amplify {
        /// Key of the verification hash.
        verification_key: [u8; verify::KEY_BYTES],
        /// Her verification tag.
        tag: u128,
        /// Secret bits.
        length: u64,
        /// Toeplitz seed.
        seed: Bits,
    },
    /// Bob: his tag is the same; both have a key.
    Accept,
    /// Either: the block is discarded.
    Discard(Reason),
}

const DETECTIONS: u8 = 1;
const SIFTED: u8 = 2;
const BLOCKS: u8 = 3;
const ASK: u8 = BRIEF | 4;
const ANSWER: u8 = BRIEF | 5;
const CORRECTED: u8 = 6;
const AMPLIFY: u8 = 7;
const ACCEPT: u8 = 8;
const DISCARD: u8 = 9;

impl Message {
    /// The message as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Detections { pulses, clicks } => {
                out.reserve(16 + 2 * clicks.len());
                out.push(DETECTIONS);
                varint(&mut out, *pulses);
                varint(&mut out, clicks.len() as u64);
                // The gap to the click before, then basis and bit in the two lowest bits.
                let mut next = 0;
                for click in clicks {
                    let low = match click.basis {
                        Basis::X => 0,
                        Basis::Z => 2 | u64::from(click.z_bit),
                    };
                    varint(&mut out, (click.pulse.wrapping_sub(next) << 2) | low);
                    next = click.pulse.wrapping_add(1);
                }
            }
            Self::Sifted { kept, intensity_low, intensity_high, z_bits } => {
                out.push(SIFTED);
                for bits in [kept, intensity_low, intensity_high, z_bits] {
                    string(&mut out, bits);
                }
            }
            Self::Blocks { levels, seed, parities } => {
                out.push(BLOCKS);
                out.extend_from_slice(levels);
                out.extend_from_slice(seed);
                string(&mut out, parities);
            }
            Self::Ask(questions) => {
                out.reserve(8 + 3 * questions.len());
                out.push(ASK);
                varint(&mut out, questions.len() as u64);
                let mut next = 0;
                for question in questions {
                    let at = place(question);
                    varint(&mut out, at.wrapping_sub(next));
                    next = at.wrapping_add(1);
                }
            }
            Self::Answer(parities) => {
                out.push(ANSWER);
                string(&mut out, parities);
            }
            Self::Corrected(errors) => {
                out.push(CORRECTED);
                errors.iter().for_each(|errors| varint(&mut out, *errors));
            }
            Self::Amplify { verification_key, tag, length, seed } => {
                out.push(AMPLIFY);
                out.extend_from_slice(verification_key);
                out.extend_from_slice(&tag.to_le_bytes());
                varint(&mut out, *length);
                string(&mut out, seed);
            }
            Self::Accept => out.push(ACCEPT),
            Self::Discard(reason) => out.extend([DISCARD, *reason as u8]),
        }
        out
    }

    /// Reads a message.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader { bytes };
        let [kind] = reader.array()?;
        let message = match kind {
            DETECTIONS => Self::Detections { pulses: reader.varint()?, clicks: reader.clicks()? },
            SIFTED => Self::Sifted {
                kept: reader.string()?,
                intensity_low: reader.string()?,
                intensity_high: reader.string()?,
                z_bits: reader.string()?,
            },
            BLOCKS => Self::Blocks {
                levels: reader.array()?,
                seed: reader.array()?,
                parities: reader.string()?,
            },
            ASK => Self::Ask(reader.questions()?),
            ANSWER => Self::Answer(reader.string()?),
            CORRECTED => Self::Corrected([reader.varint()?, reader.varint()?, reader.varint()?]),
            AMPLIFY => Self::Amplify {
                verification_key: reader.array()?,
                tag: u128::from_le_bytes(reader.array()?),
                length: reader.varint()?,
                seed: reader.string()?,
            },
            ACCEPT => Self::Accept,
            DISCARD => {
                let [code] = reader.array()?;
                let reason = Reason::ALL.into_iter().find(|reason| *reason as u8 == code);
                Self::Discard(reason.ok_or(Malformed("an unknown reason"))?)
            }
            _ => return Err(Malformed("an unknown kind of message")),
        };
        if reader.bytes.is_empty() { Ok(message) } else { Err(Malformed("bytes beyond the end")) }
    }
}

/// Frame, pass and node as one number: passes below 2^5, nodes below 2^16.
fn place(question: &Question) -> u64 {
    (u64::from(question.frame) << 21) | (u64::from(question.pass) << 16) | u64::from(question.node)
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn string(out: &mut Vec<u8>, bits: &Bits) {
    varint(out, bits.len() as u64);
    out.extend_from_slice(&bits.to_bytes());
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(Malformed("it ends too early"))?;
        self.bytes = rest;
        Ok(*array)
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let part = u64::from(byte & 0x7f);
            if (part << shift) >> shift != part {
                break;
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed("a number above 64 bits"))
    }

    /// A count of items that take at least a byte each.
    fn count(&mut self, most: usize) -> Result<usize, Malformed> {
        let count = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        if count > most || count > self.bytes.len() {
            return Err(Malformed("a count beyond what is allowed or there"));
        }
        Ok(count)
    }

    fn string(&mut self) -> Result<Bits, Malformed> {
        let len = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let bits = Bits::from_bytes(self.bytes, len).ok_or(Malformed("it ends too early"))?;
        let (used, rest) = self.bytes.split_at(len.div_ceil(8));
        if used.last().is_some_and(|last| len % 8 != 0 && last >> (len % 8) != 0) {
            return Err(Malformed("a bit string with bits past its end"));
        }
        self.bytes = rest;
        Ok(bits)
    }

    fn clicks(&mut self) -> Result<Vec<Announced>, Malformed> {
        let mut next = 0u64;
        let clicks = (0..self.count(MAX_DETECTIONS)?).map(|_| {
            let value = self.varint()?;
            let pulse = next.checked_add(value >> 2);
            let pulse = pulse.ok_or(Malformed("a pulse beyond 64 bits"))?;
            next = pulse.checked_add(1).ok_or(Malformed("a pulse beyond 64 bits"))?;
            let (basis, z_bit) = match value & 3 {
                0 => (Basis::X, false),
                1 => return Err(Malformed("a bit of basis X")),
                bit => (Basis::Z, bit == 3),
            };
            Ok(Announced { pulse, basis, z_bit })
        });
        clicks.collect()
    }

    fn questions(&mut self) -> Result<Vec<Question>, Malformed> {
        let mut next = 0u64;
        let questions = (0..self.count(MAX_DETECTIONS)?).map(|_| {
            let at = next.checked_add(self.varint()?).filter(|at| *at < 1 << 53);
            let at = at.ok_or(Malformed("a question beyond all frames"))?;
            next = at + 1;
            let frame = (at >> 21) as u32;
            Ok(Question { frame, pass: ((at >> 16) & 31) as u8, node: (at & 0xffff) as u32 })
        });
        questions.collect()
    }
}

#[cfg(test)]
mod tests;
