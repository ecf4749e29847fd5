//! How much a way could carry.

use std::time::{Duration, Instant};

use codec::{Decode, Encode};

use super::OVERHEAD;
use crate::kme::service::LinkState;

/// How often the origin asks.
pub const ASKED_EVERY: Duration = Duration::from_secs(1);
/// How long an answer is believed.
const FRESH: Duration = Duration::from_secs(4);

/// The state of a way: that of its worst link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Way {
    /// Each link is open.
    Open,
    /// A link is closed; what it holds can still pay.
    Closed,
    /// A site does not answer.
    Unreachable,
}

impl From<Way> for LinkState {
    fn from(way: Way) -> Self {
        match way {
            Way::Open => Self::Open,
            Way::Closed => Self::Closed,
            Way::Unreachable => Self::Unreachable,
        }
    }
}

/// What the links of a way hold for it: of each member the least or worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Reach {
    /// Bytes of key in the direction of the way.
    pub bytes: u64,
    /// The most bytes.
    pub capacity: u64,
    /// The state.
    pub way: Way,
}

impl Reach {
    /// Of a way that leads nowhere now.
    pub fn nothing(capacity: u64) -> Self {
        Self { bytes: 0, capacity, way: Way::Unreachable }
    }

    /// Of two ways one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.min(other.bytes),
            capacity: self.capacity.min(other.capacity),
            way: self.way.max(other.way),
        }
    }

    /// Keys of `len` bytes that one request could have now, and the most there could be.
    pub fn keys(&self, len: u64) -> (u64, u64) {
        let keys = |bytes: u64| bytes.saturating_sub(OVERHEAD).checked_div(len).unwrap_or(0);
        (keys(self.bytes), keys(self.capacity))
    }
}

/// The last answer of the next site, while it is fresh.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard(Option<(Instant, Reach)>);

impl Heard {
    pub fn now(reach: Reach) -> Self {
        Self(Some((Instant::now(), reach)))
    }

    pub fn fresh(&self) -> Option<Reach> {
        self.0.filter(|(at, _)| at.elapsed() < FRESH).map(|(_, reach)| reach)
    }
}
