//! Who writes which slot: apportionment of a session's slots and their order (docs/design.md,
//! section 7).
//!
//! [`apportion`] decides how many slots each validator gets, [`arrange`] in which order. The seed
//! orders; it never changes counts. Neither knows names: validators are positions in a list that
//! the caller has sorted by id, and a tie goes to the earlier one.

mod apportionment;
mod order;

pub use apportionment::{ApportionError, Limits, apportion};
pub use order::{arrange, least_run};
