//! The two continuous tests of NIST SP 800-90B, and how a source is held to them.

use super::{
    Chances,
    cutoff::{self, BINARY_WINDOW, OTHER_WINDOW},
    report::Test,
};

/// The repetition count test, 4.4.1. After an alarm it begins anew.
pub(super) struct Repetition {
    cutoff: u64,
    last: Option<u8>,
    run: u64,
}

impl Repetition {
    pub fn new(cutoff: u64) -> Self {
        Self { cutoff, last: None, run: 0 }
    }

    /// Takes a sample; true for an alarm.
    pub fn take(&mut self, value: u8) -> bool {
        if self.last == Some(value) {
            self.run += 1;
        } else {
            (self.last, self.run) = (Some(value), 1);
        }
        let alarm = self.run >= self.cutoff;
        if alarm {
            self.last = None;
        }
        alarm
    }
}

/// The adaptive proportion test, 4.4.2: how often a window's first value occurs in it. After an
/// alarm the next window begins.
pub(super) struct Proportion {
    window: u32,
    cutoff: u32,
    first: u8,
    seen: u32,
    count: u32,
}

impl Proportion {
    pub fn new(window: u32, cutoff: u32) -> Self {
        Self { window, cutoff, first: 0, seen: 0, count: 0 }
    }

    /// Takes a sample; true for an alarm.
    pub fn take(&mut self, value: u8) -> bool {
        if self.seen == 0 {
            (self.first, self.count) = (value, 0);
        }
        self.seen += 1;
        self.count += u32::from(value == self.first);
        let alarm = self.count >= self.cutoff;
        if alarm || self.seen == self.window {
            self.seen = 0;
        }
        alarm
    }
}

/// A source under both tests, by single samples and by pairs of them.
pub(super) struct Stream {
    values: u8,
    repetition: Repetition,
    proportion: Proportion,
    pair_repetition: Repetition,
    pair_proportion: Proportion,
    /// The first half of a pair.
    held: Option<u8>,
}

impl Stream {
    /// A source of `values` values with a min-entropy of `entropy` bits a sample.
    pub fn new(values: u8, entropy: f64, chances: Chances) -> Self {
        let window = if values == 2 { BINARY_WINDOW } else { OTHER_WINDOW };
        let repetition = |entropy| Repetition::new(cutoff::repetition(entropy, chances.repetition));
        let proportion = |window, entropy| {
            Proportion::new(window, cutoff::proportion(window, entropy, chances.proportion))
        };
        Self {
            values,
            repetition: repetition(entropy),
            proportion: proportion(window, entropy),
            pair_repetition: repetition(2.0 * entropy),
            pair_proportion: proportion(OTHER_WINDOW, 2.0 * entropy),
            held: None,
        }
    }

    /// Takes a sample, below the number of values; the test that it fails.
    pub fn take(&mut self, value: u8) -> Option<Test> {
        let mut failed = None;
        let mut note = |alarm: bool, test| {
            if alarm {
                failed = failed.or(Some(test));
            }
        };
        note(self.repetition.take(value), Test::Repetition);
        note(self.proportion.take(value), Test::Proportion);
        match self.held.take() {
            None => self.held = Some(value),
            Some(before) => {
                let pair = before.wrapping_mul(self.values).wrapping_add(value);
                note(self.pair_repetition.take(pair), Test::PairRepetition);
                note(self.pair_proportion.take(pair), Test::PairProportion);
            }
        }
        failed
    }
}
