//! What the calls cost.
//!
//! A runtime uses figures that the benchmarks measured on its own storage. The implementation
//! for `()` serves tests: estimates from the reads and writes of each call.

use frame_support::weights::{Weight, constants::RocksDbWeight};

/// The weights of the calls.
pub trait WeightInfo {
    /// Of `register_attribute`.
    fn register_attribute() -> Weight;
    /// Of `create_policy` with `n` nodes.
    fn create_policy(n: u32) -> Weight;
    /// Of `set_role`.
    fn set_role() -> Weight;
    /// Of `blacklist`.
    fn blacklist() -> Weight;
    /// Of `issue`.
    fn issue() -> Weight;
    /// Of `issue_batch` with `n` credentials.
    fn issue_batch(n: u32) -> Weight;
    /// Of `revoke`.
    fn revoke() -> Weight;
    /// Of `bump_version`.
    fn bump_version() -> Weight;
    /// Of `set_issuer`.
    fn set_issuer() -> Weight;
    /// Of `remove_attribute`.
    fn remove_attribute() -> Weight;
    /// Of `remove_policy`.
    fn remove_policy() -> Weight;
    /// Of `reissue` with `n` accounts.
    fn reissue(n: u32) -> Weight;
    /// Of `remove_lapsed`.
    fn remove_lapsed() -> Weight;
    /// Of `lift_exclusion`.
    fn lift_exclusion() -> Weight;
    /// Of `set_registrar`.
    fn set_registrar() -> Weight;
    /// Of `name_owner`.
    fn name_owner() -> Weight;
    /// Of `consent_owner`.
    fn consent_owner() -> Weight;
    /// Of `approve_account`.
    fn approve_account() -> Weight;
    /// Of `end_naming`.
    fn end_naming() -> Weight;
    /// Of `propose_shutting`.
    fn propose_shutting() -> Weight;
    /// Of `withdraw_shutting`.
    fn withdraw_shutting() -> Weight;
    /// Of `shut_account`.
    fn shut_account() -> Weight;
    /// Of `set_term`.
    fn set_term() -> Weight;
    /// Of `allow_endings`.
    fn allow_endings() -> Weight;
    /// Of `withdraw_voiding`.
    fn withdraw_voiding() -> Weight;
}

/// Time of a call, and of an element of a batch, besides its reads and writes.
const STEP: Weight = Weight::from_parts(15_000_000, 4_000);

fn estimate(steps: u64, reads: u64, writes: u64) -> Weight {
    let database = RocksDbWeight::get().reads_writes(reads, writes);
    STEP.saturating_mul(steps).saturating_add(database)
}

impl WeightInfo for () {
    fn register_attribute() -> Weight {
        estimate(1, 1, 2)
    }

    fn create_policy(n: u32) -> Weight {
        let n = u64::from(n);
        estimate(n.saturating_add(2), n.saturating_add(3), 5)
    }

    fn set_role() -> Weight {
        // A policy of 32 nodes.
        estimate(2, 33, 1)
    }

    fn blacklist() -> Weight {
        estimate(1, 3, 1)
    }

    fn issue() -> Weight {
        Self::issue_batch(1)
    }

    fn issue_batch(n: u32) -> Weight {
        // A credential, its holder's owner and tenure, and the former payer's account and holds for
        // each; the attribute and its count, the clock, the roles and their policies, and the issuer's
        // account and holds.
        let n = u64::from(n);
        let entries = n.saturating_mul(5);
        let writes = entries.saturating_add(4);
        estimate(n.saturating_add(1), entries.saturating_add(18), writes)
    }

    fn revoke() -> Weight {
        estimate(2, 20, 6)
    }

    fn bump_version() -> Weight {
        // Seven roles and their policies.
        estimate(2, 18, 3)
    }

    fn set_issuer() -> Weight {
        estimate(1, 2, 2)
    }

    fn remove_attribute() -> Weight {
        estimate(2, 15, 3)
    }

    fn remove_policy() -> Weight {
        estimate(2, 10, 4)
    }

    fn reissue(n: u32) -> Weight {
        Self::issue_batch(n)
    }

    fn remove_lapsed() -> Weight {
        estimate(2, 8, 6)
    }

    fn lift_exclusion() -> Weight {
        estimate(1, 3, 1)
    }

    fn set_registrar() -> Weight {
        estimate(1, 0, 1)
    }

    fn name_owner() -> Weight {
        estimate(2, 9, 6)
    }

    fn consent_owner() -> Weight {
        estimate(1, 5, 4)
    }

    fn approve_account() -> Weight {
        // All of an owner's accounts.
        estimate(2, 21, 4)
    }

    fn end_naming() -> Weight {
        estimate(1, 7, 4)
    }

    fn propose_shutting() -> Weight {
        estimate(1, 2, 1)
    }

    fn withdraw_shutting() -> Weight {
        Self::propose_shutting()
    }

    fn shut_account() -> Weight {
        Self::propose_shutting()
    }

    fn set_term() -> Weight {
        estimate(1, 1, 1)
    }

    fn allow_endings() -> Weight {
        estimate(1, 3, 1)
    }

    fn withdraw_voiding() -> Weight {
        estimate(1, 1, 1)
    }
}
