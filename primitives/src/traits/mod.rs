//! What pallets need of one another.
//!
//! No pallet of ours depends on another one. Each names what it needs as one of these small traits
//! in its `Config`; the runtime ties them together.

mod calendar;
mod market;
mod membership;
mod metering;
mod qkd;
mod reputation;

pub use calendar::{Calendar, Opened};
pub use market::{Deposits, Escrow, MarketSettlement, Prices};
pub use membership::{Membership, Sanctions};
pub use metering::{BillAudit, EnergyFlow, EnergyLedger, Rated, Tariff, UnsettledSlots};
pub use qkd::{
    BlockAuthors, EntropyBeacon, EntropyDraw, EntropyFallback, KeyBudget, Leadership, Misses,
    SlotsInFlight,
};
pub use reputation::{Admission, Ratings, Standing};
