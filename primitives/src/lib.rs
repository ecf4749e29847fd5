//! What the chain and its clients both name: the types of the market, and what pallets need of one
//! another.
//!
//! The types know nothing of FRAME, so that a client, a meter or a key service can use them: it
//! turns the default features off and `std` on. The feature `frame`, which the pallets and the
//! runtime turn on, adds the [`traits`] by which the runtime ties the pallets together, and the
//! declarations of its [runtime APIs](api).

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod agent;
#[cfg(feature = "frame")]
pub mod api;
pub mod audits;
pub mod beacon;
pub mod bill;
pub mod calendar;
pub mod change;
pub mod grant;
pub mod keys;
pub mod market;
pub mod membership;
pub mod meter;
pub mod metering;
pub mod pov;
pub mod qkd;
pub mod reputation;
pub mod settlement;
pub mod tariff;
pub mod terms;
#[cfg(all(feature = "frame", feature = "std"))]
pub mod testing;
#[cfg(feature = "frame")]
pub mod traits;
#[cfg(feature = "frame")]
pub mod work;

pub use beacon::{BeaconSource, BeaconValue};
pub use bill::{BILL_CONTEXT, Nonce};
pub use calendar::{EpochIndex, Millis, Moment, SlotIndex, SlotTimes, Windows};
pub use change::{Change, ChangeId, Party, PendingChange};
pub use grant::Grant;
pub use market::{
    Balance, BookOrder, ClearingResult, Depth, DepthLevel, LeaderTerms, NewOrder, NewTrade,
    OrderId, Side, SlotTerms, TradeId,
};
pub use membership::{
    AttributeId, ExclusionReason, Explanation, Lack, Obstacle, OwnedAccount, OwnerId,
    PendingNaming, Person, PolicyId, ReasonText, Role,
};
pub use meter::{Assignment, ConnectionNumber, Installer, Meter, MeterKind, MeterRatings};
pub use metering::{
    Bill, BillError, Correction, DayPar, Flow, MAX_BILL_READINGS, MeterId, MeterKey, MeterReading,
    MeterSignature, ReadingError, ReadingPayload, SignedReading, Totals,
};
pub use qedex_math::{PricePerKwh, Wh};
pub use reputation::Verdict;
pub use settlement::{Amounts, Complaint, Outcome, Seller, Trade};
pub use tariff::{Band, DayRange, TariffRule};
pub use terms::{Announcement, KeyAdmission, LeaderLimits, PriceList};
#[cfg(feature = "frame")]
pub use traits::{
    Admission, BillAudit, BlockAuthors, Calendar, Deposits, EnergyFlow, EnergyLedger,
    EntropyBeacon, EntropyDraw, EntropyFallback, Escrow, KeyBudget, Leadership, MarketSettlement,
    Membership, Misses, Opened, Prices, Rated, Ratings, Sanctions, SlotsInFlight, Standing, Tariff,
    UnsettledSlots,
};
