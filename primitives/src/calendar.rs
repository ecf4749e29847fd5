//! Delivery slots and the windows of their life.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
pub type Moment = u64;

/// A length of time in milliseconds.
pub type Millis = u64;

/// An epoch of the beacon, numbered from genesis.
pub type EpochIndex = u64;

/// A delivery slot, numbered from the Unix epoch: slot `d` begins at `d * slot length`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct SlotIndex(pub u64);

impl SlotIndex {
    /// The slot after this one; the last representable slot is its own successor.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// When the windows of a delivery slot open and close, in whole slot lengths.
///
/// The first two count back from the start of delivery, the others forward from it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Windows {
    /// Slot lengths before delivery at which terms are frozen and orders are taken.
    pub gate_opens: u16,
    /// Slot lengths before delivery at which no order is taken any more and clearing starts.
    pub gate_closes: u16,
    /// Slot lengths after the start of delivery until which sellers may commit (from 1 on).
    pub commitments_until: u16,
    /// Slot lengths after the start of delivery until which readings are accepted, from the
    /// end of commitments on. This is also the freeze: energy is allotted and trades with
    /// readings settle.
    pub readings_until: u16,
    /// Slot lengths after the start of delivery until which a buyer may complain, from the freeze on.
    pub complaints_until: u16,
    /// Slot lengths after the start of delivery until which bills are revealed, from the end of
    /// complaints on. Then everything of the slot is final.
    pub final_at: u16,
}

impl Default for Windows {
    /// The windows of `docs/design.md`, section 2: gate from T - 4S to T - S, commitments until T + 3S,
    /// readings until T + 5S, complaints until T + 9S, final at T + 11S.
    fn default() -> Self {
        Self {
            gate_opens: 4,
            gate_closes: 1,
            commitments_until: 3,
            readings_until: 5,
            complaints_until: 9,
            final_at: 11,
        }
    }
}

impl Windows {
    /// The farthest a window may lie from the start of delivery, in slot lengths: one week of
    /// quarter-hours.
    pub const MAX_SPAN: u16 = 672;

    /// Whether the windows follow one another, none of them empty and none too far away.
    pub const fn is_valid(&self) -> bool {
        self.gate_opens > self.gate_closes
            && self.gate_closes >= 1
            && self.gate_opens <= Self::MAX_SPAN
            && self.commitments_until > 1
            && self.readings_until > self.commitments_until
            && self.complaints_until > self.readings_until
            && self.final_at > self.complaints_until
            && self.final_at <= Self::MAX_SPAN
    }

    /// The moments of these windows for `slot`. All arithmetic saturates.
    pub const fn schedule(&self, slot: SlotIndex, slot_length: Millis) -> SlotTimes {
        let start = slot.0.saturating_mul(slot_length);
        const fn after(start: u64, length: Millis, n: u16) -> Moment {
            start.saturating_add(length.saturating_mul(n as u64))
        }
        const fn before(start: u64, length: Millis, n: u16) -> Moment {
            start.saturating_sub(length.saturating_mul(n as u64))
        }
        SlotTimes {
            gate_opens: before(start, slot_length, self.gate_opens),
            gate_closes: before(start, slot_length, self.gate_closes),
            delivery_starts: start,
            delivery_ends: after(start, slot_length, 1),
            commitments_until: after(start, slot_length, self.commitments_until),
            readings_until: after(start, slot_length, self.readings_until),
            complaints_until: after(start, slot_length, self.complaints_until),
            final_at: after(start, slot_length, self.final_at),
        }
    }
}

/// The moments of one delivery slot, copied when the slot opens, so that no later change of
/// the windows reaches back. Every window includes its beginning and excludes its end.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct SlotTimes {
    /// Orders are taken from here,
    pub gate_opens: Moment,
    /// until here; clearing starts.
    pub gate_closes: Moment,
    /// Electricity flows from here,
    pub delivery_starts: Moment,
    /// until here; sellers commit from here,
    pub delivery_ends: Moment,
    /// until here; readings are accepted from here,
    pub commitments_until: Moment,
    /// until here: the freeze.
    pub readings_until: Moment,
    /// Complaints are taken from the freeze until here, and bills revealed from here on,
    pub complaints_until: Moment,
    /// until here. Then nothing of the slot changes any more.
    pub final_at: Moment,
}

impl SlotTimes {
    /// Whether orders are taken at `now`.
    pub const fn is_gate_open(&self, now: Moment) -> bool {
        now >= self.gate_opens && now < self.gate_closes
    }

    /// Whether sellers may commit at `now`.
    pub const fn is_commitment_window(&self, now: Moment) -> bool {
        now >= self.delivery_ends && now < self.commitments_until
    }

    /// Whether readings are accepted at `now`: not before the commitment window has ended,
    /// because a commitment must precede what it commits to.
    pub const fn is_reading_window(&self, now: Moment) -> bool {
        now >= self.commitments_until && now < self.readings_until
    }

    /// Whether buyers may complain at `now`.
    pub const fn is_complaint_window(&self, now: Moment) -> bool {
        now >= self.readings_until && now < self.complaints_until
    }

    /// Whether bills are revealed at `now`: not before complaints have ended, because who answers early
    /// tells that the others are off-line.
    pub const fn is_reveal_window(&self, now: Moment) -> bool {
        now >= self.complaints_until && now < self.final_at
    }

    /// The same moments where the slot's clock has stood still for `lost` since the end of delivery.
    /// Since it stood still before each of them that is still to come, none that is past returns.
    #[must_use]
    pub fn later(self, lost: Millis) -> Self {
        Self {
            commitments_until: self.commitments_until.saturating_add(lost),
            readings_until: self.readings_until.saturating_add(lost),
            complaints_until: self.complaints_until.saturating_add(lost),
            final_at: self.final_at.saturating_add(lost),
            ..self
        }
    }

    /// The same moments, none of them after `moment`: of a slot of which everything is over by then.
    #[must_use]
    pub fn over_by(self, moment: Moment) -> Self {
        Self {
            gate_opens: self.gate_opens.min(moment),
            gate_closes: self.gate_closes.min(moment),
            delivery_starts: self.delivery_starts.min(moment),
            delivery_ends: self.delivery_ends.min(moment),
            commitments_until: self.commitments_until.min(moment),
            readings_until: self.readings_until.min(moment),
            complaints_until: self.complaints_until.min(moment),
            final_at: self.final_at.min(moment),
        }
    }
}
