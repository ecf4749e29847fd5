//! Sifting: which detections count, for what, and both parties' raw keys out of them.
//!
//! - Bob announces pulse and basis of each click, and the bit of each click in Z: these are never
//!   key, and he does so only after all of the block's pulses have arrived. Alice answers which
//!   bases agree, with which intensity those pulses left, and which bits she sent in Z.
//! - Both count the same: n by basis and intensity, errors m in Z. The raw key is the X
//!   detections of all intensities, in the order of the pulses.

use super::wire::{Announced, Malformed, Message};
use crate::{
    bits::Bits,
    link::{AliceBlock, Basis, BobBlock, Counts},
};

/// What a party has after sifting.
#[derive(Debug)]
pub struct Sifted {
    /// Its raw key.
    pub key: Bits,
    /// The intensity's index of each bit of the raw key.
    pub intensities: Vec<u8>,
    /// What was counted; errors in X are not known yet.
    pub counts: Counts,
}

impl Sifted {
    fn with_capacity(bits: usize) -> Self {
        Self {
            key: Bits::with_capacity(bits),
            intensities: Vec::with_capacity(bits),
            counts: Counts::default(),
        }
    }

    /// Errors in X by intensity, out of the raw key and the corrected one.
    pub fn errors(&self, corrected: &Bits) -> [u64; 3] {
        let mut errors = [0; 3];
        let words = self.key.words().iter().zip(corrected.words());
        for (index, (raw, right)) in words.enumerate() {
            let mut differing = raw ^ right;
            while differing != 0 {
                let at = 64 * index + differing.trailing_zeros() as usize;
                let intensity = self.intensities.get(at).copied().unwrap_or(0);
                count(&mut errors, intensity);
                differing &= differing - 1;
            }
        }
        errors
    }
}

fn count(counts: &mut [u64; 3], intensity: u8) {
    if let Some(count) = counts.get_mut(usize::from(intensity)) {
        *count += 1;
    }
}

/// Bob's announcement.
pub fn announce(block: &BobBlock) -> Message {
    let clicks = block.detections.iter().map(|click| Announced {
        pulse: click.pulse,
        basis: click.basis,
        z_bit: click.basis == Basis::Z && click.bit,
    });
    Message::Detections { pulses: block.pulses, clicks: clicks.collect() }
}

/// Alice's part: sifts her log by Bob's announcement, and what she answers.
pub fn alice(
    block: &AliceBlock,
    pulses: u64,
    clicks: &[Announced],
) -> Result<(Sifted, Message), Malformed> {
    if pulses != block.pulses {
        return Err(Malformed("another number of pulses"));
    }
    let mut sifted = Sifted::with_capacity(clicks.len());
    let mut kept = Bits::with_capacity(clicks.len());
    let mut intensity_low = Bits::with_capacity(clicks.len());
    let mut intensity_high = Bits::with_capacity(clicks.len());
    let mut z_bits = Bits::default();
    let choices = block.choices(clicks.iter().map(|click| click.pulse));
    for (click, choice) in clicks.iter().zip(choices) {
        let choice = choice.ok_or(Malformed("a click at a pulse without one"))?;
        let same = choice.basis == click.basis;
        kept.push(same);
        if !same {
            continue;
        }
        intensity_low.push(choice.intensity & 1 == 1);
        intensity_high.push(choice.intensity & 2 == 2);
        match choice.basis {
            Basis::X => {
                sifted.key.push(choice.bit);
                sifted.intensities.push(choice.intensity);
                count(&mut sifted.counts.n_x, choice.intensity);
            }
            Basis::Z => {
                z_bits.push(choice.bit);
                count(&mut sifted.counts.n_z, choice.intensity);
                if choice.bit != click.z_bit {
                    count(&mut sifted.counts.m_z, choice.intensity);
                }
            }
        }
    }
    Ok((sifted, Message::Sifted { kept, intensity_low, intensity_high, z_bits }))
}

/// Bob's part: sifts his clicks by Alice's answer.
pub fn bob(
    block: &BobBlock,
    kept: &Bits,
    [intensity_low, intensity_high]: [&Bits; 2],
    z_bits: &Bits,
) -> Result<Sifted, Malformed> {
    let same = kept.count_ones();
    if kept.len() != block.detections.len()
        || intensity_low.len() != same
        || intensity_high.len() != same
    {
        return Err(Malformed("not one answer per click"));
    }
    let mut sifted = Sifted::with_capacity(same);
    let mut intensities = intensity_low.iter().zip(intensity_high.iter());
    let mut sent = z_bits.iter();
    for (click, _) in block.detections.iter().zip(kept.iter()).filter(|(_, kept)| *kept) {
        let (low, high) = intensities.next().unwrap_or_default();
        let intensity = u8::from(low) | (u8::from(high) << 1);
        if intensity > 2 {
            return Err(Malformed("an unknown intensity"));
        }
        match click.basis {
            Basis::X => {
                sifted.key.push(click.bit);
                sifted.intensities.push(intensity);
                count(&mut sifted.counts.n_x, intensity);
            }
            Basis::Z => {
                count(&mut sifted.counts.n_z, intensity);
                let sent = sent.next().ok_or(Malformed("too few bits of basis Z"))?;
                if sent != click.bit {
                    count(&mut sifted.counts.m_z, intensity);
                }
            }
        }
    }
    match sent.next() {
        None => Ok(sifted),
        Some(_) => Err(Malformed("too many bits of basis Z")),
    }
}

#[cfg(test)]
mod tests;
