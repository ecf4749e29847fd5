//! What the calls, their authorization and the steps of the hook cost.
//!
//! A runtime uses figures that the benchmarks measured on its own storage. The implementation
//! for `()` serves tests: estimates from the reads, writes and signatures of each.

use frame_support::weights::{Weight, constants::RocksDbWeight};

/// The weights of the calls, of their authorization and of the steps of the hook.
pub trait WeightInfo {
    /// Of `register_site`.
    fn register_site() -> Weight;
    /// Of `remove_site`.
    fn remove_site() -> Weight;
    /// Of `register_link`.
    fn register_link() -> Weight;
    /// Of `agree_link`.
    fn agree_link() -> Weight;
    /// Of `remove_link`.
    fn remove_link() -> Weight;
    /// Of `enrol`.
    fn enrol() -> Weight;
    /// Of `accept_sae`.
    fn accept_sae() -> Weight;
    /// Of `renew_sae`.
    fn renew_sae() -> Weight;
    /// Of `remove_sae`.
    fn remove_sae() -> Weight;
    /// Of `set_worker`.
    fn set_worker() -> Weight;
    /// Of `set_mail`.
    fn set_mail() -> Weight;
    /// Of `set_accepts_from`.
    fn set_accepts_from() -> Weight;
    /// Of `open_session`, without the workers' steps.
    fn open_session() -> Weight;
    /// Of letting `accept_session` in.
    fn authorize_accept_session() -> Weight;
    /// Of `accept_session`.
    fn accept_session() -> Weight;
    /// Of letting `confirm_session` in.
    fn authorize_confirm_session() -> Weight;
    /// Of `confirm_session`.
    fn confirm_session() -> Weight;
    /// Of `close_session`.
    fn close_session() -> Weight;
    /// Of `clear_session`.
    fn clear_session() -> Weight;
    /// Of looking at `n` sessions that have ended, and clearing them.
    fn sweep(n: u32) -> Weight;
    /// Of what the beacon does at the beginning of each block.
    fn each_block() -> Weight;
    /// Of ending an epoch in which `n` owners have committed and withheld, and forgetting one of which the
    /// same holds.
    fn close_epoch(n: u32) -> Weight;
    /// Of letting `bring_epoch` in.
    fn authorize_bring_epoch() -> Weight;
    /// Of `bring_epoch`.
    fn bring_epoch() -> Weight;
    /// Of letting `bring_audits` with `n` roots and verdicts in.
    fn authorize_bring_audits(n: u32) -> Weight;
    /// Of `bring_audits` with `n` roots and verdicts.
    fn bring_audits(n: u32) -> Weight;
    /// Of what the end of a half of an epoch does to `n` books of audits.
    fn pass_audits(n: u32) -> Weight;
    /// Of `reopen_link`.
    fn reopen_link() -> Weight;
    /// Of `set_key_rules`.
    fn set_key_rules() -> Weight;
    /// Of `admit_link`.
    fn admit_link() -> Weight;
    /// Of `dismiss_link`.
    fn dismiss_link() -> Weight;
    /// Of `pay_from_entropy_fund`.
    fn pay_from_entropy_fund() -> Weight;
    /// Of `take_reports` of `n` links whose ends have as many reporters as there can be.
    fn take_reports(n: u32) -> Weight;
    /// Of a look at the keys of as many links as there can be, and of promising some.
    fn reserve_keys() -> Weight;
    /// Of settling what a slot was promised.
    fn settle_keys() -> Weight;
    /// Of releasing it.
    fn release_keys() -> Weight;
}

/// Time of a call or step besides its reads, writes and signatures.
const CALL: Weight = Weight::from_parts(15_000_000, 4_000);
/// Time of a signature.
const SIGNATURE: Weight = Weight::from_parts(60_000_000, 0);

