//! The commands that speak with a node: a file a command, its options beside its code.

mod audits;
mod beacon;
mod broker;
mod council;
mod keys;
mod leader;
mod letter;
mod market;
mod membership;
mod meter;
pub mod options;
pub mod order;
mod play;
mod reading;
mod reputation;
mod sae;
mod session;
mod site;
pub mod status;
mod tariff;
mod terms;
mod trade;
mod validator;

pub use broker::Broker;
pub use council::Council;
pub use keys::Keys;
pub use leader::Leader;
pub use letter::Letter;
pub use market::Market;
pub use membership::{Attribute, Blacklist, Credential, Owner, Policy, Role};
pub use meter::Meter;
pub use order::Order;
pub use play::Play;
pub use reading::Reading;
pub use reputation::Reputation;
pub use sae::Sae;
pub use session::Session;
pub use site::Site;
pub use tariff::Tariff;
pub use terms::Terms;
pub use trade::Trade;
pub use validator::Validator;

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing is wrong.
    Right,
    /// Something that must hold does not.
    Wrong,
}
