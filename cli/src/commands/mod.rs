//! The commands of a prosumer, each a thin wrapper of one call.

mod council;
mod market;
pub mod membership;
pub mod metering;
pub mod options;
mod order;
pub mod readings;
mod status;
mod tariff;
mod trade;
mod validator;

pub use council::Council;
pub use market::{Market, market};
pub use order::{amend, batch, cancel, place, standing};
pub use readings::{key, sign, submit};
pub use status::status;
pub use tariff::Tariff;
pub use trade::{Found, Trade};
pub use validator::Validator;

use crate::{args::Node, error::Error};
use qedex_client::{Chain, session::Session};

/// Opens a session with the node that the arguments name.
async fn open(node: &Node) -> Result<Session, Error> {
    Ok(Session::open(Chain::connect(&node.url, node.genesis).await?).await?)
}

/// Prints `value` as JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Error> {
    crate::output::json(value)
}
