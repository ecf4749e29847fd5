//! How Bob's clicks reach another process: the encoding of a [`BobBlock`] on the connection that
//! stands for the fibre.
//!
//! One version byte, then unsigned LEB128 numbers without superfluous zero bytes: the pulses of the
//! block, the number of clicks, and for each click `gap << 3 | double << 2 | basis << 1 | bit`, where the gap is
//! the number of pulses without a click since the one before (since the block's start for the
//! first), double is 1 if both detectors clicked, and basis is 0 for X, 1 for Z. Nothing follows. Every block has exactly one encoding.
//!
//! This stands for light and must stay as secret as light in a simulation can be: it carries Bob's
//! raw bits, and it never travels with the classical messages.

use thiserror::Error;
use zeroize::Zeroizing;

use super::{AliceBlock, Basis, BobBlock, Choice, Detection};

const VERSION: u8 = 2;
/// A number of at most 60 bits leaves room for what stands beside a gap.
const MOST_PULSES: u64 = 1 << 60;
/// Pulses, and what stands below each one's gap. Wiped on drop.
type Entries = Zeroizing<Vec<(u64, u64)>>;

/// What cannot be the encoding of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// Another version, or no message at all.
    #[error("not a block of version 2")]
    Version,
    /// The message ends before the block does.
    #[error("the message ends early")]
    Short,
    /// A number with superfluous bytes or of more than 64 bits.
    #[error("a number is not in its shortest form or too large")]
    Number,
    /// More pulses than a block may have, or a click beyond the last one.
    #[error("a click lies beyond the block's last pulse")]
    Pulse,
    /// An intensity that there is none of.
    #[error("an unknown intensity")]
    Intensity,
    /// Bytes after the last click.
    #[error("bytes follow the last click")]
    Trailing,
}

impl AliceBlock {
    /// Her log as bytes, likewise: `gap << 4 | intensity << 2 | basis << 1 | bit` for each choice.
    /// It goes nowhere; the block's record holds its hash. Wiped on drop.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(21 + 10 * self.log().len()));
        bytes.push(VERSION);
        write(&mut bytes, self.pulses);
        write(&mut bytes, self.log().len() as u64);
        let mut next = 0;
        for choice in self.log() {
            let gap = choice.pulse.saturating_sub(next);
            let basis = u64::from(choice.basis == Basis::Z);
            let intensity = u64::from(choice.intensity.min(3));
            write(&mut bytes, gap << 4 | intensity << 2 | basis << 1 | u64::from(choice.bit));
            next = choice.pulse.saturating_add(1);
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote; refuses everything else.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let (pulses, entries) = entries(message, 4)?;
        let mut block = Self::empty(entries.len());
        block.pulses = pulses;
        for &(pulse, low) in entries.iter() {
            let intensity = (low >> 2) as u8;
            if intensity > 2 {
                return Err(DecodeError::Intensity);
            }
            let basis = if low & 2 == 0 { Basis::X } else { Basis::Z };
            block.push(Choice { pulse, basis, bit: low & 1 == 1, intensity });
        }
        Ok(block)
    }
}

impl BobBlock {
    /// The block as bytes; wiped on drop.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Ten bytes a number is the most that LEB128 takes of 64 bits; with this much at hand the
        // buffer never moves and leaves no copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(21 + 10 * self.detections.len()));
        bytes.push(VERSION);
        write(&mut bytes, self.pulses);
        write(&mut bytes, self.detections.len() as u64);
        let mut next = 0;
        for detection in &self.detections {
            let gap = detection.pulse.saturating_sub(next);
            let basis = u64::from(detection.basis == Basis::Z);
            let double = u64::from(detection.double);
            write(&mut bytes, gap << 3 | double << 2 | basis << 1 | u64::from(detection.bit));
            next = detection.pulse.saturating_add(1);
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote; refuses everything else.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let (pulses, entries) = entries(message, 3)?;
        let mut block = Self::empty(entries.len());
        block.pulses = pulses;
        for &(pulse, low) in entries.iter() {
            let basis = if low & 2 == 0 { Basis::X } else { Basis::Z };
            let (bit, double) = (low & 1 == 1, low & 4 == 4);
            block.push(Detection { pulse, basis, bit, double });
        }
        Ok(block)
    }
}

/// The pulses of a block, and of each entry its pulse and the `below` bits below its gap.
fn entries(message: &[u8], below: u32) -> Result<(u64, Entries), DecodeError> {
    let Some((&VERSION, mut rest)) = message.split_first() else {
        return Err(DecodeError::Version);
    };
    let pulses = read(&mut rest)?;
    let count = read(&mut rest)?;
    if pulses > MOST_PULSES {
        return Err(DecodeError::Pulse);
    }
    // An entry takes a byte at least: a message cannot ask for more memory than it has length.
    if count > rest.len() as u64 {
        return Err(DecodeError::Short);
    }
    let mut entries = Zeroizing::new(Vec::with_capacity(count as usize));
    let mut next = 0u64;
    for _ in 0..count {
        let number = read(&mut rest)?;
        let pulse = next.saturating_add(number >> below);
        if pulse >= pulses {
            return Err(DecodeError::Pulse);
        }
        entries.push((pulse, number & ((1 << below) - 1)));
        next = pulse + 1;
    }
    if rest.is_empty() { Ok((pulses, entries)) } else { Err(DecodeError::Trailing) }
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(DecodeError::Short)?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return Err(DecodeError::Number);
        }
        number |= part << shift;
        if byte < 0x80 {
            return if byte == 0 && shift > 0 { Err(DecodeError::Number) } else { Ok(number) };
        }
    }
    Err(DecodeError::Number)
}

#[cfg(test)]
mod tests;
