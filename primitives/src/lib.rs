//! Types and traits that the pallets of Q-EnergyDEX share, and nothing else.
//!
//! No pallet of ours depends on another one. Each names what it needs as one of the small
//! traits below in its `Config`; the runtime ties them together.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod api;
pub mod bill;
pub mod calendar;
pub mod keys;
pub mod market;
pub mod membership;
pub mod metering;
pub mod reputation;

pub use bill::{BILL_CONTEXT, Nonce};
pub use calendar::{Calendar, Millis, Moment, Schedule, SlotIndex, Windows};
pub use keys::{EntropyBeacon, KeyBudget};
pub use market::{
    Balance, BookOrder, ClearingResult, Depth, DepthLevel, Escrow, LeaderTerms, MarketSettlement,
    NewTrade, OrderId, Rule, Side, SlotTerms, TradeId,
};
pub use membership::{
    AttributeId, ExclusionReason, Explanation, Lack, Membership, Obstacle, OwnerId, PolicyId,
    ReasonText, Role, Sanctions,
};
pub use metering::{
    Band, Bill, BillAudit, BillError, DayPar, DayRange, EnergyFlow, EnergyLedger, Flow,
    MAX_BILL_READINGS, MeterId, MeterKey, MeterReading, MeterSignature, ReadingPayload,
    SignedReading, Tariff, UnsettledSlots,
};
pub use qedex_math::{PricePerKwh, Wh};
pub use reputation::{Admission, Ratings, Standing, Verdict};
