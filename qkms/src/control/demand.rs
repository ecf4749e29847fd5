//! The demand as it is measured: what leaves the pools.

/// Seconds over which demand is averaged, for its level and for its rises.
const SLOW: f64 = 900.0;
const FAST: f64 = 60.0;

/// Two exponential means of what leaves the pools, over 15 minutes and over one. Of what is refused nothing is
/// known; the pool is empty then, and the rate the largest anyway.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Demand {
    slow: f64,
    fast: f64,
    /// When, and how much had left by then.
    last: Option<(f64, f64)>,
    /// Seconds seen so far.
    seen: f64,
}

impl Demand {
    /// By `now`, in seconds, `gone` bits have left the pools since some beginning.
    pub fn observe(&mut self, now: f64, gone: f64) {
        let Some((then, before)) = self.last else {
            self.last = Some((now, gone));
            return;
        };
        let seconds = now - then;
        if seconds.is_nan() || seconds <= 0.0 {
            return;
        }
        self.last = Some((now, gone));
        // Keys that were given back may leave less gone than before.
        let rate = ((gone - before) / seconds).max(0.0);
        self.seen += seconds;
        for (mean, over) in [(&mut self.slow, SLOW), (&mut self.fast, FAST)] {
            // At the start the mean is that of what was seen.
            let weight = (1.0 - (-seconds / over).exp()).max(seconds / self.seen);
            *mean += weight * (rate - *mean);
        }
    }

    /// Bits a second: the larger of the two means, so that a rise is seen within a minute and a fall
    /// believed within fifteen.
    pub fn rate(&self) -> f64 {
        self.slow.max(self.fast)
    }
}
