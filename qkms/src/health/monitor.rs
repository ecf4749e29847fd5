//! The tests of one end, from block to block.

use super::{
    Chances, Claims, MOST_COMMON, RUNNING, START_UP, STARTING,
    continuous::Stream,
    entropy::is_too_common,
    report::{Failure, Health, Measured, Source, Test},
};
use crate::link::{AliceBlock, Basis, BobBlock};

/// The sources of one end under test.
pub struct Monitor {
    sources: [Tested; 3],
    /// Samples of each source that the start-up test still takes.
    starting: u64,
}

struct Tested {
    source: Source,
    claim: f64,
    stream: Stream,
}

impl Tested {
    fn new((source, claim): (Source, f64)) -> Self {
        Self { source, claim, stream: Stream::new(source.values(), claim, STARTING) }
    }

    fn restart(&mut self, chances: Chances) {
        self.stream = Stream::new(self.source.values(), self.claim, chances);
    }
}

impl Monitor {
    /// The tests of Alice's choices, at the begin of the start-up test.
    pub fn alice(claims: &Claims) -> Self {
        Self::new([
            (Source::Bit, claims.sent_bit),
            (Source::Basis, claims.basis),
            (Source::Intensity, claims.intensity),
        ])
    }

    /// The tests of Bob's detections, at the begin of the start-up test.
    pub fn bob(claims: &Claims) -> Self {
        Self::new([
            (Source::Bit, claims.read_bit),
            (Source::Basis, claims.basis),
            (Source::Detector, claims.read_bit),
        ])
    }

    fn new(sources: [(Source, f64); 3]) -> Self {
        Self { sources: sources.map(Tested::new), starting: START_UP }
    }

    /// Begins the start-up test anew: the link was closed, whichever end was sick.
    pub fn restart(&mut self) {
        self.starting = START_UP;
        self.sources.iter_mut().for_each(|tested| tested.restart(STARTING));
    }

    /// Goes on as after a sound start-up test: for who tests again what was tested before.
    pub fn skip_start_up(&mut self) {
        self.starting = 0;
        self.sources.iter_mut().for_each(|tested| tested.restart(RUNNING));
    }

    /// Tests Alice's choices of a block.
    pub fn check_alice(&mut self, block: &AliceBlock) -> Health {
        self.check(block.log().map(|choice| {
            [u8::from(choice.bit), u8::from(choice.basis == Basis::Z), choice.intensity.min(2)]
        }))
    }

    /// Tests Bob's detections of a block.
    pub fn check_bob(&mut self, block: &BobBlock) -> Health {
        self.check(block.detections.iter().map(|click| {
            let bit = u8::from(click.bit);
            [bit, u8::from(click.basis == Basis::Z), if click.double { 2 } else { bit }]
        }))
    }

    /// Tests a block's samples, one value of each source at a time. After a failure the start-up
    /// test begins anew with the next block.
    pub(super) fn check(&mut self, samples: impl Iterator<Item = [u8; 3]>) -> Health {
        let mut counts = [[0u64; 3]; 3];
        let (mut seen, mut failure) = (0, None);
        for values in samples {
            seen += 1;
            for ((tested, value), counts) in self.sources.iter_mut().zip(values).zip(&mut counts) {
                if let Some(count) = counts.get_mut(usize::from(value)) {
                    *count += 1;
                }
                let failed = tested.stream.take(value);
                failure = failure.or(failed.map(|test| (tested.source, test)));
            }
            if failure.is_some() {
                break;
            }
            if self.starting > 0 {
                self.starting -= 1;
                if self.starting == 0 {
                    self.sources.iter_mut().for_each(|tested| tested.restart(RUNNING));
                }
            }
        }
        let mut measured = [Measured::default(); 3];
        for ((measured, tested), counts) in measured.iter_mut().zip(&self.sources).zip(counts) {
            let most_common = counts.into_iter().fold(0, u64::max);
            let (source, claim) = (tested.source, tested.claim);
            let values = source.values();
            // An intensity's share is the channel's as much as the source's: a block tells it only
            // by the decoy bound, which must not be forestalled.
            if source != Source::Intensity
                && is_too_common(seen, most_common, claim, values, MOST_COMMON)
            {
                failure = failure.or(Some((source, Test::MostCommon)));
            }
            let claim = (claim * 1e6) as u32;
            *measured = Measured { source, claim, samples: seen, most_common };
        }
        let failure = failure.map(|(source, test)| Failure { source, test, samples: seen });
        if failure.is_some() {
            self.restart();
        }
        Health { sources: measured, started: self.starting == 0, failure }
    }
}
