//! How trades went, and what follows from it.

use crate::{Role, Verdict, Wh};
use sp_arithmetic::Permill;

/// Where settled trades are noted.
pub trait Ratings<AccountId> {
    /// Notes that `rater` traded `traded` with `ratee`, and how the latter did. O(1). Who is rated
    /// and who rates are the owners of these accounts.
    fn record(rater: &AccountId, ratee: &AccountId, traded: Wh, verdict: Verdict);

    /// Makes the next rating of `ratee`, which has an owner, by a new rater cost as much as it can,
    /// for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn fill_memory(_ratee: &AccountId) {}
}

/// What follows from the ratings.
pub trait Standing<AccountId> {
    /// The standing of the owner of `who`: (P + 1) / (P + N + 2) over all counterparties, one half
    /// for the unknown.
    fn of(who: &AccountId) -> Permill;
}

/// What standing the market asks for.
pub trait Admission<AccountId> {
    /// Whether the standing of `who` suffices for new business in `role`. O(1).
    fn admits(who: &AccountId, role: Role) -> bool;
}

/// A market that asks for no standing.
impl<AccountId> Admission<AccountId> for () {
    fn admits(_who: &AccountId, _role: Role) -> bool {
        true
    }
}
