//! Why a link is closed, and when it may be tried again.
//!
//! - A block that betrays an eavesdropper closes the link for good: until an operator opens it, at both
//!   ends, or the KME is started again.
//! - A noise source that fails its health tests closes it until a later block has passed a whole
//!   start-up test. That is tried after a pause, twice as long each time, from [`Backoff::first`] to
//!   [`Backoff::most`]; it is short again once the link has been open for as long as the longest.
//! - Alice's end, which begins blocks, waits up to half as long again, by chance, so that many links
//!   that failed together are not tried together. Bob's end holds her to the pause.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A closed link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Why.
    pub reason: String,
    /// From when on a block may be begun to see whether the sources are well; never, if there is
    /// none.
    pub until: Option<Instant>,
}

impl Closed {
    /// Whether it opens only by an operator, or when the KME is started again.
    pub fn is_for_good(&self) -> bool {
        self.until.is_none()
    }
}

/// Pauses after health tests that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// The longest one.
    pub most: Duration,
}

impl Default for Backoff {
    /// Ten seconds to an hour.
    fn default() -> Self {
        Self { first: Duration::from_secs(10), most: Duration::from_secs(3600) }
    }
}

/// Counts the pauses of one link.
pub(super) struct Pauses {
    backoff: Backoff,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last pause, before chance added to it.
    last: Option<Duration>,
    /// When the link opened after it.
    opened: Option<Instant>,
}

impl Pauses {
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, state: Mutex::default() }
    }

    /// The pause after a failure at `now`; `chance`, in [0, 1), makes it up to half as long again.
    pub fn next(&self, now: Instant, chance: f64) -> Duration {
        let Backoff { first, most } = self.backoff;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let calm = state.opened.is_some_and(|opened| now.duration_since(opened) >= most);
        let pause = match state.last {
            Some(last) if !calm => last.saturating_mul(2),
            _ => first,
        };
        let pause = pause.min(most);
        *state = State { last: Some(pause), opened: None };
        pause.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 2.0)
    }

    /// The link opened at `now`.
    pub fn opened(&self, now: Instant) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).opened = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_as_long_a_calm() {
        let pauses = Pauses::new(Backoff { first: seconds(10), most: seconds(35) });
        let mut now = Instant::now();
        let next = |now| pauses.next(now, 0.0).as_secs();
        assert_eq!([next(now), next(now), next(now), next(now)], [10, 20, 35, 35]);
        pauses.opened(now);
        now += seconds(34);
        assert_eq!(next(now), 35, "it was open for too short a time");
        pauses.opened(now);
        now += seconds(35);
        assert_eq!([next(now), next(now)], [10, 20]);
    }

    #[test]
    fn chance_makes_a_pause_up_to_half_as_long_again_and_does_not_add_up() {
        let pauses = Pauses::new(Backoff { first: seconds(10), most: seconds(40) });
        let now = Instant::now();
        assert_eq!(pauses.next(now, 0.5).as_millis(), 12_500);
        assert_eq!(pauses.next(now, 0.9).as_millis(), 29_000);
        assert_eq!(pauses.next(now, 0.0).as_millis(), 40_000);
    }
}