fn call(reads: u64, writes: u64) -> Weight {
    CALL.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
    fn register_site() -> Weight {
        // The membership of the operator is some five items.
        call(8, 5)
    }

    fn remove_site() -> Weight {
        call(4, 4)
    }

    fn register_link() -> Weight {
        call(10, 7)
    }

    fn agree_link() -> Weight {
        call(7, 1)
    }

    fn remove_link() -> Weight {
        call(6, 6)
    }

    fn enrol() -> Weight {
        call(11, 7)
    }

    fn accept_sae() -> Weight {
        call(3, 2)
    }

    fn renew_sae() -> Weight {
        call(8, 1)
    }

    fn remove_sae() -> Weight {
        call(7, 7)
    }

    fn set_worker() -> Weight {
        call(4, 4).saturating_add(SIGNATURE)
    }

    fn set_mail() -> Weight {
        call(4, 4)
    }

    fn set_accepts_from() -> Weight {
        call(4, 4)
    }

    fn open_session() -> Weight {
        call(20, 11)
    }

    fn authorize_accept_session() -> Weight {
        call(6, 0).saturating_add(SIGNATURE)
    }

    fn accept_session() -> Weight {
        call(5, 3)
    }

    fn authorize_confirm_session() -> Weight {
        call(6, 0).saturating_add(SIGNATURE)
    }

    fn confirm_session() -> Weight {
        call(7, 4)
    }

    fn close_session() -> Weight {
        call(6, 9)
    }

    fn clear_session() -> Weight {
        call(9, 9)
    }

    fn sweep(n: u32) -> Weight {
        let n = u64::from(n);
        let one = call(10, 9);
        call(2, 1).saturating_add(Weight::from_parts(
            one.ref_time().saturating_mul(n),
            one.proof_size().saturating_mul(n),
        ))
    }

    fn each_block() -> Weight {
        call(6, 2)
    }

    fn close_epoch(n: u32) -> Weight {
        let n = u64::from(n);
        let one = call(6, 7);
        call(8, 7).saturating_add(Weight::from_parts(
            one.ref_time().saturating_mul(n),
            one.proof_size().saturating_mul(n),
        ))
    }

    fn authorize_bring_epoch() -> Weight {
        call(11, 0).saturating_add(SIGNATURE)
    }

    fn bring_epoch() -> Weight {
        call(10, 3)
    }

    fn set_key_rules() -> Weight {
        call(0, 1)
    }

    fn admit_link() -> Weight {
        call(3, 1)
    }

    fn dismiss_link() -> Weight {
        call(3, 3)
    }

    fn pay_from_entropy_fund() -> Weight {
        // The membership of whom is paid is some five items.
        call(12, 2)
    }

    fn take_reports(n: u32) -> Weight {
        let n = u64::from(n);
        let one = call(3, 1);
        call(8, 2).saturating_add(Weight::from_parts(
            one.ref_time().saturating_mul(n),
            one.proof_size().saturating_mul(n),
        ))
    }

    fn reserve_keys() -> Weight {
        // A link, its audits and its two ends, twice.
        call(132, 2)
    }

    fn settle_keys() -> Weight {
        call(2, 2)
    }

    fn release_keys() -> Weight {
        call(2, 2)
    }

    fn authorize_bring_audits(n: u32) -> Weight {
        call(11, 0).saturating_add(SIGNATURE).saturating_add(books(n, 0))
    }

    fn bring_audits(n: u32) -> Weight {
        call(10, 1).saturating_add(books(n, 1))
    }

    fn pass_audits(n: u32) -> Weight {
        call(1, 0).saturating_add(books(n, 1))
    }

    fn reopen_link() -> Weight {
        call(1, 2)
    }
}

/// Of reading `n` books of audits with their links, and writing each so often.
fn books(n: u32, writes: u64) -> Weight {
    let one = call(2, writes);
    let one = Weight::from_parts(one.ref_time(), one.proof_size().saturating_mul(3));
    let n = u64::from(n);
    Weight::from_parts(one.ref_time().saturating_mul(n), one.proof_size().saturating_mul(n))
}
