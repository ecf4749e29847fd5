//! What leaves the link: Alice's log of one block, Bob's clicks of the same block, as two values.
//!
//! - Pulses of a block are numbered from 0; both ends count them alike (a shared clock is part of
//!   the link).
//! - Alice's modulators were set for every pulse, also where Bob saw nothing. Those settings are
//!   independent of everything that follows, so the simulator draws only the ones that can ever be
//!   asked for: the pulses at which Bob clicked. Asking for another one yields `None`, which is
//!   what a peer meets that claims a click it did not have.
//! - Bits are raw key: no [`Debug`] output tells them, and they are wiped on drop.

use core::fmt;
use zeroize::Zeroize;

/// One of the two bases of BB84. Lim et al. 2014 make the key in X and test in Z.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Basis {
    /// The basis of the key.
    X,
    /// The basis of the phase error test.
    Z,
}

/// What Alice's modulators were set to at one pulse.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Number of the pulse in its block, from 0.
    pub pulse: u64,
    /// The basis of the state sent.
    pub basis: Basis,
    /// The bit sent: secret.
    pub bit: bool,
    /// Index of the intensity, 0, 1 or 2 in the order of
    /// [`OperatingPoint::intensities`](super::OperatingPoint).
    pub intensity: u8,
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice")
            .field("pulse", &self.pulse)
            .field("basis", &self.basis)
            .field("intensity", &self.intensity)
            .finish_non_exhaustive()
    }
}

/// A click at Bob's detectors. Of a double click the bit is already random here, as Lim et al.
/// 2014 ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Detection {
    /// Number of the pulse in its block, from 0.
    pub pulse: u64,
    /// The basis in which Bob measured.
    pub basis: Basis,
    /// The bit read: secret.
    pub bit: bool,
    /// Whether both detectors clicked. Of no use but to see whether they are well: a random bit
    /// hides detectors that always click together.
    pub double: bool,
}

impl fmt::Debug for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detection")
            .field("pulse", &self.pulse)
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}

/// A list that is not strictly ascending in its pulses, or names a pulse beyond the block's last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("entry {index} does not ascend or lies beyond the block's last pulse")]
pub struct OutOfOrder {
    /// Index of the first entry that breaks the rule.
    pub index: usize,
}

fn check_order(pulses: u64, listed: impl Iterator<Item = u64>) -> Result<(), OutOfOrder> {
    let mut least = 0;
    for (index, pulse) in listed.enumerate() {
        if pulse < least || pulse >= pulses {
            return Err(OutOfOrder { index });
        }
        least = pulse + 1;
    }
    Ok(())
}

/// Alice's end of one exchange.
pub struct AliceBlock {
    /// Pulses sent.
    pub pulses: u64,
    choices: Vec<Choice>,
}

impl AliceBlock {
    /// A block out of its log, ascending in the pulses.
    pub fn new(pulses: u64, choices: Vec<Choice>) -> Result<Self, OutOfOrder> {
        let block = Self { pulses, choices };
        check_order(pulses, block.choices.iter().map(|choice| choice.pulse))?;
        Ok(block)
    }

    /// All of the log, ascending in the pulses.
    pub fn log(&self) -> impl ExactSizeIterator<Item = &Choice> {
        self.choices.iter()
    }

    /// What was sent at `pulse`, if Bob clicked there. Logarithmic; for a whole list of clicks take
    /// [`choices`](Self::choices).
    pub fn choice(&self, pulse: u64) -> Option<Choice> {
        let index = self.choices.binary_search_by_key(&pulse, |choice| choice.pulse).ok()?;
        self.choices.get(index).copied()
    }

    /// [`choice`](Self::choice) for each of `pulses`: constant time for each where these ascend as
    /// Bob's clicks do, right in any order.
    pub fn choices<'a>(
        &'a self,
        pulses: impl IntoIterator<Item = u64, IntoIter: 'a>,
    ) -> impl Iterator<Item = Option<Choice>> + 'a {
        let mut next = 0;
        pulses.into_iter().map(move |pulse| match self.choices.get(next) {
            Some(choice) if choice.pulse == pulse => {
                next += 1;
                Some(*choice)
            }
            _ => {
                let index = self.choices.binary_search_by_key(&pulse, |choice| choice.pulse);
                next = index.map_or_else(|at| at, |at| at + 1);
                index.ok().and_then(|at| self.choices.get(at)).copied()
            }
        })
    }
}

impl AliceBlock {
    pub(super) fn empty(capacity: usize) -> Self {
        Self { pulses: 0, choices: Vec::with_capacity(capacity) }
    }

    /// Adds a choice later than all there are.
    pub(super) fn push(&mut self, choice: Choice) {
        if self.choices.len() == self.choices.capacity() {
            let mut larger = Self::empty(2 * self.choices.len() + 16);
            larger.choices.extend_from_slice(&self.choices);
            // What is dropped is the old place, and wiped.
            core::mem::swap(&mut larger.choices, &mut self.choices);
        }
        self.choices.push(choice);
    }
}

impl Drop for AliceBlock {
    fn drop(&mut self) {
        self.choices.iter_mut().for_each(|choice| choice.bit.zeroize());
    }
}

impl fmt::Debug for AliceBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AliceBlock").field("pulses", &self.pulses).finish_non_exhaustive()
    }
}

/// Bob's end of one exchange.
#[derive(PartialEq, Eq)]
pub struct BobBlock {
    /// Pulses sent, by Bob's clock.
    pub pulses: u64,
    /// His clicks, strictly ascending in the pulse, each below `pulses`.
    pub detections: Vec<Detection>,
}

impl BobBlock {
    /// A block out of its clicks, ascending in the pulses.
    pub fn new(pulses: u64, detections: Vec<Detection>) -> Result<Self, OutOfOrder> {
        let block = Self { pulses, detections };
        check_order(pulses, block.detections.iter().map(|detection| detection.pulse))?;
        Ok(block)
    }
}

impl BobBlock {
    pub(super) fn empty(capacity: usize) -> Self {
        Self { pulses: 0, detections: Vec::with_capacity(capacity) }
    }

    /// Adds a detection later than all there are.
    pub(super) fn push(&mut self, detection: Detection) {
        if self.detections.len() == self.detections.capacity() {
            let mut larger = Self::empty(2 * self.detections.len() + 16);
            larger.detections.extend_from_slice(&self.detections);
            // As Alice's.
            core::mem::swap(&mut larger.detections, &mut self.detections);
        }
        self.detections.push(detection);
    }
}

impl Drop for BobBlock {
    fn drop(&mut self) {
        self.detections.iter_mut().for_each(|detection| detection.bit.zeroize());
    }
}

impl fmt::Debug for BobBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BobBlock")
            .field("pulses", &self.pulses)
            .field("detections", &self.detections.len())
            .finish()
    }
}
