//! What must be true of the storage of all our pallets after every block that a test writes.

use crate::*;
use sp_runtime::TryRuntimeError;

/// What finds out whether a pallet's invariants hold.
type Check = fn() -> Result<(), TryRuntimeError>;

/// Each pallet's name and check.
const CHECKS: [(&str, Check); 7] = [
    ("membership", Membership::do_try_state),
    ("metering", Metering::do_try_state),
    ("auction", Auction::do_try_state),
    ("settlement", Settlement::do_try_state),
    ("reputation", Reputation::do_try_state),
    ("pov", Pov::do_try_state),
    ("qkd", Qkd::do_try_state),
];

/// The pallets whose invariants do not hold, each with the reason.
pub fn broken() -> Vec<(&'static str, TryRuntimeError)> {
    CHECKS.into_iter().filter_map(|(name, check)| Some((name, check().err()?))).collect()
}
