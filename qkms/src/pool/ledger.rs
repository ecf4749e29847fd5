//! The book of conservation.

use codec::{Decode, DecodeAll, Encode};
use serde::Serialize;

/// Bytes of a ledger's row: eight numbers.
const ROW: usize = 64;
/// Bytes of one that knows neither relayed nor sacrificed bits.
const BEFORE_RELAYS: usize = 48;

/// Bits by where they are. Each bit that was made is in exactly one of the other places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Ledger {
    /// Came out of privacy amplification, was configured as first key, or was drawn from the KME's
    /// own generator.
    pub made: u64,
    /// Can still be told to somebody at this end, or be spent on tags.
    pub stored: u64,
    /// Was told to the master (at its end), or to a slave (at the other).
    pub delivered: u64,
    /// Was spent on tags of classical messages.
    pub tags: u64,
    /// Grew too old.
    pub expired: u64,
    /// Was dropped: no whole byte, a disagreement of the ends after a crash, a block that the peer
    /// did not store, a pool without room.
    pub wasted: u64,
    /// Was spent as one-time pad, and on the tag, of [relayed](crate::relay) keys.
    pub relayed: u64,
    /// Was opened in an audit.
    pub sacrificed: u64,
}

/// A place of the [`Ledger`] that bits move between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// [`Ledger::stored`].
    Stored,
    /// [`Ledger::delivered`].
    Delivered,
    /// [`Ledger::tags`].
    Tags,
    /// [`Ledger::expired`].
    Expired,
    /// [`Ledger::wasted`].
    Wasted,
    /// [`Ledger::sacrificed`].
    Sacrificed,
    /// [`Ledger::relayed`].
    Relayed,
}

impl Ledger {
    /// Whether no bit was lost or counted twice.
    pub fn balances(&self) -> bool {
        let places = [
            self.stored,
            self.delivered,
            self.tags,
            self.relayed,
            self.expired,
            self.wasted,
            self.sacrificed,
        ];
        places.into_iter().try_fold(0u64, u64::checked_add) == Some(self.made)
    }

    /// The ledger of a row. One that was written before keys were relayed or sacrificed ends with `wasted`.
    pub(super) fn from_row(row: &[u8]) -> Option<Self> {
        let mut whole = row.to_vec();
        if whole.len() == BEFORE_RELAYS {
            whole.resize(ROW, 0);
        }
        Self::decode_all(&mut whole.as_slice()).ok()
    }

    /// Books new bits.
    pub(super) fn make(&mut self, bits: u64, to: Place) {
        self.made = self.made.saturating_add(bits);
        let place = self.place(to);
        *place = place.saturating_add(bits);
    }

    /// Moves bits. More than there are at `from` leave a ledger that does not balance, which the
    /// audit shows.
    pub(super) fn shift(&mut self, bits: u64, from: Place, to: Place) {
        let place = self.place(from);
        *place = place.saturating_sub(bits);
        let place = self.place(to);
        *place = place.saturating_add(bits);
    }

    fn place(&mut self, place: Place) -> &mut u64 {
        match place {
            Place::Stored => &mut self.stored,
            Place::Delivered => &mut self.delivered,
            Place::Tags => &mut self.tags,
            Place::Expired => &mut self.expired,
            Place::Wasted => &mut self.wasted,
            Place::Sacrificed => &mut self.sacrificed,
            Place::Relayed => &mut self.relayed,
        }
    }
}
