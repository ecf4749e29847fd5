//! The configuration of each pallet, one file a topic.

pub mod accounts;
pub mod auction;
pub mod beacon;
pub mod block;
pub mod consensus;
pub mod governance;
pub mod membership;
pub mod metering;
pub mod money;
pub mod parameters;
pub mod qkd;
pub mod reputation;
pub mod settlement;
pub mod system;
