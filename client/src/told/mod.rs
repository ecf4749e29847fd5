//! How the chain's answers are told: in words for people, as JSON for programs.

pub mod audits;
pub mod beacon;
pub mod council;
pub mod grants;
pub mod happened;
pub mod keys;
pub mod letters;
pub mod market;
pub mod membership;
pub mod meters;
pub mod orders;
pub mod readings;
pub mod registry;
pub mod reputation;
pub mod sessions;
pub mod settlement;
pub mod status;
pub mod tariff;
pub mod terms;
pub mod trades;
